//! Profiles through the engine, without any network: the built-in ones hold, faulty ones are refused with
//! every error at its place, and no secret shows anywhere.

use crate::outgoing::{batch, member};
use chrono::{DateTime, TimeDelta, Utc};
use sendplan::diagnostic::Source;
use sendplan::provider::example::EXAMPLE_TIME;
use sendplan::provider::{
    AuthError, AuthStep, BuildError, Class, Fault, Member, OverrideError, Profile, Response, Secrets,
    builtin_names,
};
use sendplan::world;
use serde_json::{Map, Value, json};

/// When every example was sent.
const NOW: DateTime<Utc> = DateTime::from_timestamp(EXAMPLE_TIME, 0).unwrap();

/// A gateway that takes one message a request and answers with one id.
const SINGLE: &str = r#"
version: 1
name: single
title: Single
base_url: https://api.example.com/v1
secrets: { key: "${env:SINGLE_KEY}" }
sender: { type: string, description: a sender name }
address: { kind: phone, wire: e164 }
vars: { account: A1, limits: { low: 3 } }
send:
  method: POST
  path: /accounts/{{ vars.account }}/{{ recipient }}/messages
  headers: { Authorization: "App {{ secrets.key }}" }
  json: { from: "{{ sender }}", to: "tel:{{ recipient }}", text: "{{ text }}", low: "{{ vars.limits.low }}" }
  batch: { mode: single }
classify:
  - { when: "{{ response.status == 202 and response.text == '' }}", as: accepted }
  - { when: "{{ response.json?.code == 12 }}", as: opted_out, reason: "code {{ response.json.code }}" }
  - { when: "{{ response.json.flag.on }}", as: transient }
results:
  id: "{{ response.json?.id or response.headers['x-id'] }}"
"#;

fn read(text: &str) -> Result<Profile, String> {
    Profile::from_source(&Source::new("p.yaml", text)).map_err(|problems| problems.render(false))
}

fn single() -> Profile {
    read(SINGLE).unwrap_or_else(|problems| panic!("{problems}"))
}

fn mobiconnect() -> Profile {
    Profile::builtin("mobiconnect").unwrap().unwrap()
}

fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Response { status, headers, body: body.as_bytes().to_vec(), truncated: false }
}

fn read_single(answer: &Response) -> sendplan::provider::Verdict {
    let sender = json!("Acme");
    let members = [member("+254700000001", "Hi")];
    let batch = batch(&members, &sender);
    let profile = single();
    profile.read_send(&batch, &profile.sandbox_secrets(), Ok(answer)).verdicts.remove(0)
}

#[test]
fn every_built_in_profile_is_sound_and_keeps_its_examples() {
    assert!(builtin_names().count() > 0);
    for name in builtin_names() {
        let profile = Profile::builtin(name).unwrap();
        let profile = profile.unwrap_or_else(|problems| panic!("{}", problems.render(false)));
        assert_eq!(profile.name(), name);
        let failures = profile.check_examples();
        assert!(failures.is_empty(), "{failures:#?}");
        assert!(!profile.examples().is_empty());
    }
}

#[test]
fn an_example_that_does_not_hold_is_told() {
    let source = Profile::builtin_source("mobiconnect").unwrap();
    for (from, to, told) in [
        (
            "id: \"9\" }",
            "id: \"10\" }",
            "+254700000002: the answer is read as accepted with the id 9, recorded is accepted with the id 10",
        ),
        ("recipients: [\"254700000001\", \"254700000002\"]", "recipients: [\"1\"]", "-    \"1\"\n"),
        ("App-Key: sandbox", "App-Key: other", "-app-key: other\n+app-key: sandbox"),
        (
            "path: /api/auth\n      json: { userName: sandbox",
            "path: /x\n      json: { userName: sandbox",
            "-POST /x\n+POST /api/auth",
        ),
        (
            "message: Invalid credentials }\n    expect: [{ class: auth }]",
            "message: Invalid credentials }\n    expect: [{ class: accepted }]",
            "read as auth",
        ),
    ] {
        assert!(source.text.contains(from), "{from}");
        let profile = read(&source.text.replace(from, to)).unwrap_or_else(|problems| panic!("{problems}"));
        let failures = profile.check_examples();
        assert_eq!(failures.len(), 1, "{failures:#?}");
        assert!(failures[0].to_string().contains(told), "{}", failures[0]);
    }
}

#[test]
fn the_documented_request_comes_out() {
    let profile = mobiconnect();
    let secrets = profile.sandbox_secrets();
    let token = profile.example_token(&secrets).unwrap();
    let sender = json!(1);
    let text = "Quote \" and \\ and\nbreak {{ no }} 😀";
    let members = ["+254700000001", "+254700000002"].map(|address| member(address, text));
    let batch = batch(&members, &sender);
    let request = profile.build_send(&batch, &secrets, Some(&token)).unwrap();
    assert_eq!(request.url, "https://lbtotal.mfs.co.ke/api/communications/sms/sendMessage");
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    let expected = json!({"message": text, "recipients": ["254700000001", "254700000002"], "sourceId": 1});
    assert_eq!(body, expected);
    let header = |name: &str| {
        let found = request.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, text)| text.expose().to_owned()).unwrap()
    };
    assert_eq!(header("authorization"), "Bearer example-access-token");
    assert_eq!(header("app-key"), "sandbox");
    assert_eq!(header("content-type"), "application/json");
}

#[test]
fn a_path_is_encoded_and_text_around_an_expression_is_one_text() {
    let vars = Map::from_iter([("account".to_owned(), json!("a/../b?c"))]);
    let profile = single().with(None, &vars).unwrap();
    let sender = json!("Acme");
    let members = [member("+254700000001", "Hi")];
    let batch = batch(&members, &sender);
    let request = profile.build_send(&batch, &profile.sandbox_secrets(), None).unwrap();
    assert_eq!(request.url, "https://api.example.com/v1/accounts/a%2F..%2Fb%3Fc/%2B254700000001/messages");
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(body, json!({"from": "Acme", "to": "tel:+254700000001", "text": "Hi", "low": 3}));
}

#[test]
fn batches_that_cannot_be_sent_are_refused_before_anything_is_sent() {
    let profile = mobiconnect();
    let secrets = profile.sandbox_secrets();
    let token = profile.example_token(&secrets).unwrap();
    let build = |addresses: &[&str], sender: Value, token| {
        let members: Vec<Member<'_>> = addresses.iter().map(|address| member(address, "x")).collect();
        profile.build_send(&batch(&members, &sender), &secrets, token)
    };
    let one = ["+254700000001"];
    assert!(build(&one, json!(1), Some(&token)).is_ok());
    assert!(matches!(build(&one, json!(1), None), Err(BuildError::NoToken)));
    assert!(matches!(build(&one, json!("1"), Some(&token)), Err(BuildError::Sender(_))));
    assert!(matches!(build(&[], json!(1), Some(&token)), Err(BuildError::Size { found: 0, .. })));
    let many = vec![one[0]; profile.batch_max() + 1];
    assert!(matches!(build(&many, json!(1), Some(&token)), Err(BuildError::Size { .. })));
    assert!(matches!(build(&[one[0], one[0]], json!(1), Some(&token)), Err(BuildError::SameAddress { .. })));
    assert!(matches!(build(&["0700"], json!(1), Some(&token)), Err(BuildError::Address { .. })));
}

#[test]
fn a_header_cannot_be_broken_out_of() {
    let profile = single();
    let secrets = Secrets::new([("key".to_owned(), "a\r\nX-Other: b".into())]);
    let sender = json!("Acme");
    let members = [member("+254700000001", "Hi")];
    let built = profile.build_send(&batch(&members, &sender), &secrets, None);
    assert!(matches!(built, Err(BuildError::Expression { .. })), "{built:?}");
}

#[test]
fn rules_come_before_statuses_and_their_failure_is_unknown() {
    let ok = [("content-type", "application/json")];
    let accepted = read_single(&response(202, &[("x-id", "7")], ""));
    assert_eq!((accepted.class, accepted.provider_id.as_deref()), (Class::Accepted, Some("7")));
    let opted_out = read_single(&response(400, &ok, r#"{"code":12,"flag":{"on":false}}"#));
    assert_eq!((opted_out.class, opted_out.reason.as_deref()), (Class::OptedOut, Some("code 12")));
    assert_eq!(read_single(&response(500, &ok, r#"{"flag":{"on":true}}"#)).class, Class::Transient);
    // The last rule cannot be evaluated where there is no JSON: not even an id makes that an acceptance.
    let failed = read_single(&response(200, &[("x-id", "7")], "<html>"));
    assert_eq!(failed.class, Class::Unknown, "{failed:?}");
    let plain = read_single(&response(200, &ok, r#"{"id":"m-1","flag":{"on":false}}"#));
    assert_eq!((plain.class, plain.provider_id.as_deref()), (Class::Accepted, Some("m-1")));
    let no_id = read_single(&response(200, &ok, r#"{"id":"","flag":{"on":false}}"#));
    assert_eq!(no_id.class, Class::Unknown, "{no_id:?}");
}

#[test]
fn faults_27_and_28_tokens_are_renewed_in_time_and_otherwise_had_anew() {
    let profile = mobiconnect();
    let secrets = profile.sandbox_secrets();
    let token = profile.example_token(&secrets).unwrap();
    let step =
        |seconds, rejected| profile.auth_step(NOW + TimeDelta::seconds(seconds), Some(&token), rejected);
    assert_eq!(profile.auth_step(NOW, None, false), AuthStep::Login);
    assert_eq!(step(0, false), AuthStep::Use);
    assert_eq!(step(1439, false), AuthStep::Use);
    // The refresh token lives 1800 s, the access token 3600 s.
    assert_eq!(step(1440, false), AuthStep::Refresh);
    assert_eq!(step(1799, false), AuthStep::Refresh);
    assert_eq!(step(1800, false), AuthStep::Login);
    assert!(token.is_alive(NOW + TimeDelta::seconds(3599)));
    assert!(!token.is_alive(NOW + TimeDelta::seconds(3600)));
    assert_eq!(step(0, true), AuthStep::Refresh);
    assert_eq!(step(1800, true), AuthStep::Login);
    assert_eq!(single().auth_step(NOW, None, true), AuthStep::None);
}

#[test]
fn log_in_answers_are_told_apart() {
    let profile = mobiconnect();
    let secrets = profile.sandbox_secrets();
    let json_type = [("content-type", "application/json")];
    let read = |answer: &Response| profile.read_token(&secrets, Ok(answer), NOW);
    let token = read(&response(
        200,
        &json_type,
        r#"{"status":"success","data":{"access token":"a","expires in":"60","refresh_token":"r","refresh_expires_in":40}}"#,
    ))
    .unwrap();
    assert_eq!(token.expires_at, NOW + TimeDelta::seconds(60));
    assert_eq!(token.renew_at, NOW + TimeDelta::seconds(20));
    assert!(matches!(
        read(&response(429, &[("retry-after", "300")], "")),
        Err(AuthError::Throttled(Some(_)))
    ));
    for answer in [
        response(200, &json_type, ""),
        response(200, &json_type, r#"{"status":"success","data":{}}"#),
        response(200, &json_type, r#"{"status":"success","data":{"access_token":"a","expires_in":-1}}"#),
        response(200, &[("content-type", "text/html")], "<html>"),
        response(503, &json_type, "{}"),
    ] {
        let read = read(&answer);
        assert!(matches!(read, Err(AuthError::Unreadable(_))), "{read:?}");
    }
    let lost = profile.read_token(&secrets, Err(&Fault::Lost("x".to_owned())), NOW);
    assert!(matches!(lost, Err(AuthError::Lost(_))));
    let tls = profile.read_token(&secrets, Err(&Fault::Tls("x".to_owned())), NOW);
    assert!(matches!(tls, Err(AuthError::Unsafe(_))));
}

#[test]
fn overrides_are_checked() {
    let profile = single();
    let none = Map::new();
    assert!(matches!(
        profile.with(Some("http://api.example.com"), &none),
        Err(OverrideError::BaseUrl { .. })
    ));
    assert_eq!(profile.with(Some("http://127.0.0.1:1/"), &none).unwrap().base_url(), "http://127.0.0.1:1");
    let typo = Map::from_iter([("acount".to_owned(), json!(1))]);
    let error = profile.with(None, &typo).unwrap_err().to_string();
    assert!(error.contains("did you mean `account`?"), "{error}");
}

#[test]
fn every_error_of_a_profile_is_told_at_its_place() {
    let text = SINGLE
        .replace("name: single", "name: Single!")
        .replace("https://api", "http://api")
        .replace("${env:SINGLE_KEY}", "hunter2")
        .replace("secrets.key", "secrets.kee")
        .replace("{{ text }}", "{{ txt }}")
        .replace("wire: e164", "wire: opaque")
        .replace("mode: single", "mode: single, max: 3")
        .replace("{{ response.json.flag.on }}", "response.json.flag.on")
        .replace("response.status == 202", "response.statuss == 202");
    let told = read(&text).unwrap_err();
    for expected in [
        "`Single!` is no name for a profile",
        "use https",
        "the secret `key` is written out",
        "unknown `secrets.kee`",
        "did you mean `secrets.key`?",
        "unknown variable `txt`",
        "did you mean `text`?",
        "these addresses cannot be written this way",
        "`max` has no meaning here",
        "`response.json.flag.on` is no expression",
        "unknown `response.statuss`",
    ] {
        assert!(told.contains(expected), "{expected} is missing in\n{told}");
    }
    // The place is the very word.
    let line = text.lines().position(|line| line.contains("txt")).unwrap() + 1;
    let column = text.lines().nth(line - 1).unwrap().find("txt").unwrap() + 1;
    assert!(told.contains(&format!("p.yaml:{line}:{column}")), "{told}");
}

#[test]
fn what_belongs_together_is_asked_for_together() {
    let shared = SINGLE
        .replace("mode: single", "mode: shared, max: 9")
        .replace("{{ recipient }}", "{{ recipients }}")
        .replace("{{ key }}", "k");
    assert!(read(&shared).unwrap_err().contains("results of a request for several need a list"));
    assert!(read(&shared.replace(", max: 9", "")).unwrap_err().contains("`send.batch.max` is missing"));
    let each = SINGLE.replace("results:\n", "results:\n  each: \"{{ response.json.all }}\"\n");
    assert!(read(&each).unwrap_err().contains("`results.address` is missing"));
    let path = SINGLE.replace("/messages\n", "/messages?x=1\n");
    assert!(read(&path).unwrap_err().contains("is no path"));
    let get = SINGLE.replace("method: POST", "method: GET");
    assert!(read(&get).unwrap_err().contains("a GET has no body"));
    for framing in ["Host", "content-length", "Transfer-Encoding"] {
        let header = SINGLE.replace("headers: { ", &format!("headers: {{ {framing}: \"5\", "));
        let told = format!("the header `{framing}` cannot be set");
        assert!(read(&header).unwrap_err().contains(&told), "{framing}");
    }
    let unknown = SINGLE.replace("title: Single", "title: Single\nretries: 3");
    assert!(read(&unknown).unwrap_err().contains("unknown key `retries`"));
}

#[test]
fn missing_secrets_are_told_all_at_once_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    std::fs::write(&file, "canary value\r\n").unwrap();
    let text = SINGLE.replace(
        "{ key: \"${env:SINGLE_KEY}\" }",
        &format!(
            "{{ key: \"${{file:{}}}\", a: \"${{env:SENDPLAN_TEST_UNSET_A}}\", b: \"${{file:{}/none}}\" }}",
            file.display(),
            folder.path().display()
        ),
    );
    let text = text.replace("App {{ secrets.key }}", "App {{ secrets.key }} {{ secrets.a }} {{ secrets.b }}");
    let error = world::secrets::resolve(&read(&text).unwrap()).unwrap_err().to_string();
    assert!(error.contains("SENDPLAN_TEST_UNSET_A") && error.contains("/none"), "{error}");
    assert!(!error.contains("canary"));
    let only = SINGLE.replace("${env:SINGLE_KEY}", &format!("${{file:{}}}", file.display()));
    let secrets = world::secrets::resolve(&read(&only).unwrap()).unwrap();
    assert_eq!(secrecy::ExposeSecret::expose_secret(secrets.get("key").unwrap()), "canary value");
}

#[test]
fn no_secret_shows_in_anything_that_can_be_printed() {
    const CANARY: &str = "canary-4711";
    let profile = mobiconnect();
    let secrets =
        Secrets::new(["username", "password", "app_key"].map(|name| (name.to_owned(), CANARY.into())));
    let login = response(
        200,
        &[("content-type", "application/json"), ("set-cookie", CANARY)],
        &format!(
            r#"{{"status":"success","data":{{"access_token":"{CANARY}","expires_in":60,"refresh_token":"{CANARY}"}}}}"#
        ),
    );
    let token = profile.read_token(&secrets, Ok(&login), NOW).unwrap();
    let sender = json!(1);
    let members = [member("+254700000001", "Hi")];
    let batch = batch(&members, &sender);
    let requests = [
        profile.build_login(&secrets).unwrap(),
        profile.build_refresh(&secrets, &token).unwrap(),
        profile.build_send(&batch, &secrets, Some(&token)).unwrap(),
    ];
    let echo = format!(r#"{{"status":"error","message":"bad key {CANARY}"}}"#);
    let echo = response(200, &[("content-type", "application/json")], &echo);
    let refused = profile.read_token(&secrets, Ok(&echo), NOW);
    let reading = profile.read_send(&batch, &secrets, Ok(&echo));
    let fault = Fault::Lost(format!("reset near {CANARY}"));
    let faulty = profile.read_send(&batch, &secrets, Err(&fault));
    let broken = Secrets::new([
        ("username".to_owned(), CANARY.into()),
        ("password".to_owned(), CANARY.into()),
        ("app_key".to_owned(), format!("{CANARY}\n").into()),
    ]);
    let unbuilt = profile.build_send(&batch, &broken, Some(&token)).unwrap_err();
    let printed = format!(
        "{profile:?} {secrets:?} {login:?} {token:?} {requests:?} {refused:?} {reading:?} {faulty:?} {unbuilt:?} {unbuilt}"
    );
    assert!(!printed.contains(CANARY), "{printed}");
    assert!(printed.contains("[redacted]"), "{printed}");
}

#[test]
fn a_refusal_beside_results_is_unknown_for_everybody() {
    let profile = Profile::builtin("clicksend").unwrap().unwrap();
    let secrets = profile.sandbox_secrets();
    let sender = json!("Acme");
    let members = ["+254700000001", "+254700000002"].map(|address| member(address, "Hi"));
    let batch = batch(&members, &sender);
    let text = Profile::builtin_source("clicksend")
        .unwrap()
        .text
        .replace(" and not response.json?.data?.messages", "");
    let careless = read(&text).unwrap();
    let body = r#"{"response_code": "INSUFFICIENT_CREDIT", "data": {"messages": [
        {"to": "+254700000001", "message_id": "m-1", "status": "SUCCESS", "custom_string": ""}]}}"#;
    let answer = response(200, &[("content-type", "application/json")], body);
    let reading = careless.read_send(&batch, &secrets, Ok(&answer));
    assert!(reading.verdicts.iter().all(|verdict| verdict.class == Class::Unknown), "{reading:?}");
    assert!(reading.verdicts[0].reason.as_deref().unwrap().starts_with("refused, and yet there are results"));
}

#[test]
fn a_verb_that_is_not_taken_is_our_fault_and_never_the_recipients() {
    let body = r#"{"flag": {}}"#;
    assert_eq!(read_single(&response(405, &[], body)).class, Class::Config);
    assert_eq!(read_single(&response(404, &[], body)).class, Class::Rejected);
}

#[test]
fn a_slip_in_the_name_of_a_messages_member_is_an_error_and_never_null() {
    let text = Profile::builtin_source("clicksend").unwrap().text.replace("m.address", "m.adress");
    let profile = read(&text).unwrap();
    let sender = json!("Acme");
    let members = [member("+254700000001", "Hi")];
    let error = profile.build_send(&batch(&members, &sender), &profile.sandbox_secrets(), None).unwrap_err();
    assert!(matches!(error, BuildError::Expression { .. }), "{error}");
}

#[test]
fn an_answer_about_another_message_says_nothing_of_this_one() {
    let profile = Profile::builtin("infobip").unwrap().unwrap();
    let body = r#"{"results": [{"messageId": "STRANGER", "status": {"groupName": "DELIVERED"}}]}"#;
    let answer = response(200, &[("content-type", "application/json")], body);
    let secrets = profile.sandbox_secrets();
    assert!(profile.read_status("m-1", &secrets, Ok(&answer)).is_err());
    let (outcome, _) = profile.read_status("STRANGER", &secrets, Ok(&answer)).unwrap();
    assert_eq!(outcome, sendplan::provider::Outcome::Delivered);
    let refused = response(404, &[("content-type", "application/json")], body);
    assert!(profile.read_status("STRANGER", &secrets, Ok(&refused)).is_err(), "nothing arrives by an error");
}

#[test]
fn a_rule_over_a_whole_batch_uses_nobody_up_whatever_it_says() {
    let profile = mobiconnect();
    let secrets = profile.sandbox_secrets();
    let sender = json!(1);
    for class in ["rejected", "invalid_recipient", "opted_out"] {
        let text = Profile::builtin_source("mobiconnect")
            .unwrap()
            .text
            .replace("as: rejected", &format!("as: {class}"));
        let profile = read(&text).unwrap();
        let answer = response(200, &[("content-type", "application/json")], r#"{"status": "error"}"#);
        let two = ["+254700000001", "+254700000002"].map(|address| member(address, "x"));
        let reading = profile.read_send(&batch(&two, &sender), &secrets, Ok(&answer));
        assert!(reading.verdicts.iter().all(|verdict| verdict.class == Class::Config), "{class}");
        let reading = profile.read_send(&batch(&two[..1], &sender), &secrets, Ok(&answer));
        assert_ne!(reading.verdicts[0].class, Class::Config, "{class}");
    }
}
