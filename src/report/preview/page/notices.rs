//! What somebody should read before they say yes: why the plan is refused, what looks wrong, and what nobody reads.

use super::{Preview, anchored};
use crate::report::html::{Node, prose, section};
use crate::report::layout::count;
use crate::units::thousands;

impl Preview<'_> {
    /// What somebody should read before they say yes.
    pub(super) fn stands_out(&self) -> Node {
        let refused = self.refusals.iter().map(|why| ("bad", format!("The plan is refused: {why}.")));
        let warned = self.warnings().into_iter().map(|warning| ("warning", warning));
        let unread = self.unread.iter().map(|one| ("branch", format!("{}: {}.", one.place, one.words())));
        let all = refused.chain(warned).chain(unread);
        let lines: Vec<Node> =
            all.map(|(class, text)| Node::new("li", &[("class", class)], prose(&text))).collect();
        let told = match lines.is_empty() {
            true => Node::new("p", &[("class", "good")], [Node::text("Nothing stands out.")]),
            false => Node::new("ul", &[("class", "notices")], lines),
        };
        anchored("notice", section("Worth a look", [told]))
    }

    fn warnings(&self) -> Vec<String> {
        let report = self.report;
        let mut warnings = report.warnings.clone();
        warnings.extend(report.without_opt_out.iter().map(|lacking| {
            let at = first(lacking.first_file.as_deref(), lacking.first_line);
            format!(
                "{} without a word on how to opt out, the first in {at}.",
                count(lacking.messages, "message")
            )
        }));
        warnings.extend(report.flaws.iter().map(|flaw| {
            let of = flaw.column.as_ref().map_or_else(String::new, |column| format!(" from `{column}`"));
            let at = first(flaw.first_file.as_deref(), flaw.first_line);
            let many = count(flaw.messages, "message");
            format!("{many} with {}{of}, the first in {at}: {}", flaw.words, flaw.example)
        }));
        let alphabet = &report.alphabet;
        warnings.extend((alphabet.segments > 0).then(|| {
            let money = alphabet.cost.as_ref().map_or_else(String::new, |cost| format!(", {cost}"));
            format!(
                "{} in UCS-2 could be spelled in GSM-7: {} less{money}. `message.transliterate: gsm7` does that.",
                count(alphabet.spellable, "message"),
                count(alphabet.segments, "segment")
            )
        }));
        warnings.extend((report.languages.unknown > 0).then(|| {
            let many = count(report.languages.unknown, "message");
            let named = report.languages.unknown_named();
            format!("{many} in the default language: there is no text in what their rows name ({named}).")
        }));
        warnings.extend(report.texts.iter().filter(|text| text.messages == 0).map(|text| {
            let names = [&text.variant, &text.locale].into_iter().flatten();
            format!("Nobody reads the text {}.", names.cloned().collect::<Vec<_>>().join(", "))
        }));
        warnings
    }
}

/// Where the first of several stands.
fn first(file: Option<&str>, line: u64) -> String {
    let file = file.map_or_else(String::new, |file| format!("{file} "));
    format!("{file}line {}", thousands(line))
}
