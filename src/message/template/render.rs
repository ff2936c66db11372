//! A compiled message, and the text that it makes of a row.

use std::sync::Arc;

use crate::expression::{Context, EvalError, MAX_RENDERED_BYTES, Program, Value};
use crate::message::filters::Clock;
use crate::message::filters::reader::{self, Setting};
use crate::message::hygiene::{self, Flaw};
use crate::message::opt_out::OptOut;
use crate::message::plain::{self, Piece};
use crate::message::recipient::Recipient;
use crate::message::segments::{Reference, is_gsm7};
use crate::message::spelling::respell;
use crate::message::template::way::Way;

/// What the message is called in its program.
pub(super) const NAME: &str = "message";

/// The longest expression that an error repeats, in bytes.
const MOST_NAMED: usize = 80;

/// A compiled message.
#[derive(Debug, Clone)]
pub struct Template {
    pub(super) program: Program,
    /// What was compiled.
    pub(super) source: String,
    /// The columns it uses, with their places.
    pub(super) columns: Vec<(String, usize)>,
    pub(super) uses_recipient: bool,
    /// What does not change from row to row: `vars` and `campaign`.
    pub(super) constants: Context,
    /// The template as copying, when it is so plain.
    pub(super) pieces: Option<Vec<Piece>>,
    /// The text itself, when it is the same for all, and how it was spelled.
    pub(super) shared: Option<(String, Spelling)>,
    /// Flaws of the template itself, at their places in the source.
    pub(super) flaws: Vec<Flaw>,
    /// The columns whose cells become part of a link, with their places in the file.
    pub(super) linked: Vec<usize>,
    /// Whether no text has a flaw whose cells are all tame.
    pub(super) is_tame: bool,
    /// What each text must carry, where it is not certain that it does.
    pub(super) opt_out: Option<Arc<OptOut>>,
    /// How the texts are read and sent.
    pub(super) setting: Setting,
    /// Whether it tells times, or the recipient's zone.
    pub(super) tells_times: bool,
    /// Whether it writes numbers or dates as people of a language do.
    pub(super) writes_by_language: bool,
    /// Whether it says something in the recipient's language, or names that.
    pub(super) asks_language: bool,
    /// Which ways lead through it, where somebody has said where they stand.
    pub(super) ways: Vec<Way>,
}

/// Whose characters a text has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spelling {
    /// Those that were written.
    AsWritten,
    /// GSM-7 lacks some of those that were written, and has its own spelling for them.
    Gsm7,
}

/// What is reused from row to row, by one template on one thread.
#[derive(Debug, Clone)]
pub struct Scratch {
    pub(super) context: Context,
    pub(super) spelled: String,
    pub(super) setting: Setting,
}

impl Scratch {
    /// The same for recipients whose clocks are known by `clock`, and a gateway whose parts share a reference of this
    /// kind.
    pub fn for_readers(mut self, clock: Clock, reference: Reference) -> Self {
        self.setting = Setting { clock, reference, ..self.setting };
        self
    }
}

impl Template {
    /// Whether a text of it lacks what each must carry.
    pub fn lacks_opt_out(&self, text: &str) -> bool {
        self.opt_out.as_ref().is_some_and(|opt_out| !opt_out.stands_in(text))
    }

    /// The text that everybody gets.
    pub fn shared(&self) -> Option<&str> {
        self.shared.as_ref().map(|(text, _)| text.as_str())
    }

    /// The flaws of the template itself, at their places in its source; and those of the text that everybody gets, all
    /// of it, where that has others.
    pub fn flaws(&self) -> Vec<Flaw> {
        let mut flaws = self.flaws.clone();
        let mut of_all = Vec::new();
        self.shared().into_iter().for_each(|text| hygiene::look(text, false, &mut of_all));
        of_all.retain(|flaw| !self.flaws.iter().any(|known| known.kind == flaw.kind));
        of_all.dedup_by_key(|flaw| flaw.kind);
        flaws.extend(of_all.into_iter().map(|flaw| Flaw { span: 0..0, ..flaw }));
        flaws
    }

    /// Whether the template itself has flaws of a kind: they are told of it, not of each text.
    pub fn has_flaw(&self, kind: hygiene::Kind) -> bool {
        self.flaws.iter().any(|flaw| flaw.kind == kind)
    }

    /// The columns whose cells become part of a link, by their places in the file.
    pub fn linked(&self) -> &[usize] {
        &self.linked
    }

    /// Whether a text of it has no flaw where each cell in it is [`hygiene::is_tame`]: only those have to be looked at.
    pub fn is_tame(&self) -> bool {
        self.is_tame
    }

    /// Whether it tells times, or the recipient's zone: whoever knows where recipients are should say so.
    pub fn tells_times(&self) -> bool {
        self.tells_times
    }

    /// Whether it says something in the recipient's language, or names that.
    pub fn asks_language(&self) -> bool {
        self.asks_language
    }

    /// Whether it writes numbers or dates as people of a language do.
    pub fn writes_by_language(&self) -> bool {
        self.writes_by_language
    }

    /// The columns that make a difference, with their places in the file, from 0.
    pub fn places(&self) -> &[(String, usize)] {
        &self.columns
    }

    /// What [`Template::render`] reuses.
    pub fn scratch(&self) -> Scratch {
        Scratch { context: self.constants.clone(), spelled: String::new(), setting: self.setting }
    }

    /// Renders the message of one row into `out`, which is cleared first. `cell` gives the text of a
    /// column.
    ///
    /// # Errors
    /// [`EvalError`]; `out` then holds nothing of use.
    pub fn render<'r>(
        &self,
        cell: impl Fn(usize) -> &'r str,
        recipient: &Recipient<'_>,
        scratch: &mut Scratch,
        out: &mut String,
    ) -> Result<Spelling, EvalError> {
        if let Some((text, spelling)) = &self.shared {
            out.clear();
            out.push_str(text);
            return Ok(*spelling);
        }
        self.render_row(cell, recipient, scratch, out)?;
        Ok(if self.setting.respells { spell(out, &mut scratch.spelled) } else { Spelling::AsWritten })
    }

    pub(super) fn render_row<'r>(
        &self,
        cell: impl Fn(usize) -> &'r str,
        recipient: &Recipient<'_>,
        scratch: &mut Scratch,
        out: &mut String,
    ) -> Result<(), EvalError> {
        if let Some(pieces) = &self.pieces {
            return plain::render(pieces, cell, recipient, out);
        }
        let Scratch { context, setting, .. } = scratch;
        reader::read_by(recipient, setting);
        let mut bytes = 0;
        for (name, column) in &self.columns {
            let cell = cell(*column);
            bytes += cell.len();
            context.insert_value(name.clone(), Value::from(cell));
        }
        if bytes > MAX_RENDERED_BYTES {
            let message = format!("the cells that it uses have more than {MAX_RENDERED_BYTES} bytes");
            return Err(EvalError::Failed { message, span: 0..0 });
        }
        if self.uses_recipient {
            context.insert("recipient", recipient);
        }
        self.program.render(NAME, context, out).map_err(|error| self.named(error))
    }

    /// The error with what stands in the source up to there: of several cells, which one it is about.
    fn named(&self, error: EvalError) -> EvalError {
        let EvalError::Failed { message, span } = error else { return error };
        let before = self.source.get(..span.start).unwrap_or_default();
        let tag = before.rfind("{{").max(before.rfind("{%")).filter(|_| !span.is_empty());
        let expression =
            tag.and_then(|tag| self.source.get(tag + 2..span.end)).map(|text| text.trim_matches(['-', ' ']));
        match expression.filter(|text| text.len() <= MOST_NAMED) {
            Some(text) => EvalError::Failed { message: format!("`{text}`: {message}"), span },
            None => EvalError::Failed { message, span },
        }
    }
}

/// Spells a text in GSM-7, where that changes anything and all of it can be.
pub(super) fn spell(text: &mut String, spelled: &mut String) -> Spelling {
    if is_gsm7(text) || !respell(text, spelled) {
        return Spelling::AsWritten;
    }
    std::mem::swap(text, spelled);
    Spelling::Gsm7
}
