//! A campaign as it lies in a repository: the manifest and every file it names, opened, held against each
//! other, with all that is wrong about them.
#![allow(clippy::disallowed_methods)]

mod inputs;
mod lists;
mod named;
mod profiles;
mod recipients;
mod snippets;
mod text;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::text::{Text, read_text};
use super::confine::{self, Confined, Repository};
use super::recipients::Recipients;
use super::stamp::{Stamp, stamp};
use crate::approval::Role;
use crate::audience::Suppression;
use crate::campaign::{self, Announced, Campaign, Manifest, Materials, References};
use crate::credentials::hide;
use crate::diagnostic::{Diagnostics, Rule, Source, Spot};
use crate::unseen::is_unruly;

pub use lists::add_list;
pub use profiles::profile;
pub use recipients::recipients_of;

/// The name of a manifest in its folder.
pub const MANIFEST: &str = "campaign.yaml";

/// How the names of exports end, in small letters.
const EXPORTS: [&str; 6] = ["csv", "tsv", "txt", "gz", "xlsx", "xls"];

/// No manifest at a path.
#[derive(Debug, thiserror::Error)]
pub enum NoCampaign {
    /// Neither a manifest nor a folder with one.
    #[error("there is no campaign at `{0}`: neither a manifest nor a folder with a `{MANIFEST}`")]
    NotFound(String),
    /// A file of recipients, or what is called like one.
    #[error(
        "`{path}` is a file of recipients, and what is wanted is a campaign: a folder with a `{MANIFEST}`, whose `audience.csv` names the file. `sendplan audience {path}` shows what stands in it"
    )]
    Recipients {
        /// The path.
        path: String,
    },
    /// A path that is told nowhere.
    #[error(
        "the path of a campaign has a line break, or another character in it that is not seen: give its folder another name"
    )]
    OddName,
    /// A file of recipients that is not there.
    #[error("cannot read `{0}`: no such file")]
    NoRecipients(String),
    /// It is there, but cannot be read.
    #[error("cannot read `{path}`: {why}")]
    Unreadable {
        /// The path.
        path: String,
        /// Why, in words.
        why: String,
        /// Where in it that is, as far as that can be told.
        spot: Option<Spot>,
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
    inputs: Vec<PathBuf>,
    /// The texts among them, as they were read.
    texts: Vec<Text>,
    /// Where each of them is named, and how it looked before it was read.
    stamps: Vec<(PathBuf, Stamp)>,
    piped: Piped,
    told: Vec<String>,
}

/// What becomes of recipients who come from standard input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piped {
    /// They are read; an error where somebody would have to type them.
    Read,
    /// They are read, or passed over with a word where somebody would have to type them.
    ReadIfThere,
    /// They are passed over: it is not about them.
    PassedOver,
    /// Nobody pipes them in, each time it is due.
    Never,
}

/// A manifest joined with what it names, but for the suppression lists.
struct Parts {
    references: References,
    campaign: Option<Campaign>,
    recipients: Option<Recipients>,
    profile_source: Option<Arc<Source>>,
    holidays: Option<Arc<Source>>,
}

/// A campaign with its files, all of them sound.
#[derive(Debug)]
pub struct Loaded {
    /// The campaign.
    pub campaign: Campaign,
    /// The recipients' files.
    pub recipients: Recipients,
    /// How files are read that are not plain UTF-8 with commas, a line each.
    pub told: Vec<String>,
    /// The suppression lists.
    pub lists: Vec<Confined>,
    /// Everything that was read for it, links resolved.
    pub inputs: Vec<PathBuf>,
    /// Who is never sent to.
    pub suppression: Suppression,
    /// The text of the profile, for pinning.
    pub profile_source: Arc<Source>,
    /// The texts it was made of.
    texts: Vec<Text>,
    /// What the manifest names.
    references: References,
}

/// Opens the manifest at a path: the file, or the folder that holds it.
///
/// # Errors
/// [`NoCampaign`].
pub fn open(path: &Path) -> Result<Opened, NoCampaign> {
    if path.to_string_lossy().contains(is_unruly) {
        return Err(NoCampaign::OddName);
    }
    let file = if path.is_dir() { path.join(MANIFEST) } else { path.to_owned() };
    let shown = || path.display().to_string();
    match (file.is_file(), is_export(&file)) {
        (true, true) => return Err(NoCampaign::Recipients { path: shown() }),
        (false, true) => return Err(NoCampaign::NoRecipients(shown())),
        (false, false) => return Err(NoCampaign::NotFound(shown())),
        (true, false) => {}
    }
    let unreadable =
        |why: String, spot| NoCampaign::Unreadable { path: file.display().to_string(), why, spot };
    let stamps = vec![(file.clone(), stamp(&file))];
    let source = read_text(&file, &file).map_err(|why| unreadable(why.to_string(), why.spot(&file)))?;
    let folder = match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let repository = Repository::of(&folder).map_err(|error| unreadable(confine::plain(&error), None))?;
    let (manifest, problems) = campaign::read(&source);
    let file_name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let inputs = vec![file.canonicalize().unwrap_or(file)];
    let (piped, told) = (Piped::Read, Vec::new());
    let texts = vec![Text::manifest(&file_name, &source)];
    Ok(Opened { source, manifest, problems, folder, repository, inputs, texts, stamps, piped, told })
}

/// Whether a file is called as exports are, and as no manifest is.
fn is_export(file: &Path) -> bool {
    let ending = file.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
    ending.is_some_and(|ending| EXPORTS.contains(&&*ending))
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
    let shown = || path.display().to_string();
    match found.is_empty() {
        true if is_export(path) => Err(NoCampaign::NoRecipients(shown())),
        true => Err(NoCampaign::NotFound(shown())),
        false => Ok(found),
    }
}

impl Opened {
    /// The same, with another answer to recipients who come from standard input.
    #[must_use]
    pub fn piped(self, piped: Piped) -> Self {
        Self { piped, ..self }
    }

    /// The repository that holds it.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// Where the manifest lies in its repository: in the folder from which the files are found that it names. Of one
    /// that is a link that is not where the link leads.
    pub fn place(&self) -> String {
        let named = self.stamps.first().and_then(|(file, _)| file.file_name()).unwrap_or_default();
        let folder = self.folder.canonicalize().unwrap_or_else(|_| self.folder.clone());
        let manifest = folder.join(named);
        manifest.strip_prefix(self.repository.root()).unwrap_or(&manifest).display().to_string()
    }

    /// The campaign's name as written, if one is.
    pub fn name(&self) -> Option<&str> {
        self.manifest.as_ref()?.name.as_ref().map(|name| name.value.as_str())
    }

    /// Joins the manifest with its files. The campaign is there only when nothing at all is wrong; what
    /// is wrong, and what is worth a look, stands in the diagnostics.
    pub fn load(self) -> (Option<Loaded>, Diagnostics) {
        let (loaded, problems, _) = self.load_from();
        (loaded, problems)
    }

    /// The same, with every file on which it depends as it looked before it was read, also those that are not there:
    /// when one of them changes, the answer may be another one.
    pub fn load_from(mut self) -> (Option<Loaded>, Diagnostics, Vec<(PathBuf, Stamp)>) {
        let loaded = self.join();
        hide(&mut self.problems);
        (loaded, self.problems, self.stamps)
    }

    /// When the campaign goes out, where all of it is sound but for its suppression lists, which are long and say nothing of
    /// that, and for recipients whom somebody pipes in. What is wrong stands in the diagnostics.
    pub fn announced(mut self) -> (Option<Announced>, Diagnostics) {
        self.piped = Piped::PassedOver;
        let announced = self.manifest.take().and_then(|manifest| {
            let parts = self.parts(&manifest);
            campaign::announced(&manifest, &self.source, parts.holidays.as_ref())
        });
        self.problems.sort();
        hide(&mut self.problems);
        (announced.filter(|_| !self.problems.has_errors()), self.problems)
    }

    fn join(&mut self) -> Option<Loaded> {
        let manifest = self.manifest.take()?;
        let Parts { references, campaign, recipients, profile_source, .. } = self.parts(&manifest);
        let suppression = self.suppression(&references, campaign.as_ref());
        self.problems.of(Rule::SuppressionList);
        self.problems.sort();
        match (campaign, recipients, suppression, profile_source) {
            (Some(campaign), Some(recipients), Some((suppression, lists)), Some(profile_source))
                if !self.problems.has_errors() =>
            {
                let inputs = self.inputs.clone();
                let told = std::mem::take(&mut self.told);
                let texts = std::mem::take(&mut self.texts);
                Some(Loaded {
                    campaign,
                    recipients,
                    told,
                    suppression,
                    lists,
                    inputs,
                    profile_source,
                    texts,
                    references,
                })
            }
            _ => None,
        }
    }

    /// What the manifest names, but for the suppression lists, joined into a campaign as far as it is sound.
    fn parts(&mut self, manifest: &Manifest) -> Parts {
        let references = References::of(manifest);
        let (profile, profile_source) = self.profile(references.profile.as_ref()).unzip();
        let found = self.recipients(manifest, &references.csv);
        let (recipients, header) = found.filter(|(_, header)| self.has_names(manifest, header)).unzip();
        self.problems.of(Rule::Recipients);
        let named = references.templates.iter();
        let templates =
            named.filter_map(|one| Some((one.name.clone(), self.named_text(one, Role::Template)?))).collect();
        let holidays = references.holidays.as_ref();
        let holidays = holidays.and_then(|reference| self.named_text(reference, Role::Holidays));
        let snippets = self.snippets(manifest, &templates);
        let materials = Materials { templates, snippets, holidays: holidays.clone(), header, profile };
        let (campaign, problems) = campaign::resolve(manifest, &self.source, materials);
        self.problems.extend(problems);
        Parts { references, campaign, recipients, profile_source, holidays }
    }
}
