//! Which campaign's turn it is, where one process sends many: what is due is begun, what was interrupted is taken up,
//! one run a campaign at a time and several campaigns side by side. It is told what time it is, which campaigns there
//! are, and how each turn ended; it says whose turn is next, and until when to wait.
//!
//! Two runs of which one asks whom the other has reached (`once_per`, `cap`, `exclude_campaign`) are never sent at the same time: that is
//! read once, when a run is begun or taken up. Whoever waits for such a run goes before all that came later and would
//! be in its way. A cancellation reaches nobody: it waits for none of them, and none of them for it.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::control::HoldKind;
use super::engine::Now;
use crate::campaign::{Frequency, OncePer};
use crate::schedule::{Due, LAST, Moment, Spread, Timetable, When, Window, Zone};

/// How long a campaign that could not go on is left alone, the first time; twice as long each time after that.
pub const FIRST_PAUSE: Duration = Duration::from_secs(60);
/// The longest that it is left alone.
const LONGEST_PAUSE: Duration = Duration::from_secs(1800);
/// The most campaigns that are sent at once.
pub const MOST_AT_ONCE: usize = 32;

/// What there is to know of a campaign whose manifest is sound.
#[derive(Debug, Clone)]
pub struct Plan {
    /// When it goes out.
    pub timetable: Timetable,
    /// The hours in which it may.
    pub window: Option<Window>,
    /// Nothing of it goes out from then on.
    pub until: Option<DateTime<Utc>>,
    /// Who is left out because of what was sent before.
    pub frequency: Frequency,
}

/// A run that was begun and is not finished.
#[derive(Debug, Clone)]
pub struct OpenRun {
    /// Its number in the state.
    pub id: i64,
    /// Who is left out of it.
    pub frequency: Frequency,
    /// It can go on then, and not before: by its window, or the clocks of its people.
    pub waits_until: Option<DateTime<Utc>>,
}

/// What to do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// Begin this occurrence.
    Begin {
        /// Of this campaign.
        campaign: String,
        /// The occurrence.
        at: Moment,
    },
    /// Go on with this run.
    TakeUp {
        /// Of this campaign.
        campaign: String,
        /// Its number in the state.
        run: i64,
    },
    /// Somebody cancelled it: close what is open.
    Cancel {
        /// The campaign.
        campaign: String,
    },
}

impl Turn {
    /// Whose turn it is.
    pub fn campaign(&self) -> &str {
        match self {
            Self::Begin { campaign, .. } | Self::TakeUp { campaign, .. } | Self::Cancel { campaign } => {
                campaign
            }
        }
    }
}

/// How a turn ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// All that there was to do is done.
    Done,
    /// A run that was sent waits now: until when, the state says.
    Waits,
    /// Nothing was begun: it goes by the clocks of its people, and these are the zones in which they are, a set for each.
    /// What is due to them is another question.
    Located(Vec<Vec<Zone>>),
    /// Somebody paused it, or the process is to end.
    Asked,
    /// It cannot go on, and is tried again after a pause.
    Trouble {
        /// Whether anybody was accepted before.
        moved: bool,
    },
}

/// What people should know of an occurrence that nobody began in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// It is left out, as the manifest says.
    LeftOut {
        /// The campaign.
        campaign: String,
        /// The latest of those that are left out.
        at: Moment,
    },
    /// Somebody has to decide.
    Missed {
        /// The campaign.
        campaign: String,
        /// The occurrence.
        at: Moment,
    },
}

/// What a campaign waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// It is its turn at this moment.
    Busy,
    /// Somebody's word.
    Held {
        /// Which.
        kind: HoldKind,
        /// Whether there is something to send.
        has_work: bool,
    },
    /// Its next try, after trouble.
    Retry(DateTime<Utc>),
    /// Its window, or the time that its run named.
    Until(DateTime<Utc>),
    /// Its next occurrence, which comes to the first of its people then.
    Next(Moment, DateTime<Utc>),
    /// Others that are sent now.
    Others,
    /// A person: an occurrence was missed.
    Person(Moment),
    /// Somebody who begins it: it has no schedule.
    Hand,
    /// Nothing any more: it was sent, its series is over, or its manifest is broken.
    Nothing,
}

/// What a turn is for, as far as it keeps others waiting.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Errand {
    /// To send, where this is asked of what others have reached.
    Send(Frequency),
    /// To close what somebody cancelled: it reaches nobody, and asks for nobody's reach.
    Cancel,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Roster {
    members: BTreeMap<String, Member>,
    notices: Vec<Notice>,
    /// Nothing is tried twice, and nothing is begun that came due later than it was first asked.
    once: bool,
    first_asked: Option<DateTime<Utc>>,
    stopped: bool,
}

#[derive(Debug, Default)]
struct Member {
    plan: Option<Plan>,
    /// When the latest occurrence was due that was begun.
    last: Option<DateTime<Utc>>,
    /// Oldest first.
    open: Vec<OpenRun>,
    hold: Option<HoldKind>,
    /// What the turn that goes on is for.
    busy: Option<Errand>,
    /// Its manifest was taken away meanwhile.
    is_gone: bool,
    failures: u32,
    not_before: Duration,
    /// Since when only others keep it waiting.
    ready_since: Option<DateTime<Utc>>,
    /// What the timetable said, when, and until when it says so.
    said: Option<(DateTime<Utc>, Due, Option<DateTime<Utc>>)>,
    told: Option<Notice>,
    /// Where its people are, where it goes by their clocks and somebody has looked since its files were changed.
    people: Option<Vec<Vec<Zone>>>,
}

impl Roster {
    /// Nobody's yet. Where it is for `once`, what could not go on is not tried again.
    pub fn new(once: bool) -> Self {
        Self { once, ..Self::default() }
    }

    /// There is a campaign of this name; `None` where its manifest is broken: only what was begun goes on then. Whatever
    /// went wrong before is forgotten: somebody has touched it.
    pub fn set_campaign(&mut self, name: &str, plan: Option<Plan>) {
        let member = self.members.entry(name.to_owned()).or_default();
        let (last, open, hold, busy) =
            (member.last, std::mem::take(&mut member.open), member.hold, member.busy.take());
        let told = member.told.take();
        *member = Member { plan, last, open, hold, busy, told, ..Member::default() };
    }

    /// The campaign is not there any more. A turn that goes on is not touched.
    pub fn remove(&mut self, name: &str) {
        match self.members.get_mut(name) {
            Some(member) if member.busy.is_some() => member.is_gone = true,
            _ => drop(self.members.remove(name)),
        }
    }

    /// What the state says of a campaign: when its latest occurrence was due, and which runs are not finished.
    pub fn set_runs(&mut self, name: &str, last: Option<DateTime<Utc>>, open: Vec<OpenRun>) {
        if let Some(member) = self.members.get_mut(name) {
            *member = Member { last, open, said: None, ..std::mem::take(member) };
        }
    }

    /// What people want of the campaigns; of the others nothing.
    pub fn set_holds(&mut self, holds: &BTreeMap<String, HoldKind>) {
        for (name, member) in &mut self.members {
            let hold = holds.get(name).copied();
            if hold == Some(HoldKind::Cancelled) && member.hold != hold {
                // Trouble with sending is no reason to leave a cancellation alone.
                member.not_before = Duration::ZERO;
            }
            member.hold = hold;
        }
    }

    /// Nobody's turn comes any more.
    pub fn stop(&mut self) {
        self.stopped = true;
    }

    /// Whether somebody's turn goes on.
    pub fn is_busy(&self) -> bool {
        self.members.values().any(|member| member.busy.is_some())
    }

    /// Whose turn it is now. To be asked until it is nobody's.
    pub fn next(&mut self, now: Now) -> Option<Turn> {
        if self.stopped {
            return None;
        }
        let latest = self.once.then(|| *self.first_asked.get_or_insert(now.utc));
        let is_later = |turn: &Turn| match (turn, latest) {
            (Turn::Begin { at, .. }, Some(latest)) => at.instant() > latest,
            _ => false,
        };
        let mut ready = Vec::new();
        for (name, member) in &mut self.members {
            match member.ready(name, now, &mut self.notices).filter(|(turn, _)| !is_later(turn)) {
                Some((turn, errand)) => {
                    ready.push((*member.ready_since.get_or_insert(now.utc), turn, errand));
                }
                None => member.ready_since = None,
            }
        }
        ready.sort_by(|one, other| (one.0, one.1.campaign()).cmp(&(other.0, other.1.campaign())));
        // Somebody waits for a cancellation: it goes first, and is in nobody's way.
        let is_cancel = |one: &&(_, Turn, Errand)| one.2 == Errand::Cancel;
        let turn = ready.iter().find(is_cancel).filter(|_| self.under_way(true).count() < MOST_AT_ONCE);
        if let Some((_, turn, errand)) = turn {
            self.take(turn, errand.clone());
            return Some(turn.clone());
        }
        self.next_to_send(ready)
    }

    /// Whose turn it is to send, of those that could, longest waiting first.
    fn next_to_send(&mut self, ready: Vec<(DateTime<Utc>, Turn, Errand)>) -> Option<Turn> {
        let mut in_the_way: Vec<(String, Frequency)> = self.under_way(false).collect();
        if in_the_way.len() >= MOST_AT_ONCE {
            return None;
        }
        for (_, turn, errand) in ready {
            let Errand::Send(frequency) = &errand else { continue };
            let (name, one) = (turn.campaign(), (turn.campaign(), frequency));
            if !in_the_way.iter().any(|(other, theirs)| ask_each_other(one, (other, theirs))) {
                self.take(&turn, errand);
                return Some(turn);
            }
            in_the_way.push((name.to_owned(), frequency.clone()));
        }
        None
    }

    /// The campaigns whose turns go on: those that cancel, or those that send, and whose reach they ask for.
    fn under_way(&self, cancels: bool) -> impl Iterator<Item = (String, Frequency)> {
        self.members.iter().filter_map(move |(name, one)| match one.busy.as_ref()? {
            Errand::Send(frequency) if !cancels => Some((name.clone(), frequency.clone())),
            Errand::Cancel if cancels => Some((name.clone(), Frequency::default())),
            _ => None,
        })
    }

    fn take(&mut self, turn: &Turn, errand: Errand) {
        if let Some(member) = self.members.get_mut(turn.campaign()) {
            member.busy = Some(errand);
            member.ready_since = None;
        }
    }

    /// A turn has ended. What the state says of the campaign is to be told anew before the next one.
    pub fn ended(&mut self, name: &str, how: Ended, now: Now) {
        if self.members.get(name).is_some_and(|member| member.is_gone) {
            self.members.remove(name);
        }
        let Some(member) = self.members.get_mut(name) else { return };
        member.busy = None;
        member.said = None;
        let is_trouble = matches!(how, Ended::Trouble { .. });
        let moved = match how {
            Ended::Trouble { moved } => moved,
            Ended::Located(people) => {
                member.people = Some(people);
                true
            }
            Ended::Done | Ended::Asked | Ended::Waits => true,
        };
        member.failures = if moved { 0 } else { member.failures };
        member.not_before = Duration::ZERO;
        if is_trouble {
            member.failures += 1;
            member.not_before = match self.once {
                true => Duration::MAX,
                false => now.elapsed + pause(member.failures),
            };
        }
    }

    /// What people should know, once each.
    pub fn notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// How long nothing changes by itself; for ever, where it says nothing.
    pub fn quiet_for(&mut self, now: Now) -> Option<Duration> {
        self.members.values_mut().filter_map(|member| member.quiet_for(now)).min()
    }

    /// When the next occurrence of each campaign that has one comes to the first of its people.
    pub fn upcoming(&mut self, now: DateTime<Utc>) -> BTreeMap<String, DateTime<Utc>> {
        let next = |(name, member): (&String, &mut Member)| Some((name.clone(), member.next(now)?));
        self.members.iter_mut().filter_map(next).collect()
    }

    /// When an occurrence comes to the first people of a campaign, as far as it is known where they are.
    pub fn comes(&self, name: &str, at: Moment) -> DateTime<Utc> {
        self.members.get(name).map_or(at.instant(), |member| member.comes(at))
    }

    /// What each campaign waits for.
    pub fn waiting(&mut self, now: Now) -> BTreeMap<String, Waiting> {
        self.members.iter_mut().map(|(name, member)| (name.clone(), member.waiting(now))).collect()
    }
}

fn pause(failures: u32) -> Duration {
    let doubled = 1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
    FIRST_PAUSE.saturating_mul(doubled).min(LONGEST_PAUSE)
}

/// Whether one of two runs asks whom the other has reached.
fn ask_each_other(one: (&str, &Frequency), other: (&str, &Frequency)) -> bool {
    let word = |frequency: &Frequency| match &frequency.once_per {
        Some(OncePer::Group(word)) => Some(word.clone()),
        _ => None,
    };
    let asks = |(own, rule): (&str, &Frequency), (name, theirs): (&str, &Frequency)| {
        rule.cap.is_some() || rule.counts_once(own, name, word(theirs).as_deref())
    };
    asks(one, other) || asks(other, one)
}

impl Member {
    /// Its turn, if nothing of its own keeps it waiting.
    fn ready(&mut self, name: &str, now: Now, notices: &mut Vec<Notice>) -> Option<(Turn, Errand)> {
        let campaign = name.to_owned();
        if self.busy.is_some() || now.elapsed < self.not_before {
            return None;
        }
        match self.hold {
            Some(HoldKind::Cancelled) => return Some((Turn::Cancel { campaign }, Errand::Cancel)),
            Some(HoldKind::Paused) => return None,
            None => {}
        }
        // The oldest that can go on. While all of them wait, the next occurrence may come.
        if let Some(run) = self.open.iter().find(|run| run.waits_until.is_none_or(|until| until <= now.utc)) {
            let errand = Errand::Send(run.frequency.clone());
            return Some((Turn::TakeUp { campaign, run: run.id }, errand));
        }
        let due = self.due(now.utc);
        self.tell(name, now.utc, due, notices);
        let plan = self.plan.as_ref()?;
        let Due::Now(Some(at)) = due else { return None };
        let is_open = plan.window.is_none_or(|window| window.has_time(now.utc));
        is_open.then(|| (Turn::Begin { campaign, at }, Errand::Send(plan.frequency.clone())))
    }

    /// What the timetable says. It is asked anew when that has changed, and when the clock was set back.
    fn due(&mut self, now: DateTime<Utc>) -> Due {
        if let Some((from, due, until)) = self.said
            && from <= now
            && until.is_none_or(|until| now < until)
        {
            return due;
        }
        let due = self.ask_the_timetable(now);
        let next = |table: &Timetable| table.upcoming(now, 1).first().map(|at| at.instant());
        let until = match due {
            Due::Later(at) => Some(self.comes(at)),
            Due::Now(_) => Some(now),
            Due::Missed(_) | Due::Over(_) => self.plan.as_ref().and_then(|plan| next(&plan.timetable)),
        };
        self.said = Some((now, due, until));
        due
    }

    fn ask_the_timetable(&self, now: DateTime<Utc>) -> Due {
        let Some(Plan { timetable, until, .. }) = &self.plan else { return Due::Over(None) };
        if until.is_some_and(|until| until - now < LAST) {
            return Due::Over(None);
        }
        match (&timetable.when, self.last) {
            // People begin it, when they want to.
            (When::Once, _) => Due::Over(None),
            (When::At(at), Some(last)) if at.instant() == last => Due::Over(None),
            (When::At(_) | When::Series(_), last) => match timetable.due(now, last, self.people()) {
                // It has come to somebody on earth, or was missed by somebody: whoever begins it looks where its people are.
                Due::Missed(at) | Due::Over(Some(at)) if at.zone.is_recipient() && self.people.is_none() => {
                    Due::Now(Some(at))
                }
                due => due,
            },
        }
    }

    /// When its next occurrence comes to the first of its people.
    fn next(&mut self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let at = match self.due(now) {
            Due::Later(at) => at,
            _ => *self.plan.as_ref()?.timetable.upcoming(now, 1).first()?,
        };
        Some(self.comes(at))
    }

    fn people(&self) -> &[Vec<Zone>] {
        self.people.as_deref().unwrap_or_default()
    }

    /// When an occurrence comes to the first of its people.
    fn comes(&self, at: Moment) -> DateTime<Utc> {
        Spread::of(at, self.people()).first
    }

    fn tell(&mut self, name: &str, now: DateTime<Utc>, due: Due, notices: &mut Vec<Notice>) {
        let campaign = name.to_owned();
        let left_out =
            || self.plan.as_ref().and_then(|plan| plan.timetable.left_out(now, self.last, self.people()));
        let notice = match due {
            Due::Missed(at) => Some(Notice::Missed { campaign, at }),
            Due::Over(Some(at)) => Some(Notice::LeftOut { campaign, at }),
            // Asked once for each answer of the timetable: that was a moment ago.
            _ if self.said.is_some_and(|(from, ..)| from == now) => {
                left_out().map(|at| Notice::LeftOut { campaign, at })
            }
            _ => None,
        };
        if notice.is_some() && notice != self.told {
            self.told.clone_from(&notice);
            notices.extend(notice);
        }
    }

    fn quiet_for(&mut self, now: Now) -> Option<Duration> {
        let goes_on = match self.waiting(now) {
            Waiting::Retry(_) => return self.not_before.checked_sub(now.elapsed),
            Waiting::Until(at) => until(at, now.utc),
            Waiting::Next(_, comes) => return until(comes, now.utc),
            Waiting::Person(_) | Waiting::Nothing => None,
            Waiting::Busy | Waiting::Held { .. } | Waiting::Others | Waiting::Hand => return None,
        };
        // The occurrence after this one.
        let next = self.plan.as_ref().and_then(|plan| plan.timetable.upcoming(now.utc, 1).first().copied());
        let next = next.and_then(|at| until(at.instant(), now.utc));
        [goes_on, next].into_iter().flatten().min()
    }

    fn waiting(&mut self, now: Now) -> Waiting {
        if self.busy.is_some() {
            return Waiting::Busy;
        }
        if let Some(kind) = self.hold {
            let has_work = !self.open.is_empty() || matches!(self.due(now.utc), Due::Now(Some(_)));
            return Waiting::Held { kind, has_work };
        }
        if now.elapsed < self.not_before {
            let wait = TimeDelta::from_std(self.not_before - now.elapsed).unwrap_or(TimeDelta::MAX);
            return Waiting::Retry(now.utc.checked_add_signed(wait).unwrap_or(DateTime::<Utc>::MAX_UTC));
        }
        let goes_on = self.open.iter().map(|run| run.waits_until.unwrap_or(now.utc)).min();
        match (goes_on, self.begins(now.utc)) {
            (Some(at), _) if at <= now.utc => Waiting::Others,
            (Some(at), Waiting::Until(other)) => Waiting::Until(at.min(other)),
            (None, begins) | (_, begins @ Waiting::Others) => begins,
            (Some(at), _) => Waiting::Until(at),
        }
    }

    /// What its next occurrence waits for.
    fn begins(&mut self, now: DateTime<Utc>) -> Waiting {
        match self.due(now) {
            Due::Now(Some(_)) => match self.plan.as_ref().and_then(|plan| plan.window) {
                Some(window) if !window.has_time(now) => Waiting::Until(window.opens_next(now)),
                _ => Waiting::Others,
            },
            Due::Later(at) => Waiting::Next(at, self.comes(at)),
            Due::Missed(at) => Waiting::Person(at),
            Due::Now(None) | Due::Over(_) => {
                let by_hand = |plan: &Plan| matches!(plan.timetable.when, When::Once) && self.last.is_none();
                if self.plan.as_ref().is_some_and(by_hand) { Waiting::Hand } else { Waiting::Nothing }
            }
        }
    }
}

fn until(at: DateTime<Utc>, now: DateTime<Utc>) -> Option<Duration> {
    (at - now).to_std().ok()
}

#[cfg(test)]
mod tests;
