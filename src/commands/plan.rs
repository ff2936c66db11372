//! `sendplan plan`: the whole audience, rehearsed. Nothing is sent, no credentials are needed.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use super::exit::{Code, Failure};
use super::scan::{digest, refusals, scan};
use super::terminal::Terminal;
use super::{Outcome, load};
use crate::audience::Exclusion;
use crate::cli::{Format, Plan};
use crate::plan::{Entry, Totals};
use crate::report::plan::{Aside, Encodings, PlanReport};
use crate::report::rejects::Rejects;
use crate::world::workspace::Loaded;

pub fn run(args: &Plan, terminal: &Terminal) -> Outcome {
    let loaded = load::campaign(&args.campaign, terminal)?;
    let mut rejects = args.rejects.as_deref().map(|path| RejectsFile::begin(path, &loaded)).transpose()?;
    let totals = scan(&loaded, args.threads, terminal, &mut |entry| match (&mut rejects, entry) {
        (Some(rejects), Entry::Excluded { line, reason, row }) => rejects.add(line, reason, row),
        _ => Ok(()),
    })?;
    if let Some(rejects) = rejects {
        let path = rejects.finish()?;
        terminal.note(&format!("excluded rows are in {}", path.display()));
    }
    let report = report(&loaded, &totals);
    terminal.data(&match args.format {
        Format::Json => report.json(),
        Format::Human => report.human(&aside(args, &loaded, &totals)),
    });
    let refused = refusals(&loaded, &totals);
    if refused.is_empty() {
        Ok(Code::Done)
    } else {
        Err(Failure::Input(format!("the plan is refused: {}", refused.join("; "))))
    }
}

fn report(loaded: &Loaded, totals: &Totals) -> PlanReport {
    let campaign = &loaded.campaign;
    let starts = campaign.at.map(|at| at.instant());
    let counted = campaign.counts_segments();
    PlanReport {
        version: 1,
        campaign: campaign.name.clone(),
        digest: digest(totals),
        recipients: totals.rows,
        rejected: totals.rejected(),
        suppressed: totals.suppressed(),
        filtered: totals.filtered(),
        duplicates: totals.duplicates(),
        messages: totals.messages,
        segments: counted.then_some(totals.segments),
        encodings: counted.then_some(Encodings { gsm7: totals.gsm7, ucs2: totals.ucs2 }),
        cost: None,
        starts_at: starts.map(rfc3339),
        ends_at: starts
            .zip(takes(loaded, totals))
            .map(|(starts, takes)| rfc3339(starts + TimeDelta::from_std(takes).unwrap_or_default())),
        held: 0,
        warnings: Vec::new(),
    }
}

fn rfc3339(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// How long it takes at the campaign's rate.
fn takes(loaded: &Loaded, totals: &Totals) -> Option<Duration> {
    let rate = loaded.campaign.delivery.rate?;
    let count = u32::try_from(totals.messages.saturating_sub(1)).unwrap_or(u32::MAX);
    Some(rate.interval().saturating_mul(count))
}

fn aside(args: &Plan, loaded: &Loaded, totals: &Totals) -> Aside {
    let campaign = &loaded.campaign;
    let shown = args.campaign.display();
    let excluded = totals.messages < totals.rows;
    let mut next = vec![format!("sendplan preview {shown}"), format!("sendplan send {shown} --sandbox")];
    if excluded && args.rejects.is_none() {
        next.insert(0, format!("sendplan plan {shown} --rejects rejects.csv"));
    }
    Aside {
        file: loaded.csv.display().to_string(),
        reasons: totals
            .excluded()
            .filter(|(_, count)| *count > 0)
            .map(|(kind, count)| (Exclusion::words(kind), count))
            .collect(),
        longest: totals
            .longest()
            .filter(|_| campaign.counts_segments())
            .map(|most| (most.parts, most.first_line)),
        starts: campaign.at.map(|at| at.zone.show(at.instant())),
        takes: campaign
            .delivery
            .rate
            .zip(takes(loaded, totals))
            .map(|(rate, takes)| (takes, rate.to_string())),
        gateway: match campaign.profile.batch_max() {
            1 => format!("{}, one message a request", campaign.profile.name()),
            most => format!("{}, up to {most} messages of one text a request", campaign.profile.name()),
        },
        tz_version: crate::schedule::tz_version(),
        next: if refusals(loaded, totals).is_empty() { next } else { Vec::new() },
    }
}

/// The file of excluded rows, whole or not at all: it is written beside its place and moved there at the end.
struct RejectsFile {
    rejects: Rejects<BufWriter<File>>,
    path: PathBuf,
    beside: PathBuf,
}

impl RejectsFile {
    fn begin(path: &Path, loaded: &Loaded) -> Result<Self, Failure> {
        let same = path
            .canonicalize()
            .ok()
            .zip(loaded.csv.canonicalize().ok())
            .is_some_and(|(one, other)| one == other);
        if same {
            return Err(Failure::Input("--rejects names the recipients' own file".to_owned()));
        }
        let mut name = path.as_os_str().to_owned();
        name.push(".part");
        let beside = PathBuf::from(name);
        let failed = |why: String| Failure::Output { path: path.display().to_string(), why };
        let file = File::create(&beside).map_err(|error| failed(error.to_string()))?;
        let columns = loaded.campaign.audience.rules.header.columns().iter();
        let rejects =
            Rejects::new(BufWriter::new(file), columns).map_err(|error| failed(error.to_string()))?;
        Ok(Self { rejects, path: path.to_owned(), beside })
    }

    fn add(&mut self, line: u64, reason: &Exclusion, row: &csv::ByteRecord) -> Result<(), Failure> {
        self.rejects.add(line, reason.kind(), &reason.to_string(), row.iter()).map_err(|error| {
            Failure::Output { path: self.path.display().to_string(), why: error.to_string() }
        })
    }

    fn finish(self) -> Result<PathBuf, Failure> {
        let Self { rejects, path, beside } = self;
        let done = rejects.finish().and_then(|_| std::fs::rename(&beside, &path));
        done.map_err(|error| Failure::Output { path: path.display().to_string(), why: error.to_string() })?;
        Ok(path)
    }
}
