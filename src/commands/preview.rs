//! `sendplan preview`: what recipients will read, chosen so that every branch of the texts and the unusual are seen; on a
//! terminal, or as a page for those who approve it.

mod page;

use super::exit::{Code, Failure};
use super::places;
use super::planned::swallowing;
use super::samples::{Candidate, Choice, Chooser, Chosen, Why, Wish};
use super::scan::{reference, scan};
use super::terminal::Terminal;
use super::{Outcome, load, page_file};
use crate::audience::Place;
use crate::campaign::Campaign;
use crate::cli::Preview;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::message::hygiene::Flaw;
use crate::message::{Way, Wording, WordingId, Wordings};
use crate::plan::flaws::character;
use crate::plan::{Entry, Tracer, Whereabouts};
use crate::report::mask::Mask;
use crate::report::preview::{Sample, Unread, bubble, unread};
use crate::world::workspace::Loaded;

/// So many messages are shown on a terminal where nothing else is asked for, and on a page.
const SHOWN: usize = 3;
const SHOWN_ON_A_PAGE: usize = 24;
/// One message of each zone is shown on a page, of so many zones at most.
const MOST_ZONES: usize = 24;

pub fn run(args: &Preview, terminal: &Terminal) -> Outcome {
    args.html.as_deref().map_or(Ok(()), page_file::check)?;
    let loaded = load::campaign(&args.campaign, terminal)?;
    let mut shown = Shown::new(args, &loaded);
    let mut page = args.html.as_ref().map(|_| page::Page::new(&loaded, args, shown.mask));
    let totals = scan(&loaded, None, terminal, &mut |entry| {
        page.iter_mut().for_each(|page| page.take(&entry, || shown.sample(&entry)));
        shown.take(&entry);
        Ok(())
    })?;
    if let Some(warning) = swallowing(&loaded, &totals) {
        let mut problems = Diagnostics::new();
        problems.push(Diagnostic::warning(warning));
        terminal.problems(&problems);
    }
    let mut untaken = shown.chooser.untaken();
    untaken.retain(|(wording, _)| shown.tracer.is_certain(*wording));
    let excluded = shown.excluded.take();
    let samples = shown.samples();
    match (&args.recipient, samples.is_empty()) {
        (Some(wanted), true) => {
            let nobody = || format!("`{wanted}` is not in {}", loaded.recipients.shown());
            return Err(Failure::Input(excluded.unwrap_or_else(nobody)));
        }
        (None, true) => {
            return Err(Failure::Input("not one row becomes a message: `sendplan plan` says why".to_owned()));
        }
        _ => {}
    }
    let unread_ways = if args.recipient.is_none() { nobodys(&loaded, &untaken) } else { Vec::new() };
    match (page, &args.html) {
        (Some(page), Some(path)) => {
            page_file::write(path, &page.finish(args, &totals, &samples, &unread_ways))?;
            terminal.note(&format!("the page is in {}", path.display()));
        }
        _ => {
            let mut out: Vec<String> = samples.iter().map(bubble).collect();
            out.extend((!unread_ways.is_empty()).then(|| unread(&unread_ways)));
            terminal.data(&out.join("\n"));
        }
    }
    Ok(Code::Done)
}

/// What is shown of the messages of a plan.
pub struct Shown<'a> {
    loaded: &'a Loaded,
    mask: Mask,
    names: Vec<String>,
    wanted: Option<&'a str>,
    wanted_address: Option<crate::audience::Address>,
    chooser: Chooser,
    tracer: Tracer<'a>,
    /// Why the one who was asked for gets nothing.
    excluded: Option<String>,
}

impl<'a> Shown<'a> {
    fn new(args: &'a Preview, loaded: &'a Loaded) -> Self {
        let is_page = args.html.is_some();
        let wish = Wish {
            most: args.sample.map_or(if is_page { SHOWN_ON_A_PAGE } else { SHOWN }, usize::from),
            zones: if is_page { MOST_ZONES } else { 0 },
            extremes: is_page,
        };
        let wanted = args.recipient.as_deref();
        Self {
            mask: if args.show_addresses { Mask::Shown } else { Mask::Masked },
            wanted,
            wanted_address: wanted.and_then(|text| loaded.campaign.audience.rules.kind.read(text).ok()),
            ..Self::of(loaded, wish)
        }
    }

    /// Whoever is worth seeing, with masked addresses.
    pub fn of(loaded: &'a Loaded, wish: Wish) -> Self {
        let campaign = &loaded.campaign;
        let (rules, wordings) = (&campaign.audience.rules, &campaign.wordings);
        let tracer = Tracer::new(rules, wordings, reference(campaign));
        Self {
            loaded,
            mask: Mask::Masked,
            names: names(wordings),
            wanted: None,
            wanted_address: None,
            chooser: Chooser::new(wish, ways(wordings, &tracer)),
            tracer,
            excluded: None,
        }
    }

    /// The messages that were chosen, with what is said of each.
    pub fn samples(self) -> Vec<Sample> {
        samples(self.loaded, self.chooser.chosen())
    }

    /// Looks at what became of a row.
    pub fn take(&mut self, entry: &Entry<'_>) {
        let Entry::Planned { id, address, text, measure, wording, whereabouts, flaws, row, .. } = entry
        else {
            return self.excluded(entry);
        };
        let choice = match self.wanted {
            None => {
                let cost = self.loaded.campaign.profile.cost();
                let candidate = Candidate {
                    text,
                    measure: *measure,
                    wording: *wording,
                    flaws,
                    price: cost.and_then(|cost| cost.of(address.digits(), measure.parts)),
                    whereabouts: *whereabouts,
                };
                let tracer = &mut self.tracer;
                self.chooser.consider(&candidate, &mut || tracer.ways(row, id, address, *wording))
            }
            Some(wanted) if *id == wanted || Some(*address) == self.wanted_address.as_ref() => {
                Some(Choice::asked_for())
            }
            Some(_) => None,
        };
        if let Some(choice) = choice {
            let sample = self.sample(entry);
            self.chooser.keep(choice, sample);
        }
    }

    fn sample(&self, entry: &Entry<'_>) -> Sample {
        let Entry::Planned { id, address, text, measure, wording, flaws, place, whereabouts, .. } = entry
        else {
            return Sample::default();
        };
        let campaign = &self.loaded.campaign;
        let (id, shown) = recipient(self.loaded, self.mask, id, &address.to_string());
        let price = campaign.profile.cost().and_then(|cost| {
            let price = cost.of(address.digits(), measure.parts)?;
            Some(format!("{price} {}", cost.currency()))
        });
        Sample {
            id,
            address: shown,
            place: Some(place.clone()),
            wording: self.names.get(usize::from(*wording)).cloned().unwrap_or_default(),
            variant: part(campaign, *wording, |one| one.variant.as_deref()),
            locale: part(campaign, *wording, |one| one.locale.as_deref()),
            zone: whereabouts.map_or_else(String::new, zone),
            price,
            why: Vec::new(),
            text: (*text).to_owned(),
            measure: campaign.counts_segments().then_some(*measure),
            flaws: flaws.iter().map(|(flaw, _)| words(text, flaw)).collect(),
        }
    }

    fn excluded(&mut self, entry: &Entry<'_>) {
        if let (Some(wanted), Entry::Excluded { place, reason, row }) = (self.wanted, entry)
            && row.iter().any(|cell| cell.trim_ascii() == wanted.as_bytes())
        {
            self.excluded.get_or_insert(format!("`{wanted}` gets nothing ({place}): {reason}"));
        }
    }
}

/// A recipient as shown: the identity, empty where that is the address, and the address.
fn recipient(loaded: &Loaded, mask: Mask, id: &str, address: &str) -> (String, String) {
    let by_id = loaded.campaign.audience.rules.id.is_some();
    let id = if by_id { mask.recipient(id, address).into_owned() } else { String::new() };
    (id, mask.address(address).into_owned())
}

/// A part of what a text is called, where there are several.
fn part(campaign: &Campaign, wording: WordingId, of: impl Fn(&Wording) -> Option<&str>) -> String {
    let all = campaign.wordings.all();
    let part = all.get(usize::from(wording)).filter(|_| campaign.wordings.are_several()).and_then(of);
    part.unwrap_or_default().to_owned()
}

/// The zone or zones in which somebody may be.
fn zone(whereabouts: Whereabouts) -> String {
    match whereabouts {
        Whereabouts::Nowhere(_) => "nobody knows".to_owned(),
        somewhere => places::name(somewhere.zones()),
    }
}

/// How many ways there are through each text that can be followed.
fn ways(wordings: &Wordings, tracer: &Tracer<'_>) -> Vec<usize> {
    let ways = |(at, wording): (usize, &Wording)| match WordingId::try_from(at) {
        Ok(number) if tracer.follows(number) => wording.template.ways().len(),
        _ => 0,
    };
    wordings.all().iter().enumerate().map(ways).collect()
}

/// The samples with what is said of each.
fn samples(loaded: &Loaded, chosen: Vec<Chosen>) -> Vec<Sample> {
    let all = loaded.campaign.wordings.all();
    let sample = |one: Chosen| {
        let Chosen { whys, wording, ways, sample } = one;
        let through =
            all.get(usize::from(wording)).map(|wording| wording.template.ways()).unwrap_or_default();
        let ways: Vec<&Way> = ways.iter().filter_map(|way| through.get(*way)).collect();
        // A branch is told by its tag.
        let told = |why: &Why| match why {
            Why::FirstOfBranch => ways.iter().map(|way| branch(way)).collect(),
            why => vec![why.words().to_owned()],
        };
        let why = whys.iter().flat_map(told).collect();
        Sample { why, ..sample }
    };
    chosen.into_iter().map(sample).collect()
}

/// A branch in few words.
fn branch(way: &Way) -> String {
    if way.goes_around { format!("without `{}`", way.tag) } else { format!("with `{}`", way.tag) }
}

/// The ways that nobody's message takes: those of one tag in one place together, with the texts of which that is true.
fn nobodys(loaded: &Loaded, untaken: &[(WordingId, usize)]) -> Vec<Unread> {
    let wordings = &loaded.campaign.wordings;
    let names = names(wordings);
    let mut all: Vec<(Unread, usize)> = Vec::new();
    for (wording, way) in untaken {
        let at = usize::from(*wording);
        let Some(way) = wordings.all().get(at).and_then(|one| one.template.ways().get(*way)) else {
            continue;
        };
        let name = names.get(at).cloned();
        let place = Place { line: way.line as u64, file: Some(std::sync::Arc::clone(&way.file)) };
        let known = all
            .iter_mut()
            .find(|(one, _)| (&one.place, &one.tag, one.goes_around) == (&place, &way.tag, way.goes_around));
        match known {
            Some((one, _)) => one.texts.extend(name),
            None => {
                let having = wordings.all().iter().filter(|one| one.template.ways().contains(way)).count();
                let unread = Unread {
                    place,
                    tag: way.tag.clone(),
                    goes_around: way.goes_around,
                    texts: name.into_iter().collect(),
                };
                all.push((unread, having));
            }
        }
    }
    // What is true of all texts that have it is true of the tag.
    let told = |(mut unread, having): (Unread, usize)| {
        if unread.texts.len() == having {
            unread.texts.clear();
        }
        unread
    };
    all.into_iter().map(told).collect()
}

/// What is said of a flaw.
fn words(text: &str, flaw: &Flaw) -> String {
    format!("{} at character {}", flaw.kind.words(), character(text, flaw.span.start))
}

/// What the texts are called, where there are several.
fn names(wordings: &Wordings) -> Vec<String> {
    if wordings.are_several() { wordings.all().iter().map(name).collect() } else { Vec::new() }
}

/// What a text is called: `variant a, sw`.
fn name(wording: &Wording) -> String {
    let variant = wording.variant.as_ref().map(|name| format!("variant {name}"));
    let locale = wording.locale.as_ref().map(ToString::to_string);
    variant.into_iter().chain(locale).collect::<Vec<_>>().join(", ")
}
