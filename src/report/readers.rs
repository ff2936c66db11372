//! Who reads which text, in a plan: the texts with their shares, and who reads another language than their row names.

use std::fmt::Write as _;

use serde::Serialize;

use super::layout::{Table, count};
use crate::units::thousands;

/// Unknown languages that people are shown.
const SHOWN: usize = 5;

/// A text with its readers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TextReaders {
    /// Its variant; null where there is one text for all.
    pub variant: Option<String>,
    /// Its language; null where that is not said.
    pub locale: Option<String>,
    /// Messages.
    pub messages: u64,
    /// Their SMS segments; null where the gateway has none.
    pub segments: Option<u64>,
}

/// How the languages that rows name were met.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Languages {
    /// Messages in the language of the row, but written for another country than its, or for none.
    pub by_language: u64,
    /// Messages in the default language, because the row names none.
    pub unsaid: u64,
    /// Messages in the default language, because there is no text in the one that the row names.
    pub unknown: u64,
    /// What those rows name, most first, of the first 64 that differ; numbers and e-mail addresses are masked.
    pub unknown_locales: Vec<UnknownLocale>,
    /// Messages whose rows name others than those; absent where there are no others.
    #[serde(skip_serializing_if = "is_none")]
    pub other_unknown: u64,
}

/// A language in which there is no text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnknownLocale {
    /// As the rows have it.
    pub locale: String,
    /// Messages.
    pub messages: u64,
}

/// Whether nothing is to be said of a number.
fn is_none(number: &u64) -> bool {
    *number == 0
}

impl Languages {
    /// Whether everybody reads what their row names.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The languages in which there is no text, and how many messages are in the default one for each.
    pub fn unknown_named(&self) -> String {
        let named = |one: &UnknownLocale| format!("`{}` {}", one.locale, thousands(one.messages));
        let mut named: Vec<String> = self.unknown_locales.iter().take(SHOWN).map(named).collect();
        let more = self.unknown_locales.iter().skip(SHOWN).map(|one| one.messages).sum::<u64>();
        if more + self.other_unknown > 0 {
            named.push(format!("and others {}", thousands(more + self.other_unknown)));
        }
        named.join(", ")
    }

    fn human(&self) -> String {
        let mut lines = Vec::new();
        if self.by_language > 0 {
            lines
                .push(format!("{} by the language alone, whatever the country", thousands(self.by_language)));
        }
        if self.unsaid > 0 {
            lines.push(format!("{} by default: their rows name no language", thousands(self.unsaid)));
        }
        if self.unknown > 0 {
            lines.push(format!(
                "{} by default: there is no text in what their rows name ({})",
                thousands(self.unknown),
                self.unknown_named()
            ));
        }
        lines.iter().map(|line| format!("  {line}\n")).collect()
    }
}

/// Both for people; nothing where there is one text for all, and everybody's.
pub fn human(texts: &[TextReaders], languages: &Languages) -> String {
    if texts.is_empty() {
        return String::new();
    }
    let has_variants = texts.iter().any(|text| text.variant.is_some());
    let has_locales = texts.iter().any(|text| text.locale.is_some());
    let names = |variant: &str, locale: &str| {
        let both = [(has_variants, variant), (has_locales, locale)];
        both.into_iter().filter(|(has, _)| *has).map(|(_, name)| name.to_owned()).collect::<Vec<_>>()
    };
    let first = names("", "").len();
    let mut table = Table::new(&[first, first + 1]);
    let all: u64 = texts.iter().map(|text| text.messages).sum();
    for text in texts {
        let none = || "–";
        let mut cells =
            names(text.variant.as_deref().unwrap_or_else(none), text.locale.as_deref().unwrap_or_else(none));
        cells.push(thousands(text.messages));
        cells.push(share(text.messages, all));
        cells.extend(text.segments.map(|segments| count(segments, "segment")));
        table.cells(cells);
    }
    let mut out = String::new();
    let title = match (has_variants, has_locales) {
        (true, true) => "By variant and language",
        (true, false) => "By variant",
        _ => "By language",
    };
    let _ = write!(out, "\n{title}:\n\n{}", table.show());
    let told = languages.human();
    if !told.is_empty() {
        let _ = write!(out, "\n{told}");
    }
    out
}

/// `33.4 %`.
fn share(part: u64, all: u64) -> String {
    let tenths = (u128::from(part) * 1000 + u128::from(all) / 2).checked_div(u128::from(all)).unwrap_or(0);
    format!("{}.{} %", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_that_are_not_shown_are_counted() {
        let unknown = |locale: &str| UnknownLocale { locale: locale.to_owned(), messages: 2 };
        let of = |unknown_locales: Vec<UnknownLocale>, other_unknown| Languages {
            unknown: 20,
            unknown_locales,
            other_unknown,
            ..Languages::default()
        };
        let few = of(vec![unknown("fr"), unknown("de")], 0);
        assert!(few.human().ends_with("(`fr` 2, `de` 2)\n"), "{}", few.human());
        let more = of(vec![unknown("fr"), unknown("de")], 16);
        assert!(more.human().ends_with("(`fr` 2, `de` 2, and others 16)\n"), "{}", more.human());
        let many = of(vec![unknown("x"); 7], 6);
        assert!(many.human().ends_with("`x` 2, and others 10)\n"), "{}", many.human());
        assert!(!serde_json::to_string(&few).unwrap().contains("other_unknown"));
        assert!(serde_json::to_string(&more).unwrap().contains("\"other_unknown\":16"));
    }
}
