//! A campaign as it lies in a repository: the manifest and every file it names, opened, held against each
//! other, with all that is wrong about them.
#![allow(clippy::disallowed_methods)]

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::confine::{self, Repository, tidy};
use crate::audience::{Header, ListError, Suppression};
use crate::campaign::{self, Campaign, Manifest, Materials, Reference, References};
use crate::diagnostic::{Diagnostic, Diagnostics, Source};
use crate::provider::Profile;

/// The largest manifest, template or profile that is read, in bytes.
const MAX_TEXT_BYTES: u64 = 1024 * 1024;
/// The name of a manifest in its folder.
pub const MANIFEST: &str = "campaign.yaml";

/// No manifest at a path.
#[derive(Debug, thiserror::Error)]
pub enum NoCampaign {
    /// Neither a manifest nor a folder with one.
    #[error("there is no campaign at `{0}`: neither a manifest nor a folder with a `{MANIFEST}`")]
    NotFound(String),
    /// It is there, but cannot be read.
    #[error("cannot read `{path}`: {why}")]
    Unreadable {
        /// The path.
        path: String,
        /// The system's words.
        why: String,
    },
}

/// A manifest with its place.
#[derive(Debug)]
pub struct Opened {
    /// Its text.
    pub source: Arc<Source>,
    /// Its mirror, as far as it could be read.
    pub manifest: Option<Manifest>,
    /// What is wrong so far.
    pub problems: Diagnostics,
    folder: PathBuf,
    repository: Repository,
}

/// A campaign with its files, all of them sound.
#[derive(Debug)]
pub struct Loaded {
    /// The campaign.
    pub campaign: Campaign,
    /// The recipients' file.
    pub csv: PathBuf,
    /// Who is never sent to.
    pub suppression: Suppression,
    /// The text of the profile, for pinning.
    pub profile_source: Arc<Source>,
}

/// Opens the manifest at a path: the file, or the folder that holds it.
///
/// # Errors
/// [`NoCampaign`].
pub fn open(path: &Path) -> Result<Opened, NoCampaign> {
    let file = if path.is_dir() { path.join(MANIFEST) } else { path.to_owned() };
    if !file.is_file() {
        return Err(NoCampaign::NotFound(path.display().to_string()));
    }
    let unreadable = |why: String| NoCampaign::Unreadable { path: file.display().to_string(), why };
    let source = read_text(&file).map_err(unreadable)?;
    let folder = match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let repository = Repository::of(&folder).map_err(|error| unreadable(confine::plain(&error)))?;
    let (manifest, problems) = campaign::read(&source);
    Ok(Opened { source, manifest, problems, folder, repository })
}

/// Every manifest below a path, sorted: the file itself, the folder's own, or those of its folders.
///
/// # Errors
/// [`NoCampaign`] where there is none.
pub fn find(path: &Path) -> Result<Vec<PathBuf>, NoCampaign> {
    if path.is_file() || path.join(MANIFEST).is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found: Vec<PathBuf> = std::fs::read_dir(path)
        .map(|entries| {
            entries.flatten().map(|entry| entry.path()).filter(|one| one.join(MANIFEST).is_file()).collect()
        })
        .unwrap_or_default();
    found.sort();
    if found.is_empty() { Err(NoCampaign::NotFound(path.display().to_string())) } else { Ok(found) }
}

impl Opened {
    /// The campaign's name as written, if one is.
    pub fn name(&self) -> Option<&str> {
        self.manifest.as_ref()?.name.as_ref().map(|name| name.value.as_str())
    }

    /// Joins the manifest with its files. The campaign is there only when nothing at all is wrong; what
    /// is wrong, and what is worth a look, stands in the diagnostics.
    pub fn load(mut self) -> (Option<Loaded>, Diagnostics) {
        let Some(manifest) = self.manifest.take() else { return (None, self.problems) };
        let references = References::of(&manifest);
        let (profile, profile_source) = self.profile(references.profile.as_ref()).unzip();
        let csv = references.csv.as_ref().and_then(|reference| self.file(reference));
        let header = csv.as_ref().and_then(|(path, reference)| self.header(path, reference));
        let template = references.template.as_ref().and_then(|reference| self.template(reference));
        let materials = Materials { template, header, profile };
        let (campaign, problems) = campaign::resolve(&manifest, &self.source, materials);
        self.problems.extend(problems);
        let suppression = self.suppression(&references, campaign.as_ref());
        self.problems.sort();
        let loaded = match (campaign, csv, suppression, profile_source) {
            (Some(campaign), Some((csv, _)), Some(suppression), Some(profile_source))
                if !self.problems.has_errors() =>
            {
                Some(Loaded { campaign, csv, suppression, profile_source })
            }
            _ => None,
        };
        (loaded, self.problems)
    }

    /// Only the suppression lists, for a run that is pinned already: an opt-out counts even after that.
    ///
    /// # Errors
    /// What is wrong with the manifest or the lists.
    pub fn load_suppression(
        mut self,
        kind: crate::audience::AddressKind,
        address_column: &str,
    ) -> Result<Suppression, Diagnostics> {
        let Some(manifest) = self.manifest.take() else { return Err(self.problems) };
        let references = References::of(&manifest);
        self.problems = Diagnostics::new();
        match self.lists(&references, kind, address_column) {
            Some(lists) => Ok(lists),
            None => Err(self.problems),
        }
    }

    fn file(&mut self, reference: &Reference) -> Option<(PathBuf, Reference)> {
        match self.repository.file(&self.folder, &reference.name) {
            Ok(path) => Some((path, reference.clone())),
            Err(error) => {
                self.problems.push(Diagnostic::error(error.to_string()).at(
                    &self.source,
                    reference.span.clone(),
                    "",
                ));
                None
            }
        }
    }

    fn profile(&mut self, reference: Option<&Reference>) -> Option<(Profile, Arc<Source>)> {
        let reference = reference?;
        let source = if reference.is_path() {
            let (path, _) = self.file(reference)?;
            self.text(&path, reference)?
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
            Err(problems) => {
                self.problems.extend(problems);
                None
            }
        }
    }

    fn text(&mut self, path: &Path, reference: &Reference) -> Option<Arc<Source>> {
        match read_text(path) {
            Ok(source) => Some(source),
            Err(why) => {
                let title = format!("cannot read `{}`: {why}", reference.name);
                self.problems.push(Diagnostic::error(title).at(&self.source, reference.span.clone(), ""));
                None
            }
        }
    }

    fn template(&mut self, reference: &Reference) -> Option<Arc<Source>> {
        let (path, _) = self.file(reference)?;
        self.text(&path, reference)
    }

    fn header(&mut self, path: &Path, reference: &Reference) -> Option<Header> {
        let read = File::open(path)
            .map_err(|error| confine::plain(&error))
            .and_then(|file| Header::read(BufReader::new(file)).map_err(|error| error.to_string()));
        match read {
            Ok(header) => Some(header),
            Err(why) => {
                let title = format!("{}: {why}", path.display());
                self.problems.push(Diagnostic::error(title).at(
                    &self.source,
                    reference.span.clone(),
                    "named here",
                ));
                None
            }
        }
    }

    fn suppression(&mut self, references: &References, campaign: Option<&Campaign>) -> Option<Suppression> {
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

    fn lists(
        &mut self,
        references: &References,
        kind: crate::audience::AddressKind,
        address_column: &str,
    ) -> Option<Suppression> {
        let mut suppression = Suppression::default();
        let mut sound = true;
        for reference in &references.suppress {
            let Some((path, _)) = self.file(reference) else {
                sound = false;
                continue;
            };
            let shown = path.display().to_string();
            let result = File::open(&path).map_err(|error| confine::plain(&error)).and_then(|file| {
                suppression
                    .add_list(&shown, BufReader::new(file), kind, address_column)
                    .map_err(|error: ListError| error.to_string())
            });
            if let Err(why) = result {
                sound = false;
                let title = if why.contains(&shown) { why } else { format!("{shown}: {why}") };
                self.problems.push(
                    Diagnostic::error(title)
                        .at(&self.source, reference.span.clone(), "this suppression list")
                        .help("whoever stands there must not be sent to, so nothing is sent until the list can be read"),
                );
            }
        }
        sound.then_some(suppression)
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
        read_text(Path::new(name))
            .map_err(|why| only(Diagnostic::error(format!("cannot read `{name}`: {why}"))))?
    } else {
        Profile::builtin_source(name).ok_or_else(|| only(no_such_profile(name)))?
    };
    Ok((Profile::from_source(&source)?, source))
}

fn no_such_profile(name: &str) -> Diagnostic {
    let names: Vec<&str> = crate::provider::builtin_names().collect();
    let diagnostic = Diagnostic::error(format!("there is no built-in profile `{name}`"));
    let diagnostic = match crate::diagnostic::did_you_mean(name, names.iter().copied()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help(format!("built in: {}", crate::diagnostic::listing(names.iter().copied()))),
    };
    diagnostic.help("a profile of your own is named by its path, such as `../../providers/acme.yaml`")
}

/// A text file as a source under the name people would type.
fn read_text(path: &Path) -> Result<Arc<Source>, String> {
    let length = std::fs::metadata(path).map_err(|error| confine::plain(&error))?.len();
    if length > MAX_TEXT_BYTES {
        return Err(format!("it is larger than {MAX_TEXT_BYTES} bytes"));
    }
    let bytes = std::fs::read(path).map_err(|error| confine::plain(&error))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
        format!("line {line} is not UTF-8")
    })?;
    let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
    Ok(Source::new(tidy(path).display().to_string(), text))
}
