//! `sendplan check`: every error of every manifest at once.

use chrono::{DateTime, Utc};

use super::Outcome;
use super::exit::{Code, Failure};
use super::terminal::Terminal;
use crate::campaign::Campaign;
use crate::cli::Check;
use crate::diagnostic::Diagnostics;
use crate::report::occurrences::{UPCOMING, occurrences};
use crate::schedule::{When, end_of};
use crate::world::clock::Clock;
use crate::world::workspace::{self, Piped};

pub fn run(args: &Check, terminal: &Terminal) -> Outcome {
    let mut manifests = Vec::new();
    for path in &args.paths {
        manifests.extend(workspace::find(path)?);
    }
    let mut all = Diagnostics::new();
    let now = args.now.unwrap_or_else(|| Clock::start().now().utc);
    let mut told = String::new();
    let mut names: Vec<(String, String)> = Vec::new();
    for path in &manifests {
        let opened = workspace::open(path)?.piped(Piped::ReadIfThere);
        let file = opened.source.name.clone();
        let twin = opened.name().and_then(|name| names.iter().find(|(other, _)| other == name)).cloned();
        if let (Some((name, other)), Some(manifest)) = (twin, &opened.manifest) {
            let span = manifest.name.as_ref().map_or(0..0, |name| name.span.clone());
            all.push(
                crate::diagnostic::Diagnostic::error(format!("`{other}` is called `{name}` too"))
                    .at(&opened.source, span, "")
                    .help("a name is a campaign's key in the state: two campaigns cannot share it"),
            );
        }
        names.extend(opened.name().map(|name| (name.to_owned(), file.clone())));
        let (loaded, problems) = opened.load();
        all.extend(problems);
        if let Some(loaded) = loaded {
            let campaign = &loaded.campaign;
            if !loaded.told.is_empty() {
                told.push_str(&format!("{} reads\n  {}\n\n", campaign.name, loaded.told.join("\n  ")));
            }
            told.push_str(&times(campaign, now));
        }
    }
    let what = match names.len().max(manifests.len()) {
        1 => "1 campaign".to_owned(),
        many => format!("{many} campaigns"),
    };
    if all.has_errors() {
        return Err(Failure::Invalid { what, problems: all });
    }
    terminal.problems(&all);
    terminal.data(&format!("{told}{what} checked, no errors\n"));
    Ok(Code::Done)
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
