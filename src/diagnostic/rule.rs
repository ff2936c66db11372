//! Families of problems, under names that stay: whoever reads the output of `check` with a program sorts, counts and
//! silences by them.

/// A family of problems. The names are frozen; new ones may be added.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// A file cannot be read as YAML.
    Syntax,
    /// A key that does not belong where it stands.
    UnknownKey,
    /// A key that is needed and not there.
    MissingKey,
    /// A key that stands twice.
    DuplicateKey,
    /// A value of another kind than is wanted, such as a text for a number.
    WrongType,
    /// A value of the right kind that says nothing usable.
    WrongValue,
    /// A credential that is written out.
    Secret,
    /// A file that is named and cannot be used.
    File,
    /// A column that the recipients' files do not have.
    Column,
    /// The recipients' files.
    Recipients,
    /// The suppression lists.
    SuppressionList,
    /// Who is sent to.
    Audience,
    /// An expression in a text, a filter or a profile.
    Expression,
    /// What a text says.
    Message,
    /// When it goes out.
    Schedule,
    /// How it goes out.
    Delivery,
    /// What the campaign asks of the gateway.
    Provider,
    /// A gateway's profile.
    Profile,
    /// Two campaigns of one name.
    DuplicateName,
    /// Anything else about a campaign.
    #[default]
    Campaign,
}

impl Rule {
    /// All of them. Their order is that of the list of rules in SARIF.
    pub const ALL: [Self; 20] = [
        Self::Syntax,
        Self::UnknownKey,
        Self::MissingKey,
        Self::DuplicateKey,
        Self::WrongType,
        Self::WrongValue,
        Self::Secret,
        Self::File,
        Self::Column,
        Self::Recipients,
        Self::SuppressionList,
        Self::Audience,
        Self::Expression,
        Self::Message,
        Self::Schedule,
        Self::Delivery,
        Self::Provider,
        Self::Profile,
        Self::DuplicateName,
        Self::Campaign,
    ];

    /// Its name, which stays.
    pub fn id(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::UnknownKey => "unknown-key",
            Self::MissingKey => "missing-key",
            Self::DuplicateKey => "duplicate-key",
            Self::WrongType => "wrong-type",
            Self::WrongValue => "wrong-value",
            Self::Secret => "secret",
            Self::File => "file",
            Self::Column => "column",
            Self::Recipients => "recipients",
            Self::SuppressionList => "suppression-list",
            Self::Audience => "audience",
            Self::Expression => "expression",
            Self::Message => "message",
            Self::Schedule => "schedule",
            Self::Delivery => "delivery",
            Self::Provider => "provider",
            Self::Profile => "profile",
            Self::DuplicateName => "duplicate-name",
            Self::Campaign => "campaign",
        }
    }

    /// What it is about, in a sentence.
    pub fn about(self) -> &'static str {
        match self {
            Self::Syntax => "A file cannot be read as YAML.",
            Self::UnknownKey => "A key does not belong where it stands.",
            Self::MissingKey => "A key is needed and not there.",
            Self::DuplicateKey => "A key stands twice.",
            Self::WrongType => "A value is of another kind than is wanted, such as a text for a number.",
            Self::WrongValue => "A value is of the right kind and says nothing usable.",
            Self::Secret => "A credential is written out in a file that is committed.",
            Self::File => "A file is named and cannot be used.",
            Self::Column => "The recipients' files do not have a column that is named.",
            Self::Recipients => "The recipients' files cannot be used as they are.",
            Self::SuppressionList => "A suppression list cannot be used, or leaves out nobody.",
            Self::Audience => "Who is sent to cannot be told, or is not what it seems.",
            Self::Expression => "An expression in a text, a filter or a profile is wrong.",
            Self::Message => "A text is not fit to be sent, or wants a look.",
            Self::Schedule => "When the campaign goes out cannot be told, or contradicts itself.",
            Self::Delivery => "How the campaign goes out, or its limits, cannot be kept to.",
            Self::Provider => "The campaign asks something of its gateway that cannot be.",
            Self::Profile => "The profile of a gateway is wrong.",
            Self::DuplicateName => "Two campaigns have one name.",
            Self::Campaign => "Something else about a campaign is wrong.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_words_and_each_is_one_rules() {
        let mut ids: Vec<&str> = Rule::ALL.iter().map(|rule| rule.id()).collect();
        assert!(ids.iter().all(|id| id.chars().all(|c| c.is_ascii_lowercase() || c == '-')), "{ids:?}");
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), Rule::ALL.len());
        assert!(Rule::ALL.iter().all(|rule| rule.about().ends_with('.')));
        assert!(Rule::ALL.windows(2).all(|pair| pair[0] < pair[1]), "in the order of the type");
    }
}
