//! Who is left out because of what was sent before: `audience.once_per`, `audience.cap` and `audience.exclude_campaign`.

use super::resolver::Resolver;
use crate::campaign::raw;
use crate::campaign::{Cap, Frequency, OncePer};
use crate::diagnostic::Diagnostic;
use crate::units::Span;
use crate::yaml::{Spanned, TextOr, all};

impl Resolver<'_> {
    pub(super) fn frequency(&mut self, campaign: &str, audience: &raw::Audience) -> Option<Frequency> {
        let word = audience.once_per.as_ref().map(|word| self.word("audience.once_per", word));
        let cap = audience.cap.as_ref().map(|cap| self.cap_of_messages(&cap.value));
        let exclude = self.excluded(campaign, audience);
        Some(Frequency { once_per: all(word)?.map(OncePer::of), cap: all(cap)?, exclude: exclude? })
    }

    /// The campaigns whose people are left out. Which of them there are, only a state knows.
    fn excluded(&mut self, campaign: &str, audience: &raw::Audience) -> Option<Vec<String>> {
        let Some(names) = &audience.exclude_campaign else { return Some(Vec::new()) };
        let names = match &names.value {
            TextOr::Text(name) => vec![Spanned { value: name.clone(), span: names.span.clone() }],
            TextOr::Other(names) => names.clone(),
        };
        let mut excluded = Vec::new();
        let mut is_sound = true;
        for name in &names {
            let Some(word) = self.word("audience.exclude_campaign", name) else {
                is_sound = false;
                continue;
            };
            if word == campaign {
                is_sound = false;
                self.problems.push(
                    Diagnostic::error(format!(
                        "`audience.exclude_campaign`: `{word}` is this campaign itself"
                    ))
                    .at(self.source, name.span.clone(), "")
                    .help("`once_per: campaign` leaves out whoever got it before"),
                );
            }
            excluded.push(word);
        }
        is_sound.then_some(excluded)
    }

    fn cap_of_messages(&mut self, cap: &raw::Cap) -> Option<Cap> {
        let per = cap.per.as_ref().and_then(|per| self.length(per));
        Some(Cap { messages: cap.messages.as_ref()?.value, per: per? })
    }

    /// A length of time; one that is nothing, or too long, is told what would do.
    fn length(&mut self, text: &Spanned<String>) -> Option<Span> {
        match text.value.parse() {
            Ok(length) => Some(length),
            Err(error) => {
                let problem = Diagnostic::error(format!("`audience.cap.per`: {error}"));
                self.problems.push(
                    problem
                        .at(self.source, text.span.clone(), "")
                        .help("it is more than nothing, and 366d at most"),
                );
                None
            }
        }
    }
}
