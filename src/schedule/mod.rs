//! When a campaign goes out: local times in named zones, turned into instants. Pure: `now` is given.

mod moment;

pub use moment::{LocalTime, Moment, MomentError, Zone, tz_version};
