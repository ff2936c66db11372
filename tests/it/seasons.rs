//! Seasons: a seed becomes a campaign, a gateway, what goes wrong and when, and as many lives as the run takes. The
//! executor, the engine and the state are the real ones; the disk is a folder in memory, cut as a crash cuts it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::{DateTime, TimeDelta};
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
use sendplan::simulation::dice::Dice;
use sendplan::simulation::faults::{Fault, Faults, Happened};
use sendplan::simulation::gateway::Gateway;
use sendplan::simulation::life::{Cast, How, Life, conclude, live};
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
    let delivery = delivery(&mut dice, idempotent);
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
        epoch: DateTime::from_timestamp(1_800_000_000, 0).unwrap(),
        skew: TimeDelta::zero(),
        dice,
    };
    let mut disk = Disk::new(folder);
    let run = pin(&mut stage, &mut disk, &profile);
    stage.trace.note(Duration::ZERO, || format!("seed {seed}: {name}, {delivery:?}, {storms} storms"));
    let cast = Cast { profile, delivery };
    let mut season = Season { spoke: u64::from(spoke), ..Season::default() };
    survive(&mut stage, &mut disk, run, &cast, storms, &mut season);
    if storms == 0 && stage.oracle.broken().is_none() {
        stage.oracle.was_calm();
        if rate_is_slow(&delivery) {
            stage.oracle.was_fast();
        }
    }
    let oracle = &stage.oracle;
    season.accepted = oracle.standing(State::Accepted);
    season.unknown = oracle.standing(State::Unknown);
    season.rejected = oracle.standing(State::Rejected);
    season.suppressed = oracle.standing(State::Suppressed);
    (season.taken, season.taken_twice, season.lost) = (oracle.taken(), oracle.taken_twice(), oracle.lost());
    season.broken = oracle.broken().cloned();
    season.virtual_time = stage.at;
    season.happened = stage.happened;
    season.trace = stage.trace.lines().to_vec();
    season
}

/// Life after life, until nothing is left to do or a law is broken.
fn survive(stage: &mut Stage, disk: &mut Disk, run: RunId, cast: &Cast, storms: u64, season: &mut Season) {
    season.messages = stage.oracle.standing(State::Pending);
    let storm = stage.faults.clone();
    let mut uncertain = Vec::new();
    let lives = usize::try_from(storms).unwrap() + CALM_LIVES;
    for number in 0..lives {
        let stormy = number < usize::try_from(storms).unwrap();
        stage.faults = if stormy { storm.clone() } else { Faults::NONE };
        let Life { how, mut store, uncertain: left, events } =
            live(stage, disk.open(), run, cast, &uncertain);
        (season.lives, season.events) = (season.lives + 1, season.events + events);
        if stage.oracle.broken().is_some() {
            return;
        }
        // As the verb has it: after a failure of the state nothing more is written.
        if matches!(how, How::Ended(_) | How::Cut) && left.is_empty() {
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
        stage.at += stage.dice.time(Duration::from_secs(1), Duration::from_secs(3600));
    }
    stage.oracle.complain(Law::Ends, "the weather is fine, and still it comes to no end");
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
fn pin(stage: &mut Stage, disk: &mut Disk, profile: &Profile) -> RunId {
    let mut store = disk.open();
    let dice = &mut stage.dice;
    // Most trouble needs few people; a crowd makes every commit dearer, and is there often enough.
    let most = *dice.pick(&[3, 3, 20, 20, 60, 60, 300]).unwrap();
    let cuts = profile.cuts_texts();
    let people = dice.between(1, if cuts { most / 2 } else { most });
    let texts = if dice.coin() { people } else { dice.between(1, 5) };
    let new = NewRun {
        campaign: CAMPAIGN.to_owned(),
        occurrence: "once".to_owned(),
        pinned: "{}".to_owned(),
        created_at_ms: 0,
    };
    let mut pinning = store.pin(&new).unwrap();
    for number in 0..people {
        let address = match stage.kind {
            AddressKind::Phone { .. } => format!("+2547000{number:05}"),
            AddressKind::Opaque => format!("device-{number}"),
        };
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
                clock: PinnedClock::Campaign,
            };
            pinning.add(&message).unwrap();
        }
        stage.people.push(address);
    }
    let run = pinning.seal("sha256:0", &Excluded::default()).unwrap();
    for one in store.messages(run, None, None, usize::from(u16::MAX)).unwrap() {
        stage.oracle.planned(one.key, &one.address, one.segments);
    }
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
