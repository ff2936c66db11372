//! Suppression lists: whoever stands there must not be sent to, so a list that cannot be read stops everything.

use std::sync::Arc;

use super::Opened;
use crate::audience::{AddressKind, ListError, Named, ReadError, Suppression};
use crate::campaign::{Campaign, Reference, References};
use crate::credentials::hide;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::units::thousands;
use crate::world::confine::Confined;
use crate::world::export::Export;

impl Opened {
    /// Only the suppression lists, for a run that is pinned already: an opt-out counts even after that. The
    /// lists that the run began with must still be named, and the manifest must be sound as YAML: a slip in
    /// it must not turn into sending to those who opted out.
    ///
    /// Gives them with their files, and with what is worth a look about them.
    ///
    /// # Errors
    /// What is wrong with the manifest or the lists.
    pub fn load_suppression(
        mut self,
        kind: AddressKind,
        address_column: &str,
        begun_with: &[(&str, u64)],
    ) -> Result<(Suppression, Vec<Confined>, Diagnostics), Diagnostics> {
        let Some(manifest) = self.manifest.take() else {
            hide(&mut self.problems);
            return Err(self.problems);
        };
        let references = References::of(&manifest);
        let is_named = |name: &str| references.suppress.iter().any(|one| one.name == name);
        for (gone, _) in begun_with.iter().filter(|(name, _)| !is_named(name)) {
            self.problems.push(
                Diagnostic::error(format!(
                    "the run was begun with the suppression list `{gone}`, which the manifest no longer names"
                ))
                .at(&self.source, 0..0, "")
                .help("name it again under `audience.suppress`"),
            );
        }
        // What else is worth a look in the manifest changes nothing in a run that is pinned.
        let mut problems = std::mem::take(&mut self.problems);
        let lists = self.lists(&references, kind, address_column);
        if let Some((suppression, _)) = &lists {
            self.emptied(&references, suppression, begun_with);
        }
        hide(&mut self.problems);
        match lists {
            Some((suppression, files)) if !problems.has_errors() && !self.problems.has_errors() => {
                Ok((suppression, files, self.problems))
            }
            _ => {
                hide(&mut problems);
                problems.extend(self.problems.iter().cloned());
                Err(problems)
            }
        }
    }

    /// Whoever stood on a list when the run began must not be sent to because somebody has lost the list since.
    fn emptied(&mut self, references: &References, now: &Suppression, begun_with: &[(&str, u64)]) {
        for (reference, entries) in references.suppress.iter().zip(now.entries()) {
            let had = begun_with.iter().find(|(name, _)| *name == reference.name).map_or(0, |(_, had)| *had);
            if *entries == 0 && had > 0 {
                self.problems.push(
                    Diagnostic::error(format!(
                        "the suppression list `{}` has no entry any more; when the run began it had {}",
                        reference.name,
                        thousands(had)
                    ))
                    .at(&self.source, reference.span.clone(), "")
                    .help("put it back as it was; if nobody is to stand on it any more, leave one number of your own on it"),
                );
            }
        }
    }

    pub(super) fn suppression(
        &mut self,
        references: &References,
        campaign: Option<&Campaign>,
    ) -> Option<(Suppression, Vec<Confined>)> {
        match campaign {
            Some(campaign) => {
                let audience = &campaign.audience;
                self.lists(references, audience.rules.kind, &audience.address_column)
            }
            None => {
                // Whether they can be read is known only with the campaign; whether they are there, now.
                for reference in &references.suppress {
                    self.file(reference);
                }
                None
            }
        }
    }

    /// Whoever believes that a list keeps people safe should know that nobody stands on it.
    fn blank(&mut self, file: &Confined, reference: &Reference) {
        let title =
            format!("the suppression list {} has no entry: it leaves out nobody", file.shown.display());
        self.problems.push(
            Diagnostic::warning(title)
                .at(&self.source, reference.span.clone(), "")
                .help("see whether it is the file that is meant, and whole"),
        );
    }

    pub(super) fn lists(
        &mut self,
        references: &References,
        kind: AddressKind,
        address_column: &str,
    ) -> Option<(Suppression, Vec<Confined>)> {
        let mut files = Vec::new();
        let mut suppression = Suppression::default();
        let mut sound = true;
        for reference in &references.suppress {
            let Some((file, _)) = self.file(reference) else {
                sound = false;
                continue;
            };
            match add_list(&mut suppression, &file, kind, address_column) {
                Ok(told) => {
                    self.told.extend(told);
                    if suppression.last_is_blank() {
                        self.blank(&file, reference);
                    }
                }
                Err(error) => {
                    sound = false;
                    self.problems.push(
                        Diagnostic::error(error.to_string())
                            .in_file(Export::spot(&file, error.position()))
                            .at(&self.source, reference.span.clone(), "this suppression list")
                            .help("whoever stands there must not be sent to, so nothing is sent until the list can be read"),
                    );
                }
            }
            files.push(file);
        }
        sound.then_some((suppression, files))
    }
}

/// Adds the addresses of a list file, and says how it is written where that is not plain UTF-8 with commas.
///
/// # Errors
/// It cannot be read to its end.
pub fn add_list(
    suppression: &mut Suppression,
    file: &Confined,
    kind: AddressKind,
    address_column: &str,
) -> Result<Option<String>, ListError> {
    let shown = file.shown.display().to_string();
    let refuse = |error: ReadError| ListError::Read { list: shown.clone(), error };
    let export = Export::file(file, &Named::default()).map_err(refuse)?;
    let reader = export.reader(&Arc::default()).map_err(|error| refuse(error.into()))?;
    suppression.add_list_as(&shown, reader, export.dialect(), kind, address_column)?;
    if !export.is_unchanged() {
        return Err(refuse(ReadError::Changed));
    }
    Ok(export.told().map(str::to_owned))
}
