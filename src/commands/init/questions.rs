//! Questions to whoever sits at the terminal: one line each, with what is taken where nothing is typed. Where nobody sits,
//! that is taken at once.

use std::io::{BufRead, IsTerminal, Write};

use crate::commands::exit::Failure;

/// A question.
#[derive(Debug, Default)]
pub struct Question<'a> {
    /// What is asked.
    pub words: &'a str,
    /// What should be known before.
    pub explained: Option<&'a str>,
    /// What is taken where nothing is typed.
    pub usual: &'a str,
    /// How that is called where it is empty.
    pub nothing: &'a str,
}

/// Somebody to ask, or nobody.
#[derive(Debug)]
pub struct Questions {
    somebody: bool,
}

impl Questions {
    /// Somebody is there where both sides of the talk are a terminal, unless nothing is to be asked.
    pub fn new(ask_nothing: bool) -> Self {
        let terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        Self { somebody: terminal && !ask_nothing }
    }

    /// Whether somebody can be asked.
    pub fn somebody(&self) -> bool {
        self.somebody
    }

    /// The answer, once it is one: `read` says what is wrong with one that is none. What was said as a flag is not asked.
    pub fn ask<T>(
        &mut self,
        question: &Question<'_>,
        said: Option<&str>,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, Failure> {
        let usual = question.usual;
        if let Some(at_once) = said.or((!self.somebody).then_some(usual)) {
            return read(at_once).map_err(Failure::Input);
        }
        for line in question.explained.iter() {
            say(&format!("{line}\n"))?;
        }
        let shown = if usual.is_empty() { question.nothing } else { usual };
        let shown = if shown.is_empty() { String::new() } else { format!(" [{shown}]") };
        loop {
            let answer = line(&format!("{}{shown}: ", question.words))?;
            match read(if answer.is_empty() { usual } else { &answer }) {
                Ok(answer) => return Ok(answer),
                Err(wrong) => say(&format!("  {wrong}\n"))?,
            }
        }
    }

    /// Says something, where somebody hears it.
    pub fn tell(&self, text: &str) -> Result<(), Failure> {
        if self.somebody { say(&format!("{text}\n")) } else { Ok(()) }
    }
}

fn line(prompt: &str) -> Result<String, Failure> {
    say(prompt)?;
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    match read {
        Ok(0) => Err(Failure::Input("no answer, and nothing was written".to_owned())),
        Ok(_) => Ok(line.trim().to_owned()),
        Err(error) => Err(Failure::Input(format!("cannot read the answer: {error}"))),
    }
}

fn say(text: &str) -> Result<(), Failure> {
    let mut err = std::io::stderr().lock();
    let said = err.write_all(text.as_bytes()).and_then(|()| err.flush());
    said.map_err(|error| Failure::Output { path: "standard error".to_owned(), why: error.to_string() })
}
