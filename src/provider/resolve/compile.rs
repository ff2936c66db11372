//! Expressions of a profile, compiled once, with every problem placed in the file: syntax, variables
//! that the scope does not have, and members that a known variable does not have.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use crate::credentials::{masked, names_a_secret};
use crate::diagnostic::{Diagnostic, Diagnostics, Rule, Source, did_you_mean, listing};
use crate::expression::{self, Kind, Program};
use crate::provider::exchange::Method;
use crate::provider::profile::{Reads, Text};
use crate::provider::resolve::template::{
    Piece, Shape, json_program, optional, pairs_program, pieces, shape,
};
use crate::yaml::{self, Node, Spanned};

/// The variables an expression may use, each with its members where they are known beforehand.
#[derive(Debug, Clone)]
pub(super) struct Scope(Vec<(&'static str, Option<Vec<String>>)>);

impl Scope {
    pub fn new() -> Self {
        Self(Vec::new())
    }

    /// With a variable whose members nobody knows.
    pub fn with(mut self, name: &'static str) -> Self {
        self.0.push((name, None));
        self
    }

    /// With a variable that has these members and no others.
    pub fn with_members<S: Into<String>>(
        mut self,
        name: &'static str,
        members: impl IntoIterator<Item = S>,
    ) -> Self {
        self.0.push((name, Some(members.into_iter().map(Into::into).collect())));
        self
    }

    fn names(&self) -> Vec<&'static str> {
        self.0.iter().map(|(name, _)| *name).collect()
    }
}

/// Compiles into one program and collects what is wrong.
pub(super) struct Compiler<'a> {
    pub source: &'a Arc<Source>,
    pub program: Program,
    pub problems: Diagnostics,
    /// What answer expressions read of the answer.
    pub reads: Reads,
    /// The secrets that were named since this was last emptied.
    pub secrets_used: BTreeSet<String>,
    /// The secrets that were named at all, or meant by a name that is none.
    pub secrets_named: BTreeSet<String>,
    /// Whether some request may use a message's key.
    pub uses_key: bool,
    /// Whether some request may use a text's encoding.
    pub uses_encoding: bool,
    /// Whether some request says until when a message may be delivered.
    pub uses_expiry: bool,
}

impl<'a> Compiler<'a> {
    pub fn new(source: &'a Arc<Source>) -> Self {
        Self {
            source,
            program: Program::of_exchanges(),
            problems: Diagnostics::new(),
            reads: Reads::default(),
            secrets_used: BTreeSet::new(),
            secrets_named: BTreeSet::new(),
            uses_key: false,
            uses_encoding: false,
            uses_expiry: false,
        }
    }

    pub fn error(&mut self, title: impl Into<String>, span: &Range<usize>, help: impl Into<String>) {
        let problem = Diagnostic::error(title).at(self.source, span.clone(), "");
        let help = help.into();
        self.problems.push(if help.is_empty() { problem } else { problem.help(help) });
    }

    /// A credential that is written out. It is not repeated.
    pub fn literal_secret(&mut self, name: &str, span: &Range<usize>) {
        self.problems.push(
            Diagnostic::error(format!("the secret `{name}` is written out"))
                .at(&masked(self.source, span), span.clone(), "a literal secret")
                .of(Rule::Secret)
                .help("keep it in the environment or in a file, and write `${env:NAME}` or `${file:path}` under `secrets`; if it was committed, have it changed"),
        );
    }

    /// A scalar that must be one expression; answers the program's name.
    pub fn value(&mut self, name: &str, scalar: &Spanned<String>, scope: &Scope) -> Option<String> {
        let Shape::Whole(inner) = shape(&scalar.value) else {
            let help = "write it as one expression: `{{ … }}`";
            self.error(format!("`{}` is no expression", scalar.value), &scalar.span, help);
            return None;
        };
        let expression = scalar.value.get(inner.clone()).unwrap_or_default();
        self.note_reads(expression, Kind::Value);
        let place = Place { text: &scalar.value, offset: inner.start, span: &scalar.span };
        if !self.sound(expression, Kind::Value, scope, &place) {
            return None;
        }
        self.add(name, expression, Kind::Value, scope, &scalar.span)
    }

    /// A scalar that becomes a text.
    pub fn text(&mut self, name: &str, scalar: &Spanned<String>, scope: &Scope) -> Option<Text> {
        let text = &scalar.value;
        if shape(text) == Shape::Plain {
            return Some(Text::Fixed(text.clone()));
        }
        self.note_reads(text, Kind::Text);
        if !self.sound(text, Kind::Text, scope, &Place { text, offset: 0, span: &scalar.span }) {
            return None;
        }
        let name = self.add(name, text, Kind::Text, scope, &scalar.span)?;
        Some(self.program_text(name))
    }

    fn program_text(&self, name: String) -> Text {
        let uses = self.program.variables(&name);
        let secret = uses.iter().any(|variable| variable == "secrets" || variable == "token");
        Text::Program { name, secret }
    }

    /// The verb of a request: a word, or an expression over the constants.
    pub fn method(&mut self, name: &str, scalar: &Spanned<String>, scope: &Scope) -> Option<Text> {
        let text = scalar.value.trim();
        if shape(text) != Shape::Plain {
            return self.text(name, scalar, scope);
        }
        if Method::parse(text).is_some() {
            return Some(Text::Fixed(text.to_owned()));
        }
        let known = || Method::ALL.iter().map(|method| method.as_str());
        let help = match did_you_mean(&text.to_ascii_uppercase(), known()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("one of {}", listing(known())),
        };
        self.error(format!("`{text}` is no HTTP method"), &scalar.span, help);
        None
    }

    /// Names and values, as a query or a form has them; already encoded.
    pub fn pairs(&mut self, name: &str, entries: &BTreeMap<String, Node>, scope: &Scope) -> Option<Text> {
        let mut sound = true;
        for (key, node) in entries {
            sound &= match &node.value {
                yaml::Kind::Map(_) | yaml::Kind::Null => {
                    let help = "a form and a query have texts, numbers, booleans and lists of them";
                    self.error(format!("`{key}` cannot have this value"), &node.span, help);
                    false
                }
                _ => self.entry_sound(key, node, &node.span) & self.tree_sound(node, scope),
            };
        }
        if !sound {
            return None;
        }
        let source = pairs_program(entries);
        let Some(first) = entries.values().next() else { return Some(Text::Fixed(source)) };
        if !source.contains("{{") {
            return Some(Text::Fixed(source));
        }
        let name = self.add(name, &source, Kind::Text, scope, &first.span)?;
        Some(self.program_text(name))
    }

    /// The path of a request; expressions in it are percent-encoded.
    pub fn path(&mut self, name: &str, scalar: &Spanned<String>, scope: &Scope) -> Option<Text> {
        let text = &scalar.value;
        let Some(pieces) = pieces(text) else {
            self.error("a path holds `{{ … }}` only", &scalar.span, "move the logic into an expression");
            return None;
        };
        let mut sound = true;
        let mut composed = String::new();
        let mut literals = String::new();
        for piece in &pieces {
            match piece {
                Piece::Literal(at) => {
                    composed.push_str(&text[at.clone()]);
                    literals.push_str(&text[at.clone()]);
                }
                Piece::Expression(at) => {
                    let expression = &text[at.clone()];
                    let place = Place { text, offset: at.start, span: &scalar.span };
                    sound &= self.sound(expression, Kind::Value, scope, &place);
                    let whole = expression.trim_end().ends_with("| path");
                    let filter = if whole { "" } else { " | segment" };
                    composed.push_str(&format!("{{{{ ({expression}){filter} }}}}"));
                }
            }
        }
        if !literals.starts_with('/') || literals.contains(['?', '#', ' ', '\\']) || !literals.is_ascii() {
            let help = "begin it with `/`; a query has no place in it";
            self.error(format!("`{text}` is no path"), &scalar.span, help);
            sound = false;
        }
        if !sound {
            return None;
        }
        if pieces.len() == 1 {
            return Some(Text::Fixed(composed));
        }
        self.add(name, &composed, Kind::Text, scope, &scalar.span)
            .map(|name| Text::Program { name, secret: false })
    }

    /// A tree that becomes JSON; answers the program's name.
    pub fn json(&mut self, name: &str, node: &Node, scope: &Scope) -> Option<String> {
        if !self.tree_sound(node, scope) {
            return None;
        }
        let mut source = String::new();
        json_program(node, &mut source);
        self.add(name, &source, Kind::Text, scope, &node.span)
    }

    fn tree_sound(&mut self, node: &Node, scope: &Scope) -> bool {
        match &node.value {
            yaml::Kind::Text(text) => match shape(text) {
                Shape::Plain => true,
                Shape::Whole(inner) => {
                    let place = Place { text, offset: inner.start, span: &node.span };
                    self.sound(&text[inner], Kind::Value, scope, &place)
                }
                Shape::Mixed => {
                    self.sound(text, Kind::Text, scope, &Place { text, offset: 0, span: &node.span })
                }
            },
            yaml::Kind::List(items) => {
                // Every item is looked at, also behind a faulty one.
                let mut sound = true;
                for item in items {
                    sound &= self.tree_sound(item, scope);
                }
                sound
            }
            yaml::Kind::Map(entries) => {
                let mut sound = true;
                let mut always = false;
                for (key, value) in entries {
                    always |= !optional(&key.name).1;
                    sound &= self.entry_sound(&key.name, value, &key.span);
                    sound &= self.tree_sound(value, scope);
                }
                if !always && let Some((key, _)) = entries.first() {
                    let help = "beside names that may be left out stands one that is always there";
                    self.error("everything in this object may be left out", &key.span, help);
                    sound = false;
                }
                sound
            }
            _ => true,
        }
    }

    /// One name of an object, a form or a query.
    fn entry_sound(&mut self, name: &str, value: &Node, at: &Range<usize>) -> bool {
        let before = self.problems.errors();
        if shape(name) != Shape::Plain {
            self.error("a name cannot hold an expression", at, "");
        }
        let plain = match &value.value {
            yaml::Kind::Text(text) => shape(text) == Shape::Plain,
            _ => false,
        };
        let is_expression = matches!(value.value, yaml::Kind::Text(_)) && !plain;
        if optional(name).1 && !is_expression {
            self.error(format!("`{name}` can never be left out"), at, NEVER_EMPTY);
        }
        if names_a_secret(optional(name).0) && plain {
            self.literal_secret(name, &value.span);
        }
        self.problems.errors() == before
    }

    fn add(
        &mut self,
        name: &str,
        source: &str,
        kind: Kind,
        scope: &Scope,
        span: &Range<usize>,
    ) -> Option<String> {
        match self.program.add(name, source, kind, &scope.names()) {
            Ok(()) => {
                self.note_uses(name, source);
                Some(name.to_owned())
            }
            Err(problems) => {
                for problem in problems {
                    self.error(problem.message, span, problem.help.unwrap_or_default());
                }
                None
            }
        }
    }

    fn note_reads(&mut self, source: &str, kind: Kind) {
        let reads = |root, member| expression::may_read(source, kind, root, member);
        self.reads.text |= reads("response", "text");
        self.reads.headers |= reads("response", "headers");
        self.reads.batch |= reads("batch", "size");
    }

    /// What has to be had ready for the program: some of it costs.
    fn note_uses(&mut self, name: &str, source: &str) {
        let variables = self.program.variables(name);
        let uses = |wanted: &str| variables.iter().any(|variable| variable == wanted);
        let of_messages = |member: &str| uses("messages") && source.contains(member);
        self.uses_key |= uses("key") || of_messages("key");
        self.uses_encoding |= uses("encoding") || of_messages("encoding");
        self.uses_expiry |= uses("expires_at") || uses("expires_in");
    }

    /// Compiles alone, for the sake of its problems.
    fn sound(&mut self, source: &str, kind: Kind, scope: &Scope, place: &Place<'_>) -> bool {
        let before = self.problems.errors();
        if let Err(problems) = Program::new().add("alone", source, kind, &scope.names()) {
            for problem in problems {
                let span = place.of(self.source, &problem.span);
                self.error(problem.message, &span, problem.help.unwrap_or_default());
            }
        }
        for (root, members) in &scope.0 {
            let Some(members) = members else { continue };
            for (member, at) in expression::members(source, kind, root) {
                if *root == "secrets" {
                    self.secrets_used.insert(member.clone());
                    let meant = did_you_mean(&member, members.iter().map(String::as_str));
                    self.secrets_named.extend([member.clone()].into_iter().chain(meant.map(str::to_owned)));
                }
                if !members.contains(&member) {
                    let known = || members.iter().map(String::as_str);
                    let help = match did_you_mean(&member, known()) {
                        Some(near) => format!("did you mean `{root}.{near}`?"),
                        None => format!("`{root}` has {}", listing(known())),
                    };
                    let span = place.of(self.source, &at);
                    self.error(format!("unknown `{root}.{member}`"), &span, help);
                }
            }
        }
        self.problems.errors() == before
    }
}

/// Advice about a name with `?` and a constant value.
pub(super) const NEVER_EMPTY: &str = "a `?` leaves a name out where its value comes to nothing, and this value is always the same: drop the `?`";

/// Where a source stands: in the value of a scalar, from an offset on.
struct Place<'a> {
    text: &'a str,
    offset: usize,
    span: &'a Range<usize>,
}

impl Place<'_> {
    /// The bytes of the file for bytes of the source: exact where the scalar stands as it reads, the
    /// whole scalar where YAML's escapes or folding moved things.
    fn of(&self, source: &Source, inner: &Range<usize>) -> Range<usize> {
        let written = source.text.get(self.span.clone()).unwrap_or_default();
        match written.find(self.text) {
            Some(at) => {
                let start = self.span.start + at + self.offset;
                start + inner.start..start + inner.end
            }
            None => self.span.clone(),
        }
    }
}
