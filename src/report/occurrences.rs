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
        table.row([&moment.zone.show(instant), &Zone::UTC.show(instant)]);
    }
    table.show()
}
