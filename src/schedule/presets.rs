//! Windows with a name: the hours that a country's rules leave for advertising, with their source and the day on
//! which somebody read it. What they say is data (`presets/presets.yaml`), and no legal advice.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;

use super::days::Days;
use super::moment::Zone;
use super::window::{TimeOfDay, Window, WindowError};
use crate::diagnostic::Source;

/// What must stand wherever a preset is shown.
const NO_ADVICE: &str = "no legal advice: rules change, and which of them hold for you is yours to find out";

/// The presets, as they are written.
const DATA: &str = include_str!("presets/presets.yaml");

/// None if the data were faulty, so that no name would be known; a test keeps that out.
static PRESETS: LazyLock<Vec<Preset>> = LazyLock::new(|| parse(DATA).unwrap_or_default());

/// Hours under a name, such as `us-tcpa`. Shown, it says its source, its date and that it is no legal advice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preset {
    /// What it is called in a manifest.
    pub name: String,
    /// The country.
    pub place: String,
    /// When it opens, by the clock of whoever gets the message.
    pub from: TimeOfDay,
    /// When it closes.
    pub to: TimeOfDay,
    /// The days on which it opens.
    pub days: Days,
    /// Whether the rule leaves out public holidays as well. The window itself does not know them.
    pub public_holidays_excluded: bool,
    /// The law or the regulator's text, with its number where there is one.
    pub source: String,
    /// The official page.
    pub url: String,
    /// The day on which the source was read.
    pub as_of: NaiveDate,
    /// What else to know, in a line.
    pub remark: String,
}

impl Preset {
    /// All of them, in the order of their names.
    pub fn all() -> &'static [Self] {
        &PRESETS
    }

    /// The names, for lists and suggestions.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::all().iter().map(|preset| preset.name.as_str())
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::all().iter().find(|preset| preset.name == name)
    }

    /// Its hours by the clock of a zone.
    ///
    /// # Errors
    /// Hours without length, which the presets we carry do not have.
    pub fn window(&self, zone: Zone) -> Result<Window, WindowError> {
        Window::new(self.from, self.to, zone)?.with_days(self.days)
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, place, from, to, days, source, url, as_of, remark, .. } = self;
        let holidays = if self.public_holidays_excluded { ", not on public holidays" } else { "" };
        writeln!(f, "{name}, {place}: {from} to {to}, {days}{holidays}")?;
        writeln!(f, "source, as of {as_of}: {source}; {url}")?;
        writeln!(f, "remark: {remark}")?;
        write!(f, "{NO_ADVICE}")
    }
}

/// A preset as it is written.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    place: String,
    from: String,
    to: String,
    days: String,
    public_holidays_excluded: bool,
    source: String,
    url: String,
    as_of: String,
    remark: String,
}

fn parse(text: &str) -> Result<Vec<Preset>, String> {
    let source = Source::new("presets.yaml", text);
    let (written, problems) = crate::yaml::read::<Vec<Written>>(&source);
    if problems.has_errors() {
        return Err(format!("{problems:?}"));
    }
    let mut presets: Vec<Preset> =
        written.unwrap_or_default().into_iter().map(Written::resolve).collect::<Result<_, _>>()?;
    presets.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(presets)
}

impl Written {
    fn resolve(self) -> Result<Preset, String> {
        fn read<T: FromStr<Err: fmt::Display>>(name: &str, text: &str) -> Result<T, String> {
            text.parse().map_err(|error| format!("{name}: {error}"))
        }
        let preset = Preset {
            from: read(&self.name, &self.from)?,
            to: read(&self.name, &self.to)?,
            days: read(&self.name, &self.days)?,
            as_of: read(&self.name, &self.as_of)?,
            name: self.name,
            place: self.place,
            public_holidays_excluded: self.public_holidays_excluded,
            source: self.source,
            url: self.url,
            remark: self.remark,
        };
        // Whatever is offered must make a window.
        preset.window(Zone::UTC).map_err(|error| format!("{}: {error}", preset.name))?;
        Ok(preset)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;
    use crate::diagnostic::did_you_mean;

    #[test]
    fn the_data_parse_and_every_name_is_there_once() {
        let presets = parse(DATA).unwrap();
        assert_eq!(Preset::all(), presets);
        assert_eq!(Preset::names().collect::<Vec<_>>(), ["fr", "in", "ng", "us-tcpa"]);
    }

    #[test]
    fn every_preset_says_where_it_comes_from_and_that_it_is_no_advice() {
        for preset in Preset::all() {
            assert!(preset.url.starts_with("https://") && preset.source.len() > 30, "{preset}");
            assert!(!preset.remark.is_empty() && !preset.remark.contains('\n'), "{preset}");
            assert!(preset.as_of >= NaiveDate::from_ymd_opt(2026, 11, 22).unwrap(), "{preset}");
            let shown = preset.to_string();
            assert!(
                shown.contains("no legal advice") && shown.contains(&preset.as_of.to_string()),
                "{shown}"
            );
        }
    }

    #[test]
    fn their_hours_are_those_of_the_sources() {
        let hours = |name: &str| {
            let zone = "Africa/Lagos".parse().unwrap();
            Preset::named(name).unwrap().window(zone).unwrap().to_string()
        };
        assert_eq!(hours("us-tcpa"), "08:00 to 21:00, Africa/Lagos");
        assert_eq!(hours("fr"), "10:00 to 20:00, mon to sat, Africa/Lagos");
        assert_eq!(hours("in"), "10:00 to 21:00, Africa/Lagos");
        assert_eq!(hours("ng"), "08:00 to 20:00, Africa/Lagos");
        assert!(Preset::named("fr").unwrap().public_holidays_excluded);
        let sunday: DateTime<Utc> = "2026-12-06T12:00:00Z".parse().unwrap();
        let paris = Preset::named("fr").unwrap().window("Europe/Paris".parse().unwrap()).unwrap();
        assert_eq!(paris.closes(sunday), None);
    }

    #[test]
    fn an_unknown_name_is_none_and_the_names_suggest() {
        assert_eq!(Preset::named("FR"), None);
        assert_eq!(did_you_mean("us-tpca", Preset::names()), Some("us-tcpa"));
    }

    #[test]
    fn faulty_data_are_refused() {
        let first = DATA.split("- name: fr").next().unwrap();
        assert!(parse(first).is_ok());
        for (good, bad) in [
            ("\"21:00\"", "\"08:00\""),
            ("every day", "monday"),
            ("2026-11-22", "2026-02-30"),
            ("place:", "where:"),
            ("\"08:00\"", "\"8\""),
        ] {
            assert!(parse(&first.replace(good, bad)).is_err(), "{bad}");
        }
    }
}
