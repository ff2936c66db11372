//! Profiles of gateways: those that come with the program, and those that lie in a repository.

use std::path::Path;
use std::sync::Arc;

use super::Opened;
use super::text::read_text;
use crate::campaign::Reference;
use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Source};
use crate::provider::Profile;

impl Opened {
    pub(super) fn profile(&mut self, reference: Option<&Reference>) -> Option<(Profile, Arc<Source>)> {
        let reference = reference?;
        let source = if reference.is_path() {
            let (file, _) = self.file(reference)?;
            self.text(&file, reference)?
        } else {
            match Profile::builtin_source(&reference.name) {
                Some(source) => source,
                None => {
                    self.problems.push(no_such_profile(&reference.name).at(
                        &self.source,
                        reference.span.clone(),
                        "",
                    ));
                    return None;
                }
            }
        };
        match Profile::from_source(&source) {
            Ok(profile) => Some((profile, source)),
            Err(mut problems) => {
                problems.of(Rule::Profile);
                self.problems.extend(problems);
                None
            }
        }
    }
}

/// A profile by built-in name or path, for `provider show`.
///
/// # Errors
/// What is wrong with it.
pub fn profile(name: &str) -> Result<(Profile, Arc<Source>), Diagnostics> {
    let only = |diagnostic: Diagnostic| {
        let mut problems = Diagnostics::new();
        problems.push(diagnostic);
        problems
    };
    let reference = Reference { name: name.to_owned(), span: 0..0 };
    let source = if reference.is_path() {
        read_text(Path::new(name), Path::new(name))
            .map_err(|why| only(Diagnostic::error(format!("cannot read `{name}`: {why}"))))?
    } else {
        Profile::builtin_source(name).ok_or_else(|| only(no_such_profile(name)))?
    };
    Ok((Profile::from_source(&source)?, source))
}

fn no_such_profile(name: &str) -> Diagnostic {
    let names: Vec<&str> = crate::provider::builtin_names().collect();
    let diagnostic = Diagnostic::error(format!("there is no built-in profile `{name}`")).of(Rule::Profile);
    let diagnostic = match crate::diagnostic::did_you_mean(name, names.iter().copied()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help(format!("built in: {}", crate::diagnostic::listing(names.iter().copied()))),
    };
    diagnostic.help("a profile of your own is named by its path, such as `../../providers/acme.yaml`")
}
