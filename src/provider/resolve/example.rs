//! From the recorded exchanges of the file to examples.

use chrono::DateTime;

use crate::provider::example::{
    About, Example, Exchange, Expected, Message, RecordedBody, RecordedRequest, RecordedResponse,
};
use crate::provider::exchange::Method;
use crate::provider::part::Part;
use crate::provider::raw::example as raw;
use crate::provider::resolve::compile::Compiler;
use crate::provider::wire::Wire;
use crate::yaml::all;
use crate::yaml::{Node, Spanned};

pub(super) fn examples(
    compiler: &mut Compiler<'_>,
    raw: Vec<raw::Example>,
    wire: Option<Wire>,
) -> Option<Vec<Example>> {
    let read: Vec<Option<Example>> = raw.into_iter().map(|one| example(compiler, one, wire)).collect();
    read.into_iter().collect()
}

fn example(compiler: &mut Compiler<'_>, raw: raw::Example, wire: Option<Wire>) -> Option<Example> {
    let exchange = raw.exchange?;
    let message = raw.message.map(|message| recorded_message(compiler, message, wire));
    let about = raw.about.map(|about| recorded_about(compiler, about, wire));
    if !has_its_parts(compiler, &exchange, message.is_some(), about.is_some()) {
        return None;
    }
    let (message, about) = (all(message)?, all(about)?);
    let expect: Vec<Expected> = raw
        .expect?
        .into_iter()
        .map(|one| Expected {
            class: one.class.map(|class| class.value),
            id: one.id.map(|id| id.value),
            address: one.address.map(|address| address.value),
            outcome: one.outcome.map(|outcome| outcome.value),
        })
        .collect();
    let members = message.as_ref().map_or(1, |message| message.recipients.len());
    if expect.len() != members && !matches!(exchange.value, Exchange::List | Exchange::Inbound) {
        let plural = |n: usize, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
        let title = format!(
            "`expect` has {} for {}",
            plural(expect.len(), "entry", "entries"),
            plural(members, "message", "messages")
        );
        compiler.error(title, &exchange.span, "one for each recipient, in their order");
        return None;
    }
    says_what_it_means(compiler, &exchange, &expect)?;
    let request = raw.request.map(|request| recorded_request(compiler, request));
    Some(Example {
        name: raw.name?.value,
        exchange: exchange.value,
        secrets: raw.secrets,
        message,
        about,
        request: all(request)?,
        response: recorded_response(compiler, raw.response?)?,
        expect,
    })
}

/// A sending has a message, a question says about which one it is, a log-in has neither.
fn has_its_parts(
    compiler: &mut Compiler<'_>,
    exchange: &Spanned<Exchange>,
    message: bool,
    about: bool,
) -> bool {
    let (needs_message, needs_about) = match exchange.value {
        Exchange::Login | Exchange::Refresh | Exchange::Inbound => (false, false),
        Exchange::Send => (true, false),
        Exchange::Status | Exchange::Cancel | Exchange::List => (false, true),
    };
    for (has, needs, name) in [(message, needs_message, "message"), (about, needs_about, "about")] {
        if has != needs {
            let verb = if needs { "needs" } else { "has no" };
            compiler.error(format!("an example of this exchange {verb} `{name}`"), &exchange.span, "");
        }
    }
    (message, about) == (needs_message, needs_about)
}

/// An expectation without the word that counts would hold whatever the answer said.
fn says_what_it_means(
    compiler: &mut Compiler<'_>,
    exchange: &Spanned<Exchange>,
    expect: &[Expected],
) -> Option<()> {
    let (word, fits): (&str, fn(&Expected) -> bool) = match exchange.value {
        Exchange::Login | Exchange::Refresh | Exchange::Send => ("class", |one| one.class.is_some()),
        Exchange::Status | Exchange::Cancel => ("outcome", |one| one.outcome.is_some()),
        Exchange::List => ("id", |one| one.id.is_some()),
        Exchange::Inbound => ("address", |one| one.address.is_some()),
    };
    if expect.iter().all(fits) {
        return Some(());
    }
    compiler.error(format!("every entry of `expect` needs `{word}` here"), &exchange.span, "");
    None
}

fn check_address(compiler: &mut Compiler<'_>, address: &Spanned<String>, wire: Option<Wire>) {
    if let Some(Err(error)) = wire.map(|wire| wire.text(&address.value)) {
        compiler.error(error.to_string(), &address.span, "");
    }
}

fn recorded_about(compiler: &mut Compiler<'_>, raw: raw::ExampleAbout, wire: Option<Wire>) -> Option<About> {
    let recipient = raw.recipient?;
    check_address(compiler, &recipient, wire);
    Some(About { recipient: recipient.value, id: raw.id.map(|id| id.value) })
}

fn recorded_message(
    compiler: &mut Compiler<'_>,
    raw: raw::ExampleMessage,
    wire: Option<Wire>,
) -> Option<Message> {
    let recipients = raw.recipients?;
    recipients.iter().for_each(|recipient| check_address(compiler, recipient, wire));
    let texts: Vec<String> = match (raw.text, raw.texts) {
        (Some(text), None) => vec![text.value],
        (None, Some(texts)) if texts.len() == recipients.len() => {
            texts.into_iter().map(|text| text.value).collect()
        }
        _ => {
            let at = recipients.first()?;
            let help = "`text` is that of all, `texts` has one for each recipient";
            compiler.error("an example has either `text` or `texts`", &at.span, help);
            return None;
        }
    };
    let expires_at = raw.expires_at.map(|text| {
        DateTime::parse_from_rfc3339(&text.value)
            .map(|time| time.to_utc())
            .map_err(|_| compiler.error("this is no time", &text.span, "write it as 2026-01-01T01:00:00Z"))
            .ok()
    });
    let part = raw.part.map(|part| {
        Some(Part { number: part.number?.value, count: part.count?.value, reference: part.reference?.value })
    });
    Some(Message {
        texts,
        recipients: recipients.into_iter().map(|one| one.value).collect(),
        sender: raw.sender?.to_json(),
        part: all(part)?,
        expires_at: all(expires_at)?,
    })
}

fn recorded_response(compiler: &mut Compiler<'_>, raw: raw::ExampleResponse) -> Option<RecordedResponse> {
    let status = raw.status?;
    if raw.json.is_some() && raw.text.is_some() {
        compiler.error("an answer has `json` or `text`, not both", &status.span, "");
        return None;
    }
    let mut headers: Vec<(String, String)> = raw
        .headers
        .unwrap_or_default()
        .into_iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
        .collect();
    if raw.json.is_some() && !headers.iter().any(|(name, _)| name == "content-type") {
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
    }
    Some(RecordedResponse {
        status: status.value,
        headers,
        json: raw.json.as_ref().map(Node::to_json),
        text: raw.text.map(|text| text.value),
    })
}

fn recorded_request(compiler: &mut Compiler<'_>, raw: raw::ExampleRequest) -> Option<RecordedRequest> {
    let word = raw.method?;
    let method = Method::parse(&word.value);
    if method.is_none() {
        compiler.error(format!("`{}` is no HTTP method", word.value), &word.span, "such as `POST`");
    }
    let bodies = [raw.json.is_some(), raw.form.is_some(), raw.text.is_some()];
    if bodies.iter().filter(|there| **there).count() > 1 {
        compiler.error("a request has one body", &word.span, "keep one of `json`, `form` and `text`");
        return None;
    }
    let body = match (raw.json, raw.form, raw.text) {
        (Some(json), _, _) => RecordedBody::Json(json.to_json()),
        (_, Some(form), _) => RecordedBody::Form(form.into_iter().collect()),
        (_, _, Some(text)) => RecordedBody::Text(text.value),
        _ => RecordedBody::None,
    };
    Some(RecordedRequest {
        method: method?,
        path: raw.path?.value,
        query: raw.query.unwrap_or_default().into_iter().collect(),
        headers: raw.headers.unwrap_or_default().into_iter().collect(),
        body,
    })
}
