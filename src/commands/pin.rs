//! Pinning a run: the audience is planned, and recipients and texts go into the state as they are, all in
//! one transaction. A plan that is refused leaves nothing behind.

use chrono::{DateTime, Utc};
use rustc_hash::FxHashMap;

use super::exit::Failure;
use super::planned::swallowing;
use super::scan::{digest, refusals, scan_unless, too_many_parts};
use super::terminal::Terminal;
use super::timing::InTime;
use crate::approval::PlanFile;
use crate::campaign::{Campaign, Delivery};
use crate::delivery::pinned::Pinned;
use crate::message::part;
use crate::plan::{Entry, Totals, Whereabouts};
use crate::schedule::{Moment, Zone};
use crate::store::{Excluded, NewRun, PinnedClock, PinnedMessage, Pinning, RunId, Store, StoreError};
use crate::world::workspace::Loaded;

/// Which run is pinned, of which campaign.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The campaign and its files.
    pub loaded: &'a Loaded,
    /// The occurrence.
    pub occurrence: &'a str,
    /// Where its manifest lies.
    pub place: &'a str,
    /// Whether it is a sandbox's.
    pub sandbox: bool,
    /// The plan file by which it is begun, where one is named.
    pub approved: Option<&'a PlanFile>,
}

/// Pins an occurrence of the campaign and gives its run. It is asked at every row whether to leave: nothing is written
/// then ([`Failure::Left`]).
pub fn pin<S: Store>(
    store: &mut S,
    subject: Subject<'_>,
    at_ms: i64,
    leaves: &mut dyn FnMut() -> bool,
    terminal: &Terminal,
) -> Result<RunId, Failure> {
    let Subject { loaded, occurrence, place, sandbox, approved } = subject;
    let campaign = &loaded.campaign;
    let run = NewRun {
        campaign: campaign.name.clone(),
        occurrence: occurrence.to_owned(),
        pinned: Pinned::of(campaign, place, &loaded.profile_source, sandbox)
            .with_entries(loaded.suppression.entries())
            .approved_by(approved.map(PlanFile::sha256))
            .to_json(),
        created_at_ms: at_ms,
    };
    let mut pinning = store.pin(&run)?;
    let clocks = PinnedClocks::new(campaign.delivery, occurrence, at_ms);
    let mut writer = Writer { campaign, run: &run, pinning: &mut *pinning, clocks };
    let mut write = |entry: Entry<'_>| writer.write(entry);
    let totals = scan_unless(loaded, None, terminal, leaves, &mut write)?;
    let digest = judge(subject, &totals, at_ms, terminal)?;
    let excluded = Excluded {
        rejected: totals.rejected(),
        suppressed: totals.suppressed(),
        filtered: totals.filtered(),
        duplicates: totals.duplicates(),
    };
    Ok(pinning.seal(&digest, &excluded)?)
}

/// Writes each message of the plan as it will go out.
struct Writer<'a> {
    campaign: &'a Campaign,
    run: &'a NewRun,
    pinning: &'a mut dyn Pinning,
    clocks: PinnedClocks,
}

impl Writer<'_> {
    fn write(&mut self, entry: Entry<'_>) -> Result<(), Failure> {
        let Entry::Planned { place, id, address, text, measure, whereabouts, wording, .. } = entry else {
            return Ok(());
        };
        let campaign = self.campaign;
        let clock = match whereabouts {
            Some(zones) => self.clocks.of(zones, self.pinning)?,
            None => PinnedClock::Campaign,
        };
        let whole = PinnedMessage {
            recipient: id,
            address: &address.to_string(),
            text,
            segments: if campaign.counts_segments() { measure.parts } else { 0 },
            part: None,
            clock,
            wording: campaign.wordings.are_several().then_some(wording),
        };
        if measure.parts < 2 || !campaign.profile.cuts_texts() {
            return Ok(self.pinning.add(&whole)?);
        }
        let reference = part::reference(&self.run.campaign, &self.run.occurrence, id);
        let parts = part::cut(text, &measure, reference);
        let parts = parts.ok_or_else(|| Failure::Input(too_many_parts(measure.parts, &place)))?;
        for (part, text) in parts {
            self.pinning.add(&PinnedMessage { text, segments: 1, part: Some(part), ..whole })?;
        }
        Ok(())
    }
}

/// The digest of what was planned, unless it is refused.
fn judge(subject: Subject<'_>, totals: &Totals, at_ms: i64, terminal: &Terminal) -> Result<String, Failure> {
    let Subject { loaded, occurrence, sandbox, approved, .. } = subject;
    let mut refused = refusals(loaded, totals);
    // A sandbox and a rehearsal keep to no schedule.
    if let Some(starts) = occurrence.parse().ok().filter(|_| !sandbox) {
        let now = DateTime::from_timestamp_millis(at_ms).unwrap_or_default();
        refused.extend(InTime::of(&loaded.campaign, totals, Some(starts), now).too_slow);
    }
    if !refused.is_empty() {
        let why = format!(", nothing was sent: {}", refused.join("; "));
        return Err(Failure::PlanRefused { why, leaves_out: totals.leaves_out() });
    }
    // Whoever sends may not have looked at a plan.
    if let Some(warning) = swallowing(loaded, totals) {
        terminal.say(&format!("warning: {warning}"));
    }
    let digest = digest(totals);
    // Files may change between two readings.
    if approved.is_some_and(|approved| approved.digest != digest) {
        let why = "nothing was sent: the files have changed since they were held against the plan file";
        return Err(Failure::Unapproved(why.to_owned()));
    }
    Ok(digest)
}

/// By whose clock messages go out, by where their recipients are.
struct PinnedClocks {
    delivery: Delivery,
    moment: Option<Moment>,
    now: DateTime<Utc>,
    known: FxHashMap<Whereabouts, PinnedClock<'static>>,
}

impl PinnedClocks {
    fn new(delivery: Delivery, occurrence: &str, at_ms: i64) -> Self {
        let now = DateTime::from_timestamp_millis(at_ms).unwrap_or_default();
        Self { delivery, moment: occurrence.parse().ok(), now, known: FxHashMap::default() }
    }

    fn of(
        &mut self,
        place: Whereabouts,
        pinning: &mut dyn Pinning,
    ) -> Result<PinnedClock<'static>, StoreError> {
        if let Some(known) = self.known.get(&place) {
            return Ok(*known);
        }
        let clock = match place.held(&self.delivery, self.moment, self.now) {
            Some(why) => PinnedClock::Held(why),
            None => {
                let names: Vec<String> = place.zones().iter().map(Zone::to_string).collect();
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                PinnedClock::Own(pinning.clock(&names)?)
            }
        };
        self.known.insert(place, clock);
        Ok(clock)
    }
}
