//! Building stones of pages: one file each, with nothing from elsewhere, readable without colours, without a script and by
//! ear. Text gets into a page only through [`Node::text`], attributes and [`Extras::data`], which are escaped.

mod funnel;
pub mod hours;

use std::fmt::{self, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::unseen::{is_unruly, unseen};

pub use funnel::{Step, funnel};

/// The style of every page: by day and by night, on a phone and on paper.
const STYLE: &str = include_str!("html/page.css");
/// How every page begins: by that an earlier one is known that may be written over.
pub const BEGINS: &str = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n<meta http-equiv=\"Content-Security-Policy\" content=\"default-src &#39;none&#39;;";
/// What is longer than this, in characters, is no short word in a table.
const LONG: usize = 30;
/// Elements without an end.
const VOID: [&str; 4] = ["meta", "rect", "input", "wbr"];

/// A piece of a page, with everything in it escaped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Node(String);

impl Node {
    /// Text as it is read.
    pub fn text(text: impl fmt::Display) -> Self {
        Self(escaped(&text.to_string()))
    }

    /// An element. Its name and those of its attributes are ours; values may be anybody's.
    pub fn new(
        name: &'static str,
        attributes: &[(&'static str, &str)],
        children: impl IntoIterator<Item = Self>,
    ) -> Self {
        let mut out = format!("<{name}");
        for (key, value) in attributes {
            let _ = write!(out, " {key}=\"{}\"", escaped(value));
        }
        // A picture's elements hold what follows, unless they are closed; the others may be.
        out.push_str(if VOID.contains(&name) { "/>" } else { ">" });
        if !VOID.contains(&name) {
            children.into_iter().for_each(|child| out.push_str(&child.0));
            let _ = write!(out, "</{name}>");
        }
        Self(out)
    }

    /// An element with nothing but a text.
    pub fn with(name: &'static str, text: impl fmt::Display) -> Self {
        Self::new(name, &[], [Self::text(text)])
    }
}

impl FromIterator<Node> for Node {
    fn from_iter<I: IntoIterator<Item = Node>>(all: I) -> Self {
        Self(all.into_iter().map(|node| format!("{}\n", node.0)).collect())
    }
}

/// What means something in HTML, as it is meant.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // No page may hold them, and nobody can read them.
            '\n' | '\t' => out.push(c),
            c if is_unruly(c) => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// What a page has beyond others: more style, a script, and what that works on. All but the last is ours.
#[derive(Debug, Clone, Copy, Default)]
pub struct Extras<'a> {
    /// Style behind that of every page.
    pub style: &'static str,
    /// A script; without one nothing may be run.
    pub script: &'static str,
    /// JSON for the script, in the element with the id `data`.
    pub data: &'a str,
}

/// A whole page. Nothing but its own style is allowed in it, and nothing can be fetched or sent by it.
pub fn page(title: &str, body: impl IntoIterator<Item = Node>) -> String {
    page_with(title, Extras::default(), body)
}

/// The same with more, of which nothing but that one script is run.
pub fn page_with(title: &str, extras: Extras<'_>, body: impl IntoIterator<Item = Node>) -> String {
    let style = format!("{STYLE}{}", extras.style);
    let digest = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    let script = match extras.script {
        "" => String::new(),
        script => format!(" script-src 'sha256-{}';", digest(script)),
    };
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}';{script} base-uri 'none'; form-action 'none'",
        digest(&style)
    );
    let head: Node = [
        Node::new("meta", &[("charset", "utf-8")], []),
        Node::new("meta", &[("http-equiv", "Content-Security-Policy"), ("content", &policy)], []),
        Node::new("meta", &[("name", "viewport"), ("content", "width=device-width, initial-scale=1")], []),
        Node::new("meta", &[("name", "color-scheme"), ("content", "light dark")], []),
        Node::new("meta", &[("name", "referrer"), ("content", "no-referrer")], []),
        Node::with("title", title),
        // Ours, and written as it is: what is escaped is no style.
        Node(format!("<style>{style}</style>")),
    ]
    .into_iter()
    .collect();
    let body: Node = body.into_iter().collect();
    let main = Node::new("main", &[], [Node("\n".to_owned()), body]);
    let html = Node::new(
        "html",
        &[("lang", "en")],
        [
            Node("\n".to_owned()),
            Node::new("head", &[], [Node("\n".to_owned()), head]),
            Node("\n".to_owned()),
            Node::new("body", &[], [Node("\n".to_owned()), main, Node("\n".to_owned()), scripts(extras)]),
            Node("\n".to_owned()),
        ],
    );
    format!("<!doctype html>\n{}\n", html.0)
}

/// What a page works on, and what works on it: behind all that it is about.
fn scripts(extras: Extras<'_>) -> Node {
    let Extras { script, data, .. } = extras;
    if script.is_empty() {
        return Node::default();
    }
    // The script is ours, and written as it is: its digest is that of its bytes.
    Node(format!(
        "<script type=\"application/json\" id=\"data\">{}</script>\n<script>{script}</script>\n",
        inert(data)
    ))
}

/// JSON in which nothing ends a script or begins a comment, and nothing turns the direction of reading or is not seen.
fn inert(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if matches!(c, '<' | '>' | '&') || (!c.is_ascii() && unseen(c).is_some()) {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| {
                let _ = write!(out, "\\u{unit:04x}");
            });
        } else {
            out.push(c);
        }
    }
    out
}

/// A part of a page under a heading.
pub fn section(heading: &str, children: impl IntoIterator<Item = Node>) -> Node {
    let heading = Node::with("h2", heading);
    Node::new("section", &[], [Node("\n".to_owned()), std::iter::once(heading).chain(children).collect()])
}

/// A line in quiet letters that says what something is about.
pub fn lead(text: &str) -> Node {
    Node::new("p", &[("class", "lead")], prose(text))
}

/// Our words, with what stands between backticks as code.
pub fn prose(text: &str) -> Vec<Node> {
    let pieces: Vec<&str> = text.split('`').collect();
    if pieces.len().is_multiple_of(2) {
        return vec![Node::text(text)];
    }
    let piece = |(at, piece): (usize, &&str)| match at % 2 {
        0 => Node::text(piece),
        _ => Node::with("code", piece),
    };
    pieces.iter().enumerate().map(piece).collect()
}

/// Facts by their names.
pub fn facts<'a>(rows: impl IntoIterator<Item = (&'a str, &'a str)>) -> Node {
    let pairs = rows
        .into_iter()
        .map(|(name, value)| Node::new("div", &[], [Node::with("dt", name), Node::with("dd", value)]));
    Node::new("dl", &[], [Node("\n".to_owned()), pairs.collect()])
}

/// A table: its caption, the heads of its columns, and rows of as many cells, the first of which names the row. The
/// columns with these numbers (from 0) hold numbers. Where it is wider than the page it can be moved, by keys as well.
pub fn table(caption: &str, heads: &[&str], numbers: &[usize], rows: &[Vec<String>]) -> Node {
    let class = |at: usize| if numbers.contains(&at) { "number" } else { "" };
    // On a phone what is short stays in one line, and what is long gets room: a row is as high as its highest cell, also
    // where that stands beside the part that is seen.
    let width = |cell: &str| if cell.chars().nth(LONG).is_some() { "long" } else { "brief" };
    let heads = heads
        .iter()
        .enumerate()
        .map(|(at, head)| Node::new("th", &[("scope", "col"), ("class", class(at))], [Node::text(head)]));
    let head = Node::new("thead", &[], [Node::new("tr", &[], heads)]);
    let rows = rows.iter().map(|row| {
        Node::new(
            "tr",
            &[],
            row.iter().enumerate().map(|(at, cell)| match at {
                0 => Node::new("th", &[("scope", "row"), ("class", width(cell))], named(cell)),
                at if numbers.contains(&at) => Node::new("td", &[("class", "number")], [Node::text(cell)]),
                _ => Node::new("td", &[("class", width(cell))], [Node::text(cell)]),
            }),
        )
    });
    let body = Node::new("tbody", &[], [Node("\n".to_owned()), rows.collect()]);
    scrolling(caption, Node::new("table", &[], [Node::with("caption", caption), head, body]))
}

/// What names a row. An occurrence may go on in the next line with its zone, not in the middle of its date.
fn named(text: &str) -> Vec<Node> {
    match text.split_once('[') {
        Some((local, zone)) => {
            vec![Node::text(local), Node::new("wbr", &[], []), Node::text(format!("[{zone}"))]
        }
        None => vec![Node::text(text)],
    }
}

/// A box of its own for what may be wider than the page: it can be moved, by keys as well.
pub fn scrolling(caption: &str, inside: Node) -> Node {
    Node::new(
        "div",
        &[("class", "wide"), ("role", "region"), ("tabindex", "0"), ("aria-label", caption)],
        [inside],
    )
}

/// How dark a cell is; nothing by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shade(u64);

impl Shade {
    /// The shades in the style (`s1` to `s6`).
    const ALL: [&'static str; 7] = ["", " s1", " s2", " s3", " s4", " s5", " s6"];

    /// Of a number among others, of which this is the highest. What is there is seen.
    pub fn of(number: u64, highest: u64) -> Self {
        let steps = Self::ALL.len() as u64 - 1;
        Self(if number == 0 { 0 } else { scale(number, steps, highest).clamp(1, steps) })
    }
}

/// A cell of a table with a number in it.
pub fn shaded(text: &str, shade: Shade) -> Node {
    let word = usize::try_from(shade.0).ok().and_then(|at| Shade::ALL.get(at)).copied().unwrap_or_default();
    Node::new("td", &[("class", &format!("number{word}"))], [Node::text(text)])
}

/// A kind of things that bars are made of: what it is called, and its class in the style (`k1`, `k2`, `k3`).
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// In words.
    pub name: &'static str,
    /// In the style.
    pub class: &'static str,
}

/// Bars beside each other, each of several kinds on top of each other.
#[derive(Debug)]
pub struct Bars<'a> {
    /// What it shows, for those who do not see it.
    pub told: &'a str,
    /// What a bar is made of, the lowest first.
    pub kinds: &'a [Kind],
    /// How many places for bars there are.
    pub places: u64,
    /// The bars: their place, what they stand for in words, and how much of each kind.
    pub bars: &'a [(u64, String, Vec<u64>)],
    /// What stands below the first place, the middle and the last.
    pub under: [&'a str; 3],
}

impl Bars<'_> {
    /// The picture, with a legend and what the height stands for. It becomes as wide as the page; its words stand outside
    /// of it, so that they stay as large as they are.
    pub fn draw(&self, most: &str) -> Node {
        const HEIGHT: u64 = 1000;
        const WIDTH: u64 = 100;
        let highest =
            self.bars.iter().map(|(_, _, kinds)| kinds.iter().sum::<u64>()).max().unwrap_or(0).max(1);
        let bars = self.bars.iter().map(|(place, words, kinds)| {
            let mut below = 0;
            let mut parts = vec![Node::with("title", words)];
            for (kind, number) in self.kinds.iter().zip(kinds).filter(|(_, number)| **number > 0) {
                let scaled = |number: u64| scale(number, HEIGHT, highest);
                let (low, high) = (scaled(below), scaled(below + number));
                below += number;
                // What is there is seen.
                let height = (high - low).max(6);
                let top = HEIGHT.saturating_sub(low + height);
                let [x, y, width, height] = [place * WIDTH + WIDTH / 20, top, WIDTH * 9 / 10, height]
                    .map(|number| number.to_string());
                parts.push(Node::new(
                    "rect",
                    &[("class", kind.class), ("x", &x), ("y", &y), ("width", &width), ("height", &height)],
                    [],
                ));
            }
            Node::new("g", &[], parts)
        });
        let box_of = format!("0 0 {} {HEIGHT}", self.places.max(1) * WIDTH);
        let picture = Node::new(
            "svg",
            &[
                ("viewBox", &box_of),
                ("preserveAspectRatio", "none"),
                ("role", "img"),
                ("aria-label", self.told),
            ],
            [Node("\n".to_owned()), bars.collect()],
        );
        let under = self.under.iter().map(|text| Node::with("span", text));
        let is_there =
            |at: usize| self.bars.iter().any(|(_, _, kinds)| kinds.get(at).is_some_and(|one| *one > 0));
        let there = self.kinds.iter().enumerate().filter(|(at, _)| is_there(*at));
        let legend = there.map(|(_, kind)| {
            Node::new("li", &[], [Node::new("span", &[("class", kind.class)], []), Node::text(kind.name)])
        });
        Node::new(
            "figure",
            &[],
            [
                Node("\n".to_owned()),
                [
                    Node::new("ul", &[("class", "legend")], legend),
                    Node::new("p", &[("class", "most")], [Node::text(most)]),
                    picture,
                    Node::new("p", &[("class", "under"), ("aria-hidden", "true")], under),
                ]
                .into_iter()
                .collect(),
            ],
        )
    }
}

/// `number` of `whole` on a scale of so many, rounded down.
fn scale(number: u64, length: u64, whole: u64) -> u64 {
    let scaled = u128::from(number) * u128::from(length) / u128::from(whole.max(1));
    u64::try_from(scaled).unwrap_or(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_value_is_markup() {
        let evil = "</title><script>alert(\"1\" & '2')</script>\u{1b}[31m";
        let page = page(
            evil,
            [
                section(evil, [facts([(evil, evil)]), table(evil, &[evil], &[], &[vec![evil.to_owned()]])]),
                Bars {
                    told: evil,
                    kinds: &[Kind { name: "a", class: "k1" }],
                    places: 1,
                    bars: &[(0, evil.to_owned(), vec![1])],
                    under: [evil; 3],
                }
                .draw(evil),
            ],
        );
        assert!(!page.contains("<script") && !page.contains('\u{1b}'), "{page}");
        assert_eq!(
            page.matches("&lt;/title&gt;&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)").count(),
            14
        );
        assert_eq!(page.matches("<title>").count(), 2, "the page's own, and the bar's");
    }

    #[test]
    fn nothing_of_a_value_is_markup_in_attributes_nor_in_prose() {
        let evil = "\"'><b onclick=alert(1)></code></style><!--&amp;";
        let safe = "&quot;&#39;&gt;&lt;b onclick=alert(1)&gt;&lt;/code&gt;&lt;/style&gt;&lt;!--&amp;amp;";
        let within = |before: &str, behind: &str| format!("{before}{safe}{behind}");
        assert_eq!(Node::new("input", &[("value", evil)], []).0, within("<input value=\"", "\"/>"));
        assert_eq!(lead(evil).0, within("<p class=\"lead\">", "</p>"));
        let code = prose(&format!("a `{evil}` b"));
        assert_eq!(
            code.iter().map(|node| node.0.as_str()).collect::<String>(),
            within("a <code>", "</code> b")
        );
        // A backtick without its other half is a backtick.
        assert_eq!(prose(&format!("`{evil}")), [Node::text(format!("`{evil}"))]);
        assert_eq!(scrolling(evil, Node::default()).0.matches(safe).count(), 1);
    }

    #[test]
    fn a_page_allows_its_own_style_and_nothing_else() {
        let page = page("A page", [Node::with("h1", "A page")]);
        let policy = page.split("Content-Security-Policy\" content=\"").nth(1).unwrap();
        let policy = policy.split('"').next().unwrap().replace("&#39;", "'");
        assert!(page.starts_with(BEGINS), "{page}");
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
        let style = page.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
        let digest = STANDARD.encode(Sha256::digest(style.as_bytes()));
        assert!(policy.contains(&format!("'sha256-{digest}'")), "{policy}");
        for foreign in ["http:", "https:", "//", "url(", "@import", " style=", "javascript"] {
            assert!(!page.contains(foreign), "{foreign}");
        }
    }

    #[test]
    fn data_is_nothing_but_data_and_one_script_may_run() {
        let evil = "</script><!-- <script>alert(1)</script> & \u{202e} \u{2028} 👍\u{200d}";
        let json = serde_json::to_string(evil).unwrap();
        let extras = Extras { style: ".a { color: red; }", script: "'use strict';", data: &json };
        let page = page_with("A page", extras, [Node::with("h1", "A page")]);
        assert!(page.starts_with(BEGINS), "{page}");
        let data = page.split("id=\"data\">").nth(1).unwrap().split("</script>").next().unwrap();
        assert_eq!(serde_json::from_str::<String>(data).unwrap(), evil);
        assert!(!data.contains(['<', '>', '&', '\u{202e}', '\u{2028}', '\u{200d}']), "{data}");
        let digest = STANDARD.encode(Sha256::digest("'use strict';"));
        assert!(page.contains(&format!("script-src &#39;sha256-{digest}&#39;;")), "{page}");
        assert_eq!((page.matches("<script").count(), page.matches("unsafe").count()), (2, 0));
    }

    #[test]
    fn a_cell_is_as_dark_as_its_number_and_what_is_there_is_seen() {
        let shades = [0, 1, 499, 500, 999, 1000].map(|number| Shade::of(number, 1000).0);
        assert_eq!(shades, [0, 1, 2, 3, 5, 6]);
        assert_eq!(Shade::of(0, 0), Shade::default());
        assert_eq!(shaded("<1>", Shade::of(1, 1)).0, "<td class=\"number s6\">&lt;1&gt;</td>");
    }

    #[test]
    fn a_bar_is_as_high_as_its_number_and_what_is_there_is_seen() {
        let bars = Bars {
            told: "two bars",
            kinds: &[Kind { name: "taken", class: "k1" }, Kind { name: "lost", class: "k2" }],
            places: 3,
            bars: &[(0, "first".to_owned(), vec![999_999, 1]), (2, "last".to_owned(), vec![500_000, 0])],
            under: ["a", "b", "c"],
        };
        let drawn = bars.draw("most").0;
        assert!(drawn.contains("viewBox=\"0 0 300 1000\""), "{drawn}");
        assert!(drawn.contains("class=\"k1\" x=\"5\" y=\"1\" width=\"90\" height=\"999\""), "{drawn}");
        assert!(drawn.contains("class=\"k2\" x=\"5\" y=\"0\" width=\"90\" height=\"6\""), "{drawn}");
        assert!(drawn.contains("class=\"k1\" x=\"205\" y=\"500\" width=\"90\" height=\"500\""), "{drawn}");
        assert_eq!(drawn.matches("<rect").count(), 3);
    }
}
