//! The three kinds of gateways, as small profiles of `profiles/`, and how such gateways answer.

use sendplan::diagnostic::Source;
use sendplan::provider::Profile;
use serde_json::{Map, Value, json};

use crate::loopback::{Asked, Dialect, Request, answer, answer_with};

/// A kind of gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One message a request, Basic, a form, the id in a `Location` header.
    Single,
    /// One text for many, a key in a header, results matched by address.
    Shared,
    /// A text for each, credentials in the query, results matched by key.
    Personalised,
}

/// How a token is had at [`crate::loopback::Loopback`].
const TOKEN: &str = r#"auth:
  headers: { Authorization: "Bearer {{ token.access }}" }
  token:
    login: { method: POST, path: /api/auth, json: { user: "{{ secrets.username }}", password: "{{ secrets.password }}" } }
    refresh: { method: POST, path: /api/auth/refresh, json: { token: "{{ token.refresh }}" } }
    read:
      access: "{{ response.json?.data?.access_token }}"
      expires_in: "{{ response.json?.data?.expires_in }}"
      refresh: "{{ response.json?.data?.refresh_token }}"
"#;

const TOKEN_SECRETS: &str =
    "secrets: { username: \"${env:GATEWAY_USERNAME}\", password: \"${env:GATEWAY_PASSWORD}\" }\n";

impl Kind {
    /// The profile as it stands in its file.
    pub fn text(self) -> &'static str {
        match self {
            Self::Single => include_str!("profiles/single.yaml"),
            Self::Shared => include_str!("profiles/shared.yaml"),
            Self::Personalised => include_str!("profiles/personalised.yaml"),
        }
    }

    /// The same with a token that is had by a log-in and can be renewed.
    pub fn text_with_token(self) -> String {
        let text = between(self.text(), "secrets:", "sender:", TOKEN_SECRETS);
        between(&text, "auth:", "send:", TOKEN)
    }

    pub fn profile(self, url: &str) -> Profile {
        read(self.text()).with(Some(url), &Map::new()).unwrap()
    }

    /// How many messages the tests put into a request.
    pub fn batch(self) -> u64 {
        if self == Self::Single { 1 } else { 10 }
    }

    /// The result of one message in a list.
    pub fn result(self, asked: &Asked, id: &str) -> Value {
        match self {
            Self::Single => unreachable!("no list"),
            Self::Shared => json!({"number": asked.digits, "id": id}),
            Self::Personalised => json!({"ref": asked.key, "id": id, "state": "queued"}),
        }
    }

    /// The body of an answer with these results.
    pub fn body(self, results: &[Value]) -> Value {
        match self {
            Self::Single => json!({"status": "queued"}),
            Self::Shared => json!({ "recipients": results }),
            Self::Personalised => json!({ "results": results }),
        }
    }
}

impl Dialect for Kind {
    fn asked(&self, request: &Request) -> Vec<Asked> {
        let body = &request.body;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        match self {
            Self::Single => {
                let form: std::collections::BTreeMap<_, _> =
                    url::form_urlencoded::parse(request.raw.as_bytes()).into_owned().collect();
                let digits = form["to"].trim_start_matches('+').to_owned();
                vec![Asked { digits, text: form["body"].clone(), key: String::new() }]
            }
            Self::Shared => {
                let one =
                    |to: &Value| Asked { digits: text(to), text: text(&body["text"]), key: String::new() };
                body["to"].as_array().unwrap().iter().map(one).collect()
            }
            Self::Personalised => {
                let one = |one: &Value| Asked {
                    digits: text(&one["to"]),
                    text: text(&one["text"]),
                    key: text(&one["ref"]),
                };
                body["messages"].as_array().unwrap().iter().map(one).collect()
            }
        }
    }

    fn accepts(&self, all: &[(Asked, String)]) -> Vec<u8> {
        if *self == Self::Single {
            let location = format!("Location: /v1/messages/{}\r\n", all[0].1);
            return answer_with(201, &location, &self.body(&[]));
        }
        // In the reverse order: results are matched by what they say, never by position.
        let results: Vec<Value> = all.iter().rev().map(|(asked, id)| self.result(asked, id)).collect();
        answer(200, &self.body(&results))
    }
}

pub fn read(text: &str) -> Profile {
    Profile::from_source(&Source::new("profile.yaml", text))
        .unwrap_or_else(|problems| panic!("{}", problems.render(false)))
}

/// The text with other lines from the one that begins with `from` up to the one that begins with `to`.
fn between(text: &str, from: &str, to: &str, instead: &str) -> String {
    let start = text.find(&format!("\n{from}")).unwrap() + 1;
    let end = text.find(&format!("\n{to}")).unwrap() + 1;
    format!("{}{instead}{}", &text[..start], &text[end..])
}
