//! A gateway's profile as `provider show` prints it: what it needs, what it can, where that is known from.

use std::fmt::Write as _;

use super::layout::{Table, count};
use crate::provider::raw::BatchMode;
use crate::provider::{ExampleFailure, Gap, Limits, Profile};

/// The text of people.
pub fn show(profile: &Profile) -> String {
    let mut out = format!("{}: {}\n\n", profile.name(), profile.title());
    let mut facts = Table::new(&[]);
    facts.row(["address", profile.base_url()]);
    facts.row(["sender", profile.sender_description()]);
    facts.row(["recipients", profile.wire_description()]);
    facts.row(["requests", &requests(profile)]);
    facts.row([
        "long texts",
        match (profile.cuts_texts(), profile.counts_segments()) {
            (true, _) => "cut here, one request a part",
            (false, true) => "cut by the gateway",
            (false, false) => "whole: these are no SMS",
        },
    ]);
    if let Some(limits) = limits(profile.limits()) {
        facts.row(["limits", &limits]);
    }
    facts.row(["can", &abilities(profile)]);
    facts.row(["examples", &profile.examples().len().to_string()]);
    out.push_str(&facts.show());
    secrets(profile, &mut out);
    if !profile.vars().is_empty() {
        out.push_str("\nVariables, which a campaign may set as `provider.vars`:\n");
        let mut vars = Table::new(&[]);
        for (name, value) in profile.vars() {
            vars.row([name.as_str(), &value.to_string()]);
        }
        out.push_str(&vars.show());
    }
    if !profile.documentation().is_empty() {
        out.push_str("\nNotes:\n");
        for note in profile.documentation() {
            let _ = writeln!(out, "{}", wrapped(note));
        }
    }
    out
}

fn requests(profile: &Profile) -> String {
    let most = profile.batch_max();
    match profile.batch_mode() {
        BatchMode::Single => "one message each".to_owned(),
        BatchMode::Shared => format!("up to {} of one text each", count(most as u64, "recipient")),
        BatchMode::Personalised => format!("up to {} each", count(most as u64, "message")),
    }
}

fn limits(limits: Limits) -> Option<String> {
    let known = [(limits.requests, "requests"), (limits.messages, "messages"), (limits.segments, "segments")];
    let told: Vec<String> =
        known.iter().filter_map(|(rate, noun)| Some(format!("{noun} {}", (*rate)?))).collect();
    (!told.is_empty()).then(|| told.join(", "))
}

/// What it can beyond sending.
fn abilities(profile: &Profile) -> String {
    let abilities = [
        (profile.can_ask(), "tell what became of a message"),
        (profile.can_cancel(), "call a message back"),
        (profile.can_list(), "list what was sent to an address"),
        (profile.can_hear(), "tell what people have sent back"),
        (profile.is_idempotent(), "carry a message out once, however often it is sent"),
        (profile.sets_expiry(), "drop a message when its time is over"),
    ];
    let told: Vec<&str> = abilities.iter().filter(|(can, _)| *can).map(|(_, what)| *what).collect();
    if told.is_empty() { "send, and nothing else".to_owned() } else { told.join("; ") }
}

fn secrets(profile: &Profile, out: &mut String) {
    let ways = profile.secret_ways();
    let way = |names: &[&str]| {
        let found = profile.secret_references().iter().filter(|(name, _)| names.contains(&name.as_str()));
        found.map(|(_, reference)| reference.to_string()).collect::<Vec<_>>().join(" and ")
    };
    match ways.as_slice() {
        [] => {}
        [only] => {
            out.push_str("\nSecrets, from the environment or files:\n");
            let mut table = Table::new(&[]);
            for (name, reference) in
                profile.secret_references().iter().filter(|(name, _)| only.contains(&name.as_str()))
            {
                table.row([name.as_str(), &reference.to_string()]);
            }
            out.push_str(&table.show());
        }
        several => {
            out.push_str(
                "\nSecrets, from the environment or files; the first of these that is complete is used:\n",
            );
            for names in several {
                let _ = writeln!(out, "  - {}", way(names));
            }
        }
    }
}

/// The examples of a profile, each with what came of it.
pub fn tested(
    profile: &Profile,
    failures: &[ExampleFailure],
    gaps: &[Gap],
    no_sandbox: Option<&str>,
) -> String {
    let mut out = format!("{}: {}\n\n", profile.name(), count(profile.examples().len() as u64, "example"));
    for example in profile.examples() {
        let mut problems = failures.iter().filter(|failure| failure.example == example.name).peekable();
        let word = if problems.peek().is_some() { "FAIL" } else { "ok  " };
        let _ = writeln!(out, "  {word}  {}: {}", example.exchange.name(), example.name);
        for failure in problems {
            for line in failure.problem.to_string().lines() {
                let _ = writeln!(out, "        {line}");
            }
        }
    }
    if !gaps.is_empty() {
        out.push_str("\nNot shown by any example:\n");
        for gap in gaps {
            let _ = writeln!(out, "  - {}", lacking(*gap));
        }
    }
    if let Some(why) = no_sandbox {
        let _ = writeln!(out, "\n`send --sandbox` does not work with it: {why}.");
    }
    out
}

fn lacking(gap: Gap) -> &'static str {
    match gap {
        Gap::Success => "success of `send`: every message accepted, with the request as it must come out",
        Gap::Refusal => {
            "a refusal of `send`: `rejected`, `invalid_recipient`, `opted_out`, `account` or `config`"
        }
        Gap::Throttling => "throttling of `send`: what the gateway answers when it is asked too much",
        Gap::Delivery => "a delivery by `status`: what it answers of a message with `outcome: delivered`",
    }
}

/// A note of several lines under its dash.
fn wrapped(note: &str) -> String {
    const WIDTH: usize = 92;
    let mut lines = vec!["  -".to_owned()];
    for word in note.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(format!("    {word}")),
        }
    }
    lines.join("\n")
}
