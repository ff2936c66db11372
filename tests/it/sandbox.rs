//! The sandbox of every built-in profile, over real sockets: log in, send, renew; and what it refuses.

use std::collections::HashSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sendplan::provider::{Batch, Class, Member, Profile, Reading, Secrets, Token, builtin_names};
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
    let members: Vec<Member<'_>> =
        addresses.iter().map(|address| Member { id: address, address, key: "k" }).collect();
    // Whatever the profile wants as sender.
    let sender = [json!(1), json!("Acme")].into_iter().find(|sender| profile.check_sender(sender).is_ok());
    let sender = sender.unwrap_or(Value::Null);
    let batch = Batch { text: "Say \"hi\"\n¡olé! 😀", members: &members, sender: &sender };
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
            for verdict in reading.verdicts {
                assert_eq!(verdict.class, Class::Accepted, "{name}: {verdict:?}");
                assert!(ids.insert(verdict.provider_id), "{name}: an id was given twice");
            }
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
