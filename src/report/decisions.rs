//! What people decided about a campaign: for people, and as the frozen JSON of `resolve --decisions --format json`.

use serde::Serialize;

use super::layout::Table;
use super::layout::second;
use super::mask::Mask;

/// `resolve --decisions --format json`, version 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DecisionsReport {
    /// The version of this form: 1.
    pub version: u32,
    /// The campaign's name.
    pub campaign: String,
    /// Decisions, oldest first.
    pub decisions: Vec<DecisionLine>,
}

/// A decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DecisionLine {
    /// When, RFC 3339.
    pub at: String,
    /// Who: a person and a machine.
    pub who: String,
    /// What: `assumed sent`, `resend`, `reconciled`, and what other verbs decide.
    pub what: String,
    /// The occurrence of the run; null where it was about the campaign.
    pub occurrence: Option<String>,
    /// The recipient, masked where that is an address; null where it was about no one person.
    pub recipient: Option<String>,
    /// Why; null where nothing was said.
    pub reason: Option<String>,
}

/// The recipient of a decision as it may be shown, and the words of its reason. Without an address, as when the message
/// was pruned, the recipient may be one itself.
pub fn shown(
    mask: Mask,
    recipient: Option<&str>,
    address: Option<&str>,
    reason: Option<&str>,
) -> (Option<String>, Option<String>) {
    let address = address.or(recipient).unwrap_or_default();
    let recipient = recipient.map(|recipient| mask.recipient(recipient, address).into_owned());
    (recipient, reason.map(|reason| mask.words(reason, address)))
}

impl DecisionsReport {
    /// The JSON of machines.
    pub fn json(&self) -> String {
        format!("{}\n", serde_json::to_string_pretty(self).unwrap_or_default())
    }

    /// The text of people.
    pub fn human(&self) -> String {
        if self.decisions.is_empty() {
            return format!("Nobody has decided anything about `{}`.\n", self.campaign);
        }
        let mut table = Table::new(&[]);
        table.row(["time", "who", "what", "recipient", "reason"]);
        for one in &self.decisions {
            let (recipient, reason) = (one.recipient.as_deref(), one.reason.as_deref());
            let at = second(&one.at);
            table.row([&at, &one.who, &one.what, recipient.unwrap_or("-"), reason.unwrap_or_default()]);
        }
        table.show()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_masked_also_when_the_message_is_gone() {
        let masked = |recipient, address, reason| shown(Mask::Masked, Some(recipient), address, Some(reason));
        let some = |recipient: &str, reason: &str| (Some(recipient.to_owned()), Some(reason.to_owned()));
        let address = "+254700000001";
        assert_eq!(masked("C-17", Some(address), "0700000001 rang"), some("C-17", "+2547•••••001 rang"));
        assert_eq!(masked(address, Some(address), "x"), some("+2547•••••001", "x"));
        assert_eq!(masked(address, None, "x"), some("+2547•••••001", "x"));
        assert_eq!(masked("customer-17", None, "x"), some("custo•••-17", "x"));
        assert_eq!(shown(Mask::Shown, Some(address), None, None), (Some(address.to_owned()), None));
        assert_eq!(shown(Mask::Masked, None, None, None), (None, None));
    }
}
