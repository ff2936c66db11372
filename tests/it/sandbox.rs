//! The sandbox of every built-in profile, over real sockets: log in, send, renew; and what it refuses.

use crate::outgoing::{batch, member};
use std::collections::HashSet;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sendplan::diagnostic::Source;
use sendplan::provider::inquiry::{About, NoAnswer};
use sendplan::provider::lists::{Page, Sought};
use sendplan::provider::raw::BatchMode;
use sendplan::provider::{
    AuthError, AuthStep, Class, Member, Outcome, Profile, Reading, Secrets, Token, builtin_names,
};
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
    let own = profile.batch_mode() == BatchMode::Personalised;
    let texts: Vec<String> =
        (0..addresses.len()).map(|at| if own { format!("{text} {at}") } else { text.to_owned() }).collect();
    let keys: Vec<String> = (0..addresses.len()).map(|at| format!("key-{at}")).collect();
    let named = addresses.iter().zip(&texts).zip(&keys);
    let members: Vec<Member<'_>> =
        named.map(|((address, text), key)| Member { key, ..member(address, text) }).collect();
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
        let names = profile.secret_references().iter().map(|(name, _)| name.clone());
        let wrong = Secrets::new(names.map(|name| (name, "wrong".into())));
        if profile.needs_token() {
            let answer = http().execute(profile.build_login(&wrong).unwrap()).await;
            let refused = profile.read_token(&wrong, answer.as_ref(), NOW);
            assert!(matches!(refused, Err(AuthError::Refused(_))), "{name}: {refused:?}");
        } else {
            let reading = send(&profile, &wrong, None, &addresses(1)).await;
            assert_eq!(reading.verdicts[0].class, Class::Auth, "{name}: {reading:?}");
        }
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
    // Its connections may end a moment later than it.
    loop {
        let reading = send(&profile, &secrets, Some(&token), &addresses(1)).await;
        match reading.verdicts[0].class {
            Class::Transient => return,
            class => assert_eq!(class, Class::Unknown),
        }
    }
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
    let source = Source::new("other.yaml", OTHER);
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
    let profile = Profile::from_source(&Source::new("other.yaml", text)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let error = runtime.block_on(async { Sandbox::start(&profile) }).unwrap_err();
    assert!(error.to_string().contains("no example"), "{error}");
}

/// A profile of which only what matters is written down.
fn written(rest: &str) -> Profile {
    let profile = read(rest);
    assert_eq!(profile.check_examples(), []);
    profile
}

fn read(rest: &str) -> Profile {
    let head = "version: 1\nname: other\ntitle: Other\nbase_url: https://api.example.com\n\
                sender: { type: string, description: a sender name }\n";
    let source = Source::new("other.yaml", format!("{head}{rest}"));
    Profile::from_source(&source).unwrap_or_else(|problems| panic!("{}", problems.render(false)))
}

/// A sandbox and somebody who speaks to it.
struct Lab {
    sandbox: Sandbox,
    profile: Profile,
    secrets: Secrets,
    token: Option<Token>,
}

impl Lab {
    async fn of(rest: &str) -> Self {
        let profile = written(rest);
        let sandbox = Sandbox::start(&profile).unwrap();
        let profile = profile.with(Some(&sandbox.url()), &Map::new()).unwrap();
        let secrets = profile.sandbox_secrets();
        let token = if profile.needs_token() { Some(log_in(&profile, &secrets).await) } else { None };
        Self { sandbox, profile, secrets, token }
    }

    async fn send(&self, addresses: &[String]) -> Reading {
        send(&self.profile, &self.secrets, self.token.as_ref(), addresses).await
    }

    /// Sends to so many, twice: all are accepted, each with an id of its own.
    async fn sends(&self, count: usize) -> Vec<String> {
        let mut ids = Vec::new();
        for _ in 0..2 {
            let reading = self.send(&addresses(count)).await;
            assert!(!reading.stray);
            for verdict in reading.verdicts {
                assert_eq!(verdict.class, Class::Accepted, "{verdict:?}");
                ids.push(verdict.provider_id.unwrap());
            }
        }
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 2 * count, "{ids:?}");
        assert_eq!(self.sandbox.accepted(), 2 * count as u64);
        ids
    }

    /// Nobody sends with other secrets.
    async fn keeps_others_out(&self) {
        for (name, _) in self.profile.secret_references() {
            let names = self.profile.secret_references().iter().map(|(name, _)| name);
            let wrong = names.map(|one| (one.clone(), if one == name { "wrong" } else { "sandbox" }.into()));
            let reading = send(&self.profile, &Secrets::new(wrong), self.token.as_ref(), &addresses(1)).await;
            assert_eq!(reading.verdicts[0].class, Class::Auth, "{name}");
        }
    }

    async fn status(&self, address: &str, id: &str) -> Result<Outcome, NoAnswer> {
        let about = About { address, id, sender: &json!("Acme") };
        let request = self.profile.build_status(&about, &self.secrets, self.token.as_ref()).unwrap();
        let answer = http().execute(request).await;
        self.profile.read_status(id, &self.secrets, answer.as_ref()).map(|(outcome, _)| outcome)
    }

    async fn cancel(&self, address: &str, id: &str) -> Result<Outcome, NoAnswer> {
        let about = About { address, id, sender: &json!("Acme") };
        let request = self.profile.build_cancel(&about, &self.secrets, self.token.as_ref()).unwrap();
        let answer = http().execute(request).await;
        self.profile.read_cancel(id, &self.secrets, answer.as_ref()).map(|(outcome, _)| outcome)
    }

    async fn list(&self, address: &str, page: u32) -> Page {
        let sought = Sought { address, sender: &json!("Acme"), page, since: NOW };
        let request = self.profile.build_list(&sought, &self.secrets, self.token.as_ref()).unwrap();
        let answer = http().execute(request).await;
        self.profile.read_page(&sought, &self.secrets, answer.as_ref()).unwrap()
    }
}

const FORM: &str = r#"
secrets: { account: "${env:OTHER_ACCOUNT}", token: "${env:OTHER_TOKEN}" }
address: { kind: phone, wire: e164 }
auth: { basic: { username: "{{ secrets.account }}", password: "{{ secrets.token }}" } }
send:
  method: POST
  path: /accounts/{{ secrets.account }}/messages.json
  form: { To: "{{ recipient }}", From: "{{ sender }}", Body: "{{ text }}" }
  batch: { mode: single }
results: { id: "{{ response.json?.sid }}", id_pattern: "^(SM[0-9a-f]{8})$" }
examples:
  - name: one
    exchange: send
    message: { text: Hello there, recipients: ["+254700000001"], sender: Acme }
    response: { status: 201, json: { sid: SM0000000a, to: "+254700000001", body: Hello there } }
    expect: [{ class: accepted, id: SM0000000a }]
"#;

#[tokio::test]
async fn a_form_with_basic_credentials_and_a_secret_in_the_path() {
    let lab = Lab::of(FORM).await;
    lab.sends(1).await;
    lab.keeps_others_out().await;
}

const QUERY: &str = r#"
secrets: { password: "${env:OTHER_PASSWORD}" }
address: { kind: phone, wire: e164 }
auth: { query: { user: acme, password: "{{ secrets.password }}" } }
send:
  method: GET
  path: /send
  query: { to: "tel:{{ recipient }}", text: "{{ text }}", from: "{{ sender }}" }
  batch: { mode: single }
results: { id: "{{ response.text }}", id_pattern: 'Success "([0-9a-f-]{36})"' }
examples:
  - name: one
    exchange: send
    message: { text: Hello there, recipients: ["+254700000001"], sender: Acme }
    response: { status: 200, text: 'Success "07033084-5cfd-4812-90a4-e4d24ffb6e3d"' }
    expect: [{ class: accepted, id: 07033084-5cfd-4812-90a4-e4d24ffb6e3d }]
  - name: wrong password
    exchange: send
    message: { text: Hello there, recipients: ["+254700000001"], sender: Acme }
    response: { status: 403, text: Authorization failed }
    expect: [{ class: auth }]
classify: [{ when: "{{ response.status == 403 }}", as: auth }]
"#;

#[tokio::test]
async fn a_query_and_an_answer_in_words() {
    let lab = Lab::of(QUERY).await;
    lab.sends(1).await;
    lab.keeps_others_out().await;
}

#[tokio::test]
async fn an_answer_without_any_id() {
    let rest = QUERY
        .replace("07033084-5cfd-4812-90a4-e4d24ffb6e3d, ", "")
        .replace(", id: 07033084-5cfd-4812-90a4-e4d24ffb6e3d", "")
        .replace("'Success \"07033084-5cfd-4812-90a4-e4d24ffb6e3d\"'", "'0: Accepted for delivery'")
        .replace(
            r#"results: { id: "{{ response.text }}", id_pattern: 'Success "([0-9a-f-]{36})"' }"#,
            r#"results: { id: "{{ none }}", classify: [{ when: "{{ response.text is starting_with(pat='0:') }}", as: accepted }] }"#,
        );
    let lab = Lab::of(&rest).await;
    let reading = lab.send(&addresses(1)).await;
    assert_eq!((reading.verdicts[0].class, &reading.verdicts[0].provider_id), (Class::Accepted, &None));
}

/// Recipients in one text, with a separator and a sign before each.
fn shared(to: &str, recorded: &str, results: &str, response: &str, ids: [&str; 2]) -> String {
    let id = |id: &str| if id.is_empty() { String::new() } else { format!(", id: \"{id}\"") };
    format!(
        r#"
address: {{ kind: phone, wire: e164 }}
send:
  method: POST
  path: /send
  form: {{ to: "{to}", text: "{{{{ text }}}}", from: "{{{{ sender }}}}" }}
  batch: {{ mode: shared, max: 30 }}
results: {{ {results} }}
examples:
  - name: two
    exchange: send
    message: {{ text: Hello there, recipients: ["+254700000001", "+254700000002"], sender: Acme }}
    request: {{ method: POST, path: /send, form: {{ to: "{recorded}", text: Hello there, from: Acme }} }}
    response: {{ status: 200, json: {response} }}
    expect: [{{ class: accepted{} }}, {{ class: accepted{} }}]
"#,
        id(ids[0]),
        id(ids[1])
    )
}

#[tokio::test]
async fn recipients_joined_and_a_list_of_records_in_any_order() {
    let results =
        r#"each: "{{ response.json.messages }}", address: "{{ result.to }}", id: "{{ result.id }}""#;
    let response = r#"{ ok: 2, messages: [{ to: 254700000002, id: 18 }, { to: 254700000001, id: 17 }] }"#;
    for (join, recorded) in [(",", "+254700000001,+254700000002"), ("<", "+254700000001<+254700000002")] {
        let to = format!("{{{{ recipients | join(sep='{join}') }}}}");
        let lab = Lab::of(&shared(&to, recorded, results, response, ["17", "18"])).await;
        lab.sends(30).await;
        assert_eq!(lab.send(&addresses(1)).await.verdicts[0].class, Class::Accepted);
    }
}

#[tokio::test]
async fn one_answer_for_a_whole_batch() {
    let results = r#"by: batch, id: "{{ response.json.id }}""#;
    let response = r#"{ id: batch-000017, to: ["+254700000001", "+254700000002"] }"#;
    let to = "{{ recipients | join(sep=',') }}";
    let rest = shared(to, "+254700000001,+254700000002", results, response, ["batch-000017", "batch-000017"]);
    let lab = Lab::of(&rest).await;
    let mut ids = HashSet::new();
    for count in [30, 1, 2] {
        let reading = lab.send(&addresses(count)).await;
        assert!(reading.verdicts.iter().all(|verdict| verdict.class == Class::Accepted));
        let own: HashSet<_> =
            reading.verdicts.into_iter().map(|verdict| verdict.provider_id.unwrap()).collect();
        assert_eq!(own.len(), 1);
        ids.extend(own);
    }
    assert_eq!(ids.len(), 3);
}

#[tokio::test]
async fn as_many_ids_as_recipients_and_nothing_else() {
    let results = r#"by: batch, id: "{{ response.json.uuids[0] if batch.size == 1 else '' }}", classify: [{ when: "{{ (response.json.uuids | unique | length) == batch.size }}", as: accepted }]"#;
    let response = r#"{ uuids: [aaaa-0001, aaaa-0002] }"#;
    let to = "{{ recipients | join(sep=',') }}";
    let lab = Lab::of(&shared(to, "+254700000001,+254700000002", results, response, ["", ""])).await;
    for count in [30, 1, 2] {
        let reading = lab.send(&addresses(count)).await;
        assert!(reading.verdicts.iter().all(|verdict| verdict.class == Class::Accepted), "{reading:?}");
        assert_eq!(reading.verdicts[0].provider_id.is_some(), count == 1);
    }
}

const BY_KEY: &str = r#"
address: { kind: phone, wire: integer }
send:
  method: POST
  path: /send
  json:
    from: "{{ sender }}"
    messages: "{{ [{'to': m.address, 'content': m.text, 'ref': m.key} for m in messages] }}"
  batch: { mode: personalised, max: 30 }
results: { by: key, each: "{{ response.json }}", key: "{{ result.ref }}", id: "{{ result.message }}" }
examples:
  - name: two
    exchange: send
    message: { texts: [Hello there, Hello you], recipients: ["+254700000001", "+254700000002"], sender: Acme }
    request:
      method: POST
      path: /send
      json:
        from: Acme
        messages:
          - { to: 254700000001, content: Hello there, ref: example-1 }
          - { to: 254700000002, content: Hello you, ref: example-2 }
    response: { status: 202, json: [{ ref: example-1, message: 7001 }, { ref: example-2, message: 7002 }] }
    expect: [{ class: accepted, id: "7001" }, { class: accepted, id: "7002" }]
"#;

#[tokio::test]
async fn texts_of_their_own_matched_by_key() {
    Lab::of(BY_KEY).await.sends(30).await;
}

const NESTED: &str = r#"
address: { kind: phone, wire: digits }
send:
  method: POST
  path: /send
  json:
    messages: "{{ [{'destinations': [{'to': m.address}], 'content': {'text': m.text} } for m in messages] }}"
  batch: { mode: personalised, max: 30 }
results: { each: "{{ response.json.messages }}", address: "{{ result.to }}", id: "{{ result.id }}" }
list:
  request: { method: GET, path: /sent, query: { to: "{{ recipient }}" } }
  each: "{{ response.json }}"
  id: "{{ result.id }}"
  text: "{{ result.text }}"
  at: "{{ result.at }}"
examples:
  - name: two
    exchange: send
    message: { texts: [Hello there, Hello you], recipients: ["+254700000001", "+254700000002"], sender: Acme }
    response:
      status: 200
      json: { messages: [{ to: "254700000001", id: m-1 }, { to: "254700000002", id: m-2 }] }
    expect: [{ class: accepted, id: m-1 }, { class: accepted, id: m-2 }]
  - name: what was sent
    exchange: list
    about: { recipient: "+254700000001" }
    response: { status: 200, json: [{ id: m-1, text: Hello there, at: "1767225600" }] }
    expect: [{ id: m-1 }]
"#;

#[tokio::test]
async fn texts_of_their_own_deep_in_lists() {
    let lab = Lab::of(NESTED).await;
    let ids = lab.sends(30).await;
    let page = lab.list(&addresses(30)[17], 1).await;
    assert_eq!(page.sent.len(), 2);
    assert_eq!(page.sent[0].id, ids[30 + 17]);
    assert_eq!(page.sent[0].text, "Say \"hi\"\n¡olé! 😀 17");
}

const IN_PATH: &str = r#"
address: { kind: opaque, wire: opaque }
vars: { method: PUT, collection: orders }
send:
  method: "{{ vars.method }}"
  path: /v1/{{ vars.collection }}/{{ recipient }}
  json: { note: "{{ text }}" }
  batch: { mode: single }
results: { id: "{{ response.headers?.location or '' }}", id_pattern: "/notes/([0-9]+)$" }
examples:
  - name: one
    exchange: send
    message: { text: Hello there, recipients: [order 17/b], sender: Acme }
    request: { method: PUT, path: /v1/orders/order%2017%2Fb, json: { note: Hello there } }
    response: { status: 201, headers: { Location: "https://api.example.com/v1/notes/19649276" }, text: "" }
    expect: [{ class: accepted, id: "19649276" }]
"#;

#[tokio::test]
async fn the_recipient_in_the_path_and_the_id_in_a_header() {
    let lab = Lab::of(IN_PATH).await;
    lab.sends(1).await;
    let strange = ["a/b c".to_owned(), "é?&=#%".to_owned(), "..".to_owned() + "x"];
    for address in strange {
        let reading = lab.send(std::slice::from_ref(&address)).await;
        assert_eq!(reading.verdicts[0].class, Class::Accepted, "{address}: {reading:?}");
    }
}

#[tokio::test]
async fn constants_that_a_campaign_changes_change_the_sandbox_too() {
    let vars = [("method".to_owned(), json!("POST")), ("collection".to_owned(), json!("assignments"))];
    let profile = written(IN_PATH).with(None, &vars.into_iter().collect()).unwrap();
    let sandbox = Sandbox::start(&profile).unwrap();
    let profile = profile.with(Some(&sandbox.url()), &Map::new()).unwrap();
    let reading = send(&profile, &profile.sandbox_secrets(), None, &addresses(1)).await;
    assert_eq!(reading.verdicts[0].class, Class::Accepted, "{reading:?}");
}

const TOKENS: &str = r#"
secrets: { username: "${env:OTHER_USERNAME}", password: "${env:OTHER_PASSWORD}" }
address: { kind: phone, wire: digits }
auth:
  headers: { Authorization: "Bearer {{ token.access }}" }
  token:
    login:
      method: POST
      path: /authenticate
      json: { username: "{{ secrets.username }}", password: "{{ secrets.password | sha1 }}" }
    refresh: { method: POST, path: /authenticate, json: { refresh_token: "{{ token.refresh }}" } }
    read:
      access: "{{ response.json?.auth_token }}"
      expires_at: "{{ response.json?.auth_token | jwt(claim='exp') }}"
      expires_in: "{{ 60 }}"
      refresh: "{{ response.json?.refresh_token }}"
send:
  method: POST
  path: /send
  json: { to: "{{ recipient }}", text: "{{ text }}" }
  batch: { mode: single }
results: { id: "{{ response.json?.id }}" }
examples:
  - name: log in
    exchange: login
    response:
      status: 200
      # Its claims are {"iss":"example","exp":1767830400,"iat":1767225600}.
      json:
        auth_token: eyJhbGciOiJIUzM4NCJ9.eyJpc3MiOiJleGFtcGxlIiwiZXhwIjoxNzY3ODMwNDAwLCJpYXQiOjE3NjcyMjU2MDB9.ZXhhbXBsZS1zaWduYXR1cmU
        refresh_token: example-refresh-token
    expect: [{ class: accepted }]
  - name: renew
    exchange: refresh
    response:
      status: 200
      json:
        auth_token: eyJhbGciOiJIUzM4NCJ9.eyJpc3MiOiJleGFtcGxlIiwiZXhwIjoxNzY3ODMwNDAwLCJpYXQiOjE3NjcyMjU2MDB9.b3RoZXI
        refresh_token: example-refresh-token-2
    expect: [{ class: accepted }]
  - name: one
    exchange: send
    message: { text: Hello there, recipients: ["+254700000001"], sender: Acme }
    response: { status: 200, json: { id: m-1 } }
    expect: [{ class: accepted, id: m-1 }]
"#;

#[tokio::test]
async fn tokens_that_show_their_end_are_good_for_as_long_as_recorded() {
    let lab = Lab::of(TOKENS).await;
    let token = lab.token.as_ref().unwrap();
    // The recorded end has long passed.
    let week = token.expires_at - NOW;
    assert!((week - TimeDelta::days(7)).abs() < TimeDelta::minutes(1), "{week}");
    assert_eq!(lab.profile.auth_step(NOW, Some(token), false), AuthStep::Use);
    lab.sends(1).await;
    let recorded = lab.profile.example_token(&lab.secrets).unwrap();
    let reading = send(&lab.profile, &lab.secrets, Some(&recorded), &addresses(1)).await;
    assert_eq!(reading.verdicts[0].class, Class::Auth);

    let answer = http().execute(lab.profile.build_refresh(&lab.secrets, token).unwrap()).await;
    let second = lab.profile.read_token(&lab.secrets, answer.as_ref(), NOW).unwrap();
    let reading = send(&lab.profile, &lab.secrets, Some(&second), &addresses(1)).await;
    assert_eq!(reading.verdicts[0].class, Class::Accepted);

    let wrong = Secrets::new(["username", "password"].map(|name| (name.to_owned(), "wrong".into())));
    let answer = http().execute(lab.profile.build_login(&wrong).unwrap()).await;
    assert!(lab.profile.read_token(&wrong, answer.as_ref(), NOW).is_err());
}

const ASKED: &str = r#"
secrets: { key: "${env:OTHER_KEY}" }
address: { kind: phone, wire: digits }
auth: { headers: { X-Key: "{{ secrets.key }}" } }
send:
  method: POST
  path: /endpoint/{{ recipient }}/sms
  json: { text: "{{ text }}" }
  batch: { mode: single }
results: { id: "{{ response.json?.id }}" }
status:
  request: { method: GET, path: "/endpoint/{{ recipient }}/sms/{{ id }}" }
  outcome:
    - { when: "{{ response.json?.state == 'DELIVERED' }}", as: delivered }
    - { when: "{{ response.json?.state == 'CANCELED' }}", as: cancelled }
cancel:
  request: { method: DELETE, path: "/endpoint/{{ recipient }}/sms/{{ id }}" }
  outcome: [{ when: "{{ response.status == 204 }}", as: cancelled }]
list:
  request: { method: GET, path: "/endpoint/{{ recipient }}/sms", query: { page: "{{ page }}" } }
  each: "{{ response.json.items }}"
  next: "{{ response.json.more }}"
  when: "{{ result.kind == 'MT' }}"
  id: "{{ result.id }}"
  address: "{{ result.endpoint }}"
  text: "{{ result.text }}"
  at: "{{ result.at | replace(from='+0000', to='Z') }}"
examples:
  - name: one
    exchange: send
    message: { text: Hello there, recipients: ["+254700000001"], sender: Acme }
    response: { status: 201, json: { id: 19649276 } }
    expect: [{ class: accepted, id: "19649276" }]
  - name: delivered
    exchange: status
    about: { recipient: "+254700000001", id: "19649276" }
    response: { status: 200, json: { id: 19649276, endpoint: "254700000001", state: DELIVERED } }
    expect: [{ outcome: delivered }]
  - name: called back before
    exchange: status
    about: { recipient: "+254700000001", id: "19649276" }
    response: { status: 200, json: { id: 19649276, state: CANCELED } }
    expect: [{ outcome: cancelled }]
  - name: call back
    exchange: cancel
    about: { recipient: "+254700000001", id: "19649276" }
    response: { status: 204 }
    expect: [{ outcome: cancelled }]
  - name: one and one that came in
    exchange: list
    about: { recipient: "+254700000001" }
    response:
      status: 200
      json:
        more: false
        items:
          - { id: 5, endpoint: "254700000001", text: moving, at: 2026-01-01T00:00:09.000+0000, kind: MO }
          - { id: 19649276, endpoint: "254700000001", text: Hello there, at: 2026-01-01T00:00:01.000+0000, kind: MT }
    expect: [{ id: "19649276" }]
"#;

#[tokio::test]
async fn status_cancel_and_list_know_what_was_accepted() {
    let lab = Lab::of(ASKED).await;
    let ids = lab.sends(1).await;
    let (own, other) = ("+254700000000", "+254700000001");
    assert_eq!(lab.status(own, &ids[0]).await.unwrap(), Outcome::Delivered);
    // Ids of somebody else, or of nobody.
    assert!(lab.status(other, &ids[0]).await.is_err());
    assert!(lab.status(own, "19649276").await.is_err());
    assert!(lab.status(own, "19659999").await.is_err());

    assert_eq!(lab.cancel(own, &ids[0]).await.unwrap(), Outcome::Cancelled);
    assert_eq!(lab.status(own, &ids[0]).await.unwrap(), Outcome::Cancelled);
    assert_eq!(lab.status(own, &ids[1]).await.unwrap(), Outcome::Delivered);
    assert!(lab.cancel(other, &ids[0]).await.is_err());

    let page = lab.list(own, 1).await;
    assert!(!page.more);
    assert_eq!(page.sent.iter().map(|one| &one.id).collect::<Vec<_>>(), [&ids[1], &ids[0]]);
    for one in &page.sent {
        assert_eq!(one.text, "Say \"hi\"\n¡olé! 😀");
        assert!((Utc::now() - one.at).abs() < TimeDelta::minutes(1), "{}", one.at);
    }
    assert_eq!(lab.list(own, 2).await, Page::default());
    assert_eq!(lab.list(other, 1).await, Page::default());
}

#[tokio::test]
async fn questions_with_other_secrets_are_refused() {
    let lab = Lab::of(ASKED).await;
    let id = &lab.sends(1).await[0];
    let wrong = Secrets::new([("key".to_owned(), "wrong".into())]);
    let about = About { address: "+254700000000", id, sender: &json!("Acme") };
    let answer = http().execute(lab.profile.build_status(&about, &wrong, None).unwrap()).await;
    assert_eq!(lab.profile.read_status(id, &wrong, answer.as_ref()), Err(NoAnswer::Unauthorised));
}

const TEXT: &str = r#"
secrets: { password: "${env:OTHER_PASSWORD}" }
address: { kind: phone, wire: digits }
send:
  method: POST
  path: /xml
  headers: { Content-Type: text/xml, X-Password: "{{ secrets.password }}" }
  text: "<sms><from>{{ sender }}</from>{% for one in recipients %}<to>+{{ one }}</to>{% endfor %}<text>{{ text }}</text></sms>"
  batch: { mode: shared, max: 30 }
results: { by: batch, id: "{{ response.text }}", id_pattern: "<id>([0-9]+)</id>" }
examples:
  - name: two
    exchange: send
    message: { text: Hello there, recipients: ["+254700000001", "+254700000002"], sender: Acme }
    request:
      method: POST
      path: /xml
      text: <sms><from>Acme</from><to>+254700000001</to><to>+254700000002</to><text>Hello there</text></sms>
    response: { status: 200, headers: { Content-Type: text/xml }, text: "<ok><id>7000001</id></ok>" }
    expect: [{ class: accepted, id: "7000001" }, { class: accepted, id: "7000001" }]
"#;

#[tokio::test]
async fn a_body_that_is_a_text() {
    let lab = Lab::of(TEXT).await;
    for count in [30, 1] {
        let reading = lab.send(&addresses(count)).await;
        assert!(reading.verdicts.iter().all(|verdict| verdict.class == Class::Accepted), "{reading:?}");
    }
    assert_eq!(lab.sandbox.accepted(), 31);
    lab.keeps_others_out().await;
}

#[tokio::test]
async fn one_parameter_for_each_recipient() {
    let rest = TEXT
        .replace("headers: { Content-Type: text/xml, X-Password: \"{{ secrets.password }}\" }", "")
        .lines()
        .filter(|line| !line.trim_start().starts_with("text: <sms>"))
        .map(|line| match line.trim_start() {
            one if one.starts_with("text: \"<sms>") => {
                "  form: { to: \"{{ recipients }}\", text: \"{{ text }}\", password: \"{{ secrets.password }}\" }".to_owned()
            }
            "request:" | "method: POST" | "path: /xml" if line.starts_with("    ") => String::new(),
            _ => line.to_owned(),
        })
        .collect::<Vec<_>>()
        .join("\n");
    let lab = Lab::of(&rest).await;
    assert!(lab.send(&addresses(30)).await.verdicts.iter().all(|verdict| verdict.class == Class::Accepted));
    assert_eq!(lab.sandbox.accepted(), 30);
    lab.keeps_others_out().await;
}

/// Why a profile has no sandbox.
fn lacking(rest: &str) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { Sandbox::start(&read(rest)) }).unwrap_err().to_string()
}

#[test]
fn it_says_which_example_is_lacking_and_what_cannot_be_found() {
    let single = NESTED
        .replace("recipients: [\"+254700000001\", \"+254700000002\"]", "recipients: [\"+254700000001\"]");
    let single = single
        .replace("texts: [Hello there, Hello you]", "text: Hello there")
        .replace(", { to: \"254700000002\", id: m-2 }", "")
        .replace(", { class: accepted, id: m-2 }", "");
    let delivered =
        ASKED.replace("outcome: delivered", "outcome: pending").replace("as: delivered", "as: pending");
    let hidden = FORM.replace("To: \"{{ recipient }}\"", "To: \"{{ recipient | sha1 }}\"");
    let fixed =
        QUERY.replace("[0-9a-f-]{36}", "[a-z0-9]+").replace("07033084-5cfd-4812-90a4-e4d24ffb6e3d", "a17");
    let login = TOKENS.split("  - name: log in").next().unwrap().to_owned()
        + TOKENS.rfind("  - name: one").map(|at| &TOKENS[at..]).unwrap();
    for (rest, expected) in [
        (single, "no example of a sending to at least two recipients"),
        (delivered, "no example of a message that was delivered (`exchange: status`, `outcome: delivered`)"),
        (hidden, "in the example `one` the recipients cannot be found in the request"),
        (fixed, "at least six characters"),
        (login, "no example of a log-in that gives a token"),
    ] {
        let found = lacking(&rest);
        assert!(found.contains(expected), "{found}");
    }
}
