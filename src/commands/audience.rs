//! `sendplan audience`: what stands in the columns of the recipients' files. Nothing is planned, so that it can be asked
//! while the rest of a manifest is still wrong.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Outcome;
use super::exit::{Code, Failure};
use super::scan::BAR;
use super::terminal::Terminal;
use crate::audience::Header;
use crate::audience::survey::{Distinct, Survey};
use crate::campaign::Manifest;
use crate::cli::{Audience, Format};
use crate::diagnostic::did_you_mean;
use crate::report::audience::{AudienceReport, ColumnLine, FileLine, Missing};
use crate::report::mask::Mask;
use crate::report::oddities::swallowed;
use crate::world::export::STANDARD_INPUT;
use crate::world::recipients::Recipients;
use crate::world::workspace;

pub fn run(args: &Audience, terminal: &Terminal) -> Outcome {
    let asked = ask(&args.campaign, terminal)?;
    let mut survey = Survey::new(asked.header.clone());
    let Looked { files, empty_rows, mut warnings } = look(&asked.recipients, &mut survey, terminal)?;
    let mask = if args.show_addresses { Mask::Shown } else { Mask::Masked };
    let columns = survey.columns().map(|(name, column)| {
        let (distinct, distinct_is_exact) = match survey.distinct(column) {
            Distinct::Exactly(count) => (count, true),
            Distinct::MoreThan(count) => (count, false),
        };
        let is: Vec<&str> = asked.named.iter().filter(|(_, one)| one == name).map(|(key, _)| *key).collect();
        let shown = |sample: &String| match is.contains(&ADDRESS) {
            true => mask.address(sample).into_owned(),
            false => mask.cell(sample),
        };
        ColumnLine {
            samples: column.samples.iter().map(shown).collect(),
            name: mask.cell(name),
            is,
            filled: column.filled,
            distinct,
            distinct_is_exact,
            longest: column.longest as u64,
        }
    });
    warnings.splice(0..0, headless(&asked));
    let report = AudienceReport {
        version: 1,
        name: asked.name,
        rows: survey.rows,
        empty_rows,
        ragged: survey.ragged,
        columns: columns.collect(),
        files,
        missing: missing(&asked.named, &asked.header, mask),
        warnings,
    };
    terminal.data(&match args.format {
        Format::Json => report.json(),
        Format::Human => report.human(),
    });
    Ok(Code::Done)
}

/// The key of the column of addresses.
const ADDRESS: &str = "address";

/// What is asked about.
struct Asked {
    /// The campaign's name, or the file's.
    name: String,
    recipients: Recipients,
    header: Header,
    /// Which columns the manifest names, by its keys.
    named: Vec<(&'static str, String)>,
}

fn ask(path: &Path, terminal: &Terminal) -> Result<Asked, Failure> {
    let shown = path.display().to_string();
    if is_bare(path) {
        let (recipients, header) = workspace::recipients_of(path).map_err(Failure::Input)?;
        let name = recipients.shown();
        return Ok(Asked { name, recipients, header, named: Vec::new() });
    }
    let opened = workspace::open(path)?;
    let named = opened.manifest.as_ref().map(columns_of).unwrap_or_default();
    let name = opened.name().map_or(shown, str::to_owned);
    let what = opened.source.name.clone();
    let (found, problems) = opened.recipients_alone();
    let Some((recipients, header)) = found else { return Err(Failure::Invalid { what, problems }) };
    terminal.problems(&problems);
    Ok(Asked { name, recipients, header, named })
}

/// Whether it is a file of recipients, and no manifest.
fn is_bare(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
    let is_manifest = ending.is_some_and(|ending| matches!(&*ending, "yaml" | "yml"));
    path == Path::new(STANDARD_INPUT) || (path.is_file() && !is_manifest)
}

/// The columns that a manifest names.
fn columns_of(manifest: &Manifest) -> Vec<(&'static str, String)> {
    let Some(audience) = manifest.audience.as_ref().map(|audience| &audience.value) else {
        return Vec::new();
    };
    let keys = [
        (ADDRESS, &audience.address),
        ("id", &audience.id),
        ("timezone", &audience.timezone),
        ("locale", &audience.locale),
    ];
    keys.into_iter().filter_map(|(key, name)| Some((key, name.as_ref()?.value.clone()))).collect()
}

/// The columns that are named and not there.
fn missing(named: &[(&'static str, String)], header: &Header, mask: Mask) -> Vec<Missing> {
    let gone = named.iter().filter(|(_, name)| header.index(name).is_none());
    let told = gone.map(|(key, name)| Missing {
        key,
        column: name.clone(),
        near: did_you_mean(name, header.columns().iter().map(String::as_str)).map(|near| mask.cell(near)),
    });
    told.collect()
}

/// What is said where a row stands in the place of the names.
fn headless(asked: &Asked) -> Option<String> {
    let address = asked.named.iter().find(|(key, _)| *key == ADDRESS);
    let has_address = address.is_some_and(|(_, name)| asked.header.index(name).is_some());
    let is_headless = !has_address && asked.header.looks_like_a_row();
    is_headless.then(|| "is a header missing? The first row looks like a recipient".to_owned())
}

/// What was seen beside the columns.
#[derive(Default)]
pub(super) struct Looked {
    files: Vec<FileLine>,
    empty_rows: u64,
    warnings: Vec<String>,
}

/// Reads the files, one after the other.
pub(super) fn look(
    recipients: &Recipients,
    survey: &mut Survey,
    terminal: &Terminal,
) -> Result<Looked, Failure> {
    let read = Arc::new(AtomicU64::new(0));
    let bar = terminal.bar(recipients.len(), BAR);
    bar.set_prefix("reading");
    let mut looked = Looked::default();
    let names: Vec<String> = survey.columns().map(|(name, _)| name.to_owned()).collect();
    let mut failed = None;
    for file in recipients.files() {
        let before = survey.rows;
        let tick = &mut || bar.set_position(read.load(Ordering::Relaxed));
        let added = file.reader(&read).map_err(Into::into);
        if let Err(error) = added.and_then(|reader| survey.add(reader, file.dialect(), tick)) {
            failed = Some(match error.help() {
                Some(help) => format!("{}: {error}; {help}", file.shown),
                None => format!("{}: {error}", file.shown),
            });
            break;
        }
        let (file, written) = (file.shown.to_string(), file.written().to_owned());
        let (odd, line) = (survey.odd, survey.odd.first.map_or(0, |first| first.line));
        looked.warnings.extend(swallowed(&odd, &file, line, &names));
        looked.empty_rows += odd.empty;
        looked.files.push(FileLine { file, written, rows: survey.rows - before });
    }
    bar.finish_and_clear();
    match (recipients.changed(), failed) {
        (Some(changed), _) => {
            let why = "has changed while it was read: try again when it is whole";
            Err(Failure::Input(format!("{changed} {why}")))
        }
        (None, Some(why)) => Err(Failure::Input(why)),
        (None, None) => Ok(looked),
    }
}
