//! What a gateway may say, in any shape: every member gets a verdict, and nobody is accepted out of nothing.
//!
//! The first line names a profile and how many are asked for, the second the status; headers follow, an empty line
//! and the body, as in HTTP. A status `cut` is an answer that broke off at 1 MiB, no status at all a lost one.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use chrono::DateTime;
use sendplan::diagnostic::Source;
use sendplan::provider::wire::AddressKind;
use sendplan::provider::{
    Batch, Class, Fault, Member, Profile, Reading, Response, Secrets, Verdict, builtin_names,
};
use serde_json::Value;

const CANARY: &str = "canary-7f3a91c04e55";
const PHONES: [&str; 4] = ["+254700000001", "+254700000002", "+254700000003", "+254700000004"];
const IDS: [&str; 4] = ["order-1", "order-2", "order-3", "order-4"];
const KEYS: [&str; 4] = ["key-1", "key-2", "key-3", "key-4"];

/// The profiles that answers are read by: the built-in ones, and one of each kind.
fn profiles() -> &'static [(String, Profile)] {
    static ALL: OnceLock<Vec<(String, Profile)>> = OnceLock::new();
    ALL.get_or_init(|| {
        let of = |name: &str, text: &str| {
            let profile = Profile::from_source(&Source::new(name, text));
            (name.to_owned(), profile.unwrap_or_else(|problems| panic!("{}", problems.render(false))))
        };
        let builtin =
            builtin_names().filter_map(|name| Some((name.to_owned(), Profile::builtin(name)?.ok()?)));
        let own = [
            of("46elks", include_str!("../../examples/providers/46elks.yaml")),
            of("single", include_str!("../../tests/it/profiles/single.yaml")),
            of("shared", include_str!("../../tests/it/profiles/shared.yaml")),
            of("personalised", include_str!("../../tests/it/profiles/personalised.yaml")),
        ];
        builtin.chain(own).collect()
    })
}

struct Case {
    profile: &'static Profile,
    members: usize,
    answer: Option<Response>,
}

fn case(data: &[u8]) -> Case {
    let mut lines = data.splitn(2, |byte| *byte == b'\n');
    let first = String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
    let mut words = first.split_whitespace();
    let (name, asked) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let all = profiles();
    let any =
        name.bytes().fold(0usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into())) % all.len();
    let profile = all.iter().find(|(known, _)| known == name).map_or(&all[any].1, |(_, profile)| profile);
    let asked = asked.parse().unwrap_or(2).clamp(1, 4);
    let members = if profile.with_batch_max(4).is_ok() { asked } else { 1 };
    Case { profile, members, answer: answer(lines.next().unwrap_or_default()) }
}

fn answer(mut rest: &[u8]) -> Option<Response> {
    let mut line = || {
        let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        let found = String::from_utf8_lossy(&rest[..end]).trim().to_owned();
        rest = rest.get(end + 1..).unwrap_or_default();
        found
    };
    let status = line();
    let truncated = status == "cut";
    let status = if truncated { 200 } else { status.parse().ok()? };
    let mut headers = Vec::new();
    loop {
        let header = line();
        match header.split_once(':') {
            Some((name, value)) => headers.push((name.trim().to_lowercase(), value.trim().to_owned())),
            None => break,
        }
    }
    Some(Response { status, headers, body: rest.to_vec(), truncated })
}

fn read(case: &Case, order: &[usize]) -> Reading {
    let profile = case.profile;
    let names = profile.secret_references().iter();
    let secrets = Secrets::new(names.map(|(name, _)| (name.clone(), CANARY.into())));
    let addresses = if profile.address_kind() == AddressKind::Phone { PHONES } else { IDS };
    let member = |at: &usize| Member {
        id: KEYS[*at],
        address: addresses[*at],
        text: "Hello",
        key: KEYS[*at],
        encoding: "gsm7",
        part: None,
    };
    let members: Vec<Member<'_>> = order.iter().map(member).collect();
    let sender = if profile.check_sender(&1.into()).is_ok() { Value::from(1) } else { Value::from("Acme") };
    let batch = Batch { members: &members, sender: &sender, now: DateTime::UNIX_EPOCH, expires_at: None };
    let lost = Fault::Lost("reset".to_owned());
    profile.read_send(&batch, &secrets, case.answer.as_ref().ok_or(&lost))
}

/// The laws for one answer.
pub fn holds(data: &[u8]) {
    let case = case(data);
    let order: Vec<usize> = (0..case.members).collect();
    let reading = read(&case, &order);
    assert_eq!(reading.verdicts.len(), case.members);
    assert_eq!(reading, read(&case, &order));
    let back: Vec<usize> = order.iter().rev().copied().collect();
    let mut turned = read(&case, &back);
    turned.verdicts.reverse();
    assert_eq!(reading, turned, "a verdict hangs on the place of its member");
    for verdict in &reading.verdicts {
        is_clean(verdict);
    }
    let accepted: Vec<usize> =
        order.into_iter().filter(|at| reading.verdicts[*at].class == Class::Accepted).collect();
    if !accepted.is_empty() {
        out_of_something(&case, &reading, &accepted);
    }
}

/// Reasons are one short printable line; nothing that is kept holds a secret.
fn is_clean(verdict: &Verdict) {
    for text in verdict.reason.iter().chain(&verdict.provider_id) {
        assert!(!text.contains(CANARY), "{verdict:?}");
        assert!(!text.chars().any(char::is_control), "{verdict:?}");
    }
    assert!(verdict.reason.as_ref().is_none_or(|reason| reason.chars().count() <= 200), "{verdict:?}");
    assert!(verdict.provider_id.as_ref().is_none_or(|id| !id.is_empty()), "{verdict:?}");
    assert!(verdict.class == Class::Accepted || verdict.reason.is_some(), "{verdict:?} says not why");
}

fn out_of_something(case: &Case, reading: &Reading, accepted: &[usize]) {
    let Some(answer) = &case.answer else { panic!("accepted without an answer: {reading:?}") };
    assert!((200..300).contains(&answer.status) && !answer.truncated, "{answer:?}: {reading:?}");
    let empty = answer.body.iter().all(u8::is_ascii_whitespace);
    let declared = answer.status == 204 || answer.header("location").is_some();
    assert!(!empty || declared, "accepted out of nothing: {reading:?}");
    let leaves = leaves(&answer.body);
    let everywhere = || answer.headers.iter().map(|(_, value)| value.clone()).chain(leaves.iter().cloned());
    let raw = String::from_utf8_lossy(&answer.body);
    let mut ids = BTreeSet::new();
    for at in accepted {
        if let Some(id) = &reading.verdicts[*at].provider_id {
            assert!(
                everywhere().any(|leaf| leaf.contains(id.as_str())) || raw.contains(id.as_str()),
                "{id:?}"
            );
            let whole = !by_member(case.profile);
            assert!(ids.insert(id) || whole, "{id} is the id of two");
        }
        if by_member(case.profile) && answer.status != 204 {
            let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
            let named = |leaf: &String| leaf == KEYS[*at] || digits(leaf) == PHONES[*at][1..];
            assert!(leaves.iter().any(named), "member {at} is nowhere in the answer: {reading:?}");
        }
    }
}

/// Whether its answers hold a result for each recipient.
fn by_member(profile: &Profile) -> bool {
    ["africastalking", "clicksend", "infobip", "mobiconnect", "shared", "personalised"]
        .contains(&profile.name())
}

/// Every text and number in a JSON, as text.
fn leaves(body: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    let mut open: Vec<Value> = serde_json::from_slice(body).into_iter().collect();
    while let Some(value) = open.pop() {
        match value {
            Value::String(text) => found.push(text),
            Value::Number(number) => found.push(number.to_string()),
            Value::Array(items) => open.extend(items),
            Value::Object(fields) => open.extend(fields.into_iter().map(|(_, value)| value)),
            Value::Null | Value::Bool(_) => {}
        }
    }
    found
}
