//! What each file of the house takes from others, read with a parser of Rust: `use`, and paths that begin at `crate`,
//! `self` or `super`. Tests take from everywhere, and are left out.

use std::collections::{BTreeMap, BTreeSet};

use syn::visit::{self, Visit};
use syn::{Attribute, File, Item, ItemMod, ItemUse, UseTree, Visibility};

/// A module by the names on the way to it, from the crate's root.
pub type Module = Vec<String>;

/// What a file says that it takes, in paths from the crate's root.
#[derive(Debug, Default)]
struct Taken {
    used: BTreeSet<Module>,
    /// What it hands on, by the name under which it does.
    handed_on: BTreeMap<String, Module>,
}

/// Which file takes what from which.
#[derive(Debug)]
pub struct Imports {
    files: BTreeMap<Module, Taken>,
}

impl Imports {
    /// Of the files of a crate: the module of each, and its text.
    pub fn of<'a>(files: impl Iterator<Item = (Module, &'a str)>) -> Self {
        let files: Vec<(Module, File)> =
            files.map(|(module, text)| (module, syn::parse_file(text).unwrap())).collect();
        let all: BTreeSet<Module> = files.iter().map(|(module, _)| module.clone()).collect();
        let files = files.into_iter().map(|(module, file)| {
            let mut reader = Reader { module: &module, all: &all, taken: Taken::default() };
            reader.visit_file(&file);
            let taken = reader.taken;
            (module, taken)
        });
        Self { files: files.collect() }
    }

    /// The files that a file takes something from, and what.
    pub fn from(&self, module: &Module) -> BTreeMap<&Module, String> {
        let used = self.files.get(module).into_iter().flat_map(|taken| &taken.used);
        let homes = used.filter_map(|path| self.home(path, 0));
        homes.filter(|(home, _)| *home != module && !home.is_empty()).collect()
    }

    /// The file in which what a path names stands, also where others hand it on.
    fn home(&self, path: &[String], depth: usize) -> Option<(&Module, String)> {
        let longest = (0..=path.len()).rev().find_map(|length| self.files.get_key_value(&path[..length]));
        let (module, taken) = longest?;
        let name = path.get(module.len()).cloned().unwrap_or_default();
        match taken.handed_on.get(&name).filter(|further| depth < 8 && further.as_slice() != path) {
            Some(further) => self.home(further, depth + 1),
            None => Some((module, name)),
        }
    }

    /// Files that take from each other in a circle, each with what it takes from which; nothing where there are none.
    pub fn circle(&self) -> Option<Vec<String>> {
        let arrows: Arrows<'_> = self.files.keys().map(|module| (module, self.from(module))).collect();
        let round: BTreeMap<&Module, BTreeSet<&Module>> =
            arrows.keys().map(|module| (*module, reached(&arrows, module))).collect();
        let start = round.iter().find(|(module, reached)| reached.contains(*module))?.0;
        let inside = |module: &Module| round[start].contains(module) && round[module].contains(start);
        let told = arrows.iter().filter(|(module, _)| inside(module)).flat_map(|(module, others)| {
            let others = others.iter().filter(|(other, _)| inside(other));
            others.map(|(other, name)| format!("{} takes {name} from {}", module.join("/"), other.join("/")))
        });
        Some(told.collect())
    }
}

type Arrows<'a> = BTreeMap<&'a Module, BTreeMap<&'a Module, String>>;

/// Where one comes to from a module.
fn reached<'a>(arrows: &Arrows<'a>, start: &'a Module) -> BTreeSet<&'a Module> {
    let (mut seen, mut left) = (BTreeSet::new(), vec![start]);
    while let Some(module) = left.pop() {
        let next = arrows.get(module).into_iter().flat_map(BTreeMap::keys).copied();
        left.extend(next.filter(|module| seen.insert(*module)));
    }
    seen
}

struct Reader<'a> {
    module: &'a Module,
    all: &'a BTreeSet<Module>,
    taken: Taken,
}

impl Reader<'_> {
    /// A path from the root of the crate; nothing where it begins elsewhere.
    fn absolute(&self, path: &[String]) -> Option<Module> {
        let mut from = self.module.clone();
        let mut rest = path;
        while let Some((first, behind)) = rest.split_first() {
            match first.as_str() {
                "crate" => from = Vec::new(),
                "super" => drop(from.pop()),
                "self" => {}
                // A room inside this one.
                _ if rest.len() == path.len() => {
                    from.push(first.clone());
                    return self.all.contains(&from).then(|| [&from[..], behind].concat());
                }
                _ => return Some([&from[..], rest].concat()),
            }
            rest = behind;
        }
        Some(from)
    }

    fn walk(&mut self, tree: &UseTree, before: &[String], hands_on: bool) {
        let with = |name: &syn::Ident| [before, &[name.to_string()]].concat();
        let (path, name) = match tree {
            UseTree::Path(path) => return self.walk(&path.tree, &with(&path.ident), hands_on),
            UseTree::Group(group) => {
                return group.items.iter().for_each(|one| self.walk(one, before, hands_on));
            }
            UseTree::Name(name) if name.ident == "self" => (before.to_vec(), before.last().cloned()),
            UseTree::Name(name) => (with(&name.ident), Some(name.ident.to_string())),
            UseTree::Rename(renamed) => (with(&renamed.ident), Some(renamed.rename.to_string())),
            UseTree::Glob(_) => (before.to_vec(), None),
        };
        match (self.absolute(&path), name) {
            (Some(path), Some(name)) if hands_on => drop(self.taken.handed_on.insert(name, path)),
            (Some(path), _) => drop(self.taken.used.insert(path)),
            (None, _) => {}
        }
    }
}

fn is_of_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|one| {
        one.path().is_ident("cfg")
            && one.parse_args::<syn::Path>().is_ok_and(|condition| condition.is_ident("test"))
    })
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            Item::Mod(ItemMod { attrs, .. }) | Item::Use(ItemUse { attrs, .. }) => attrs.as_slice(),
            Item::Fn(function) => &function.attrs,
            Item::Impl(block) => &block.attrs,
            _ => &[],
        };
        if !is_of_tests(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.walk(&item.tree, &[], !matches!(item.vis, Visibility::Inherited));
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<String> = path.segments.iter().map(|one| one.ident.to_string()).collect();
        let is_ours = matches!(names[0].as_str(), "crate" | "super" | "self") && names.len() > 1;
        if let Some(path) = is_ours.then(|| self.absolute(&names)).flatten() {
            self.taken.used.insert(path);
        }
        visit::visit_path(self, path);
    }
}
