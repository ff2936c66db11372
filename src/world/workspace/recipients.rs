//! The recipients' files of a manifest: opened, looked at and held against each other.
#![allow(clippy::disallowed_methods)]

use std::path::Path;

use super::{Opened, Piped};
use crate::audience::{Header, Named, ReadError};
use crate::campaign::{self, Manifest, Reference, References};
use crate::credentials::hide;
use crate::diagnostic::{Diagnostic, Diagnostics, Rule};
use crate::world::confine::{Confined, plain, tidy};
use crate::world::export::{self, Export, STANDARD_INPUT};
use crate::world::recipients::{Recipients, other_columns};

/// A recipients' file that no manifest names; `-` is standard input. How it is written is found out.
///
/// # Errors
/// In words, with the file's name in them.
pub fn recipients_of(path: &Path) -> Result<(Recipients, Header), String> {
    let shown = path.display().to_string();
    let refuse = |error: ReadError| match error.help() {
        Some(help) => format!("{shown}: {error}; {help}"),
        None => format!("{shown}: {error}"),
    };
    let export = if shown == STANDARD_INPUT {
        if export::is_typed() {
            return Err("standard input is a terminal: pipe the recipients in".to_owned());
        }
        Export::standard_input(&Named::default())
    } else {
        let real =
            path.canonicalize().map_err(|error| format!("cannot read `{shown}`: {}", plain(&error)))?;
        Export::file(&Confined { real, shown: path.to_owned(), way: path.to_owned() }, &Named::default())
    };
    let export = export.map_err(refuse)?;
    let header = export.header().map_err(refuse)?;
    Ok((Recipients::new(vec![export]), header))
}

impl Opened {
    /// The recipients' files alone, whatever is wrong with everything else. They are there only where nothing is wrong with
    /// them; what is, stands in the diagnostics.
    pub fn recipients_alone(mut self) -> (Option<(Recipients, Header)>, Diagnostics) {
        // What is wrong elsewhere matters only where the manifest does not get so far.
        let elsewhere = std::mem::take(&mut self.problems);
        let found = self.manifest.take().and_then(|manifest| {
            let references = References::of(&manifest);
            self.recipients(&manifest, &references.csv)
        });
        if found.is_none() && !self.problems.has_errors() {
            self.problems = elsewhere;
        }
        hide(&mut self.problems);
        (found.filter(|_| !self.problems.has_errors()), self.problems)
    }

    /// The recipients' files, looked at and held against each other, with the columns they share.
    pub(super) fn recipients(
        &mut self,
        manifest: &Manifest,
        references: &[Reference],
    ) -> Option<(Recipients, Header)> {
        let (named, problems) = campaign::named(manifest, &self.source);
        let sound = !problems.has_errors();
        self.problems.extend(problems);
        let mut files: Vec<(Export, Header)> = Vec::new();
        for (at, reference) in references.iter().enumerate() {
            if let Some(earlier) = references[..at].iter().find(|earlier| self.is_same(earlier, reference)) {
                let title = match earlier.name == reference.name {
                    true => format!("`{}` is named twice", reference.name),
                    false => format!("`{}` is `{}`: one file is named twice", reference.name, earlier.name),
                };
                self.refuse(title, reference, None);
                continue;
            }
            let Some((opened, file)) = self.export(reference, &named, sound) else { continue };
            let looked = opened.and_then(|export| {
                let header = export.header()?;
                Ok((export, header))
            });
            match looked {
                Ok(looked) => files.push(looked),
                Err(error) => {
                    self.unreadable(&error, file.as_ref(), reference);
                    continue;
                }
            }
            if let [first, .., last] = files.as_slice() {
                let (first, last) = ((&first.0, &first.1), (&last.0, &last.1));
                let problem = other_columns(first, last, &self.source, reference.span.clone());
                self.problems.extend(problem);
            }
        }
        self.useless(manifest, &files);
        let header = files.first()?.1.clone();
        if files.len() < references.len() {
            return None;
        }
        let recipients = Recipients::new(files.into_iter().map(|(export, _)| export).collect());
        self.told.extend(recipients.told().map(str::to_owned));
        Some((recipients, header))
    }

    /// Whether the columns have names. Where the first line is somebody's row, all that could be said of columns would be
    /// about people, and of no use.
    pub(super) fn has_names(&mut self, manifest: &Manifest, header: &Header) -> bool {
        let address = manifest.audience.as_ref().and_then(|audience| audience.value.address.as_ref());
        let Some(address) = address.filter(|name| header.index(&name.value).is_none()) else { return true };
        if header.looks_like_a_row() {
            let name = &address.value;
            self.problems.push(
                Diagnostic::error(format!(
                    "`audience.address`: the CSV has no column `{name}`; is a header missing?"
                ))
                .of(Rule::Column)
                .at(&self.source, address.span.clone(), "")
                .help("the first row looks like a recipient, and it must name the columns"),
            );
        }
        !header.looks_like_a_row()
    }

    /// Whether both names mean one file, however they are spelled and whatever links lead there.
    fn is_same(&self, one: &Reference, other: &Reference) -> bool {
        let is_piped = |reference: &Reference| reference.name == STANDARD_INPUT;
        let place = |reference: &Reference| self.folder.join(&reference.name);
        let real = |reference: &Reference| place(reference).canonicalize().ok();
        one.name == other.name
            || !is_piped(one)
                && !is_piped(other)
                && (tidy(&place(one)) == tidy(&place(other))
                    || real(one).is_some_and(|real_one| real(other) == Some(real_one)))
    }

    /// A file that cannot be read, with the place in it; without one, it is standard input.
    fn unreadable(&mut self, error: &ReadError, file: Option<&Confined>, reference: &Reference) {
        let shown = file.map_or_else(|| "standard input".to_owned(), |file| file.shown.display().to_string());
        let spot = file.and_then(|file| Export::spot(file, error.position()));
        let problem = Diagnostic::error(format!("{shown}: {error}")).in_file(spot);
        let problem = problem.at(&self.source, reference.span.clone(), "named here");
        self.problems.push(match error.help() {
            Some(help) => problem.help(help),
            None => problem,
        });
    }

    /// A file, or standard input, looked at, and the file; nothing where that is not to be done, which was told then.
    fn export(
        &mut self,
        reference: &Reference,
        named: &Named,
        sound: bool,
    ) -> Option<(Result<Export, ReadError>, Option<Confined>)> {
        if reference.name != STANDARD_INPUT {
            let (file, _) = self.file(reference)?;
            return sound.then(|| (Export::file(&file, named), Some(file)));
        }
        match self.piped {
            Piped::PassedOver => {}
            Piped::Never => self.refuse(
                "the recipients come from standard input, and nobody is there to pipe them in",
                reference,
                Some("name a file; `-` is for `check`, `plan`, `preview`, `rehearse` and `send`".to_owned()),
            ),
            Piped::Read if export::is_typed() => self.refuse(
                "the recipients come from standard input, which is a terminal",
                reference,
                Some("pipe them in, as in `sendplan plan CAMPAIGN < recipients.csv`".to_owned()),
            ),
            Piped::ReadIfThere if export::is_typed() => self.problems.push(
                Diagnostic::warning(
                    "the recipients come from standard input: their columns were not checked",
                )
                .at(&self.source, reference.span.clone(), "")
                .help("pipe them in, as in `sendplan check CAMPAIGN < recipients.csv`"),
            ),
            _ if sound => return Some((Export::standard_input(named), None)),
            _ => {}
        }
        None
    }

    /// What is said of workbooks where there are none, and of text where there is none.
    fn useless(&mut self, manifest: &Manifest, files: &[(Export, Header)]) {
        let Some(audience) = manifest.audience.as_ref().map(|audience| &audience.value) else { return };
        let all = |workbooks: bool| {
            !files.is_empty() && files.iter().all(|(one, _)| one.is_workbook() == workbooks)
        };
        let (no_book, no_text) = (all(false), all(true));
        let wrong = [
            (&audience.sheet, no_book, "`audience.sheet`: there is no workbook among the recipients' files"),
            (&audience.encoding, no_text, "`audience.encoding`: a workbook has an encoding of its own"),
            (
                &audience.delimiter,
                no_text,
                "`audience.delimiter`: nothing stands between the cells of a workbook",
            ),
        ];
        for (key, is_wrong, title) in wrong {
            if let Some(key) = key.as_ref().filter(|_| is_wrong) {
                let problem = Diagnostic::error(title).at(&self.source, key.span.clone(), "");
                self.problems.push(problem.help("remove it"));
            }
        }
    }
}
