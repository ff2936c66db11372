//! Running what was compiled: the plain without Tera, all else with it, within bounds.

use tera::{Context, Value};

use super::errors::{EvalError, eval_error};
use super::output::{Capped, MAX_RENDERED_BYTES};
use super::program::{KEPT, Program, RANGED};
use super::source::OPENING;
use super::{plain, work};

impl Program {
    /// Renders a [`Kind::Text`] source into `out`, which is cleared first.
    ///
    /// # Errors
    /// [`EvalError`]; `out` then holds nothing of use.
    pub fn render(&self, name: &str, context: &Context, out: &mut String) -> Result<(), EvalError> {
        self.render_capped(name, context, MAX_RENDERED_BYTES, out)
    }

    /// As [`Program::render`], with a cap of its own for texts that may be larger (request bodies).
    ///
    /// # Errors
    /// [`EvalError`].
    pub fn render_capped(
        &self,
        name: &str,
        context: &Context,
        limit: usize,
        out: &mut String,
    ) -> Result<(), EvalError> {
        let mut bytes = std::mem::take(out).into_bytes();
        bytes.clear();
        let plain = self.texts.get(name).and_then(|plain| plain.render(context, &mut bytes));
        if plain.is_none() || bytes.len() > limit {
            self.render_by_tera(name, context, limit, &mut bytes)?;
        }
        *out = String::from_utf8(bytes)
            .map_err(|_| EvalError::Failed { message: "renders invalid UTF-8".to_owned(), span: 0..0 })?;
        Ok(())
    }

    pub(super) fn render_by_tera(
        &self,
        name: &str,
        context: &Context,
        limit: usize,
        bytes: &mut Vec<u8>,
    ) -> Result<(), EvalError> {
        bytes.clear();
        self.begin();
        let rendered = self.tera.render_to(name, context, Capped { bytes, limit });
        rendered.map_err(|error| self.failed(name, &error, 0, limit))
    }

    /// Evaluates a [`Kind::Value`] source, type kept; an undefined result is `Value::undefined()`.
    ///
    /// # Errors
    /// [`EvalError`].
    pub fn eval(&self, name: &str, context: &Context) -> Result<Value, EvalError> {
        match self.values.get(name).and_then(|plain| plain.eval(plain::Scope::of(context))) {
            Some(value) => Ok(value.into_owned()),
            None => self.eval_by_tera(name, context),
        }
    }

    pub(super) fn eval_by_tera(&self, name: &str, context: &Context) -> Result<Value, EvalError> {
        let mut nothing = Vec::new();
        self.begin();
        self.tera
            .render_to(name, context, &mut nothing)
            .map_err(|error| self.failed(name, &error, OPENING.len(), MAX_RENDERED_BYTES))?;
        Ok(KEPT.with_borrow_mut(|kept| std::mem::replace(kept, Value::none())))
    }

    fn begin(&self) {
        RANGED.set(0);
        work::begin(self.budget);
    }

    /// The error with its place in the source as given.
    fn failed(&self, name: &str, error: &tera::Error, prefix: usize, limit: usize) -> EvalError {
        match (eval_error(error, prefix, limit), self.metered.get(name)) {
            (EvalError::Failed { message, span }, Some(metered)) => {
                EvalError::Failed { message, span: metered.place(&span) }
            }
            (other, _) => other,
        }
    }
}
