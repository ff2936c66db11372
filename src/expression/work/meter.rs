//! Counters for sources that could do much work: behind everything that is used, and around everything that is gone
//! through. They change nothing about what comes out; a property test holds the two together. What makes a text of a
//! number that may be none is looked at by the same means, however little work it is.

use std::ops::Range;

use super::super::names::code;
use super::super::parts::{What, keyword, parts};
use super::super::{Kind, Problem};
use super::finite::{self, FINITE};
use super::tokens::{Token, tokens};
use super::{TURNS, WEIGH};

/// Sources that use so many things at most, without loops and the like, are left as they are: with 64 KiB of texts each
/// of them takes a millisecond or two.
const MOST_UNCOUNTED: usize = 40;
/// So many filters one after the other may each make more of what they get.
const MOST_IN_A_ROW: usize = 4;

/// A source with counters.
#[derive(Debug, Clone)]
pub(in crate::expression) struct Metered {
    pub text: String,
    /// What was added, in order.
    added: Vec<Added>,
}

#[derive(Debug, Clone)]
struct Added {
    at: usize,
    text: String,
    /// What it counts, in the source.
    counts: Range<usize>,
}

impl Metered {
    /// Where something stands in the source as it was given. What stands in a counter stands where it counts.
    pub fn place(&self, span: &Range<usize>) -> Range<usize> {
        let (start, end) = (self.find(span.start), self.find(span.end.max(span.start)));
        match (start, end) {
            (Err(counts), _) => counts,
            (Ok(start), Ok(end)) => start..end.max(start),
            (Ok(start), Err(counts)) => start..counts.end.max(start),
        }
    }

    /// The place of a byte in the source; that of what a counter counts, inside of one.
    fn find(&self, at: usize) -> Result<usize, Range<usize>> {
        let mut shift = 0;
        for added in &self.added {
            let start = added.at + shift;
            if at <= start {
                break;
            }
            if at < start + added.text.len() {
                return Err(added.counts.clone());
            }
            shift += added.text.len();
        }
        Ok(at.saturating_sub(shift))
    }
}

/// The source with counters; nothing for one that needs none.
///
/// # Errors
/// What cannot be counted, at its place.
pub(in crate::expression) fn meter(source: &str, kind: Kind) -> Result<Option<Metered>, Problem> {
    let mut work = Work { source, added: Vec::new(), uses: 0, filters: 0, row: 0, goes_round: false };
    match kind {
        Kind::Value => work.tag(0..source.len(), None)?,
        Kind::Text => {
            let parts = parts(source);
            for (at, part) in parts.iter().enumerate() {
                let body = || source.len().min(body_end(source, &parts[at..])) - part.whole.start;
                match part.what {
                    What::Output => work.tag(part.inner.clone(), None)?,
                    What::Tag => work.tag(part.inner.clone(), Some(body()))?,
                    What::Text | What::Raw | What::Comment => {}
                }
            }
        }
    }
    let checks = checks(source, kind);
    let small = work.uses + work.filters <= MOST_UNCOUNTED && work.row <= MOST_IN_A_ROW;
    let mut added = if work.goes_round || !small { work.added } else { Vec::new() };
    added.extend(checks);
    if added.is_empty() && !work.goes_round && small {
        return Ok(None);
    }
    // What is gone through is all that stands before, with what looks at its last part.
    added.sort_by_key(|added| (added.at, added.text.contains(TURNS)));
    let mut text = String::with_capacity(source.len() * 2);
    let mut from = 0;
    for one in &added {
        text.push_str(source.get(from..one.at).unwrap_or_default());
        text.push_str(&one.text);
        from = one.at;
    }
    text.push_str(source.get(from..).unwrap_or_default());
    Ok(Some(Metered { text, added }))
}

/// What looks at the numbers that become texts.
fn checks(source: &str, kind: Kind) -> Vec<Added> {
    let code = code(source, kind);
    if !finite::reckons(source, &code) {
        return Vec::new();
    }
    let mut places = Vec::new();
    let captures = kind == Kind::Text && finite::captures(source);
    let outputs = || parts(source).into_iter().filter(|part| part.what == What::Output);
    let outputs: Vec<_> = if captures { outputs().map(|part| part.inner).collect() } else { Vec::new() };
    for range in code {
        let found = tokens(source, range.clone());
        places.extend(finite::joined(&found));
        if let (true, Some((_, first)), Some((_, last))) =
            (outputs.contains(&range), found.first(), found.last())
        {
            places.push(first.start..last.end);
        }
    }
    let around = places.into_iter().flat_map(|place| {
        let begin = Added { at: place.start, text: "(".to_owned(), counts: place.clone() };
        [begin, Added { at: place.end, text: format!(") | {FINITE}"), counts: place }]
    });
    around.collect()
}

/// Where the loop ends that begins with the first of these parts; its own end for what is no loop. Each tag looks at all
/// that follow it: no source is longer than `MAX_SOURCE_BYTES`, which is asked before any is metered (`Program::add`).
fn body_end(source: &str, parts: &[super::super::parts::Part]) -> usize {
    let mut depth = 0_usize;
    for part in parts {
        if part.what == What::Tag {
            match keyword(source.get(part.inner.clone()).unwrap_or_default()) {
                "for" => depth += 1,
                "endfor" => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        if depth == 0 {
            return part.whole.end;
        }
    }
    source.len()
}

struct Work<'s> {
    source: &'s str,
    added: Vec<Added>,
    uses: usize,
    filters: usize,
    /// The most filters of one tag.
    row: usize,
    /// Whether there are loops, or values with names.
    goes_round: bool,
}

/// What is open: a bracket, or the tag itself.
#[derive(Default)]
struct Open {
    start: usize,
    /// The token of a name, behind which this stands in brackets.
    of: Option<usize>,
    /// Names of a loop are being declared.
    declares: bool,
    /// The first token of what a loop goes through, and the bytes of what is done.
    through: Option<(usize, usize)>,
}

type Tokens<'s> = [(Token<'s>, Range<usize>)];

impl<'s> Work<'s> {
    /// Counts what stands inside a tag, or in a bare expression. `body` are the bytes that are gone through again if
    /// it is a loop; none for what is no tag.
    fn tag(&mut self, range: Range<usize>, body: Option<usize>) -> Result<(), Problem> {
        let found = tokens(self.source, range.clone());
        let mut open = vec![Open { start: range.start, ..Open::default() }];
        let filters = self.filters;
        for at in 0..found.len() {
            self.token(&found, at, &mut open, body)?;
        }
        if let Some((from, by)) = open.first().and_then(|open| open.through) {
            self.turns(&found, from, found.len(), by);
        }
        self.row = self.row.max(self.filters - filters);
        Ok(())
    }

    fn token(
        &mut self,
        found: &Tokens<'s>,
        at: usize,
        open: &mut Vec<Open>,
        body: Option<usize>,
    ) -> Result<(), Problem> {
        let Some((token, place)) = found.get(at) else { return Ok(()) };
        match *token {
            Token::Sign(sign @ ("(" | "[" | "{" | "?[")) => {
                let of = open.last().and(at.checked_sub(1)).and_then(|before| name_before(found, before));
                let of = of.filter(|_| matches!(sign, "[" | "?["));
                open.push(Open { start: place.start, of, ..Open::default() });
            }
            Token::Sign(")" | "]" | "}") => {
                let closed = if open.len() > 1 { open.pop() } else { None }.unwrap_or_default();
                if let Some((from, by)) = closed.through {
                    self.turns(found, from, at, by);
                }
                self.behind(found, at, closed.of)?;
            }
            Token::Sign("|") => {
                self.filters += 1;
                if let Some(before) = at.checked_sub(1) {
                    self.weigh(found, before, before);
                }
            }
            Token::Sign(_) => {}
            Token::Constant => self.behind(found, at, None)?,
            Token::Word(word) => self.word(found, (at, word), open, body)?,
        }
        Ok(())
    }

    fn word(
        &mut self,
        found: &Tokens<'s>,
        (at, word): (usize, &str),
        open: &mut [Open],
        body: Option<usize>,
    ) -> Result<(), Problem> {
        if is_member(found, at) {
            return self.behind(found, at, Some(path_start(found, at)));
        }
        let (is_tag_word, is_inside) = (at == 0 && body.is_some(), open.len() > 1);
        let length = found.last().map_or(0, |(_, last)| last.end);
        match (word, open.last_mut()) {
            ("for", Some(scope)) if is_tag_word || is_comprehension(found, at) => {
                self.goes_round = true;
                scope.declares = true;
                let by = body.filter(|_| is_tag_word).unwrap_or(length.saturating_sub(scope.start));
                scope.through = Some((usize::MAX, by));
            }
            ("in", Some(scope)) if scope.declares => {
                scope.declares = false;
                scope.through = scope.through.map(|(_, by)| (at + 1, by));
                if let Some((_, first)) = found.get(at + 1) {
                    self.add(first.start, "(".to_owned(), first.clone());
                }
            }
            (_, Some(scope)) if scope.declares => {}
            ("if", Some(scope)) if is_inside && scope.through.is_some() => {
                if let Some((from, by)) = scope.through.take() {
                    self.turns(found, from, at, by);
                }
            }
            ("set" | "set_global" | "filter", _) if is_tag_word => self.goes_round = true,
            _ if is_tag_word || is_keyword(word) || names_no_value(found, at) => {}
            _ => self.behind(found, at, Some(at))?,
        }
        Ok(())
    }

    /// Counts behind a value that ends here; `name` is the token where the name begins that it was reached by.
    fn behind(&mut self, found: &Tokens<'s>, at: usize, name: Option<usize>) -> Result<(), Problem> {
        let next = found.get(at + 1).map(|(token, _)| *token);
        match next {
            Some(Token::Sign("." | "?.")) => {}
            Some(Token::Sign(sign @ ("[" | "?["))) if is_slice(found, at + 1) => {
                self.goes_round = true;
                if sign == "?[" {
                    let span = found.get(at + 1).map_or(0..0, |(_, place)| place.clone());
                    return Err(Problem {
                        message: "what is cut off here cannot be counted".to_owned(),
                        span,
                        help: Some("cut with `[ : ]`, and ask with `if` whether it is there".to_owned()),
                    });
                }
                self.weigh(found, name.unwrap_or(at), at);
            }
            Some(Token::Sign("[" | "?[")) => {}
            _ => {
                if let Some(name) = name {
                    self.uses += 1;
                    self.weigh(found, name, at);
                }
            }
        }
        Ok(())
    }

    /// A counter behind the token `last`.
    fn weigh(&mut self, found: &Tokens<'s>, first: usize, last: usize) {
        let (Some((_, first)), Some((_, last))) = (found.get(first), found.get(last)) else { return };
        let text = format!(" | {WEIGH}");
        if !self.added.iter().rev().take(2).any(|added| added.at == last.end && added.text == text) {
            self.add(last.end, text, first.start..last.end);
        }
    }

    /// A counter around the tokens that a loop goes through.
    fn turns(&mut self, found: &Tokens<'s>, from: usize, to: usize, by: usize) {
        let last = to.checked_sub(1).and_then(|last| found.get(last));
        if let (Some((_, first)), Some((_, last))) = (found.get(from), last) {
            self.add(last.end, format!(") | {TURNS}(by={by})"), first.start..last.end);
        }
    }

    fn add(&mut self, at: usize, text: String, counts: Range<usize>) {
        self.added.push(Added { at, text, counts });
    }
}

fn is_keyword(word: &str) -> bool {
    matches!(
        word,
        "and"
            | "or"
            | "not"
            | "in"
            | "is"
            | "if"
            | "else"
            | "elif"
            | "for"
            | "loop"
            | "self"
            | "true"
            | "True"
            | "false"
            | "False"
            | "none"
            | "None"
            | "null"
    )
}

/// Whether a word stands behind a dot.
fn is_member(found: &Tokens<'_>, at: usize) -> bool {
    matches!(at.checked_sub(1).and_then(|before| found.get(before)), Some((Token::Sign("." | "?."), _)))
}

/// Whether a word stands where no value does: behind a `|` or an `is`, or before a `=` or a bracket of arguments.
fn names_no_value(found: &Tokens<'_>, at: usize) -> bool {
    let token = |at: usize| found.get(at).map(|(token, _)| *token);
    let before = at.checked_sub(1).and_then(token);
    let is_test = match before {
        Some(Token::Word("is")) => true,
        Some(Token::Word("not")) => at.checked_sub(2).and_then(token) == Some(Token::Word("is")),
        _ => false,
    };
    let behind = token(at + 1);
    is_test || before == Some(Token::Sign("|")) || matches!(behind, Some(Token::Sign("=" | "(")))
}

/// Where the name begins that ends with this word.
fn path_start(found: &Tokens<'_>, at: usize) -> usize {
    let mut start = at;
    while let Some(before) = start.checked_sub(2)
        && matches!(found.get(start - 1), Some((Token::Sign("." | "?."), _)))
        && matches!(found.get(before), Some((Token::Word(_), _)))
    {
        start = before;
    }
    start
}

/// The token of a name that ends here, if one does.
fn name_before(found: &Tokens<'_>, at: usize) -> Option<usize> {
    match found.get(at)? {
        (Token::Word(word), _) if !is_keyword(word) => Some(path_start(found, at)),
        (Token::Sign("]" | ")"), _) => Some(at),
        _ => None,
    }
}

/// Whether a `for` makes a list: something stands before it, and names and an `in` behind it.
fn is_comprehension(found: &Tokens<'_>, at: usize) -> bool {
    let token = |at: usize| found.get(at).map(|(token, _)| *token);
    let named = matches!(token(at + 1), Some(Token::Word(_)));
    let alone = token(at + 2) == Some(Token::Word("in"));
    let pair = token(at + 2) == Some(Token::Sign(",")) && token(at + 4) == Some(Token::Word("in"));
    at > 0 && named && (alone || pair)
}

/// Whether the bracket that opens at this token holds a `:` of its own.
fn is_slice(found: &Tokens<'_>, open: usize) -> bool {
    let mut depth = 0_usize;
    for (token, _) in found.get(open..).unwrap_or_default() {
        match token {
            Token::Sign("(" | "[" | "{" | "?[") => depth += 1,
            Token::Sign(")" | "]" | "}") => depth -= 1,
            Token::Sign(":") if depth == 1 => return true,
            _ => {}
        }
        if depth == 0 {
            return false;
        }
    }
    false
}
