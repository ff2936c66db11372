//! The files that a manifest names, found in its repository, and texts among them: templates, holidays, profiles.
#![allow(clippy::disallowed_methods)]

use std::path::Path;
use std::sync::Arc;

use super::Opened;
use super::text::{Text, read_text};
use crate::approval::Role;
use crate::campaign::Reference;
use crate::diagnostic::{Diagnostic, Rule, Source, did_you_mean};
use crate::world::confine::{ConfineError, Confined, tidy};
use crate::world::stamp::stamp;

impl Opened {
    pub(super) fn file(&mut self, reference: &Reference) -> Option<(Confined, Reference)> {
        let named = self.folder.join(&reference.name);
        let before = stamp(&named);
        self.stamps.push((named, before));
        match self.repository.file(&self.folder, &reference.name) {
            Ok(file) => {
                self.inputs.push(file.real.clone());
                Some((file, reference.clone()))
            }
            Err(error) => {
                let problem = Diagnostic::error(error.to_string()).of(Rule::File);
                let problem = match self.advice(&error, &reference.name) {
                    Some(advice) => problem.help(advice),
                    None => problem,
                };
                self.problems.push(problem.at(&self.source, reference.span.clone(), ""));
                None
            }
        }
    }

    /// What to do about a file that is not there.
    fn advice(&self, error: &ConfineError, name: &str) -> Option<String> {
        if !matches!(error, ConfineError::Unreadable { .. }) {
            return None;
        }
        if name.contains("{{") || name.contains('\n') || name.split_whitespace().count() > 3 {
            return Some(
                "a file is wanted here; words themselves stand under `text`, as in `en: { text: \"…\" }`"
                    .to_owned(),
            );
        }
        let place = self.folder.join(name);
        let wanted = place.file_name()?.to_str()?;
        // A link may lead elsewhere, and what lies there is nobody's business.
        let folder =
            place.parent()?.canonicalize().ok().filter(|real| real.starts_with(self.repository.root()));
        let there = folder.and_then(|folder| std::fs::read_dir(folder).ok()).into_iter().flatten().flatten();
        let there: Vec<String> = there.filter_map(|one| one.file_name().into_string().ok()).collect();
        match did_you_mean(wanted, there.iter().map(String::as_str)) {
            Some(near) => {
                let near = Path::new(name).with_file_name(near);
                Some(format!("did you mean `{}`?", near.display()))
            }
            None => Some(format!("it is looked for at `{}`", tidy(&place).display())),
        }
    }

    pub(super) fn text(&mut self, file: &Confined, reference: &Reference) -> Option<Arc<Source>> {
        match read_text(&file.real, &file.shown) {
            Ok(source) => Some(source),
            Err(why) => {
                let title = format!("cannot read `{}`: {why}", reference.name);
                let problem = Diagnostic::error(title).of(Rule::File);
                self.problems.push(problem.at(&self.source, reference.span.clone(), ""));
                None
            }
        }
    }

    pub(super) fn named_text(&mut self, reference: &Reference, role: Role) -> Option<Arc<Source>> {
        let (file, _) = self.file(reference)?;
        let source = self.text(&file, reference)?;
        self.texts.push(Text { role, name: reference.name.clone(), source: Arc::clone(&source) });
        Some(source)
    }

    pub(super) fn refuse(&mut self, title: impl Into<String>, reference: &Reference, help: Option<String>) {
        let problem = Diagnostic::error(title).at(&self.source, reference.span.clone(), "named here");
        self.problems.push(match help {
            Some(help) => problem.help(help),
            None => problem,
        });
    }
}
