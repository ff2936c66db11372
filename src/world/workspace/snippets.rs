//! The snippets that texts of a campaign include: in the folder `templates` of the campaign, else in that of its
//! repository.
#![allow(clippy::disallowed_methods)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Opened;
use super::text::{Text, read_text};
use crate::campaign::{self, Manifest};
use crate::diagnostic::Source;
use crate::message::Snippets;
use crate::message::snippets::{FOLDER, Found, includes};
use crate::world::confine::Repository;
use crate::world::stamp::{Stamp, stamp};

/// So many files are named to whoever included one that is not there.
const MOST_OTHERS: usize = 200;

impl Opened {
    /// What the texts of the message include.
    pub(super) fn snippets(
        &mut self,
        manifest: &Manifest,
        files: &BTreeMap<String, Arc<Source>>,
    ) -> Snippets {
        let files = files.values().map(|source| source.text.as_str());
        let texts: Vec<&str> = campaign::texts(manifest).into_iter().chain(files).collect();
        let search = Search::of(&self.folder, &self.repository, &texts);
        let read = search.snippets.texts();
        self.texts.extend(read.map(|(name, source)| Text::snippet(name, source)));
        self.inputs.extend(search.inputs);
        self.stamps.extend(search.stamps);
        search.snippets
    }
}

/// What was found, and on which files that depends.
struct Search<'a> {
    folder: &'a Path,
    repository: &'a Repository,
    /// The folders of snippets as the campaign's folder would name them, the nearer one first.
    shelves: Vec<PathBuf>,
    snippets: Snippets,
    /// What was read, links resolved.
    inputs: Vec<PathBuf>,
    /// Every file that was looked for, as it looked before it was read.
    stamps: Vec<(PathBuf, Stamp)>,
}

impl<'a> Search<'a> {
    /// Looks for all that these texts include, and for what that includes.
    fn of(folder: &'a Path, repository: &'a Repository, texts: &[&str]) -> Self {
        let (inputs, stamps) = (Vec::new(), Vec::new());
        let shelves = shelves(folder, repository);
        let mut search = Self { folder, repository, shelves, snippets: Snippets::default(), inputs, stamps };
        let mut waiting: Vec<String> = texts.iter().flat_map(|text| names(text)).collect();
        while let Some(name) = waiting.pop() {
            if search.snippets.knows(&name) {
                continue;
            }
            let found = search.look(&name);
            match &found {
                Found::Text(source) => waiting.extend(names(&source.text)),
                Found::Nothing => search.offer(),
                Found::Unreadable(_) => {}
            }
            search.snippets.add(&name, found);
        }
        search
    }

    fn look(&mut self, name: &str) -> Found {
        for shelf in self.shelves.clone() {
            let named = shelf.join(name);
            let path = self.folder.join(&named);
            self.stamps.push((path.clone(), stamp(&path)));
            // A link that leads nowhere is there, and is told as what it is.
            if path.symlink_metadata().is_err() {
                continue;
            }
            let file = match self.repository.file(self.folder, &named.display().to_string()) {
                Ok(file) => file,
                Err(error) => return Found::Unreadable(format!("cannot be used: {error}")),
            };
            self.inputs.push(file.real.clone());
            return match read_text(&file.real, &file.shown) {
                Ok(source) => Found::Text(source),
                Err(why) => Found::Unreadable(format!("cannot be read: {why}")),
            };
        }
        Found::Nothing
    }

    /// Names the files that are there.
    fn offer(&mut self) {
        let mut names = Vec::new();
        for shelf in &self.shelves {
            list(&self.folder.join(shelf), "", &mut names);
        }
        names.sort();
        names.dedup();
        names.truncate(MOST_OTHERS);
        self.snippets.offer(names);
    }
}

fn names(text: &str) -> impl Iterator<Item = String> {
    includes(text).into_iter().map(|include| include.name)
}

/// The campaign's own folder of snippets, and the repository's.
fn shelves(folder: &Path, repository: &Repository) -> Vec<PathBuf> {
    let mut shelves = vec![PathBuf::from(FOLDER)];
    let real = folder.canonicalize().unwrap_or_default();
    if let Ok(inside) = real.strip_prefix(repository.root()) {
        let up: PathBuf = inside.components().map(|_| "..").collect();
        shelves.push(up.join(FOLDER));
    }
    shelves.dedup();
    shelves
}

/// Adds the files of a folder and of the folders in it, one deep.
fn list(folder: &Path, before: &str, names: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten().take(MOST_OTHERS) {
        let Ok(name) = entry.file_name().into_string() else { continue };
        let name = format!("{before}{name}");
        match entry.path().is_dir() {
            true if before.is_empty() => list(&entry.path(), &format!("{name}/"), names),
            true => {}
            false => names.push(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A campaign two folders down in a repository, with these files.
    fn repository(files: &[(&str, &str)]) -> (tempfile::TempDir, PathBuf, Repository) {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("repo/campaigns/c");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::create_dir(dir.path().join("repo/.git")).unwrap();
        for (name, text) in files {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let repository = Repository::of(&folder).unwrap();
        (dir, folder, repository)
    }

    fn assembled(folder: &Path, repository: &Repository, text: &str) -> Result<String, String> {
        let search = Search::of(folder, repository, &[text]);
        let assembled = crate::message::Assembled::of(text, &search.snippets);
        let told = |slips: Vec<crate::message::Slip>| {
            let problem = slips.into_iter().next().unwrap().problem;
            format!("{} {}", problem.message, problem.help.unwrap_or_default())
        };
        assembled.map(|whole| whole.text().to_owned()).map_err(told)
    }

    #[test]
    fn the_campaigns_own_snippets_come_before_the_repositorys() {
        let (_dir, folder, repository) = repository(&[
            ("repo/templates/a.txt", "root a {% include 'b.txt' %}\n"),
            ("repo/templates/b.txt", "root b\n"),
            ("repo/campaigns/c/templates/b.txt", "own b\n"),
        ]);
        assert_eq!(assembled(&folder, &repository, "{% include 'a.txt' %}!").unwrap(), "root a own b!");
    }

    #[test]
    fn what_is_read_and_what_is_looked_for_in_vain_is_tracked() {
        let (dir, folder, repository) = repository(&[("repo/templates/a.txt", "x")]);
        let search = Search::of(&folder, &repository, &["{% include 'a.txt' %}{% include 'none.txt' %}"]);
        assert_eq!(search.inputs, [dir.path().join("repo/templates/a.txt").canonicalize().unwrap()]);
        let stamped: Vec<(String, bool)> = search
            .stamps
            .iter()
            .map(|(path, stamp)| {
                let real = crate::world::confine::tidy(path);
                (real.strip_prefix(dir.path()).unwrap().display().to_string(), stamp.is_some())
            })
            .collect();
        let all = ["campaigns/c/templates/none.txt", "templates/none.txt", "campaigns/c/templates/a.txt"];
        for name in all {
            assert!(stamped.contains(&(format!("repo/{name}"), false)), "{name}: {stamped:?}");
        }
        assert!(stamped.contains(&("repo/templates/a.txt".to_owned(), true)), "{stamped:?}");
    }

    #[test]
    fn fault_62_a_link_among_snippets_does_not_lead_out_of_the_repository() {
        let (dir, folder, repository) = repository(&[("secret.txt", "secret"), ("repo/templates/b.txt", "")]);
        std::os::unix::fs::symlink(dir.path().join("secret.txt"), dir.path().join("repo/templates/a.txt"))
            .unwrap();
        let refused = assembled(&folder, &repository, "{% include 'a.txt' %}").unwrap_err();
        assert!(refused.contains("leads out of the repository"), "{refused}");
    }

    #[test]
    fn what_is_there_is_named_to_whoever_missed_it() {
        let (_dir, folder, repository) =
            repository(&[("repo/templates/footer.txt", ""), ("repo/templates/en/legal.txt", "")]);
        let told = assembled(&folder, &repository, "{% include 'foter.txt' %}").unwrap_err();
        assert!(told.contains("did you mean `footer.txt`?"), "{told}");
        let told = assembled(&folder, &repository, "{% include 'something' %}").unwrap_err();
        assert!(told.contains("`en/legal.txt` or `footer.txt`"), "{told}");
    }
}
