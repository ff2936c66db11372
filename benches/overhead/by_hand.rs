//! The same requests and the same readings as three profiles make them, written by hand in Rust: structs through
//! serde, headers formatted, results matched by what they name, and every check that the engine makes.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sendplan::provider::exchange::{HeaderText, Method};
use sendplan::provider::{Batch, Class, Reading, Request, Response, RetryAfter, Verdict};
use serde::{Deserialize, Serialize};
use url::form_urlencoded;

const TIMEOUT: Duration = Duration::from_secs(30);

/// What a gateway of one's own would keep.
pub struct Gateway {
    pub base_url: String,
    pub user: String,
    pub secret: String,
}

/// How a request is built by hand, and how its answer is read.
pub type Build = fn(&Gateway, &Batch<'_>) -> Request;
pub type Read = fn(&Batch<'_>, &Response) -> Reading;

pub fn build_single(gateway: &Gateway, batch: &Batch<'_>) -> Request {
    let [only] = batch.members else { unreachable!("one message") };
    let sender = batch.sender.as_str().filter(|sender| !sender.trim().is_empty()).expect("a sender");
    digits(only.address).expect("a number");
    let account: String = form_urlencoded::byte_serialize(gateway.user.as_bytes()).collect();
    let url = format!("{}/2010-04-01/Accounts/{account}/Messages.json", gateway.base_url);
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("Body", only.text)
        .append_pair("From", sender)
        .append_pair("To", only.address)
        .finish();
    let basic = format!("Basic {}", STANDARD.encode(format!("{}:{}", gateway.user, gateway.secret)));
    let headers = vec![
        ("Authorization".to_owned(), HeaderText::Secret(basic.into())),
        plain("Content-Type", "application/x-www-form-urlencoded"),
        plain("Accept", "application/json"),
    ];
    Request { method: Method::Post, url, headers, body: body.into_bytes(), timeout: TIMEOUT }
}

#[derive(Deserialize)]
struct Taken {
    sid: Option<String>,
    code: Option<i64>,
    message: Option<String>,
}

pub fn read_single(batch: &Batch<'_>, response: &Response) -> Reading {
    let answer: Option<Taken> = json(response);
    let code = answer.as_ref().and_then(|answer| answer.code);
    let class = match code {
        Some(20429) => Some(Class::Throttled),
        Some(20005 | 20403 | 10001) => Some(Class::Account),
        Some(20003) => Some(Class::Auth),
        Some(21610) => Some(Class::OptedOut),
        Some(21211 | 21614) => Some(Class::InvalidRecipient),
        Some(21212 | 21606 | 21659) => Some(Class::Config),
        _ => by_status(response.status),
    };
    let verdict = match (class, answer) {
        (Some(class), answer) => {
            let reason = answer.and_then(|answer| answer.message);
            Verdict::new(class, reason.unwrap_or_else(|| format!("HTTP {}", response.status)))
        }
        (None, Some(Taken { sid: Some(sid), .. })) if !sid.trim().is_empty() => accepted(sid.trim()),
        (None, _) => Verdict::new(Class::Unknown, "the answer holds no id"),
    };
    Reading { retry_after: RetryAfter::of(response), ..Reading::all(batch.members.len(), &verdict) }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shared<'a> {
    message: &'a str,
    recipients: Vec<&'a str>,
    source_id: i64,
}

pub fn build_shared(gateway: &Gateway, batch: &Batch<'_>) -> Request {
    let source_id = batch.sender.as_i64().expect("a sender");
    all_different(batch);
    let recipients = batch.members.iter().map(|member| digits(member.address).expect("a number")).collect();
    let body = Shared { message: batch.members[0].text, recipients, source_id };
    let headers = vec![
        ("App-Key".to_owned(), HeaderText::Secret(gateway.secret.clone().into())),
        ("Authorization".to_owned(), HeaderText::Secret(format!("Bearer {}", gateway.user).into())),
        plain("Content-Type", "application/json"),
        plain("Accept", "application/json"),
    ];
    Request {
        method: Method::Post,
        url: format!("{}/api/communications/sms/sendMessage", gateway.base_url),
        headers,
        body: serde_json::to_vec(&body).expect("JSON"),
        timeout: TIMEOUT,
    }
}

#[derive(Deserialize)]
struct Scheduled {
    status: Option<String>,
    message: Option<String>,
    data: Option<Vec<Record>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    id: Option<u64>,
    recipient: Option<String>,
    processed_status: Option<String>,
}

pub fn read_shared(batch: &Batch<'_>, response: &Response) -> Reading {
    let members = batch.members.len();
    let answer: Option<Scheduled> = json(response);
    if let Some(class) = by_status(response.status) {
        return Reading::all(members, &Verdict::new(class, format!("HTTP {}", response.status)));
    }
    let Some(answer) = answer else { return unreadable(members) };
    if answer.status.is_some_and(|status| status.to_lowercase() != "success") {
        let class = if answer.data.is_some() { Class::Unknown } else { Class::Config };
        return Reading::all(members, &Verdict::new(class, answer.message.unwrap_or_default()));
    }
    let Some(records) = answer.data else { return unreadable(members) };
    let names = batch.members.iter().map(|member| digits(member.address)).collect();
    let named = |record: &Record| {
        let digits: String = record.recipient.as_ref()?.chars().filter(char::is_ascii_digit).collect();
        (!digits.is_empty()).then_some(digits)
    };
    let verdict = |record: &Record| match (record.id, record.processed_status.as_deref()) {
        (Some(id), None | Some("NEW")) => accepted(&id.to_string()),
        (id, _) => Verdict { provider_id: id.map(|id| id.to_string()), ..unknown() },
    };
    Reading { retry_after: RetryAfter::of(response), ..matched(names, &records, named, verdict) }
}

#[derive(Serialize)]
struct Personalised<'a> {
    messages: Vec<One<'a>>,
    sender: &'a str,
}

#[derive(Serialize)]
struct One<'a> {
    to: &'a str,
    text: &'a str,
    reference: &'a str,
}

pub fn build_personalised(gateway: &Gateway, batch: &Batch<'_>) -> Request {
    let sender = batch.sender.as_str().filter(|sender| !sender.trim().is_empty()).expect("a sender");
    all_different(batch);
    let one = |member: &sendplan::provider::Member<'_>| digits(member.address).expect("a number").to_owned();
    let numbers: Vec<String> = batch.members.iter().map(one).collect();
    let messages = batch.members.iter().zip(&numbers);
    let messages =
        messages.map(|(member, to)| One { to, text: member.text, reference: member.key }).collect();
    let headers = vec![
        ("Authorization".to_owned(), HeaderText::Secret(format!("App {}", gateway.secret).into())),
        plain("Content-Type", "application/json"),
        plain("Accept", "application/json"),
    ];
    Request {
        method: Method::Post,
        url: format!("{}/sms/3/messages", gateway.base_url),
        headers,
        body: serde_json::to_vec(&Personalised { messages, sender }).expect("JSON"),
        timeout: TIMEOUT,
    }
}

#[derive(Deserialize)]
struct Queued {
    messages: Option<Vec<QueuedOne>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct QueuedOne {
    reference: Option<String>,
    message_id: Option<String>,
    status: Option<Status>,
}

#[derive(Deserialize)]
struct Status {
    group: Option<String>,
    name: Option<String>,
    description: Option<String>,
}

pub fn read_personalised(batch: &Batch<'_>, response: &Response) -> Reading {
    let members = batch.members.len();
    let answer: Option<Queued> = json(response);
    if let Some(class) = by_status(response.status) {
        return Reading::all(members, &Verdict::new(class, format!("HTTP {}", response.status)));
    }
    let Some(results) = answer.and_then(|answer| answer.messages) else { return unreadable(members) };
    let names = batch.members.iter().map(|member| Some(member.key)).collect();
    let verdict = |one: &QueuedOne| {
        let Some(status) = &one.status else { return unknown() };
        let class = match (status.group.as_deref(), status.name.as_deref()) {
            (Some("PENDING" | "DELIVERED"), _) => {
                return accepted(one.message_id.as_deref().unwrap_or_default());
            }
            (_, Some("NO_CREDITS" | "NO_ROUTE")) => Class::Account,
            (_, Some("BAD_SENDER")) => Class::Config,
            (Some("REJECTED" | "UNDELIVERABLE"), _) => Class::Rejected,
            _ => return unknown(),
        };
        Verdict { class, provider_id: one.message_id.clone(), reason: status.description.clone() }
    };
    let reading = matched(names, &results, |one| one.reference.clone(), verdict);
    Reading { retry_after: RetryAfter::of(response), ..reading }
}

fn plain(name: &str, value: &str) -> (String, HeaderText) {
    (name.to_owned(), HeaderText::Plain(value.to_owned()))
}

/// The digits of an E.164 number.
fn digits(address: &str) -> Option<&str> {
    address.strip_prefix('+').filter(|digits| {
        (2..=15).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0')
    })
}

fn all_different(batch: &Batch<'_>) {
    let mut seen = HashSet::with_capacity(batch.members.len());
    assert!(batch.members.iter().all(|member| seen.insert(member.address)), "an address twice");
}

fn json<T: for<'de> Deserialize<'de>>(response: &Response) -> Option<T> {
    let kind = response.header("content-type").unwrap_or("application/json");
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if response.truncated || !kind.eq_ignore_ascii_case("application/json") {
        return None;
    }
    serde_json::from_slice(&response.body).ok()
}

fn by_status(status: u16) -> Option<Class> {
    match status {
        200..300 => None,
        401 => Some(Class::Auth),
        402 => Some(Class::Account),
        403 => Some(Class::Config),
        429 => Some(Class::Throttled),
        400 | 404..408 | 410..500 => Some(Class::Rejected),
        _ => Some(Class::Unknown),
    }
}

fn accepted(id: &str) -> Verdict {
    Verdict { class: Class::Accepted, provider_id: Some(id.to_owned()), reason: None }
}

fn unknown() -> Verdict {
    Verdict::new(Class::Unknown, "nobody knows this result")
}

fn unreadable(members: usize) -> Reading {
    Reading::all(members, &Verdict::new(Class::Unknown, "the answer cannot be read"))
}

/// Each member's verdict, found by the name of a result; no name and no id counts twice.
fn matched<T>(
    names: Vec<Option<&str>>,
    results: &[T],
    named: impl Fn(&T) -> Option<String>,
    verdict: impl Fn(&T) -> Verdict,
) -> Reading {
    let places: HashMap<&str, usize> =
        names.iter().enumerate().filter_map(|(at, name)| Some(((*name)?, at))).collect();
    let mut found: Vec<Option<Verdict>> = vec![None; names.len()];
    let mut stray = false;
    for result in results {
        let Some(name) = named(result) else { continue };
        match places.get(name.as_str()).and_then(|&at| found.get_mut(at)) {
            Some(slot @ None) => *slot = Some(verdict(result)),
            Some(slot) => *slot = Some(Verdict::new(Class::Unknown, "two results for one recipient")),
            None => stray = true,
        }
    }
    let missing = || Verdict::new(Class::Unknown, "no result for this recipient");
    let mut verdicts: Vec<Verdict> = found.into_iter().map(|one| one.unwrap_or_else(missing)).collect();
    let mut ids: HashMap<&str, usize> = HashMap::with_capacity(verdicts.len());
    for id in verdicts.iter().filter_map(|verdict| verdict.provider_id.as_deref()) {
        *ids.entry(id).or_default() += 1;
    }
    let twice: HashSet<String> =
        ids.into_iter().filter(|(_, count)| *count > 1).map(|(id, _)| id.to_owned()).collect();
    for verdict in &mut verdicts {
        if verdict.provider_id.as_ref().is_some_and(|id| twice.contains(id)) {
            *verdict = Verdict::new(Class::Unknown, "one id for two messages");
        }
    }
    Reading { verdicts, retry_after: None, stray, halt: None }
}
