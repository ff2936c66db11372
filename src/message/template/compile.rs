//! From the source of a message to what renders it: names and filters are checked, and what does not depend on the row
//! is made at once.

use std::sync::Arc;

use serde::Serialize;

use super::names::{hidden_columns, is_usable, unknown_members, unusable_column};
use super::render::{NAME, Spelling, Template, spell};
use crate::expression::{self, Context, EvalError, Kind, MAX_SOURCE_BYTES, Problem, Program};
use crate::message::filters;
use crate::message::filters::reader::{self, Setting};
use crate::message::hygiene;
use crate::message::opt_out::OptOut;
use crate::message::plain::{self, RESERVED};
use crate::message::recipient::Names;

#[derive(Serialize)]
struct Campaign<'c> {
    name: &'c str,
}

impl Template {
    /// Compiles a template. One line break at the end of the source is dropped, because editors put it there.
    ///
    /// # Errors
    /// The syntax error, or every name that neither a column nor a constant has, each with its place.
    pub fn compile(source: &str, names: &Names<'_>) -> Result<Self, Vec<Problem>> {
        let Names { campaign, columns, constants, .. } = *names;
        let source = source.strip_suffix('\n').map_or(source, |text| text.strip_suffix('\r').unwrap_or(text));
        let usable = columns.iter().map(String::as_str).filter(|name| is_usable(name));
        let known: Vec<&str> = usable.chain(RESERVED).collect();
        let mut program = Program::new();
        filters::offer(&mut program);
        let mut problems = program.add(NAME, source, Kind::Text, &known).err().unwrap_or_default();
        if source.len() > MAX_SOURCE_BYTES {
            // Nobody has to wait for what else is wrong with it.
            return Err(problems);
        }
        for problem in &mut problems {
            unusable_column(problem, source, columns);
        }
        problems.extend(unknown_members(source, names));
        problems.extend(hidden_columns(source, columns));
        problems.extend(filters::needless_clocks(source));
        if !problems.is_empty() {
            problems.sort_by_key(|problem| problem.span.start);
            return Err(problems);
        }
        let mut context = Context::new();
        context.insert("vars", constants);
        context.insert("campaign", &Campaign { name: campaign });
        let used = program.variables(NAME);
        let place = |name: &String| columns.iter().position(|column| column == name);
        let of_rows = used.iter().filter(|name| !RESERVED.contains(&name.as_str()));
        let pieces = plain::pieces(source, &used, columns, constants, campaign);
        let linked = hygiene::linked(source, columns);
        let of_letters = pieces.as_deref().and_then(plain::of_letters);
        let mut template = Self {
            is_tame: linked.is_empty() && of_letters.is_some_and(|text| hygiene::is_clean(&text)),
            columns: of_rows.filter_map(|name| Some((name.clone(), place(name)?))).collect(),
            uses_recipient: used.iter().any(|name| name == "recipient"),
            pieces,
            constants: context,
            shared: None,
            flaws: hygiene::literals(source),
            linked,
            opt_out: None,
            source: source.to_owned(),
            setting: Setting::at(names.home),
            tells_times: program.applies(filters::DATE)
                || expression::may_read(source, Kind::Text, "recipient", "timezone"),
            writes_by_language: filters::writes_by_language(source),
            asks_language: filters::writes_by_language(source)
                || expression::may_read(source, Kind::Text, "recipient", "locale"),
            ways: Vec::new(),
            program,
        };
        template.render_shared(source)?;
        Ok(template)
    }

    /// The same, with every text spelled in GSM-7 where all of it can be: a text that keeps one character that cannot is
    /// UCS-2 all the same, and stays as it was written.
    pub fn in_gsm7(mut self) -> Self {
        self.setting.respells = true;
        // Who knows what the spelling makes of it.
        self.is_tame = false;
        let mut spelled = String::new();
        if let Some((text, spelling)) = &mut self.shared {
            *spelling = spell(text, &mut spelled);
        }
        self
    }

    /// The same, with every text to be asked whether it carries this.
    pub fn carrying(self, opt_out: Arc<OptOut>) -> Self {
        Self { opt_out: Some(opt_out), ..self }
    }

    /// A template that names nothing of a row is rendered here and now. Its text is the same for all, unless a filter has
    /// asked who reads it.
    fn render_shared(&mut self, source: &str) -> Result<(), Vec<Problem>> {
        if !self.columns.is_empty() || self.uses_recipient {
            return Ok(());
        }
        let mut text = String::new();
        let (rendered, asked) = reader::probe(|| self.program.render(NAME, &self.constants, &mut text));
        rendered.map_err(|error| {
            let span = match &error {
                EvalError::Failed { span, .. } if !span.is_empty() => span.clone(),
                _ => 0..source.len(),
            };
            vec![Problem { message: error.to_string(), span, help: None }]
        })?;
        if text.trim().is_empty() {
            let message = "the text is empty: nobody would get anything".to_owned();
            return Err(vec![Problem { message, span: 0..source.len(), help: None }]);
        }
        self.shared = (!asked).then_some((text, Spelling::AsWritten));
        Ok(())
    }
}
