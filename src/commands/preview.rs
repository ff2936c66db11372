//! `sendplan preview`: what recipients will read, chosen so that the unusual is seen.

use super::exit::{Code, Failure};
use super::plan::swallowing;
use super::samples::{Chooser, Why};
use super::scan::scan;
use super::terminal::Terminal;
use super::{Outcome, load};
use crate::audience::Address;
use crate::cli::Preview;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::message::Wording;
use crate::message::hygiene::Flaw;
use crate::plan::Entry;
use crate::plan::flaws::character;
use crate::report::mask::Mask;
use crate::report::preview::{Sample, bubble};

pub fn run(args: &Preview, terminal: &Terminal) -> Outcome {
    let loaded = load::campaign(&args.campaign, terminal)?;
    let counted = loaded.campaign.counts_segments();
    let mask = if args.show_addresses { Mask::Shown } else { Mask::Masked };
    let by_id = loaded.campaign.audience.rules.id.is_some();
    let wordings = &loaded.campaign.wordings;
    let names: Vec<String> = match wordings.are_several() {
        true => wordings.all().iter().map(name).collect(),
        false => Vec::new(),
    };
    let mut chooser = Chooser::new(usize::from(args.sample));
    let wanted = args.recipient.as_deref();
    let wanted_address = wanted.and_then(|text| loaded.campaign.audience.rules.kind.read(text).ok());
    let mut excluded: Option<String> = None;
    let totals = scan(&loaded, None, terminal, &mut |entry| {
        match entry {
            Entry::Planned { id, address, text, measure, wording, flaws, .. } => {
                let chosen = match wanted {
                    None => chooser.consider(text, &measure, wording, flaws),
                    Some(wanted) if id == wanted || Some(address) == wanted_address.as_ref() => {
                        Some(Why::AskedFor)
                    }
                    Some(_) => None,
                };
                if let Some(why) = chosen {
                    let sample = Sample {
                        recipient: recipient(id, address, by_id, mask),
                        wording: names.get(usize::from(wording)).cloned().unwrap_or_default(),
                        why: why.words(),
                        text: text.to_owned(),
                        measure: counted.then_some(measure),
                        flaws: flaws.iter().map(|(flaw, _)| words(text, flaw)).collect(),
                    };
                    chooser.keep(why, sample);
                }
            }
            Entry::Excluded { place, reason, row } => {
                if let Some(wanted) = wanted
                    && row.iter().any(|cell| cell.trim_ascii() == wanted.as_bytes())
                {
                    excluded.get_or_insert(format!("`{wanted}` gets nothing ({place}): {reason}"));
                }
            }
        }
        Ok(())
    })?;
    if let Some(warning) = swallowing(&loaded, &totals) {
        let mut problems = Diagnostics::new();
        problems.push(Diagnostic::warning(warning));
        terminal.problems(&problems);
    }
    let samples = chooser.samples();
    match (wanted, samples.is_empty()) {
        (Some(wanted), true) => Err(Failure::Input(
            excluded.unwrap_or_else(|| format!("`{wanted}` is not in {}", loaded.recipients.shown())),
        )),
        (None, true) => {
            Err(Failure::Input("not one row becomes a message: `sendplan plan` says why".to_owned()))
        }
        _ => {
            let shown: Vec<String> = samples.iter().map(bubble).collect();
            terminal.data(&shown.join("\n"));
            Ok(Code::Done)
        }
    }
}

fn recipient(id: &str, address: &Address, by_id: bool, mask: Mask) -> String {
    let address = address.to_string();
    let shown = mask.address(&address);
    if by_id { format!("{}  {shown}", mask.recipient(id, &address)) } else { shown.into_owned() }
}

/// What is said of a flaw.
fn words(text: &str, flaw: &Flaw) -> String {
    format!("{} at character {}", flaw.kind.words(), character(text, flaw.span.start))
}

/// What a text is called: `variant a, sw`.
fn name(wording: &Wording) -> String {
    let variant = wording.variant.as_ref().map(|name| format!("variant {name}"));
    let locale = wording.locale.as_ref().map(ToString::to_string);
    variant.into_iter().chain(locale).collect::<Vec<_>>().join(", ")
}
