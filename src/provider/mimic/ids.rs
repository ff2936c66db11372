//! Ids and tokens that look like recorded ones and are numbered, so that none needs to be remembered to be
//! known again.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use crate::provider::example::EXAMPLE_TIME;

/// Decimal digits of a number that is counted up: they fit into an `u64` with room to spare.
const MOST_DIGITS: usize = 18;
/// Hexadecimal digits of the same.
const MOST_HEX: usize = 12;
/// Runs of letters and digits shorter than this are too short to be overwritten.
const OVERWRITTEN: usize = 8;

/// The form of the ids: the last digits of a recorded one are counted up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ids {
    prefix: String,
    suffix: String,
    start: u64,
    width: usize,
    digits: Digits,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Digits {
    Decimal,
    Hex { upper: bool },
}

impl Ids {
    /// The form of a recorded id.
    pub fn like(recorded: &str) -> Self {
        let (from, to) = last_run(recorded);
        let run = recorded.get(from..to).unwrap_or_default();
        let decimals = run.bytes().rev().take_while(u8::is_ascii_digit).take(MOST_DIGITS).count();
        let (digits, width) = if let Some((upper, count)) = hexadecimals(run) {
            (Digits::Hex { upper }, count.min(MOST_HEX))
        } else if decimals >= OVERWRITTEN || decimals > 0 && run.len() < OVERWRITTEN {
            (Digits::Decimal, decimals)
        } else {
            // Letters and digits mixed: digits are among them.
            (Digits::Decimal, if run.len() < OVERWRITTEN { 0 } else { run.len().min(10) })
        };
        let cut = to - width;
        let part = |range: std::ops::Range<usize>| recorded.get(range).unwrap_or_default();
        let radix = if digits == Digits::Decimal { 10 } else { 16 };
        let start = u64::from_str_radix(part(cut..to), radix).unwrap_or(0);
        let (prefix, suffix) = (part(0..cut).to_owned(), part(to..recorded.len()).to_owned());
        Self { prefix, suffix, start, width, digits }
    }

    /// The id of a number.
    pub fn mint(&self, number: u64) -> String {
        let (Self { prefix, suffix, width, .. }, value) = (self, self.start.saturating_add(number));
        match self.digits {
            Digits::Decimal => format!("{prefix}{value:0width$}{suffix}"),
            Digits::Hex { upper: false } => format!("{prefix}{value:0width$x}{suffix}"),
            Digits::Hex { upper: true } => format!("{prefix}{value:0width$X}{suffix}"),
        }
    }

    /// The number of an id, if it is one of these.
    pub fn number(&self, id: &str) -> Option<u64> {
        let digits = id.strip_prefix(self.prefix.as_str())?.strip_suffix(self.suffix.as_str())?;
        let radix = if self.digits == Digits::Decimal { 10 } else { 16 };
        let number = u64::from_str_radix(digits, radix).ok()?.checked_sub(self.start)?;
        (self.mint(number) == id).then_some(number)
    }
}

/// The last run of letters and digits that has a digit in it; the empty end where there is none.
fn last_run(text: &str) -> (usize, usize) {
    let mut found = (text.len(), text.len());
    let mut from = 0;
    for run in text.split(|c: char| !c.is_ascii_alphanumeric()) {
        // Splitting by characters: the next run begins behind a separator of any width.
        let start = from + text.get(from..).and_then(|rest| rest.find(run)).unwrap_or(0);
        from = start + run.len();
        if run.bytes().any(|byte| byte.is_ascii_digit()) {
            found = (start, from);
        }
    }
    found
}

/// How many hexadecimal digits end a run, and whether they are capitals; nothing where decimal ones do, or where the
/// letters among them may as well belong to a word.
fn hexadecimals(run: &str) -> Option<(bool, usize)> {
    let ending = |letter: fn(&u8) -> bool| {
        let digits = run.bytes().rev().take_while(|byte| byte.is_ascii_digit() || letter(byte));
        digits.count()
    };
    let (lower, upper) =
        (ending(|byte| matches!(byte, b'a'..=b'f')), ending(|byte| matches!(byte, b'A'..=b'F')));
    let (capitals, count) = if upper > lower { (true, upper) } else { (false, lower) };
    let letters = run.bytes().rev().take(count).any(|byte| byte.is_ascii_alphabetic());
    (letters && (count >= OVERWRITTEN || count == run.len() && count >= 4)).then_some((capitals, count))
}

/// The form of the tokens.
#[derive(Debug, Clone)]
pub(super) enum Tokens {
    /// Words of ours, by what they are for.
    Plain(&'static str),
    /// A recorded JSON Web Token (RFC 7519).
    Jwt {
        /// As recorded.
        header: String,
        /// Its claims.
        claims: Map<String, Value>,
        /// How long it is good for, in seconds.
        life: i64,
    },
}

impl Tokens {
    /// The form of a recorded token. One that shows no end is replaced by a word of ours.
    pub fn like(recorded: &str, kind: &'static str) -> Self {
        Self::jwt(recorded).unwrap_or(Self::Plain(kind))
    }

    fn jwt(recorded: &str) -> Option<Self> {
        let mut parts = recorded.split('.');
        let (header, claims, _, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next()) else {
            return None;
        };
        let claims = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
        let claims: Map<String, Value> = serde_json::from_slice(&claims).ok()?;
        let end = claims.get("exp")?.as_i64()?;
        let begin = claims.get("iat").and_then(Value::as_i64).unwrap_or(EXAMPLE_TIME);
        let life = if end > begin { end - begin } else { 3600 };
        Some(Self::Jwt { header: header.to_owned(), claims, life })
    }

    /// The token of a number, given out now.
    pub fn mint(&self, number: u64, now: DateTime<Utc>) -> String {
        match self {
            Self::Plain(kind) => format!("sandbox-{kind}-{number}"),
            Self::Jwt { header, claims, life } => {
                // A recorded end has long passed; it would be renewed for ever.
                let mut claims = claims.clone();
                for (name, time) in [("iat", 0), ("nbf", 0), ("auth_time", 0), ("exp", *life)] {
                    if let Some(claim) = claims.get_mut(name) {
                        *claim = Value::from(now.timestamp() + time);
                    }
                }
                let claims = URL_SAFE_NO_PAD.encode(Value::Object(claims).to_string());
                format!("{header}.{claims}.{}", signature(number))
            }
        }
    }

    /// The number of a token, if it is one of these.
    pub fn number(&self, token: &str) -> Option<u64> {
        match self {
            Self::Plain(kind) => {
                let number =
                    token.strip_prefix("sandbox-")?.strip_prefix(kind)?.strip_prefix('-')?.parse().ok()?;
                (token == format!("sandbox-{kind}-{number}")).then_some(number)
            }
            Self::Jwt { header, .. } => {
                let shown = token.strip_prefix(header.as_str())?.rsplit('.').next()?;
                let text = String::from_utf8(URL_SAFE_NO_PAD.decode(shown).ok()?).ok()?;
                let number = text.strip_prefix("sandbox-")?.parse().ok()?;
                (shown == signature(number)).then_some(number)
            }
        }
    }
}

/// A signature that signs nothing and tells the number.
fn signature(number: u64) -> String {
    URL_SAFE_NO_PAD.encode(format!("sandbox-{number}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minted(recorded: &str, numbers: &[u64]) -> Vec<String> {
        let ids = Ids::like(recorded);
        numbers
            .iter()
            .map(|&number| {
                let id = ids.mint(number);
                assert_eq!(ids.number(&id), Some(number), "{recorded}: {id}");
                id
            })
            .collect()
    }

    #[test]
    fn ids_look_like_the_recorded_one() {
        assert_eq!(minted("8", &[1, 2, 100]), ["9", "10", "108"]);
        assert_eq!(minted("19649276", &[1]), ["19649277"]);
        assert_eq!(minted("m-1", &[1, 9]), ["m-2", "m-10"]);
        assert_eq!(
            minted("SM00000000000000000000000000000009", &[1]),
            ["SM00000000000000000000000000000010"]
        );
        let uuid = "db3ce55a-7c1d-11e1-8ea7-1231380bc1ff";
        assert_eq!(minted(uuid, &[1]), ["db3ce55a-7c1d-11e1-8ea7-1231380bc200"]);
        assert_eq!(minted("SM0000000a", &[1, 6]), ["SM0000000b", "SM00000010"]);
        assert_eq!(minted("0C000000217B7F02", &[254]), ["0C000000217B8000"]);
        assert_eq!(minted("01FC66621XXXXX119Z8PMV1QPQ", &[7]), ["01FC66621XXXXX110000000007"]);
        assert_eq!(minted("ATPid_SampleTxnId123", &[7]), ["ATPid_Samp0000000007"]);
        assert_eq!(minted("<17@host>", &[3]), ["<20@host>"]);
        assert_eq!(minted("queued", &[1, 2]), ["queued1", "queued2"]);
        assert_eq!(minted("2034072219640523072", &[1]), ["2034072219640523073"]);
    }

    #[test]
    fn other_ids_have_no_number() {
        let ids = Ids::like("SM0009");
        for other in ["SM0009x", "SM009", "SM00010", "SM0001", "", "sm0010"] {
            assert_eq!(ids.number(other), None, "{other}");
        }
    }

    #[test]
    fn a_recorded_jwt_stays_one_and_does_not_end_in_the_past() {
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let recorded = format!(
            "{}.{}.{}",
            encode(r#"{"alg":"HS256"}"#),
            encode(r#"{"iss":"x","iat":1000,"exp":1600}"#),
            encode("signature")
        );
        let tokens = Tokens::like(&recorded, "access");
        let now = DateTime::from_timestamp(2_000_000_000, 0).unwrap();
        let token = tokens.mint(7, now);
        let claims = token.split('.').nth(1).unwrap();
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
        assert_eq!(claims, serde_json::json!({"iss": "x", "iat": 2_000_000_000, "exp": 2_000_000_600}));
        assert_eq!(tokens.number(&token), Some(7));
        assert_eq!(tokens.number(&recorded), None);
        assert_eq!(tokens.number(&token.replace("eyJhbGci", "eyJhbGcj")), None);
    }

    #[test]
    fn other_tokens_are_words_of_ours() {
        for recorded in ["example-token", "a.b.c", "eyJ9.e30.x"] {
            let tokens = Tokens::like(recorded, "access");
            assert_eq!(tokens.mint(3, DateTime::UNIX_EPOCH), "sandbox-access-3");
            assert_eq!(tokens.number("sandbox-access-3"), Some(3));
            assert_eq!(tokens.number("sandbox-access-03"), None);
            assert_eq!(tokens.number("sandbox-refresh-3"), None);
        }
    }
}
