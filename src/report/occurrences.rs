//! When a campaign goes out next: by the clock of its zone, and by UTC.

use super::layout::Table;
use crate::schedule::{Moment, Zone};

/// How many are shown.
pub const UPCOMING: usize = 5;

/// A line for each, under each other.
pub fn occurrences(moments: &[Moment]) -> String {
    let mut table = Table::new(&[]);
    for moment in moments {
        let instant = moment.instant();
        let utc = Zone::UTC.show(instant);
        let utc = match moment.zone.is_recipient() {
            true => {
                format!("{utc} to {}, wherever they are", Zone::UTC.show(moment.by(Zone::LAST).instant()))
            }
            false => utc,
        };
        table.row([&moment.zone.show(instant), &utc]);
    }
    table.show()
}
