//! The messages of a run as CSV, one row each: `report --format csv`. The columns are frozen: more
//! come behind them.

use chrono::{DateTime, SecondsFormat, Utc};

use super::mask::Mask;
use super::rejects::harmless;

/// A message as reports show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageLine<'a> {
    /// The recipient's identity.
    pub recipient: &'a str,
    /// The address in canonical text.
    pub address: &'a str,
    /// Where it stands, in the words of `status`; `delivered` or `failed` where that is known.
    pub state: &'static str,
    /// The gateway's id.
    pub provider_id: Option<&'a str>,
    /// How many requests it was in.
    pub attempts: u32,
    /// How many parts the text takes.
    pub segments: u16,
    /// When the gateway took it; nothing for a message that it did not take, or of which nobody knows.
    pub sent_at: Option<DateTime<Utc>>,
    /// When it last changed.
    pub changed_at: DateTime<Utc>,
    /// Why it is not accepted or delivered, where that was said.
    pub error: Option<&'a str>,
    /// The variant of its text, where there are several.
    pub variant: Option<&'a str>,
    /// The language of its text, where that is said.
    pub locale: Option<&'a str>,
    /// The occurrence of its run: local time and zone, or `once`.
    pub occurrence: &'a str,
}

/// The columns.
const COLUMNS: [&str; 8] =
    ["recipient", "address", "state", "provider_id", "attempts", "segments", "sent_at", "error"];

/// What stands behind them where a campaign has several texts.
const OF_TEXTS: [&str; 2] = ["variant", "locale"];

/// The last of all, for a series has everybody once a run.
const OF_RUNS: &str = "occurrence";

/// The first line; `texts` says whether some run has several.
pub fn head(texts: bool) -> String {
    let more: &[&str] = if texts { &OF_TEXTS } else { &[] };
    let columns: Vec<&str> = COLUMNS.iter().chain(more).copied().chain([OF_RUNS]).collect();
    format!("{}\n", columns.join(","))
}

/// Rows of messages.
pub fn rows<'a>(messages: impl IntoIterator<Item = MessageLine<'a>>, mask: Mask, texts: bool) -> String {
    let mut csv = csv::Writer::from_writer(Vec::new());
    for message in messages {
        let text = |text: &str| harmless(text.as_bytes()).into_owned();
        let sent_at = message.sent_at.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true));
        let row = [
            text(&mask.recipient(message.recipient, message.address)),
            text(&mask.address(message.address)),
            message.state.as_bytes().to_vec(),
            text(&mask.id(message.provider_id.unwrap_or_default(), message.address)),
            message.attempts.to_string().into_bytes(),
            message.segments.to_string().into_bytes(),
            sent_at.unwrap_or_default().into_bytes(),
            text(&mask.words(message.error.unwrap_or_default(), message.address)),
        ];
        let more = [message.variant, message.locale].map(|name| text(name.unwrap_or_default()));
        let of_run = text(message.occurrence);
        // Writing into memory does not fail.
        let _ = csv.write_record(row.into_iter().chain(more.into_iter().filter(|_| texts)).chain([of_run]));
    }
    let bytes = csv.into_inner().unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fault_54_a_row_a_message_and_no_formula_in_it() {
        let sent_at = DateTime::from_timestamp(1_767_225_600, 0).unwrap();
        let message = MessageLine {
            recipient: "C-1",
            address: "+254700000001",
            state: "failed",
            provider_id: Some("-1+1"),
            attempts: 2,
            segments: 1,
            sent_at: Some(sent_at),
            changed_at: sent_at,
            variant: Some("a"),
            locale: None,
            occurrence: "2026-01-01T00:00[UTC]",
            error: Some("=HYPERLINK(\"x\"), 254700000001 is off"),
        };
        let own = MessageLine { recipient: "+254700000001", provider_id: None, error: None, ..message };
        let formula = MessageLine { recipient: "@SUM(1)", sent_at: None, occurrence: "=1+1", ..own };
        assert_eq!(
            format!("{}{}", head(false), rows([message, own, formula], Mask::Masked, false)),
            "recipient,address,state,provider_id,attempts,segments,sent_at,error,occurrence\n\
             C-1,+2547•••••001,failed,'-1+1,2,1,2026-01-01T00:00:00Z,\"'=HYPERLINK(\"\"x\"\"), +2547•••••001 is off\",2026-01-01T00:00[UTC]\n\
             +2547•••••001,+2547•••••001,failed,,2,1,2026-01-01T00:00:00Z,,2026-01-01T00:00[UTC]\n\
             '@SUM(1),+2547•••••001,failed,,2,1,,,'=1+1\n"
        );
        assert!(head(true).ends_with(",error,variant,locale,occurrence\n"));
        let shown = rows([message], Mask::Shown, true);
        assert!(shown.ends_with(",a,,2026-01-01T00:00[UTC]\n"), "{shown}");
        assert!(
            shown.starts_with("C-1,+254700000001,failed,") && shown.contains(", 254700000001 is"),
            "{shown}"
        );
    }
}
