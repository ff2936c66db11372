//! `sendplan preview`: what recipients will read, chosen so that the unusual is seen.

use super::exit::{Code, Failure};
use super::scan::scan;
use super::terminal::Terminal;
use super::{Outcome, load};
use crate::audience::Address;
use crate::cli::Preview;
use crate::message::segments::{Encoding, Measure};
use crate::plan::Entry;
use crate::report::preview::{Sample, bubble};

pub fn run(args: &Preview, terminal: &Terminal) -> Outcome {
    let loaded = load::campaign(&args.campaign, terminal)?;
    let counted = loaded.campaign.counts_segments();
    let masked = !args.show_addresses;
    let by_id = loaded.campaign.audience.rules.id.is_some();
    let mut chooser = Chooser::new(usize::from(args.sample));
    let wanted = args.recipient.as_deref();
    let wanted_address = wanted.and_then(|text| loaded.campaign.audience.rules.kind.read(text).ok());
    let mut excluded: Option<String> = None;
    scan(&loaded, None, terminal, &mut |entry| {
        match entry {
            Entry::Planned { id, address, text, measure, .. } => {
                let chosen = match wanted {
                    None => chooser.consider(text, &measure),
                    Some(wanted) if id == wanted || Some(address) == wanted_address.as_ref() => {
                        Some("asked for")
                    }
                    Some(_) => None,
                };
                if let Some(why) = chosen {
                    let recipient = recipient(id, address, by_id, masked);
                    let measure = counted.then_some(measure);
                    chooser.keep(Sample { recipient, why, text: text.to_owned(), measure });
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

fn recipient(id: &str, address: &Address, by_id: bool, masked: bool) -> String {
    let address = if masked { address.masked() } else { address.to_string() };
    if by_id { format!("{id}  {address}") } else { address }
}

/// Keeps the first message, the longest, the first in each encoding, then the next ones in order.
struct Chooser {
    most: usize,
    first: Vec<Sample>,
    extremes: Vec<Sample>,
    units: u32,
    seen: [bool; 2],
}

impl Chooser {
    fn new(most: usize) -> Self {
        Self { most, first: Vec::new(), extremes: Vec::new(), units: 0, seen: [false; 2] }
    }

    /// Why a message should be kept, if it should.
    fn consider(&mut self, text: &str, measure: &Measure) -> Option<&'static str> {
        let encoding = usize::from(measure.encoding == Encoding::Ucs2);
        let first_of_kind = !std::mem::replace(&mut self.seen[encoding], true);
        let length = text.len().try_into().unwrap_or(u32::MAX);
        if self.first.is_empty() {
            self.units = length;
            return Some("first");
        }
        if first_of_kind {
            self.units = self.units.max(length);
            return Some(if encoding == 1 { "first in UCS-2" } else { "first in GSM-7" });
        }
        if length > self.units {
            self.units = length;
            return Some("longest");
        }
        (self.first.len() < self.most).then_some("next")
    }

    fn keep(&mut self, sample: Sample) {
        match sample.why {
            "longest" => {
                self.extremes.retain(|other| other.why != "longest");
                self.extremes.push(sample);
            }
            "first in UCS-2" | "first in GSM-7" => self.extremes.push(sample),
            _ => self.first.push(sample),
        }
    }

    /// The first one, then the extremes, then the rest, as many as were asked for.
    fn samples(self) -> Vec<Sample> {
        let mut first = self.first.into_iter();
        first.next().into_iter().chain(self.extremes).chain(first).take(self.most).collect()
    }
}
