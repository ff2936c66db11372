//! The limits of a gateway's account. They belong to the account, not to a campaign: runs that speak with one account
//! side by side take their places in one schedule, and in turn, so that none of them waits for ever. What a gateway asks
//! of one of them, to wait, it asks of all.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::paces::{Load, Paces, Room};
use crate::provider::{Limits, Profile, Secrets};

/// How long a place is kept for whoever is first in the line. It may be woken late, or prove first that the state is its
/// own; half of what the schedule lets catch up, so that no place is lost by it.
const HEAD_START: Duration = Duration::from_millis(10);

/// The accounts that a process speaks with. All runs count the same time, that since the process began.
#[derive(Debug, Clone, Default)]
pub struct Accounts {
    known: Arc<Mutex<Vec<Known>>>,
}

#[derive(Debug)]
struct Known {
    profile: String,
    base_url: String,
    secrets: Secrets,
    shared: Arc<Mutex<Shared>>,
}

/// A run's place at an account, until it is dropped.
#[derive(Debug)]
pub struct Account {
    shared: Arc<Mutex<Shared>>,
    seat: u64,
    /// Whether it stands in the line.
    waits: bool,
}

#[derive(Debug, Default)]
struct Shared {
    limits: Limits,
    paces: Paces,
    /// The gateway asked to send nothing until then.
    held: Duration,
    /// Runs that are at it.
    seated: usize,
    next_seat: u64,
    /// Who waits for a place, in order.
    line: VecDeque<u64>,
}

impl Accounts {
    /// A place at the account behind these credentials. Of different limits for one account the slower ones hold, for
    /// as long as anybody is there who was told them.
    pub fn join(&self, profile: &Profile, secrets: &Secrets, now: Duration) -> Account {
        let mut known = lock(&self.known);
        let same = |one: &&Known| {
            one.profile == profile.name()
                && one.base_url == profile.base_url()
                && one.secrets.are_those_of(secrets)
        };
        let shared = match known.iter().find(same) {
            Some(one) => Arc::clone(&one.shared),
            None => {
                let shared = Arc::<Mutex<Shared>>::default();
                known.push(Known {
                    profile: profile.name().to_owned(),
                    base_url: profile.base_url().to_owned(),
                    secrets: secrets.clone(),
                    shared: Arc::clone(&shared),
                });
                shared
            }
        };
        drop(known);
        Account::sit(shared, profile.limits(), now)
    }
}

impl Account {
    fn sit(shared: Arc<Mutex<Shared>>, limits: Limits, now: Duration) -> Self {
        let mut inner = lock(&shared);
        inner.limits = if inner.seated == 0 { limits } else { inner.limits.slower(limits) };
        let limits = inner.limits;
        inner.paces.retune(limits, now);
        inner.seated += 1;
        inner.next_seat += 1;
        let seat = inner.next_seat;
        drop(inner);
        Self { shared, seat, waits: false }
    }

    /// Takes the places of a request that goes now, if it may. If not, whoever asked stands in the line from then on.
    pub fn take(&mut self, load: Load, now: Duration) -> bool {
        let mut inner = lock(&self.shared);
        if inner.is_next(self.seat, now) {
            inner.paces.take(load, now);
            inner.leave(self.seat);
            self.waits = false;
            return true;
        }
        drop(inner);
        self.line_up();
        false
    }

    /// Stands in the line, if it does not yet.
    pub fn line_up(&mut self) {
        if !std::mem::replace(&mut self.waits, true) {
            lock(&self.shared).line.push_back(self.seat);
        }
    }

    /// Whether a request could go now.
    pub fn is_ready(&self, now: Duration) -> bool {
        lock(&self.shared).is_next(self.seat, now)
    }

    /// Leaves the line, for there is nothing to send now.
    pub fn step_out(&mut self) {
        if std::mem::take(&mut self.waits) {
            lock(&self.shared).leave(self.seat);
        }
    }

    /// When to ask again.
    pub fn ready_at(&self, now: Duration) -> Option<Duration> {
        let inner = lock(&self.shared);
        let opens = inner.opens();
        let opens = if inner.is_first(self.seat) { opens } else { opens + HEAD_START };
        (opens > now).then_some(opens)
    }

    /// The gateway asked to wait.
    pub fn hold(&self, until: Duration) {
        let mut inner = lock(&self.shared);
        inner.held = inner.held.max(until);
    }

    /// Until when it asked to.
    pub fn held(&self) -> Duration {
        lock(&self.shared).held
    }

    /// This run's share of the places until `horizon` from now, less those of what waits already.
    pub fn room(&self, horizon: Duration, now: Duration, waiting: &[Load]) -> Room {
        let inner = lock(&self.shared);
        inner.paces.room(inner.share(horizon), now, waiting)
    }

    /// When there is room for a request of so many messages.
    pub fn room_at(&self, messages: usize, horizon: Duration) -> Option<Duration> {
        let inner = lock(&self.shared);
        inner.paces.room_at(messages, inner.share(horizon))
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        self.step_out();
        lock(&self.shared).seated -= 1;
    }
}

impl Shared {
    /// When the schedule has a place.
    fn opens(&self) -> Duration {
        self.paces.ready_at().unwrap_or_default().max(self.held)
    }

    fn is_first(&self, seat: u64) -> bool {
        self.line.front().is_none_or(|first| *first == seat)
    }

    /// Whether the schedule has a place now, and nobody else is to have it.
    fn is_next(&self, seat: u64, now: Duration) -> bool {
        let opens = self.opens();
        now >= if self.is_first(seat) { opens } else { opens + HEAD_START }
    }

    fn leave(&mut self, seat: u64) {
        self.line.retain(|one| *one != seat);
    }

    /// Everybody makes intents ahead, and all of them together no more than one alone would.
    fn share(&self, horizon: Duration) -> Duration {
        horizon / u32::try_from(self.seated.max(1)).unwrap_or(u32::MAX)
    }
}

/// Whoever died with the lock had not begun to change anything that another needs.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::delivery::pace::most_in;
    use crate::units::Rate;

    const SECOND: Duration = Duration::from_secs(1);
    const ONE: Load = Load { messages: 1, segments: 1 };

    fn limits(rate: &str) -> Limits {
        Limits { messages: Some(rate.parse::<Rate>().unwrap()), ..Limits::default() }
    }

    fn seats(rate: &str, many: usize) -> Vec<Account> {
        let shared = Arc::<Mutex<Shared>>::default();
        (0..many).map(|_| Account::sit(Arc::clone(&shared), limits(rate), Duration::ZERO)).collect()
    }

    /// Everybody sends as fast as it may for ten seconds, and wakes late by what `lateness` says, in microseconds. When
    /// each has sent.
    fn sent(seats: &mut [Account], lateness: &[u64]) -> Vec<Vec<Duration>> {
        let mut late = lateness.iter().cycle().map(|late| Duration::from_micros(*late));
        let mut wakes = vec![Duration::ZERO; seats.len()];
        let mut sent = vec![Vec::new(); seats.len()];
        loop {
            let who = (0..seats.len()).min_by_key(|who| wakes[*who]).unwrap();
            let now = wakes[who];
            if now >= SECOND * 10 {
                return sent;
            }
            if seats[who].take(ONE, now) {
                sent[who].push(now);
            } else {
                wakes[who] = seats[who].ready_at(now).unwrap_or(now) + late.next().unwrap();
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
        #[test]
        fn all_together_keep_to_the_limit_and_nobody_goes_short(
            rate in 2u32..500, many in 1usize..8, lateness in prop::collection::vec(1u64..4_000, 1..20),
        ) {
            let mut seats = seats(&format!("{rate}/s"), many);
            let each = sent(&mut seats, &lateness);
            let mut all: Vec<Duration> = each.iter().flatten().copied().collect();
            all.sort();
            let most = most_in(format!("{rate}/s").parse().unwrap(), SECOND, 1);
            for (from, at) in all.iter().enumerate() {
                let within = all[from..].iter().take_while(|one| **one < *at + SECOND).count() as u64;
                prop_assert!(within <= most, "{within} in a second at {rate}/s");
            }
            prop_assert!(all.len() as f64 >= f64::from(rate) * 10.0 * 0.95, "{} at {rate}/s", all.len());
            let fair = all.len() / many;
            for one in each {
                prop_assert!(one.len() * 2 >= fair, "{} of {} with {many}", one.len(), all.len());
            }
        }
    }

    #[test]
    fn whoever_is_first_and_stays_away_keeps_nobody_waiting_for_long() {
        let mut seats = seats("10/s", 2);
        let ms = Duration::from_millis;
        assert!(seats[0].take(ONE, ms(0)));
        assert!(!seats[0].take(ONE, ms(10)) && !seats[1].take(ONE, ms(20)));
        assert!(!seats[1].take(ONE, ms(109)) && seats[1].take(ONE, ms(110)));
        // It is still the first.
        assert_eq!(seats[1].ready_at(ms(110)), Some(ms(210)));
        assert!(!seats[1].take(ONE, ms(200)) && seats[0].take(ONE, ms(200)));
    }

    #[test]
    fn one_who_has_nothing_to_send_or_leaves_stands_in_nobodys_way() {
        let mut seats = seats("10/s", 3);
        let ms = Duration::from_millis;
        assert!(seats[0].take(ONE, ms(0)));
        seats[1].line_up();
        seats[2].line_up();
        assert!(!seats[0].is_ready(ms(100)));
        seats[1].step_out();
        assert!(seats[2].is_ready(ms(100)));
        drop(seats.pop());
        assert!(seats[0].take(ONE, ms(100)));
    }

    #[test]
    fn what_the_gateway_asks_of_one_it_asks_of_all() {
        let mut seats = seats("10/s", 2);
        seats[0].hold(SECOND * 7);
        assert_eq!((seats[1].held(), seats[1].ready_at(SECOND)), (SECOND * 7, Some(SECOND * 7)));
        assert!(!seats[1].take(ONE, SECOND * 6) && seats[1].take(ONE, SECOND * 7));
    }

    #[test]
    fn the_slower_limits_hold_while_anybody_is_there() {
        let shared = Arc::<Mutex<Shared>>::default();
        let join = |rate| Account::sit(Arc::clone(&shared), limits(rate), Duration::ZERO);
        let mut fast = join("10/s");
        let slow = join("1/s");
        assert!(fast.take(ONE, Duration::ZERO));
        assert_eq!(fast.ready_at(Duration::ZERO), Some(SECOND));
        drop((fast, slow));
        let mut fast = join("10/s");
        assert!(!fast.take(ONE, SECOND / 2), "what was taken stays taken");
        assert!(fast.take(ONE, SECOND));
        assert_eq!(fast.ready_at(SECOND), Some(SECOND + SECOND / 10));
    }

    #[test]
    fn accounts_are_told_apart_by_their_credentials() {
        let profile = Profile::builtin(crate::provider::builtin_names().next().unwrap()).unwrap().unwrap();
        let secrets = |value: &str| Secrets::new([("password".to_owned(), value.to_owned().into())]);
        let accounts = Accounts::default();
        let seats = ["one", "two", "one"].map(|value| accounts.join(&profile, &secrets(value), SECOND));
        assert!(Arc::ptr_eq(&seats[0].shared, &seats[2].shared));
        assert!(!Arc::ptr_eq(&seats[0].shared, &seats[1].shared));
    }
}
