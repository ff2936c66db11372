//! The sandbox of every built-in profile, over real sockets: log in, send, renew; and what it refuses.

use crate::outgoing::{batch, member};
use std::collections::HashSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sendplan::provider::{Class, Member, Profile, Reading, Secrets, Token, builtin_names};
use sendplan::world::http::{Http, HttpOptions};
use sendplan::world::sandbox::Sandbox;
use serde_json::{Map, Value, json};

const NOW: DateTime<Utc> = DateTime::<Utc>::UNIX_EPOCH;

fn http() -> Http {
    Http::new(&HttpOptions { connect_timeout: Duration::from_secs(2) }).unwrap()
}

fn start(name: &str) -> (Sandbox, Profile) {
    let profile = Profile::builtin(name).unwrap().unwrap();
    let sandbox = Sandbox::start(&profile).unwrap();
    let profile = profile.with(Some(&sandbox.url()), &Map::new()).unwrap();
    (sandbox, profile)
}

async fn log_in(profile: &Profile, secrets: &Secrets) -> Token {
    let answer = http().execute(profile.build_login(secrets).unwrap()).await;
    profile.read_token(secrets, answer.as_ref(), NOW).unwrap()
}

async fn send(profile: &Profile, secrets: &Secrets, token: Option<&Token>, addresses: &[String]) -> Reading {
    let text = "Say \"hi\"\n¡olé! 😀";
    let members: Vec<Member<'_>> = addresses.iter().map(|address| member(address, text)).collect();
    // Whatever the profile wants as sender.
    let sender = [json!(1), json!("Acme")].into_iter().find(|sender| profile.check_sender(sender).is_ok());
    let sender = sender.unwrap_or(Value::Null);
    let batch = batch(&members, &sender);
    let answer = http().execute(profile.build_send(&batch, secrets, token).unwrap()).await;
    profile.read_send(&batch, secrets, answer.as_ref())
}

fn addresses(count: usize) -> Vec<String> {
    (0..count).map(|at| format!("+2547{at:08}")).collect()
}

#[tokio::test]
async fn every_built_in_profile_sends_through_its_sandbox() {
    for name in builtin_names() {
        let (sandbox, profile) = start(name);
        let secrets = profile.sandbox_secrets();
        let token = if profile.needs_token() { Some(log_in(&profile, &secrets).await) } else { None };
        let mut ids = HashSet::new();
        for _ in 0..3 {
            let reading = send(&profile, &secrets, token.as_ref(), &addresses(profile.batch_max())).await;
            assert!(!reading.stray);
            let mut given = HashSet::new();
            for verdict in &reading.verdicts {
                assert_eq!(verdict.class, Class::Accepted, "{name}: {verdict:?}");
                given.extend(verdict.provider_id.clone());
            }
            let shared = given.len() < reading.verdicts.len();
            assert!(!shared || given.len() <= 1, "{name}: some messages share an id");
            assert!(given.into_iter().all(|id| ids.insert(id)), "{name}: an id was given twice");
        }
        assert_eq!(sandbox.accepted(), 3 * profile.batch_max() as u64);
    }
}

#[tokio::test]
async fn a_token_can_be_renewed_and_only_an_issued_one_sends() {
    let (sandbox, profile) = start("mobiconnect");
    let secrets = profile.sandbox_secrets();
    let recorded = profile.example_token(&secrets).unwrap();
    let reading = send(&profile, &secrets, Some(&recorded), &addresses(1)).await;
    assert_eq!(reading.verdicts[0].class, Class::Auth);

    let first = log_in(&profile, &secrets).await;
    let answer = http().execute(profile.build_refresh(&secrets, &first).unwrap()).await;
    let second = profile.read_token(&secrets, answer.as_ref(), NOW).unwrap();
    let reading = send(&profile, &secrets, Some(&second), &addresses(2)).await;
    assert!(reading.verdicts.iter().all(|verdict| verdict.class == Class::Accepted));
    assert_eq!(sandbox.accepted(), 2);
    assert_eq!(sandbox.requests(), 4);

    let answer = http().execute(profile.build_refresh(&secrets, &recorded).unwrap()).await;
    assert!(profile.read_token(&secrets, answer.as_ref(), NOW).is_err());
}

#[tokio::test]
async fn wrong_credentials_are_refused() {
    let (sandbox, profile) = start("mobiconnect");
    let secrets = profile.sandbox_secrets();
    let token = log_in(&profile, &secrets).await;
    let wrong =
        Secrets::new(["username", "password", "app_key"].map(|name| (name.to_owned(), "wrong".into())));
    let answer = http().execute(profile.build_login(&wrong).unwrap()).await;
    assert!(profile.read_token(&wrong, answer.as_ref(), NOW).is_err());
    let reading = send(&profile, &wrong, Some(&token), &addresses(1)).await;
    assert_eq!(reading.verdicts[0].class, Class::Auth);
    assert_eq!(sandbox.accepted(), 0);
}

#[tokio::test]
async fn it_stops_when_dropped() {
    let (sandbox, profile) = start("mobiconnect");
    let secrets = profile.sandbox_secrets();
    let token = log_in(&profile, &secrets).await;
    drop(sandbox);
    let reading = send(&profile, &secrets, Some(&token), &addresses(1)).await;
    assert_eq!(reading.verdicts[0].class, Class::Transient);
}

#[test]
fn without_a_runtime_it_says_so() {
    let profile = Profile::builtin("mobiconnect").unwrap().unwrap();
    assert!(Sandbox::start(&profile).is_err());
}

/// Another gateway altogether: no token, one recipient a request, addresses as numbers, ids as texts.
const OTHER: &str = r#"
version: 1
name: other
title: Other
base_url: https://api.example.com
secrets: { key: "${env:OTHER_KEY}" }
sender: { type: string, description: a sender name }
address: { kind: phone, wire: integer }
send:
  method: PUT
  path: /send
  headers: { X-Key: "{{ secrets.key }}" }
  json: { to: { number: "{{ recipient }}" }, body: "{{ text }}", from: "{{ sender }}" }
  batch: { mode: single }
results: { id: "{{ response.json.message.id }}" }
examples:
  - name: one
    exchange: send
    message: { text: Hello there, recipients: ["+254700000001"], sender: Acme }
    request:
      method: PUT
      path: /send
      headers: { X-Key: sandbox }
      json: { to: { number: 254700000001 }, body: Hello there, from: Acme }
    response: { status: 201, json: { message: { id: m-1, to: 254700000001, body: Hello there }, cost: 1 } }
    expect: [{ class: accepted, id: m-1 }]
"#;

#[tokio::test]
async fn it_learns_from_structure_not_from_providers() {
    let source = sendplan::diagnostic::Source::new("other.yaml", OTHER);
    let profile =
        Profile::from_source(&source).unwrap_or_else(|problems| panic!("{}", problems.render(false)));
    assert_eq!(profile.check_examples(), []);
    let sandbox = Sandbox::start(&profile).unwrap();
    let profile = profile.with(Some(&sandbox.url()), &Map::new()).unwrap();
    let secrets = profile.sandbox_secrets();
    let mut ids = HashSet::new();
    for address in addresses(3) {
        let reading = send(&profile, &secrets, None, &[address]).await;
        assert_eq!(reading.verdicts[0].class, Class::Accepted, "{reading:?}");
        assert!(ids.insert(reading.verdicts[0].provider_id.clone()));
    }
    assert_eq!(sandbox.accepted(), 3);
    let wrong = Secrets::new([("key".to_owned(), "wrong".into())]);
    let reading = send(&profile, &wrong, None, &addresses(1)).await;
    assert_eq!(reading.verdicts[0].class, Class::Auth);
}

#[test]
fn a_profile_without_examples_has_no_sandbox() {
    let text = &OTHER[..OTHER.find("examples:").unwrap()];
    let profile = Profile::from_source(&sendplan::diagnostic::Source::new("other.yaml", text)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let error = runtime.block_on(async { Sandbox::start(&profile) }).unwrap_err();
    assert!(error.to_string().contains("no example"), "{error}");
}
