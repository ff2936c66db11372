//! From a source to what runs: everything that can be told of it without a run is told here.

use super::calls;
use super::errors::{Problem, compile_problem};
use super::names::{find_variable, find_variables};
use super::parts::{self, What, keyword};
use super::plain;
use super::program::Program;
use super::source::{Kind, MAX_SOURCE_BYTES, wrapped};
use super::work;
use crate::diagnostic::{did_you_mean, listing};

/// What the names begin with that Tera keeps for itself. Under one of them it writes all variables.
const OF_TERA: &str = "__tera";

impl Program {
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
        let mut used = self.variables(name);
        used.retain(|variable| !known.contains(&variable.as_str()));
        // Tera counts them among no variables: one would write all that there is, every cell of the row.
        let kept = find_variables(source, kind, OF_TERA).into_iter();
        used.extend(kept.map(str::to_owned).filter(|name| !known.contains(&name.as_str())));
        used.sort();
        used.dedup();
        let unknown = used.into_iter();
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
}

/// A slip about `=`, where `==` may have been meant.
fn single_equals(problem: Problem, source: &str) -> Problem {
    let is_equals = source.get(problem.span.clone()).is_some_and(|text| text.trim() == "=");
    match is_equals && problem.help.is_none() {
        true => Problem { help: Some("did you mean `==`?".to_owned()), ..problem },
        false => problem,
    }
}

/// A tag of Tera's that would bring other texts in, or one that could call itself.
fn not_offered(source: &str, kind: Kind) -> Option<Problem> {
    let tags = parts::parts(source).into_iter().filter(|part| kind == Kind::Text && part.what == What::Tag);
    tags.into_iter().find_map(|tag| {
        let inner = source.get(tag.inner.clone()).unwrap_or_default();
        let help = match keyword(inner) {
            "include" => "only the text of a message may have it",
            "extends" | "block" | "component" | "import" | "macro" => {
                "put what texts share into a file of its own in `templates`, and `{% include %}` it"
            }
            _ => return None,
        };
        let message = format!("`{{% {} %}}` has no place here", keyword(inner));
        Some(Problem { message, span: tag.whole, help: Some(help.to_owned()) })
    })
}
