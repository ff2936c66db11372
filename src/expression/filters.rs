//! The filters that sendplan adds to Tera's own, or has in their place: writing values into JSON, paths and forms, the
//! conversions that gateways' log-ins ask for, and what people's texts go through.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha1::{Digest, Sha1};
use tera::{Kwargs, State, Tera, Value};

use super::calls::{Choice, Filter, Options};
use super::complaints::own;
use super::words;

/// Writes one name of a form or query with its value, or with each of its values.
pub const PAIR: &str = "__pair";

/// Those that are ours where Tera has one of the name, or that are told their options by name.
pub(super) static WORDS: [Filter; 4] = [
    Filter {
        name: "default",
        options: &[
            Choice { name: "value", is_needed: true, check: |_| Ok(()) },
            Choice { name: "boolean", is_needed: false, check: |value| flag(value).map(drop) },
        ],
        apply: |value, options| {
            let falsy = options.get("boolean").map_or(Ok(false), flag)? && !value.is_truthy();
            let stand_in = options.get("value").ok_or("`default` needs a `value`")?;
            Ok(if falsy || words::is_nothing(value) { stand_in.clone() } else { value.clone() })
        },
    },
    Filter {
        name: "first_word",
        options: &[],
        apply: |value, _| Ok(Value::from(words::first_word(text("first_word", value)?))),
    },
    Filter {
        name: "title",
        options: &[],
        apply: |value, _| Ok(Value::from(words::title(text("title", value)?))),
    },
    Filter {
        name: "truncate",
        options: &[
            Choice { name: "length", is_needed: true, check: |value| count(value).map(drop) },
            Choice { name: "end", is_needed: false, check: |value| text("end", value).map(drop) },
        ],
        apply: |value, options| {
            let length = count(options.get("length").ok_or("`truncate` needs a `length`")?)?;
            let end = options.get("end").map_or(Ok(words::CUT), |end| text("end", end))?;
            Ok(Value::from(words::truncate(text("truncate", value)?, length, end)))
        },
    },
];

/// What a filter or option wants that takes texts.
fn text<'v>(name: &str, value: &'v Value) -> Result<&'v str, String> {
    value.as_str().ok_or_else(|| match value.is_undefined() {
        true => format!("`{name}` takes a text, and there is none"),
        false => format!("`{name}` takes a text, not `{value}`"),
    })
}

fn flag(value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| format!("it is `true` or `false`, not `{value}`"))
}

fn count(value: &Value) -> Result<usize, String> {
    let number = value.as_i64().and_then(|number| usize::try_from(number).ok());
    number.ok_or_else(|| format!("it is a whole number such as `20`, not `{value}`"))
}

/// Such a filter may go through a text so many times: cutting one to a length tries several lengths.
const PASSES: u64 = 16;

/// Hands a filter to Tera.
pub(super) fn hand_over(tera: &mut Tera, filter: &'static Filter) {
    tera.register_filter(filter.name, |value: &Value, kwargs: Kwargs, _: &State| {
        let bytes = value.as_str().map_or(0, str::len) as u64;
        super::work::charge(bytes.saturating_mul(PASSES))?;
        (filter.apply)(value, Options::of(&kwargs)).map_err(own)
    });
}

pub(super) fn register(tera: &mut Tera) {
    WORDS.iter().for_each(|filter| hand_over(tera, filter));
    tera.register_filter("float", |value: &Value, _: Kwargs, _: &State| float(value));
    tera.register_filter("json", |value: &Value, _: Kwargs, _: &State| to_json(value));
    tera.register_filter("segment", |value: &Value, _: Kwargs, _: &State| segment(value));
    tera.register_filter("path", |value: &Value, _: Kwargs, _: &State| path(value));
    tera.register_filter("replace", |text: &str, kwargs: Kwargs, _: &State| replace(text, &kwargs));
    tera.register_filter("hex_utf16", |text: &str, _: Kwargs, _: &State| hex_utf16(text));
    tera.register_filter("sha1", |text: &str, _: Kwargs, _: &State| sha1_hex(text));
    tera.register_filter("jwt", |token: &Value, kwargs: Kwargs, _: &State| claim(token, &kwargs));
    tera.register_filter(PAIR, |value: &Value, kwargs: Kwargs, _: &State| {
        pair(value, kwargs.must_get("name")?)
    });
}

/// As Tera's, but for what is written as a number and is none: `1e400`, `inf`, `NaN`.
fn float(value: &Value) -> Result<f64, tera::Error> {
    let number = match value.as_str() {
        Some(text) => text.trim().parse().ok(),
        None => value.as_number().map(|number| number.as_float()),
    };
    let number = number.filter(|number: &f64| number.is_finite());
    number.ok_or_else(|| own(format!("`{value}` is no number such as `1250` or `12.5`")))
}

fn to_json(value: &Value) -> Result<String, tera::Error> {
    if has_undefined(value) {
        return Err(own("a value that is not defined cannot be written as JSON"));
    }
    // JSON has no such numbers: they would go out as `null`.
    super::work::finite(value)?;
    serde_json::to_string(value).map_err(own)
}

/// Whether a value, or one inside it, is not defined: a slip in a name would go out as `null`.
fn has_undefined(value: &Value) -> bool {
    value.is_undefined()
        || value.as_array().is_some_and(|items| items.iter().any(has_undefined))
        || value.as_map().is_some_and(|map| map.values().any(has_undefined))
}

/// One segment of a URL's path: a value can neither leave its segment nor add a query.
pub(super) fn segment(value: &Value) -> Result<String, tera::Error> {
    super::work::finite(value)?;
    let text = match value.as_str() {
        Some(text) => text.to_owned(),
        None if value.is_number() => value.to_string(),
        None => return Err(own("a path takes texts and numbers only")),
    };
    // These are unreserved, yet they mean "here" and "up" to whoever reads the path.
    if text.is_empty() || text == "." || text == ".." {
        return Err(own(format!("`{text}` cannot stand in a path")));
    }
    Ok(percent_encoded(&text))
}

/// Several segments: the slashes between them stay.
pub(super) fn path(value: &Value) -> Result<String, tera::Error> {
    let text = value.as_str().ok_or_else(|| own("`path` takes texts only"))?;
    let trimmed = text.trim_matches('/');
    let segments: Result<Vec<String>, tera::Error> =
        trimmed.split('/').map(|part| segment(&Value::from(part))).collect();
    Ok(segments?.join("/"))
}

/// `name=value`, encoded; a list gives one pair for each of its items.
pub(super) fn pair(value: &Value, name: &str) -> Result<String, tera::Error> {
    super::work::finite(value)?;
    let one = |value: &Value| {
        let text = match value.as_str() {
            Some(text) => percent_encoded(text),
            None if value.is_number() || value.as_bool().is_some() => percent_encoded(&value.to_string()),
            None => {
                let message = format!("`{name}` takes texts, numbers, booleans and lists of them");
                return Err(own(message));
            }
        };
        Ok(format!("{name}={text}"))
    };
    match value.as_array() {
        Some(items) => Ok(items.iter().map(one).collect::<Result<Vec<_>, _>>()?.join("&")),
        None => one(value),
    }
}

/// Everything but the unreserved characters of RFC 3986 §2.3 as percent and two digits.
pub fn percent_encoded(text: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            let halves = [byte >> 4, byte & 15];
            out.extend(
                halves.iter().filter_map(|&half| HEX.get(usize::from(half))).map(|&hex| char::from(hex)),
            );
        }
    }
    out
}

/// SHA-1 in hexadecimal (FIPS 180-4): some gateways want passwords this way. It protects nothing.
pub fn sha1_hex(text: &str) -> String {
    Sha1::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Tera's own, with a bound: chains of it grow without limit.
fn replace(text: &str, kwargs: &Kwargs) -> Result<String, tera::Error> {
    let (from, to): (&str, &str) = (kwargs.must_get("from")?, kwargs.must_get("to")?);
    let grown = text.matches(from).count().saturating_mul(to.len().saturating_sub(from.len()));
    if text.len().saturating_add(grown) > super::MAX_RENDERED_BYTES {
        let message = format!("`replace` makes more than {} bytes", super::MAX_RENDERED_BYTES);
        return Err(own(message));
    }
    Ok(text.replace(from, to))
}

/// UTF-16, big end first, in hexadecimal: the user data of an SMS in UCS-2 (3GPP TS 23.038 §6.2.3).
fn hex_utf16(text: &str) -> String {
    text.encode_utf16().map(|unit| format!("{unit:04X}")).collect()
}

/// A claim of a JSON Web Token (RFC 7519 §4), unverified: when it ends is ours to read, the rest is the gateway's
/// to check. None for what is no such token, or has no such claim.
fn claim(token: &Value, kwargs: &Kwargs) -> Result<Value, tera::Error> {
    let name: &str = kwargs.must_get("claim")?;
    let payload = token.as_str().and_then(|text| text.split('.').nth(1));
    let decoded = payload.and_then(|text| URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok());
    let claims = decoded.and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
    let found = claims.as_ref().and_then(|claims| Value::try_from_serializable(claims.get(name)?).ok());
    Ok(found.unwrap_or_else(Value::none))
}

#[cfg(test)]
mod tests {
    use super::super::{Context, Kind, Program};

    fn eval(source: &str, context: serde_json::Value) -> Result<serde_json::Value, String> {
        let mut program = Program::new();
        program.add("x", source, Kind::Value, &["a"]).map_err(|problems| format!("{problems:?}"))?;
        let value = program.eval("x", &Context::from_serialize(&context).unwrap());
        value.map(|value| serde_json::to_value(&value).unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn passwords_are_hashed_as_the_standard_says() {
        // FIPS 180-4's example for "abc".
        let hash = eval("a | sha1", serde_json::json!({"a": "abc"})).unwrap();
        assert_eq!(hash, "a9993e364706816aba3e25717850c26c9cd0d89d");
    }

    #[test]
    fn replacing_is_bounded() {
        let short = eval("a | replace(from='a', to='bb')", serde_json::json!({"a": "aca"})).unwrap();
        assert_eq!(short, "bbcbb");
        let chain = "a".to_owned() + &" | replace(from='a', to='aaaaaaaaaa')".repeat(12);
        assert!(eval(&chain, serde_json::json!({"a": "a"})).unwrap_err().contains("more than"));
    }

    #[test]
    fn texts_are_written_in_ucs_2() {
        let hex = eval("a | hex_utf16", serde_json::json!({"a": "aж😀"})).unwrap();
        assert_eq!(hex, "00610436D83DDE00");
    }

    #[test]
    fn the_end_of_a_token_is_read_from_its_claims() {
        // {"exp":1772719548,"iat":1772715948}
        let token = "e30.eyJleHAiOjE3NzI3MTk1NDgsImlhdCI6MTc3MjcxNTk0OH0.sig";
        let exp = eval("a | jwt(claim='exp')", serde_json::json!({"a": token})).unwrap();
        assert_eq!(exp, 1_772_719_548);
        for none in ["", "opaque", "a.b.c", "a.!!!.c", "e30.W10.x"] {
            let exp = eval("(a | jwt(claim='exp')) or 7", serde_json::json!({"a": none})).unwrap();
            assert_eq!(exp, 7, "{none}");
        }
    }

    #[test]
    fn pairs_are_encoded_and_lists_repeat_their_name() {
        let one = eval("a | __pair(name='To')", serde_json::json!({"a": "+254 & é"})).unwrap();
        assert_eq!(one, "To=%2B254%20%26%20%C3%A9");
        let many = eval("a | __pair(name='to')", serde_json::json!({"a": ["1", 2, true]})).unwrap();
        assert_eq!(many, "to=1&to=2&to=true");
        assert!(eval("a | __pair(name='to')", serde_json::json!({"a": null})).is_err());
        assert!(eval("a | __pair(name='to')", serde_json::json!({"a": {"b": 1}})).is_err());
    }

    #[test]
    fn what_is_no_number_stands_in_no_address() {
        for filter in ["segment", "__pair(name='to')"] {
            let huge = format!("(a * a) | {filter}");
            assert!(eval(&huge, serde_json::json!({"a": 1e200})).is_err(), "{filter}");
            assert!(eval(&huge, serde_json::json!({"a": 1e20})).is_ok(), "{filter}");
        }
    }

    #[test]
    fn a_path_keeps_its_slashes_and_cannot_climb() {
        assert_eq!(eval("a | path", serde_json::json!({"a": "/v1/a b/"})).unwrap(), "v1/a%20b");
        for bad in ["../x", "a//b", "", "/", "a/./b"] {
            assert!(eval("a | path", serde_json::json!({"a": bad})).is_err(), "{bad}");
        }
        assert_eq!(eval("a | path", serde_json::json!({"a": "x?y#z"})).unwrap(), "x%3Fy%23z");
    }
}
