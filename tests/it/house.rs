//! The house as its folders promise it: imports run down, files say what they are, no gateway is named
//! where only the engine stands.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

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

fn module_of(path: &Path) -> Option<String> {
    let inside = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
    let first = inside.components().next()?.as_os_str().to_str()?;
    let name = first.trim_end_matches(".rs").to_owned();
    (name != "lib" && name != "main").then_some(name)
}

/// The modules that a text names after `crate::`, one by one or in a group.
fn imports(text: &str) -> Vec<String> {
    text.match_indices("crate::")
        .flat_map(|(at, found)| {
            let rest = &text[at + found.len()..];
            match rest.strip_prefix('{') {
                Some(group) => {
                    let group = &group[..group.find("};").unwrap_or(0)];
                    let mut depth = 0;
                    let mut top = String::new();
                    for c in group.chars() {
                        match c {
                            '{' => depth += 1,
                            '}' => depth -= 1,
                            c if depth == 0 => top.push(c),
                            _ => {}
                        }
                    }
                    top.split(',')
                        .map(|one| one.trim().split("::").next().unwrap_or_default().to_owned())
                        .collect()
                }
                None => vec![rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()],
            }
        })
        .filter(|name: &String| !name.is_empty())
        .collect()
}

#[test]
fn imports_run_down_and_never_between_neighbours() {
    let floors = floors();
    assert!(floors.len() >= 15, "{floors:?}");
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let Some(module) = module_of(&path) else { continue };
        let Some(own) = floors.get(&module) else { panic!("{module} is not in the crate map") };
        for import in imports(&text) {
            let Some(other) = floors.get(&import) else { continue };
            if import != module && other >= own {
                wrong.push(format!(
                    "{} imports crate::{import}: floor {own} from floor {other}",
                    shown(&path)
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_import_reader_sees_single_and_grouped_imports() {
    let text = "use crate::plan::Entry;\nuse crate::{store::{a, b}, world};\nlet x = crate::yaml::read();";
    assert_eq!(imports(text), ["plan", "store", "world", "yaml"]);
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
