//! `sendplan run`: every campaign on its schedule, several side by side, for as long as the process lives; `--once`
//! sends whatever is due and ends. Whose turn it is says `delivery::roster`; here it is carried out.

mod files;
mod ledger;
mod left_behind;
mod monitor;
mod strays;
mod turn;
mod turns;
mod words;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::Outcome;
use super::beside::RUN;
use super::connection::threads;
use super::exit::{Code, Failure};
use super::flags::Flags;
use super::state::{self, Held, hold};
use super::terminal::Terminal;
use crate::cli::{Global, Run};
use crate::delivery::account::Accounts;
use crate::delivery::control::{HoldKind, Mark};
use crate::delivery::engine::Now;
use crate::delivery::roster::{Roster, Turn, Waiting};
use crate::report::events::What;
use crate::report::fleet::{CampaignLine, FleetReport, Messages};
use crate::store::control::Control;
use crate::store::ears::{Ear, Ears};
use crate::store::sqlite::Sqlite;
use crate::store::{RunId, StoreError};
use crate::world::campaigns::Campaigns;
use crate::world::clock::{Clock, sleep};
use crate::world::confine::Repository;
use crate::world::gauges::Gauges;
use crate::world::signals::{Wish, Wishes};
use ledger::Ledger;
use monitor::Monitor;
use strays::Strays;
use turn::{Came, Shared};
use words::doing;

/// How often people's words are looked for.
const LOOK: Duration = Duration::from_millis(250);
/// How often the files are looked at.
const LOOK_AT_FILES: Duration = Duration::from_secs(2);
/// How often it is tried whether the state can be written, where somebody looks.
const TRY_STATE: Duration = Duration::from_secs(10);
/// How long a process that is to end at once waits for those who prepare a run.
const CUT: Duration = Duration::from_secs(2);

pub fn run(args: &Run, global: &Global, terminal: &Terminal) -> Outcome {
    let clock = Clock::start_at(args.now);
    let runtime = threads()?;
    let inside = runtime.enter();
    let mut wishes = Wishes::new().map_err(|error| Failure::Internal(format!("no signals: {error}")))?;
    drop(inside);
    let campaigns = Campaigns::of(args.dirs.clone());
    campaigns.must_exist()?;
    let repository = args.dirs.first().and_then(|dir| repository(dir));
    let path = state::path(global, false, repository.as_ref())?;
    let since = clock.now().utc.to_rfc3339_opts(SecondsFormat::Secs, true);
    let Held { store, lock, path } = hold(global, path, false, args.new_state, RUN, &since, terminal)?;
    let ears = Ears::default();
    let words = terminal.logging(args.log_format, clock);
    let began = args.now.unwrap_or_else(|| clock.now().utc);
    let gauges = Arc::<Gauges>::default();
    let hold_to_plans = args.hold_to_plans;
    let shared = Shared {
        clock,
        runtime,
        accounts: Accounts::default(),
        ears,
        gauges,
        hold_to_plans,
        terminal: words,
    };
    let flags = Flags::new(global, false, &path).to_string();
    let root = repository.map(|repository| repository.root().to_owned());
    let mut watch = Watch::new(campaigns, store, args.once, shared);
    watch.strays = Strays::new(root, flags);
    let path = path.display().to_string();
    watch.say(What::Started, None, format!("sendplan {} with the state {path}", env!("CARGO_PKG_VERSION")));
    let runtime = Arc::clone(&watch.shared.runtime);
    if let Some(address) = args.listen {
        let _inside = runtime.enter();
        watch.listen(address, &since)?;
    }
    let code = runtime.block_on(watch.live(&mut wishes));
    if watch.is_cut {
        let code = code.unwrap_or_else(|failure| {
            terminal.fail(&failure);
            failure.code()
        });
        // Somebody still prepares a run: it is pinned whole or not at all, whenever the process ends.
        std::process::exit(code as i32);
    }
    if args.once {
        watch.ledger.tell(&mut watch.roster, Now { utc: began, ..clock.now() }, terminal);
    }
    drop(watch);
    drop(lock);
    code
}

/// The repository that a folder of campaigns lies in.
fn repository(dir: &Path) -> Option<Repository> {
    let folder = if dir.is_dir() { dir.to_owned() } else { dir.parent()?.to_owned() };
    Repository::of(&if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder }).ok()
}

/// A turn that goes on in a thread of its own.
struct Busy {
    ends: UnboundedSender<()>,
    thread: JoinHandle<()>,
    began: DateTime<Utc>,
}

/// What a thread reports at its end.
type Report = (Turn, Result<Came, Failure>);

/// Watches over all campaigns of the process.
struct Watch {
    campaigns: Campaigns,
    /// Where the manifest of each campaign lies.
    places: BTreeMap<String, PathBuf>,
    roster: Roster,
    ledger: Ledger,
    busy: BTreeMap<String, Busy>,
    reports: (UnboundedSender<Report>, UnboundedReceiver<Report>),
    /// Campaigns of which the state could not be read, and when it is tried again.
    unread: BTreeMap<String, Duration>,
    /// When the latest occurrence was due that was begun, of campaigns that were looked up.
    last: BTreeMap<String, Option<DateTime<Utc>>>,
    holds: BTreeMap<String, HoldKind>,
    /// They could not be read the last time.
    is_deaf: bool,
    ear: Ear,
    seen: Mark,
    acknowledged: Mark,
    look_at_files: Duration,
    /// When to try whether the state can be written.
    try_state: Duration,
    /// How late the last occurrence of a campaign was begun.
    late: BTreeMap<String, TimeDelta>,
    monitor: Option<Monitor>,
    strays: Strays,
    once: bool,
    /// How often it was asked to end.
    asked: u32,
    is_cut: bool,
    shared: Shared,
    store: Sqlite,
}

impl Watch {
    fn new(campaigns: Campaigns, store: Sqlite, once: bool, shared: Shared) -> Self {
        Self {
            campaigns,
            places: BTreeMap::new(),
            roster: Roster::new(once),
            ledger: Ledger::default(),
            busy: BTreeMap::new(),
            reports: unbounded_channel(),
            unread: BTreeMap::new(),
            last: BTreeMap::new(),
            holds: BTreeMap::new(),
            is_deaf: false,
            ear: shared.ears.another(),
            seen: Mark::default(),
            acknowledged: Mark::default(),
            look_at_files: Duration::ZERO,
            try_state: Duration::ZERO,
            late: BTreeMap::new(),
            monitor: None,
            strays: Strays::default(),
            once,
            asked: 0,
            is_cut: false,
            shared,
            store,
        }
    }

    fn now(&self) -> Now {
        self.shared.clock.now()
    }

    fn say(&self, what: What, campaign: Option<&str>, text: impl Into<String>) {
        let terminal = &self.shared.terminal;
        match campaign {
            Some(campaign) => terminal.about(campaign).event(what, text, None),
            None => terminal.event(what, text, None),
        }
    }

    /// Shows what it does to whoever asks.
    fn listen(&mut self, address: SocketAddr, since: &str) -> Result<(), Failure> {
        let shared = &self.shared;
        let monitor =
            Monitor::start(address, self.store.another()?, Arc::clone(&shared.gauges), shared.clock)?;
        let at = monitor.address();
        monitor.tell(|board| {
            board.report = FleetReport {
                version: 1,
                sendplan: env!("CARGO_PKG_VERSION"),
                since: since.to_owned(),
                writable: true,
                ..FleetReport::default()
            };
        });
        let pages = "/healthz, /metrics and /status.json";
        let who = if at.ip().is_loopback() { "" } else { ", for everybody who can reach this machine" };
        self.say(What::Started, None, format!("shows {pages} at http://{at}{who}"));
        self.monitor = Some(monitor);
        Ok(())
    }

    /// What there is to show.
    fn show(&mut self) {
        if self.monitor.is_none() {
            return;
        }
        let now = self.now();
        let (waiting, upcoming) = (self.roster.waiting(now), self.roster.upcoming(now.utc));
        let Some(monitor) = &self.monitor else { return };
        let time = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
        let line = |(name, waiting): (&String, &Waiting)| {
            let (doing, until) = doing(*waiting);
            let next = upcoming.get(name).copied();
            CampaignLine {
                campaign: name.clone(),
                doing,
                until: until.map(time),
                next: next.map(time),
                next_unix: next.map(|at| at.timestamp()),
                late_s: self.late.get(name).map(|late| u64::try_from(late.num_seconds()).unwrap_or(0)),
                messages: Messages::default(),
            }
        };
        let mut campaigns: Vec<CampaignLine> = waiting.iter().map(line).collect();
        let broken: Vec<&String> = self.ledger.all_broken().collect();
        for name in &broken {
            match campaigns.iter_mut().find(|line| line.campaign == **name) {
                Some(line) if line.doing == "over" => line.doing = "broken",
                Some(_) => {}
                None => {
                    let campaign = (*name).clone();
                    campaigns.push(CampaignLine { campaign, doing: "broken", ..CampaignLine::default() });
                }
            }
        }
        campaigns.sort_by(|one, other| one.campaign.cmp(&other.campaign));
        monitor.tell(|board| {
            board.beat = now.elapsed;
            let report = &mut board.report;
            (report.at, report.sending, report.broken) = (time(now.utc), self.busy.len(), broken.len());
            report.campaigns = campaigns;
        });
    }

    /// Whether the state can be written, now and then.
    fn try_state(&mut self) -> Result<(), Failure> {
        let now = self.shared.clock.now().elapsed;
        let Some(monitor) = self.monitor.as_ref().filter(|_| now >= self.try_state) else { return Ok(()) };
        self.try_state = now + TRY_STATE;
        let tried = self.store.prove_writable();
        // Another program's writing is proof as well.
        let writable = matches!(tried, Ok(()) | Err(StoreError::Busy { .. }));
        monitor.tell(|board| board.report.writable = writable);
        tried.or_else(passes)
    }

    /// Until it is asked to end, or, for once, until nothing is left to do. What is lost with the state ends it at once.
    async fn live(&mut self, wishes: &mut Wishes) -> Outcome {
        let mut lost = None;
        loop {
            if lost.is_none()
                && let Err(failure) = self.turn()
            {
                self.lose(&mut lost, failure);
            }
            let is_over = self.once || self.asked > 0 || lost.is_some();
            if is_over && self.busy.is_empty() {
                return match lost {
                    Some(failure) => Err(failure),
                    None if self.once => {
                        let now = self.now();
                        self.ledger.note_holds(&mut self.roster, now);
                        self.tell_what_waits()?;
                        Ok(self.ledger.worst())
                    }
                    None if self.asked > 1 => Ok(Code::Stopped),
                    None => Ok(Code::Done),
                };
            }
            if self.is_cut {
                return lost.map_or(Ok(Code::Stopped), Err);
            }
            match self.happening(wishes).await {
                Happening::Report((turn, result)) => {
                    if let Err(failure) = self.ended(&turn, result) {
                        self.lose(&mut lost, failure);
                    }
                }
                Happening::Wish(Wish::Look) => self.look_at_files = Duration::ZERO,
                Happening::Wish(Wish::End) => self.end(),
                Happening::Time => {}
            }
        }
    }

    /// Looks at everything, and begins whatever is to be done now.
    fn turn(&mut self) -> Result<(), Failure> {
        let now = self.now();
        if self.asked == 0 && now.elapsed >= self.look_at_files {
            self.look_at_files = now.elapsed + LOOK_AT_FILES;
            self.look()?;
        }
        self.read_again(now)?;
        self.hear()?;
        while let Some(turn) = self.roster.next(self.now()) {
            self.begin(turn)?;
        }
        self.try_state()?;
        self.show();
        for notice in self.roster.notices() {
            let (what, campaign, text) = words::notice(&notice, now.utc);
            self.ledger.notice(&campaign, what, &text);
            self.say(what, Some(&campaign), text);
        }
        Ok(())
    }

    async fn happening(&mut self, wishes: &mut Wishes) -> Happening {
        let now = self.now();
        let wait = self.roster.quiet_for(now).map_or(LOOK, |quiet| quiet.min(LOOK));
        let wake = self.shared.clock.instant(now.elapsed + wait.max(Duration::from_millis(1)));
        tokio::select! {
            biased;
            wish = wishes.next() => Happening::Wish(wish),
            Some(report) = self.reports.1.recv() => Happening::Report(report),
            () = sleep(Some(wake)) => {
                self.cut_if_late();
                Happening::Time
            }
        }
    }

    /// Several runs may report one loss: that is nobody's second word.
    fn lose(&mut self, lost: &mut Option<Failure>, failure: Failure) {
        if lost.is_none() && self.asked == 0 {
            self.end();
        }
        lost.get_or_insert(failure);
    }

    /// The first time in order, the second time at once.
    fn end(&mut self) {
        self.asked += 1;
        self.roster.stop();
        for busy in self.busy.values() {
            let _ = busy.ends.send(());
        }
        if self.asked == 1 {
            let left = self.busy.len();
            self.say(What::Stopping, None, words::stopping(left));
        } else {
            self.look_at_files = self.shared.clock.now().elapsed + CUT;
        }
    }

    fn cut_if_late(&mut self) {
        self.is_cut |= self.asked > 1 && self.shared.clock.now().elapsed >= self.look_at_files;
    }

    /// What people have said. Every campaign that begins from here on heeds it.
    fn hear(&mut self) -> Result<(), Failure> {
        match self.store.news(RunId(0), self.seen) {
            Ok(None) if !self.is_deaf => {}
            // It counts as heard when what people want of the campaigns is known.
            Ok(news) => {
                if !self.take_holds()? {
                    return Ok(());
                }
                self.seen = news.map_or(self.seen, |news| news.up_to);
            }
            Err(error) => return passes(error),
        }
        // Those who send have heard more since, or are gone.
        if let Some(by_all) = self.ear.hears(self.seen).filter(|by_all| *by_all > self.acknowledged) {
            match self.store.acknowledge_now(by_all) {
                Ok(true) => self.acknowledged = by_all,
                // A run is being pinned: the next time.
                Ok(false) => {}
                Err(error) => return passes(error),
            }
        }
        Ok(())
    }

    /// What people want of the campaigns. Whether it could be read: else it is tried again.
    fn take_holds(&mut self) -> Result<bool, Failure> {
        let holds = match self.store.holds() {
            Ok(holds) => holds,
            Err(error) => {
                passes(error.clone())?;
                if !std::mem::replace(&mut self.is_deaf, true) {
                    self.say(
                        What::Failed,
                        None,
                        format!("what people want could not be read: {error}; tried again"),
                    );
                }
                return Ok(false);
            }
        };
        self.is_deaf = false;
        let holds: BTreeMap<String, HoldKind> =
            holds.into_iter().map(|(name, hold)| (name, hold.what)).collect();
        for name in self.places.keys() {
            // Of one that is being sent it is told by who sends it.
            let (before, now) = (self.holds.get(name), holds.get(name));
            match (before, now) {
                (None, Some(HoldKind::Paused)) if !self.busy.contains_key(name) => {
                    self.say(What::Paused, Some(name), "is paused: nothing of it is begun");
                }
                (Some(HoldKind::Paused), None) => {
                    self.say(What::Resumed, Some(name), "is not paused any more")
                }
                _ => {}
            }
        }
        self.close_strays(&holds);
        self.roster.set_holds(&holds);
        self.holds = holds;
        Ok(true)
    }
}

enum Happening {
    Report(Report),
    Wish(Wish),
    Time,
}

/// Whether nothing can be sent from the state any more, by any campaign.
fn is_lost(failure: &Failure) -> bool {
    use StoreError as E;
    matches!(
        failure,
        Failure::Store(
            E::Missing { .. }
                | E::Corrupt { .. }
                | E::LockLost { .. }
                | E::Replaced { .. }
                | E::Io { .. }
                | E::Foreign { .. }
                | E::Newer { .. }
                | E::NotAFile { .. }
                | E::NotWritable { .. }
        )
    )
}

/// Trouble with the state that may pass by itself.
fn passes(error: StoreError) -> Result<(), Failure> {
    let failure = Failure::Store(error);
    if is_lost(&failure) { Err(failure) } else { Ok(()) }
}
