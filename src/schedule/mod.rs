//! When a campaign goes out: local times in named zones, turned into instants. Pure: `now` is given.

mod cron;
mod moment;
mod series;
mod timetable;
mod window;

pub use cron::{Cron, CronError};
pub use moment::{LocalTime, Moment, MomentError, Zone, tz_version};
pub use series::Series;
pub use timetable::{Due, Missed, Timetable, When};
pub use window::{LAST, TimeOfDay, Window, WindowError};
