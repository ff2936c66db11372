//! Whom a page can be asked for, with what each of them reads: as data for its script. Texts of one template differ in a
//! few words, so each is told by the stretches that it shares with a sample.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Value, json};

use super::{Sample, drawn, shown, visible};
use crate::message::segments::{Encoding, culprits, split};

/// So many people can be looked for on one page at most.
pub const MOST_PEOPLE: usize = 10_000;
/// Their texts take so many bytes at most while the page is made.
const MOST_HELD: usize = 48 << 20;
/// They take so many bytes of the page at most.
const MOST_WRITTEN: usize = 4 << 20;
/// Stretches that are shorter are written as they are.
const SHORTEST: usize = 8;
/// So many places of one stretch are tried.
const TRIED: usize = 4;

/// The first people of an audience.
#[derive(Debug, Default)]
pub struct Book {
    people: Vec<Sample>,
    held: usize,
    is_full: bool,
}

/// A book as data.
#[derive(Debug)]
pub struct Written {
    /// The JSON for the script.
    pub json: String,
    /// How many people are in it.
    pub people: usize,
}

impl Book {
    /// Whether somebody more can be looked for.
    pub fn has_room(&self) -> bool {
        !self.is_full
    }

    /// Adds somebody, while there is room.
    pub fn add(&mut self, sample: Sample) {
        self.held += sample.text.len() + sample.id.len() + sample.address.len();
        self.people.push(sample);
        self.is_full = self.people.len() >= MOST_PEOPLE || self.held >= MOST_HELD;
    }

    /// All of them, as far as they fit on a page, with their texts told by those of the samples. `sender` is who writes.
    pub fn written(&self, sender: &str, samples: &[Sample]) -> Written {
        let base = Base::of(samples);
        let mut words = Words::default();
        let mut marks = Marks::default();
        let (mut entries, mut bytes) = (Vec::new(), 0);
        for one in &self.people {
            let entry = entry(one, &base, &mut words);
            let entry = entry.to_string();
            bytes += entry.len() + 1;
            if bytes > MOST_WRITTEN {
                break;
            }
            marks.add(one);
            entries.push(entry);
        }
        let head = json!({
            "sender": sender,
            "base": String::from_utf16_lossy(&base.units),
            "odd": marks.odd,
            "hidden": marks.hidden,
            "drawn": marks.drawn,
            "words": words.all,
        });
        let head = head.to_string();
        let head = head.strip_suffix('}').unwrap_or_default();
        Written { json: format!("{head},\"people\":[{}]}}", entries.join(",")), people: entries.len() }
    }
}

/// `[id, address, place, wording, zone, price, text, segments, units, in UCS-2, cuts, flaws]`: what many share by its
/// number among the words, the text as it stands or by stretches, the cuts in UTF-16 units.
fn entry(one: &Sample, base: &Base, words: &mut Words) -> Value {
    let place = one.place.as_ref().map(ToString::to_string).unwrap_or_default();
    let (segments, units, is_ucs2) = one.measure.map_or((0, 0, 0), |measure| {
        (measure.parts, measure.units, u8::from(measure.encoding == Encoding::Ucs2))
    });
    let mut entry = vec![
        json!(shown(&one.id)),
        json!(shown(&one.address)),
        json!(place),
        json!(words.number(&one.wording)),
        json!(words.number(&one.zone)),
        json!(words.number(one.price.as_deref().unwrap_or_default())),
        base.told(&one.text),
        json!(segments),
        json!(units),
        json!(is_ucs2),
        json!(cuts(one)),
    ];
    entry.extend((!one.flaws.is_empty()).then(|| json!(one.flaws)));
    Value::Array(entry)
}

/// Where each segment but the first begins, in UTF-16 units.
fn cuts(one: &Sample) -> Vec<usize> {
    let Some(measure) = one.measure.filter(|measure| measure.parts > 1) else { return Vec::new() };
    let mut at = 0;
    let ends = split(&one.text, &measure).map(|part| {
        at += one.text.get(part).unwrap_or_default().encode_utf16().count();
        at
    });
    let mut cuts: Vec<usize> = ends.collect();
    cuts.pop();
    cuts
}

/// What many share: each is written once.
#[derive(Default)]
struct Words {
    all: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl Words {
    fn number(&mut self, word: &str) -> usize {
        if let Some(number) = self.numbers.get(word) {
            return *number;
        }
        self.all.push(word.to_owned());
        self.numbers.insert(word.to_owned(), self.all.len() - 1);
        self.all.len() - 1
    }
}

/// The characters that are drawn otherwise than as they are.
#[derive(Default)]
struct Marks {
    /// Those that GSM-7 lacks.
    odd: String,
    /// Those that are not seen.
    hidden: String,
    /// Where they do something all the same: with their neighbours.
    drawn: BTreeSet<String>,
}

impl Marks {
    fn add(&mut self, one: &Sample) {
        if one.measure.is_some_and(|measure| measure.encoding == Encoding::Ucs2) {
            culprits(&one.text).for_each(|(_, c)| {
                if !self.odd.contains(c) {
                    self.odd.push(c);
                }
            });
        }
        let mut before = None;
        let mut all = drawn(&one.text, 0..one.text.len()).peekable();
        while let Some((c, seen)) = all.next() {
            if c != '\n' && visible(c) != c {
                if !self.hidden.contains(c) {
                    self.hidden.push(c);
                }
                if seen == c {
                    let behind = all.peek().map(|(next, _)| *next);
                    self.drawn.insert([before, Some(c), behind].into_iter().flatten().collect());
                }
            }
            before = Some(c);
        }
    }
}

/// The texts of the samples, and where each stretch of them stands, in UTF-16 units as scripts count them.
struct Base {
    units: Vec<u16>,
    places: HashMap<[u16; SHORTEST], Vec<usize>>,
}

impl Base {
    fn of(samples: &[Sample]) -> Self {
        const MOST_UNITS: usize = 1 << 16;
        let mut units: Vec<u16> = Vec::new();
        for sample in samples {
            if units.len() + sample.text.len() <= MOST_UNITS {
                units.extend(sample.text.encode_utf16());
            }
        }
        let mut places: HashMap<[u16; SHORTEST], Vec<usize>> = HashMap::new();
        for (at, window) in units.windows(SHORTEST).enumerate() {
            let key: [u16; SHORTEST] = window.try_into().unwrap_or_default();
            let known = places.entry(key).or_default();
            if known.len() < TRIED {
                known.push(at);
            }
        }
        Self { units, places }
    }

    /// The text, or a list of its stretches: two numbers for one of the base, its first unit and its length, or the
    /// stretch itself.
    fn told(&self, text: &str) -> Value {
        let units: Vec<u16> = text.encode_utf16().collect();
        let mut told: Vec<Value> = Vec::new();
        let mut own: Vec<u16> = Vec::new();
        let mut at = 0;
        while let Some(unit) = units.get(at) {
            match self.longest(units.get(at..).unwrap_or_default()) {
                Some((from, length)) => {
                    put(&mut told, &mut own);
                    told.extend([json!(from), json!(length)]);
                    at += length;
                }
                None => {
                    own.push(*unit);
                    at += 1;
                }
            }
        }
        put(&mut told, &mut own);
        Value::Array(told)
    }

    /// The longest stretch of the base with which this begins. No pair of units that make one character is parted.
    fn longest(&self, units: &[u16]) -> Option<(usize, usize)> {
        let first = units.first().filter(|first| !is_second(**first))?;
        let key: [u16; SHORTEST] = units.get(..SHORTEST)?.try_into().ok()?;
        let stretch = |from: &usize| {
            let base = self.units.get(*from..).unwrap_or_default();
            let alike = base.iter().zip(units).take_while(|(one, other)| one == other).count();
            let parted = units.get(alike).is_some_and(|next| is_second(*next));
            (*from, alike - usize::from(parted))
        };
        let found = self.places.get(&key)?.iter().map(stretch);
        // Of several that are as long, the first.
        let longest = found.reduce(|one, other| if other.1 > one.1 { other } else { one });
        debug_assert!(!is_second(*first));
        longest.filter(|(_, length)| *length > 0)
    }
}

fn put(told: &mut Vec<Value>, own: &mut Vec<u16>) {
    if !own.is_empty() {
        told.push(json!(String::from_utf16_lossy(own)));
        own.clear();
    }
}

/// Whether a unit is the second of two that make one character.
fn is_second(unit: u16) -> bool {
    (0xdc00..0xe000).contains(&unit)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample(text: &str) -> Sample {
        Sample { text: text.to_owned(), ..Sample::default() }
    }

    /// What the script makes of a text.
    fn read(base: &[u16], told: &Value) -> String {
        let mut units: Vec<u16> = Vec::new();
        let mut items = told.as_array().unwrap().iter();
        while let Some(item) = items.next() {
            match item.as_str() {
                Some(own) => units.extend(own.encode_utf16()),
                None => {
                    let number = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
                    let (from, length) = (number(item), number(items.next().unwrap()));
                    units.extend(&base[from..from + length]);
                }
            }
        }
        String::from_utf16(&units).unwrap()
    }

    #[test]
    fn a_text_is_told_by_what_it_shares_with_a_sample() {
        let base = Base::of(&[sample("Hi Ann, our sale starts on Saturday."), sample("STOP to opt out")]);
        let told = base.told("Hi Wanjirũ, our sale starts on Saturday. STOP to opt out");
        assert_eq!(told, json!(["Hi Wanjirũ", 6, 30, " ", 36, 15]));
    }

    #[test]
    fn no_more_people_than_fit() {
        let mut book = Book::default();
        let long = "x".repeat(1 << 20);
        while book.has_room() {
            book.add(sample(&long));
        }
        assert_eq!(book.people.len(), 48);
        let written = book.written("", &[]);
        assert_eq!(written.people, 3);
        assert!(written.json.len() < MOST_WRITTEN + (1 << 10));
        assert!(serde_json::from_str::<Value>(&written.json).is_ok());
    }

    proptest! {
        #[test]
        fn a_script_reads_the_very_text(
            samples in proptest::collection::vec("[a-c👍é ]{0,40}", 0..4),
            text in "[a-c👍é\u{1F1F0} ]{0,60}",
        ) {
            let samples: Vec<Sample> = samples.iter().map(|text| sample(text)).collect();
            let base = Base::of(&samples);
            prop_assert_eq!(read(&base.units, &base.told(&text)), text);
        }
    }
}
