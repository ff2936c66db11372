//! Many campaigns for a long time, on a virtual clock, under crashes and sleep: every occurrence exactly once, held against
//! an enumeration of its own. It knows crontab lines as sets of numbers and walks the wall clock minute by minute.
//! `cargo bench --bench year` plays a whole year of 200 campaigns by the same rules.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Datelike, NaiveDateTime, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;
use sendplan::audience::Header;
use sendplan::campaign::{self, Materials};
use sendplan::delivery::pinned::Pinned;
use sendplan::delivery::roster::{Notice, Plan};
use sendplan::delivery::state::State;
use sendplan::diagnostic::Source;
use sendplan::provider::Profile;
use sendplan::simulation::dice::Dice;
use sendplan::simulation::year::{Piece, Played, Tale, play};
use sendplan::store::sqlite::Sqlite;

const ZONES: [&str; 9] = [
    "UTC",
    "Africa/Nairobi",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Pacific/Auckland",
    "Africa/Casablanca",
];

/// A crontab line as sets; an empty one is a star.
#[derive(Debug, Clone, Default)]
struct Line {
    minutes: Vec<u32>,
    hours: Vec<u32>,
    days: Vec<u32>,
    months: Vec<u32>,
    weekdays: Vec<u32>,
}

impl Line {
    fn text(&self) -> String {
        let field = |numbers: &[u32]| match numbers {
            [] => "*".to_owned(),
            numbers => numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(","),
        };
        [&self.minutes, &self.hours, &self.days, &self.months, &self.weekdays].map(|one| field(one)).join(" ")
    }

    fn fires(&self, local: NaiveDateTime) -> bool {
        let has = |numbers: &[u32], number| numbers.is_empty() || numbers.contains(&number);
        let (day, weekday) = (local.day(), local.weekday().num_days_from_sunday());
        // Where both are named, either will do: crontab(5).
        let is_day = match (self.days.is_empty(), self.weekdays.is_empty()) {
            (false, false) => self.days.contains(&day) || self.weekdays.contains(&weekday),
            _ => has(&self.days, day) && has(&self.weekdays, weekday),
        };
        is_day
            && has(&self.minutes, local.minute())
            && has(&self.hours, local.hour())
            && has(&self.months, local.month())
    }

    /// One of many kinds.
    fn random(dice: &mut Dice) -> Self {
        let mut pick = |from: u64, to: u64| u32::try_from(dice.between(from, to)).unwrap();
        let (minute, hour) = (pick(0, 59), pick(0, 23));
        let at = Self { minutes: vec![minute], hours: vec![hour], ..Self::default() };
        match pick(0, 9) {
            0 => Self { minutes: vec![minute], hours: Vec::new(), ..at },
            1 => Self { weekdays: vec![1, 2, 3, 4, 5], ..at },
            2 => Self { weekdays: vec![pick(0, 6)], ..at },
            3 => Self { days: vec![1, 15, 31], ..at },
            4 => Self { days: vec![13], weekdays: vec![5], ..at },
            // In the hours that clocks skip or show twice.
            5 => Self { hours: vec![0, 1, 2, 3], minutes: vec![0, 30], ..at },
            6 => Self { hours: vec![9, 13, 17], ..at },
            7 => Self { months: vec![pick(1, 12), 3, 10], ..at },
            _ => at,
        }
    }
}

/// What is watched over a campaign.
struct Watched {
    zone: Tz,
    line: Line,
    /// `skip`, `send` or `fail`.
    missed: &'static str,
    late_s: i64,
    /// The hours in which it may begin, by its own clock.
    window: Option<(u32, u32)>,
    people: u64,
    /// Of each occurrence that was begun: when it was due, begun and finished, in Unix seconds; not finished is 0.
    begun: Vec<[i64; 3]>,
    notices: u64,
}

/// A piece and what is watched of it.
pub struct Show {
    pub piece: Piece,
    watched: Vec<Watched>,
    /// When the process was up, in Unix seconds.
    up: Vec<[i64; 2]>,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Figures {
    pub expected: u64,
    pub begun: u64,
    pub late: u64,
    pub left_out: u64,
    pub messages: u64,
    pub accepted: u64,
    pub unknown: u64,
    pub rejected: u64,
    pub processes: u64,
}

impl Show {
    /// So many campaigns for so many days.
    pub fn new(campaigns: u32, days: i64, crashes: u32, sleeps: u32, seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let starts: DateTime<Utc> = "2026-03-01T00:00:00Z".parse().unwrap();
        let profile = Profile::builtin("mobiconnect").unwrap().unwrap();
        let (mut watched, mut played) = (Vec::new(), Vec::new());
        for number in 0..campaigns {
            let one = Watched::random(&mut dice);
            played.push(one.played(number));
            watched.push(one);
        }
        let piece = Piece {
            campaigns: played,
            profile: Arc::new(profile),
            starts,
            ends: starts + TimeDelta::days(days),
            crashes,
            sleeps,
            weather: "429:1%,refused:1%,timeout:0.5%,5xx:0.5%,rejected:0.5%".parse().unwrap(),
            seed,
        };
        Self { piece, watched, up: Vec::new() }
    }

    /// Plays it; `watch` is told of each tale as well, and how many bytes the lists have come to by which it is judged.
    pub fn play(&mut self, mut watch: impl FnMut(&Tale, usize)) -> Figures {
        let Self { piece, watched, up } = self;
        let (mut figures, mut kept) = (Figures::default(), 0);
        let names: BTreeMap<String, usize> =
            piece.campaigns.iter().enumerate().map(|(number, one)| (one.name.clone(), number)).collect();
        let mut tell = |tale: Tale| {
            watch(&tale, kept);
            match tale {
                Tale::Up(at) => up.push([at.timestamp(), i64::MAX]),
                Tale::Down(at) => {
                    if let Some(last) = up.last_mut().filter(|last| last[1] == i64::MAX) {
                        last[1] = at.timestamp();
                    }
                }
                Tale::Begun { campaign, at, when } => {
                    let begun = &mut watched[campaign].begun;
                    let before = begun.capacity();
                    begun.push([at.instant().timestamp(), when.timestamp(), 0]);
                    kept += (begun.capacity() - before) * size_of::<[i64; 3]>();
                }
                Tale::Finished { campaign, when, counts, taken } => {
                    let one = &mut watched[campaign];
                    one.begun.last_mut().unwrap()[2] = when.timestamp();
                    let (accepted, unknown) = (counts.of(State::Accepted), counts.of(State::Unknown));
                    assert_eq!((counts.planned, counts.sum()), (one.people, one.people));
                    assert_eq!(taken.1, 0, "nobody got two");
                    assert!(accepted <= taken.0 && taken.0 <= accepted + unknown, "{counts:?} {taken:?}");
                    figures.messages += counts.planned;
                    figures.accepted += accepted;
                    figures.unknown += unknown;
                    figures.rejected += counts.of(State::Rejected);
                }
                Tale::Notice(Notice::LeftOut { campaign, .. } | Notice::Missed { campaign, .. }) => {
                    watched[names[&campaign]].notices += 1;
                }
            }
        };
        drop(play(piece, Sqlite::passing().unwrap(), &mut tell).unwrap());
        figures.processes = self.up.len() as u64;
        for (number, one) in self.watched.iter().enumerate() {
            one.judge(number, &self.piece, &self.up, &mut figures);
        }
        figures
    }
}

impl Watched {
    fn random(dice: &mut Dice) -> Self {
        let line = Line::random(dice);
        let mut pick = |from: u64, to: u64| dice.between(from, to);
        let zone = ZONES[usize::try_from(pick(0, ZONES.len() as u64 - 1)).unwrap()].parse().unwrap();
        // A window that shuts out the hours of its line would be refused.
        let window = match line.hours.as_slice() {
            [hour] if *hour < 20 && pick(0, 3) == 0 => Some((*hour, hour + 3)),
            _ => None,
        };
        Self {
            zone,
            line,
            missed: ["skip", "send", "fail"][usize::try_from(pick(0, 2)).unwrap()],
            late_s: [600, 3600, 6 * 3600][usize::try_from(pick(0, 2)).unwrap()],
            window,
            people: pick(1, 5),
            begun: Vec::new(),
            notices: 0,
        }
    }

    /// The same as a manifest says it, through all that reads manifests.
    fn played(&self, number: u32) -> Played {
        let (line, zone, missed, late) = (self.line.text(), self.zone, self.missed, self.late_s);
        let window = self
            .window
            .map(|(from, to)| format!("  window: {{ from: \"{from:02}:00\", to: \"{to:02}:00\" }}\n"));
        let text = format!(
            "version: 1\nname: c{number}\nprovider: {{ profile: mobiconnect, batch_max: 1 }}\nsender: 1\n\
             audience: {{ csv: r.csv, address: phone, region: KE }}\nmessage: {{ text: Hello }}\n\
             schedule:\n  cron: \"{line}\"\n  timezone: {zone}\n  missed: {missed}\n  late_after: {late}s\n{}\
             delivery: {{ concurrency: 4 }}\n",
            window.unwrap_or_default()
        );
        let source = Source::new("campaign.yaml", text);
        let (manifest, problems) = campaign::read(&source);
        assert!(!problems.has_errors(), "{}", problems.render(false));
        let profile_source = Profile::builtin_source("mobiconnect").unwrap();
        let materials = Materials {
            templates: Default::default(),
            snippets: Default::default(),
            holidays: None,
            header: Some(Header::read(&b"phone\n"[..]).unwrap()),
            profile: Some(Profile::from_source(&profile_source).unwrap()),
        };
        let (campaign, problems) = campaign::resolve(&manifest.unwrap(), &source, materials);
        let campaign = campaign.unwrap_or_else(|| panic!("{}", problems.render(false)));
        Played {
            name: campaign.name.clone(),
            pinned: Pinned::of(&campaign, "campaigns/c/campaign.yaml", &profile_source, false).to_json(),
            delivery: campaign.delivery,
            plan: Plan {
                timetable: campaign.timetable.clone(),
                window: campaign.delivery.window,
                until: campaign.delivery.until,
                frequency: campaign.audience.frequency.clone(),
            },
            people: u32::try_from(self.people).unwrap(),
        }
    }

    /// Every instant at which the line fires, minute by minute of the wall clock.
    fn expected(&self, piece: &Piece) -> Vec<i64> {
        let (from, to) =
            (piece.starts.naive_utc() - TimeDelta::days(2), piece.ends.naive_utc() + TimeDelta::days(2));
        let mut instants = Vec::new();
        let mut local = from;
        while local < to {
            if self.line.fires(local) {
                // What the clock skips is its first valid moment after it; of what it shows twice, the first counts.
                let mut shown = local;
                let instant = loop {
                    if let Some(instant) = self.zone.from_local_datetime(&shown).earliest() {
                        break instant.timestamp();
                    }
                    shown += TimeDelta::minutes(1);
                };
                instants.push(instant);
            }
            local += TimeDelta::minutes(1);
        }
        instants.sort_unstable();
        instants.dedup();
        // What was due shortly before the first process is begun late, too.
        let from = piece.starts.timestamp() - self.late_s;
        instants.retain(|at| (from..piece.ends.timestamp()).contains(at));
        instants
    }

    fn is_open(&self, at: i64) -> bool {
        let Some((from, to)) = self.window else { return true };
        let local = self.zone.timestamp_opt(at, 0).unwrap();
        // Nothing is begun in its last minute.
        let minute = local.hour() * 60 + local.minute();
        (from * 60..to * 60 - 1).contains(&minute)
    }

    /// Whether nothing kept it from beginning in these seconds.
    fn is_free(&self, at: i64, up: &[[i64; 2]]) -> bool {
        let is_up = up.iter().any(|[from, to]| *from < at - 1 && at + 2 < *to);
        let is_busy =
            |[_, begun, finished]: &[i64; 3]| *begun <= at + 2 && (*finished == 0 || at - 2 <= *finished);
        // Begun one after the other: only the last that began before it can be at work.
        let last = self.begun.partition_point(|one| one[1] <= at + 2);
        let is_busy = last.checked_sub(1).is_some_and(|last| is_busy(&self.begun[last]));
        is_up && !is_busy && self.is_open(at) && self.is_open(at + 2)
    }

    fn judge(&self, number: usize, piece: &Piece, up: &[[i64; 2]], figures: &mut Figures) {
        let expected = self.expected(piece);
        let whose = || format!("c{number}, `{}` in {}, {}", self.line.text(), self.zone, self.missed);
        for pair in self.begun.windows(2) {
            assert!(pair[0][0] < pair[1][0], "{}: begun twice, or backwards: {pair:?}", whose());
            assert!(pair[0][2] > 0 && pair[0][2] <= pair[1][1], "{}: two at once: {pair:?}", whose());
        }
        for (place, [at, begun, _]) in self.begun.iter().enumerate() {
            let next = expected.partition_point(|one| *one <= *begun);
            assert_eq!(
                next.checked_sub(1).map(|last| expected[last]),
                Some(*at),
                "{}: not the latest",
                whose()
            );
            let late = begun - at > self.late_s;
            assert!(
                !late || self.missed == "send" && place > 0,
                "{}: {at} was begun late, at {begun}",
                whose()
            );
            figures.late += u64::from(begun - at > 60);
        }
        for (place, at) in expected.iter().enumerate() {
            if self.begun.binary_search_by_key(at, |one| one[0]).is_ok() {
                continue;
            }
            figures.left_out += 1;
            if *at < piece.starts.timestamp() {
                continue;
            }
            let next = expected.get(place + 1).copied().unwrap_or_else(|| piece.ends.timestamp());
            let is_late_ok = self.missed == "send" && self.begun.first().is_some_and(|first| first[0] < *at);
            let until = if is_late_ok { next } else { next.min(at + self.late_s) };
            let free = (at + 1..until - 3).step_by(7).find(|second| self.is_free(*second, up));
            assert_eq!(free, None, "{}: {at} was not begun, and nothing kept it from it", whose());
        }
        if self.missed != "send" && figures.left_out == 0 {
            assert_eq!(self.notices, 0);
        }
        figures.expected += expected.len() as u64;
        figures.begun += self.begun.len() as u64;
    }
}

#[test]
fn a_month_of_campaigns_each_occurrence_once_whatever_the_machine_does() {
    // Clocks change in these weeks, in New York and in Berlin.
    for seed in 1..=3 {
        let figures = Show::new(12, 31, 20, 10, seed).play(|_, _| {});
        assert!(figures.begun > 200 && figures.left_out > 0 && figures.late > 0, "{figures:?}");
        assert!(figures.processes > 20 && figures.accepted > figures.messages * 9 / 10, "{figures:?}");
    }
}
