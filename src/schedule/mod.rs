//! When a campaign goes out: local times in named zones, turned into instants. Pure: `now` is given.

mod moment;
mod window;

pub use moment::{LocalTime, Moment, MomentError, Zone, tz_version};
pub use window::{LAST, TimeOfDay, Window, WindowError};
