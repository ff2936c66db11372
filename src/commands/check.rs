//! `sendplan check`: every error of every manifest at once.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::{DateTime, Utc};

use super::Outcome;
use super::connection::no_sandbox;
use super::exit::{Code, Failure};
use super::terminal::Terminal;
use crate::campaign::Campaign;
use crate::cli::{Check, CheckFormat};
use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Source};
use crate::report::findings::Findings;
use crate::report::layout::count;
use crate::report::occurrences::{UPCOMING, occurrences};
use crate::schedule::{When, end_of};
use crate::world::clock::Clock;
use crate::world::confine::Repository;
use crate::world::workspace::{self, NoCampaign, Opened, Piped};

pub fn run(args: &Check, terminal: &Terminal) -> Outcome {
    let Checked { problems, campaigns, told, files, repository } = look(args)?;
    let what = match campaigns {
        1 => "1 campaign".to_owned(),
        many => format!("{many} campaigns"),
    };
    if args.format == CheckFormat::Human {
        if problems.has_errors() {
            return Err(Failure::Invalid { what, problems });
        }
        terminal.problems(&problems);
        if args.files {
            files.iter().for_each(|file| terminal.data(&format!("{file}\n")));
            return Ok(Code::Done);
        }
        terminal.data(&format!("{told}{what} checked, no errors\n"));
        return Ok(Code::Done);
    }
    let findings =
        Findings::new(&problems, campaigns, &|name| repository.as_ref()?.place_of(Path::new(name)));
    terminal.data(&match args.format {
        CheckFormat::Github => findings.github(),
        CheckFormat::Sarif => findings.sarif(),
        _ => findings.json(),
    });
    match problems.errors() {
        0 => Ok(Code::Done),
        // What is wrong was told. Nothing of a file is repeated: a runner may take it for a command.
        errors => Err(Failure::Input(format!("{} in {what}", count(errors as u64, "error")))),
    }
}

/// What a look at campaigns came to.
#[derive(Default)]
struct Checked {
    problems: Diagnostics,
    campaigns: usize,
    /// What is worth knowing of those that are sound.
    told: String,
    /// What they are made of, from the folders of their repositories, each once.
    files: BTreeSet<String>,
    /// The repository of the first one: what is wrong is placed as seen from its folder.
    repository: Option<Repository>,
}

/// Reads every campaign that is meant, with all that it names.
fn look(args: &Check) -> Result<Checked, Failure> {
    let mut manifests = Vec::new();
    for path in &args.paths {
        manifests.extend(workspace::find(path)?);
    }
    // Who is piped in is in no file.
    let piped = if args.files { Piped::PassedOver } else { Piped::ReadIfThere };
    let now = args.now.unwrap_or_else(|| Clock::start().now().utc);
    let mut checked = Checked { campaigns: manifests.len(), ..Checked::default() };
    let mut names: Vec<(String, String)> = Vec::new();
    for path in &manifests {
        let opened = match workspace::open(path) {
            Ok(opened) => opened.piped(piped),
            // One that cannot be read keeps nobody from hearing of the others.
            Err(NoCampaign::Unreadable { path, why, spot }) => {
                let folder = Path::new(&path).parent().filter(|folder| !folder.as_os_str().is_empty());
                let repository = Repository::of(folder.unwrap_or(Path::new("."))).ok();
                checked.repository = checked.repository.or(repository);
                let problem = Diagnostic::error(format!("`{path}` cannot be read: {why}")).of(Rule::File);
                checked.problems.push(match spot {
                    Some(_) => problem.in_file(spot),
                    None => problem.at(&Source::new(path, ""), 0..0, ""),
                });
                continue;
            }
            Err(other) => return Err(other.into()),
        };
        let file = opened.source.name.clone();
        checked.repository.get_or_insert_with(|| opened.repository().clone());
        checked.problems.extend(namesake(&opened, &names));
        names.extend(opened.name().map(|name| (name.to_owned(), file.clone())));
        let repository = opened.repository().clone();
        let (loaded, problems, looked_for) = opened.load_from();
        checked.problems.extend(problems);
        // Of a link both: where it lies, and where it leads.
        let ways = looked_for.iter().filter(|(_, stamp)| stamp.is_some()).map(|(way, _)| way.as_path());
        let files = ways.flat_map(|way| [repository.way_of(way), repository.place_of(way)]);
        checked.files.extend(files.flatten());
        if let Some(loaded) = loaded {
            let campaign = &loaded.campaign;
            if !loaded.told.is_empty() {
                checked.told.push_str(&format!(
                    "{} reads\n  {}\n\n",
                    campaign.name,
                    loaded.told.join("\n  ")
                ));
            }
            checked.told.push_str(&times(campaign, now));
            if let Some(why) = no_sandbox(&campaign.profile) {
                let name = &campaign.name;
                checked.told.push_str(&format!("{name} cannot be sent to a sandbox\n  {why}\n\n"));
            }
        }
    }
    Ok(checked)
}

/// What is wrong where an earlier campaign has the same name.
fn namesake(opened: &Opened, names: &[(String, String)]) -> Option<Diagnostic> {
    let (name, other) = names.iter().find(|(other, _)| opened.name() == Some(other))?;
    let span = opened.manifest.as_ref()?.name.as_ref().map_or(0..0, |name| name.span.clone());
    Some(
        Diagnostic::error(format!("`{other}` is called `{name}` too"))
            .of(Rule::DuplicateName)
            .at(&opened.source, span, "")
            .help("a name is a campaign's key in the state: two campaigns cannot share it"),
    )
}

/// When a series goes out next, and where the hours come from that it keeps to.
fn times(campaign: &Campaign, now: DateTime<Utc>) -> String {
    let name = &campaign.name;
    let mut told = String::new();
    if let When::Series(series) = &campaign.timetable.when {
        let (line, zone) = (&series.cron, series.zone);
        told.push_str(&match campaign.timetable.upcoming(now, UPCOMING).as_slice() {
            [] => {
                let why = match series.until {
                    Some(until) if end_of(until, zone) <= now => format!("is over since the end of {until}"),
                    Some(until) => format!("does not come again before its end, {until}"),
                    None => "never comes again".to_owned(),
                };
                format!("{name} does not go out any more: `{line}` ({zone}) {why}\n\n")
            }
            next => format!("{name} goes out by `{line}` ({zone}):\n{}\n", occurrences(next)),
        });
    }
    if let Some(preset) = campaign.preset {
        let lines = preset.to_string().replace('\n', "\n  ");
        told.push_str(&format!("{name} keeps to the hours of\n  {lines}\n"));
        if preset.public_holidays_excluded {
            told.push_str("  sendplan does not know which days are holidays: name them in `schedule.holidays` or `except`, or send on no such day\n");
        }
        told.push('\n');
    }
    told
}
