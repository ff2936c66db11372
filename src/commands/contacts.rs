//! Whom the other runs of a state have reached, read for the rules of one campaign.

use chrono::{DateTime, Utc};

use super::exit::Failure;
use crate::campaign::{Campaign, Frequency};
use crate::delivery::contacts::{Contacts, Gathering};
use crate::delivery::pinned::Pinned;
use crate::delivery::state::State;
use crate::diagnostic::did_you_mean;
use crate::store::{Run, RunId, Store};

/// The campaign that asks.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    /// Its name.
    pub campaign: &'a str,
    /// Its rules.
    pub frequency: &'a Frequency,
    /// Its run, which does not count against itself.
    pub run: Option<RunId>,
    /// Whether its texts are cut into parts, which share one fate.
    pub cuts_texts: bool,
}

/// Reads every run that a rule counts, once.
pub fn known<S: Store>(store: &S, asking: Asking<'_>, now: DateTime<Utc>) -> Result<Contacts, Failure> {
    let frequency = asking.frequency;
    if !frequency.is_some() {
        return Ok(Contacts::default());
    }
    let mut gathering = Gathering::new(frequency, now.timestamp_millis());
    for run in store.runs(None)?.iter().filter(|run| Some(run.id) != asking.run) {
        let other = &run.pinned;
        let word = Pinned::says_once_per(&other.pinned);
        let once = frequency.counts_once(asking.campaign, &other.campaign, word.as_deref());
        if !once && frequency.cap.is_none() {
            continue;
        }
        let since = if once { i64::MIN } else { gathering.since_ms() };
        let counted = gathering.count(&other.campaign, once, true);
        store.contacts(run.id, since, &mut |address, at_ms| gathering.add(counted, address, at_ms))?;
    }
    if let Some(run) = asking.run.filter(|_| asking.cuts_texts) {
        store.contacts(run, i64::MIN, &mut |address, _| gathering.begun(address))?;
        left_out_parts(store, run, &mut gathering)?;
    }
    Ok(gathering.seal())
}

/// What to say where a campaign is named whose people are left out, and the state knows no such campaign.
pub fn unheard_of(campaign: &Campaign, runs: &[Run]) -> Vec<String> {
    let named = &campaign.audience.frequency.exclude;
    let known = || runs.iter().map(|run| run.pinned.campaign.as_str());
    let may_be_meant = |one: &&str| *one != campaign.name && !named.iter().any(|name| name == one);
    let unheard = named.iter().filter(|name| !known().any(|one| one == *name));
    let told = unheard.map(|name| {
        let near = match did_you_mean(name, known().filter(may_be_meant)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "is it spelled right?".to_owned(),
        };
        format!("`audience.exclude_campaign`: nobody got `{name}` so far, by this state: {near}")
    });
    told.collect()
}

/// Whose text was left out in part before this process.
fn left_out_parts<S: Store>(store: &S, run: RunId, gathering: &mut Gathering) -> Result<(), Failure> {
    const PAGE: usize = 1000;
    let mut after = None;
    loop {
        let page = store.messages(run, Some(State::Suppressed), after, PAGE)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.key);
        page.iter().filter(|one| one.part.is_some()).for_each(|one| gathering.left_out(&one.address));
    }
}
