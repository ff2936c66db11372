//! The manifest of a campaign that is begun, line by line. Comments behind `# ` are prose; what stands behind a bare `#` is
//! a setting that is switched off.

use std::fmt::Write as _;

use chrono::{Days, NaiveDateTime};

use super::{Draft, People, When};

/// Where comments begin, unless a line is longer.
const COLUMN: usize = 40;

pub(super) fn manifest(draft: &Draft<'_>) -> String {
    let mut page = Page::default();
    page.prose("yaml-language-server: $schema=../../schemas/campaign.schema.json");
    page.prose("What all of this means, and what else there is, says the schema above, to editors and by");
    page.prose("`sendplan schema campaign --format markdown`.");
    page.line("version: 1", "");
    page.line(
        &format!("name: {}", text(&draft.name)),
        "its key in the state: one with another name is another campaign",
    );
    page.line(&format!("provider: {}", text(&draft.provider)), draft.profile.title());
    page.line(
        &format!("sender: {}", draft.sender),
        &format!("yours: {}", draft.profile.sender_description()),
    );
    audience(draft, &mut page);
    page.gap();
    page.line("message:", "");
    page.line("  template: message.txt", "every column is a name in it: {{ column }}");
    if draft.profile.counts_segments() {
        page.line("  max_segments: 2", "a text of more SMS refuses the plan");
    }
    schedule(draft, &mut page);
    page.gap();
    page.prose("How fast, and beyond how much the whole plan is refused.");
    page.line("#delivery:", "");
    page.line("#  rate: 10/s", "");
    page.line("#limits:", "");
    page.line("#  recipients: 10000", "");
    if draft.profile.counts_segments() {
        page.line("#  segments: 20000", "");
    }
    page.text
}

fn audience(draft: &Draft<'_>, page: &mut Page) {
    page.gap();
    page.line("audience:", "");
    let address = match &draft.people {
        People::Invented => {
            page.line("  csv: recipients.csv", "invented people: put yours there, CSV or .xlsx");
            draft.column()
        }
        People::Theirs { file, address, .. } => {
            page.line(&format!("  csv: {}", text(file)), "");
            address.as_str()
        }
    };
    let what =
        if draft.is_opaque() { "the column of the gateway's ids" } else { "the column of phone numbers" };
    page.line(&format!("  address: {}", text(address)), what);
    match (draft.is_opaque(), draft.region) {
        (true, _) => {}
        (false, Some(region)) => {
            page.line(&format!("  region: {region}"), "the country of numbers without a country code")
        }
        (false, None) => page.line("  #region: KE", "the country of numbers without a country code"),
    }
    if let People::Theirs { id, vague_id, locale, .. } = &draft.people {
        if let Some(id) = id {
            page.line(&format!("  id: {}", text(id)), "the column that tells people apart");
        }
        if let Some(id) = vague_id {
            let why =
                "not set: not every row has one of its own, and of several with one, one gets the message";
            page.line(&format!("  #id: {}", text(id)), why);
        }
        if let Some(locale) = locale {
            let locale = text(locale);
            page.prose(&format!("Texts by language: `locale: {locale}` here, and `locales` in `message`."));
        }
    }
    page.line(&format!("  suppress: [{}]", text(&draft.list)), "whoever is on a list gets nothing");
    page.line("  #max_rejected: 5%", "more unusable rows, and the plan is refused");
}

/// A schedule, or one that is switched off.
fn schedule(draft: &Draft<'_>, page: &mut Page) {
    page.gap();
    let off = match &draft.when {
        When::Whenever => {
            page.prose("Without a schedule it goes out when `sendplan send` is called for the first time.");
            "#"
        }
        _ => "",
    };
    page.line(&format!("{off}schedule:"), "");
    match &draft.when {
        When::Cron(line) => {
            page.line(&format!("  cron: {}", quoted(line)), "a run each time, as crontab means it")
        }
        When::At(at) => page.line(&format!("  at: {}", local(*at)), ""),
        When::Whenever => {
            let soon = draft.today.checked_add_days(Days::new(7)).unwrap_or(draft.today);
            page.line(&format!("{off}  at: {}T09:00", soon.format("%Y-%m-%d")), "");
        }
    }
    page.line(&format!("{off}  timezone: {}", text(&draft.timezone)), "the clock of the times here");
    let hours = if off.is_empty() { "  #window: " } else { "#  window: " };
    page.line(&format!("{hours}{{ from: \"08:00\", to: \"20:00\" }}"), "");
}

fn local(at: NaiveDateTime) -> String {
    at.format("%Y-%m-%dT%H:%M").to_string()
}

/// A text that YAML reads as just that text.
fn text(text: &str) -> String {
    // Nothing with a meaning of its own.
    const WORDS: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let is_plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "_-/.".contains(c))
        && (text.starts_with(|c: char| c.is_ascii_alphabetic()) || text.starts_with("../"))
        && !WORDS.contains(&text.to_ascii_lowercase().as_str());
    if is_plain { text.to_owned() } else { quoted(text) }
}

/// The same in quotes: what JSON writes, YAML reads.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn gap(&mut self) {
        self.text.push('\n');
    }

    fn prose(&mut self, line: &str) {
        let _ = writeln!(self.text, "# {line}");
    }

    /// A line with a comment beside it; none where the comment is empty.
    fn line(&mut self, line: &str, comment: &str) {
        let _ = match comment {
            "" => writeln!(self.text, "{line}"),
            _ => writeln!(
                self.text,
                "{line:<width$} # {}",
                comment.replace(['\n', '\r'], " "),
                width = COLUMN - 1
            ),
        };
    }
}
