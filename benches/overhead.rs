//! What the engine of profiles costs: building a request and reading its answer, beside the same written by hand in
//! Rust, in one run on one machine, because only the ratios mean something elsewhere. Medians of rounds in which
//! both take turns. `cargo bench --bench overhead [-- WORD]` measures the kinds whose names hold the word.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use sendplan::diagnostic::Source;
use sendplan::provider::exchange::Request;
use sendplan::provider::{Batch, Class, Member, Profile, Response, Secrets, Token};
use serde_json::{Value, json};

#[path = "overhead/by_hand.rs"]
mod by_hand;

use by_hand::Gateway;

const ROUNDS: usize = 101;
/// How long one side is measured at a stretch.
const STRETCH: Duration = Duration::from_millis(4);

/// A profile, what it is asked to do, and the same by hand.
struct Kind {
    name: &'static str,
    profile: Profile,
    secrets: Secrets,
    token: Option<Token>,
    sender: Value,
    messages: usize,
    response: Response,
    gateway: Gateway,
    build: by_hand::Build,
    read: by_hand::Read,
}

fn main() {
    let word = std::env::args().skip(1).find(|word| !word.starts_with('-')).unwrap_or_default();
    println!(
        "{:<18} {:>8}  {:>22}  {:>22}  {:>22}  {:>11}",
        "µs a request", "messages", "build: profile, hand", "read: profile, hand", "together", "per message"
    );
    for kind in kinds().iter().filter(|kind| kind.name.contains(&word)) {
        measure(kind);
    }
}

fn kinds() -> Vec<Kind> {
    let mut kinds = vec![single()];
    kinds.extend([1, 100].map(shared));
    kinds.push(personalised(100));
    kinds
}

fn single() -> Kind {
    let body = json!({
        "account_sid": "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "api_version": "2010-04-01", "body": text(0),
        "date_created": "Thu, 24 Aug 2023 05:01:45 +0000", "date_sent": null, "date_updated": null,
        "direction": "outbound-api", "error_code": null, "error_message": null, "from": "+15557122661",
        "num_media": "0", "num_segments": "1", "price": null, "price_unit": "USD",
        "sid": "SMaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "status": "queued", "to": address(0),
    });
    Kind {
        name: "single",
        profile: profile(include_str!("overhead/single.yaml")),
        secrets: secrets(&[("account", "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), ("token", "open sesame")]),
        token: None,
        sender: json!("+15557122661"),
        messages: 1,
        response: response(201, &body),
        gateway: gateway("https://api.gateway.example", "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "open sesame"),
        build: by_hand::build_single,
        read: by_hand::read_single,
    }
}

fn shared(messages: usize) -> Kind {
    let record = |number: usize| {
        json!({
            "dateTimeCreated": 1_617_139_133_671_u64, "ipAddress": "127.0.0.1", "id": 8_000 + number,
            "message": text(0), "recipient": address(number)[1..], "timeSent": 1_617_139_133_435_u64,
            "status": null, "processedStatus": "NEW", "attempts": 0, "sentResponseStatus": "200 OK",
        })
    };
    let records: Vec<Value> = (0..messages).map(record).collect();
    let body = json!({"status": "success", "data": records, "message": "Sms scheduled successfully!"});
    let profile = Profile::builtin("mobiconnect").unwrap().unwrap();
    let token = Token {
        access: "example-access-token".into(),
        refresh: Some("example-refresh-token".into()),
        expires_at: now(),
        refresh_expires_at: None,
        renew_at: now(),
    };
    Kind {
        name: "shared",
        gateway: gateway(profile.base_url(), "example-access-token", "key"),
        profile,
        secrets: secrets(&[("username", "user"), ("password", "open sesame"), ("app_key", "key")]),
        token: Some(token),
        sender: json!(17),
        messages,
        response: response(200, &body),
        build: by_hand::build_shared,
        read: by_hand::read_shared,
    }
}

fn personalised(messages: usize) -> Kind {
    let result = |number: usize| {
        json!({
            "to": address(number)[1..], "reference": key(number), "messageId": format!("2250be2d4219-{number}"),
            "status": {
                "group": "PENDING", "id": 26, "name": "PENDING_ACCEPTED",
                "description": "Message sent to next instance",
            },
        })
    };
    let results: Vec<Value> = (0..messages).map(result).collect();
    Kind {
        name: "personalised",
        profile: profile(include_str!("overhead/personalised.yaml")),
        secrets: secrets(&[("api_key", "open sesame")]),
        token: None,
        sender: json!("Acme"),
        messages,
        response: response(200, &json!({"bulkId": "2034072219640523072", "messages": results})),
        gateway: gateway("https://api.gateway.example", "", "open sesame"),
        build: by_hand::build_personalised,
        read: by_hand::read_personalised,
    }
}

fn measure(kind: &Kind) {
    let numbers = 0..kind.messages;
    let people: Vec<[String; 3]> =
        numbers.map(|number| [address(number), text(number), key(number)]).collect();
    let members: Vec<Member<'_>> = people.iter().map(member).collect();
    let batch = Batch { members: &members, sender: &kind.sender, now: now(), expires_at: None };
    let build = || kind.profile.build_send(&batch, &kind.secrets, kind.token.as_ref()).unwrap();
    let read = || kind.profile.read_send(&batch, &kind.secrets, Ok(&kind.response));
    let (build_hand, read_hand) =
        (|| (kind.build)(&kind.gateway, &batch), || (kind.read)(&batch, &kind.response));
    assert_eq!(comparable(&build()), comparable(&build_hand()), "{}", kind.name);
    assert_eq!(read(), read_hand(), "{}", kind.name);
    assert!(read().verdicts.iter().all(|one| one.class == Class::Accepted && one.provider_id.is_some()));
    let [build, build_hand, read, read_hand] = medians([
        &|| drop(black_box(build())),
        &|| drop(black_box(build_hand())),
        &|| drop(black_box(read())),
        &|| {
            drop(black_box(read_hand()));
        },
    ]);
    let side = |profile: f64, hand: f64| format!("{profile:>7.2} {hand:>7.2} {:>4.1} x", profile / hand);
    println!(
        "{:<18} {:>8}  {:>22}  {:>22}  {:>22}  {:>11.2}",
        kind.name,
        kind.messages,
        side(build, build_hand),
        side(read, read_hand),
        side(build + read, build_hand + read_hand),
        (build + read) / kind.messages as f64,
    );
}

/// The microseconds that each takes, at the median of rounds in which they take turns.
fn medians(sides: [&dyn Fn(); 4]) -> [f64; 4] {
    let calls = sides.map(|side| {
        // This also warms.
        let (mut calls, began) = (0_u32, Instant::now());
        while began.elapsed() < STRETCH * 10 {
            side();
            calls += 1;
        }
        (calls / 10).max(1)
    });
    let mut taken: [Vec<f64>; 4] = Default::default();
    for _ in 0..ROUNDS {
        for ((side, calls), taken) in sides.iter().zip(calls).zip(&mut taken) {
            let began = Instant::now();
            (0..calls).for_each(|_| side());
            taken.push(began.elapsed().as_secs_f64() * 1e6 / f64::from(calls));
        }
    }
    taken.map(|mut taken| {
        taken.sort_by(f64::total_cmp);
        taken[ROUNDS / 2]
    })
}

/// A request as what it means: the order of headers and of a form's fields means nothing.
fn comparable(request: &Request) -> (String, Vec<(String, String)>, Value) {
    let mut headers: Vec<(String, String)> =
        request.headers.iter().map(|(name, value)| (name.clone(), value.expose().to_owned())).collect();
    headers.sort();
    let body = serde_json::from_slice(&request.body).unwrap_or_else(|_| {
        let mut fields: Vec<(String, String)> =
            url::form_urlencoded::parse(&request.body).into_owned().collect();
        fields.sort();
        json!(fields)
    });
    (format!("{} {} {:?}", request.method, request.url, request.timeout), headers, body)
}

fn profile(text: &str) -> Profile {
    Profile::from_source(&Source::new("profile.yaml", text)).unwrap()
}

fn gateway(base_url: &str, user: &str, secret: &str) -> Gateway {
    Gateway { base_url: base_url.to_owned(), user: user.to_owned(), secret: secret.to_owned() }
}

fn secrets(values: &[(&str, &str)]) -> Secrets {
    Secrets::new(values.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())))
}

fn response(status: u16, body: &Value) -> Response {
    let headers = [
        ("date", "Thu, 24 Aug 2023 05:01:45 GMT"),
        ("content-type", "application/json; charset=utf-8"),
        ("content-length", "812"),
        ("connection", "keep-alive"),
        ("server", "nginx"),
        ("x-request-id", "RQaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        ("strict-transport-security", "max-age=31536000"),
        ("vary", "Accept-Encoding"),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    Response { status, headers, body: body.to_string().into_bytes(), truncated: false }
}

fn member([address, text, key]: &[String; 3]) -> Member<'_> {
    Member { id: address, address, text, key, encoding: "gsm7", part: None }
}

fn address(number: usize) -> String {
    format!("+2547{number:08}")
}

fn text(number: usize) -> String {
    format!(
        "Hi customer {number}, our spring sale starts on Saturday: 20% off in every branch. STOP to opt out."
    )
}

fn key(number: usize) -> String {
    format!("{number:032x}")
}

fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH
}
