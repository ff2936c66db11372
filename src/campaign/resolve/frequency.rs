//! Who is left out because of what was sent before: `audience.once_per` and `audience.cap`.

use super::Resolver;
use crate::campaign::raw;
use crate::campaign::{Cap, Frequency, OncePer};
use crate::diagnostic::Diagnostic;
use crate::units::Span;
use crate::yaml::{Spanned, all};

impl Resolver<'_> {
    pub(super) fn frequency(&mut self, audience: &raw::Audience) -> Option<Frequency> {
        let word = audience.once_per.as_ref().map(|word| self.word("audience.once_per", word));
        let cap = audience.cap.as_ref().map(|cap| self.cap_of_messages(&cap.value));
        Some(Frequency { once_per: all(word)?.map(OncePer::of), cap: all(cap)? })
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
