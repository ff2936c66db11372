//! Where in requests of one form the addresses, texts, keys, ids and tokens stand, found by their values in
//! one such request.

use std::borrow::Cow;

use crate::provider::mimic::arrival::{Arrival, Source, follow, scalar};

/// How much of a body that is one text is kept as what stands beside a value, in bytes: enough for an element's
/// name, little enough to hold nothing that differs from request to request.
const NEIGHBOURS: usize = 24;

/// Values at least this long, in bytes, are known even inside a longer text.
pub(super) const TELLING: usize = 6;

/// A value inside a text: what stands beside it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Frame {
    before: String,
    after: String,
    /// Whether `before` begins the text, and `after` ends it.
    from_start: bool,
    to_end: bool,
}

/// Where the values of the messages of a request stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// One value.
    Once(Source, Frame),
    /// Several in one text, with what separates them.
    Joined(Source, Frame, String),
    /// One in each of the parameters of one name.
    Repeated(Source, Frame),
    /// One in each item of a list of a JSON body.
    Items {
        /// The steps to the list.
        list: Vec<String>,
        /// The steps inside an item.
        item: Vec<String>,
        /// Inside what stands there.
        frame: Frame,
    },
}

impl Frame {
    /// The value inside a text of the same form.
    pub fn inside<'t>(&self, text: &'t str) -> Option<&'t str> {
        let rest = if self.from_start {
            text.strip_prefix(self.before.as_str())?
        } else {
            text.get(text.find(&self.before)? + self.before.len()..)?
        };
        if self.to_end { rest.strip_suffix(self.after.as_str()) } else { rest.get(..rest.find(&self.after)?) }
    }

    fn take<'t>(&self, text: Cow<'t, str>) -> Option<Cow<'t, str>> {
        match text {
            Cow::Borrowed(text) => self.inside(text).map(Cow::Borrowed),
            Cow::Owned(text) => self.inside(&text).map(|value| Cow::Owned(value.to_owned())),
        }
    }
}

impl Place {
    /// The values in a request: one, or one for each message.
    pub fn read<'r>(&self, arrival: &'r Arrival<'_>) -> Option<Vec<Cow<'r, str>>> {
        match self {
            Self::Once(source, frame) => Some(vec![frame.take(arrival.at(source)?)?]),
            Self::Joined(source, frame, separator) => Some(match frame.take(arrival.at(source)?)? {
                Cow::Borrowed(text) => text.split(separator.as_str()).map(Cow::Borrowed).collect(),
                Cow::Owned(text) => {
                    text.split(separator.as_str()).map(|one| Cow::Owned(one.to_owned())).collect()
                }
            }),
            Self::Repeated(source, frame) => {
                let all = arrival.all(source);
                if all.is_empty() {
                    return None;
                }
                all.into_iter().map(|text| frame.take(text)).collect()
            }
            Self::Items { list, item, frame } => {
                let items = arrival.items(list)?;
                items.iter().map(|value| frame.take(scalar(follow(value, item)?)?)).collect()
            }
        }
    }

    /// All that stands in a place.
    pub fn whole(source: Source) -> Self {
        Self::Once(source, Frame { from_start: true, to_end: true, ..Frame::default() })
    }

    /// The segment of the path that it stands in.
    pub fn segment(&self) -> Option<usize> {
        match self {
            Self::Once(Source::Segment(at), _) | Self::Joined(Source::Segment(at), ..) => Some(*at),
            _ => None,
        }
    }

    /// The same for each item of the list in which the recipients stand, where it was found in the first.
    pub fn beside(self, recipients: &Self) -> Self {
        match (self, recipients) {
            (Self::Once(Source::Json(steps), frame), Self::Items { list, .. }) => {
                let inside =
                    steps.strip_prefix(list.as_slice()).and_then(|rest| rest.strip_prefix(&["0".to_owned()]));
                match inside {
                    Some(item) => Self::Items { list: list.clone(), item: item.to_vec(), frame },
                    None => Self::Once(Source::Json(steps), frame),
                }
            }
            (place, _) => place,
        }
    }
}

/// A request of which the values are known.
pub(super) struct Sample {
    pub scalars: Vec<(Source, String)>,
    /// Values that differ from request to request.
    variables: Vec<String>,
}

impl Sample {
    pub fn new(scalars: Vec<(Source, String)>, variables: Vec<String>) -> Self {
        Self { scalars, variables: variables.into_iter().filter(|value| !value.is_empty()).collect() }
    }

    /// Where values stand, one for each message.
    pub fn place(&self, values: &[String]) -> Option<Place> {
        let first = values.first()?;
        let places = self.places_of(first);
        if values.iter().all(|value| value == first) {
            let (at, source) = places.into_iter().next()?;
            return Some(Place::Once(source.clone(), self.frame(source, at.start, at.end)?));
        }
        let one = |(at, source): &(std::ops::Range<usize>, &Source)| {
            self.joined(source, values)
                .or_else(|| self.items(source, self.frame(source, at.start, at.end)?, values))
                .or_else(|| self.repeated(source, self.frame(source, at.start, at.end)?, values))
        };
        places.iter().find_map(one)
    }

    /// Whether a segment of the path shows something that differs from request to request.
    pub fn varies(&self, segment: usize) -> bool {
        let text = self.text(&Source::Segment(segment)).unwrap_or_default();
        self.variables
            .iter()
            .any(|value| value == text || value.len() >= TELLING && stands_in(value, text).is_some())
    }

    /// Whether only other things stand in a place here.
    pub fn shows_otherwise(&self, (source, text): &(Source, String)) -> bool {
        let mut own = self.scalars.iter().filter(|(known, _)| known == source).peekable();
        own.peek().is_some() && own.all(|(_, own)| own != text)
    }

    fn text(&self, source: &Source) -> Option<&str> {
        self.scalars.iter().find(|(known, _)| known == source).map(|(_, text)| text.as_str())
    }

    /// The places that are the value, else those that hold it.
    fn places_of<'s>(&'s self, value: &str) -> Vec<(std::ops::Range<usize>, &'s Source)> {
        let whole: Vec<_> = self
            .scalars
            .iter()
            .filter(|(_, text)| text == value)
            .map(|(source, text)| (0..text.len(), source))
            .collect();
        if !whole.is_empty() {
            return whole;
        }
        let holding = |(source, text): &'s (Source, String)| {
            stands_in(value, text).map(|at| (at..at + value.len(), source))
        };
        self.scalars.iter().filter_map(holding).collect()
    }

    fn frame(&self, source: &Source, start: usize, end: usize) -> Option<Frame> {
        frame(self.text(source)?, start, end, &self.variables, *source == Source::Body)
    }

    fn joined(&self, source: &Source, values: &[String]) -> Option<Place> {
        let text = self.text(source)?;
        let [first, second, others @ ..] = values else { return None };
        let start = stands_in(first, text)?;
        let mut end = start + first.len();
        let gap = text.get(end..)?.find(second.as_str())?;
        let separator = text.get(end..end + gap)?.to_owned();
        for value in std::iter::once(second).chain(others) {
            let rest = text.get(end..)?.strip_prefix(separator.as_str())?;
            end += separator.len() + value.len();
            rest.strip_prefix(value.as_str())?;
        }
        if separator.is_empty() {
            return None;
        }
        Some(Place::Joined(source.clone(), self.frame(source, start, end)?, separator))
    }

    fn items(&self, source: &Source, frame: Frame, values: &[String]) -> Option<Place> {
        let Source::Json(steps) = source else { return None };
        let numbered = |place: usize, number: usize| {
            let mut steps = steps.clone();
            if let Some(step) = steps.get_mut(place) {
                *step = number.to_string();
            }
            Source::Json(steps)
        };
        let holds = |place: usize, number: usize, value: &String| {
            self.text(&numbered(place, number)).and_then(|text| frame.inside(text)) == Some(value)
        };
        let place = (0..steps.len()).find(|&place| {
            steps.get(place).is_some_and(|step| step == "0")
                && values.iter().enumerate().all(|(number, value)| holds(place, number, value))
        })?;
        let (list, item) = (steps.get(..place)?.to_vec(), steps.get(place + 1..)?.to_vec());
        Some(Place::Items { list, item, frame })
    }

    fn repeated(&self, source: &Source, frame: Frame, values: &[String]) -> Option<Place> {
        let all = self.scalars.iter().filter(|(known, _)| known == source);
        let found: Option<Vec<&str>> = all.map(|(_, text)| frame.inside(text)).collect();
        (found? == values).then(|| Place::Repeated(source.clone(), frame))
    }
}

/// Where a value stands inside a text, as a word of its own.
pub(super) fn stands_in(value: &str, text: &str) -> Option<usize> {
    if value.is_empty() {
        return None;
    }
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    text.match_indices(value).map(|(at, _)| at).find(|&at| {
        let (before, behind) = (text.get(..at), text.get(at + value.len()..));
        let joins_before = is_word(before.and_then(|text| text.chars().next_back()));
        let joins_behind = is_word(behind.and_then(|text| text.chars().next()));
        // A text of words may well begin or end with a mark.
        (!joins_before || !is_word(value.chars().next()))
            && (!joins_behind || !is_word(value.chars().next_back()))
    })
}

/// What stands beside a range of a text, up to the next value that differs from request to request.
fn frame(text: &str, start: usize, end: usize, variables: &[String], near: bool) -> Option<Frame> {
    let (mut before, mut after) = (text.get(..start)?, text.get(end..)?);
    for value in variables {
        if let Some(at) = before.rfind(value.as_str()) {
            before = before.get(at + value.len()..)?;
        }
        if let Some(at) = after.find(value.as_str()) {
            after = after.get(..at)?;
        }
    }
    if near {
        let from =
            (0..=before.len().saturating_sub(NEIGHBOURS)).rev().find(|&at| before.is_char_boundary(at))?;
        before = before.get(from..)?;
        let to = (0..=after.len().min(NEIGHBOURS)).rev().find(|&at| after.is_char_boundary(at))?;
        after = after.get(..to)?;
    }
    let (from_start, to_end) = (before.len() == start, after.len() == text.len() - end);
    // Two values side by side: nothing tells where one ends.
    if !from_start && before.is_empty() || !to_end && after.is_empty() {
        return None;
    }
    Some(Frame { before: before.to_owned(), after: after.to_owned(), from_start, to_end })
}
