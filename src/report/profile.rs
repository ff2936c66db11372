//! A gateway's profile as `provider show` prints it: what it needs, what it can, where that is known from.

use std::fmt::Write as _;

use super::layout::Table;
use crate::provider::Profile;

/// The text of people.
pub fn show(profile: &Profile) -> String {
    let mut out = format!("{}: {}\n\n", profile.name(), profile.title());
    let mut facts = Table::new(&[]);
    facts.row(["address", profile.base_url()]);
    facts.row(["sender", profile.sender_description()]);
    facts.row(["recipients", profile.wire_description()]);
    facts.row([
        "requests",
        &match profile.batch_max() {
            1 => "one message each".to_owned(),
            most => format!("up to {most} recipients of one text each"),
        },
    ]);
    out.push_str(&facts.show());
    if !profile.secret_references().is_empty() {
        out.push_str("\nSecrets, from the environment or files:\n");
        let mut secrets = Table::new(&[]);
        for (name, reference) in profile.secret_references() {
            secrets.row([name.as_str(), &reference.to_string()]);
        }
        out.push_str(&secrets.show());
    }
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
