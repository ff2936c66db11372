//! Gateways that honour a key: what is in doubt is sent again by itself, with the same key and the same bytes, and
//! the gateway carries it out once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use serde_json::json;

use crate::loopback::{Loopback, Reply, Request, answer};
use crate::project::Project;

const PROFILE: &str = r#"
version: 1
name: keyed
title: A gateway that honours keys
base_url: https://gateway.example
sender: { type: string, description: a sender name }
address: { kind: phone, wire: e164 }
send:
  method: POST
  path: /messages
  json: { from: "{{ sender }}", to: "{{ recipient }}", text: "{{ text }}" }
  batch: { mode: single }
  idempotency: { header: Idempotency-Key }
results:
  id: "{{ response.json?.id }}"
"#;

/// What the gateway carried out: by key, the bodies that came with it and how often.
#[derive(Default)]
struct Keyed {
    by_key: Mutex<BTreeMap<String, Vec<String>>>,
}

impl Keyed {
    fn take(&self, request: &Request) -> Vec<u8> {
        let key = request.headers.iter().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("idempotency-key").then(|| value.trim().to_owned())
        });
        let mut by_key = self.by_key.lock().unwrap();
        let bodies = by_key.entry(key.expect("every request carries a key")).or_default();
        bodies.push(request.body.to_string());
        answer(201, &json!({ "id": format!("m-{}", by_key.len()) }))
    }

    /// Every key came for one person with one body; how many keys, and how many requests.
    fn counted(&self) -> (usize, usize) {
        let by_key = self.by_key.lock().unwrap();
        let mut people = BTreeSet::new();
        for bodies in by_key.values() {
            assert!(bodies.iter().all(|body| body == &bodies[0]), "one key, two bodies: {bodies:?}");
            assert!(people.insert(bodies[0].clone()), "two keys for one person: {bodies:?}");
        }
        (by_key.len(), by_key.values().map(Vec::len).sum())
    }
}

fn gateway(
    hook: impl Fn(&Keyed, &Request) -> Option<Reply> + Send + Sync + 'static,
) -> (Arc<Keyed>, Loopback) {
    let keyed = Arc::new(Keyed::default());
    let speaker = Arc::clone(&keyed);
    let loopback = Loopback::with(move |request| {
        Some(hook(&speaker, request).unwrap_or_else(|| Reply::Whole(speaker.take(request))))
    });
    (keyed, loopback)
}

fn project(url: &str, people: u32, unknown: &str) -> Project {
    let project = Project::empty();
    project.write("providers/keyed.yaml", PROFILE);
    project.write(
        "campaigns/c/campaign.yaml",
        &format!(
            "version: 1\nname: c\nprovider: {{ profile: ../../providers/keyed.yaml, base_url: \"{url}\" }}\nsender: A\n\
             audience: {{ csv: r.csv, address: phone, region: KE }}\nmessage: {{ text: \"Hi {{{{ name }}}}\" }}\n\
             delivery:\n  concurrency: 2\n  retry: {{ attempts: 4, backoff: 20ms, max_backoff: 50ms }}\n{unknown}"
        ),
    );
    project.recipients(people);
    project
}

#[test]
fn what_got_no_answer_is_sent_again_with_the_same_key() {
    let seen = Mutex::new(BTreeSet::new());
    // Every third person's first request is carried out and never answered.
    let (keyed, loopback) = gateway(move |keyed, request| {
        let to = request.body["to"].as_str().unwrap().to_owned();
        let unlucky = to.ends_with(['0', '3', '6', '9']) && seen.lock().unwrap().insert(to);
        unlucky.then(|| {
            keyed.take(request);
            Reply::Raw(Vec::new())
        })
    });
    let project = project(&loopback.url(), 20, "");
    let said = project.send();
    assert_eq!(said.code, 0, "{said:?}");
    project.status().is(&[("accepted", 20), ("unknown", 0)]);
    assert_eq!(keyed.counted(), (20, 28));
}

#[test]
fn what_a_kill_left_in_doubt_is_sent_again_with_the_same_key() {
    let (keyed, loopback) = gateway(|keyed, request| {
        let later = keyed.by_key.lock().unwrap().len() >= 5;
        later.then(|| Reply::WaitThen(keyed.take(request)))
    });
    let project = project(&loopback.url(), 20, "");
    project.kill_when_waiting(&loopback, 2);
    assert_eq!(project.send().code, 0);
    project.status().is(&[("accepted", 20), ("unknown", 0)]);
    let (keys, requests) = keyed.counted();
    assert_eq!(keys, 20);
    assert!(requests >= 22, "{requests}");
}

#[test]
fn a_campaign_may_hold_them_all_the_same() {
    let (keyed, loopback) = gateway(|keyed, request| {
        request.body["to"].as_str().unwrap().ends_with('3').then(|| {
            keyed.take(request);
            Reply::Raw(Vec::new())
        })
    });
    let project = project(&loopback.url(), 10, "  unknown: hold\n");
    assert_eq!(project.send().code, 6);
    project.status().is(&[("accepted", 9), ("unknown", 1)]);
    assert_eq!(keyed.counted(), (10, 10));
}
