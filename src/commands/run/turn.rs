//! One turn of one campaign, carried out beside others: an occurrence is begun, a run is taken up, or a cancellation is
//! carried out.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::approval::PlanFile;
use crate::commands::approval::{Approved, beside};
use crate::commands::cancel;
use crate::commands::deliver::{Company, deliver_in};
use crate::commands::ending::Delivered;
use crate::commands::exit::Failure;
use crate::commands::job::{Beginning, Ground, Job, begin, same_manifest, take_up};
use crate::commands::send::{Asked, occasion, sent_already};
use crate::commands::terminal::Terminal;
use crate::delivery::account::Accounts;
use crate::delivery::pinned::Pinned;
use crate::delivery::roster::Turn;
use crate::report::events::What;
use crate::report::layout::count;
use crate::schedule::{Due, LAST, Moment, When, Zone};
use crate::store::Store;
use crate::store::ears::Ears;
use crate::store::sqlite::Sqlite;
use crate::world::clock::Clock;
use crate::world::gauges::Gauges;
use crate::world::workspace::{self, Loaded, Opened, Piped};

/// What all turns of a process share.
#[derive(Debug, Clone)]
pub struct Shared {
    /// The clock.
    pub clock: Clock,
    /// Where requests run.
    pub runtime: Arc<Runtime>,
    /// The gateways' accounts.
    pub accounts: Accounts,
    /// What people say.
    pub ears: Ears,
    /// What is counted.
    pub gauges: Arc<Gauges>,
    /// Whether a campaign with a plan file beside its manifest is begun only as that approves it.
    pub hold_to_plans: bool,
    /// Where words go.
    pub terminal: Terminal,
}

impl Shared {
    /// The present time.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now().utc
    }
}

/// A turn with what it needs.
#[derive(Debug)]
pub struct Work {
    /// Whose, and what.
    pub turn: Turn,
    /// Where its manifest lies.
    pub manifest: PathBuf,
    /// When its latest occurrence was due that was begun.
    pub last: Option<DateTime<Utc>>,
    /// A connection to the state.
    pub store: Sqlite,
    /// Says when to end.
    pub ends: UnboundedReceiver<()>,
}

/// What came of it.
#[derive(Debug)]
pub enum Came {
    /// A run was sent, to its end or not.
    Delivered(Box<Delivered>),
    /// There was nothing to do: the files or the state say otherwise by now.
    Nothing,
    /// The process is to end, and it was not pinned yet: nothing of it was written.
    Left,
    /// Nothing was begun: something else is due to those whom it is for, who are in these zones, a set for each.
    Located(Vec<Vec<Zone>>),
}

/// Carries a turn out.
pub fn carry_out(work: Work, shared: &Shared) -> Result<Came, Failure> {
    let terminal = shared.terminal.about(work.turn.campaign());
    match &work.turn {
        Turn::Begin { campaign, at } => {
            let (campaign, at) = (campaign.clone(), *at);
            begin_turn(&campaign, at, work, shared, &terminal)
        }
        Turn::TakeUp { campaign, run } => {
            let (campaign, run) = (campaign.clone(), *run);
            take_up_turn(&campaign, run, work, shared, &terminal)
        }
        Turn::Cancel { campaign } => {
            let (campaign, mut store, mut ends) = (campaign.clone(), work.store, work.ends);
            cancel::carry_out(&mut store, &campaign, &work.manifest, shared.clock, &mut ends, &terminal)?;
            Ok(Came::Nothing)
        }
    }
}

fn begin_turn(
    name: &str,
    at: Moment,
    mut work: Work,
    shared: &Shared,
    terminal: &Terminal,
) -> Result<Came, Failure> {
    let opened = open(name, &work)?;
    let (what, place) = (opened.source.name.clone(), opened.place());
    let again = workspace::open(&work.manifest)?;
    let (loaded, problems) = opened.load();
    let Some(loaded) = loaded else { return Err(Failure::Invalid { what, problems }) };
    loaded.told.iter().for_each(|told| terminal.say(told));
    if let Some(why_not) = may_begin(&loaded, at, &work, &again, shared.now(), terminal)? {
        return Ok(why_not);
    }
    let approved = match approved(&loaded, &mut work, shared, terminal) {
        Err(Failure::Left) => return Ok(Came::Left),
        other => other?,
    };
    let occurrence = at.to_string();
    let beginning = Beginning { loaded, occurrence: occurrence.clone(), place, approved };
    let place = Ground { ends: Some(&mut work.ends), ..ground(&mut work.store, shared, terminal) };
    let job = match begin(beginning, place) {
        Err(Failure::Left) => return Ok(Came::Left),
        other => other?,
    };
    let planned = work.store.counts(job.run)?.planned;
    terminal.event(What::Begins, format!("begins {occurrence}, {}", count(planned, "message")), None);
    deliver(job, work, shared, terminal)
}

/// The plan file that it is begun by, where it is held to one: what differs from that is not begun.
fn approved(
    loaded: &Loaded,
    work: &mut Work,
    shared: &Shared,
    terminal: &Terminal,
) -> Result<Option<PlanFile>, Failure> {
    let path = if shared.hold_to_plans { beside(&work.manifest) } else { None };
    let Some(approved) = Approved::read(path.as_deref())? else { return Ok(None) };
    approved.hold_unless(loaded, &mut || work.ends.try_recv().is_ok(), terminal)?;
    Ok(Some(approved.plan))
}

/// Why it is not to be begun, if so: files and state may have changed since it was said to be due, and only now it is
/// known where its people are.
fn may_begin(
    loaded: &Loaded,
    at: Moment,
    work: &Work,
    opened: &Opened,
    now: DateTime<Utc>,
    terminal: &Terminal,
) -> Result<Option<Came>, Failure> {
    let (campaign, store, occurrence) = (&loaded.campaign, &work.store, at.to_string());
    let name = &campaign.name;
    if store.run(name, &occurrence)?.is_some() {
        return Ok(Some(Came::Nothing));
    }
    let earlier = store.occurrences(name)?.pop();
    let earlier = earlier.map(|one| store.run(name, &one)).transpose()?.flatten();
    if let Some(earlier) = earlier {
        let pinned = Pinned::from_json(&earlier.pinned.pinned);
        same_manifest(&pinned.map_err(|error| Failure::State(error.to_string()))?, opened, name)?;
        sent_already(campaign, &earlier, &occurrence)?;
    }
    let last = match campaign.timetable.when {
        When::Series(_) => work.last,
        _ => None,
    };
    let over = campaign.delivery.until.is_some_and(|until| until - now < LAST);
    let is_open = campaign.delivery.window.is_none_or(|window| window.has_time(now));
    let Asked { occasion, people, .. } = occasion(loaded, last, now, terminal)?;
    Ok(match (occasion.due, people) {
        (Due::Now(Some(due)), _) if due == at => (over || !is_open).then_some(Came::Nothing),
        (_, Some(people)) => Some(Came::Located(people)),
        (_, None) => Some(Came::Nothing),
    })
}

fn take_up_turn(
    name: &str,
    run: i64,
    mut work: Work,
    shared: &Shared,
    terminal: &Terminal,
) -> Result<Came, Failure> {
    let opened = open(name, &work)?;
    let Some(run) = work.store.unfinished(name)?.into_iter().find(|one| one.id.0 == run) else {
        return Ok(Came::Nothing);
    };
    let occurrence = run.pinned.occurrence.clone();
    let job = take_up(opened, run, ground(&mut work.store, shared, terminal))?;
    let open = work.store.counts(job.run)?.open();
    terminal.event(What::GoesOn, format!("goes on with {occurrence}, {} left", count(open, "message")), None);
    deliver(job, work, shared, terminal)
}

fn open(name: &str, work: &Work) -> Result<Opened, Failure> {
    let opened = workspace::open(&work.manifest)?.piped(Piped::Never);
    match opened.name() {
        Some(found) if found == name => Ok(opened),
        Some(found) => Err(Failure::Input(format!("`{}` is called `{found}` now", opened.source.name))),
        None => Err(Failure::Invalid { what: opened.source.name.clone(), problems: opened.load().1 }),
    }
}

fn ground<'g>(store: &'g mut Sqlite, shared: &Shared, terminal: &'g Terminal) -> Ground<'g> {
    let (clock, runtime) = (shared.clock, Arc::clone(&shared.runtime));
    Ground {
        store,
        sandbox: false,
        now: shared.now(),
        clock,
        runtime,
        gauges: Some(Arc::clone(&shared.gauges)),
        ends: None,
        terminal,
    }
}

fn deliver(job: Job, work: Work, shared: &Shared, terminal: &Terminal) -> Result<Came, Failure> {
    let (accounts, ears) = (shared.accounts.clone(), shared.ears.clone());
    let company = Company::Others { ends: work.ends, accounts, ears };
    let delivered = deliver_in(company, job, work.store, "", shared.clock, terminal)?;
    Ok(Came::Delivered(Box::new(delivered)))
}
