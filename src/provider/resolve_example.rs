//! From the recorded exchanges of the file to examples.

use crate::provider::class::Class;
use crate::provider::compile::Compiler;
use crate::provider::example::{Example, Exchange, Message, RecordedRequest, RecordedResponse};
use crate::provider::raw_example as raw;
use crate::provider::wire::Wire;
use crate::yaml::Node;

pub(super) fn all(
    compiler: &mut Compiler<'_>,
    raw: Vec<raw::Example>,
    wire: Option<Wire>,
) -> Option<Vec<Example>> {
    let read: Vec<Option<Example>> = raw.into_iter().map(|one| example(compiler, one, wire)).collect();
    read.into_iter().collect()
}

fn example(compiler: &mut Compiler<'_>, raw: raw::Example, wire: Option<Wire>) -> Option<Example> {
    let exchange = raw.exchange?;
    let message = match (exchange.value, raw.message) {
        (Exchange::Send, Some(message)) => Some(recorded_message(compiler, message, wire)?),
        (Exchange::Send, None) => {
            compiler.error("an example of `send` needs a `message`", &exchange.span, "");
            return None;
        }
        (_, Some(_)) => {
            compiler.error("only an example of `send` has a `message`", &exchange.span, "");
            return None;
        }
        (_, None) => None,
    };
    let members = message.as_ref().map_or(1, |message| message.recipients.len());
    let expect: Vec<(Class, Option<String>)> = raw
        .expect?
        .into_iter()
        .filter_map(|one| Some((one.class?.value, one.id.map(|id| id.value))))
        .collect();
    if expect.len() != members {
        let title = format!("`expect` has {} entries for {members} messages", expect.len());
        compiler.error(title, &exchange.span, "one for each recipient, in their order");
        return None;
    }
    let request = match raw.request {
        Some(request) => Some(recorded_request(request)?),
        None => None,
    };
    let response = recorded_response(compiler, raw.response?)?;
    Some(Example { name: raw.name?.value, exchange: exchange.value, message, request, response, expect })
}

fn recorded_message(
    compiler: &mut Compiler<'_>,
    raw: raw::ExampleMessage,
    wire: Option<Wire>,
) -> Option<Message> {
    let recipients = raw.recipients?;
    for recipient in &recipients {
        if let Some(Err(error)) = wire.map(|wire| wire.text(&recipient.value)) {
            compiler.error(error.to_string(), &recipient.span, "");
        }
    }
    Some(Message {
        text: raw.text?.value,
        recipients: recipients.into_iter().map(|one| one.value).collect(),
        sender: raw.sender?.to_json(),
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

fn recorded_request(raw: raw::ExampleRequest) -> Option<RecordedRequest> {
    Some(RecordedRequest {
        method: raw.method?.value,
        path: raw.path?.value,
        headers: raw.headers.unwrap_or_default().into_iter().collect(),
        json: raw.json.as_ref().map(Node::to_json),
    })
}
