//! `sendplan plan`: the whole audience, rehearsed. Nothing is sent, no credentials are needed.

mod listeners;

use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};

use self::listeners::{Heard, Listeners};
use super::ahead::Ahead;
use super::approval::{self, Approved};
use super::contacts::unheard_of;
use super::exit::{Code, Failure};
use super::flags::{Flags, quoted};
use super::occasion::Occasion;
use super::places::{Places, people};
use super::scan::{digest, refusals, scan};
use super::standing::time;
use super::terminal::Terminal;
use super::timing::InTime;
use super::{Outcome, load, state};
use crate::approval::PlanFile;
use crate::audience::{Exclusion, Place};
use crate::campaign::{Campaign, Frequency, OncePer};
use crate::cli::{Global, Plan, PlanFormat};
use crate::delivery::pinned::Pinned;
use crate::diagnostic::{Diagnostics, listing};
use crate::message::spelling::spelling;
use crate::plan::totals::Lacking;
use crate::plan::{Culprit, Excerpt, FlawCount, Origin, Totals};
use crate::provider::Cost;
use crate::provider::raw::BatchMode;
use crate::report::alphabet::{Alphabet, Character};
use crate::report::approval::Against;
use crate::report::flaws::{FlawLine, excerpt, seen};
use crate::report::mask::Mask;
use crate::report::occurrences::{UPCOMING, occurrences};
use crate::report::oddities::swallowed;
use crate::report::plan::{Aside, Encodings, ListLine, PlanReport, ReasonLine, Rules, WithoutOptOut};
use crate::report::readers::{Languages, TextReaders, UnknownLocale};
use crate::schedule::{Moment, Spread, When, Window};
use crate::store::Store;
use crate::world::clock::Clock;
use crate::world::workspace::{self, Loaded};

pub fn run(args: &Plan, global: &Global, terminal: &Terminal) -> Outcome {
    let loaded = load::campaign(&args.campaign, terminal)?;
    let now = args.now.unwrap_or_else(|| Clock::start().now().utc);
    let State { ahead, occasion, flags, finished, is_sandbox, mut warnings } =
        state(args, global, &loaded, now)?;
    let approved = Approved::read(args.against.as_deref())?;
    args.out.as_deref().map_or(Ok(()), approval::check)?;
    let mut listeners = Listeners::new(args, &loaded, ahead)?;
    let totals = scan(&loaded, args.threads, terminal, &mut |entry| listeners.take(entry))?;
    let Heard { left_out_now, plan, samples } = listeners.finish(&totals, terminal)?;
    let times = Times::of(&loaded.campaign, occasion, now);
    let timing = InTime::of(&loaded.campaign, &totals, times.starts, now);
    let places = Places::of(&loaded.campaign, &totals, times.starts, now);
    let report = PlanReport {
        zones: places.zones.clone(),
        held: places.held(),
        ..report(&loaded, &totals, &times, &timing)
    };
    warnings.extend_from_slice(&report.warnings);
    warnings.extend(swallowing(&loaded, &totals));
    let against = approved.zip(plan.as_ref()).map(|(approved, now)| approved.against(now));
    let report = PlanReport { left_out_now, warnings, against, ..report };
    let late = timing.problem(&workspace::open(&args.campaign)?);
    let mut refused = refusals(&loaded, &totals);
    refused.extend(late.is_some().then(|| "it cannot be through in time".to_owned()));
    terminal.data(&match args.format {
        PlanFormat::Json => report.json(),
        PlanFormat::Markdown => {
            let aside = aside(&loaded, &totals, &times, &timing);
            report.comment(&Aside { held: places.held, refused: refused.clone(), ..aside }, &samples)
        }
        PlanFormat::Human => {
            let is_other = report.against.as_ref().is_some_and(|against| !against.same);
            let standing = (is_sandbox, finished.is_some(), is_other);
            let next = next(args, &flags, standing, &loaded, &totals);
            let aside = aside(&loaded, &totals, &times, &timing);
            report.human(&Aside { finished, next, held: places.held, ..aside })
        }
    });
    if let Some(problem) = late {
        let mut problems = Diagnostics::new();
        problems.push(problem);
        terminal.problems(&problems);
    }
    conclude(args, &refused, plan, report.against, terminal)
}

/// Writes the plan file of what is not refused, and says whether it is what was approved.
fn conclude(
    args: &Plan,
    refused: &[String],
    plan: Option<PlanFile>,
    against: Option<Against>,
    terminal: &Terminal,
) -> Outcome {
    if !refused.is_empty() {
        return Err(Failure::PlanRefused(format!(": {}", refused.join("; "))));
    }
    if let Some((path, plan)) = args.out.as_deref().zip(plan) {
        approval::write(path, &plan)?;
        terminal.note(&format!("the plan is in {}: commit it, for others to approve", path.display()));
    }
    match against {
        Some(against) if !against.same => {
            Err(Failure::Unapproved(format!("this is not what was approved: {}", against.summary)))
        }
        _ => Ok(Code::Done),
    }
}

/// What the state says.
struct State {
    /// Who would be left out, where there is a state.
    ahead: Option<Ahead>,
    /// Which occurrence it is about.
    occasion: Occasion,
    /// What commands about it need.
    flags: Flags,
    /// When the campaign's run was finished, if it was.
    finished: Option<String>,
    /// Whether a sandbox sent from it.
    is_sandbox: bool,
    /// What is worth a look.
    warnings: Vec<String>,
}

/// Asks the state, where there is one: it is only read.
fn state(args: &Plan, global: &Global, loaded: &Loaded, now: DateTime<Utc>) -> Result<State, Failure> {
    let opened = workspace::open(&args.campaign)?;
    let path = state::path(global, false, Some(opened.repository()))?;
    let campaign = &loaded.campaign;
    let mut known = State {
        ahead: None,
        occasion: Occasion::first(campaign, now),
        flags: Flags::new(global, false, &path),
        finished: None,
        is_sandbox: false,
        warnings: Vec::new(),
    };
    let Some(store) = state::look(&path)? else {
        known.warnings = unheard_of(campaign, &[]);
        return Ok(known);
    };
    known.warnings = unheard_of(campaign, &store.runs(None)?);
    known.occasion = Occasion::read(&store, campaign, now)?;
    known.ahead = Some(Ahead::read(&store, campaign, known.occasion, now)?);
    if let Some(run) = store.run(&campaign.name, &known.occasion.occurrence())? {
        known.finished = run.finished_at_ms.map(time);
        known.is_sandbox = Pinned::says_sandbox(&run.pinned.pinned) == Some(true);
    }
    if known.is_sandbox {
        known.flags = Flags::new(global, true, &path);
    }
    Ok(known)
}

/// What to type next. A sandbox has a state of its own, so that it is not told of a real one.
fn next(
    args: &Plan,
    flags: &Flags,
    (is_sandbox, is_finished, is_other): (bool, bool, bool),
    loaded: &Loaded,
    totals: &Totals,
) -> Vec<String> {
    let shown = quoted(&args.campaign.display().to_string());
    let mut next = Vec::new();
    if totals.messages < totals.rows && args.rejects.is_none() {
        next.push(format!("sendplan plan {shown} --rejects rejects.csv{}", flags.without_sandbox()));
    }
    if !refusals(loaded, totals).is_empty() {
        return next;
    }
    next.push(format!("sendplan preview {shown}"));
    let plan = |path: &Path| quoted(&path.display().to_string());
    let approved = args.out.as_deref().map(|path| format!(" --plan {}", plan(path))).unwrap_or_default();
    next.push(match (is_finished, is_sandbox, args.against.as_deref()) {
        (true, _, _) => return vec![format!("sendplan report {shown}{flags}")],
        // What is not as it was approved is approved anew, or mended.
        (false, _, Some(path)) if is_other => format!("sendplan plan {shown} --out {}", plan(path)),
        (false, true, _) => format!("sendplan send {shown}{approved}{flags}"),
        (false, false, _) => format!("sendplan send {shown}{approved} --sandbox"),
    });
    next
}

/// When it goes out.
pub(super) struct Times {
    /// The occurrence that the plan is about, if it has a moment.
    pub(super) starts: Option<Moment>,
    /// What people are told of it, where the manifest names a time.
    words: Option<String>,
    /// The next ones of a series.
    series: Vec<Moment>,
}

impl Times {
    pub(super) fn of(campaign: &Campaign, occasion: Occasion, now: DateTime<Utc>) -> Self {
        let starts = occasion.at();
        let shown = |at: Moment| at.zone.show(at.instant());
        let When::Series(_) = campaign.timetable.when else {
            return Self { starts, words: starts.map(shown), series: Vec::new() };
        };
        let series = campaign.timetable.upcoming(now, UPCOMING);
        let words = starts.map_or_else(|| "never again: the series is over".to_owned(), shown);
        Self { starts, words: Some(words), series }
    }
}

/// The plan as it is told, but for what the state says and where recipients are.
pub(super) fn report(loaded: &Loaded, totals: &Totals, times: &Times, timing: &InTime) -> PlanReport {
    let campaign = &loaded.campaign;
    let starts = times.starts.map(|starts| Spread::of(starts, &people(totals)).first);
    let counted = campaign.counts_segments();
    PlanReport {
        version: 1,
        campaign: campaign.name.clone(),
        digest: digest(totals),
        recipients: totals.rows,
        empty_rows: totals.odd.empty,
        rejected: totals.rejected(),
        suppressed: totals.suppressed(),
        left_out_by: totals
            .excluded()
            .filter(|(_, rows)| *rows > 0)
            .map(|(reason, rows)| ReasonLine { reason, rows })
            .collect(),
        suppressed_by: totals
            .by_list()
            .iter()
            .map(|(list, rows)| ListLine { list: list.to_string(), rows: *rows })
            .collect(),
        filtered: totals.filtered(),
        duplicates: totals.duplicates(),
        messages: outgoing(loaded, totals),
        left_out_now: None,
        segments: counted.then_some(totals.segments),
        encodings: counted.then_some(Encodings { gsm7: totals.gsm7, ucs2: totals.ucs2 }),
        alphabet: alphabet(loaded, totals),
        without_opt_out: totals.lacking.map(|lacking| without_opt_out(totals, lacking)),
        flaws: flaws(loaded, totals),
        texts: texts(loaded, totals),
        languages: languages(totals),
        cost: cost(loaded, totals),
        starts_at: starts.map(rfc3339),
        ends_at: timing.passage.map(|passage| rfc3339(passage.ends)),
        occurrences: times.series.iter().map(|one| rfc3339(one.instant())).collect(),
        held: 0,
        zones: Vec::new(),
        warnings: timing.warnings.clone(),
        against: None,
    }
}

/// A cell that seems to hold rows, in words.
pub fn swallowing(loaded: &Loaded, totals: &Totals) -> Option<String> {
    let first = totals.odd.first?;
    let Place { line, file } = totals.place(first.line);
    let file = file.map_or_else(|| loaded.recipients.shown(), |file| file.to_string());
    swallowed(&totals.odd, &file, line, loaded.campaign.audience.rules.header.columns())
}

/// Which characters make messages UCS-2, where the gateway has segments.
fn alphabet(loaded: &Loaded, totals: &Totals) -> Alphabet {
    let (campaign, found) = (&loaded.campaign, &totals.alphabet);
    if !campaign.counts_segments() {
        return Alphabet::default();
    }
    let columns = campaign.audience.rules.header.columns();
    let line = |one: Culprit| Character {
        character: one.character,
        code: format!("U+{:04X}", u32::from(one.character)),
        column: match one.origin {
            Origin::Text => None,
            Origin::Column(at) => columns.get(at).cloned(),
        },
        messages: one.messages,
        first_line: totals.place(one.first_line).line,
        first_file: totals.place(one.first_line).file.map(|file| file.to_string()),
        segments: one.segments,
        spelling: spelling(one.character),
    };
    let money = |cost: &Cost| format!("{} {}", found.money, cost.currency());
    Alphabet {
        transliterated: found.respelled,
        spellable: found.spellable,
        segments: found.segments,
        cost: campaign.profile.cost().map(money),
        characters: found.culprits().into_iter().map(line).collect(),
    }
}

/// Who reads which text, where there are several.
fn texts(loaded: &Loaded, totals: &Totals) -> Vec<TextReaders> {
    let campaign = &loaded.campaign;
    if !campaign.wordings.are_several() {
        return Vec::new();
    }
    let name = |name: &Option<Arc<str>>| name.as_deref().map(str::to_owned);
    let all = campaign.wordings.all().iter().enumerate().map(|(number, wording)| {
        let share = totals.readers.shares().get(number).copied().unwrap_or_default();
        TextReaders {
            variant: name(&wording.variant),
            locale: name(&wording.locale),
            messages: share.messages,
            segments: campaign.counts_segments().then_some(share.segments),
        }
    });
    all.collect()
}

fn languages(totals: &Totals) -> Languages {
    let readers = &totals.readers;
    // Somebody may have named another column: cells are shown as those of nobody knows what.
    let unknown = |(said, messages): (&str, u64)| {
        let shown: String = seen(&Mask::Masked.cell(said)).chars().take(LONGEST_LOCALE).collect();
        UnknownLocale { locale: shown, messages }
    };
    Languages {
        by_language: readers.by_language,
        unsaid: readers.unsaid,
        unknown: readers.unknown,
        unknown_locales: readers.odd().into_iter().map(unknown).collect(),
        other_unknown: readers.others,
    }
}

/// So many characters of what a row names for a language are shown: the longest tags have as many (RFC 5646 §4.4.1).
const LONGEST_LOCALE: usize = 35;

/// The texts that do not say how to opt out.
fn without_opt_out(totals: &Totals, lacking: Lacking) -> WithoutOptOut {
    let first = totals.place(lacking.first_line);
    WithoutOptOut {
        messages: lacking.messages,
        first_line: first.line,
        first_file: first.file.map(|file| file.to_string()),
    }
}

/// What looks wrong in texts.
fn flaws(loaded: &Loaded, totals: &Totals) -> Vec<FlawLine> {
    let columns = loaded.campaign.audience.rules.header.columns();
    let line = |one: &FlawCount| {
        let first = totals.place(one.first_line);
        let Excerpt { before: (cut_before, before), flaw, behind: (cut_behind, behind) } = &one.example;
        let edge = |cut: bool| if cut { "…" } else { "" };
        FlawLine {
            kind: one.kind.name(),
            words: one.kind.words(),
            column: match one.origin {
                Origin::Text => None,
                Origin::Column(at) => columns.get(at).cloned(),
            },
            messages: one.messages,
            first_line: first.line,
            first_file: first.file.map(|file| file.to_string()),
            character: one.at,
            example: format!("{}{}{}", edge(*cut_before), excerpt(before, flaw, behind), edge(*cut_behind)),
        }
    };
    totals.flaws.counts().into_iter().map(line).collect()
}

/// What it costs by the gateway's prices.
pub fn cost(loaded: &Loaded, totals: &Totals) -> Option<String> {
    let (cost, bill) = loaded.campaign.profile.cost().zip(totals.cost)?;
    Some(format!("{} {}", bill.total, cost.currency()))
}

/// For machines.
pub fn rfc3339(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Messages that go out, counted as the run will count them.
fn outgoing(loaded: &Loaded, totals: &Totals) -> u64 {
    totals.outgoing(loaded.campaign.profile.cuts_texts())
}

/// What the reasons of [`LeftOut`] are called: opted out, got one, and the cap.
fn rules(frequency: &Frequency) -> Rules {
    Rules { once: once(frequency), cap: frequency.cap.map(|cap| format!("already got {cap}")) }
}

/// Of what nobody gets this who got it already.
fn once(frequency: &Frequency) -> Option<String> {
    let own = frequency.once_per.as_ref().map(|once| match once {
        OncePer::Campaign => "this campaign".to_owned(),
        OncePer::Group(word) => format!("one of `{word}`"),
    });
    let named =
        (!frequency.exclude.is_empty()).then(|| listing(frequency.exclude.iter().map(String::as_str)));
    let all: Vec<String> = own.into_iter().chain(named).collect();
    (!all.is_empty()).then(|| format!("already got {}", all.join(", or ")))
}

/// Why rows are left out; lists are told even where they leave out nobody, so that a wrong one is seen.
fn reasons(totals: &Totals) -> Vec<(String, u64)> {
    let mut reasons = Vec::new();
    for (kind, count) in totals.excluded() {
        let lists = if kind == Exclusion::SUPPRESSED { totals.by_list() } else { &[] };
        if count > 0 || !lists.is_empty() {
            reasons.push((Exclusion::words(kind).to_owned(), count));
        }
        reasons.extend(lists.iter().map(|(list, rows)| (format!("  {list}"), *rows)));
    }
    reasons
}

/// What only people are told of it.
pub(super) fn aside(loaded: &Loaded, totals: &Totals, times: &Times, timing: &InTime) -> Aside {
    let campaign = &loaded.campaign;
    Aside {
        file: loaded.recipients.shown(),
        reasons: reasons(totals),
        longest: totals
            .longest()
            .filter(|_| campaign.counts_segments())
            .map(|most| (most.parts, totals.place(most.first_line))),
        window: window(campaign).map(|window| window.to_string()),
        rules: rules(&campaign.audience.frequency),
        starts: times.words.clone(),
        occurrences: occurrences(&times.series),
        takes: timing.needed.map(|needed| (needed.time, needed.to_string())),
        ends: timing
            .passage
            .filter(|passage| passage.goes_on.is_some())
            .zip(times.starts)
            .map(|(passage, starts)| starts.zone.show(passage.ends)),
        countries: totals.countries(),
        flawed: totals.flaws.messages,
        unpriced: totals.cost.map_or(0, |bill| bill.unpriced),
        gateway: gateway(campaign),
        tz_version: crate::schedule::tz_version(),
        ..Aside::default()
    }
}

/// The hours of the day in which messages may go out, by whosever clock.
pub fn window(campaign: &Campaign) -> Option<Window> {
    let theirs = campaign.delivery.recipients.and_then(|recipients| recipients.window);
    campaign.delivery.window.or(theirs)
}

/// The profile's name, and how many messages go into a request.
pub fn gateway(campaign: &Campaign) -> String {
    let profile = &campaign.profile;
    match profile.batch_max() {
        1 => format!("{}, one message a request", profile.name()),
        most if profile.batch_mode() == BatchMode::Personalised => {
            format!("{}, up to {most} messages a request", profile.name())
        }
        most => format!("{}, up to {most} messages of one text a request", profile.name()),
    }
}
