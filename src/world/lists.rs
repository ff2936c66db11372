//! Suppression lists while a run goes on: an opt-out that is written down during a long night counts from
//! then on. A list that cannot be read any more, has no entry any more, or is another file by now stops the run, for nobody
//! can say who is on it.
#![allow(clippy::disallowed_methods)]

use std::time::Duration;

use super::confine::Confined;
use super::stamp::{Stamp, stamp};
use super::workspace::add_list;
use crate::audience::{AddressKind, Suppression};
use crate::units::thousands;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_millis(500);

/// Lists under watch.
#[derive(Debug)]
pub struct Lists {
    files: Vec<(Confined, Stamp)>,
    /// How many entries each has had at the least, since the last look that found some.
    entries: Vec<u64>,
    /// Whether one of them was empty at the last look.
    was_emptied: bool,
    kind: AddressKind,
    column: String,
    looked: Duration,
}

impl Lists {
    /// Watches the files from now on; they were read just before, and had so many entries.
    pub fn watch(files: Vec<Confined>, entries: Vec<u64>, kind: AddressKind, column: String) -> Self {
        // No stamp yet: the first look reads them again, so that nothing falls between reading and watching.
        let files = files.into_iter().map(|file| (file, None)).collect();
        Self { files, entries, was_emptied: false, kind, column, looked: Duration::ZERO }
    }

    /// Whether anything is watched.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// When to look again, in time since the process began.
    pub fn next_look(&self) -> Duration {
        self.looked + LOOK
    }

    /// The lists anew, if one of them has changed since the last look.
    ///
    /// # Errors
    /// One cannot be read, or is empty at two looks in a row and was not before; in words.
    pub fn look(&mut self, now: Duration) -> Result<Option<Suppression>, String> {
        self.looked = now;
        if let Some((file, _)) = self.files.iter().find(|(file, _)| file.is_another()) {
            return Err(format!(
                "the suppression list {} leads to another file than when it was first read: take the run up again, and that one counts",
                file.shown.display()
            ));
        }
        let stamps: Vec<Stamp> = self.files.iter().map(|(file, _)| stamp(&file.real)).collect();
        if self.files.iter().zip(&stamps).all(|((_, before), now)| before == now && now.is_some()) {
            return Ok(None);
        }
        let mut suppression = Suppression::default();
        for (file, _) in &self.files {
            let _ = add_list(&mut suppression, file, self.kind, &self.column)
                .map_err(|error| error.to_string())?;
        }
        if let Some(emptied) = self.emptied(suppression.entries()) {
            // Programs that write a file in its place empty it first: they may be at it.
            return if std::mem::replace(&mut self.was_emptied, true) { Err(emptied) } else { Ok(None) };
        }
        self.was_emptied = false;
        self.entries = suppression.entries().to_vec();
        self.files.iter_mut().zip(stamps).for_each(|((_, before), now)| *before = now);
        Ok(Some(suppression))
    }

    /// Which list has no entry any more, in words.
    fn emptied(&self, now: &[u64]) -> Option<String> {
        let entries = self.entries.iter().zip(now);
        let at = self.files.iter().zip(entries).find(|(_, (before, now))| **before > 0 && **now == 0);
        at.map(|((file, _), (before, _))| {
            format!(
                "the suppression list {} has no entry any more, and had {}: put it back as it was, and take the run up again",
                file.shown.display(),
                thousands(*before)
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fault_71_a_list_that_is_emptied_stops_the_run_unless_it_is_only_being_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap().join("stop.csv");
        let write = |text: &str| std::fs::write(&path, text).unwrap();
        write("phone\n+254712345678\n");
        let file = Confined { real: path.clone(), shown: "stop.csv".into(), way: path.clone() };
        let kind = AddressKind::Phone { region: None };
        let mut lists = Lists::watch(vec![file], vec![1], kind, "phone".to_owned());
        assert_eq!(lists.look(Duration::ZERO).unwrap().map(|list| list.len()), Some(1));
        write("");
        assert!(lists.look(LOOK).unwrap().is_none());
        write("phone\n+254712345678\n+254712345679\n");
        assert_eq!(lists.look(LOOK * 2).unwrap().map(|list| list.len()), Some(2));
        for blank in ["phone\n", ""] {
            write(blank);
            let look = lists.look(LOOK * 3);
            assert!(matches!(look, Ok(None) | Err(_)), "{look:?}");
        }
        let why = lists.look(LOOK * 4).unwrap_err();
        assert!(why.contains("stop.csv has no entry any more, and had 2"), "{why}");
    }

    #[test]
    fn a_list_that_says_it_is_as_old_as_before_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap().join("stop.csv");
        std::fs::write(&path, "phone\n+254712345678\n").unwrap();
        let file = Confined { real: path.clone(), shown: "stop.csv".into(), way: path.clone() };
        let kind = AddressKind::Phone { region: None };
        let mut lists = Lists::watch(vec![file], vec![1], kind, "phone".to_owned());
        lists.look(Duration::ZERO).unwrap();
        let before = stamp(&path);
        while stamp(&path) == before {
            std::fs::write(&path, "phone\n+254712345679\n").unwrap();
            let written = std::fs::File::options().append(true).open(&path).unwrap();
            written.set_modified(before.unwrap().modified).unwrap();
        }
        let now = lists.look(LOOK).unwrap().unwrap();
        assert!(now.contains(&kind.read("+254712345679").unwrap()).is_some());
    }

    #[test]
    fn a_link_that_leads_to_another_list_stops_the_run() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().canonicalize().unwrap().join(name);
        std::fs::write(at("one.csv"), "phone\n+254712345678\n").unwrap();
        std::fs::write(at("two.csv"), "phone\n+254712345678\n+254712345679\n").unwrap();
        std::os::unix::fs::symlink("one.csv", at("stop.csv")).unwrap();
        let file = Confined { real: at("one.csv"), shown: "stop.csv".into(), way: at("stop.csv") };
        let kind = AddressKind::Phone { region: None };
        let mut lists = Lists::watch(vec![file], vec![1], kind, "phone".to_owned());
        assert_eq!(lists.look(Duration::ZERO).unwrap().map(|list| list.len()), Some(1));
        assert!(lists.look(LOOK).unwrap().is_none(), "nothing has changed");
        std::fs::remove_file(at("stop.csv")).unwrap();
        std::os::unix::fs::symlink("two.csv", at("stop.csv")).unwrap();
        let why = lists.look(LOOK * 2).unwrap_err();
        assert!(why.contains("leads to another file than when it was first read"), "{why}");
    }
}
