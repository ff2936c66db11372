//! The network rows of the fault table: the built-in profile and the real HTTP client against a gateway
//! that misbehaves, asserted on what is known about each message afterwards.

use std::net::TcpListener;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sendplan::provider::exchange::{HeaderText, MAX_RESPONSE_BYTES, Method};
use sendplan::provider::{
    AuthError, AuthStep, Class, Fault, Profile, Reading, Request, Response, RetryAfter, Token,
};
use sendplan::world::http::{Http, HttpOptions};
use serde_json::{Map, json};

use crate::gateway::{self, Act, Gateway};
use crate::outgoing::{batch, member};

const ADDRESSES: [&str; 2] = ["+254700000001", "+254700000002"];

fn mobiconnect(url: &str) -> Profile {
    Profile::builtin("mobiconnect").unwrap().unwrap().with(Some(url), &Map::new()).unwrap()
}

fn http() -> Http {
    Http::new(&HttpOptions { connect_timeout: Duration::from_secs(2) }).unwrap()
}

fn token(profile: &Profile) -> Token {
    profile.example_token(&profile.sandbox_secrets()).unwrap()
}

/// Sends a text to the two addresses and reads what comes of it.
async fn send_to(url: &str) -> (Result<Response, Fault>, Reading) {
    send_within(url, Duration::from_secs(20), &http()).await
}

async fn send_within(url: &str, timeout: Duration, http: &Http) -> (Result<Response, Fault>, Reading) {
    let profile = mobiconnect(url);
    let secrets = profile.sandbox_secrets();
    let members = ADDRESSES.map(|address| member(address, "Hello"));
    let sender = json!(1);
    let batch = batch(&members, &sender);
    let mut request = profile.build_send(&batch, &secrets, Some(&token(&profile))).unwrap();
    request.timeout = timeout;
    let answer = http.execute(request).await;
    let reading = profile.read_send(&batch, &secrets, answer.as_ref());
    assert_eq!(reading.verdicts.len(), ADDRESSES.len());
    (answer, reading)
}

async fn reading_of(act: Act) -> Reading {
    let gateway = Gateway::start([act]);
    send_to(&gateway.url()).await.1
}

fn classes(reading: &Reading) -> Vec<Class> {
    reading.verdicts.iter().map(|verdict| verdict.class).collect()
}

fn record(id: u64, digits: &str) -> serde_json::Value {
    json!({"id": id, "recipient": digits, "status": null, "processedStatus": "NEW", "attempts": 0})
}

fn success(records: &[serde_json::Value]) -> Act {
    gateway::json(200, &json!({"status": "success", "data": records, "message": "ok"}).to_string())
}

const BOTH_UNKNOWN: [Class; 2] = [Class::Unknown, Class::Unknown];

#[tokio::test]
async fn an_accepted_batch_is_accepted_with_its_ids() {
    let reading = reading_of(success(&[record(7, "254700000001"), record(8, "254700000002")])).await;
    assert_eq!(classes(&reading), [Class::Accepted, Class::Accepted]);
    let ids: Vec<_> = reading.verdicts.iter().map(|verdict| verdict.provider_id.as_deref()).collect();
    assert_eq!(ids, [Some("7"), Some("8")]);
    assert!(!reading.stray);
}

#[tokio::test]
async fn fault_18_a_name_that_does_not_resolve_is_not_sent() {
    let (answer, reading) = send_to("https://gateway.invalid").await;
    assert!(matches!(answer, Err(Fault::NotSent(_))), "{answer:?}");
    assert_eq!(classes(&reading), [Class::Transient, Class::Transient]);
}

#[tokio::test]
async fn fault_19_a_refused_connection_is_not_sent() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (answer, reading) = send_to(&format!("http://{address}")).await;
    assert!(matches!(answer, Err(Fault::NotSent(_))), "{answer:?}");
    assert_eq!(classes(&reading), [Class::Transient, Class::Transient]);
}

#[tokio::test]
async fn fault_19_a_connection_that_takes_too_long_is_not_sent() {
    // Accepted by the kernel, but the handshake never ends.
    let gateway = Gateway::start([Act::Silence(Vec::new())]);
    let hasty = Http::new(&HttpOptions { connect_timeout: Duration::from_millis(200) }).unwrap();
    let (answer, _) = send_within(&gateway.https(), Duration::from_secs(20), &hasty).await;
    let place = gateway.https().trim_start_matches("https://").to_owned();
    assert_eq!(answer.unwrap_err(), Fault::NotSent(format!("{place}: the connection took too long")));
    assert!(gateway.requests().is_empty());
}

#[tokio::test]
async fn fault_20_a_tls_error_stops_and_nothing_is_sent() {
    let gateway =
        Gateway::start([Act::Blurt(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n".to_vec())]);
    let (answer, reading) = send_to(&gateway.https()).await;
    assert!(matches!(answer, Err(Fault::Tls(_))), "{answer:?}");
    assert_eq!(classes(&reading), [Class::Config, Class::Config]);
    assert!(gateway.requests().is_empty());
}

#[tokio::test]
async fn fault_21_a_reset_before_the_request_is_not_sent() {
    // The connection dies in the handshake, before a byte of the request.
    let gateway = Gateway::start([Act::Close]);
    let (answer, reading) = send_to(&gateway.https()).await;
    assert!(matches!(answer, Err(Fault::NotSent(_))), "{answer:?}");
    assert_eq!(classes(&reading), [Class::Transient, Class::Transient]);
}

#[tokio::test]
async fn fault_22_a_reset_after_a_byte_is_unknown() {
    let gateway = Gateway::start([Act::Reset]);
    let (answer, reading) = send_to(&gateway.url()).await;
    assert!(matches!(answer, Err(Fault::Lost(_))), "{answer:?}");
    assert_eq!(classes(&reading), BOTH_UNKNOWN);
}

#[tokio::test]
async fn fault_22_a_close_without_an_answer_is_unknown_and_never_repeated() {
    let gateway = Gateway::start([Act::Answer(Vec::new()), success(&[])]);
    let (answer, reading) = send_to(&gateway.url()).await;
    assert!(matches!(answer, Err(Fault::Lost(_))), "{answer:?}");
    assert_eq!(classes(&reading), BOTH_UNKNOWN);
    assert_eq!(gateway.requests().len(), 1);
}

#[tokio::test]
async fn fault_23_no_answer_in_time_is_unknown() {
    let gateway = Gateway::start([Act::Silence(Vec::new())]);
    let (answer, reading) = send_within(&gateway.url(), Duration::from_millis(300), &http()).await;
    assert!(matches!(answer, Err(Fault::Lost(_))), "{answer:?}");
    assert_eq!(classes(&reading), BOTH_UNKNOWN);
}

#[tokio::test]
async fn fault_23_a_slow_body_is_unknown() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 90\r\n\r\n{\"status\":";
    let gateway = Gateway::start([Act::Silence(head.to_vec())]);
    let (answer, reading) = send_within(&gateway.url(), Duration::from_millis(300), &http()).await;
    assert!(matches!(answer, Err(Fault::Lost(_))), "{answer:?}");
    assert_eq!(classes(&reading), BOTH_UNKNOWN);
}

#[tokio::test]
async fn fault_24_truncated_json_is_unknown() {
    let whole = json!({"status": "success", "data": [record(7, "254700000001"), record(8, "254700000002")]});
    let whole = whole.to_string();
    let reading = reading_of(gateway::json(200, &whole[..whole.len() - 3])).await;
    assert_eq!(classes(&reading), BOTH_UNKNOWN);
    assert_eq!(reading.verdicts[0].reason.as_deref(), Some("the answer breaks off"));
    // The same when the connection ends before the announced length.
    let cut =
        format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9999\r\n\r\n{whole}");
    let reading = reading_of(Act::Answer(cut.into_bytes())).await;
    assert_eq!(classes(&reading), BOTH_UNKNOWN);
}

/// Whoever writes a profile must know which of its places is wrong.
#[tokio::test]
async fn what_the_profile_finds_nothing_with_is_named() {
    for answer in ["{\"status\": \"success\", \"data\": 7}", "{\"status\": \"success\"}"] {
        let reading = reading_of(gateway::json(200, answer)).await;
        assert_eq!(classes(&reading), BOTH_UNKNOWN);
        let reason = reading.verdicts[0].reason.as_deref();
        assert_eq!(reason, Some("HTTP 200, and `results.each` finds nothing in the answer"), "{answer}");
    }
}

#[tokio::test]
async fn fault_25_html_is_unknown() {
    let page = b"<html>It works!</html>";
    let reading = reading_of(gateway::http(200, "text/html; charset=utf-8", "", page)).await;
    assert_eq!(classes(&reading), BOTH_UNKNOWN);
    assert_eq!(reading.verdicts[0].reason.as_deref(), Some("the answer is text/html, not JSON"));
    let lie = reading_of(gateway::http(200, "application/json", "", page)).await;
    assert_eq!(classes(&lie), BOTH_UNKNOWN);
    // A sound body under a wrong type comes from somebody else than the gateway's programme.
    let sound = json!({"status": "success", "data": [record(7, "254700000001"), record(8, "254700000002")]});
    let reading = reading_of(gateway::http(200, "text/html", "", sound.to_string().as_bytes())).await;
    assert_eq!(classes(&reading), BOTH_UNKNOWN);
}

#[tokio::test]
async fn fault_26_an_empty_success_is_unknown() {
    for status in [200, 201, 202] {
        let reading = reading_of(gateway::http(status, "application/json", "", b"")).await;
        assert_eq!(classes(&reading), BOTH_UNKNOWN);
        assert_eq!(reading.verdicts[0].reason.as_deref(), Some("the answer is empty"));
    }
    let reading = reading_of(Act::Answer(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec())).await;
    assert_eq!(classes(&reading), BOTH_UNKNOWN);
}

#[tokio::test]
async fn fault_27_401_is_proven_not_sent_and_asks_for_a_renewal() {
    let reading = reading_of(gateway::json(401, r#"{"status":"error","message":"expired"}"#)).await;
    assert_eq!(classes(&reading), [Class::Auth, Class::Auth]);
    let profile = mobiconnect("https://localhost");
    let token = token(&profile);
    let soon = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::seconds(10);
    assert_eq!(profile.auth_step(soon, Some(&token), false), AuthStep::Use);
    assert_eq!(profile.auth_step(soon, Some(&token), true), AuthStep::Refresh);
}

#[tokio::test]
async fn fault_28_a_refused_log_in_is_a_refusal_whatever_its_status() {
    let profile = mobiconnect("https://localhost");
    let secrets = profile.sandbox_secrets();
    let refusal = r#"{"status":"error","data":null,"message":"Wrong password sandbox"}"#;
    for status in [200, 400, 401, 403] {
        let gateway = Gateway::start([gateway::json(status, refusal)]);
        let profile = mobiconnect(&gateway.url());
        let answer = http().execute(profile.build_login(&secrets).unwrap()).await;
        let read = profile.read_token(&secrets, answer.as_ref(), DateTime::<Utc>::UNIX_EPOCH);
        let Err(AuthError::Refused(reason)) = read else { panic!("{read:?}") };
        assert!(!reason.contains("sandbox"), "{reason}");
    }
    // Without a token that can still be renewed there is only the log-in.
    assert_eq!(profile.auth_step(DateTime::<Utc>::UNIX_EPOCH, None, false), AuthStep::Login);
}

#[tokio::test]
async fn fault_29_403_stops() {
    let reading = reading_of(gateway::json(403, r#"{"message":"forbidden"}"#)).await;
    assert_eq!(classes(&reading), [Class::Config, Class::Config]);
}

#[tokio::test]
async fn fault_30_404_for_several_recipients_is_about_the_path_and_stops() {
    assert_eq!(classes(&reading_of(gateway::json(404, "{}")).await), [Class::Config, Class::Config]);
}

#[tokio::test]
async fn fault_31_413_and_422_are_rejections() {
    for status in [413, 422] {
        assert_eq!(
            classes(&reading_of(gateway::json(status, "{}")).await),
            [Class::Rejected, Class::Rejected]
        );
    }
}

#[tokio::test]
async fn fault_32_429_with_seconds_says_how_long() {
    let reading = reading_of(gateway::http(429, "application/json", "retry-after: 17\r\n", b"{}")).await;
    assert_eq!(classes(&reading), [Class::Throttled, Class::Throttled]);
    assert_eq!(reading.retry_after, Some(RetryAfter::Seconds(17)));
}

#[tokio::test]
async fn fault_33_429_with_a_date_is_told_by_the_gateways_clock() {
    let headers = "date: Sun, 06 Nov 1994 08:49:37 GMT\r\nretry-after: Sun, 06 Nov 1994 08:50:07 GMT\r\n";
    let reading = reading_of(gateway::http(429, "application/json", headers, b"{}")).await;
    let wait = reading.retry_after.unwrap().wait(DateTime::<Utc>::UNIX_EPOCH);
    assert_eq!(wait, Duration::from_secs(30));
}

#[tokio::test]
async fn fault_34_429_without_a_header_is_throttled_all_the_same() {
    let reading = reading_of(gateway::json(429, "{}")).await;
    assert_eq!(classes(&reading), [Class::Throttled, Class::Throttled]);
    assert_eq!(reading.retry_after, None);
}

#[tokio::test]
async fn fault_35_server_errors_are_unknown() {
    for status in [500, 502, 503, 504] {
        assert_eq!(classes(&reading_of(gateway::json(status, "{}")).await), BOTH_UNKNOWN);
    }
}

#[tokio::test]
async fn fault_36_a_redirect_is_never_followed() {
    let elsewhere = Gateway::start([success(&[])]);
    for status in [301, 302, 303, 307, 308] {
        let location = format!("location: {}/x\r\n", elsewhere.url());
        let reading = reading_of(gateway::http(status, "text/html", &location, b"")).await;
        // A 303 and its like may follow on a request that was carried out.
        let class = if status >= 307 { Class::Config } else { Class::Unknown };
        assert_eq!(classes(&reading), [class, class]);
        assert!(reading.halt.is_some());
    }
    assert!(elsewhere.requests().is_empty());
    // Nor at a log-in.
    let location = format!("location: {}/x\r\n", elsewhere.url());
    let gateway = Gateway::start([gateway::http(307, "text/html", &location, b"")]);
    let profile = mobiconnect(&gateway.url());
    let secrets = profile.sandbox_secrets();
    let answer = http().execute(profile.build_login(&secrets).unwrap()).await;
    let read = profile.read_token(&secrets, answer.as_ref(), DateTime::<Utc>::UNIX_EPOCH);
    assert!(matches!(read, Err(AuthError::Unsafe(_))), "{read:?}");
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn fault_37_an_answer_beyond_a_mebibyte_is_cut_and_unknown() {
    let records = [record(7, "254700000001"), record(8, "254700000002")];
    let mut body = json!({"status": "success", "data": records}).to_string();
    body.push_str(&" ".repeat(2 * MAX_RESPONSE_BYTES));
    let gateway = Gateway::start([gateway::json(200, &body)]);
    let (answer, reading) = send_to(&gateway.url()).await;
    let answer = answer.unwrap();
    assert!(answer.truncated);
    assert_eq!(answer.body.len(), MAX_RESPONSE_BYTES);
    assert_eq!(classes(&reading), BOTH_UNKNOWN);
}

#[tokio::test]
async fn fault_37_a_gzip_bomb_is_cut() {
    let bomb = zeros_in_gzip(16 * 1024 * 1024);
    assert!(bomb.len() < 128 * 1024);
    let act = gateway::http(200, "application/json", "content-encoding: gzip\r\n", &bomb);
    let gateway = Gateway::start([act]);
    let (answer, reading) = send_to(&gateway.url()).await;
    let answer = answer.unwrap();
    assert!(answer.truncated);
    assert_eq!(answer.body.len(), MAX_RESPONSE_BYTES);
    assert_eq!(classes(&reading), BOTH_UNKNOWN);
}

/// A gzip stream of so many zero bytes (RFC 1951 §3.2.6, fixed codes): a literal, then copies of 258 bytes
/// from one byte back, 13 bits each. Its checksum is never reached.
pub fn zeros_in_gzip(length: usize) -> Vec<u8> {
    let mut bits: Vec<bool> = vec![true, true, false];
    let mut code = |value: u32, width: u32| bits.extend((0..width).rev().map(|bit| value >> bit & 1 == 1));
    code(0b0011_0000, 8);
    for _ in 0..length / 258 {
        code(0b1100_0101, 8);
        code(0, 5);
    }
    code(0, 7);
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    out.extend(
        bits.chunks(8)
            .map(|byte| byte.iter().enumerate().fold(0u8, |sum, (at, bit)| sum | u8::from(*bit) << at)),
    );
    out.extend([0; 8]);
    out
}

#[tokio::test]
async fn fault_38_two_results_with_one_id_are_both_unknown() {
    let reading = reading_of(success(&[record(7, "254700000001"), record(7, "254700000002")])).await;
    assert_eq!(classes(&reading), BOTH_UNKNOWN);
    let reading = reading_of(success(&[record(7, "254700000001"), record(8, "254700000001")])).await;
    assert_eq!(classes(&reading), BOTH_UNKNOWN);
}

#[tokio::test]
async fn fault_39_a_missing_result_is_unknown() {
    let reading = reading_of(success(&[record(8, "254700000002")])).await;
    assert_eq!(classes(&reading), [Class::Unknown, Class::Accepted]);
    assert_eq!(classes(&reading_of(success(&[])).await), BOTH_UNKNOWN);
}

#[tokio::test]
async fn fault_40_results_in_another_order_are_matched_by_address() {
    let reading = reading_of(success(&[record(8, "254700000002"), record(7, "+254 700 000001")])).await;
    assert_eq!(classes(&reading), [Class::Accepted, Class::Accepted]);
    let ids: Vec<_> = reading.verdicts.iter().map(|verdict| verdict.provider_id.as_deref()).collect();
    assert_eq!(ids, [Some("7"), Some("8")]);
}

#[tokio::test]
async fn fault_41_a_result_for_somebody_else_is_a_stray() {
    let records = [record(7, "254700000001"), record(8, "254700000002"), record(9, "254700000003")];
    let reading = reading_of(success(&records)).await;
    assert!(reading.stray);
    assert_eq!(classes(&reading), [Class::Accepted, Class::Accepted]);
}

#[tokio::test]
async fn a_refusal_of_a_whole_batch_inside_a_success_is_about_the_request_and_uses_nobody_up() {
    let refusal = r#"{"status":"error","data":null,"message":"No such source"}"#;
    let reading = reading_of(gateway::json(200, refusal)).await;
    assert_eq!(classes(&reading), [Class::Config, Class::Config]);
    assert_eq!(reading.verdicts[0].reason.as_deref(), Some("No such source"));
}

#[tokio::test]
async fn a_request_that_http_does_not_allow_is_not_sent() {
    let request = Request {
        method: Method::Post,
        url: "http://127.0.0.1:1/?key=hunter2".to_owned(),
        headers: vec![("X-Key".to_owned(), HeaderText::Secret("hunter2\nx: y".into()))],
        body: Vec::new(),
        timeout: Duration::from_secs(1),
    };
    let fault = http().execute(request).await.unwrap_err();
    assert!(matches!(&fault, Fault::Malformed(reason) if !reason.contains("hunter2")), "{fault:?}");
}

#[tokio::test]
async fn faults_name_no_url_with_its_query() {
    let request = |url: String| Request {
        method: Method::Get,
        url,
        headers: Vec::new(),
        body: Vec::new(),
        timeout: Duration::from_millis(500),
    };
    let gateway = Gateway::start([Act::Reset]);
    for url in [format!("{}/?key=hunter2", gateway.url()), "http://127.0.0.1:1/?key=hunter2".to_owned()] {
        let fault = http().execute(request(url)).await.unwrap_err();
        assert!(!format!("{fault:?} {fault}").contains("hunter2"), "{fault:?}");
    }
}
