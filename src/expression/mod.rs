//! The one expression language of manifests, messages and profiles: Tera 2, set up strictly. Sources
//! are compiled once into a [`Program`] and run many times. What a source may name is checked when it
//! is compiled, because Tera silently takes the else branch of `{% if typo %}`.

mod calls;
mod compared;
mod filters;
mod names;
pub mod parts;
mod plain;
mod words;
mod work;

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::io;
use std::ops::Range;

pub use tera::value::Key;
pub use tera::{Context, Map, Value};

pub use calls::{Choice, Filter, Options};
pub use compared::{Comparison, compared_with_numbers};
pub use filters::{PAIR, percent_encoded, sha1_hex};
pub use names::{find_variable, may_read, members};
use parts::What;
use rustc_hash::FxBuildHasher;
use tera::{ErrorKind, Kwargs, State, Tera};
pub use words::{CUT, cut_at_word};
use work::Metered;
pub use work::first_word;

use crate::diagnostic::{did_you_mean, listing};

/// The longest text one evaluation may produce, in bytes: far beyond ten SMS parts, far below trouble.
pub const MAX_RENDERED_BYTES: usize = 64 * 1024;

/// The longest source, in bytes: a hundred SMS. Tera's parser goes deeper with every branch.
pub const MAX_SOURCE_BYTES: usize = 16 * 1024;

/// The most items `range` may yield in one evaluation, all its loops together: Tera has no fuel, so they
/// are bounded here.
const MAX_RANGE: i64 = 10_000;

/// Something wrong in a source, with the bytes it concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub message: String,
    /// Where, in bytes of the source as given.
    pub span: Range<usize>,
    /// What to do, when we know.
    pub help: Option<String>,
}

/// A failed evaluation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvalError {
    /// The source asked for something that is not there, or that has another type.
    #[error("{message}")]
    Failed {
        /// Tera's own words.
        message: String,
        /// Where, in bytes of the source as given; empty when unknown.
        span: Range<usize>,
    },
    /// The output passed [`MAX_RENDERED_BYTES`] (or the cap that was given).
    #[error("renders more than {limit} bytes")]
    TooLong {
        /// The cap, in bytes.
        limit: usize,
    },
}

/// What a source is, which decides how it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A template: text with `{{ … }}` and `{% … %}` in it.
    Text,
    /// A bare expression, as in `where: city == "Nairobi"`; it keeps its type.
    Value,
}

/// The filter through which a bare expression hands its value out with its type kept.
const KEEP: &str = "__keep";

thread_local! {
    static RANGED: Cell<usize> = const { Cell::new(0) };
    static KEPT: RefCell<Value> = RefCell::new(Value::none());
}

/// Compiled sources under names, with the filters sendplan offers.
#[derive(Clone)]
pub struct Program {
    tera: Tera,
    /// Those of the sources that are plain.
    values: HashMap<String, plain::Expr, FxBuildHasher>,
    texts: HashMap<String, plain::Template, FxBuildHasher>,
    /// Those of the sources that have counters of work.
    metered: HashMap<String, Metered, FxBuildHasher>,
    /// Units of work of one run.
    budget: u64,
    /// The filters that are told their options by name.
    filters: Vec<&'static Filter>,
    /// Those of them that a source applies.
    applied: HashSet<&'static str, FxBuildHasher>,
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.tera.get_template_names()).finish()
    }
}

impl Default for Program {
    fn default() -> Self {
        Self::new()
    }
}

impl Program {
    /// An empty program.
    pub fn new() -> Self {
        let mut tera = Tera::new();
        tera.autoescape_on(Vec::<&str>::new());
        filters::register(&mut tera);
        work::register(&mut tera);
        tera.register_filter(KEEP, |value: &Value, _: Kwargs, _: &State| {
            KEPT.with_borrow_mut(|kept| *kept = value.clone());
            String::new()
        });
        tera.register_function("range", bounded_range);
        let filters = filters::WORDS.iter().collect();
        Self {
            tera,
            values: HashMap::default(),
            texts: HashMap::default(),
            metered: HashMap::default(),
            budget: work::BUDGET,
            filters,
            applied: HashSet::default(),
        }
    }

    /// An empty program for what goes to gateways and comes from them, of which there is far more at once than of a
    /// person: bodies of a thousand messages, answers of a megabyte.
    pub fn of_exchanges() -> Self {
        Self { budget: work::BUDGET * 32, ..Self::new() }
    }

    /// Adds a filter of somebody above; sources that use it are added after it.
    pub fn offer(&mut self, filter: &'static Filter) {
        filters::hand_over(&mut self.tera, filter);
        self.filters.push(filter);
    }

    /// Whether a source applies this filter, one of [`Program::offer`]'s.
    pub fn applies(&self, filter: &str) -> bool {
        self.applied.contains(filter)
    }

    /// Compiles `source` under `name`. `known` are the variables it may use.
    ///
    /// # Errors
    /// The syntax error, or every unknown variable, each with its span in `source`.
    pub fn add(&mut self, name: &str, source: &str, kind: Kind, known: &[&str]) -> Result<(), Vec<Problem>> {
        if source.len() > MAX_SOURCE_BYTES {
            return Err(vec![Problem {
                message: format!(
                    "the text has {} bytes, at most {MAX_SOURCE_BYTES} can be read",
                    source.len()
                ),
                span: 0..0,
                help: None,
            }]);
        }
        if let Some(problem) = not_offered(source, kind) {
            return Err(vec![problem]);
        }
        let (prefix, wrapped) = wrapped(source, kind);
        if let Err(error) = self.tera.add_raw_template(name, &wrapped) {
            let problem = compile_problem(&error, prefix, source.len());
            let problem = single_equals(calls::explained(problem, source, kind, &self.filters), source);
            return Err(vec![problem]);
        }
        let mut problems = self.unknown_variables(name, source, kind, known);
        problems.extend(calls::misuses(source, kind, &self.filters));
        if !problems.is_empty() {
            return Err(problems);
        }
        self.applied.extend(calls::applied(source, kind, &self.filters));
        self.values.remove(name);
        self.texts.remove(name);
        self.meter(name, source, kind).map_err(|problem| vec![problem])?;
        // Nothing counts without Tera. What is for gateways is ours or has been looked at, and has to be fast.
        if self.metered.contains_key(name) && self.budget == work::BUDGET {
            return Ok(());
        }
        match kind {
            Kind::Value => {
                self.values.extend(plain::Expr::parse(source).map(|plain| (name.to_owned(), plain)))
            }
            Kind::Text => {
                self.texts.extend(plain::Template::parse(source).map(|plain| (name.to_owned(), plain)))
            }
        }
        Ok(())
    }

    /// Why a text cannot be read by itself, whatever its names mean.
    pub fn misread(&mut self, source: &str) -> Option<Problem> {
        let added = self.tera.add_raw_template("misread", source);
        added.err().map(|error| compile_problem(&error, 0, source.len()))
    }

    /// Puts counters of work into a source that could do much of it.
    fn meter(&mut self, name: &str, source: &str, kind: Kind) -> Result<(), Problem> {
        self.metered.remove(name);
        let Some(metered) = work::meter(source, kind)? else { return Ok(()) };
        let (prefix, wrapped) = wrapped(&metered.text, kind);
        if let Err(error) = self.tera.add_raw_template(name, &wrapped) {
            let problem = compile_problem(&error, prefix, metered.text.len());
            return Err(Problem {
                message: "this is too involved to count how much work it is".to_owned(),
                span: metered.place(&problem.span),
                help: Some("do it in smaller steps, with `{% set … %}`".to_owned()),
            });
        }
        self.metered.insert(name.to_owned(), metered);
        Ok(())
    }

    /// The top-level variables that `name` uses, sorted.
    pub fn variables(&self, name: &str) -> Vec<String> {
        let mut names: Vec<String> = self
            .tera
            .get_template_variables(name)
            .map(|names| names.into_iter().map(str::to_owned).collect())
            .unwrap_or_default();
        names.sort();
        names
    }

    fn unknown_variables(&self, name: &str, source: &str, kind: Kind, known: &[&str]) -> Vec<Problem> {
        let unknown = self.variables(name).into_iter().filter(|variable| !known.contains(&variable.as_str()));
        unknown
            .map(|variable| Problem {
                message: format!("unknown variable `{variable}`"),
                span: find_variable(source, kind, &variable).unwrap_or(0..source.len()),
                help: Some(match did_you_mean(&variable, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("known here: {}", listing(known.iter().copied())),
                }),
            })
            .collect()
    }

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

    fn render_by_tera(
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

    fn eval_by_tera(&self, name: &str, context: &Context) -> Result<Value, EvalError> {
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

/// What stands before a bare expression when it is handed to Tera.
const OPENING: &str = "{{ (";

/// A source as Tera gets it, and the bytes that were put before it.
fn wrapped(source: &str, kind: Kind) -> (usize, String) {
    match kind {
        Kind::Text => (0, source.to_owned()),
        Kind::Value => (OPENING.len(), format!("{OPENING}{source}) | {KEEP} }}}}")),
    }
}

/// A tag of Tera's that would bring other texts in, or one that could call itself.
fn not_offered(source: &str, kind: Kind) -> Option<Problem> {
    let tags = parts::parts(source).into_iter().filter(|part| kind == Kind::Text && part.what == What::Tag);
    tags.into_iter().find_map(|tag| {
        let inner = source.get(tag.inner.clone()).unwrap_or_default();
        let help = match first_word(inner) {
            "include" => "only the text of a message may have it",
            "extends" | "block" | "component" | "import" | "macro" => {
                "put what texts share into a file of its own in `templates`, and `{% include %}` it"
            }
            _ => return None,
        };
        let message = format!("`{{% {} %}}` has no place here", first_word(inner));
        Some(Problem { message, span: tag.whole, help: Some(help.to_owned()) })
    })
}

struct Capped<'a> {
    bytes: &'a mut Vec<u8>,
    limit: usize,
}

impl io::Write for Capped<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + buf.len() > self.limit {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        self.bytes.extend_from_slice(buf);
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn bounded_range(kwargs: Kwargs, _: &State) -> Result<Vec<i64>, tera::Error> {
    let start = kwargs.get::<i64>("start")?.unwrap_or(0);
    let end = kwargs.must_get::<i64>("end")?;
    let step = kwargs.get::<i64>("step_by")?.unwrap_or(1);
    if step < 1 || end.saturating_sub(start) / step.max(1) > MAX_RANGE {
        return Err(tera::Error::message(format!(
            "range yields at most {MAX_RANGE} items, in steps of at least 1"
        )));
    }
    let items: Vec<i64> = (start..end).step_by(usize::try_from(step).unwrap_or(1)).collect();
    RANGED.set(RANGED.get() + items.len().max(1));
    if RANGED.get() > usize::try_from(MAX_RANGE).unwrap_or(0) {
        return Err(tera::Error::message(format!("the loops of one text take at most {MAX_RANGE} steps")));
    }
    Ok(items)
}

fn report(error: &tera::Error) -> (String, Range<usize>) {
    match error.kind() {
        ErrorKind::SyntaxError(report) | ErrorKind::RenderingError(report) => {
            (report.message().to_owned(), report.span().range.clone())
        }
        other => {
            // Unknown filters and tests come as a drawn report; its first line is the message.
            let text = other.to_string();
            let first = text.lines().next().unwrap_or_default();
            (first.strip_prefix("error: ").unwrap_or(first).to_owned(), 0..0)
        }
    }
}

fn compile_problem(error: &tera::Error, prefix: usize, length: usize) -> Problem {
    let (message, span) = report(error);
    let message = message.trim_end_matches('.').to_owned();
    let message = match error.kind() {
        // What is found behind a bare expression is the bracket around it, which is ours.
        ErrorKind::SyntaxError(_) if prefix > 0 && span.start >= prefix + length => {
            "the expression breaks off".to_owned()
        }
        ErrorKind::SyntaxError(_) => misread(&message),
        _ => in_mid_sentence(&message),
    };
    let span = if span.is_empty() && span.start == 0 { prefix..prefix + length } else { span };
    let inside = |at: usize| at.saturating_sub(prefix).min(length);
    Problem { message, span: inside(span.start)..inside(span.end), help: None }
}

/// A syntax error in people's words: what stands there, and what should if there is only one such thing.
fn misread(message: &str) -> String {
    let parts = message.strip_prefix("Found ").and_then(|rest| rest.split_once(" but expected "));
    match parts {
        Some((found, wanted)) if wanted.starts_with("one of") => {
            format!("cannot be read: {found} has no place here")
        }
        Some((found, wanted)) => {
            format!("cannot be read: {found} stands where `{}` should", wanted.trim_matches('`'))
        }
        None => format!("cannot be read: {}", in_mid_sentence(message)),
    }
}

/// A slip about `=`, where `==` may have been meant.
fn single_equals(problem: Problem, source: &str) -> Problem {
    let is_equals = source.get(problem.span.clone()).is_some_and(|text| text.trim() == "=");
    match is_equals && problem.help.is_none() {
        true => Problem { help: Some("did you mean `==`?".to_owned()), ..problem },
        false => problem,
    }
}

/// Without the capital at its beginning, which is not that of a name.
fn in_mid_sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

fn eval_error(error: &tera::Error, prefix: usize, limit: usize) -> EvalError {
    if matches!(error.kind(), ErrorKind::Io(io::ErrorKind::StorageFull)) {
        return EvalError::TooLong { limit };
    }
    let (message, span) = report(error);
    EvalError::Failed { message, span: span.start.saturating_sub(prefix)..span.end.saturating_sub(prefix) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(json: serde_json::Value) -> Context {
        Context::from_serialize(&json).unwrap()
    }

    #[test]
    fn values_keep_their_types() {
        let mut program = Program::new();
        program.add("n", "a + 1", Kind::Value, &["a"]).unwrap();
        program.add("l", "[x.id for x in list]", Kind::Value, &["list"]).unwrap();
        program.add("u", "a?.b", Kind::Value, &["a"]).unwrap();
        let context = context(serde_json::json!({"a": 1, "list": [{"id": 7}, {"id": 8}]}));
        assert_eq!(program.eval("n", &context).unwrap().as_i64(), Some(2));
        assert_eq!(program.eval("l", &context).unwrap().as_array().unwrap().len(), 2);
        assert!(program.eval("u", &context).is_err() || program.eval("u", &context).unwrap().is_undefined());
    }

    #[test]
    fn unknown_variables_are_found_without_running_with_their_place() {
        let mut program = Program::new();
        let source = "Hi {{ name }}, {% if frist_name %}x{% endif %}";
        let problems = program.add("m", source, Kind::Text, &["name", "first_name"]).unwrap_err();
        assert_eq!(problems.len(), 1);
        assert_eq!(&source[problems[0].span.clone()], "frist_name");
        assert_eq!(problems[0].help.as_deref(), Some("did you mean `first_name`?"));
    }

    #[test]
    fn a_member_or_a_string_of_the_same_name_is_not_the_variable() {
        let source = "{{ vars.city }} {{ 'city' }} {{ city }}";
        let at = find_variable(source, Kind::Text, "city").unwrap();
        assert_eq!(at.start, source.rfind("city").unwrap());
    }

    #[test]
    fn members_are_listed_with_their_places() {
        let source =
            "{{ secrets.key }} {{ 'secrets.no' }} {{ a.secrets.no }} {{ secrets?.other }} secrets.no";
        let names: Vec<String> =
            members(source, Kind::Text, "secrets").into_iter().map(|one| one.0).collect();
        assert_eq!(names, ["key", "other"]);
        assert_eq!(members("vars.a + vars . b", Kind::Value, "vars").len(), 2);
        let quiet = "{# vars.a #}{% raw %}{{ vars.b }}{% endraw %}{{ vars.c }}";
        assert_eq!(members(quiet, Kind::Text, "vars").len(), 1);
    }

    #[test]
    fn what_may_be_read_of_a_variable_is_told() {
        let reads = |source| may_read(source, Kind::Value, "response", "text");
        for source in
            ["response.text", "response?.text or 1", "response['text']", "response", "[response.a, response]"]
        {
            assert!(reads(source), "{source}");
        }
        for source in ["response.json.text", "result.text", "'response.text'", "a.response"] {
            assert!(!reads(source), "{source}");
        }
        assert!(may_read("{% if response %}", Kind::Text, "response", "text"));
        assert!(!may_read("response {{ response.status }} text", Kind::Text, "response", "text"));
    }

    #[test]
    fn a_path_segment_cannot_escape() {
        let mut program = Program::new();
        program.add("p", "/a/{{ (id) | segment }}/b", Kind::Text, &["id"]).unwrap();
        let render = |id: serde_json::Value| {
            let mut out = String::new();
            program.render("p", &context(serde_json::json!({ "id": id })), &mut out).map(|()| out)
        };
        assert_eq!(render("a/b?c=d&é".into()).unwrap(), "/a/a%2Fb%3Fc%3Dd%26%C3%A9/b");
        assert_eq!(render(17.into()).unwrap(), "/a/17/b");
        assert!(render("..".into()).is_err());
        assert!(render("".into()).is_err());
    }

    #[test]
    fn syntax_errors_point_into_the_source_as_given() {
        let mut program = Program::new();
        let problems = program.add("w", "city = 'x'", Kind::Value, &["city"]).unwrap_err();
        assert!(problems[0].span.end <= "city = 'x'".len());
        assert_eq!(problems[0].help.as_deref(), Some("did you mean `==`?"));
        let problems = program.add("i", "{% if s = 1 %}{% endif %}", Kind::Text, &["s"]).unwrap_err();
        assert_eq!(problems[0].help.as_deref(), Some("did you mean `==`?"));
        let problems = program.add("f", "{{ s | nofilter }}", Kind::Text, &["s"]).unwrap_err();
        assert!(problems[0].message.contains("nofilter"), "{problems:?}");
    }

    #[test]
    fn fault_59_output_and_loops_are_bounded() {
        let mut program = Program::new();
        program
            .add("loop", "{% for i in range(end=10000) %}0123456789{% endfor %}", Kind::Text, &[])
            .unwrap();
        program.add("range", "{% for i in range(end=100000000) %}{% endfor %}", Kind::Text, &[]).unwrap();
        let mut out = String::new();
        assert_eq!(
            program.render("loop", &Context::new(), &mut out),
            Err(EvalError::TooLong { limit: MAX_RENDERED_BYTES })
        );
        assert!(matches!(program.render("range", &Context::new(), &mut out), Err(EvalError::Failed { .. })));
    }
}
