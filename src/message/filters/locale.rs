//! How numbers and dates are written where a tag such as `sw-KE` is at home: Unicode's CLDR, by ICU4X, with Western
//! digits and in characters that SMS are cheap with. Formatters are made once for each thread and tag.

use std::cell::{OnceCell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use fixed_decimal::Decimal;
use icu_calendar::Gregorian;
use icu_datetime::fieldsets::{YMD, YMDE, YMDET, YMDT};
use icu_datetime::input::{Date, DateTime, Time};
use icu_datetime::options::{Length, TimePrecision};
use icu_datetime::{DateTimeFormatterPreferences, FixedCalendarDateTimeFormatter};
use icu_decimal::{DecimalFormatter, DecimalFormatterPreferences};
use icu_locale_core::extensions::unicode::value;
use icu_locale_core::preferences::extensions::unicode::keywords::NumberingSystem;
use icu_locale_core::{LanguageIdentifier, Locale, langid};

use crate::unseen::unseen;

const ENGLISH: LanguageIdentifier = langid!("en");

/// Tags come out of rows, and nobody knows how many there are.
const MOST_KEPT: usize = 500;

/// How much of a date is written out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// `20/03/2026`.
    Short,
    /// `20 Mar 2026`.
    Medium,
    /// `20 March 2026`.
    Long,
    /// `Friday, 20 March 2026`.
    Full,
}

type Formatter<Fields> = FixedCalendarDateTimeFormatter<Gregorian, Fields>;

/// How one tag writes.
pub struct Writing {
    locale: Locale,
    decimal: OnceCell<Option<DecimalFormatter>>,
    days: [OnceCell<Option<Formatter<YMD>>>; 3],
    day_and_weekday: OnceCell<Option<Formatter<YMDE>>>,
    times: [OnceCell<Option<Formatter<YMDT>>>; 3],
    time_and_weekday: OnceCell<Option<Formatter<YMDET>>>,
}

thread_local! {
    static KEPT: RefCell<HashMap<LanguageIdentifier, Rc<Writing>>> = RefCell::default();
    /// Tags of which nothing is known: to find that out takes far longer than to write something. They take no place
    /// from those that are.
    static UNKNOWN: RefCell<HashSet<LanguageIdentifier>> = RefCell::default();
}

/// How a tag writes; English where it is empty, or none that is known.
pub fn writing(tag: &str) -> Rc<Writing> {
    KEPT.with_borrow_mut(|kept| {
        let read = read(tag).unwrap_or(ENGLISH);
        if let Some(known) = kept.get(&read) {
            return Rc::clone(known);
        }
        let known = if is_known(&read) { read } else { ENGLISH };
        if kept.len() >= MOST_KEPT && !kept.contains_key(&known) {
            kept.clear();
        }
        let make = || Rc::new(Writing::of(Locale::from(known.clone())));
        Rc::clone(kept.entry(known.clone()).or_insert_with(make))
    })
}

/// The locale of a tag, read leniently: `sw_KE`, `EN-gb`, `fr_FR.UTF-8`. Nothing where it is none.
fn read(tag: &str) -> Option<LanguageIdentifier> {
    let plain = tag.trim().split(['.', '@']).next()?.replace('_', "-");
    let language = plain.split('-').next()?;
    let found = Locale::try_from_str(&plain).or_else(|_| Locale::try_from_str(language)).ok()?;
    // What the day or the digits are to be like is not a question of the language.
    let mut found = found.id;
    // Dialects are written as their languages are, and what is kept stays short.
    found.variants.clear();
    Some(found)
}

/// Whether something is known of a tag. What is not is kept.
fn is_known(id: &LanguageIdentifier) -> bool {
    UNKNOWN.with_borrow_mut(|unknown| {
        if unknown.contains(id) {
            return false;
        }
        let is_known = has_data(id);
        if !is_known {
            if unknown.len() >= MOST_KEPT {
                unknown.clear();
            }
            unknown.insert(id.clone());
        }
        is_known
    })
}

/// Whether there is more than the root for it, which calls the third month `M03`.
fn has_data(id: &LanguageIdentifier) -> bool {
    let writing = Writing::of(Locale::from(id.clone()));
    let day = writing.date(Style::Long, (2026, 3, 20));
    !id.language.is_unknown() && day.is_some_and(|day| !day.contains("M03"))
}

impl Writing {
    fn of(locale: Locale) -> Self {
        Self {
            locale,
            decimal: OnceCell::new(),
            days: Default::default(),
            day_and_weekday: OnceCell::new(),
            times: Default::default(),
            time_and_weekday: OnceCell::new(),
        }
    }

    /// A number with all its decimals.
    pub fn decimal(&self, number: &Decimal) -> Option<String> {
        let formatter = self.decimal.get_or_init(|| {
            let mut wishes = DecimalFormatterPreferences::from(&self.locale);
            wishes.numbering_system = western();
            DecimalFormatter::try_new(wishes, Default::default()).ok()
        });
        Some(cheap(&formatter.as_ref()?.format(number).to_string()))
    }

    /// A day: year, month and day of the month.
    pub fn date(&self, style: Style, (year, month, day): (i32, u8, u8)) -> Option<String> {
        let date = Date::try_new_gregorian(year, month, day).ok()?;
        let wishes = self.wishes();
        let text = match plain(style) {
            Some((at, length)) => {
                let make = || Formatter::try_new(wishes, YMD::for_length(length)).ok();
                self.days.get(at)?.get_or_init(make).as_ref()?.format(&date).to_string()
            }
            None => {
                let make = || Formatter::try_new(wishes, YMDE::long()).ok();
                self.day_and_weekday.get_or_init(make).as_ref()?.format(&date).to_string()
            }
        };
        Some(cheap(&text))
    }

    /// A day with hour and minute.
    pub fn date_and_time(
        &self,
        style: Style,
        (year, month, day): (i32, u8, u8),
        (hour, minute): (u8, u8),
    ) -> Option<String> {
        let date = Date::try_new_gregorian(year, month, day).ok()?;
        let at = DateTime { date, time: Time::try_new(hour, minute, 0, 0).ok()? };
        let wishes = self.wishes();
        let text = match plain(style) {
            Some((place, length)) => {
                let fields = || YMDT::for_length(length).with_time_precision(TimePrecision::Minute);
                let make = || Formatter::try_new(wishes, fields()).ok();
                self.times.get(place)?.get_or_init(make).as_ref()?.format(&at).to_string()
            }
            None => {
                let fields = || YMDET::long().with_time_precision(TimePrecision::Minute);
                let make = || Formatter::try_new(wishes, fields()).ok();
                self.time_and_weekday.get_or_init(make).as_ref()?.format(&at).to_string()
            }
        };
        Some(cheap(&text))
    }

    /// Whether the code of a currency stands before the amount. CLDR 48, the standard pattern; languages that are
    /// written in Europe differ where they are written elsewhere.
    pub fn is_code_first(&self) -> bool {
        let region = self.locale.id.region.map(|region| region.to_string());
        let region = region.as_deref().unwrap_or_default();
        match self.locale.id.language.as_str() {
            "de" => matches!(region, "AT" | "CH" | "LI"),
            "it" => region == "CH",
            "es" => !matches!(region, "" | "ES" | "EA" | "IC" | "GQ" | "PH"),
            "pt" => matches!(region, "" | "BR"),
            "bn" => region == "IN",
            language => !CODE_LAST.contains(&language),
        }
    }

    fn wishes(&self) -> DateTimeFormatterPreferences {
        let mut wishes = DateTimeFormatterPreferences::from(&self.locale);
        wishes.numbering_system = western();
        wishes
    }
}

/// Languages that write `1.250 EUR`, each of them as CLDR has it.
const CODE_LAST: [&str; 66] = [
    "ar", "ast", "az", "ba", "be", "bg", "br", "bs", "ca", "ce", "cs", "cv", "da", "el", "eo", "et", "eu",
    "ff", "fi", "fo", "fr", "gl", "he", "hr", "hu", "hy", "is", "iw", "ka", "kea", "kk", "km", "ku", "ky",
    "lb", "lg", "ln", "lt", "lu", "luo", "lv", "mk", "mo", "my", "nb", "nn", "no", "oc", "pl", "rn", "ro",
    "ru", "sc", "se", "sh", "sk", "sl", "sq", "sr", "sv", "tg", "tk", "tt", "uk", "uz", "vi",
];

/// The styles without a day of the week, with their places.
fn plain(style: Style) -> Option<(usize, Length)> {
    match style {
        Style::Short => Some((0, Length::Short)),
        Style::Medium => Some((1, Length::Medium)),
        Style::Long => Some((2, Length::Long)),
        Style::Full => None,
    }
}

/// 0 to 9: what a cell has beside a formatted number has them, phones dial them, and GSM-7 has no others.
fn western() -> Option<NumberingSystem> {
    NumberingSystem::try_from(value!("latn")).ok()
}

/// CLDR's typography in plain characters: one narrow space, or a mark that nobody sees, would make a whole SMS UCS-2.
fn cheap(text: &str) -> String {
    let plain = |c: char| match c {
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' => Some(' '),
        '’' | 'ʼ' => Some('\''),
        '−' | '‑' | '–' => Some('-'),
        other => unseen(other).is_none().then_some(other),
    };
    text.chars().filter_map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(tag: &str) -> String {
        writing(tag).date(Style::Long, (2026, 3, 20)).unwrap()
    }

    #[test]
    fn tags_are_read_leniently_and_the_unknown_is_english() {
        for tag in ["sw_KE", " SW-ke ", "sw_KE.UTF-8", "sw-KE-u-nu-arab"] {
            assert_eq!(day(tag), "20 Machi 2026", "{tag}");
        }
        for tag in ["", "xx", "und", "english", "lg", "-", "🦀", "en_US", "root"] {
            assert_eq!(day(tag), "March 20, 2026", "{tag}");
        }
        assert_eq!(day("en-KE"), "20 March 2026");
    }

    #[test]
    fn what_is_written_is_cheap_to_send() {
        let number = Decimal::try_from_str("-1234567.5").unwrap();
        for tag in
            ["en", "fr", "de-CH", "sv", "ar", "fa", "he", "pl", "pt-PT", "hi", "am", "en-ZA", "ca", "it"]
        {
            let writing = writing(tag);
            let text = writing.decimal(&number).unwrap();
            assert!(text.is_ascii(), "{tag}: {text}");
            for style in [Style::Short, Style::Medium, Style::Long, Style::Full] {
                let text = writing.date_and_time(style, (2026, 4, 20), (19, 5)).unwrap();
                let odd =
                    |c: char| c.is_whitespace() && c != ' ' || matches!(c, '’' | '\u{200e}' | '\u{200f}');
                assert!(!text.contains(odd), "{tag}: {text:?}");
            }
        }
    }

    #[test]
    fn a_tag_of_which_nothing_is_known_is_looked_up_once() {
        let unknown = || UNKNOWN.with_borrow(|unknown| unknown.len());
        for tag in ["xx", "xx", "XX", "qq-KE", "qq_KE", "", "english", "🦀"] {
            assert_eq!(day(tag), "March 20, 2026", "{tag}");
        }
        assert_eq!(unknown(), 2, "xx, and qq of Kenya; the others are no tags");
        (0..2 * MOST_KEPT).for_each(|number| drop(day(&format!("qq-{number:03}"))));
        assert!(unknown() <= MOST_KEPT);
        assert_eq!(day("sw"), "20 Machi 2026");
    }

    #[test]
    fn more_tags_than_are_kept_do_no_harm() {
        for tag in ["sw-KE", "sw_KE", " SW-ke ", "sw-KE-u-nu-arab", "sw-KE-abcde"] {
            assert_eq!(day(tag), "20 Machi 2026", "{tag}");
        }
        (0..2 * MOST_KEPT).for_each(|number| assert_eq!(day(&format!("x{number}")), "March 20, 2026"));
        assert_eq!(day("xx"), "March 20, 2026");
        let kept = || KEPT.with_borrow(|kept| kept.len());
        assert_eq!(kept(), 2, "Swahili of Kenya and English");
        (0..2 * MOST_KEPT).for_each(|number| drop(day(&format!("de-{number:03}"))));
        assert!(kept() <= MOST_KEPT);
    }
}
