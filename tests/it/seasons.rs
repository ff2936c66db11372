//! Seasons: a seed becomes a campaign, a gateway, what goes wrong and when, and as many lives as the run takes. The
//! executor, the engine and the state are the real ones; the disk is a folder in memory, cut as a crash cuts it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use sendplan::audience::AddressKind;
use sendplan::campaign::{Delivery, Retry, Unknown};
use sendplan::delivery::engine::End;
use sendplan::delivery::message::Change;
use sendplan::delivery::state::State;
use sendplan::diagnostic::Source;
use sendplan::message::Part;
use sendplan::message::segments::Encoding;
use sendplan::provider::Profile;
use sendplan::provider::raw::BatchMode;
use sendplan::provider::wire;
use sendplan::schedule::{Moment, Recipients, TimeOfDay, Window, Zone};
use sendplan::simulation::dice::Dice;
use sendplan::simulation::faults::{Fault, Faults, Happened};
use sendplan::simulation::gateway::Gateway;
use sendplan::simulation::hours::{Daily, Span};
use sendplan::simulation::life::{Cast, How, Life, cancel, conclude, live};
use sendplan::simulation::oracle::{Broken, Law, Oracle};
use sendplan::simulation::speech::Speech;
use sendplan::simulation::trace::Trace;
use sendplan::simulation::world::{CAMPAIGN, Gone, Latency, Stage};
use sendplan::store::sqlite::{OpenMode, Sqlite};
use sendplan::store::{Excluded, NewRun, PinnedClock, PinnedMessage, RunId, Store};
use sendplan::units::{Percent, Rate};

/// The weather clears after the stormy lives; then a run must come to its end within so many.
const CALM_LIVES: usize = 20;
/// One seed in so many speaks in bytes; learning to speak costs more than most runs do.
const SPEAKS: u64 = 8;
/// Nobody waits for clocks more often than this: the days of a season are few.
const MOST_WAITS: u64 = 1000;
/// When a season begins, in seconds since 1970: 2027-01-15 at 08:00 by UTC.
const EPOCH: i64 = 1_800_000_000;
/// Zones whose clocks have never changed and will not for years, with how far they are ahead of UTC, in seconds.
const ZONES: [(&str, i64); 8] = [
    ("Pacific/Kiritimati", 50_400),
    ("Asia/Tokyo", 32_400),
    ("Asia/Kathmandu", 20_700),
    ("Africa/Nairobi", 10_800),
    ("Etc/UTC", 0),
    ("America/Bogota", -18_000),
    ("Pacific/Marquesas", -34_200),
    ("Etc/GMT+12", -43_200),
];

/// Gateways of every kind that there is: one message a request, with tokens and parts; shared and personalised
/// batches; one that honours keys.
const GATEWAYS: [&str; 6] = ["mobiconnect", "clicksend", "emnify", "sinch", "twilio", "keyed"];

const KEYED: &str = r#"
version: 1
name: keyed
title: A gateway that honours keys
base_url: https://gateway.example
sender: { type: string, description: a sender name }
address: { kind: phone, wire: e164 }
send:
  method: POST
  path: /messages
  json: { from: "{{ sender }}", to: "{{ recipient }}", text: "{{ text }}" }
  batch: { mode: single }
  idempotency: { header: Idempotency-Key }
results:
  id: "{{ response.json?.id }}"
"#;

/// How a season went.
#[derive(Debug, Default)]
pub struct Season {
    pub messages: u64,
    pub lives: u64,
    pub events: u64,
    pub spoke: u64,
    pub virtual_time: Duration,
    pub happened: Happened,
    pub accepted: u64,
    pub unknown: u64,
    pub rejected: u64,
    pub suppressed: u64,
    pub expired: u64,
    pub held: u64,
    pub waits: u64,
    pub cancelled: u64,
    pub taken: u64,
    pub taken_twice: u64,
    pub lost: u64,
    pub broken: Option<Broken>,
    pub trace: Vec<String>,
}

impl Season {
    /// Adds another one to a sum of them.
    pub fn add(&mut self, other: &Self) {
        self.happened.add(&other.happened);
        self.virtual_time += other.virtual_time;
        for (mine, theirs) in [
            (&mut self.messages, other.messages),
            (&mut self.lives, other.lives),
            (&mut self.events, other.events),
            (&mut self.spoke, other.spoke),
            (&mut self.accepted, other.accepted),
            (&mut self.unknown, other.unknown),
            (&mut self.rejected, other.rejected),
            (&mut self.suppressed, other.suppressed),
            (&mut self.expired, other.expired),
            (&mut self.held, other.held),
            (&mut self.waits, other.waits),
            (&mut self.cancelled, other.cancelled),
            (&mut self.taken, other.taken),
            (&mut self.taken_twice, other.taken_twice),
            (&mut self.lost, other.lost),
        ] {
            *mine += theirs;
        }
    }
}

/// Thousands of states are made in a run, so in memory where the system has a file system there: what is cut is
/// the process, not the power.
pub fn fast_folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    folder.unwrap()
}

/// A gateway of the seasons.
pub fn profile(name: &str) -> Profile {
    static OWN: OnceLock<Profile> = OnceLock::new();
    match Profile::builtin(name) {
        Some(found) => found.unwrap(),
        None => OWN.get_or_init(|| Profile::from_source(&Source::new(name, KEYED)).unwrap()).clone(),
    }
}

/// Plays the season of a seed in a folder of its own.
pub fn play(seed: u64, folder: &Path, traced: bool) -> Season {
    let mut dice = Dice::new(seed);
    let name = *dice.pick(&GATEWAYS).unwrap();
    let mut profile = profile(name);
    if profile.batch_mode() != BatchMode::Single {
        profile = profile.with_batch_max(u32::try_from(dice.between(1, 30)).unwrap()).unwrap();
    }
    profile = profile.without_limits();
    let profile = Arc::new(profile);
    let idempotent = profile.is_idempotent();
    let storms = if dice.between(0, 9) == 0 { 0 } else { dice.between(1, 6) };
    let almanac = almanac(&mut dice);
    let mut delivery = almanac.over(delivery(&mut dice, idempotent));
    // Windows shut on those who are slow.
    if almanac.open.is_some() && dice.coin() {
        delivery.rate = Some(format!("{}/m", dice.between(1, 60)).parse().unwrap());
    }
    let mut gateway = Gateway::new(Arc::clone(&profile), idempotent);
    let spoke = dice.between(1, SPEAKS) == 1 && !idempotent;
    if spoke {
        gateway = gateway.speaking(Speech::of(&profile).unwrap());
    }
    let kind = match profile.address_kind() {
        wire::AddressKind::Phone => AddressKind::Phone { region: None },
        wire::AddressKind::Opaque => AddressKind::Opaque,
    };
    let mut stage = Stage {
        faults: if storms == 0 { Faults::NONE } else { storm(&mut dice) },
        happened: Happened::default(),
        latency: Latency::default(),
        gateway,
        oracle: Oracle::default(),
        trace: if traced { Trace::kept() } else { Trace::default() },
        people: Vec::new(),
        kind,
        list: BTreeSet::new(),
        at: Duration::ZERO,
        epoch: DateTime::from_timestamp(EPOCH, 0).unwrap(),
        skew: TimeDelta::zero(),
        dice,
    };
    let mut disk = Disk::new(folder);
    let run = pin(&mut stage, &mut disk, &profile, &almanac);
    stage.at = almanac.begins;
    stage.trace.note(Duration::ZERO, || format!("seed {seed}: {name}, {delivery:?}, {storms} storms"));
    let cast = Cast { profile, delivery };
    let mut season = Season { spoke: u64::from(spoke), ..Season::default() };
    survive(&mut stage, &mut disk, (run, &almanac), &cast, storms, &mut season);
    if storms == 0 && stage.oracle.broken().is_none() {
        stage.oracle.was_calm();
        if rate_is_slow(&delivery) && almanac.is_empty() {
            stage.oracle.was_fast();
        }
    }
    let oracle = &stage.oracle;
    season.accepted = oracle.standing(State::Accepted);
    season.unknown = oracle.standing(State::Unknown);
    season.rejected = oracle.standing(State::Rejected);
    season.suppressed = oracle.standing(State::Suppressed);
    (season.expired, season.held) = (oracle.standing(State::Expired), oracle.standing(State::Held));
    (season.taken, season.taken_twice, season.lost) = (oracle.taken(), oracle.taken_twice(), oracle.lost());
    season.broken = oracle.broken().cloned();
    season.virtual_time = stage.at;
    season.happened = stage.happened;
    season.trace = stage.trace.lines().to_vec();
    season
}

/// Life after life, until nothing is left to do or a law is broken.
fn survive(
    stage: &mut Stage,
    disk: &mut Disk,
    (run, almanac): (RunId, &Almanac),
    cast: &Cast,
    storms: u64,
    season: &mut Season,
) {
    season.messages = stage.oracle.standing(State::Pending) + stage.oracle.standing(State::Held);
    let storm = stage.faults.clone();
    let mut uncertain = Vec::new();
    let (storms, mut number) = (usize::try_from(storms).unwrap(), 0);
    while number < storms + CALM_LIVES && season.waits < MOST_WAITS {
        let stormy = number < storms;
        stage.faults = if stormy { storm.clone() } else { Faults::NONE };
        let Life { how, mut store, uncertain: left, events } =
            live(stage, disk.open(), run, cast, &uncertain);
        (season.lives, season.events) = (season.lives + 1, season.events + events);
        if stage.oracle.broken().is_some() {
            return;
        }
        // As the verb has it: after a failure of the state nothing more is written.
        if matches!(how, How::Ended(_) | How::Cut) && left.is_empty() {
            if matches!(how, How::Ended(End::Waits { .. })) && stage.dice.between(0, 40) == 0 {
                season.cancelled += 1;
                if let Err(error) = cancel(stage, &mut store, run) {
                    return stage.oracle.complain(Law::State, error);
                }
            }
            match conclude(stage, &mut store, run) {
                Ok(true) => return,
                Ok(false) if matches!(how, How::Ended(End::Finished)) => {
                    stage.oracle.complain(Law::Settled, "it is finished, and something is open");
                    return;
                }
                Ok(false) => {}
                Err(error) => return stage.oracle.complain(Law::State, error),
            }
        }
        disk.leave(stage, store, &how, run, &left);
        uncertain = left;
        match how {
            How::Ended(End::Waits { until, .. }) => {
                season.waits += 1;
                sleep(stage, until, almanac.open, stormy);
            }
            _ => {
                number += 1;
                stage.at += stage.dice.time(Duration::from_secs(1), Duration::from_secs(3600));
            }
        }
    }
    stage.oracle.complain(Law::Ends, "the weather is fine, and still it comes to no end");
}

/// Nobody can be written to before a time: somebody looks again then, or too early, or much too late, or in the last
/// minutes before the window shuts; and meanwhile the machine's calendar is set. `open` is how long a window is open.
fn sleep(stage: &mut Stage, until: DateTime<Utc>, open: Option<Duration>, stormy: bool) {
    let now = stage.utc() + stage.skew;
    assert!(until > now, "it waits for {until}, and it is {now}");
    let wait = (until - now).to_std().unwrap();
    let soon = Duration::from_secs(600);
    stage.at += match (stage.dice.between(0, 7), open) {
        (0, _) if stormy => stage.dice.time(Duration::from_secs(1), wait),
        (1, _) => wait + stage.dice.time(Duration::ZERO, Duration::from_secs(3 * 86_400)),
        (2 | 3, Some(open)) => wait + open.saturating_sub(stage.dice.time(Duration::ZERO, soon / 3)),
        _ => wait + stage.dice.time(Duration::ZERO, soon),
    };
    if stormy && stage.dice.between(0, 7) == 0 {
        stage.skew = TimeDelta::seconds(i64::try_from(stage.dice.between(0, 400_000)).unwrap() - 200_000);
    }
}

/// By whose clocks a season's people go, and when they may be written to: as the campaign says it, and as the oracle does.
#[derive(Debug, Default)]
struct Almanac {
    moment: Option<Moment>,
    window: Option<Window>,
    until: Option<DateTime<Utc>>,
    recipients: Option<Recipients>,
    /// How long the window is open.
    open: Option<Duration>,
    /// How long after its beginning somebody sends for the first time.
    begins: Duration,
    /// The zones of each clock, where there are several.
    clocks: Vec<Vec<&'static str>>,
    spans: Vec<Span>,
}

impl Almanac {
    fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    fn over(&self, delivery: Delivery) -> Delivery {
        Delivery { window: self.window, until: self.until, recipients: self.recipients, ..delivery }
    }

    fn occurrence(&self) -> String {
        self.moment.map_or_else(|| "once".to_owned(), |moment| moment.to_string())
    }
}

/// One season in three has hours: those of one clock, or those of several. Most windows are about to shut when it begins: the
/// last minute is short, and would be met by hardly any.
fn almanac(dice: &mut Dice) -> Almanac {
    if dice.between(0, 2) > 0 {
        return Almanac::default();
    }
    let epoch: DateTime<Utc> = DateTime::from_timestamp(EPOCH, 0).unwrap();
    let hours = |dice: &mut Dice, low: i64, high: i64| {
        low + i64::try_from(dice.between(0, u64::try_from(high - low).unwrap())).unwrap()
    };
    let own = dice.between(0, 3) > 0;
    let common = *dice.pick(&ZONES).unwrap();
    let shuts_soon = dice.between(0, 3) > 0;
    // The next whole hour there.
    let next_hour = (EPOCH + common.1).div_euclid(3600) + 1;
    let window = (dice.between(0, 7) > 0).then(|| {
        let (to, length) = (hours(dice, 0, 23), hours(dice, 1, 23));
        let to = if shuts_soon { next_hour % 24 } else { to };
        ((to - length).rem_euclid(24), to)
    });
    let begins = match window {
        Some(_) if shuts_soon => {
            let shuts = u64::try_from(next_hour * 3600 - common.1 - EPOCH).unwrap();
            Duration::from_secs(shuts) - dice.time(Duration::ZERO, Duration::from_secs(90))
        }
        _ => Duration::ZERO,
    };
    let open = window.map(|(from, to)| Duration::from_secs((to - from).rem_euclid(24).unsigned_abs() * 3600));
    let until = (dice.between(0, 4) == 0).then(|| epoch + TimeDelta::hours(hours(dice, 1, 120)));
    let made = |(from, to): (i64, i64), zone: &str| {
        let time = |hour: i64| format!("{hour:02}:00").parse::<TimeOfDay>().unwrap();
        Window::new(time(from), time(to), zone.parse().unwrap()).unwrap()
    };
    let daily = |(from, to): (i64, i64), ahead| Daily { ahead, from: from * 3600, to: to * 3600 };
    if !own {
        let span = Span {
            windows: window.map(|window| daily(window, common.1)).into_iter().collect(),
            until,
            ..Span::default()
        };
        let window = window.map(|window| made(window, common.0));
        return Almanac { window, until, open, begins, spans: vec![span], ..Almanac::default() };
    }
    // What goes by their clocks: the time, the window, or both.
    let their_moment = dice.coin() || window.is_none();
    let their_window = window.filter(|_| !their_moment || dice.coin());
    let common_window = window.filter(|_| their_window.is_none());
    let midnight = NaiveDate::from_ymd_opt(2027, 1, 15).unwrap().and_hms_opt(0, 0, 0).unwrap();
    let local = midnight + TimeDelta::hours(hours(dice, -20, 40));
    let moment = their_moment.then(|| Moment { local: local.into(), zone: Zone::RECIPIENT });
    let last_day =
        (their_moment && dice.between(0, 2) == 0).then(|| local.date() + TimeDelta::days(hours(dice, 0, 3)));
    let late_after = (dice.between(0, 2) > 0).then(|| TimeDelta::hours(hours(dice, 0, 30)));
    let recipients = Recipients {
        moment: their_moment,
        window: their_window.map(|window| made(window, "UTC")),
        until: last_day,
        late_after,
    };
    let mut clocks: Vec<Vec<(&str, i64)>> = vec![vec![common]];
    for _ in 0..dice.between(0, 5) {
        let mut zones = vec![*dice.pick(&ZONES).unwrap()];
        if dice.between(0, 3) == 0 {
            zones.push(*dice.pick(&ZONES).unwrap());
            zones.dedup();
        }
        if !clocks.contains(&zones) {
            clocks.push(zones);
        }
    }
    let span = |zones: &Vec<(&str, i64)>| {
        let there = |time: chrono::NaiveDateTime, ahead: i64| time.and_utc() - TimeDelta::seconds(ahead);
        let starts = zones.iter().filter(|_| their_moment).map(|(_, ahead)| there(local, *ahead)).max();
        let end = |day: NaiveDate| (day + TimeDelta::days(1)).and_hms_opt(0, 0, 0).unwrap();
        let ends = last_day.iter().flat_map(|day| zones.iter().map(|(_, ahead)| there(end(*day), *ahead)));
        let theirs =
            their_window.iter().flat_map(|window| zones.iter().map(|(_, ahead)| daily(*window, *ahead)));
        Span {
            starts,
            until: ends.chain(until).min(),
            windows: common_window.iter().map(|window| daily(*window, common.1)).chain(theirs).collect(),
            missed: starts.zip(late_after).is_some_and(|(starts, late)| epoch - starts > late),
        }
    };
    Almanac {
        moment,
        window: common_window.map(|window| made(window, common.0)),
        until,
        recipients: Some(recipients),
        open,
        begins,
        spans: clocks.iter().map(span).collect(),
        clocks: clocks.iter().map(|zones| zones.iter().map(|(name, _)| *name).collect()).collect(),
    }
}

/// Whether every rate is far below what a few milliseconds an answer allow.
fn rate_is_slow(delivery: &Delivery) -> bool {
    let most = f64::from(delivery.concurrency) * 15.0;
    [delivery.rate, delivery.segments].into_iter().flatten().all(|rate| rate.per_second() <= most)
}

fn delivery(dice: &mut Dice, idempotent: bool) -> Delivery {
    let rate = |dice: &mut Dice| -> Option<Rate> {
        let number = dice.between(1, 200);
        match dice.between(0, 3) {
            0 | 1 => None,
            2 => Some(format!("{number}/s").parse().unwrap()),
            _ => Some(format!("{}/m", number * 10).parse().unwrap()),
        }
    };
    let time =
        |dice: &mut Dice, low, high| dice.time(Duration::from_millis(low), Duration::from_millis(high));
    Delivery {
        rate: rate(dice),
        segments: rate(dice),
        concurrency: u16::try_from(dice.between(1, 16)).unwrap(),
        retry: Retry {
            attempts: u16::try_from(dice.between(1, 6)).unwrap(),
            backoff: time(dice, 1, 5_000),
            max_backoff: time(dice, 1_000, 300_000),
        },
        unknown: if idempotent && dice.between(0, 4) > 0 { Unknown::Resend } else { Unknown::Hold },
        window: None,
        until: None,
        recipients: None,
    }
}

/// What can go wrong in a season: one thing often, or many things now and then.
fn storm(dice: &mut Dice) -> Faults {
    let all: Vec<Fault> = Fault::all().collect();
    let percent = Percent::of_hundredths;
    // What is asked of every event must be rarer than what is asked of every request, or nothing gets anywhere.
    let odds = |fault: Fault, dice: &mut Dice, often: bool| {
        let of_events = fault >= Fault::DiskFull && !matches!(fault, Fault::LateTimer | Fault::StopTwice);
        let choice: &[u32] = match (of_events, often) {
            (true, false) => &[5, 20, 60, 200],
            (true, true) => &[50, 200, 1000],
            (false, false) => &[50, 200, 600, 2000],
            (false, true) => &[500, 3000, 10_000],
        };
        percent(*dice.pick(choice).unwrap())
    };
    if dice.between(0, 2) == 0 {
        let fault = *dice.pick(&all).unwrap();
        let odds = odds(fault, dice, true);
        let alone = Faults::NONE.with(fault, odds);
        // Nobody asks twice who has not asked once.
        return if fault == Fault::StopTwice { alone.with(Fault::Stop, percent(100)) } else { alone };
    }
    let many = all.into_iter().fold(Faults::NONE, |faults, fault| {
        if dice.between(0, 2) > 0 {
            return faults;
        }
        let odds = odds(fault, dice, false);
        faults.with(fault, odds)
    });
    if many.odds(Fault::StopTwice) == percent(0) { many } else { many.with(Fault::Stop, percent(100)) }
}

/// Plans and pins somebody, and tells the oracle.
fn pin(stage: &mut Stage, disk: &mut Disk, profile: &Profile, almanac: &Almanac) -> RunId {
    let mut store = disk.open();
    let dice = &mut stage.dice;
    // Most trouble needs few people; a crowd makes every commit dearer, and is there often enough.
    let most = *dice.pick(&[3, 3, 20, 20, 60, 60, 300]).unwrap();
    let cuts = profile.cuts_texts();
    let people = dice.between(1, if cuts { most / 2 } else { most });
    let texts = if dice.coin() { people } else { dice.between(1, 5) };
    let new = NewRun {
        campaign: CAMPAIGN.to_owned(),
        occurrence: almanac.occurrence(),
        pinned: "{}".to_owned(),
        created_at_ms: EPOCH * 1000,
    };
    let mut pinning = store.pin(&new).unwrap();
    let clocks: Vec<_> = almanac.clocks.iter().map(|zones| pinning.clock(zones).unwrap()).collect();
    // By the person: a number in the almanac, or none of whom nobody knows where.
    let mut dials: BTreeMap<String, Option<usize>> = BTreeMap::new();
    for number in 0..people {
        let address = match stage.kind {
            AddressKind::Phone { .. } => format!("+2547000{number:05}"),
            AddressKind::Opaque => format!("device-{number}"),
        };
        let dial = match clocks.len() as u64 {
            0 => (!almanac.is_empty()).then_some(0),
            some => (dice.between(0, 9) > 0).then(|| usize::try_from(dice.between(0, some - 1)).unwrap()),
        };
        let clock = match dial {
            Some(dial) => clocks.get(dial).map_or(PinnedClock::Campaign, |clock| PinnedClock::Own(*clock)),
            None if clocks.is_empty() => PinnedClock::Campaign,
            None => PinnedClock::Held("nobody knows where"),
        };
        dials.insert(address.clone(), dial);
        let text = number % texts;
        let segments = u16::try_from(text % 4 + 1).unwrap();
        let part = |at: u16| Part::new(at, segments, 7, Encoding::Gsm7);
        let parts = if cuts && segments > 1 { (1..=segments).map(part).collect() } else { vec![None] };
        for part in parts {
            let (words, segments) = match part {
                Some(part) => (format!("part {} of text {text}", part.number()), 1),
                None => (format!("text {text}"), segments),
            };
            let message = PinnedMessage {
                recipient: &address,
                address: &address,
                text: &words,
                segments,
                part,
                clock,
                wording: None,
            };
            pinning.add(&message).unwrap();
        }
        stage.people.push(address);
    }
    let run = pinning.seal("sha256:0", &Excluded::default()).unwrap();
    for one in store.messages(run, None, None, usize::from(u16::MAX)).unwrap() {
        stage.oracle.planned(one.key, &one.address, one.segments);
        if !almanac.is_empty() {
            stage.oracle.goes_by(one.key, dials.get(&one.address).copied().flatten());
        }
    }
    stage.oracle.go_by(almanac.spans.clone());
    run
}

/// The disk: a folder in which every life has a file of its own, left to it by the life before.
struct Disk {
    folder: PathBuf,
    number: u32,
}

impl Disk {
    fn new(folder: &Path) -> Self {
        static EMPTY: OnceLock<Vec<u8>> = OnceLock::new();
        let disk = Self { folder: folder.to_owned(), number: 0 };
        let empty = EMPTY.get_or_init(|| {
            let path = folder.join("empty.db");
            drop(Sqlite::open(&path, OpenMode::Create).unwrap());
            fs::read(path).unwrap()
        });
        disk.clear();
        fs::write(disk.path(), empty).unwrap();
        disk
    }

    fn path(&self) -> PathBuf {
        self.folder.join(format!("{}.db", self.number))
    }

    fn log(path: &Path) -> PathBuf {
        let mut name = path.as_os_str().to_owned();
        name.push("-wal");
        name.into()
    }

    fn clear(&self) {
        for ending in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(self.folder.join(format!("{}.db{ending}", self.number)));
        }
    }

    fn open(&mut self) -> Sqlite {
        Sqlite::open(&self.path(), OpenMode::Existing).unwrap()
    }

    /// The process is gone. A commit that was under way is there, or not, or half of it after a power loss.
    fn leave(&mut self, stage: &mut Stage, mut store: Sqlite, how: &How, run: RunId, uncertain: &[Change]) {
        let path = self.path();
        let length = |path: &Path| fs::metadata(Self::log(path)).map_or(0, |file| file.len());
        let before = length(&path);
        let written = !uncertain.is_empty() && stage.dice.coin();
        if written {
            store.commit(run, uncertain).unwrap();
        }
        let How::Gone(gone) = how else { return };
        // Nobody closes the state: what lies there is taken as it is.
        self.number += 1;
        let next = self.path();
        self.clear();
        fs::copy(&path, &next).unwrap();
        let mut log = fs::read(Self::log(&path)).unwrap_or_default();
        // A log that was begun anew or folded in is not torn: that takes a sync first.
        let grown = log.len() as u64 > before && log.len() < 4_000_000;
        if *gone == Gone::PowerLoss && written && grown {
            let torn = usize::try_from(stage.dice.between(before, log.len() as u64)).unwrap();
            if stage.dice.coin() {
                log.truncate(torn);
            } else {
                log[torn..].fill_with(|| u8::try_from(stage.dice.roll() & 255).unwrap());
            }
        }
        fs::write(Self::log(&next), log).unwrap();
        drop(store);
        Self { folder: self.folder.clone(), number: self.number - 1 }.clear();
    }
}
