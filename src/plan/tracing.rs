//! Which ways the messages of a plan take through their texts: for people who want to see one of each. The plan itself
//! does nothing for it: a row is read again by whoever asks.

use crate::audience::address::Address;
use crate::audience::dialect::Dialect;
use crate::audience::rows::{Row, Rows};
use crate::audience::rules::Rules;
use crate::message::recipient::Recipient;
use crate::message::segments::Reference;
use crate::message::template::Traced;
use crate::message::wording::{WordingId, Wordings};
use crate::plan::clock;

/// A row that was cut already, as it stands in the text of its file.
#[derive(Debug, Clone, Copy)]
pub struct WrittenRow<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) dialect: Dialect,
}

impl WrittenRow<'_> {
    /// Reads its cells.
    pub fn read<T>(&self, with: impl FnOnce(&Row<'_>) -> T) -> Option<T> {
        // The bytes were cut once already, so they are a row of UTF-8.
        let mut rows = Rows::new(std::str::from_utf8(self.bytes).ok()?, 1, self.dialect);
        rows.next_row().ok().flatten().map(|row| with(&row))
    }
}

/// Follows messages through their texts, on one thread.
#[derive(Debug)]
pub struct Tracer<'r> {
    rules: &'r Rules,
    wordings: &'r Wordings,
    /// A copy of each text that has branches and can be followed.
    texts: Vec<Option<Traced>>,
    /// Those of them that could not be followed for somebody.
    lost: Vec<WordingId>,
    address: String,
}

impl<'r> Tracer<'r> {
    /// For the messages of a plan of these texts, whose parts share a reference of this kind.
    pub fn new(rules: &'r Rules, wordings: &'r Wordings, reference: Reference) -> Self {
        let clock = clock(rules.kind);
        let templates = wordings.all().iter().map(|one| &one.template);
        let traced = templates.map(|one| one.traced(one.scratch().for_readers(clock, reference)));
        Self { rules, wordings, texts: traced.collect(), lost: Vec::new(), address: String::new() }
    }

    /// Whether a text can be followed; one without branches cannot.
    pub fn follows(&self, wording: WordingId) -> bool {
        self.texts.get(usize::from(wording)).is_some_and(Option::is_some)
    }

    /// Whether a text was followed for everybody who was asked for.
    pub fn is_certain(&self, wording: WordingId) -> bool {
        !self.lost.contains(&wording)
    }

    /// The ways that a message takes, by their numbers in [`Template::ways`](crate::message::Template::ways).
    pub fn ways(
        &mut self,
        row: &WrittenRow<'_>,
        id: &str,
        address: &Address,
        wording: WordingId,
    ) -> Vec<usize> {
        let Self { rules, wordings, texts, lost, address: text } = self;
        let Some(traced) = texts.get_mut(usize::from(wording)).and_then(Option::as_mut) else {
            return Vec::new();
        };
        address.write_to(text);
        let ways = row.read(|row| {
            let said = |column: Option<usize>| column.map_or("", |column| row.get(column).trim());
            let locale = wordings.pick(id, said(rules.locale)).locale;
            let recipient = Recipient { id, address: text, locale, timezone: said(rules.timezone) };
            traced.ways(|column| row.get(column), &recipient)
        });
        if ways.as_ref().is_none_or(Option::is_none) && !lost.contains(&wording) {
            lost.push(wording);
        }
        ways.flatten().unwrap_or_default()
    }
}
