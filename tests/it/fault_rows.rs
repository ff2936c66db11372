//! Rows 22 to 42 of the table of faults, each for a gateway that takes single messages, one that takes one text
//! for many, and one that takes a text for each: what an answer means over the real HTTP client, and what the
//! whole program makes of it over real sockets and a real state.
//!
//! Rows 38 to 41 are about lists of results: an answer about one message has none, so they have no meaning for
//! `single`. Row 28 is about renewals: it is shown with a token in place of each kind's own credentials.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use sendplan::provider::exchange::MAX_RESPONSE_BYTES;
use sendplan::provider::{Batch, Class, Fault, Member, Reading, Response, RetryAfter};
use sendplan::world::http::{Http, HttpOptions};
use serde_json::{Value, json};

use crate::exchange::zeros_in_gzip;
use crate::gateway::{self, Act, Gateway};
use crate::kinds::{Kind, read};
use crate::loopback::{Asked, Dialect as _, Loopback, Reply, Request, answer, answer_with, whole};
use crate::project::{Project, Said};

/// Every row for every kind, under names that carry both.
macro_rules! rows {
    (all: $($all:ident)*; lists: $($lists:ident)*;) => {
        mod single {
            $(#[test] fn $all() { super::$all(super::Kind::Single); })*
        }
        mod shared {
            $(#[test] fn $all() { super::$all(super::Kind::Shared); })*
            $(#[test] fn $lists() { super::$lists(super::Kind::Shared); })*
        }
        mod personalised {
            $(#[test] fn $all() { super::$all(super::Kind::Personalised); })*
            $(#[test] fn $lists() { super::$lists(super::Kind::Personalised); })*
        }
    };
}

rows! {
    all:
        fault_22_a_reset_after_any_byte_is_unknown
        fault_22_what_is_lost_is_not_sent_again
        fault_23_no_whole_answer_in_time_is_unknown
        fault_23_who_waits_for_an_answer_in_vain_is_unknown
        fault_24_truncated_json_is_unknown
        fault_25_a_body_of_another_kind_is_unknown
        fault_25_a_few_unreadable_answers_pause_the_run
        fault_26_an_empty_success_is_accepted_only_where_the_profile_says_so
        fault_27_one_renewal_serves_all_that_a_401_hits
        fault_27_a_401_is_tried_again_once_and_no_more
        fault_27_a_fixed_credential_is_tried_again_once_and_no_more
        fault_28_a_refused_renewal_logs_in_and_a_refused_log_in_aborts
        fault_29_a_403_aborts
        fault_30_a_404_of_a_recipient_is_a_rejection_and_many_pause_the_run
        fault_31_a_413_or_422_is_a_rejection
        fault_32_a_429_with_seconds_makes_everybody_wait_that_long
        fault_32_a_wait_is_clamped
        fault_33_a_429_with_a_date_makes_everybody_wait_until_then
        fault_34_a_429_without_a_header_backs_off
        fault_35_a_server_error_is_unknown_unless_declared
        fault_35_only_what_is_declared_is_sent_again
        fault_36_a_redirect_is_never_followed_and_aborts
        fault_37_an_answer_beyond_a_mebibyte_is_cut_and_unknown
        fault_42_the_gateways_clock_counts;
    lists:
        fault_30_a_404_of_a_whole_batch_aborts_and_uses_nobody_up
        fault_38_one_id_for_two_is_unknown_for_both
        fault_39_who_has_no_result_is_unknown
        fault_40_results_in_another_order_find_their_messages
        fault_41_a_result_for_somebody_else_stops_the_run;
}

// ---- One exchange ----

const ADDRESSES: [&str; 2] = ["+254700000001", "+254700000002"];
const KEYS: [&str; 2] = ["key-1", "key-2"];
const SHORT: Duration = Duration::from_millis(150);

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Sends to one person, or to two where the gateway takes several, and reads what comes of it.
fn exchange_within(
    kind: Kind,
    act: Act,
    timeout: Option<Duration>,
) -> (Result<Response, Fault>, Reading, Gateway) {
    let gateway = Gateway::start([act]);
    let profile = kind.profile(&gateway.url());
    let secrets = profile.sandbox_secrets();
    let members: Vec<Member<'_>> = (0..people(kind))
        .map(|at| Member { key: KEYS[at], ..crate::outgoing::member(ADDRESSES[at], "Hello") })
        .collect();
    let sender = json!("Acme");
    let batch = Batch { members: &members, sender: &sender, now: DateTime::UNIX_EPOCH, expires_at: None };
    let mut request = profile.build_send(&batch, &secrets, None).unwrap();
    request.timeout = timeout.unwrap_or(Duration::from_secs(20));
    let http = Http::new(&HttpOptions::default()).unwrap();
    let answer = block_on(http.execute(request));
    let reading = profile.read_send(&batch, &secrets, answer.as_ref());
    assert_eq!(reading.verdicts.len(), members.len());
    (answer, reading, gateway)
}

fn exchange(kind: Kind, act: Act) -> Reading {
    exchange_within(kind, act, None).1
}

fn people(kind: Kind) -> usize {
    if kind == Kind::Single { 1 } else { 2 }
}

/// Whether every message came to this class.
#[track_caller]
fn all(reading: &Reading, class: Class) {
    assert!(reading.verdicts.iter().all(|one| one.class == class), "{class:?} in {reading:?}");
}

fn classes(reading: &Reading) -> Vec<Class> {
    reading.verdicts.iter().map(|one| one.class).collect()
}

fn ids(reading: &Reading) -> Vec<Option<&str>> {
    reading.verdicts.iter().map(|one| one.provider_id.as_deref()).collect()
}

/// The two people of an exchange, as the gateway sees them.
fn asked(at: usize) -> Asked {
    Asked { digits: ADDRESSES[at][1..].to_owned(), text: "Hello".to_owned(), key: KEYS[at].to_owned() }
}

/// The answer that accepts everybody.
fn accepted(kind: Kind) -> Vec<u8> {
    let all: Vec<_> = (0..people(kind)).map(|at| (asked(at), format!("m-{}", at + 1))).collect();
    kind.accepts(&all)
}

/// An answer with these results, each of a person and an id.
fn results(kind: Kind, all: &[(usize, &str)]) -> Act {
    let results: Vec<Value> = all.iter().map(|(at, id)| kind.result(&asked(*at), id)).collect();
    Act::Answer(answer(200, &kind.body(&results)))
}

/// A header that gives an id, and a body with one, whatever the kind looks at.
fn with_ids(kind: Kind, status: u16, headers: &str, body: &str) -> Act {
    let location = if kind == Kind::Single { "Location: /v1/messages/m-1\r\n" } else { "" };
    Act::Answer(whole(status, &format!("{headers}{location}"), body))
}

const JSON: &str = "Content-Type: application/json\r\n";

// ---- A whole campaign ----

/// How many requests a campaign of these tests takes.
const REQUESTS: u64 = 24;

/// The most requests under way at once.
const CONCURRENCY: usize = 4;

/// A campaign over this gateway.
fn campaign(kind: Kind, gateway: &Loopback, requests: u64) -> Project {
    of_profile(kind, kind.text(), gateway, requests)
}

fn of_profile(kind: Kind, profile: &str, gateway: &Loopback, requests: u64) -> Project {
    Project::with_profile(profile, &gateway.url(), requests * kind.batch(), kind.batch(), "")
}

fn error(status: u16) -> Reply {
    Reply::Whole(answer(status, &json!({"error": "as told"})))
}

/// A gateway that does this to the requests of these numbers.
fn gateway_that(
    kind: Kind,
    at: impl Fn(u32) -> bool + Send + Sync + 'static,
    reply: impl Fn(&Request) -> Reply + Send + Sync + 'static,
) -> Loopback {
    Loopback::of(kind, move |request| (request.send > 0 && at(request.send)).then(|| reply(request)))
}

#[track_caller]
fn ends(said: &Said, code: i32) {
    assert_eq!(said.code, code, "{said:?}");
}

// ---- The rows ----

fn fault_22_a_reset_after_any_byte_is_unknown(kind: Kind) {
    for act in [Act::Reset, Act::Answer(Vec::new())] {
        let (answer, reading, _) = exchange_within(kind, act, None);
        assert!(matches!(answer, Err(Fault::Lost(_))), "{answer:?}");
        all(&reading, Class::Unknown);
    }
}

fn fault_22_what_is_lost_is_not_sent_again(kind: Kind) {
    let gateway = gateway_that(kind, |send| send == 6, |_| Reply::AcceptAndClose);
    let project = campaign(kind, &gateway, REQUESTS);
    let lost = kind.batch();
    for _ in 0..2 {
        // The second time nothing is begun again.
        ends(&project.send(), 6);
        project.status().is(&[("accepted", REQUESTS * lost - lost), ("unknown", lost), ("pending", 0)]);
        assert_eq!(gateway.accepted_once(), REQUESTS * lost);
    }
}

fn fault_23_no_whole_answer_in_time_is_unknown(kind: Kind) {
    let whole = accepted(kind);
    for heard in [0, 40, whole.len() - 1] {
        let act = Act::Silence(whole[..heard].to_vec());
        let (answer, reading, _) = exchange_within(kind, act, Some(SHORT));
        assert!(matches!(answer, Err(Fault::Lost(_))), "{answer:?}");
        all(&reading, Class::Unknown);
    }
}

fn fault_23_who_waits_for_an_answer_in_vain_is_unknown(kind: Kind) {
    let hasty = kind.text().replace("  method: POST\n", "  method: POST\n  timeout: 1s\n");
    let gateway = gateway_that(kind, |send| send == 3, |_| Reply::Wait);
    let project = of_profile(kind, &hasty, &gateway, REQUESTS);
    ends(&project.send(), 6);
    let lost = kind.batch();
    project.status().is(&[("accepted", REQUESTS * lost - lost), ("unknown", lost), ("pending", 0)]);
}

fn fault_24_truncated_json_is_unknown(kind: Kind) {
    // The ids are all there, in a header or before the cut.
    let results: Vec<Value> = match kind {
        Kind::Single => Vec::new(),
        _ => (0..2).map(|at| kind.result(&asked(at), &format!("m-{at}"))).collect(),
    };
    let body = kind.body(&results).to_string();
    let cut = &body[..body.len() - 2];
    for status in [200, 201] {
        let reading = exchange(kind, with_ids(kind, status, JSON, cut));
        all(&reading, Class::Unknown);
        assert_eq!(reading.verdicts[0].reason.as_deref(), Some("the answer breaks off"));
    }
    // The same where the connection ends before the announced length.
    let mut short = accepted(kind);
    short.truncate(short.len() - 1);
    let (answer, reading, _) = exchange_within(kind, Act::Answer(short), None);
    assert!(matches!(answer, Err(Fault::Lost(_))), "{answer:?}");
    all(&reading, Class::Unknown);
}

fn fault_25_a_body_of_another_kind_is_unknown(kind: Kind) {
    let sound = accepted(kind);
    let sound = String::from_utf8(sound).unwrap();
    let body = sound.split_once("\r\n\r\n").unwrap().1;
    let page = "<html>It works!</html>";
    for (headers, body) in [
        ("Content-Type: text/html; charset=utf-8\r\n", page),
        (JSON, page),
        ("", page),
        // A sound body under a wrong type comes from somebody else than the gateway's programme.
        ("Content-Type: text/html\r\n", body),
        ("Content-Type: text/plain\r\n", body),
    ] {
        all(&exchange(kind, Act::Answer(whole(200, headers, body))), Class::Unknown);
        all(&exchange(kind, with_ids(kind, 200, headers, body)), Class::Unknown);
    }
}

fn fault_25_a_few_unreadable_answers_pause_the_run(kind: Kind) {
    let html = || Reply::Whole(whole(200, "Content-Type: text/html\r\n", "<html>hi</html>"));
    let gateway = gateway_that(kind, |send| send > 5, move |_| html());
    let (requests, batch) = (60, kind.batch());
    let project = campaign(kind, &gateway, requests);
    let stopped = project.send();
    ends(&stopped, 4);
    assert!(stopped.err.contains("5 requests in a row had no definite answer"), "{}", stopped.err);
    let run = project.status();
    run.is(&[("planned", requests * batch), ("accepted", 5 * batch)]);
    // No more than what was under way beside the five, and beside the accepted ones whose answers came in between.
    assert!((5 * batch..=12 * batch).contains(&run.of("unknown")), "{run:?}");
    assert_eq!(run.of("pending"), (requests - 5) * batch - run.of("unknown"));
}

fn fault_26_an_empty_success_is_accepted_only_where_the_profile_says_so(kind: Kind) {
    for status in [200, 201, 202] {
        let reading = exchange(kind, Act::Answer(whole(status, JSON, "")));
        all(&reading, Class::Unknown);
        assert_eq!(reading.verdicts[0].reason.as_deref(), Some("the answer is empty"));
    }
    // By a rule over the status.
    all(&exchange(kind, Act::Answer(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec())), Class::Accepted);
    if kind == Kind::Single {
        // By an id that stands in a header.
        let reading = exchange(kind, with_ids(kind, 201, "", ""));
        all(&reading, Class::Accepted);
        assert_eq!(ids(&reading), [Some("m-1")]);
    }
}

fn fault_27_one_renewal_serves_all_that_a_401_hits(kind: Kind) {
    all(&exchange(kind, gateway::json(401, r#"{"error":"expired"}"#)), Class::Auth);
    let once = AtomicU32::new(0);
    let slot = Arc::new(Mutex::new(None::<Loopback>));
    let handle = Arc::clone(&slot);
    let real = Loopback::of(kind, move |request| {
        if request.send == 8
            && once.fetch_add(1, Ordering::SeqCst) == 0
            && let Some(gateway) = handle.lock().unwrap().as_ref()
        {
            gateway.forget_tokens();
        }
        None
    });
    let project = of_profile(kind, &kind.text_with_token(), &real, REQUESTS);
    *slot.lock().unwrap() = Some(real);
    ends(&project.send(), 0);
    let guard = slot.lock().unwrap();
    let gateway = guard.as_ref().unwrap();
    assert_eq!(gateway.accepted_once(), REQUESTS * kind.batch());
    assert_eq!((gateway.count("/api/auth"), gateway.count("/api/auth/refresh")), (1, 1));
    let refresh = gateway.requests().into_iter().find(|one| one.path.ends_with("/refresh")).unwrap();
    assert_eq!(refresh.body, json!({"token": "refresh-of-token-0"}));
}

fn fault_27_a_401_is_tried_again_once_and_no_more(kind: Kind) {
    let gateway = gateway_that(kind, |_| true, |_| error(401));
    let project = of_profile(kind, &kind.text_with_token(), &gateway, REQUESTS);
    ends(&project.send(), 8);
    let planned = REQUESTS * kind.batch();
    project.status().is(&[("pending", planned), ("unknown", 0), ("rejected", 0)]);
    assert_eq!(gateway.count("/api/auth"), 1);
    assert_eq!(gateway.count("/api/auth/refresh"), 1);
    // What was under way with the first token, and with the second.
    assert!(sends(&gateway) <= 2 * CONCURRENCY, "{}", sends(&gateway));
}

fn fault_27_a_fixed_credential_is_tried_again_once_and_no_more(kind: Kind) {
    // A gateway that has a moment of weakness.
    let gateway = gateway_that(kind, |send| send == 3, |_| error(401));
    let project = campaign(kind, &gateway, REQUESTS);
    ends(&project.send(), 0);
    assert_eq!(gateway.accepted_once(), REQUESTS * kind.batch());
    // One that means it: nobody is used up, and it is not asked by everybody.
    let gateway = gateway_that(kind, |_| true, |_| error(401));
    let project = campaign(kind, &gateway, REQUESTS);
    let said = project.send();
    ends(&said, 8);
    let planned = REQUESTS * kind.batch();
    project.status().is(&[("pending", planned), ("unknown", 0), ("rejected", 0)]);
    assert!(sends(&gateway) <= 2 * CONCURRENCY, "{}", sends(&gateway));
    let place = if kind == Kind::Shared { "${env:GATEWAY_KEY}" } else { "${env:GATEWAY_PASSWORD}" };
    assert!(said.err.contains("refuses the credentials") && said.err.contains(place), "{}", said.err);
}

fn sends(gateway: &Loopback) -> usize {
    gateway.requests().iter().filter(|one| one.send > 0).count()
}

fn fault_28_a_refused_renewal_logs_in_and_a_refused_log_in_aborts(kind: Kind) {
    for (second_log_in, code) in [(200, 0), (401, 8)] {
        let logins = AtomicU32::new(0);
        let gateway = Loopback::of(kind, move |request| match request.path.as_str() {
            "/api/auth/refresh" => Some(error(401)),
            "/api/auth" if logins.fetch_add(1, Ordering::SeqCst) == 0 => None,
            "/api/auth" if second_log_in == 401 => Some(error(401)),
            "/api/auth" => None,
            _ if request.authorization == "Bearer token-0" && request.send > 5 => Some(error(401)),
            _ => None,
        });
        let project = of_profile(kind, &kind.text_with_token(), &gateway, REQUESTS);
        ends(&project.send(), code);
        assert_eq!((gateway.count("/api/auth"), gateway.count("/api/auth/refresh")), (2, 1));
        let accepted = gateway.accepted_once();
        let pending = REQUESTS * kind.batch() - accepted;
        project.status().is(&[("accepted", accepted), ("pending", pending), ("unknown", 0)]);
        assert_eq!(pending == 0, code == 0);
    }
}

fn fault_29_a_403_aborts(kind: Kind) {
    all(&exchange(kind, gateway::json(403, "{}")), Class::Config);
    let gateway = gateway_that(kind, |send| send > 8, |_| error(403));
    let project = campaign(kind, &gateway, REQUESTS);
    let said = project.send();
    ends(&said, 8);
    assert!(said.err.contains("HTTP 403") && said.err.contains("Next"), "{}", said.err);
    let batch = kind.batch();
    let pending = (REQUESTS - 8) * batch;
    project.status().is(&[("accepted", 8 * batch), ("pending", pending), ("unknown", 0), ("rejected", 0)]);
}

fn fault_30_a_404_of_a_recipient_is_a_rejection_and_many_pause_the_run(kind: Kind) {
    // A batch of one where the gateway takes several: it is about that recipient.
    let alone =
        |gateway: &Loopback, people| Project::with_profile(kind.text(), &gateway.url(), people, 1, "");
    let gateway = gateway_that(kind, |send| send == 3, |_| error(404));
    let project = alone(&gateway, 20);
    ends(&project.send(), 5);
    project.status().is(&[("accepted", 19), ("rejected", 1), ("pending", 0)]);
    let gateway = gateway_that(kind, |_| true, |_| error(404));
    let project = alone(&gateway, 150);
    let said = project.send();
    ends(&said, 4);
    assert!(said.err.contains("recipients in a row were refused"), "{}", said.err);
    let run = project.status();
    assert!((50..=54).contains(&run.of("rejected")), "{run:?}");
    run.is(&[("unknown", 0), ("accepted", 0)]);
}

fn fault_30_a_404_of_a_whole_batch_aborts_and_uses_nobody_up(kind: Kind) {
    all(&exchange(kind, gateway::json(404, "{}")), Class::Config);
    let gateway = gateway_that(kind, |send| send > 2, |_| error(404));
    let project = campaign(kind, &gateway, REQUESTS);
    let said = project.send();
    ends(&said, 8);
    assert!(said.err.contains("is the base URL right?"), "{}", said.err);
    project.status().is(&[("accepted", 20), ("rejected", 0), ("unknown", 0)]);
}

fn fault_31_a_413_or_422_is_a_rejection(kind: Kind) {
    for status in [413, 422] {
        all(&exchange(kind, gateway::json(status, "{}")), Class::Rejected);
    }
    let gateway = gateway_that(kind, |send| send == 3, |_| error(422));
    let project = campaign(kind, &gateway, REQUESTS);
    ends(&project.send(), 5);
    let batch = kind.batch();
    project.status().is(&[("accepted", (REQUESTS - 1) * batch), ("rejected", batch), ("unknown", 0)]);
}

/// Sends to a gateway that throttles its tenth request with these headers, and tells how long it was left alone
/// then, once those that were under way have come in.
fn pause_after(kind: Kind, headers: impl Fn() -> String + Send + Sync + 'static) -> Duration {
    let throttled = Arc::new(Mutex::new(None::<Instant>));
    let when = Arc::clone(&throttled);
    let gateway = gateway_that(
        kind,
        |send| send == 10,
        move |request| {
            *when.lock().unwrap() = Some(request.at);
            Reply::Whole(answer_with(429, &headers(), &json!({})))
        },
    );
    let project = campaign(kind, &gateway, REQUESTS);
    let said = project.send();
    ends(&said, 0);
    assert!(said.out.contains("tried again"), "{}", said.out);
    assert_eq!(gateway.accepted_once(), REQUESTS * kind.batch());
    let at = throttled.lock().unwrap().unwrap();
    let mut later: Vec<Instant> =
        gateway.requests().iter().map(|one| one.at).filter(|one| *one >= at).collect();
    later.sort();
    later.windows(2).map(|two| two[1] - two[0]).max().unwrap()
}

/// Of the second that was asked for: what was in the air already may come late on a busy machine. Without the wish it
/// would be milliseconds.
const WAITED: Duration = Duration::from_millis(500);

fn fault_32_a_429_with_seconds_makes_everybody_wait_that_long(kind: Kind) {
    let reading = exchange(kind, gateway::http(429, "application/json", "retry-after: 17\r\n", b"{}"));
    all(&reading, Class::Throttled);
    assert_eq!(reading.retry_after, Some(RetryAfter::Seconds(17)));
    let pause = pause_after(kind, || "Retry-After: 1\r\n".to_owned());
    assert!(pause >= WAITED, "{pause:?}");
}

fn fault_32_a_wait_is_clamped(kind: Kind) {
    let gateway = gateway_that(
        kind,
        |send| send == 10,
        |_| Reply::Whole(answer_with(429, "Retry-After: 86400\r\n", &json!({}))),
    );
    let project = campaign(kind, &gateway, REQUESTS);
    let manifest = std::fs::read_to_string(project.path("campaigns/c/campaign.yaml")).unwrap();
    project.write("campaigns/c/campaign.yaml", &manifest.replace("max_backoff: 2s", "max_backoff: 50ms"));
    ends(&project.send(), 0);
    assert_eq!(gateway.accepted_once(), REQUESTS * kind.batch());
}

fn date(at: DateTime<Utc>) -> String {
    at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn fault_33_a_429_with_a_date_makes_everybody_wait_until_then(kind: Kind) {
    // Without a clock of the gateway's, ours counts.
    let at = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::seconds(30);
    let headers = format!("retry-after: {}\r\n", date(at));
    let reading = exchange(kind, gateway::http(429, "application/json", &headers, b"{}"));
    all(&reading, Class::Throttled);
    assert_eq!(reading.retry_after.unwrap().wait(DateTime::UNIX_EPOCH), Duration::from_secs(30));
    let pause = pause_after(kind, || {
        let now = Utc::now();
        format!("Date: {}\r\nRetry-After: {}\r\n", date(now), date(now + TimeDelta::seconds(1)))
    });
    assert!(pause >= WAITED, "{pause:?}");
}

fn fault_34_a_429_without_a_header_backs_off(kind: Kind) {
    let reading = exchange(kind, gateway::json(429, "{}"));
    all(&reading, Class::Throttled);
    assert_eq!(reading.retry_after, None);
    // Between half of the back-off and all of it.
    let pause = pause_after(kind, String::new);
    assert!(pause >= Duration::from_millis(9), "{pause:?}");
}

fn fault_35_a_server_error_is_unknown_unless_declared(kind: Kind) {
    for status in [500, 502, 503, 504] {
        all(&exchange(kind, gateway::json(status, "{}")), Class::Unknown);
    }
    all(&exchange(kind, gateway::json(503, r#"{"code":"not_processed"}"#)), Class::Transient);
}

fn fault_35_only_what_is_declared_is_sent_again(kind: Kind) {
    let gateway = gateway_that(
        kind,
        |send| send == 3 || send == 7,
        |request| {
            if request.send == 3 {
                return error(500);
            }
            Reply::Whole(answer(503, &json!({"code": "not_processed"})))
        },
    );
    let project = campaign(kind, &gateway, REQUESTS);
    let batch = kind.batch();
    for _ in 0..2 {
        ends(&project.send(), 6);
        project.status().is(&[("accepted", (REQUESTS - 1) * batch), ("unknown", batch), ("pending", 0)]);
        assert_eq!(gateway.accepted_once(), (REQUESTS - 1) * batch);
    }
}

/// Only single requests can carry a key: a batch may be formed anew, and would not be the same request.
#[test]
fn fault_35_a_server_error_is_sent_again_under_the_same_key_where_the_gateway_honours_one() {
    let honours = Kind::Single.text().replace(
        "  batch: { mode: single }\n",
        "  batch: { mode: single }\n  idempotency: { header: Idempotency-Key }\n",
    );
    let gateway = gateway_that(Kind::Single, |send| send == 3, |_| error(500));
    let project = of_profile(Kind::Single, &honours, &gateway, REQUESTS);
    ends(&project.send(), 0);
    assert_eq!(gateway.accepted_once(), REQUESTS);
    let key = |request: &Request| {
        let line = request.headers.iter().find(|line| line.to_lowercase().starts_with("idempotency-key:"));
        line.unwrap().clone()
    };
    let requests = gateway.requests();
    let failed = requests.iter().find(|one| one.send == 3).unwrap();
    let again: Vec<_> = requests.iter().filter(|one| one.raw == failed.raw).collect();
    assert_eq!(again.len(), 2);
    assert_eq!(key(again[0]), key(again[1]));
}

fn fault_36_a_redirect_is_never_followed_and_aborts(kind: Kind) {
    let elsewhere = Loopback::of(kind, |_| None);
    for status in [301, 302, 303, 307, 308] {
        let head = format!("Location: {}/v1/messages/m-1\r\n", elsewhere.url());
        let reading = exchange(kind, Act::Answer(whole(status, &head, "")));
        // A 303 and its like may follow on a request that was carried out.
        all(&reading, if status >= 307 { Class::Config } else { Class::Unknown });
        assert!(reading.halt.is_some());
        if !matches!(status, 302 | 307) {
            continue;
        }
        let gateway = gateway_that(kind, |send| send > 3, move |_| Reply::Whole(whole(status, &head, "")));
        let project = campaign(kind, &gateway, REQUESTS);
        let said = project.send();
        ends(&said, 8);
        assert!(said.err.contains("credentials must not travel"), "{}", said.err);
        let run = project.status();
        run.is(&[("accepted", 3 * kind.batch()), ("rejected", 0)]);
        assert_eq!(run.of("unknown") > 0, status == 302, "{run:?}");
        assert!(run.of("unknown") <= 4 * kind.batch(), "{run:?}");
    }
    assert!(elsewhere.requests().is_empty());
}

fn fault_37_an_answer_beyond_a_mebibyte_is_cut_and_unknown(kind: Kind) {
    let results: Vec<Value> = match kind {
        Kind::Single => Vec::new(),
        _ => (0..2).map(|at| kind.result(&asked(at), &format!("m-{at}"))).collect(),
    };
    let long = format!("{}{}", kind.body(&results), " ".repeat(2 * MAX_RESPONSE_BYTES));
    let bomb = zeros_in_gzip(16 * 1024 * 1024);
    let location = if kind == Kind::Single { "location: /v1/messages/m-1\r\n" } else { "" };
    for act in [
        with_ids(kind, 200, JSON, &long),
        gateway::http(200, "application/json", &format!("content-encoding: gzip\r\n{location}"), &bomb),
    ] {
        let (answer, reading, _) = exchange_within(kind, act, None);
        let answer = answer.unwrap();
        assert!(answer.truncated);
        assert_eq!(answer.body.len(), MAX_RESPONSE_BYTES);
        all(&reading, Class::Unknown);
    }
}

/// The digits or the key of somebody, twice in an answer: once for each of two people.
fn fault_38_one_id_for_two_is_unknown_for_both(kind: Kind) {
    all(&exchange(kind, results(kind, &[(0, "m-1"), (1, "m-1")])), Class::Unknown);
    let reading = exchange(kind, results(kind, &[(0, "m-1"), (0, "m-2"), (1, "m-3")]));
    assert_eq!(classes(&reading), [Class::Unknown, Class::Accepted]);
    let gateway = gateway_that(
        kind,
        |send| send == 2,
        move |request| {
            let all = kind.asked(request).into_iter().enumerate();
            let results = all.map(|(at, one)| kind.result(&one, &format!("d-{}", at.max(1))));
            Reply::Whole(answer(200, &kind.body(&results.collect::<Vec<_>>())))
        },
    );
    let project = campaign(kind, &gateway, REQUESTS);
    ends(&project.send(), 6);
    project.status().is(&[("accepted", REQUESTS * 10 - 2), ("unknown", 2), ("pending", 0)]);
}

fn fault_39_who_has_no_result_is_unknown(kind: Kind) {
    assert_eq!(classes(&exchange(kind, results(kind, &[(1, "m-2")]))), [Class::Unknown, Class::Accepted]);
    all(&exchange(kind, results(kind, &[])), Class::Unknown);
    // A result that names nobody, or has no form, speaks for nobody.
    let nobody =
        [Value::Null, json!([]), json!({}), json!({"number": null, "ref": null, "id": "m-1"}), json!("x")];
    for odd in nobody {
        let body = kind.body(&[odd, kind.result(&asked(1), "m-2")]);
        let reading = exchange(kind, Act::Answer(answer(200, &body)));
        assert_eq!(classes(&reading), [Class::Unknown, Class::Accepted], "{body}");
        assert!(!reading.stray, "{body}");
    }
    let gateway = gateway_that(
        kind,
        |send| send == 2,
        move |request| {
            let all = kind.asked(request).into_iter().enumerate().skip(3);
            let results = all.map(|(at, one)| kind.result(&one, &format!("d-{at}")));
            Reply::Whole(answer(200, &kind.body(&results.collect::<Vec<_>>())))
        },
    );
    let project = campaign(kind, &gateway, REQUESTS);
    ends(&project.send(), 6);
    project.status().is(&[("accepted", REQUESTS * 10 - 3), ("unknown", 3), ("pending", 0)]);
}

fn fault_40_results_in_another_order_find_their_messages(kind: Kind) {
    let reading = exchange(kind, results(kind, &[(1, "m-2"), (0, "m-1")]));
    all(&reading, Class::Accepted);
    assert_eq!(ids(&reading), [Some("m-1"), Some("m-2")]);
    // The whole program, with a gateway that always answers in the reverse order and refuses one.
    let refused = |request: &Request| request.raw.contains("254700000013");
    let gateway = Loopback::of(kind, move |request| {
        (request.send > 0 && refused(request)).then(|| {
            let one = |(at, asked): (usize, Asked)| {
                let mut result = kind.result(&asked, &format!("d-{at}"));
                if asked.digits == "254700000013" {
                    result["state"] = "no such number".into();
                    result["id"] = Value::Null;
                }
                result
            };
            let mut results: Vec<Value> = kind.asked(request).into_iter().enumerate().map(one).collect();
            results.reverse();
            Reply::Whole(answer(200, &kind.body(&results)))
        })
    });
    let project = campaign(kind, &gateway, 3);
    // A result without an id is unknown where nothing else is said of it, refused where the profile says so.
    let (code, state) = if kind == Kind::Shared { (6, "unknown") } else { (5, "rejected") };
    ends(&project.send(), code);
    project.status().is(&[("accepted", 29), (state, 1), ("pending", 0)]);
    assert_eq!(project.messages_that_are(state), ["+254700000013"]);
}

fn fault_41_a_result_for_somebody_else_stops_the_run(kind: Kind) {
    let stranger = Asked { digits: "254711111111".into(), text: String::new(), key: "key-of-nobody".into() };
    let with_stranger = move |mut results: Vec<Value>| {
        results.push(kind.result(&stranger, "m-9"));
        answer(200, &kind.body(&results))
    };
    let both = (0..2).map(|at| kind.result(&asked(at), &format!("m-{at}"))).collect();
    let reading = exchange(kind, Act::Answer(with_stranger(both)));
    assert!(reading.stray);
    all(&reading, Class::Accepted);
    let gateway = gateway_that(
        kind,
        |send| send == 2,
        move |request| {
            let all = kind.asked(request).into_iter().enumerate();
            let results = all.map(|(at, one)| kind.result(&one, &format!("d-{at}")));
            Reply::Whole(with_stranger(results.collect()))
        },
    );
    let project = campaign(kind, &gateway, 60);
    let said = project.send();
    ends(&said, 4);
    assert!(said.err.contains("not asked for"), "{}", said.err);
    let run = project.status();
    run.is(&[("unknown", 0), ("rejected", 0)]);
    assert!(run.of("pending") >= 500, "{run:?}");
}

fn fault_42_the_gateways_clock_counts(kind: Kind) {
    // Its clock is years behind: by ours, the wait is over long ago.
    let at = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(9000);
    let pause = pause_after(kind, move || {
        format!("Date: {}\r\nRetry-After: {}\r\n", date(at), date(at + TimeDelta::seconds(1)))
    });
    assert!(pause >= WAITED, "{pause:?}");
    // The end of a token is a time of that clock as well.
    let profile = kind.text_with_token().replace(
        "      expires_in:",
        "      expires_at: \"{{ response.json?.data?.end }}\"\n      expires_in:",
    );
    let profile = read(&profile);
    let secrets = profile.sandbox_secrets();
    let body = json!({"data": {"access_token": "a", "end": at.timestamp() + 600, "expires_in": 5}});
    let response = Response {
        status: 200,
        headers: vec![("date".into(), date(at)), ("content-type".into(), "application/json".into())],
        body: body.to_string().into_bytes(),
        truncated: false,
    };
    let now = Utc::now();
    let token = profile.read_token(&secrets, Ok(&response), now).unwrap();
    assert_eq!(token.expires_at - now, TimeDelta::seconds(600));
}
