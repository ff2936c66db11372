//! When a campaign goes out: local times in named zones, turned into instants; the hours and days on which it may, and
//! whose clock counts for a number. Pure: `now` is given.

mod cron;
mod days;
mod holidays;
mod hours;
mod moment;
mod phone_zones;
mod presets;
mod recipients;
mod series;
mod timetable;
mod window;

pub use cron::{Cron, CronError};
pub use days::{Day, DayError, Days};
pub use holidays::{Holidays, HolidaysError, as_iso};
pub use hours::Hours;
pub use moment::{LocalTime, Moment, MomentError, Zone, tz_version};
pub use phone_zones::{ZoneSet, country_zones_of, zones_of};
pub use presets::Preset;
pub use recipients::{Recipients, Spread, end_of};
pub use series::Series;
pub use timetable::{Due, Missed, Timetable, When};
pub use window::{LAST, TimeOfDay, Window, WindowError};
