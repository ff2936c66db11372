//! What was typed, read; and what is said where it cannot be: what is wrong, and the command that was probably meant.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Error, FromArgMatches};

use super::flags::quoted;
use crate::cli::{self, Cli};
use crate::report::layout::next;

/// How clap's messages end. What to type takes its place.
const CLAPS_END: &str = "\nFor more information, try '--help'.\n";

/// The command line of this process. Ends it where help was asked for or something is wrong.
pub fn parse() -> Cli {
    let read = cli::command().try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches));
    read.unwrap_or_else(|error| {
        if !error.use_stderr() {
            error.exit()
        }
        let typed: Vec<String> =
            std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
        say(&error, &typed);
        std::process::exit(error.exit_code())
    })
}

fn say(error: &Error, typed: &[String]) {
    let text = error.render().ansi().to_string();
    let plain = anstream::adapter::strip_str(&text).to_string();
    let text = match plain.strip_suffix(CLAPS_END) {
        // What is styled ends as it would plainly, with a reset or two in it.
        Some(_) => text.get(..text.rfind("\nFor more information").unwrap_or(text.len())).unwrap_or(&text),
        None => text.as_str(),
    };
    anstream::eprintln!("{}\n\n{}", text.trim_end(), next(&meant(error, typed)).trim_end());
}

/// What to type instead.
fn meant(error: &Error, typed: &[String]) -> Vec<String> {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand && typed.is_empty() {
        return vec!["sendplan init first-campaign".to_owned(), "sendplan status".to_owned()];
    }
    let word = |kind| match error.get(kind) {
        Some(ContextValue::String(word)) => Some(word.clone()),
        Some(ContextValue::Strings(words)) => words.first().cloned(),
        _ => None,
    };
    let pairs = [
        (ContextKind::InvalidSubcommand, ContextKind::SuggestedSubcommand),
        (ContextKind::InvalidArg, ContextKind::SuggestedArg),
        (ContextKind::InvalidValue, ContextKind::SuggestedValue),
    ];
    let near = pairs.into_iter().find_map(|(wrong, right)| Some((word(wrong)?, word(right)?)));
    if let Some((wrong, right)) = near
        && let Some(at) = typed.iter().position(|one| *one == wrong)
    {
        let words = typed.iter().enumerate().map(|(place, one)| if place == at { &right } else { one });
        let words: Vec<String> = words.map(|word| quoted(word)).collect();
        return vec![format!("sendplan {}", words.join(" "))];
    }
    vec![format!("sendplan {}--help", verb(typed))]
}

/// The verb that was typed, if one was, with a space behind it.
fn verb(typed: &[String]) -> String {
    let command = cli::command();
    let mut at = &command;
    let mut words = String::new();
    for word in typed {
        let Some(next) = at.find_subcommand(word) else { continue };
        words.push_str(next.get_name());
        words.push(' ');
        at = next;
    }
    words
}
