//! A run made ready to be delivered: begun and pinned, or taken up as it was when it began.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::UnboundedReceiver;

use super::connection::{Connection, Place, Terms};
use super::contacts::unheard_of;
use super::exit::Failure;
use super::pin::{Subject, pin};
use super::terminal::Terminal;
use crate::approval::PlanFile;
use crate::audience::{AddressKind, Suppression};
use crate::campaign::{Delivery, Frequency, Unknown};
use crate::delivery::pinned::{Pinned, PinnedError};
use crate::executor::resume::send_again;
use crate::report::layout::count;
use crate::schedule::When;
use crate::store::sqlite::Sqlite;
use crate::store::{Run, RunId, Store, run_key};
use crate::world::clock::Clock;
use crate::world::confine::Confined;
use crate::world::gauges::Gauges;
use crate::world::workspace::{Loaded, Opened};

/// A run that is ready to be delivered.
#[derive(Debug)]
pub struct Job {
    /// The run.
    pub run: RunId,
    /// Who is left out because of what was sent before.
    pub frequency: Frequency,
    /// Pace and patience.
    pub delivery: Delivery,
    /// How its addresses are read.
    pub kind: AddressKind,
    /// The column by which suppression lists are read.
    pub column: String,
    /// Who is never sent to, as of now.
    pub suppression: Suppression,
    /// The files it came from.
    pub lists: Vec<Confined>,
    /// The gateway.
    pub connection: Connection,
}

/// Where it is made ready.
#[derive(Debug)]
pub struct Ground<'g> {
    /// The state.
    pub store: &'g mut Sqlite,
    /// Whether it is a sandbox's.
    pub sandbox: bool,
    /// The present time.
    pub now: DateTime<Utc>,
    /// The clock.
    pub clock: Clock,
    /// Where requests will run.
    pub runtime: Arc<Runtime>,
    /// What is counted meanwhile, if anybody wants to know.
    pub gauges: Option<Arc<Gauges>>,
    /// Says when to leave, where somebody watches over the runs of the process.
    pub ends: Option<&'g mut UnboundedReceiver<()>>,
    /// Where words go.
    pub terminal: &'g Terminal,
}

fn unreadable(error: PinnedError) -> Failure {
    Failure::State(error.to_string())
}

/// Takes up a run as it was when it began.
pub fn take_up(opened: Opened, run: Run, ground: Ground<'_>) -> Result<Job, Failure> {
    let Ground { store, sandbox, now, clock, runtime, gauges, terminal, .. } = ground;
    let pinned = Pinned::from_json(&run.pinned.pinned).map_err(unreadable)?;
    same_manifest(&pinned, &opened, &run.pinned.campaign)?;
    let what = opened.source.name.clone();
    let (kind, column) = (pinned.address_kind().map_err(unreadable)?, pinned.address_column.clone());
    let (suppression, lists, worth_a_look) = opened
        .load_suppression(kind, &column, &pinned.lists())
        .map_err(|problems| Failure::Invalid { what, problems })?;
    worth_a_look.iter().for_each(|one| terminal.say(&format!("warning: {}", one.title)));
    let mut delivery = pinned.delivery().map_err(unreadable)?;
    let frequency = pinned.frequency().map_err(unreadable)?;
    let terms = Terms {
        profile: pinned.profile().map_err(unreadable)?,
        run: run.pinned.key(),
        sender: pinned.sender.clone(),
        gauges,
    };
    let connection = Connection::open(terms, Place::of(sandbox), runtime, clock, terminal)?;
    let lost = store.recover(run.id, now.timestamp_millis())?;
    if lost > 0 {
        let text = count(lost, "message");
        let then = match delivery.unknown {
            Unknown::Hold => "unknown from now on, not sent again",
            Unknown::Resend => "nobody knows of them, and they are sent again, as the campaign says",
        };
        terminal.say(&format!("{text} under way when it was interrupted: {then}."));
    }
    if sandbox {
        delivery = delivery.at_any_hour();
    }
    if delivery.unknown == Unknown::Resend {
        send_again(store, run.id, delivery.retry.attempts, now.timestamp_millis())?;
    }
    let open = store.counts(run.id)?.open();
    terminal.note(&format!(
        "Taking up `{}` ({}): {} left, as it was when it began; later edits of its files change nothing in it.",
        run.pinned.campaign,
        run.pinned.occurrence,
        count(open, "message")
    ));
    Ok(Job { run: run.id, frequency, delivery, kind, column, suppression, lists, connection })
}

/// Two campaigns of one name would take each other for sent.
pub fn same_manifest(pinned: &Pinned, opened: &Opened, name: &str) -> Result<(), Failure> {
    let here = opened.place();
    if pinned.manifest == here {
        return Ok(());
    }
    Err(Failure::Standing(format!(
        "`{name}` was begun from `{}`, and this is `{here}`: two campaigns cannot share a name. Give this one another",
        pinned.manifest
    )))
}

/// The run that is begun.
#[derive(Debug)]
pub struct Beginning {
    /// The campaign.
    pub loaded: Loaded,
    /// The occurrence.
    pub occurrence: String,
    /// Where its manifest lies.
    pub place: String,
    /// The plan file by which it is begun, where one is named.
    pub approved: Option<PlanFile>,
}

/// Begins a run. The gateway is spoken to first: one that will have nothing of us should not find a run that
/// was pinned for it.
pub fn begin(beginning: Beginning, ground: Ground<'_>) -> Result<Job, Failure> {
    let Beginning { loaded, occurrence, place, approved } = beginning;
    let Ground { store, sandbox, now, clock, runtime, gauges, mut ends, terminal } = ground;
    let campaign = &loaded.campaign;
    let mut delivery = campaign.delivery;
    let terms = Terms {
        profile: (*campaign.profile).clone(),
        run: run_key(&campaign.name, &occurrence),
        sender: campaign.sender.clone(),
        gauges,
    };
    let mut connection = Connection::open(terms, Place::of(sandbox), runtime, clock, terminal)?;
    // Nobody is woken by a sandbox.
    if sandbox {
        delivery = delivery.at_any_hour();
    }
    connection.log_in()?;
    // A sandbox's state begins with nobody.
    if !sandbox {
        let unheard = unheard_of(campaign, &store.runs(None)?);
        unheard.iter().for_each(|warning| terminal.say(&format!("warning: {warning}")));
    }
    let approved = approved.as_ref();
    let subject = Subject { loaded: &loaded, occurrence: &occurrence, place: &place, sandbox, approved };
    let mut leaves = || ends.as_mut().is_some_and(|words| words.try_recv().is_ok());
    let run = pin(store, subject, now.timestamp_millis(), &mut leaves, terminal)?;
    if matches!(campaign.timetable.when, When::Series(_)) {
        let messages = count(store.counts(run)?.planned, "message");
        terminal.note(&format!("Beginning `{}` ({occurrence}): {messages}.", campaign.name));
    }
    Ok(Job {
        run,
        frequency: campaign.audience.frequency.clone(),
        delivery,
        kind: campaign.audience.rules.kind,
        column: campaign.audience.address_column.clone(),
        suppression: loaded.suppression,
        lists: loaded.lists,
        connection,
    })
}
