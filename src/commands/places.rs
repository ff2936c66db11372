//! Where the recipients of a plan are, where they go by their own clocks: how many in which zones, and when it is time there.

use chrono::{DateTime, Utc};

use super::exit::Failure;
use super::scan::scan;
use super::standing::rfc3339;
use super::terminal::Terminal;
use crate::campaign::Campaign;
use crate::plan::{Lost, Totals, Whereabouts};
use crate::report::plan::{HeldLine, ZoneLine};
use crate::schedule::{Moment, Zone};
use crate::world::workspace::Loaded;

/// Zones of one set that are named; of more the number is told.
const NAMED: usize = 2;

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    /// Those who are somewhere, whoever is written to first on top.
    pub zones: Vec<ZoneLine>,
    /// Those who are held.
    pub held: Vec<HeldLine>,
}

impl Places {
    /// Of what was planned. `starts` is when it goes out.
    pub fn of(campaign: &Campaign, totals: &Totals, starts: Option<Moment>, now: DateTime<Utc>) -> Self {
        let mut places = Self::default();
        let mut lines: Vec<(DateTime<Utc>, ZoneLine)> = Vec::new();
        for located in totals.whereabouts() {
            let (place, messages) = (located.place, located.messages);
            if let Some(why) = place.held(&campaign.delivery, starts, now) {
                let first = totals.place(located.first_line);
                let near = totals.near_zone().filter(|_| place == Whereabouts::Nowhere(Lost::NoSuchZone));
                places.held.push(HeldLine { why, messages, first, near });
                continue;
            }
            let hours = campaign.delivery.hours_in(starts, place.zones());
            // A time that is the same for all may be far ahead.
            let common = starts.filter(|starts| !starts.zone.is_recipient()).map(Moment::instant);
            let from = common.map_or(now, |starts| starts.max(now));
            // Whose time is past by now, when it could be begun at the earliest.
            let missed = campaign.delivery.recipients.is_some_and(|theirs| theirs.is_missed(&hours, now));
            let begins = hours.opens_next(from).filter(|_| !missed);
            let zone = place.zones().first().copied().unwrap_or(Zone::UTC);
            let line = ZoneLine {
                name: name(place.zones()),
                zones: place.zones().iter().map(Zone::to_string).collect(),
                messages,
                begins_at: begins.map(rfc3339),
                begins: begins.map_or_else(String::new, |begins| zone.show(begins)),
            };
            lines.push((begins.unwrap_or(DateTime::<Utc>::MAX_UTC), line));
        }
        lines.sort_by(|(one, a), (other, b)| one.cmp(other).then_with(|| a.name.cmp(&b.name)));
        places.zones = lines.into_iter().map(|(_, line)| line).collect();
        places
    }

    /// How many are held.
    pub fn held(&self) -> u64 {
        self.held.iter().map(|line| line.messages).sum()
    }
}

/// The zones in which the recipients of a campaign may be, whose time comes by their own clocks: to be looked for in its
/// file. Nothing where it comes to all at once.
pub fn whereabouts(loaded: &Loaded, terminal: &Terminal) -> Result<Vec<Vec<Zone>>, Failure> {
    if !loaded.campaign.delivery.recipients.is_some_and(|recipients| recipients.moment) {
        return Ok(Vec::new());
    }
    Ok(people(&scan(loaded, None, terminal, &mut |_| Ok(()))?))
}

/// The zones in which somebody may be, a set for each of those who are somewhere.
pub fn people(totals: &Totals) -> Vec<Vec<Zone>> {
    let sets = totals.whereabouts().into_iter().map(|located| located.place.zones().to_vec());
    sets.filter(|zones| !zones.is_empty()).collect()
}

/// What people are told for the zones in which somebody may be.
pub fn name(zones: &[Zone]) -> String {
    match zones {
        [first, rest @ ..] if rest.len() >= NAMED => format!("{first} or one of {} others", rest.len()),
        zones => zones.iter().map(Zone::to_string).collect::<Vec<_>>().join(" or "),
    }
}
