//! Languages as people's lists have them: which of a campaign's texts somebody reads.

use std::fmt;
use std::str::FromStr;

/// What a language tag may be made of: `en`, `en-GB`, `zh-Hant-TW` (RFC 5646 §2.1, without its rarer parts).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag(String);

/// No tag.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no language: two or three letters such as `sw`, or with a country, `en-GB`")]
pub struct NoTag(String);

impl FromStr for Tag {
    type Err = NoTag;

    fn from_str(text: &str) -> Result<Self, NoTag> {
        let mut parts = text.split(['-', '_']);
        let language = parts.next().unwrap_or_default();
        let is_language =
            (2..=3).contains(&language.len()) && language.bytes().all(|byte| byte.is_ascii_alphabetic());
        let is_part = |part: &str| {
            (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        if is_language && parts.all(is_part) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NoTag(text.to_owned()))
        }
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Tag {
    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the two mean the same, however they are written.
    pub fn is_same(&self, other: &str) -> bool {
        same(&self.0, other)
    }
}

/// How a text was found for somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// There is one for just what the row says, or the campaign has one language only.
    Exactly,
    /// There is one for its language, but for another country or none.
    ByLanguage,
    /// The row says nothing: the default.
    Unsaid,
    /// There is none for what the row says: the default.
    Unknown,
}

/// The languages of a campaign's texts.
#[derive(Debug, Clone)]
pub struct Locales {
    tags: Vec<Tag>,
    default: usize,
}

impl Locales {
    /// These languages, of which `default` is for everybody who reads none of them; nothing when it is none of them.
    pub fn new(tags: Vec<Tag>, default: &str) -> Option<Self> {
        let default = tags.iter().position(|tag| tag.is_same(default))?;
        Some(Self { tags, default })
    }

    /// The languages, in the order of their texts.
    pub fn tags(&self) -> &[Tag] {
        &self.tags
    }

    /// The place of the text for a row that says `said`, and how it was found: by all of it, by all but its last parts
    /// (RFC 4647 §3.4), by its language where one text alone has that and is in no other script, else the default.
    pub fn find(&self, said: &str) -> (usize, Found) {
        let said = tag_of(said);
        if said.is_empty() {
            return (self.default, Found::Unsaid);
        }
        let mut wanted = said;
        loop {
            if let Some(at) = self.tags.iter().position(|tag| tag.is_same(wanted)) {
                return (at, if wanted == said { Found::Exactly } else { Found::ByLanguage });
            }
            match wanted.rfind(['-', '_']) {
                Some(end) => wanted = wanted.get(..end).unwrap_or_default(),
                None => break,
            }
        }
        let language = |tag: &Tag| tag.0.split(['-', '_']).next().is_some_and(|own| same(own, wanted));
        let mut of_language = self.tags.iter().enumerate().filter(|(_, tag)| language(tag));
        match (of_language.next(), of_language.next()) {
            (Some((at, tag)), None) if same_script(tag.as_str(), said) => (at, Found::ByLanguage),
            _ => (self.default, Found::Unknown),
        }
    }
}

/// What a row says without what systems put behind it: `en_GB.UTF-8`, `de_DE@euro`.
pub fn tag_of(said: &str) -> &str {
    said.split(['.', '@']).next().unwrap_or_default()
}

/// Whether two tags name the same script, as far as both name one: four letters (RFC 5646 §2.2.3).
fn same_script(one: &str, other: &str) -> bool {
    let script = |tag: &'_ str| {
        let mut parts = tag.split(['-', '_']).skip(1);
        parts
            .find(|part| part.len() == 4 && part.bytes().all(|byte| byte.is_ascii_alphabetic()))
            .map(str::to_owned)
    };
    script(one).zip(script(other)).is_none_or(|(one, other)| same(&one, &other))
}

fn same(one: &str, other: &str) -> bool {
    let plain = |byte: u8| if byte == b'_' { b'-' } else { byte.to_ascii_lowercase() };
    one.len() == other.len() && one.bytes().map(plain).eq(other.bytes().map(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(tags: &[&str], default: &str, said: &str) -> (String, Found) {
        let tags = tags.iter().map(|tag| tag.parse().unwrap()).collect();
        let locales = Locales::new(tags, default).unwrap();
        let (at, found) = locales.find(said);
        (locales.tags()[at].to_string(), found)
    }

    #[test]
    fn exactly_then_by_language_then_the_default() {
        use Found::{ByLanguage, Exactly, Unknown, Unsaid};
        let tags = ["en", "en-GB", "sw", "pt-BR", "zh-Hant"];
        for (said, text, found) in [
            ("sw", "sw", Exactly),
            ("SW", "sw", Exactly),
            ("en_gb", "en-GB", Exactly),
            ("en_GB.UTF-8", "en-GB", Exactly),
            ("en-US", "en", ByLanguage),
            ("sw-KE", "sw", ByLanguage),
            ("zh-Hant-TW", "zh-Hant", ByLanguage),
            ("pt", "pt-BR", ByLanguage),
            ("pt-PT", "pt-BR", ByLanguage),
            ("", "en", Unsaid),
            ("fr", "en", Unknown),
            ("English", "en", Unknown),
            ("-", "en", Unknown),
        ] {
            assert_eq!(find(&tags, "en", said), (text.to_owned(), found), "{said}");
        }
    }

    #[test]
    fn of_two_texts_in_one_language_neither_is_guessed() {
        let tags = ["en", "zh-Hans", "zh-Hant"];
        assert_eq!(find(&tags, "en", "zh"), ("en".to_owned(), Found::Unknown));
        assert_eq!(find(&tags, "en", "zh-Hans-CN").0, "zh-Hans");
        assert_eq!(find(&["en", "sr-Cyrl"], "en", "sr-Latn-RS"), ("en".to_owned(), Found::Unknown));
        assert_eq!(find(&["en", "sr-Cyrl"], "en", "sr-RS").0, "sr-Cyrl");
    }

    #[test]
    fn what_is_no_tag_is_refused() {
        for wrong in ["", "english", "e", "en-", "en--GB", "en-GB ", "12", "default!"] {
            assert!(wrong.parse::<Tag>().is_err(), "{wrong}");
        }
        assert!(Locales::new(vec!["en".parse().unwrap()], "sw").is_none());
    }
}
