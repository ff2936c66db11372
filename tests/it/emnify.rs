//! The EMnify profile against a gateway that speaks it: log-ins shared and counted, texts cut into parts, the end of
//! the sending window on every message.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};

use crate::loopback::{Loopback, Reply, Request, answer};
use crate::project::{Project, Said};

const LOGIN: &str = "/api/v1/authenticate";

/// A gateway that speaks EMnify.
#[derive(Default)]
struct Emnify {
    logins: AtomicU32,
    tokens: Mutex<BTreeSet<String>>,
    /// What was accepted: the endpoint and the body.
    sent: Mutex<Vec<(String, Value)>>,
}

impl Emnify {
    fn log_in(&self) -> Reply {
        let number = self.logins.fetch_add(1, Ordering::SeqCst);
        let exp = (Utc::now() + TimeDelta::days(7)).timestamp();
        let claims = URL_SAFE_NO_PAD.encode(format!("{{\"exp\":{exp},\"iat\":{number}}}"));
        let token = format!("e30.{claims}.c2lnbmF0dXJl");
        self.tokens.lock().unwrap().insert(format!("Bearer {token}"));
        Reply::Json(200, json!({ "auth_token": token }))
    }

    fn knows(&self, request: &Request) -> bool {
        self.tokens.lock().unwrap().contains(&request.authorization)
    }

    /// Takes an SMS: 201, nothing in the body, the id in a header.
    fn accept(&self, request: &Request) -> Reply {
        assert_eq!(request.method, "POST");
        let endpoint = request.path.split('/').nth(4).unwrap().to_owned();
        let mut sent = self.sent.lock().unwrap();
        sent.push((endpoint.clone(), request.body.clone()));
        let id = 19_000_000 + sent.len();
        let location = format!("/api/v1/endpoint/{endpoint}/sms/{id}");
        let head = "HTTP/1.1 201 Created\r\nContent-Type: text/html; charset=UTF-8\r\nContent-Length: 0";
        Reply::Whole(format!("{head}\r\nLocation: {location}\r\n\r\n").into_bytes())
    }

    fn usual(&self, request: &Request) -> Reply {
        if request.path == LOGIN {
            return self.log_in();
        }
        if !self.knows(request) {
            return Reply::Json(401, json!({"message": "Unauthorized"}));
        }
        self.accept(request)
    }

    /// Every part that was accepted, by endpoint and header.
    fn parts(&self) -> BTreeMap<(String, String), Vec<String>> {
        let mut parts: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
        for (endpoint, body) in self.sent.lock().unwrap().iter() {
            let udh = body["udh"].as_str().unwrap_or_default().to_owned();
            let payload = body["payload"].as_str().unwrap().to_owned();
            parts.entry((endpoint.clone(), udh)).or_default().push(payload);
        }
        parts
    }
}

fn gateway(
    hook: impl Fn(&Emnify, &Request) -> Option<Reply> + Send + Sync + 'static,
) -> (Arc<Emnify>, Loopback) {
    let emnify = Arc::new(Emnify::default());
    let speaker = Arc::clone(&emnify);
    let loopback = Loopback::with(move |request| {
        Some(hook(&speaker, request).unwrap_or_else(|| speaker.usual(request)))
    });
    (emnify, loopback)
}

fn project(url: &str, endpoints: u32, text: &str, more: &str) -> Project {
    let project = Project::empty();
    project.write(
        "campaigns/c/campaign.yaml",
        &format!(
            "version: 1\nname: c\nprovider: {{ profile: emnify, base_url: \"{url}\", limits: {{ requests: 60000/s }} }}\n\
             sender: \"12345689\"\naudience: {{ csv: r.csv, address: endpoint }}\nmessage:\n  text: \"{text}\"\n{more}"
        ),
    );
    let mut csv = "endpoint,name\n".to_owned();
    (0..endpoints).for_each(|number| csv.push_str(&format!("{},Meter {number}\n", 11_000_000 + number)));
    project.write("campaigns/c/r.csv", &csv);
    project
}

fn send_with(project: &Project, secrets: &[(&str, &str)]) -> Said {
    let mut command = project.command(&["send", "campaigns/c"]);
    command.envs(secrets.iter().copied());
    crate::project::said(command.output().unwrap())
}

const TOKEN: [(&str, &str); 1] = [("EMNIFY_APPLICATION_TOKEN", "canary-application-token")];
const USER: [(&str, &str); 2] = [("EMNIFY_USERNAME", "canary-user"), ("EMNIFY_PASSWORD", "my_password")];

#[test]
fn one_log_in_serves_ten_thousand_and_one_more_when_the_token_is_expired_in_the_middle() {
    const PEOPLE: usize = 10_000;
    let expired = AtomicU32::new(0);
    let (emnify, loopback) = gateway(move |emnify, _| {
        let half = emnify.sent.lock().unwrap().len() == PEOPLE / 2;
        if half && expired.fetch_add(1, Ordering::SeqCst) == 0 {
            emnify.tokens.lock().unwrap().clear();
        }
        None
    });
    let delivery = "delivery: { concurrency: 64 }\n";
    let project = project(&loopback.url(), PEOPLE as u32, "Reading {{ name }}", delivery);
    let said = send_with(&project, &TOKEN);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(emnify.logins.load(Ordering::SeqCst), 2);
    let sent = emnify.sent.lock().unwrap();
    let endpoints: BTreeSet<&String> = sent.iter().map(|(endpoint, _)| endpoint).collect();
    assert_eq!((sent.len(), endpoints.len()), (PEOPLE, PEOPLE));
    assert_eq!(project.status().of("accepted"), PEOPLE as u64);
}

#[test]
fn long_texts_go_out_in_parts_each_of_them_once() {
    // 153 + 153 + 94 characters: three parts. The second part of everybody is throttled once, the third of one
    // endpoint is refused for good.
    let throttled = Mutex::new(BTreeSet::new());
    let (emnify, loopback) = gateway(move |_, request| {
        let udh = request.body["udh"].as_str().unwrap_or_default();
        if udh.ends_with("0302") && throttled.lock().unwrap().insert(request.path.clone()) {
            return Some(Reply::Json(429, json!({"message": "slow down"})));
        }
        let refused = udh.ends_with("0303") && request.path.contains("11000003");
        refused.then(|| Reply::Json(422, json!({"message": "no"})))
    });
    let text = "0123456789".repeat(40);
    let retry = "delivery: { retry: { attempts: 9, backoff: 20ms, max_backoff: 50ms } }\n";
    let project = project(&loopback.url(), 5, &text, retry);
    let said = send_with(&project, &TOKEN);
    assert_eq!(said.code, 5, "{said:?}");
    let run = project.status();
    assert_eq!((run.of("planned"), run.of("accepted"), run.of("rejected")), (15, 14, 1));
    let parts = emnify.parts();
    assert_eq!(parts.len(), 14);
    assert!(parts.values().all(|payloads| payloads.len() == 1), "a part went out twice");
    for endpoint in ["11000000", "11000001", "11000002", "11000004"] {
        let of: Vec<(&String, &String)> = parts
            .iter()
            .filter(|((to, _), _)| to == endpoint)
            .map(|((_, udh), text)| (udh, &text[0]))
            .collect();
        let whole: String = of.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(whole, text);
        let shared: BTreeSet<&str> = of.iter().map(|(udh, _)| &udh[..10]).collect();
        assert_eq!(shared.len(), 1, "one reference and one count: {of:?}");
        let ends: Vec<&str> = of.iter().map(|(udh, _)| &udh[8..]).collect();
        assert_eq!(ends, ["0301", "0302", "0303"]);
    }
}

#[test]
fn a_part_that_was_accepted_is_not_sent_again_after_a_kill() {
    let (emnify, loopback) = gateway(|emnify, request| {
        let last = request.path != LOGIN && emnify.sent.lock().unwrap().len() >= 4;
        if !last || !emnify.knows(request) {
            return None;
        }
        // Taken, and nobody hears of it until later.
        match emnify.accept(request) {
            Reply::Whole(bytes) => Some(Reply::WaitThen(bytes)),
            other => Some(other),
        }
    });
    let project = project(&loopback.url(), 20, &"0123456789".repeat(40), "delivery: { concurrency: 2 }\n");
    let mut child = project.command(&["send", "campaigns/c"]).envs(TOKEN).spawn().unwrap();
    loopback.until_waiting(1);
    child.kill().unwrap();
    child.wait().unwrap();
    loopback.release();
    let said = send_with(&project, &TOKEN);
    assert_eq!(said.code, 6, "some parts are in doubt: {said:?}");
    let parts = emnify.parts();
    assert!(parts.values().all(|payloads| payloads.len() == 1), "a part went out twice");
    let run = project.status();
    assert_eq!(run.of("planned"), 60);
    assert_eq!(run.of("accepted") + run.of("unknown"), 60);
    assert!(run.of("unknown") > 0);
}

#[test]
fn a_message_expires_when_the_window_closes() {
    let (emnify, loopback) = gateway(|_, _| None);
    // An hour that is open now, wherever in the day that is.
    let now = Utc::now();
    let hour = |time: chrono::DateTime<Utc>| time.format("%H:%M").to_string();
    let (from, to) = (hour(now - TimeDelta::minutes(30)), hour(now + TimeDelta::minutes(30)));
    let schedule = format!("schedule: {{ window: {{ from: \"{from}\", to: \"{to}\" }} }}\n");
    let project = project(&loopback.url(), 2, "Hello", &schedule);
    assert_eq!(send_with(&project, &TOKEN).code, 0);
    for (_, body) in emnify.sent.lock().unwrap().iter() {
        let end: chrono::DateTime<Utc> = body["expiry_date"].as_str().unwrap().parse().unwrap();
        assert_eq!(hour(end), to);
        assert!(end > now && end - now <= TimeDelta::minutes(31));
    }
    assert_eq!(emnify.sent.lock().unwrap().len(), 2);
}

#[test]
fn nothing_is_begun_while_the_window_is_shut() {
    let (emnify, loopback) = gateway(|_, _| None);
    let now = Utc::now();
    let hour = |time: chrono::DateTime<Utc>| time.format("%H:%M").to_string();
    let (from, to) = (hour(now + TimeDelta::hours(2)), hour(now + TimeDelta::hours(3)));
    let schedule = format!("schedule: {{ window: {{ from: \"{from}\", to: \"{to}\" }} }}\n");
    let project = project(&loopback.url(), 2, "Hello", &schedule);
    let said = send_with(&project, &TOKEN);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("Nothing may go out now") && said.out.contains(&from), "{said:?}");
    assert_eq!(emnify.logins.load(Ordering::SeqCst), 0);
    assert!(!project.state().exists() || emnify.sent.lock().unwrap().is_empty());
}

#[test]
fn passwords_go_out_as_their_sha_1() {
    let (_, loopback) = gateway(|emnify, request| {
        (request.path == LOGIN).then(|| {
            assert_eq!(
                request.body,
                json!({"username": "canary-user",
                "password": "5eb942810a75ebc850972a89285d570d484c89c4"})
            );
            emnify.log_in()
        })
    });
    let project = project(&loopback.url(), 1, "Hello", "");
    assert_eq!(send_with(&project, &USER).code, 0);
}

#[test]
fn multi_factor_log_ins_are_refused_in_clear_words() {
    let (_, loopback) = gateway(|_, request| {
        (request.path == LOGIN).then(|| Reply::Json(200, json!({"mfa_token": "canary-mfa"})))
    });
    let project = project(&loopback.url(), 1, "Hello", "");
    let said = send_with(&project, &USER);
    assert_eq!(said.code, 8, "{said:?}");
    assert!(said.err.contains("multi-factor"), "{said:?}");
    assert!(said.err.contains("${env:EMNIFY_PASSWORD}"), "it names what to look at: {said:?}");
    assert!(!said.err.contains("canary"), "{said:?}");
}

#[test]
fn too_many_log_ins_are_a_throttle_and_no_refusal() {
    let refused = AtomicU32::new(0);
    let (emnify, loopback) = gateway(move |_, request| {
        let first = request.path == LOGIN && refused.fetch_add(1, Ordering::SeqCst) == 0;
        first
            .then(|| Reply::Whole(answer(401, &json!({"error_token": "TooManyRequests", "message": "wait"}))))
    });
    let retry = "delivery: { retry: { attempts: 3, backoff: 20ms, max_backoff: 50ms } }\n";
    let project = project(&loopback.url(), 1, "Hello", retry);
    let said = send_with(&project, &USER);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(emnify.sent.lock().unwrap().len(), 1);
}

#[test]
fn without_any_secrets_every_way_to_log_in_is_told() {
    let (_, loopback) = gateway(|_, _| None);
    let project = project(&loopback.url(), 1, "Hello", "");
    let said = send_with(&project, &[]);
    assert_eq!(said.code, 8, "{said:?}");
    for name in ["EMNIFY_APPLICATION_TOKEN", "EMNIFY_USERNAME", "EMNIFY_PASSWORD", "EMNIFY_REFRESH_TOKEN"] {
        assert!(said.err.contains(name), "{name}: {said:?}");
    }
    assert_eq!(said.err.matches("; or ").count(), 2, "{said:?}");
}

#[test]
fn a_moment_outside_the_window_contradicts_it() {
    let schedule = "schedule: { at: 2027-03-01T21:00, timezone: Africa/Nairobi, window: { from: \"08:00\", to: \"20:00\" } }\n";
    let said = project("http://127.0.0.1:1", 1, "Hello", schedule).run(&["check", "campaigns"]);
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.err.contains("`schedule.at` lies outside `schedule.window`"), "{said:?}");
    assert!(said.err.contains("opens next at 2027-03-02 08:00 EAT"), "{said:?}");
    let early = schedule.replace("21:00", "19:59");
    let planned = project("http://127.0.0.1:1", 1, "Hello", &early).run(&["plan", "campaigns/c"]);
    assert!(planned.out.contains("window   08:00 to 20:00, Africa/Nairobi"), "{planned:?}");
}
