//! What every text must say for people to know how to get no more of them.

use std::fmt;

use crate::diagnostic::listing;
use crate::expression::parts::{Part, What, keyword, parts};
use crate::message::spelling::respell;
use crate::message::stop_words;

/// What a text must carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OptOut {
    /// One of the words by which people opt out.
    Word,
    /// One of these texts, in whatever case and with whatever white space.
    Texts(Vec<Phrase>),
}

/// A text that others must carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    written: String,
    /// As it is compared, and as GSM-7 would spell it.
    folded: [String; 2],
}

impl Phrase {
    /// Nothing for one of white space alone, which every text carries.
    pub fn new(text: &str) -> Option<Self> {
        let mut spelled = String::new();
        let is_spelled = respell(text, &mut spelled);
        let fold = |text: &str| fold(text.trim()).collect::<String>();
        let folded = [fold(text), fold(if is_spelled { &spelled } else { text })];
        (!folded.iter().any(String::is_empty)).then(|| Self { written: text.to_owned(), folded })
    }

    fn stands_in(&self, text: &str) -> bool {
        let begins = |rest: &str| self.folded.iter().any(|phrase| begins(rest, phrase));
        let mut before = None;
        text.char_indices().any(|(at, first)| {
            // In the middle of a word it is another word.
            let goes_on = before.replace(first).is_some_and(char::is_alphanumeric) && first.is_alphanumeric();
            !goes_on && text.get(at..).is_some_and(begins)
        })
    }
}

impl OptOut {
    /// Whether a text carries it.
    pub fn stands_in(&self, text: &str) -> bool {
        match self {
            Self::Word => stop_words::stands_in(text),
            Self::Texts(phrases) => phrases.iter().any(|phrase| phrase.stands_in(text)),
        }
    }

    /// Whether every text of a template carries it, whatever the row: it stands between tags, and under no condition.
    pub fn stands_always_in(&self, source: &str) -> bool {
        let found = parts(source);
        let word = |part: &Part| keyword(source.get(part.inner.clone()).unwrap_or_default());
        // What is set aside may be written nowhere, and a dash takes the white space away that parts a word from what
        // is written beside it: such a text is asked for every row.
        let may_vary = |part: &Part| {
            part.trims_before || part.trims_after || part.what == What::Tag && word(part) == "endset"
        };
        if found.iter().any(may_vary) {
            return false;
        }
        let mut depth = 0_usize;
        for (at, part) in found.iter().enumerate() {
            let inner = source.get(part.inner.clone()).unwrap_or_default();
            match (part.what, keyword(inner)) {
                (What::Tag, "if" | "for" | "filter") => depth += 1,
                (What::Tag, word) if word.starts_with("end") => depth = depth.saturating_sub(1),
                (What::Text | What::Raw, _) if depth == 0 => {
                    // What a tag writes beside a word may make another word of it, and a link or an address of the
                    // one by which people opt out.
                    let sticks = |c: char| match self {
                        Self::Word => !c.is_whitespace(),
                        Self::Texts(_) => c.is_alphanumeric(),
                    };
                    let inner = if at > 0 { inner.trim_start_matches(sticks) } else { inner };
                    let is_last = at + 1 == found.len();
                    let inner = if is_last { inner } else { inner.trim_end_matches(sticks) };
                    if self.stands_in(inner) {
                        return true;
                    }
                }
                _ => {}
            }
        }
        false
    }
}

impl fmt::Display for OptOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word => f.write_str("`STOP` or another word that people opt out by"),
            Self::Texts(phrases) => {
                f.write_str(&listing(phrases.iter().map(|phrase| phrase.written.as_str())))
            }
        }
    }
}

/// Small letters, and one space for all white space beside each other.
fn fold(text: &str) -> impl Iterator<Item = char> {
    let mut is_space = false;
    let one = text.chars().filter_map(move |character| {
        let was_space = std::mem::replace(&mut is_space, character.is_whitespace());
        match (is_space, was_space) {
            (true, true) => None,
            (true, false) => Some(' '),
            (false, _) => Some(character),
        }
    });
    one.flat_map(char::to_lowercase)
}

/// Whether a text begins with the phrase, and no letter or digit goes on behind it.
fn begins(text: &str, phrase: &str) -> bool {
    let mut folded = fold(text);
    let ends_a_word = phrase.chars().next_back().is_some_and(char::is_alphanumeric);
    phrase.chars().all(|character| folded.next() == Some(character))
        && !(ends_a_word && folded.next().is_some_and(char::is_alphanumeric))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(all: &[&str]) -> OptOut {
        OptOut::Texts(all.iter().map(|text| Phrase::new(text).unwrap()).collect())
    }

    #[test]
    fn a_text_is_compared_without_case_and_white_space() {
        let opt_out = texts(&["STOP to  opt out", "Tuma STOP kujiondoa"]);
        for yes in ["Hi. stop to opt out", "(STOP\nto\topt out)", "x TUMA stop kujiondoa."] {
            assert!(opt_out.stands_in(yes), "{yes}");
        }
        for no in
            ["", "STOP", "STOP to optout", "STOP to opt ou", "nonSTOP to opt out", "STOP to opt outside"]
        {
            assert!(!opt_out.stands_in(no), "{no}");
        }
        assert_eq!(Phrase::new(" \n"), None);
    }

    #[test]
    fn what_is_set_aside_is_not_said() {
        for source in [
            "{% set foot | truncate(length=40) %}Reply STOP{% endset %}Hi {{ name }}",
            "{% if vip %}{% set y | trim(pat=\"a\") %}x{% endset %}STOP{% endif %}",
            "{% set foot %}Reply STOP{% endset %}Hi",
            "Hi https://acme.example/{{ code -}} STOP",
            "Reply STOP {{- code }}",
        ] {
            assert!(!OptOut::Word.stands_always_in(source), "{source}");
        }
        assert!(OptOut::Word.stands_always_in("{% set shop = \"=\" %}Reply STOP."));
    }

    #[test]
    fn a_text_that_was_spelled_in_gsm7_still_carries_it() {
        let opt_out = texts(&["Répondez “STOP” – arrêt"]);
        assert!(opt_out.stands_in("Répondez “STOP” – arrêt"));
        assert!(opt_out.stands_in("Répondez \"STOP\" - arret"));
    }

    #[test]
    fn what_a_template_always_writes_is_known() {
        let always = |source| OptOut::Word.stands_always_in(source);
        for yes in [
            "Hi {{ a }}. STOP to end",
            "{% if a %}x{% endif %} STOP",
            "{% set x = 1 %} STOP {{ x }}",
            "{% raw %}STOP !{% endraw %}",
            "STOP",
        ] {
            assert!(always(yes), "{yes}");
        }
        for no in [
            "{% if a %}STOP now{% endif %}",
            "{% for x in a %} STOP {% endfor %}",
            "{{ a }}STOP{{ b }}",
            "https://{{ a }}/STOP",
            "the {{ a }} END",
            "{{ a }}@STOP.example",
            "{% set x %} STOP {% endset %}",
            "{# STOP #}",
            "{{ 'STOP' }}",
        ] {
            assert!(!always(no), "{no}");
        }
    }
}
