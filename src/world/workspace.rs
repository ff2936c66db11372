//! A campaign as it lies in a repository: the manifest and every file it names, opened, held against each
//! other, with all that is wrong about them.
#![allow(clippy::disallowed_methods)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::confine::{self, Confined, Repository, tidy};
use super::export::{self, Export, STANDARD_INPUT};
use super::recipients::{Recipients, other_columns};
use super::snippets::Search;
use super::stamp::{Stamp, stamp};
use crate::audience::{AddressKind, Header, Named, ReadError, Suppression};
use crate::campaign::{self, Campaign, Manifest, Materials, Reference, References};
use crate::credentials::hide;
use crate::diagnostic::{Diagnostic, Diagnostics, Source};
use crate::message::Snippets;
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
    inputs: Vec<PathBuf>,
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
    /// Nobody pipes them in, each time it is due.
    Never,
}

/// A manifest joined with what it names, but for the suppression lists.
struct Parts {
    references: References,
    campaign: Option<Campaign>,
    recipients: Option<Recipients>,
    profile_source: Option<Arc<Source>>,
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
    let stamps = vec![(file.clone(), stamp(&file))];
    let source = read_text(&file, &file).map_err(unreadable)?;
    let folder = match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let repository = Repository::of(&folder).map_err(|error| unreadable(confine::plain(&error)))?;
    let (manifest, problems) = campaign::read(&source);
    let inputs = vec![file.canonicalize().unwrap_or(file)];
    let (piped, told) = (Piped::Read, Vec::new());
    Ok(Opened { source, manifest, problems, folder, repository, inputs, stamps, piped, told })
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
    /// The same, with another answer to recipients who come from standard input.
    #[must_use]
    pub fn piped(self, piped: Piped) -> Self {
        Self { piped, ..self }
    }

    /// The repository that holds it.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// Where the manifest lies in its repository.
    pub fn place(&self) -> String {
        let manifest = self.inputs.first().map(PathBuf::as_path).unwrap_or(Path::new(""));
        manifest.strip_prefix(self.repository.root()).unwrap_or(manifest).display().to_string()
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

    /// The campaign without its suppression lists, which are long and say nothing of when it goes out. What is wrong with
    /// everything else stands in the diagnostics.
    pub fn campaign(mut self) -> (Option<Campaign>, Diagnostics) {
        self.piped = Piped::Never;
        let campaign = self.manifest.take().and_then(|manifest| self.parts(&manifest).campaign);
        self.problems.sort();
        hide(&mut self.problems);
        (campaign.filter(|_| !self.problems.has_errors()), self.problems)
    }

    fn join(&mut self) -> Option<Loaded> {
        let manifest = self.manifest.take()?;
        let Parts { references, campaign, recipients, profile_source } = self.parts(&manifest);
        let suppression = self.suppression(&references, campaign.as_ref());
        self.problems.sort();
        match (campaign, recipients, suppression, profile_source) {
            (Some(campaign), Some(recipients), Some((suppression, lists)), Some(profile_source))
                if !self.problems.has_errors() =>
            {
                let inputs = self.inputs.clone();
                let told = std::mem::take(&mut self.told);
                Some(Loaded { campaign, recipients, told, suppression, lists, inputs, profile_source })
            }
            _ => None,
        }
    }

    /// What the manifest names, but for the suppression lists, joined into a campaign as far as it is sound.
    fn parts(&mut self, manifest: &Manifest) -> Parts {
        let references = References::of(manifest);
        let (profile, profile_source) = self.profile(references.profile.as_ref()).unzip();
        let (recipients, header) = self.recipients(manifest, &references.csv).unzip();
        let named = references.templates.iter();
        let templates = named.filter_map(|one| Some((one.name.clone(), self.named_text(one)?))).collect();
        let holidays = references.holidays.as_ref().and_then(|reference| self.named_text(reference));
        let snippets = self.snippets(manifest, &templates);
        let materials = Materials { templates, snippets, holidays, header, profile };
        let (campaign, problems) = campaign::resolve(manifest, &self.source, materials);
        self.problems.extend(problems);
        Parts { references, campaign, recipients, profile_source }
    }

    /// Only the suppression lists, for a run that is pinned already: an opt-out counts even after that. The
    /// lists that the run began with must still be named, and the manifest must be sound as YAML: a slip in
    /// it must not turn into sending to those who opted out.
    ///
    /// # Errors
    /// What is wrong with the manifest or the lists.
    pub fn load_suppression(
        mut self,
        kind: AddressKind,
        address_column: &str,
        begun_with: &[String],
    ) -> Result<(Suppression, Vec<Confined>), Diagnostics> {
        let Some(manifest) = self.manifest.take() else {
            hide(&mut self.problems);
            return Err(self.problems);
        };
        let references = References::of(&manifest);
        for gone in begun_with.iter().filter(|name| !references.suppress.iter().any(|one| one.name == **name))
        {
            self.problems.push(
                Diagnostic::error(format!(
                    "the run was begun with the suppression list `{gone}`, which the manifest no longer names"
                ))
                .at(&self.source, 0..0, "")
                .help("name it again under `audience.suppress`; an empty list is fine"),
            );
        }
        match self.lists(&references, kind, address_column) {
            Some(lists) if !self.problems.has_errors() => Ok(lists),
            _ => {
                hide(&mut self.problems);
                Err(self.problems)
            }
        }
    }

    fn file(&mut self, reference: &Reference) -> Option<(Confined, Reference)> {
        let named = self.folder.join(&reference.name);
        let before = stamp(&named);
        self.stamps.push((named, before));
        match self.repository.file(&self.folder, &reference.name) {
            Ok(file) => {
                self.inputs.push(file.real.clone());
                Some((file, reference.clone()))
            }
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
            Err(problems) => {
                self.problems.extend(problems);
                None
            }
        }
    }

    fn text(&mut self, file: &Confined, reference: &Reference) -> Option<Arc<Source>> {
        match read_text(&file.real, &file.shown) {
            Ok(source) => Some(source),
            Err(why) => {
                let title = format!("cannot read `{}`: {why}", reference.name);
                self.problems.push(Diagnostic::error(title).at(&self.source, reference.span.clone(), ""));
                None
            }
        }
    }

    fn named_text(&mut self, reference: &Reference) -> Option<Arc<Source>> {
        let (file, _) = self.file(reference)?;
        self.text(&file, reference)
    }

    /// What the texts of the message include.
    fn snippets(&mut self, manifest: &Manifest, files: &BTreeMap<String, Arc<Source>>) -> Snippets {
        let files = files.values().map(|source| source.text.as_str());
        let texts: Vec<&str> = campaign::texts(manifest).into_iter().chain(files).collect();
        let search = Search::of(&self.folder, &self.repository, &texts);
        self.inputs.extend(search.inputs);
        self.stamps.extend(search.stamps);
        search.snippets
    }

    /// The recipients' files, looked at and held against each other, with the columns they share.
    fn recipients(&mut self, manifest: &Manifest, references: &[Reference]) -> Option<(Recipients, Header)> {
        let (named, problems) = campaign::named(manifest, &self.source);
        let sound = !problems.has_errors();
        self.problems.extend(problems);
        let mut files: Vec<(Export, Header)> = Vec::new();
        for (at, reference) in references.iter().enumerate() {
            if references[..at].iter().any(|earlier| earlier.name == reference.name) {
                self.refuse(format!("`{}` is named twice", reference.name), reference, None);
                continue;
            }
            let Some(opened) = self.export(reference, &named, sound) else { continue };
            let looked = opened.and_then(|export| match export.header() {
                Ok(header) => Ok((export, header)),
                Err(error) => Err((export.shown.to_string(), error)),
            });
            match looked {
                Ok(looked) => files.push(looked),
                Err((shown, error)) => {
                    self.refuse(format!("{shown}: {error}"), reference, error.help());
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

    /// A file, or standard input, looked at; nothing where that is not to be done, which was told then.
    fn export(
        &mut self,
        reference: &Reference,
        named: &Named,
        sound: bool,
    ) -> Option<Result<Export, (String, ReadError)>> {
        if reference.name != STANDARD_INPUT {
            let (file, _) = self.file(reference)?;
            let shown = file.shown.display().to_string();
            return sound.then(|| Export::file(&file, named).map_err(|error| (shown, error)));
        }
        match self.piped {
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
            _ if sound => {
                let shown = "standard input".to_owned();
                return Some(Export::standard_input(named).map_err(|error| (shown, error)));
            }
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

    fn refuse(&mut self, title: impl Into<String>, reference: &Reference, help: Option<String>) {
        let problem = Diagnostic::error(title).at(&self.source, reference.span.clone(), "named here");
        self.problems.push(match help {
            Some(help) => problem.help(help),
            None => problem,
        });
    }

    fn suppression(
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

    fn lists(
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
                Ok(told) => self.told.extend(told),
                Err(why) => {
                    sound = false;
                    self.problems.push(
                        Diagnostic::error(why)
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
/// In words, with the file's name in them.
pub fn add_list(
    suppression: &mut Suppression,
    file: &Confined,
    kind: AddressKind,
    address_column: &str,
) -> Result<Option<String>, String> {
    let shown = file.shown.display().to_string();
    let refuse = |error: ReadError| format!("the suppression list {shown} {error}");
    let export = Export::file(file, &Named::default()).map_err(refuse)?;
    let reader = export.reader(&Arc::default()).map_err(|error| refuse(error.into()))?;
    suppression
        .add_list_as(&shown, reader, export.dialect(), kind, address_column)
        .map_err(|error| error.to_string())?;
    if !export.is_unchanged() {
        return Err(format!("the suppression list {shown} has changed while it was read"));
    }
    Ok(export.told().map(str::to_owned))
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
    let diagnostic = Diagnostic::error(format!("there is no built-in profile `{name}`"));
    let diagnostic = match crate::diagnostic::did_you_mean(name, names.iter().copied()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help(format!("built in: {}", crate::diagnostic::listing(names.iter().copied()))),
    };
    diagnostic.help("a profile of your own is named by its path, such as `../../providers/acme.yaml`")
}

/// A text file as a source under the name people would type.
pub(super) fn read_text(path: &Path, shown: &Path) -> Result<Arc<Source>, String> {
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
    Ok(Source::new(tidy(shown).display().to_string(), text))
}
