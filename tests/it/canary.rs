//! Canaries: secrets and tokens never appear in what the program prints or keeps, however they are shown to the
//! gateway and however it repeats them.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde_json::json;
use sha1::{Digest, Sha1};

use crate::loopback::{Asked, Dialect, Loopback, Reply, Request, answer, granted, whole};
use crate::project::{Project, Said, said};

/// Values with everything in them that some spelling changes.
const USERNAME: &str = "canary.user\"é/7f";
const PASSWORD: &str = "canary pa$$\"w/ö+rd&<9>'";
/// Fit for a header.
const KEY: &str = "canary-key\\88?b1 d2/\"&<=";

/// A gateway's way to be shown credentials, as the lines of a profile that say so.
struct Way {
    name: &'static str,
    secrets: &'static [&'static str],
    auth: &'static str,
    /// More names of the form.
    form: &'static str,
}

const LOGIN: &str = r#"auth:
  headers: { Authorization: "Bearer {{ token.access }}" }
  token:
    login: { method: POST, path: /api/auth, json: { user: "{{ secrets.username }}", password: "{{ secrets.password }}" } }
    refresh: { method: POST, path: /api/auth/refresh, json: { token: "{{ token.refresh }}" } }
    classify:
      - { when: "{{ response.status >= 400 }}", as: auth, reason: "{{ response.text }}" }
      - { when: "{{ response.status == 200 and not response.json?.data }}", as: unknown, reason: "{{ response.text }}" }
    read:
      access: "{{ response.json?.data?.access_token }}"
      expires_at: "{{ response.json?.data?.access_token | jwt(claim='exp') }}"
      expires_in: "{{ response.json?.data?.expires_in }}"
      refresh: "{{ response.json?.data?.refresh_token }}"
"#;

const WAYS: [Way; 7] = [
    Way {
        name: "basic",
        secrets: &["username", "password"],
        auth: "auth:\n  basic: { username: \"{{ secrets.username }}\", password: \"{{ secrets.password }}\" }\n",
        form: "",
    },
    Way {
        name: "query",
        secrets: &["username", "password"],
        auth: "auth:\n  query: { u: \"{{ secrets.username }}\", p: \"{{ secrets.password }}\" }\n",
        form: "",
    },
    Way {
        name: "bearer",
        secrets: &["key"],
        auth: "auth:\n  headers: { Authorization: \"Bearer {{ secrets.key }}\" }\n",
        form: "",
    },
    Way {
        name: "sha1",
        secrets: &["username", "password"],
        auth: "",
        form: ", u: \"{{ secrets.username }}\", p: \"{{ secrets.password | sha1 }}\"",
    },
    Way { name: "form", secrets: &["key"], auth: "", form: ", key: \"{{ secrets.key }}\"" },
    Way { name: "token", secrets: &["username", "password"], auth: LOGIN, form: "" },
    Way { name: "jwt", secrets: &["username", "password"], auth: LOGIN, form: "" },
];

impl Way {
    fn profile(&self) -> String {
        let secrets: Vec<String> = self
            .secrets
            .iter()
            .map(|name| format!("{name}: \"${{env:GATEWAY_{}}}\"", name.to_uppercase()))
            .collect();
        let (secrets, auth, form) = (secrets.join(", "), self.auth, self.form);
        format!(
            r#"version: 1
name: own
title: Repeats what it was told
base_url: https://gateway.example
secrets: {{ {secrets} }}
sender: {{ type: string, description: a sender name }}
address: {{ kind: phone, wire: e164 }}
{auth}send:
  method: POST
  path: /messages
  form: {{ to: "{{{{ recipient }}}}", from: "{{{{ sender }}}}", body: "{{{{ text }}}}"{form} }}
  batch: {{ mode: single }}
classify:
  - {{ when: "{{{{ response.status == 401 }}}}", as: auth, reason: "{{{{ response.text }}}}" }}
  - {{ when: "{{{{ response.status == 403 }}}}", as: config, reason: "{{{{ response.text }}}}" }}
  - {{ when: "{{{{ response.status == 422 }}}}", as: rejected, reason: "{{{{ response.text }}}}" }}
  - {{ when: "{{{{ response.status == 500 }}}}", as: unknown, reason: "{{{{ response.text }}}}" }}
  - {{ when: "{{{{ response.status == 202 }}}}", as: unknown, reason: "{{{{ response.json.data.nothing.there }}}}" }}
results:
  id: "{{{{ response.json?.id }}}}"
"#
        )
    }
}

/// Every spelling of credentials.
fn spellings<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut all = Vec::new();
    for secret in secrets {
        let json = serde_json::to_string(secret).unwrap().trim_matches('"').to_owned();
        let slashed = json.replace('/', "\\/");
        let ascii: String = slashed
            .encode_utf16()
            .map(|unit| match u8::try_from(unit) {
                Ok(byte) if byte.is_ascii() => char::from(byte).to_string(),
                _ => format!("\\u{unit:04x}"),
            })
            .collect();
        let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let percent = form.replace('+', "%20");
        let digest: String = Sha1::digest(secret).iter().map(|byte| format!("{byte:02x}")).collect();
        let html = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        all.extend([
            html.replace('"', "&quot;").replace('\'', "&#39;"),
            html.replace('"', "&#34;").replace('\'', "&#039;"),
            html,
            lower_hex(&form),
            lower_hex(&percent),
            form,
            percent,
            digest.to_uppercase(),
            digest,
            STANDARD.encode(secret).trim_end_matches('=').to_owned(),
            URL_SAFE.encode(secret).trim_end_matches('=').to_owned(),
            json,
            slashed,
            ascii,
            secret.to_owned(),
        ]);
    }
    all.sort();
    all.dedup();
    all
}

/// `%C3` as `%c3`.
fn lower_hex(text: &str) -> String {
    let mut pieces = text.split('%');
    let mut out = pieces.next().unwrap().to_owned();
    for piece in pieces {
        let (hex, rest) = piece.split_at(2);
        out.push_str(&format!("%{}{rest}", hex.to_lowercase()));
    }
    out
}

/// The gateway of these profiles where it does what it should.
struct Plain;

impl Dialect for Plain {
    fn asked(&self, request: &Request) -> Vec<Asked> {
        let form: std::collections::BTreeMap<_, _> =
            url::form_urlencoded::parse(request.raw.as_bytes()).into_owned().collect();
        let digits = form["to"].trim_start_matches('+').to_owned();
        vec![Asked { digits, text: form["body"].clone(), key: String::new() }]
    }

    fn accepts(&self, all: &[(Asked, String)]) -> Vec<u8> {
        answer(200, &json!({"id": all[0].1}))
    }
}

/// A campaign with credentials that must not be seen again.
struct Watched {
    project: Project,
    seen: Vec<(String, Vec<u8>)>,
    tokens: Vec<String>,
}

impl Watched {
    fn new(profile: &str, url: &str, people: u64) -> Self {
        let project = Project::with_profile(profile, url, people, 1, "");
        // One request at a time: what the gateway does to which of them is in its script.
        let manifest = std::fs::read_to_string(project.path("campaigns/c/campaign.yaml")).unwrap();
        let manifest =
            manifest.replace("name: c\n", "name: watched\n").replace("concurrency: 4", "concurrency: 1");
        project.write("campaigns/c/campaign.yaml", &manifest);
        // An older state, so that there is a copy of it as well.
        project.write(".sendplan/state.db", "");
        std::fs::write(project.state(), include_bytes!("old/state-v1.db")).unwrap();
        let sql = rusqlite::Connection::open(project.state()).unwrap();
        sql.execute(r#"UPDATE runs SET pinned = replace(pinned, '"sandbox":true', '"sandbox":false')"#, ())
            .unwrap();
        Self { project, seen: Vec::new(), tokens: Vec::new() }
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = self.project.command(arguments);
        command
            .env("GATEWAY_USERNAME", USERNAME)
            .env("GATEWAY_PASSWORD", PASSWORD)
            .env("GATEWAY_KEY", KEY)
            .env("MOBICONNECT_USERNAME", USERNAME)
            .env("MOBICONNECT_PASSWORD", PASSWORD)
            .env("MOBICONNECT_APP_KEY", KEY);
        command
    }

    /// Runs the program and keeps what it says.
    fn run(&mut self, arguments: &[&str]) -> Said {
        let said = said(self.command(arguments).output().unwrap());
        self.keep(arguments, &said);
        said
    }

    fn keep(&mut self, arguments: &[&str], said: &Said) {
        self.seen.push((arguments.join(" "), format!("{}\n{}", said.out, said.err).into_bytes()));
    }

    fn send(&mut self) -> Said {
        self.run(&["send", "campaigns/c"])
    }

    /// Every verb that shows something, then everything that was said and every file that was written.
    #[track_caller]
    fn must_be_clean(mut self, tokens: &[&str]) -> String {
        self.tokens.extend(tokens.iter().map(|token| (*token).to_owned()));
        for arguments in [
            &["check"][..],
            &["preview", "campaigns/c"],
            &["plan", "campaigns/c", "--rejects", "rejects.csv"],
            &["plan", "campaigns/c", "--format", "json"],
            &["status"],
            &["status", "--format", "json"],
            &["status", "--sandbox", "--format", "json"],
            &["provider", "show", "providers/own.yaml"],
            &["provider", "test", "providers/own.yaml"],
        ] {
            self.run(arguments);
        }
        let written = std::fs::read_dir(self.project.path(".sendplan")).unwrap();
        let mut files: Vec<_> = written.map(|entry| entry.unwrap().path()).collect();
        files.push(self.project.path("rejects.csv"));
        for file in files.into_iter().filter(|file| file.is_file()) {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            self.seen.push((name, std::fs::read(&file).unwrap()));
        }
        let all = everything(&self.tokens);
        for (place, bytes) in &self.seen {
            let text = String::from_utf8_lossy(bytes);
            for secret in &all {
                let near =
                    text.find(secret.as_str()).map(|at| text[at..].chars().take(80).collect::<String>());
                assert!(near.is_none(), "`{secret}` stands in `{place}`: {near:?}");
            }
        }
        let names: Vec<&str> = self.seen.iter().map(|(name, _)| name.as_str()).collect();
        names.join("\n")
    }
}

/// Every spelling of everything that a test of this file hands out.
fn everything(tokens: &[String]) -> Vec<String> {
    let basic = STANDARD.encode(format!("{USERNAME}:{PASSWORD}"));
    let mut all = spellings([USERNAME, PASSWORD, KEY].into_iter().chain(tokens.iter().map(String::as_str)));
    all.extend([basic.trim_end_matches('=').to_owned(), basic]);
    all
}

/// Everything that a gateway could repeat of what it was shown.
fn echoes(way: &Way) -> Vec<String> {
    let (token, refresh) = tokens(way);
    let mut all = match way.auth == LOGIN {
        true => spellings([USERNAME, PASSWORD, token, &refresh]),
        false if way.secrets == ["key"] => spellings([KEY]),
        false => spellings([USERNAME, PASSWORD]),
    };
    if way.name == "basic" {
        let basic = STANDARD.encode(format!("{USERNAME}:{PASSWORD}"));
        all.extend([basic.trim_end_matches('=').to_owned(), basic]);
    }
    all
}

const SHORT_TOKEN: &str = "tok-7Qé\"x";
const JWT: &str =
    "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjQwMDAwMDAwMDAsInN1YiI6ImNhbmFyeSJ9.c2lnbmF0dXJlLW9mLWNhbmFyeQ";

/// The token that a log-in gives, and what renews it.
fn tokens(way: &Way) -> (&'static str, String) {
    let token = if way.name == "jwt" { JWT } else { SHORT_TOKEN };
    (token, format!("refresh-of-{token}"))
}

/// What a gateway does that repeats what it was told, a spelling a request.
fn repeat(way: &Way, request: &Request) -> Option<Reply> {
    if request.path.starts_with("/api/auth") {
        return Some(Reply::Json(200, granted(tokens(way).0)));
    }
    let all = echoes(way);
    let echo = &all[request.send as usize % all.len()];
    let page = format!("<html>Wrong: {echo}, {echo}</html>");
    const TEXT: &str = "Content-Type: text/plain\r\n";
    Some(Reply::Whole(match request.send {
        n if n % 11 == 1 => whole(422, TEXT, &format!("refused ({echo})")),
        n if n % 11 == 2 => whole(500, TEXT, &format!("\"{echo}\" broke it")),
        n if n % 11 == 3 => whole(200, "Content-Type: text/html\r\n", &page),
        n if n % 11 == 4 => answer(200, &json!({"id": format!("id-{echo}")})),
        n if n % 11 == 5 => whole(202, "Content-Type: application/json\r\n", &json!([echo]).to_string()),
        n if n % 11 == 6 && !echo.contains(['é', 'ö']) => {
            whole(200, &format!("Content-Type: text/{echo}\r\n"), &page)
        }
        n => answer(200, &json!({ "id": format!("m-{n}") })),
    }))
}

#[test]
fn a_gateway_that_repeats_what_it_was_told_teaches_nobody_a_secret() {
    for way in &WAYS {
        let gateway = Loopback::of(Plain, move |request| repeat(way, request));
        let (token, refresh) = tokens(way);
        let requests = 7 * echoes(way).len() as u64;
        let mut watched = Watched::new(&way.profile(), &gateway.url(), requests);
        let said = watched.send();
        assert_eq!(said.code, 6, "{}: {said:?}", way.name);
        let shown = gateway.requests().iter().any(shows_a_secret);
        assert!(shown, "{}: the gateway was shown nothing", way.name);
        let seen = watched.must_be_clean(&[token, &refresh]);
        for place in ["state.db", "state.db.v1.bak", "rejects.csv", "status --format json"] {
            assert!(seen.contains(place), "{place} was not looked at:\n{seen}");
        }
    }
}

fn shows_a_secret(request: &Request) -> bool {
    let whole = format!("{:?} {}", request.headers, request.raw);
    everything(&[]).iter().any(|secret| whole.contains(secret.as_str())) || whole.contains("Bearer")
}

#[test]
fn a_refusal_that_repeats_a_credential_stops_the_run_without_it() {
    for way in &WAYS {
        let (token, refresh) = tokens(way);
        let all = echoes(way);
        // A run for each of a few spellings would take long: all of them at once, in a body that is cut only
        // after they are out of it.
        for (status, code) in [(401, 8), (403, 8)] {
            let echo = all.join(" ");
            let gateway = Loopback::of(Plain, move |request| match request.path.as_str() {
                path if path.starts_with("/api/auth") => Some(Reply::Json(200, granted(token))),
                _ => Some(Reply::Whole(whole(status, "Content-Type: text/plain\r\n", &echo))),
            });
            let mut watched = Watched::new(&way.profile(), &gateway.url(), 5);
            let said = watched.send();
            assert_eq!(said.code, code, "{}: {said:?}", way.name);
            assert!(said.err.contains("[redacted]"), "{}: {said:?}", way.name);
            watched.must_be_clean(&[token, &refresh]);
        }
    }
}

#[test]
fn a_log_in_that_repeats_the_credential_teaches_nobody() {
    let way = WAYS.iter().find(|way| way.name == "token").unwrap();
    let all = spellings([USERNAME, PASSWORD]);
    for first in (0..all.len()).step_by(9) {
        let some = all[first..all.len().min(first + 9)].join(" ");
        for (status, kind, code) in [
            (401, "text/plain", 8),
            (400, "application/json", 8),
            (200, "text/html", 4),
            (302, "text/html", 8),
        ] {
            let body = some.clone();
            let gateway = Loopback::of(Plain, move |_| {
                let head = format!("Content-Type: {kind}\r\nLocation: /?{}\r\n", "canary-location");
                Some(Reply::Whole(whole(status, &head, &body)))
            });
            let mut watched = Watched::new(&way.profile(), &gateway.url(), 2);
            let said = watched.send();
            assert_eq!(said.code, code, "{status} {kind}: {said:?}");
            watched.must_be_clean(&[]);
            if first > 0 && status != 401 {
                break;
            }
        }
    }
}

#[test]
fn a_log_that_a_kill_left_holds_no_secret() {
    let way = &WAYS[0];
    let gateway =
        Loopback::of(
            Plain,
            move |request| {
                if request.send == 20 { Some(Reply::Wait) } else { repeat(way, request) }
            },
        );
    let mut watched = Watched::new(&way.profile(), &gateway.url(), 30);
    let mut child = watched.command(&["send", "campaigns/c"]).spawn().unwrap();
    while !gateway.is_waited_at() {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it was killed");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    for name in ["state.db-wal", "state.db-shm"] {
        let bytes = std::fs::read(watched.project.path(".sendplan").join(name)).unwrap();
        watched.seen.push((name.to_owned(), bytes));
    }
    gateway.release();
    watched.must_be_clean(&[]);
}

#[test]
fn a_credential_that_cannot_be_sent_is_not_shown() {
    let bearer = WAYS.iter().find(|way| way.name == "bearer").unwrap();
    let gateway = Loopback::of(Plain, |_| None);
    for odd in [format!("{KEY}\n{KEY}"), format!("{KEY}\u{1}")] {
        let mut watched = Watched::new(&bearer.profile(), &gateway.url(), 3);
        let output = watched.command(&["send", "campaigns/c"]).env("GATEWAY_KEY", &odd).output().unwrap();
        let said = said(output);
        assert_eq!(said.code, 8, "{said:?}");
        watched.keep(&["send"], &said);
        watched.must_be_clean(&[]);
    }
    assert!(gateway.requests().is_empty());
}

#[test]
fn a_sandbox_is_shown_no_secret_and_keeps_none() {
    let mut watched = Watched::new(&WAYS[0].profile(), "https://gateway.example", 3);
    let manifest = std::fs::read_to_string(watched.project.path("campaigns/c/campaign.yaml")).unwrap();
    let built_in =
        manifest.replace("../../providers/own.yaml", "mobiconnect").replace("sender: Acme", "sender: 1");
    watched.project.write("campaigns/c/campaign.yaml", &built_in);
    let said = watched.run(&["send", "campaigns/c", "--sandbox"]);
    assert_eq!(said.code, 0, "{said:?}");
    watched.must_be_clean(&[]);
}

/// Literal secrets in files that are committed: refused, and not repeated, whatever else is wrong beside them.
#[test]
fn a_literal_secret_is_refused_and_not_repeated() {
    let basic = WAYS[0].profile();
    const PLAIN: &str = "canary-literal-4711";
    let cases = [
        basic.replace("${env:GATEWAY_USERNAME}", PLAIN).replace("${env:GATEWAY_PASSWORD}", PLAIN),
        basic.replace("\"${env:GATEWAY_PASSWORD}\" }", &format!("{PLAIN}, unused: \"${{env:X}}\" }}")),
        basic.replace("\"${env:GATEWAY_PASSWORD}\" }", &format!("[{PLAIN}] }}")),
        basic.replace("secrets: {", &format!("secrets: {PLAIN} #")),
        basic.replace("password: \"{{ secrets.password }}\" }", &format!("password: {PLAIN}, realm: x }}")),
        basic.replace("form: { to:", &format!("form: {{ api_key: {PLAIN}, odd: \"{{{{ nothing }}}}\", to:")),
        basic.replace("https://gateway.example", &format!("https://me:{PLAIN}@gateway.example")),
        basic.replace(
            "path: /messages",
            &format!("path: /messages\n  headers: {{ Authorization: Bearer {PLAIN} }}"),
        ),
        basic.replace("send:\n", &format!("vars: {{ api_key: {PLAIN}, other: [ }}\nsend:\n")),
        basic.replace("send:\n", &format!("vars: {{ api_key: {PLAIN} }}\nsend:\n  verb: x\n")),
    ];
    for (at, profile) in cases.iter().enumerate() {
        assert!(profile.contains(PLAIN), "{at}");
        let mut watched = Watched::new(profile, "https://gateway.example", 3);
        assert_eq!(watched.send().code, 3, "{at}");
        watched.must_be_clean(&[]).clear();
        let project = Project::with_profile(profile, "https://gateway.example", 3, 1, "");
        let said = project.run(&["check", "campaigns/c"]);
        let shown = project.run(&["provider", "show", "providers/own.yaml"]);
        for said in [said, shown] {
            assert_eq!(said.code, 3, "{at}: {said:?}");
            assert!(!said.err.contains("4711"), "{at}: {}", said.err);
        }
    }
}

#[test]
fn a_literal_secret_in_a_manifest_is_refused_and_not_repeated() {
    const PLAIN: &str = "canary-literal-4711";
    let project = Project::with_profile(&WAYS[0].profile(), "https://gateway.example", 3, 1, "");
    let manifest = std::fs::read_to_string(project.path("campaigns/c/campaign.yaml")).unwrap();
    let cases = [
        format!("{manifest}vars: {{ api_key: {PLAIN}, password: {PLAIN} }}\n"),
        manifest
            .replace("batch_max: 1", "")
            .replace("providers/own.yaml,", &format!("providers/own.yaml, vars: {{ api_key: {PLAIN} }},")),
        manifest.replace("https://gateway", &format!("https://me:{PLAIN}@gateway")),
        manifest.replace("version: 1", &format!("version: 1\npassword: {PLAIN}")),
        manifest.replace("providers/own.yaml,", &format!("providers/own.yaml, api_key: {PLAIN},")),
    ];
    for (at, manifest) in cases.iter().enumerate() {
        assert!(manifest.contains(PLAIN), "{at}");
        project.write("campaigns/c/campaign.yaml", manifest);
        for verb in ["check", "plan", "preview", "send"] {
            let said = project.run(&[verb, "campaigns/c"]);
            assert_eq!(said.code, 3, "{at}: {said:?}");
            assert!(!said.err.contains("4711"), "{at}: {}", said.err);
        }
    }
}
