//! Suppression lists while a run goes on: an opt-out that is written down during a long night counts from
//! then on. A list that cannot be read any more, or is another file by now, stops the run, for nobody can say who is on it.
#![allow(clippy::disallowed_methods)]

use std::time::Duration;

use super::confine::Confined;
use super::stamp::{Stamp, stamp};
use super::workspace::add_list;
use crate::audience::{AddressKind, Suppression};

/// How often the files are looked at.
const LOOK: Duration = Duration::from_millis(500);

/// Lists under watch.
#[derive(Debug)]
pub struct Lists {
    files: Vec<(Confined, Stamp)>,
    kind: AddressKind,
    column: String,
    looked: Duration,
}

impl Lists {
    /// Watches the files from now on; they were read just before.
    pub fn watch(files: Vec<Confined>, kind: AddressKind, column: String) -> Self {
        // No stamp yet: the first look reads them again, so that nothing falls between reading and watching.
        let files = files.into_iter().map(|file| (file, None)).collect();
        Self { files, kind, column, looked: Duration::ZERO }
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
    /// One cannot be read; in words.
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
        self.files.iter_mut().zip(stamps).for_each(|((_, before), now)| *before = now);
        Ok(Some(suppression))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_leads_to_another_list_stops_the_run() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().canonicalize().unwrap().join(name);
        std::fs::write(at("one.csv"), "phone\n+254712345678\n").unwrap();
        std::fs::write(at("two.csv"), "phone\n+254712345678\n+254712345679\n").unwrap();
        std::os::unix::fs::symlink("one.csv", at("stop.csv")).unwrap();
        let file = Confined { real: at("one.csv"), shown: "stop.csv".into(), way: at("stop.csv") };
        let kind = AddressKind::Phone { region: None };
        let mut lists = Lists::watch(vec![file], kind, "phone".to_owned());
        assert_eq!(lists.look(Duration::ZERO).unwrap().map(|list| list.len()), Some(1));
        assert!(lists.look(LOOK).unwrap().is_none(), "nothing has changed");
        std::fs::remove_file(at("stop.csv")).unwrap();
        std::os::unix::fs::symlink("two.csv", at("stop.csv")).unwrap();
        let why = lists.look(LOOK * 2).unwrap_err();
        assert!(why.contains("leads to another file than when it was first read"), "{why}");
    }
}
