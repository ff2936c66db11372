//! Who gets it and who does not: readers of each text, countries, reasons.

use super::{Example, Preview, anchored};
use crate::report::html::{Node, section, table};
use crate::report::layout::count;
use crate::report::plan::HeldLine;
use crate::report::readers::TextReaders;
use crate::units::thousands;

impl Preview<'_> {
    /// All of it.
    pub(super) fn audience(&self) -> Node {
        let parts = [self.readers(), self.countries(), Some(self.left_out()), self.held()];
        anchored("audience", section("Who gets it", parts.into_iter().flatten()))
    }

    fn readers(&self) -> Option<Node> {
        let row = |text: &TextReaders| {
            let names = [&text.variant, &text.locale].into_iter().flatten();
            let name = names.cloned().collect::<Vec<_>>().join(", ");
            vec![name, thousands(text.messages), text.segments.map_or_else(String::new, thousands)]
        };
        let rows: Vec<Vec<String>> = self.report.texts.iter().map(row).collect();
        let heads = ["text", "messages", "segments"];
        (!rows.is_empty()).then(|| table("Who reads which text", &heads, &[1, 2], &rows))
    }

    fn countries(&self) -> Option<Node> {
        let countries = self.aside.countries.iter();
        let rows: Vec<Vec<String>> =
            countries.map(|(country, number)| vec![country.clone(), thousands(*number)]).collect();
        (rows.len() > 1).then(|| table("By country", &["country", "messages"], &[1], &rows))
    }

    fn left_out(&self) -> Node {
        if self.examples.is_empty() {
            return Node::with("p", "Every row gets a message: nobody is left out.");
        }
        let row = |one: &Example| vec![one.reason.clone(), thousands(one.rows), one.places.join("; ")];
        let rows: Vec<Vec<String>> = self.examples.iter().map(row).collect();
        let caption = format!(
            "Who is left out, and why: {} of {}",
            thousands(self.examples.iter().map(|one| one.rows).sum::<u64>()),
            count(self.report.recipients, "row")
        );
        table(&caption, &["reason", "rows", "such as"], &[1], &rows)
    }

    fn held(&self) -> Option<Node> {
        let row =
            |line: &HeldLine| vec![line.why.to_owned(), thousands(line.messages), line.first.to_string()];
        let rows: Vec<Vec<String>> = self.aside.held.iter().map(row).collect();
        let caption = "Who is held until somebody decides";
        (!rows.is_empty()).then(|| table(caption, &["why", "messages", "first in"], &[1], &rows))
    }
}
