//! A gateway on loopback that can be asked: what became of a message, to call one back, and what it sent to somebody.
//! Its profile is a file in the test's project.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::loopback::{Loopback, Reply, Request};
use crate::project::{Project, Said};

/// How it is spoken to.
const PROFILE: &str = r#"version: 1
name: desk
title: A gateway that can be asked
base_url: https://desk.invalid
secrets: { key: "${env:MOBICONNECT_APP_KEY}" }
sender: { type: integer, description: anything }
address: { kind: phone, wire: e164 }
auth:
  headers: { Authorization: "Bearer {{ token.access }}" }
  token:
    login: { method: POST, path: /login, json: { key: "{{ secrets.key }}" } }
    read: { access: "{{ response.json.token }}", expires_in: "{{ response.json.life }}" }
send:
  method: POST
  path: /messages
  json: { to: "{{ recipient }}", text: "{{ text }}" }
  batch: { mode: single }
results: { id: "{{ response.json?.id }}" }
"#;
const STATUS: &str = r#"status:
  request: { method: GET, path: "/messages/{{ id }}" }
  outcome:
    - { when: "{{ response.json?.state == 'delivered' }}", as: delivered }
    - { when: "{{ response.json?.state == 'failed' }}", as: failed, reason: "{{ response.json.why }}" }
    - { when: "{{ response.json?.state == 'cancelled' }}", as: cancelled }
    - { when: "{{ response.json?.state == 'queued' }}", as: pending }
"#;
const CANCEL: &str = r#"cancel:
  request: { method: DELETE, path: "/messages/{{ id }}" }
  outcome:
    - { when: "{{ response.json?.state == 'cancelled' }}", as: cancelled }
    - { when: "{{ response.json?.state == 'delivered' }}", as: delivered }
"#;
const LIST: &str = r#"list:
  request: { method: GET, path: /messages, query: { to: "{{ recipient }}", page: "{{ page }}", since: "{{ since }}" } }
  each: "{{ response.json.messages }}"
  next: "{{ response.json.more }}"
  id: "{{ result.id }}"
  address: "{{ result.to }}"
  text: "{{ result.text }}"
  at: "{{ result.at }}"
"#;
const INBOUND: &str = r#"inbound:
  request: { method: GET, path: /inbox, query: { page: "{{ page }}", since: "{{ since }}" } }
  each: "{{ response.json.messages }}"
  next: "{{ response.json.more }}"
  when: "{{ result.kind != 'call' }}"
  address: "{{ result.from }}"
  text: "{{ result.text }}"
"#;
/// Messages of a page of its list.
const PAGE: usize = 2;

/// A message in its book.
#[derive(Debug, Clone)]
pub struct Record {
    pub id: String,
    pub to: String,
    pub text: String,
    pub at: DateTime<Utc>,
    pub state: &'static str,
}

/// A request, taken apart.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    /// Without its query.
    pub path: String,
    pub query: BTreeMap<String, String>,
    pub body: Value,
}

impl Asked {
    /// The message in the path, if there is one.
    pub fn id(&self) -> Option<&str> {
        self.path.strip_prefix("/messages/")
    }

    /// Whether it is a message to this number.
    pub fn sends_to(&self, address: &str) -> bool {
        self.method == "POST" && self.body["to"] == address
    }
}

/// What it knows.
#[derive(Debug, Default)]
pub struct Book {
    pub records: Vec<Record>,
    pub asked: Vec<Asked>,
    /// What people have sent back: from whom, and the text.
    pub inbox: Vec<(String, String)>,
    tokens: BTreeSet<String>,
    issued: u32,
}

impl Book {
    /// Enters a message as if it had been sent.
    pub fn enter(&mut self, to: &str, text: &str, at: DateTime<Utc>) -> String {
        let id = format!("m-{}", self.records.len() + 1);
        self.records.push(Record {
            id: id.clone(),
            to: to.to_owned(),
            text: text.to_owned(),
            at,
            state: "queued",
        });
        id
    }

    /// Makes every token issued so far worthless.
    pub fn forget_tokens(&mut self) {
        self.tokens.clear();
    }

    fn usual(&mut self, asked: &Asked, token: &str) -> (u16, Value) {
        if asked.path == "/login" {
            self.issued += 1;
            let token = format!("token-{}", self.issued);
            self.tokens.insert(format!("Bearer {token}"));
            return (200, json!({"token": token, "life": 3600}));
        }
        if !self.tokens.contains(token) {
            return (401, json!({}));
        }
        let id = asked.id().map(str::to_owned);
        let found = id.and_then(|id| self.records.iter_mut().find(|one| one.id == id));
        match (asked.method.as_str(), found) {
            ("POST", _) => {
                let word = |name: &str| asked.body[name].as_str().unwrap().to_owned();
                (201, json!({"id": self.enter(&word("to"), &word("text"), Utc::now())}))
            }
            ("GET", _) if asked.path == "/inbox" => (200, self.inbox_page(&asked.query)),
            ("GET", _) if asked.id().is_none() => (200, self.page(&asked.query)),
            ("GET", Some(one)) => (200, json!({"state": one.state, "why": "handset off"})),
            ("DELETE", Some(one)) => {
                if one.state == "queued" {
                    one.state = "cancelled";
                }
                (200, json!({"state": one.state}))
            }
            _ => (404, json!({})),
        }
    }

    fn inbox_page(&self, query: &BTreeMap<String, String>) -> Value {
        assert!(DateTime::parse_from_rfc3339(&query["since"]).unwrap() < Utc::now());
        let first = (query["page"].parse::<usize>().unwrap() - 1) * PAGE;
        let page: Vec<Value> = self.inbox[first..]
            .iter()
            .take(PAGE)
            // Without the plus, as many gateways write it.
            .map(|(from, text)| json!({"from": from.trim_start_matches('+'), "text": text, "kind": "sms"}))
            .collect();
        json!({"messages": page, "more": self.inbox.len() > first + PAGE})
    }

    fn page(&self, query: &BTreeMap<String, String>) -> Value {
        let number: usize = query["page"].parse().unwrap();
        assert!(DateTime::parse_from_rfc3339(&query["since"]).unwrap() < Utc::now() - TimeDelta::minutes(9));
        let all: Vec<Value> = self
            .records
            .iter()
            .filter(|one| one.to == query["to"])
            .map(|one| json!({"id": one.id, "to": one.to, "text": one.text, "at": one.at.to_rfc3339()}))
            .collect();
        let first = (number - 1) * PAGE;
        let page: Vec<Value> = all.iter().skip(first).take(PAGE).cloned().collect();
        json!({"messages": page, "more": all.len() > first + PAGE})
    }
}

/// What a test makes it do in place of its usual answer.
pub enum Act {
    /// This status and JSON, and nothing is entered.
    Json(u16, Value),
    /// 429, after so many seconds.
    Throttle(u32),
    /// Enter what is sent, or do what is asked; then close without a byte.
    DoAndClose,
    /// Close without a byte.
    Close,
}

type Hook = dyn Fn(&Asked, &mut Book) -> Option<Act> + Send + Sync;

/// The gateway.
pub struct Desk {
    gateway: Loopback,
    book: Arc<Mutex<Book>>,
}

impl Desk {
    pub fn start() -> Self {
        Self::with(|_, _| None)
    }

    /// With a hook on every request; it is called with the book open.
    pub fn with(hook: impl Fn(&Asked, &mut Book) -> Option<Act> + Send + Sync + 'static) -> Self {
        Self::waiting(|_| {}, hook)
    }

    /// The same, with something before it that may wait: the book is closed then.
    pub fn waiting(
        before: impl Fn(&Asked) + Send + Sync + 'static,
        hook: impl Fn(&Asked, &mut Book) -> Option<Act> + Send + Sync + 'static,
    ) -> Self {
        let book: Arc<Mutex<Book>> = Arc::default();
        let (inside, hook): (_, Box<Hook>) = (Arc::clone(&book), Box::new(hook));
        let gateway = Loopback::with(move |request| {
            let asked = taken_apart(request);
            before(&asked);
            let mut book = inside.lock().unwrap();
            book.asked.push(asked.clone());
            let act = hook(&asked, &mut book);
            let (status, body) = match act {
                Some(Act::Json(status, body)) => (status, body),
                Some(Act::Throttle(seconds)) => {
                    let body = "{}";
                    let head = "HTTP/1.1 429 X\r\nContent-Length: 2\r\nConnection: close\r\n";
                    let text = format!("{head}Retry-After: {seconds}\r\n\r\n{body}");
                    return Some(Reply::Raw(text.into_bytes()));
                }
                Some(Act::Close) => return Some(Reply::Raw(Vec::new())),
                Some(Act::DoAndClose) => {
                    book.usual(&asked, &request.authorization);
                    return Some(Reply::Raw(Vec::new()));
                }
                None => book.usual(&asked, &request.authorization),
            };
            Some(Reply::Json(status, body))
        });
        Self { gateway, book }
    }

    /// Looks into its book, or writes in it.
    pub fn book<T>(&self, look: impl FnOnce(&mut Book) -> T) -> T {
        look(&mut self.book.lock().unwrap())
    }

    /// How many requests there were of a verb about single messages.
    pub fn asked(&self, method: &str) -> usize {
        self.book(|book| book.asked.iter().filter(|one| one.method == method && one.id().is_some()).count())
    }

    /// How many log-ins there were.
    pub fn log_ins(&self) -> usize {
        self.book(|book| book.asked.iter().filter(|one| one.path == "/login").count())
    }

    /// A project whose campaign `c` sends "Hi NameN" to so many people, one after the other.
    pub fn project(&self, people: u32) -> Project {
        let project = Project::empty();
        project.write("providers/desk.yaml", &format!("{PROFILE}{STATUS}{CANCEL}{LIST}"));
        self.campaign(&project, "c", 1);
        people_of(&project, "c", people);
        project
    }

    /// A gateway that tells what people have sent back as well.
    pub fn with_inbox(&self, project: &Project) {
        project.write("providers/desk.yaml", &format!("{PROFILE}{STATUS}{CANCEL}{LIST}{INBOUND}"));
    }

    /// Writes a campaign of this name; its recipients are written apart.
    pub fn campaign(&self, project: &Project, name: &str, concurrency: u16) {
        let url = self.gateway.url();
        project.write(
            &format!("campaigns/{name}/campaign.yaml"),
            &format!(
                "version: 1\nname: {name}\nprovider: {{ profile: ../../providers/desk.yaml, base_url: \"{url}\" }}\n\
                 sender: 1\naudience: {{ csv: r.csv, address: phone, region: KE, id: id }}\n\
                 message: {{ text: \"Hi {{{{ name }}}}\" }}\ndelivery:\n  concurrency: {concurrency}\n  \
                 retry: {{ attempts: 3, backoff: 20ms, max_backoff: 100ms }}\n"
            ),
        );
    }
}

/// The recipients of a campaign.
pub fn people_of(project: &Project, campaign: &str, people: u32) {
    let mut csv = "id,phone,name\n".to_owned();
    (0..people).for_each(|number| csv.push_str(&format!("P-{number},0700{number:06},Name{number}\n")));
    project.write(&format!("campaigns/{campaign}/r.csv"), &csv);
}

/// The profile without one of its abilities, in the project.
pub fn without(project: &Project, ability: &str) {
    let parts = [("status", STATUS), ("cancel", CANCEL), ("list", LIST)];
    let kept: String = parts.iter().filter(|(name, _)| *name != ability).map(|(_, text)| *text).collect();
    project.write("providers/desk.yaml", &format!("{PROFILE}{kept}"));
}

/// The number of a recipient.
pub fn number(recipient: u32) -> String {
    format!("+254700{recipient:06}")
}

/// What was said, with its times taken out.
pub fn timeless(said: &str) -> String {
    let times = regex::Regex::new(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?( UTC|Z)").unwrap();
    times.replace_all(said, "[time]").into_owned()
}

/// Both sides of what was said, for a golden file.
pub fn both(said: &Said) -> String {
    timeless(&format!("exit {}\n--- out\n{}--- err\n{}", said.code, said.out, said.err))
}

fn taken_apart(request: &Request) -> Asked {
    let method = request.headers[0].split(' ').next().unwrap().to_owned();
    let url = url::Url::parse(&format!("http://desk{}", request.path)).unwrap();
    let query = url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    Asked { method, path: url.path().to_owned(), query, body: request.body.clone() }
}
