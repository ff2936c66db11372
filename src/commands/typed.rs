//! What was typed, read; and what is said where it cannot be: what is wrong, and the command that was probably meant.

use std::io::{ErrorKind as ErrorKindOfIo, Write};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Error, FromArgMatches};

use super::exit::{Code, Failure};
use super::flags::quoted;
use crate::cli::{self, Cli};
use crate::diagnostic::did_you_mean;
use crate::report::layout::next;

/// How clap's messages end. What to type takes its place.
const CLAPS_END: &str = "\nFor more information, try '--help'.\n";

/// The words behind the program's name.
fn words() -> Vec<String> {
    std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect()
}

/// What was typed, with another word for a wrong one, where that stands there by itself.
pub fn instead(wrong: &str, right: &str) -> Option<String> {
    replaced(&words(), wrong, right)
}

fn replaced(typed: &[String], wrong: &str, right: &str) -> Option<String> {
    let mut places = (0..typed.len()).filter(|at| typed.get(*at).is_some_and(|one| one == wrong));
    let at = places.clone().find(|at| !is_value(typed, *at)).or_else(|| places.next())?;
    let words = typed.iter().enumerate().map(|(place, one)| if place == at { right } else { one });
    Some(command(words))
}

/// Whether a word is the value of the option before it.
fn is_value(typed: &[String], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| typed.get(before)?.strip_prefix("--"));
    let Some(option) = before.filter(|option| !option.contains('=')) else { return false };
    let command = cli::command();
    let verb = typed.iter().find_map(|word| command.find_subcommand(word)).unwrap_or(&command);
    let mut all = command.get_arguments().chain(verb.get_arguments());
    all.any(|one| one.get_long() == Some(option) && one.get_action().takes_values())
}

/// Words as they are typed.
fn command<'w>(words: impl Iterator<Item = &'w str>) -> String {
    let words: Vec<String> = words.map(quoted).collect();
    format!("sendplan {}", words.join(" "))
}

/// What was typed, once more.
pub fn again() -> String {
    command(words().iter().map(String::as_str))
}

/// How the help of the verb that was typed is asked for.
pub fn help() -> String {
    format!("sendplan {}--help", verb(&words()))
}

/// The command line of this process. Ends it where help was asked for or something is wrong.
pub fn parse() -> Cli {
    let read = cli::command().try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches));
    read.unwrap_or_else(|mut error| {
        if !error.use_stderr() {
            std::process::exit(shown(&error) as i32)
        }
        if error.kind() == ErrorKind::UnknownArgument {
            // That a slip could be meant as a value is no help to anybody here: values of ours do not begin with `-`.
            error.remove(ContextKind::Suggested);
        }
        say(&error, &words());
        std::process::exit(error.exit_code())
    })
}

/// Prints what was asked for: help, or the version.
fn shown(asked: &Error) -> Code {
    match asked.print().and_then(|()| std::io::stdout().flush()) {
        // A reader that has gone (`| head`) wants no more.
        Err(error) if error.kind() != ErrorKindOfIo::BrokenPipe => {
            let lost = Failure::Output { path: "standard output".to_owned(), why: error.to_string() };
            anstream::eprintln!("\u{1b}[1;31merror\u{1b}[0m: {lost}");
            lost.code()
        }
        _ => Code::Done,
    }
}

/// What the standard library says of numbers, and what people are told.
const NUMBERS: [(&str, &str); 3] = [
    ("invalid digit found in string", "a whole number is wanted"),
    ("cannot parse integer from empty string", "a whole number is wanted"),
    ("number too large to fit in target type", "the number is too large"),
];

fn say(error: &Error, typed: &[String]) {
    let mut text = error.render().ansi().to_string();
    for (theirs, ours) in NUMBERS {
        text = text.replace(theirs, ours);
    }
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
        _ => None,
    };
    // Of several words that are near, the nearest need not be the first that clap names.
    let near = |wrong: &str, kind| match error.get(kind) {
        Some(ContextValue::Strings(words)) => did_you_mean(wrong, words.iter().map(String::as_str))
            .or(words.first().map(String::as_str))
            .map(str::to_owned),
        _ => word(kind),
    };
    let pairs = [
        (ContextKind::InvalidSubcommand, ContextKind::SuggestedSubcommand),
        (ContextKind::InvalidArg, ContextKind::SuggestedArg),
        (ContextKind::InvalidValue, ContextKind::SuggestedValue),
    ];
    let near = pairs.into_iter().find_map(|(wrong, right)| {
        let wrong = word(wrong)?;
        let right = near(&wrong, right)?;
        Some((wrong, right))
    });
    // Behind `help` clap names none.
    let near = near.or_else(|| {
        let wrong = word(ContextKind::InvalidSubcommand)?;
        let right = verb_like(&wrong, typed)?;
        Some((wrong, right))
    });
    if let Some(near) = near.and_then(|(wrong, right)| replaced(typed, &wrong, &right)) {
        return vec![near];
    }
    let wrong = word(ContextKind::InvalidArg);
    let elsewhere = wrong
        .and_then(|wrong| dry_run(&wrong, typed).or_else(|| state(&wrong, typed)))
        .or_else(|| page(typed));
    elsewhere.unwrap_or_else(|| vec![format!("sendplan {}--help", verb(typed))])
}

/// Whoever wants to see first what would be sent has verbs for that.
fn dry_run(wrong: &str, typed: &[String]) -> Option<Vec<String>> {
    if !["--dry-run", "--dryrun", "-n"].contains(&wrong) || typed.first()? != "send" {
        return None;
    }
    let words = typed.iter().enumerate().skip(1);
    let mut campaigns = words.filter(|(at, word)| !word.starts_with('-') && !is_value(typed, *at));
    let campaign = campaigns.next().map(|(_, word)| quoted(word))?;
    let looks = ["plan", "preview"].map(|verb| format!("sendplan {verb} {campaign}"));
    Some(looks.into_iter().chain([format!("sendplan send {campaign} --sandbox")]).collect())
}

/// A state is no argument: it is found, or named by a flag.
fn state(wrong: &str, typed: &[String]) -> Option<Vec<String>> {
    let is_named = typed.iter().any(|word| word.starts_with("--state"));
    if typed.first()? != "state" || wrong.starts_with('-') || is_named {
        return None;
    }
    let words = typed.iter().flat_map(|word| match word == wrong {
        true => vec!["--state", word],
        false => vec![word.as_str()],
    });
    Some(vec![command(words)])
}

/// Pages are files of their own, and no format of what is printed.
fn page(typed: &[String]) -> Option<Vec<String>> {
    let verb =
        typed.first().filter(|verb| ["preview", "rehearse", "report", "plan"].contains(&verb.as_str()))?;
    let at = typed.iter().position(|word| word == "--format=html" || word == "--format")?;
    let is_apart = typed.get(at)? == "--format";
    if is_apart && typed.get(at + 1)? != "html" {
        return None;
    }
    // What is planned is shown by the preview.
    let verb = if verb == "plan" { "preview" } else { verb };
    let rest =
        typed.iter().enumerate().skip(1).filter(|(place, _)| *place != at && !(is_apart && *place == at + 1));
    let page = format!("{verb}.html");
    let words = [verb].into_iter().chain(rest.map(|(_, word)| word.as_str())).chain(["--html", &page]);
    Some(vec![command(words)])
}

/// The verb that was probably meant by a word.
fn verb_like(wrong: &str, typed: &[String]) -> Option<String> {
    let command = cli::command();
    let before = typed.iter().take_while(|word| *word != wrong);
    let at = before.fold(&command, |at, word| at.find_subcommand(word).unwrap_or(at));
    did_you_mean(wrong, at.get_subcommands().map(clap::Command::get_name)).map(str::to_owned)
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
