//! One campaign from its beginning to its end, through many lives.

use std::process::{Child, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use sendplan::audience::{AddressKind, Suppression};
use sendplan::campaign::Delivery;
use sendplan::delivery::engine::Engine;
use sendplan::provider::Profile;
use sendplan::world::clock::Clock;
use serde_json::Value;

use crate::dice::Dice;
use crate::loopback::Loopback;
use crate::project::{Project, signal};

/// What every round looks like.
pub struct Shape {
    pub messages: u64,
    pub batch: u64,
    pub concurrency: u16,
}

impl Shape {
    /// What the program itself says may be in flight.
    pub fn window(&self) -> u64 {
        let profile = Profile::builtin("mobiconnect").unwrap().unwrap();
        let profile = profile.with_batch_max(u32::try_from(self.batch).unwrap()).unwrap();
        let delivery = Delivery { concurrency: self.concurrency, ..Delivery::default() };
        let (nobody, kind) = (Suppression::default(), AddressKind::Opaque);
        let engine = Engine::new(Arc::new(profile), delivery, nobody, kind, Clock::start().now());
        engine.window() as u64
    }
}

/// When a life ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Reading, locking, opening, migrating, taking up: before the log-in.
    Starting,
    /// While it logs in.
    LoggingIn,
    /// Between the log-in and the first message: a run is pinned there.
    Pinning,
    /// With the first messages.
    First,
    /// After some of them.
    UnderWay,
    /// With the last of them, and after.
    Finishing,
}

impl Moment {
    pub const ALL: [Self; 6] =
        [Self::Starting, Self::LoggingIn, Self::Pinning, Self::First, Self::UnderWay, Self::Finishing];

    pub fn words(self) -> &'static str {
        ["starting", "logging in", "pinning", "first message", "under way", "finishing"][self as usize]
    }
}

/// What the gateway has seen, in all lives together.
#[derive(Default)]
struct Seen {
    log_ins: AtomicU64,
    sends: AtomicU64,
}

impl Seen {
    fn log_ins(&self) -> u64 {
        self.log_ins.load(Ordering::SeqCst)
    }

    fn sends(&self) -> u64 {
        self.sends.load(Ordering::SeqCst)
    }
}

/// How a life ended.
#[derive(Default)]
pub struct Ended {
    /// Messages that became unknown by it.
    pub fresh: u64,
    /// The state was begun by an older version.
    pub older: bool,
    /// By the signal itself, before anything was sent.
    pub before_sending: bool,
    /// There was nothing left to stop.
    pub finished: bool,
}

/// Where the run stands.
#[derive(Default, Clone, Copy)]
struct Books {
    pinned: bool,
    pending: u64,
    accepted: u64,
    unknown: u64,
}

pub struct Round<'s> {
    shape: &'s Shape,
    project: Project,
    gateway: Loopback,
    seen: Arc<Seen>,
    older: bool,
    books: Books,
    /// How long the way to the log-in, and from there to the first message, took last.
    to_log_in: Duration,
    to_first: Duration,
}

impl<'s> Round<'s> {
    /// A campaign that nobody has begun; in one of four rounds on a state of the oldest version, with runs in it.
    pub fn begin(shape: &'s Shape, dice: &mut Dice) -> Self {
        let seen: Arc<Seen> = Arc::default();
        let counted = Arc::clone(&seen);
        let gateway = Loopback::with(move |request| {
            let counter = if request.send == 0 { &counted.log_ins } else { &counted.sends };
            counter.fetch_add(1, Ordering::SeqCst);
            None
        });
        let project = project(&gateway.url(), shape);
        let older = dice.one_in(4);
        if older {
            lay_older(&project);
        }
        let guess = Duration::from_millis(40);
        let books = Books::default();
        Self { shape, project, gateway, seen, older, books, to_log_in: guess, to_first: guess }
    }

    /// A moment that this life can have, each kind as often as the others.
    pub fn choose(&self, dice: &mut Dice) -> Moment {
        let from = if self.books.pinned { [0, 1, 3, 4, 4, 5] } else { [0, 0, 1, 2, 2, 4] };
        Moment::ALL[from[dice.below(6) as usize]]
    }

    /// One life: begun, ended by the signal at the moment, the books read. `None` when it ended by itself.
    pub fn live(&mut self, name: &str, moment: Moment, dice: &mut Dice) -> Option<Ended> {
        let before = (self.seen.log_ins(), self.seen.sends());
        let mut child = self.project.start();
        self.until(moment, before, &mut child, dice);
        if child.try_wait().unwrap().is_some() {
            let said = child.wait_with_output().unwrap();
            assert!(matches!(said.status.code(), Some(0 | 6)), "it ended by itself: {said:?}");
            return None;
        }
        signal(child.id(), name);
        let status = child.wait().unwrap();
        let sent = self.seen.sends() > before.1;
        let books = self.read();
        let mut ended =
            Ended { fresh: books.unknown - self.books.unknown, older: self.older, ..Ended::default() };
        if name == "KILL" {
            let window = self.shape.window();
            assert!(ended.fresh <= window, "{} unknown after a kill, {window} may be in flight", ended.fresh);
        } else {
            self.stopped(status, sent, &books, &mut ended);
        }
        self.books = books;
        Some(ended)
    }

    /// An orderly end leaves nobody in doubt, and says what it was.
    fn stopped(&self, status: ExitStatus, sent: bool, books: &Books, ended: &mut Ended) {
        assert_eq!(books.unknown, 0, "an orderly end leaves nobody unknown");
        match status.code() {
            None => assert!(!sent, "ended by the signal, and something was sent"),
            Some(0) => assert_eq!(books.pending, 0),
            // One that was stopped while it prepared may have had nothing to send.
            code => {
                let stopped = books.pending > 0 || !sent;
                assert!(code == Some(4) && stopped, "exit code {code:?}, {} pending", books.pending)
            }
        }
        (ended.before_sending, ended.finished) = (status.code().is_none(), status.code() == Some(0));
    }

    /// Waits for the moment, or for the end of the process.
    fn until(&mut self, moment: Moment, before: (u64, u64), child: &mut Child, dice: &mut Dice) {
        let began = Instant::now();
        let seen = Arc::clone(&self.seen);
        let logged_in = || seen.log_ins() > before.0;
        let requests =
            if self.books.pinned { self.books.pending } else { self.shape.messages } / self.shape.batch;
        let sent = |count: u64| seen.sends() >= before.1 + count.max(1);
        let after = match moment {
            Moment::Starting => self.to_log_in,
            Moment::LoggingIn => {
                wait(child, logged_in);
                Duration::from_millis(2)
            }
            Moment::Pinning => {
                wait(child, logged_in);
                self.to_log_in = began.elapsed();
                self.to_first
            }
            Moment::First => {
                wait(child, logged_in);
                let then = Instant::now();
                wait(child, || sent(1));
                self.to_first = then.elapsed();
                Duration::from_millis(2)
            }
            Moment::UnderWay => {
                let some = dice.below(requests / 3);
                wait(child, || sent(some));
                Duration::from_micros(500)
            }
            Moment::Finishing => {
                let all_but = requests.saturating_sub(dice.below(u64::from(self.shape.concurrency)));
                wait(child, || sent(all_but));
                Duration::from_millis(10)
            }
        };
        let until = Instant::now() + Duration::from_micros(dice.below(after.as_micros() as u64));
        wait(child, || Instant::now() >= until);
    }

    /// The books as the program shows them, and what must be true of them whenever it dies.
    fn read(&self) -> Books {
        let said = self.project.run(&["status", "--format", "json"]);
        assert!(matches!(said.code, 0 | 6), "{said:?}");
        let report: Value = serde_json::from_str(&said.out).unwrap();
        // A state of an older version has runs of its own.
        let none = Value::Null;
        let runs = report["runs"].as_array().unwrap();
        let run = runs.iter().find(|run| run["campaign"] == "k").unwrap_or(&none);
        let accepted = self.gateway.accepted_once();
        if run.is_null() {
            assert!(!self.books.pinned, "the run is gone");
            assert_eq!(accepted, 0, "sent to somebody of whom the state knows nothing");
            return Books::default();
        }
        let of = |state: &str| run[state].as_u64().unwrap();
        let states = ["pending", "accepted", "rejected", "unknown", "held", "suppressed", "expired"];
        assert_eq!(states.iter().map(|state| of(state)).sum::<u64>(), of("planned"), "{run}");
        assert_eq!(of("planned"), self.shape.messages, "a part of a run was pinned");
        assert!(accepted <= of("accepted") + of("unknown"), "{accepted} were accepted: {run}");
        assert!(of("accepted") <= accepted, "{accepted} were accepted: {run}");
        assert_eq!(of("rejected") + of("held") + of("suppressed") + of("expired"), 0, "{run}");
        Books { pinned: true, pending: of("pending"), accepted: of("accepted"), unknown: of("unknown") }
    }

    /// Lets it end; answers how many are unknown, and how many of those the gateway had accepted.
    pub fn finish(self) -> (u64, u64) {
        let last = self.project.run(&["send", "campaigns/c"]);
        assert!(matches!(last.code, 0 | 6), "{last:?}");
        let books = self.read();
        assert_eq!(books.pending, 0);
        assert_eq!(books.accepted + books.unknown, self.shape.messages);
        if self.older {
            older_is_as_it_was(&self.project);
        }
        (books.unknown, self.gateway.accepted_once() - books.accepted)
    }
}

/// Waits for something, or for the end of the process.
fn wait(child: &mut Child, done: impl Fn() -> bool) {
    while !done() && child.try_wait().unwrap().is_none() {
        std::thread::park_timeout(Duration::from_micros(200));
    }
}

fn project(url: &str, shape: &Shape) -> Project {
    let project = Project::empty();
    let text = if shape.batch == 1 { "Hi {{ name }}" } else { "Hello all" };
    project.write(
        "campaigns/c/campaign.yaml",
        &format!(
            "version: 1\nname: k\nprovider: {{ profile: mobiconnect, base_url: \"{url}\", batch_max: {} }}\nsender: 1\n\
             audience: {{ csv: r.csv, address: phone, region: KE }}\nmessage: {{ text: \"{text}\" }}\n\
             delivery: {{ concurrency: {} }}\n",
            shape.batch, shape.concurrency
        ),
    );
    project.recipients(u32::try_from(shape.messages).unwrap());
    project
}

/// A state of the oldest version in the place of the project's own. Its runs were a sandbox's.
fn lay_older(project: &Project) {
    std::fs::create_dir_all(project.path(".sendplan")).unwrap();
    std::fs::write(project.state(), include_bytes!("../../tests/it/old/state-v1.db")).unwrap();
    let sql = Connection::open(project.state()).unwrap();
    let changed =
        sql.execute("UPDATE runs SET pinned = replace(pinned, '\"sandbox\":true', '\"sandbox\":false')", []);
    assert_eq!(changed.unwrap(), 2);
}

/// No migration, and no kill in the middle of one, has lost anything of what was there.
fn older_is_as_it_was(project: &Project) {
    let said = project.run(&["status", "--format", "json"]);
    let report: Value = serde_json::from_str(&said.out).unwrap();
    let of = |run: usize, state: &str| report["runs"][run][state].as_u64().unwrap();
    assert_eq!([of(0, "planned"), of(0, "accepted")], [5, 5]);
    assert_eq!(["planned", "pending", "accepted", "unknown"].map(|state| of(1, state)), [90, 29, 53, 8]);
    assert!(project.path(".sendplan/state.db.v1.bak").exists(), "the older state was not kept");
}
