//! When a campaign goes out: local times in named zones, turned into instants; the hours and days on which it may.
//! Pure: `now` is given.

mod days;
mod moment;
mod window;

pub use days::{Day, DayError, Days};
pub use moment::{LocalTime, Moment, MomentError, Zone, tz_version};
pub use window::{LAST, TimeOfDay, Window, WindowError};
