//! Real commands for the help of each verb, and the command line with them in it.

use clap::{Command, CommandFactory};

use super::Cli;

/// The words of a verb, and commands as people type them, with what they do.
pub type Examples = (&'static str, &'static [(&'static str, &'static str)]);

/// Of every verb.
pub const EXAMPLES: &[Examples] = &[
    (
        "init",
        &[
            ("sendplan init spring-sale", "asks for what it needs"),
            (
                "sendplan init spring-sale --provider providers/acme.yaml --from customers.xlsx",
                "asks nothing of that",
            ),
            (
                "sendplan init weekly --yes --cron '0 9 * * MON' --timezone Africa/Nairobi",
                "asks nothing at all",
            ),
        ],
    ),
    (
        "check",
        &[
            ("sendplan check", "all campaigns"),
            ("sendplan check campaigns/spring-sale", "one of them"),
            ("sendplan check --format github", "marks the lines of a pull request"),
        ],
    ),
    (
        "audience",
        &[
            ("sendplan audience campaigns/spring-sale", "the columns of its files"),
            ("sendplan audience customers.xlsx", "of a file alone"),
        ],
    ),
    (
        "preview",
        &[
            ("sendplan preview campaigns/spring-sale", "the first, the unusual, the longest"),
            ("sendplan preview campaigns/spring-sale --recipient C-10021", "one person's"),
            ("sendplan preview campaigns/spring-sale --html preview.html", "a page to approve from"),
        ],
    ),
    (
        "plan",
        &[
            ("sendplan plan campaigns/spring-sale --rejects rejects.csv", "who gets nothing, and why"),
            ("sendplan plan campaigns/spring-sale --out plan.json", "a file to commit, for approval"),
            (
                "sendplan plan campaigns/spring-sale --against plan.json --format markdown",
                "what has changed since",
            ),
        ],
    ),
    (
        "rehearse",
        &[
            ("sendplan rehearse campaigns/spring-sale", "when what goes out"),
            (
                "sendplan rehearse campaigns/spring-sale --fault 429:5%,crash:3 --html run.html",
                "in bad weather, as a page",
            ),
        ],
    ),
    (
        "send",
        &[
            ("sendplan send campaigns/spring-sale --sandbox", "nothing leaves the machine"),
            ("sendplan send campaigns/spring-sale --plan plan.json", "only what was approved"),
            ("sendplan send campaigns/spring-sale", "for real; again, where it was interrupted"),
        ],
    ),
    (
        "run",
        &[
            ("sendplan run --listen 127.0.0.1:9464", "every campaign on its schedule"),
            ("sendplan run --once", "whatever is due, for cron and CI"),
            (
                "sendplan run --once --hold-to-plans",
                "and nothing but what was approved, where there is a plan.json",
            ),
        ],
    ),
    (
        "status",
        &[
            ("sendplan status", "all campaigns"),
            ("sendplan status spring-sale --format json", "one, for machines"),
        ],
    ),
    (
        "report",
        &[
            ("sendplan report spring-sale --refresh", "asks the gateway first"),
            ("sendplan report spring-sale --format csv", "a row for each message"),
            ("sendplan report spring-sale --html report.html", "a page to look at or to send on"),
        ],
    ),
    ("pause", &[("sendplan pause spring-sale --reason 'wrong price'", "nothing new of it goes out")]),
    ("resume", &[("sendplan resume spring-sale", "it may go on")]),
    ("cancel", &[("sendplan cancel spring-sale --reason 'shop is closed'", "for good")]),
    (
        "optout",
        &[
            ("sendplan optout +254700000001 --reason 'rang us'", "nobody sends to this number any more"),
            ("sendplan optout - < list.txt", "a number a line"),
            ("sendplan optout --list", "who is recorded"),
        ],
    ),
    (
        "resolve",
        &[
            ("sendplan resolve spring-sale", "who may have got it or not"),
            ("sendplan resolve spring-sale --reconcile", "asks the gateway's own list"),
            ("sendplan resolve spring-sale --assume-sent --reason 'seen in the portal'", "decides"),
        ],
    ),
    (
        "state",
        &[
            ("sendplan state backup state-2026-12-01.db", "a copy, also while it sends"),
            ("sendplan state verify", "proves that it is sound"),
        ],
    ),
    ("state backup", &[("sendplan state backup state-2026-12-01.db", "a copy, also while it sends")]),
    ("state verify", &[("sendplan state verify", "proves that it is sound")]),
    ("state prune", &[("sendplan state prune --older-than 90d --dry-run", "what would be deleted")]),
    (
        "provider",
        &[
            ("sendplan provider list", "all that are built in"),
            ("sendplan provider test providers/acme.yaml", "one of your own"),
        ],
    ),
    ("provider list", &[("sendplan provider list", "all that are built in")]),
    ("provider show", &[("sendplan provider show providers/acme.yaml", "what it needs, and what it can")]),
    ("provider test", &[("sendplan provider test providers/acme.yaml", "one of your own")]),
    (
        "schema",
        &[
            ("sendplan schema campaign > schemas/campaign.schema.json", "for editors"),
            ("sendplan schema campaign --format markdown", "to read"),
        ],
    ),
    (
        "completions",
        &[
            ("sendplan completions bash > ~/.local/share/bash-completion/completions/sendplan", ""),
            ("sendplan completions zsh > ~/.zfunc/_sendplan", "with ~/.zfunc in fpath"),
            ("sendplan completions fish > ~/.config/fish/completions/sendplan.fish", ""),
        ],
    ),
    (
        "man",
        &[
            ("sendplan man ~/.local/share/man/man1", "then: man sendplan-send"),
            ("sendplan man | man -l -", "at once"),
        ],
    ),
];

/// The command line, with examples in the help of each verb.
pub fn command() -> Command {
    EXAMPLES.iter().fold(Cli::command(), |command, (verb, examples)| {
        let words: Vec<&str> = verb.split(' ').collect();
        with(command, &words, &block(examples))
    })
}

fn with(command: Command, verb: &[&str], text: &str) -> Command {
    match verb {
        [] => command.after_help(text.to_owned()),
        [first, rest @ ..] => command.mut_subcommand(first, |command| with(command, rest, text)),
    }
}

/// What a command does stands beside it where all of that has room in a terminal, else above it: a comment that goes on in
/// the next line is none.
const WIDTH: usize = 80;

fn block(examples: &[(&str, &str)]) -> String {
    let longest = examples.iter().map(|(command, _)| command.len()).max().unwrap_or(0);
    let beside = |command: &str, what: &str| format!("  {command:<longest$}  # {what}");
    let has_room = examples.iter().all(|(command, what)| beside(command, what).len() <= WIDTH);
    let lines = examples.iter().map(|(command, what)| match *what {
        "" => format!("  {command}"),
        what if has_room => beside(command, what),
        what => format!("  # {what}\n  {command}"),
    });
    format!("Examples:\n{}", lines.collect::<Vec<_>>().join("\n"))
}
