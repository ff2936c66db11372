//! A copy of a template that tells which ways its texts take through it: which branch of each `{% if … %}`. It is made
//! for people who want to see a text of each, and shows nothing itself.

use super::render::{NAME, Scratch, Template};
use super::way::Way;
use crate::expression::{Kind, Program, taken};
use crate::message::filters;
use crate::message::plain::RESERVED;
use crate::message::recipient::Recipient;

/// See the module.
#[derive(Debug)]
pub struct Traced {
    template: Template,
    scratch: Scratch,
    text: String,
}

impl Template {
    /// The same, with the ways through it.
    #[must_use]
    pub fn with_ways(self, ways: Vec<Way>) -> Self {
        Self { ways, ..self }
    }

    /// The ways through it, in the order in which their tags stand.
    pub fn ways(&self) -> &[Way] {
        &self.ways
    }

    /// A copy that tells which ways its texts take, where it has any. `scratch` is of this template, for its readers.
    /// Nothing for one that is so long or so involved that it cannot be followed.
    pub fn traced(&self, scratch: Scratch) -> Option<Traced> {
        if self.ways.is_empty() {
            return None;
        }
        let mut program = Program::new();
        filters::offer(&mut program);
        let source = program.marked(&self.source);
        let known: Vec<&str> = self.columns.iter().map(|(name, _)| name.as_str()).chain(RESERVED).collect();
        program.add(NAME, &source, Kind::Text, &known).ok()?;
        let template = Self { program, source, pieces: None, shared: None, ..self.clone() };
        Some(Traced { template, scratch, text: String::new() })
    }
}

impl Traced {
    /// The ways that somebody's text takes, by their numbers in [`Template::ways`]; nothing where the copy is too much
    /// work, which its marks are a part of.
    pub fn ways<'r>(
        &mut self,
        cell: impl Fn(usize) -> &'r str,
        recipient: &Recipient<'_>,
    ) -> Option<Vec<usize>> {
        let Self { template, scratch, text } = self;
        let (rendered, ways) = taken(|| template.render_row(cell, recipient, scratch, text));
        rendered.is_ok().then_some(ways)
    }
}
