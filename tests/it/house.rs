//! The house as its folders promise it: imports run down and never in a circle, files say what they are, no gateway is named
//! where only the engine stands.

mod imports;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use imports::{Imports, Module};

fn sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    assert!(found.len() > 50, "the sources were not found");
    found.sort();
    found
}

fn shown(path: &Path) -> String {
    path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().display().to_string()
}

/// The floor of each module, as `lib.rs` lists them.
fn floors() -> BTreeMap<String, usize> {
    let crate_map =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let mut floor = 0;
    let mut floors = BTreeMap::new();
    for line in crate_map.lines() {
        if let Some(rest) = line.strip_prefix("// floor ") {
            floor = rest.split(':').next().unwrap().parse().unwrap();
        }
        if let Some(name) = line.strip_prefix("pub mod ") {
            floors.insert(name.trim_end_matches(';').to_owned(), floor);
        }
    }
    floors
}

/// The module of a file, by the names on the way to it; nothing of the program's own root.
fn module_of(path: &Path) -> Option<Module> {
    let inside = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
    let inside = inside.with_extension("");
    let mut names: Module = inside.iter().map(|name| name.to_str().unwrap().to_owned()).collect();
    if names.last().is_some_and(|last| last == "mod" || last == "lib") {
        names.pop();
    }
    (names != ["main"]).then_some(names)
}

fn is_of_tests(module: &Module) -> bool {
    module.iter().any(|name| name == "tests")
}

/// What stands in the house, without its tests.
fn house() -> (Vec<Module>, Imports) {
    let sources = sources();
    let files = sources.iter().filter_map(|(path, text)| Some((module_of(path)?, text.as_str())));
    let files: Vec<(Module, &str)> = files.filter(|(module, _)| !is_of_tests(module)).collect();
    let modules = files.iter().map(|(module, _)| module.clone()).collect();
    (modules, Imports::of(files.into_iter()))
}

#[test]
fn imports_run_down_and_never_between_neighbours() {
    let floors = floors();
    assert!(floors.len() >= 15, "{floors:?}");
    let (modules, imports) = house();
    let mut wrong = Vec::new();
    for module in modules.iter().filter(|module| !module.is_empty()) {
        let own = floors.get(&module[0]);
        let own = own.unwrap_or_else(|| panic!("{} is not in the crate map", module[0]));
        for (other, name) in imports.from(module) {
            let floor = &floors[&other[0]];
            if other[0] != module[0] && floor >= own {
                let (file, other) = (module.join("/"), other.join("/"));
                wrong.push(format!("{file} takes {name} from {other}: floor {own} from floor {floor}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_files_take_from_each_other_in_a_circle() {
    let (_, imports) = house();
    if let Some(circle) = imports.circle() {
        panic!("{}", circle.join("\n"));
    }
}

#[test]
fn the_reader_of_imports_sees_every_way_to_take_something() {
    let module = |path: &str| -> Module {
        path.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect()
    };
    let files = [
        ("", "pub mod a; pub mod b;"),
        (
            "a",
            "mod inner; pub use inner::Thing; use crate::{b::{self, two}, c}; #[cfg(test)] mod tests { use crate::d::X; }",
        ),
        ("a/inner", "pub struct Thing; fn f() -> u8 { super::super::d::one() }"),
        ("b", "use super::a::Thing as Other; pub mod two {}"),
        ("c", "fn f(x: crate::b::X) {}"),
        ("d", ""),
    ];
    let imports = Imports::of(files.iter().map(|(path, text)| (module(path), *text)));
    let from = |path: &str| -> Vec<String> {
        imports.from(&module(path)).keys().map(|other| other.join("/")).collect()
    };
    assert_eq!(from("a"), ["b", "c"]);
    assert_eq!(from("a/inner"), ["d"]);
    assert_eq!(from("b"), ["a/inner"], "what is handed on stands where it is made");
    assert_eq!(from("c"), ["b"]);
    assert_eq!(imports.circle(), None);

    let files = [
        ("a", "use crate::b::B;"),
        ("b", "use super::c::C;"),
        ("c", "fn f() { crate::a::f() }"),
        ("d", "use crate::a::A;"),
    ];
    let imports = Imports::of(files.iter().map(|(path, text)| (module(path), *text)));
    assert_eq!(imports.circle().unwrap(), ["a takes B from b", "b takes C from c", "c takes f from a"]);
}

#[test]
fn every_file_says_what_it_is() {
    for (path, text) in sources() {
        assert!(text.starts_with("//! "), "{} has no head", shown(&path));
    }
}

#[test]
fn no_rust_names_a_provider_outside_tests() {
    let names: Vec<&str> = sendplan::provider::builtin_names().collect();
    for (path, text) in sources() {
        let code = text.split("#[cfg(test)]").next().unwrap().to_lowercase();
        let test_file = path.file_name().is_some_and(|name| name == "tests.rs" || name == "contract.rs");
        for name in &names {
            assert!(test_file || !code.contains(name), "{} names {name}", shown(&path));
        }
    }
}

#[test]
fn built_in_profiles_replay_their_examples() {
    for name in sendplan::provider::builtin_names() {
        let profile = sendplan::provider::Profile::builtin(name).unwrap().unwrap();
        let failures = profile.check_examples();
        assert!(failures.is_empty(), "{name}: {failures:?}");
    }
}
