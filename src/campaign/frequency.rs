//! How often one person may be written to, over the campaigns of a state.

use std::fmt;

use crate::units::Span;

/// Who is left out because of what was sent before. Nothing, where nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frequency {
    /// Nobody gets a second one.
    pub once_per: Option<OncePer>,
    /// Nobody gets more than so many in a time.
    pub cap: Option<Cap>,
    /// Nobody gets it who got one of these campaigns.
    pub exclude: Vec<String>,
}

impl Frequency {
    /// Whether there is any such rule.
    pub fn is_some(&self) -> bool {
        self.once_per.is_some() || self.cap.is_some() || !self.exclude.is_empty()
    }

    /// Whether whoever got a run of the campaign `other`, whose own rule was `word`, gets nothing of the campaign `own`:
    /// by `once_per`, for which a campaign's earlier runs are always its own, or because that campaign is named.
    pub fn counts_once(&self, own: &str, other: &str, word: Option<&str>) -> bool {
        if self.exclude.iter().any(|name| name == other) {
            return true;
        }
        match &self.once_per {
            None => false,
            Some(OncePer::Campaign) => own == other,
            Some(OncePer::Group(group)) => own == other || word == Some(group.as_str()),
        }
    }
}

/// Over what nobody gets a second message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OncePer {
    /// The campaign, over all its occurrences.
    Campaign,
    /// All campaigns that say the same word.
    Group(String),
}

impl OncePer {
    /// The word that stands for the campaign itself.
    const CAMPAIGN: &str = "campaign";

    /// What a word of the manifest means. Whether it may be such a word is seen to before.
    pub fn of(word: String) -> Self {
        if word == Self::CAMPAIGN { Self::Campaign } else { Self::Group(word) }
    }
}

impl fmt::Display for OncePer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Campaign => Self::CAMPAIGN,
            Self::Group(word) => word,
        })
    }
}

/// The most messages that one person gets in a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cap {
    /// How many, 1 to 1000.
    pub messages: u16,
    /// In how long.
    pub per: Span,
}

impl fmt::Display for Cap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.messages == 1 { "" } else { "s" };
        write!(f, "{} message{plural} in the last {}", self.messages, self.per)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frequency(word: &str) -> Frequency {
        Frequency { once_per: Some(OncePer::of(word.to_owned())), ..Frequency::default() }
    }

    #[test]
    fn a_campaign_counts_its_own_runs_and_a_group_those_of_its_members() {
        let own = frequency("campaign");
        assert!(own.counts_once("a", "a", None));
        assert!(!own.counts_once("a", "b", Some("campaign")), "the same word, but not the same campaign");
        let group = frequency("spring");
        assert!(group.counts_once("a", "b", Some("spring")));
        assert!(group.counts_once("a", "a", None), "begun before it said the word");
        assert!(!group.counts_once("a", "b", Some("autumn")));
        assert!(!group.counts_once("a", "b", None));
        assert!(!Frequency::default().counts_once("a", "a", Some("spring")));
        let named = Frequency { exclude: vec!["b".to_owned()], ..frequency("spring") };
        assert!(named.counts_once("a", "b", None) && named.counts_once("a", "c", Some("spring")));
        assert!(!named.counts_once("a", "c", None));
    }

    #[test]
    fn rules_read_like_this() {
        let cap = |messages, per: &str| Cap { messages, per: per.parse().unwrap() }.to_string();
        assert_eq!(cap(1, "24h"), "1 message in the last 1d");
        assert_eq!(cap(2, "7d"), "2 messages in the last 7d");
        assert_eq!(
            ["campaign", "spring"].map(|word| OncePer::of(word.to_owned()).to_string()),
            ["campaign", "spring"]
        );
    }
}
