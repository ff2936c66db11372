//! Addresses as they may be shown: masked, also where an identity or a gateway's words repeat them.

use std::borrow::Cow;

use crate::audience::masked::{self as cell, NUMBER_DIGITS};
use crate::audience::{Address, AddressKind};
use crate::unseen::unseen;

/// An id that has other characters is somebody's number only where so many digits stand together in it.
const DIALLED_DIGITS: usize = 9;

/// Where an address was: a character that nobody writes.
const PLACE: &str = "\u{fffc}";

/// What a report does with addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mask {
    /// Shows them in full.
    Shown,
    /// Shows little of them: `+2547•••••678`.
    Masked,
}

impl Mask {
    /// An address, in canonical text.
    pub fn address(self, address: &str) -> Cow<'_, str> {
        match self {
            Self::Shown => Cow::Borrowed(address),
            Self::Masked => Cow::Owned(masked(address)),
        }
    }

    /// The identity of a recipient; where that is the address itself, in whatever spelling, or looks like another one, it is
    /// masked like it.
    pub fn recipient<'a>(self, recipient: &'a str, address: &str) -> Cow<'a, str> {
        let is_address = || recipient == address || is_number(recipient) && holds(recipient, address);
        match self {
            Self::Masked if is_address() => Cow::Owned(masked(address)),
            Self::Masked if reaches_somebody(recipient, address) => Cow::Owned(cell::masked(recipient)),
            _ => Cow::Borrowed(recipient),
        }
    }

    /// A gateway's words about a message: they may repeat the address, and those of others.
    pub fn words(self, words: &str, address: &str) -> String {
        match self {
            Self::Shown => words.to_owned(),
            Self::Masked => {
                // The address is put in when the others are masked, for it would be a part of what stands beside it.
                let others = cell::masked(&without_address(words, address, PLACE));
                others.replace(PLACE, &masked(address))
            }
        }
    }

    /// A gateway's id of a message: it may be made of the number.
    pub fn id(self, id: &str, address: &str) -> String {
        match self {
            Self::Shown => id.to_owned(),
            Self::Masked => without_address(id, address, &masked(address)),
        }
    }

    /// A cell of somebody's file, of which nobody knows what it holds: numbers, however they are spelled, and e-mail
    /// addresses are masked wherever they stand in it. Dates are left.
    pub fn cell(self, cell: &str) -> String {
        match self {
            Self::Shown => cell.to_owned(),
            Self::Masked => cell::masked(cell),
        }
    }
}

fn masked(address: &str) -> String {
    Address::Opaque(address.into()).masked()
}

fn is_number(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_digit() || " +-.()/".contains(c))
}

/// Whether an identity is an e-mail address or a phone number, or has one in it, as `tel:+254…` and `Ann <ann@…>` do. Digits
/// alone may be anybody's own numbering: they are a phone number where they begin as one is dialled, or with the country
/// code of a number that there can be, or are those of this address.
fn reaches_somebody(recipient: &str, address: &str) -> bool {
    let seen: String = recipient.chars().filter(|c| unseen(*c).is_none()).collect();
    let seen = seen.trim();
    let words = seen.split_whitespace().map(|word| word.trim_matches(['<', '>', '(', ')', ',', ';']));
    if words.clone().any(|word| word.contains('@') && cell::is_contact(word)) {
        return true;
    }
    let is_valid = |number: &str| AddressKind::Phone { region: None }.read(&format!("+{number}")).is_ok();
    let is_foreign = |c: char| c.is_numeric() && !c.is_ascii_digit();
    if cell::is_contact(seen)
        && (seen.starts_with(['+', '0', '(']) || seen.contains(is_foreign) || is_valid(seen))
    {
        return true;
    }
    let mut runs = seen.split(|c: char| !c.is_ascii_digit()).filter(|run| run.len() >= DIALLED_DIGITS);
    runs.any(|run| {
        let is_local = run.len() <= 12 && run.starts_with('0') && !run.starts_with("00");
        is_local || is_valid(run) || address.starts_with('+') && holds(run, address)
    })
}

/// Whether the digits of a text are those of the number, with or without its country code.
fn holds(text: &str, address: &str) -> bool {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let (text, number) = (digits(text), digits(address));
    let national = text.trim_start_matches('0');
    national.len() >= NUMBER_DIGITS && (number.ends_with(national) || national.ends_with(&number))
}

/// The words with something else in the place of the address, however it is spelled there.
pub fn without_address(words: &str, address: &str, other: &str) -> String {
    let is_phone = address.starts_with('+');
    if !is_phone {
        return if address.is_empty() { words.to_owned() } else { words.replace(address, other) };
    }
    let mut out = String::new();
    let mut digits = String::new();
    for c in words.chars().map(Some).chain([None]) {
        if let Some(digit) = c.filter(char::is_ascii_digit) {
            digits.push(digit);
            continue;
        }
        if !digits.is_empty() {
            if holds(&digits, address) {
                out.truncate(out.trim_end_matches('+').len());
                out.push_str(other);
            } else {
                out.push_str(&digits);
            }
            digits.clear();
        }
        out.extend(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: &str = "+254700000001";

    #[test]
    fn an_identity_that_is_the_address_is_masked_like_it() {
        let shown = |recipient| Mask::Masked.recipient(recipient, ADDRESS).into_owned();
        for spelling in [ADDRESS, "254700000001", "0700000001", "+254 700 000 001", "00254700000001"] {
            assert_eq!(shown(spelling), "+2547•••••001", "{spelling}");
        }
        for other in [
            "C-17",
            "1",
            "000001",
            "10000234",
            "1000023456",
            "order 1000023456",
            "cust-00000001",
            "2026-03-20",
        ] {
            assert_eq!(shown(other), other);
        }
        for (another, masked) in [
            ("+254700000002", "+2547•••••002"),
            ("254700000002", "25470••••002"),
            ("0712 345 678", "0712 ••••678"),
            ("zoe@example.org", "z••@•••••••.org"),
            ("tel:+254700000002", "tel:+2547•••••002"),
            ("\u{200e}+254700000002", "\u{200e}+2547•••••002"),
            ("order 254700000001", "order 25470••••001"),
            ("C_0700000002", "C_07000••002"),
            ("'0700000002", "'07000••002"),
        ] {
            assert_eq!(shown(another), masked);
        }
        assert!(!shown("Ann <ann@example.org>").contains("ann@"));
        assert!(!shown("٠٧٠٠٠٠٠٠٠٢").contains("٠٠٠٠٠٠"));
        assert_eq!(Mask::Shown.recipient(ADDRESS, ADDRESS), ADDRESS);
        assert_eq!(Mask::Masked.address(ADDRESS), "+2547•••••001");
    }

    #[test]
    fn a_gateways_words_tell_no_number_however_it_is_spelled() {
        for words in [
            "sender bad for +254 700 000 001",
            "no such number +254-700-000001",
            "(0)7000.00001 is off",
            "moved to +254700000099",
            "ask ann@example.org",
        ] {
            let told = Mask::Masked.words(words, ADDRESS);
            let digits = told.chars().filter(char::is_ascii_digit).count();
            assert!(told != words && digits <= 7 && !told.contains("ann@"), "{told}");
        }
        let told = "held until 2026-12-01 09:00:00 EAT, code 1701";
        assert_eq!(Mask::Masked.words(told, ADDRESS), told);
        assert_eq!(Mask::Masked.id("msg-254700000001-1", ADDRESS), "msg-+2547•••••001-1");
        assert_eq!(Mask::Masked.id("4711001122334455", ADDRESS), "4711001122334455");
    }

    #[test]
    fn a_gateways_words_do_not_tell_the_address() {
        let told = |words| Mask::Masked.words(words, ADDRESS);
        assert_eq!(told("no such number: +254700000001"), "no such number: +2547•••••001");
        assert_eq!(
            told("254700000001/0700000001 failed (code 1701)"),
            "+2547•••••001/+2547•••••001 failed (code 1701)"
        );
        assert_eq!(
            Mask::Masked.cell("0700000009, of 12, rang +254700000001."),
            "07000••009, of 12, rang +2547•••••001."
        );
        assert_eq!(Mask::Shown.cell("0700000009"), "0700000009");
        assert_eq!(told("id 99254700000002"), "id 99254••••••002", "it may be the number of somebody else");
        assert_eq!(without_address("endpoint ab-7 is off", "ab-7", "…"), "endpoint … is off");
        assert_eq!(without_address("nothing", "", "…"), "nothing");
    }
}
