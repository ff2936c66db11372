//! What a number is for, as far as its digits say, and which of that a campaign is meant for.

use std::fmt;

use rlibphonenumber::PhoneNumberType;
use schemars::JsonSchema;
use serde::Deserialize;

/// What a number is for, as libphonenumber has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NumberType {
    /// Mobile phones.
    Mobile,
    /// Landlines.
    FixedLine,
    /// The one or the other: in some countries, such as the United States, the digits do not say.
    FixedOrMobile,
    /// Free for who calls.
    TollFree,
    /// Dear for who calls.
    PremiumRate,
    /// Shared between who calls and who is called.
    SharedCost,
    /// Telephony over the internet.
    Voip,
    /// A person, wherever that person is.
    Personal,
    /// Pagers.
    Pager,
    /// A company, wherever it takes the call.
    Uan,
    /// Mailboxes for voices.
    Voicemail,
    /// Nothing of these.
    #[serde(skip_deserializing)]
    #[schemars(skip)]
    Unknown,
}

impl From<PhoneNumberType> for NumberType {
    fn from(kind: PhoneNumberType) -> Self {
        match kind {
            PhoneNumberType::Mobile => Self::Mobile,
            PhoneNumberType::FixedLine => Self::FixedLine,
            PhoneNumberType::FixedLineOrMobile => Self::FixedOrMobile,
            PhoneNumberType::TollFree => Self::TollFree,
            PhoneNumberType::PremiumRate => Self::PremiumRate,
            PhoneNumberType::SharedCost => Self::SharedCost,
            PhoneNumberType::VoIP => Self::Voip,
            PhoneNumberType::PersonalNumber => Self::Personal,
            PhoneNumberType::Pager => Self::Pager,
            PhoneNumberType::UAN => Self::Uan,
            PhoneNumberType::VoiceMail => Self::Voicemail,
            _ => Self::Unknown,
        }
    }
}

impl fmt::Display for NumberType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mobile => "a mobile number",
            Self::FixedLine => "a landline",
            Self::FixedOrMobile => "a landline or a mobile number",
            Self::TollFree => "a free number",
            Self::PremiumRate => "a premium number",
            Self::SharedCost => "a number of shared cost",
            Self::Voip => "a number of the internet",
            Self::Personal => "a personal number",
            Self::Pager => "a pager",
            Self::Uan => "a company's number",
            Self::Voicemail => "a mailbox for voices",
            Self::Unknown => "of no type that is known",
        })
    }
}

/// The types that a campaign is meant for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NumberTypes(u16);

impl FromIterator<NumberType> for NumberTypes {
    fn from_iter<I: IntoIterator<Item = NumberType>>(types: I) -> Self {
        Self(types.into_iter().fold(0, |all, one| all | 1 << one as u16))
    }
}

impl NumberTypes {
    /// Whether it is meant for numbers of this type.
    pub fn admits(self, found: NumberType) -> bool {
        self.0 & 1 << found as u16 != 0
    }
}
