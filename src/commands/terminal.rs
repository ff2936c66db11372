//! Where words go: data to standard output, everything else to standard error; colours and progress only
//! where somebody can see them.

use std::borrow::Cow;
use std::io::{IsTerminal, Write};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anstream::ColorChoice;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::exit::Failure;
use crate::cli::{Color, LogFormat};
use crate::diagnostic::Diagnostics;
use crate::report::events::{Event, What};
use crate::report::status::RunLine;
use crate::unseen::is_unruly;
use crate::world::clock::Clock;

/// The two outputs.
#[derive(Debug, Clone)]
pub struct Terminal {
    quiet: bool,
    color: ColorChoice,
    failed: Arc<OnceLock<String>>,
    log: Option<Log>,
}

/// Where words of one of many campaigns go: they are events among others.
#[derive(Debug, Clone)]
struct Log {
    format: LogFormat,
    clock: Clock,
    campaign: Option<String>,
}

impl Terminal {
    /// As the command line wishes.
    pub fn new(color: Color, quiet: bool) -> Self {
        let color = match color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        color.write_global();
        Self { quiet, color, failed: Arc::default(), log: None }
    }

    /// One that speaks in events, from here on.
    pub fn logging(&self, format: LogFormat, clock: Clock) -> Self {
        Self { log: Some(Log { format, clock, campaign: None }), ..self.clone() }
    }

    /// The same, about one campaign. What would be asked for at a terminal is nobody's question then.
    pub fn about(&self, campaign: &str) -> Self {
        let log = self.log.clone().map(|log| Log { campaign: Some(campaign.to_owned()), ..log });
        Self { log, ..self.clone() }
    }

    /// Something happened.
    pub fn event(&self, what: What, text: impl Into<String>, run: Option<&RunLine>) {
        let Some(Log { format, clock, campaign }) = &self.log else { return };
        let event = Event::new(clock.now().utc, what, campaign.as_deref(), text);
        self.line(&match format {
            LogFormat::Human => event.human(),
            LogFormat::Json => Event { run: run.cloned(), ..event }.json(),
        });
    }

    /// What was asked for.
    pub fn data(&self, text: &str) {
        if self.log.as_ref().is_some_and(|log| log.campaign.is_some()) {
            return;
        }
        let text = if std::io::stdout().is_terminal() { tame(text) } else { Cow::Borrowed(text) };
        let mut out = anstream::AutoStream::new(std::io::stdout(), self.color);
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            // A reader that has gone (`| head`) wants no more.
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                let _ = self.failed.set(error.to_string());
            }
            _ => {}
        }
    }

    /// Why what was asked for could not be written, if so.
    pub fn failure(&self) -> Option<String> {
        self.failed.get().cloned()
    }

    /// Something worth knowing.
    pub fn note(&self, text: &str) {
        if !self.quiet && self.log.is_none() {
            self.say(text);
        }
    }

    /// Something that must be known.
    pub fn say(&self, text: &str) {
        match self.log {
            Some(_) => self.event(What::Note, anstream::adapter::strip_str(text).to_string(), None),
            None => self.line(text),
        }
    }

    fn line(&self, text: &str) {
        let mut err = anstream::AutoStream::new(std::io::stderr(), self.color);
        let _ = writeln!(err, "{}", tame(text));
    }

    /// Problems in files.
    pub fn problems(&self, problems: &Diagnostics) {
        if self.log.is_none() && !problems.is_empty() {
            let mut err = anstream::AutoStream::new(std::io::stderr(), self.color);
            let _ = write!(err, "{}", problems.render(true));
        }
    }

    /// Why a verb ends.
    pub fn fail(&self, failure: &Failure) {
        if let Failure::Invalid { problems, .. } = failure {
            self.problems(problems);
        }
        self.say(&format!("\u{1b}[1;31merror\u{1b}[0m: {failure}"));
    }

    /// A bar for `total` units of work; invisible where nobody could see it.
    pub fn bar(&self, total: u64, style: &str) -> ProgressBar {
        if self.quiet || self.log.is_some() || !std::io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let style = ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(10));
        bar.set_style(style.progress_chars("━╸─"));
        bar.enable_steady_tick(Duration::from_millis(200));
        bar
    }
}

/// The text with signs in the place of what a terminal would obey, but for colours: names, ids and gateways' words stand in
/// what is said, and could write to a clipboard or turn the direction of reading.
fn tame(text: &str) -> Cow<'_, str> {
    let is_wild = |c: char| is_unruly(c) && !matches!(c, '\n' | '\t');
    if !text.contains(is_wild) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(is_wild) {
        let (before, wild) = rest.split_at(at);
        out.push_str(before);
        let kept = colour(wild).unwrap_or_else(|| {
            out.push('\u{fffd}');
            0
        });
        out.push_str(wild.get(..kept).unwrap_or_default());
        let first = wild.chars().next().map_or(0, char::len_utf8);
        rest = wild.get(kept.max(first)..).unwrap_or_default();
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// How many bytes of it choose a colour or a weight (ECMA-48 8.3.117), if they do.
fn colour(text: &str) -> Option<usize> {
    let numbers = text.strip_prefix("\u{1b}[")?;
    let end = numbers.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    numbers.get(end..)?.starts_with('m').then_some("\u{1b}[".len() + end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_told_colours_and_nothing_else() {
        for plain in ["Preview of caf\u{e9} \u{1f600}\n\tM\u{644}", "\u{1b}[1;31merror\u{1b}[0m: no"] {
            assert!(matches!(tame(plain), Cow::Borrowed(same) if same == plain) || tame(plain) == plain);
        }
        for (wild, tamed) in [
            ("id\u{1b}[2J", "id\u{fffd}[2J"),
            ("\u{1b}]52;c;ZXZpbA==\u{7}", "\u{fffd}]52;c;ZXZpbA==\u{fffd}"),
            ("\u{9b}31m\u{202e}x\u{2028}", "\u{fffd}31m\u{fffd}x\u{fffd}"),
            ("\u{1b}", "\u{fffd}"),
            ("\u{1b}[1m\u{1b}[", "\u{1b}[1m\u{fffd}["),
        ] {
            assert_eq!(tame(wild), tamed, "{wild:?}");
        }
    }
}
