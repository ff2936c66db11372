//! What was found in the texts of a plan, in its report's words: characters that GSM-7 lacks, who reads which text,
//! texts that do not say how to opt out, what looks wrong.

use std::sync::Arc;

use crate::message::spelling::spelling;
use crate::plan::totals::Lacking;
use crate::plan::{Culprit, Excerpt, FlawCount, Origin, Totals};
use crate::provider::Cost;
use crate::report::alphabet::{Alphabet, Character};
use crate::report::flaws::{FlawLine, excerpt, seen};
use crate::report::mask::Mask;
use crate::report::plan::WithoutOptOut;
use crate::report::readers::{Languages, TextReaders, UnknownLocale};
use crate::world::workspace::Loaded;

/// Which characters make messages UCS-2, where the gateway has segments.
pub fn alphabet(loaded: &Loaded, totals: &Totals) -> Alphabet {
    let (campaign, found) = (&loaded.campaign, &totals.alphabet);
    if !campaign.counts_segments() {
        return Alphabet::default();
    }
    let columns = campaign.audience.rules.header.columns();
    let line = |one: Culprit| Character {
        character: one.character,
        code: format!("U+{:04X}", u32::from(one.character)),
        column: match one.origin {
            Origin::Text => None,
            Origin::Column(at) => columns.get(at).cloned(),
        },
        messages: one.messages,
        first_line: totals.place(one.first_line).line,
        first_file: totals.place(one.first_line).file.map(|file| file.to_string()),
        segments: one.segments,
        spelling: spelling(one.character),
    };
    let money = |cost: &Cost| format!("{} {}", found.money, cost.currency());
    Alphabet {
        transliterated: found.respelled,
        spellable: found.spellable,
        segments: found.segments,
        cost: campaign.profile.cost().map(money),
        characters: found.culprits().into_iter().map(line).collect(),
    }
}

/// Who reads which text, where there are several.
pub fn texts(loaded: &Loaded, totals: &Totals) -> Vec<TextReaders> {
    let campaign = &loaded.campaign;
    if !campaign.wordings.are_several() {
        return Vec::new();
    }
    let name = |name: &Option<Arc<str>>| name.as_deref().map(str::to_owned);
    let all = campaign.wordings.all().iter().enumerate().map(|(number, wording)| {
        let share = totals.readers.shares().get(number).copied().unwrap_or_default();
        TextReaders {
            variant: name(&wording.variant),
            locale: name(&wording.locale),
            messages: share.messages,
            segments: campaign.counts_segments().then_some(share.segments),
        }
    });
    all.collect()
}

pub fn languages(totals: &Totals) -> Languages {
    let readers = &totals.readers;
    // Somebody may have named another column: cells are shown as those of nobody knows what.
    let unknown = |(said, messages): (&str, u64)| {
        let shown: String = seen(&Mask::Masked.cell(said)).chars().take(LONGEST_LOCALE).collect();
        UnknownLocale { locale: shown, messages }
    };
    Languages {
        by_language: readers.by_language,
        unsaid: readers.unsaid,
        unknown: readers.unknown,
        unknown_locales: readers.odd().into_iter().map(unknown).collect(),
        other_unknown: readers.others,
    }
}

/// So many characters of what a row names for a language are shown: the longest tags have as many (RFC 5646 §4.4.1).
const LONGEST_LOCALE: usize = 35;

/// The texts that do not say how to opt out.
pub fn without_opt_out(totals: &Totals, lacking: Lacking) -> WithoutOptOut {
    let first = totals.place(lacking.first_line);
    WithoutOptOut {
        messages: lacking.messages,
        first_line: first.line,
        first_file: first.file.map(|file| file.to_string()),
    }
}

/// What looks wrong in texts.
pub fn flaws(loaded: &Loaded, totals: &Totals) -> Vec<FlawLine> {
    let columns = loaded.campaign.audience.rules.header.columns();
    let line = |one: &FlawCount| {
        let first = totals.place(one.first_line);
        let Excerpt { before: (cut_before, before), flaw, behind: (cut_behind, behind) } = &one.example;
        let edge = |cut: bool| if cut { "…" } else { "" };
        FlawLine {
            kind: one.kind.name(),
            words: one.kind.words(),
            column: match one.origin {
                Origin::Text => None,
                Origin::Column(at) => columns.get(at).cloned(),
            },
            messages: one.messages,
            first_line: first.line,
            first_file: first.file.map(|file| file.to_string()),
            character: one.at,
            example: format!("{}{}{}", edge(*cut_before), excerpt(before, flaw, behind), edge(*cut_behind)),
        }
    };
    totals.flaws.counts().into_iter().map(line).collect()
}
