//! A plan as a comment on a pull request: what reviewers look at before they approve. It stays below what code hosts take,
//! whatever the campaign is.

use std::fmt::Write as _;

use super::{Aside, PlanReport};
use crate::report::layout::{count, duration};
use crate::report::markdown::{code, fenced, folded, table};
use crate::report::preview::{Sample, bubble};
use crate::report::{flaws, readers};
use crate::units::thousands;

/// The most bytes of a comment: code hosts take 65,536 characters.
pub const MOST_BYTES: usize = 60_000;
/// The most bytes of one part of it.
const MOST_PART: usize = 8_000;
/// The most bytes of a name in it.
const MOST_NAME: usize = 200;
/// So many warnings are shown, and lists by name.
const SHOWN: usize = 20;

impl PlanReport {
    /// The comment. It begins with a line that nobody sees, by which an earlier one of the same campaign is found.
    pub fn comment(&self, aside: &Aside, samples: &[Sample]) -> String {
        let mut comment = Comment::default();
        comment.part(&format!(
            "<!-- sendplan plan: {} -->\n## Plan of {}\n\n",
            self.campaign,
            code(&self.campaign)
        ));
        comment.part(&self.headline(aside));
        if !aside.refused.is_empty() {
            let why = wrapped(&cut_at(&aside.refused.join("; "), 1_000), "refused: ");
            comment.part(&format!(
                "**The plan is refused, and nothing of it is sent**:\n\n{}\n",
                fenced(&why, MOST_PART)
            ));
        }
        comment.part(&self.changes());
        comment.part(&self.told());
        comment.part(&table(&["", ""], &[], &self.facts(aside)));
        comment.part(&shown(samples));
        comment.part(&self.left_out(aside));
        comment.part(&occurrences(aside));
        comment.fold("Texts and languages", &readers::human(&self.texts, &self.languages));
        comment.fold("Worth a look in the texts", &flaws::human(&self.flaws, aside.flawed));
        let ucs2 = self.encodings.map_or(0, |encodings| encodings.ucs2);
        comment.fold("Characters that make messages UCS-2", &self.alphabet.human(ucs2));
        if !self.zones.is_empty() {
            comment.fold("By the clocks of recipients", &self.clocks());
        }
        comment.finish()
    }

    /// How many messages, when, at what price: in a line.
    fn headline(&self, aside: &Aside) -> String {
        let mut line = format!("**{}**", count(self.messages, "message"));
        if let Some(segments) = self.segments {
            let _ = write!(line, ", {}", count(segments, "segment"));
        }
        if let Some(cost) = &self.cost {
            let _ = write!(line, ", {cost}");
        }
        let left_out = self.rejected + self.suppressed + self.filtered + self.duplicates;
        let starts = aside.starts.as_deref().unwrap_or("when it is sent");
        let _ = write!(line, "; {} left out. Starts {starts}.\n\n", thousands(left_out));
        line
    }

    fn changes(&self) -> String {
        let Some(against) = &self.against else { return String::new() };
        let plan = code(&cut(&against.plan));
        if against.same {
            return format!("Just as it was approved in {plan}.\n\n");
        }
        let human = against.human();
        let (_, lines) = human.split_once("\n\n").unwrap_or(("", &human));
        format!("**Not as it was approved** in {plan}:\n\n{}\n", fenced(lines, MOST_PART))
    }

    fn told(&self) -> String {
        let lines: String = self
            .warnings
            .iter()
            .take(SHOWN)
            .map(|warning| wrapped(&cut_at(warning, 600), "warning: "))
            .collect();
        let more = match self.warnings.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!("{}\n\n", count(more as u64, "more warning")),
        };
        if lines.is_empty() { lines } else { format!("{}\n{more}", fenced(&lines, MOST_PART)) }
    }

    fn facts(&self, aside: &Aside) -> Vec<Vec<String>> {
        let mut facts = vec![
            ("recipients", format!("{} in {}", count(self.recipients, "row"), code(&cut(&aside.file)))),
            (
                "messages",
                made_of(self.messages, &self.makeup(aside, &|place| code(&cut(&place.to_string())))),
            ),
        ];
        if self.held > 0 {
            facts.push(("held", format!("{}, not sent until somebody decides", thousands(self.held))));
        }
        if let Some(left_out) = self.left_out_now.as_ref().filter(|left_out| left_out.sum() > 0) {
            let told = "would be left out by what the state knows now";
            facts.push(("of these", format!("{} {told}", thousands(left_out.sum()))));
        }
        if let Some(cost) = &self.cost {
            facts.push(("cost", cost.clone()));
        }
        let starts = aside.starts.as_deref().unwrap_or("when it is sent: the manifest names no time");
        facts.push(("starts", starts.to_owned()));
        if let Some(window) = &aside.window {
            facts.push(("window", window.clone()));
        }
        if let Some((takes, rate)) = &aside.takes {
            facts.push(("takes", format!("{} at {rate}", duration(*takes))));
        }
        if let Some(ends) = &aside.ends {
            facts.push(("through", ends.clone()));
        }
        facts.push(("gateway", code(&cut(&aside.gateway))));
        facts.push(("digest", code(&self.digest)));
        facts.into_iter().map(|(name, what)| vec![name.to_owned(), what.replace('\n', " ")]).collect()
    }

    fn left_out(&self, aside: &Aside) -> String {
        let out = self.rejected + self.suppressed + self.filtered + self.duplicates;
        if out == 0 {
            return "\nNobody is left out.\n".to_owned();
        }
        let row = |(reason, rows): &(String, u64)| {
            let name = match reason.strip_prefix("  ") {
                // A list by its name, below its reason.
                Some(list) => format!("&emsp;{}", code(&cut(list))),
                None => reason.clone(),
            };
            vec![name, thousands(*rows)]
        };
        let rows: Vec<Vec<String>> = aside.reasons.iter().take(SHOWN * 2).map(row).collect();
        format!("\n### Left out: {}\n\n{}", count(out, "row"), table(&["why", "rows"], &[1], &rows))
    }
}

fn made_of(messages: u64, makeup: &str) -> String {
    if makeup.is_empty() { thousands(messages) } else { format!("{}: {makeup}", thousands(messages)) }
}

/// Bubbles as in a terminal.
fn shown(samples: &[Sample]) -> String {
    if samples.is_empty() {
        return String::new();
    }
    let bubbles: Vec<String> = samples.iter().map(bubble).map(|text| fenced(&text, MOST_PART / 2)).collect();
    format!("\n### What people will read\n\n{}", bubbles.join("\n"))
}

fn occurrences(aside: &Aside) -> String {
    if aside.occurrences.is_empty() {
        return String::new();
    }
    format!("\n### It goes out each time\n\n{}", fenced(&aside.occurrences, MOST_PART))
}

fn cut(name: &str) -> String {
    cut_at(name, MOST_NAME)
}

fn cut_at(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let end = (0..=most).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}…", text.get(..end).unwrap_or_default())
}

/// Words in lines that need no scrolling.
fn wrapped(text: &str, begins: &str) -> String {
    const WIDTH: usize = 96;
    let mut lines = vec![begins.to_owned()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().filter(|line| line.chars().count() + word.chars().count() < WIDTH);
        match line {
            Some(line) if line.ends_with(' ') => line.push_str(word),
            Some(line) => *line = format!("{line} {word}"),
            None => lines.push(format!("  {word}")),
        }
    }
    format!("{}\n", lines.join("\n"))
}

/// A comment in the making: a part that does not fit any more is left out, and it is said so.
#[derive(Default)]
struct Comment {
    text: String,
    is_cut: bool,
}

impl Comment {
    /// What is said where parts were left out.
    const CUT: &str =
        "\nThere is more than fits here: `sendplan plan` and `sendplan preview` show all of it.\n";

    fn part(&mut self, text: &str) {
        if self.text.len() + text.len() + Self::CUT.len() <= MOST_BYTES {
            self.text.push_str(text);
        } else {
            self.is_cut = true;
        }
    }

    /// A part of a few lines in a terminal, without its own heading.
    fn fold(&mut self, summary: &str, human: &str) {
        if !human.trim().is_empty() {
            self.part(&format!("\n{}", folded(summary, &fenced(human.trim_start_matches('\n'), MOST_PART))));
        }
    }

    fn finish(mut self) -> String {
        if self.is_cut {
            self.text.push_str(Self::CUT);
        }
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::plan::tests::{aside, report};

    fn sample(text: &str) -> Sample {
        Sample { id: "C-17".to_owned(), text: text.to_owned(), ..Sample::default() }
    }

    #[test]
    fn whatever_the_campaign_a_comment_fits() {
        let long = "é`|\n".repeat(20_000);
        let mut report = report();
        report.warnings = vec![long.clone(); 200];
        report.campaign = "c".repeat(60);
        let mut aside = aside();
        aside.file.clone_from(&long);
        aside.gateway.clone_from(&long);
        aside.reasons = vec![(format!("  {long}"), 1); 500];
        aside.occurrences.clone_from(&long);
        let comment = report.comment(&aside, &vec![sample(&long); 40]);
        assert!(comment.len() < MOST_BYTES, "{}", comment.len());
        assert!(comment.ends_with(Comment::CUT), "{comment}");
        assert!(comment.contains("180 more warnings"));
    }

    #[test]
    fn what_is_refused_is_told_above_all_else() {
        let aside = Aside { refused: vec!["5 messages, and `limits.recipients` is 3".to_owned()], ..aside() };
        let comment = report().comment(&aside, &[]);
        let (told, rest) = comment.split_once("refused: 5 messages, and `limits.recipients` is 3").unwrap();
        assert!(told.contains("**The plan is refused") && rest.contains("| recipients |"), "{comment}");
    }

    #[test]
    fn nothing_of_a_text_is_markup() {
        let evil = "```\n/close\n@everyone <script>alert(1)</script> ![x](https://example.com/x.png) #1\n";
        let comment = report().comment(&aside(), &[sample(evil)]);
        let outside: String = comment.split("````").step_by(2).collect();
        for word in ["/close", "@everyone", "<script>", "![x]", "#1 "] {
            assert!(comment.contains(word) && !outside.contains(word), "{word}: {comment}");
        }
    }

    #[test]
    fn long_words_are_told_in_lines() {
        let told = wrapped(&"word ".repeat(40), "warning: ");
        assert!(told.lines().all(|line| line.chars().count() <= 96) && told.lines().count() == 3, "{told}");
        assert_eq!(told.matches("word").count(), 40);
    }
}
