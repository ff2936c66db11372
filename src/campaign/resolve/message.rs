//! What recipients read: which texts there are, in which languages, for which shares of the people; each compiled, with
//! every slip at its place.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::resolver::Resolver;
use crate::audience::Header;
use crate::campaign::raw;
use crate::campaign::references::DEFAULT;
use crate::diagnostic::{Diagnostic, Rule, Source, Span, did_you_mean, listing};
use crate::expression::{Branch, Problem, branches};
use crate::message::hygiene::Kind;
use crate::message::opt_out::{OptOut, Phrase};
use crate::message::{
    Assembled, Locales, Names, Slip, Snippets, Tag, Template, Texts, Variant, Way, Wordings,
};
use crate::yaml::{Spanned, TextOr};

/// What texts are made of.
pub(super) struct Material<'a> {
    /// The files, by their names as written.
    pub files: &'a BTreeMap<String, Arc<Source>>,
    /// What they may include.
    pub snippets: &'a Snippets,
    /// What they may name.
    pub names: Names<'a>,
    /// Whether a column says who reads which language.
    pub by_column: bool,
    /// Whether they are spelled in GSM-7.
    pub respells: bool,
    /// What each of them must carry, and where that is said.
    pub opt_out: Option<(Arc<OptOut>, Span)>,
}

/// One place of a manifest where one of several kinds of text stands.
struct Choice<'a> {
    key: &'a str,
    span: &'a Span,
    template: Option<&'a Spanned<String>>,
    text: Option<&'a Spanned<String>>,
    locales: Option<&'a Spanned<raw::Locales>>,
}

impl Resolver<'_> {
    pub(super) fn wordings(
        &mut self,
        message: &Spanned<raw::Message>,
        material: &Material<'_>,
    ) -> Option<Wordings> {
        let raw::Message { template, text, locales, variants, .. } = &message.value;
        let choice = Choice {
            key: "message",
            span: &message.span,
            template: template.as_ref(),
            text: text.as_ref(),
            locales: locales.as_ref(),
        };
        let campaign = material.names.campaign;
        let Some(variants) = variants else {
            let texts = self.texts(&choice, "`template`, `text`, `locales` and `variants`", material)?;
            return Some(Wordings::same(campaign, texts));
        };
        if let Some((other, span)) = choice.said().first() {
            self.error(format!("`message` has both `variants` and `{other}`: keep one"), span);
            return None;
        }
        Some(Wordings::split(campaign, self.variants(variants, material)?))
    }

    /// Where a column says what people read, something must depend on it.
    pub(super) fn whose_language(
        &mut self,
        manifest: &raw::Campaign,
        wordings: Option<&Wordings>,
        header: Option<&Header>,
    ) {
        let column = manifest.audience.as_ref().and_then(|audience| audience.value.locale.as_ref());
        let (Some(column), Some(wordings)) = (Self::there(column, header), wordings) else { return };
        if wordings.mix_languages() {
            self.problems.push(
                Diagnostic::warning(
                    "`audience.locale`: numbers and dates are written in each recipient's language, and the text is in one",
                )
                .at(self.source, column.span.clone(), "")
                .help("name texts by language with `message.locales`"),
            );
        }
        if wordings.ask_languages() {
            return;
        }
        self.problems.push(
            Diagnostic::error("`audience.locale` says what recipients read, and all read the same")
                .at(self.source, column.span.clone(), "")
                .help("give texts by language, `message.locales`; write numbers or dates by filters; or remove it"),
        );
    }

    fn variants(
        &mut self,
        variants: &Spanned<Vec<Spanned<raw::Variant>>>,
        material: &Material<'_>,
    ) -> Option<Vec<Variant>> {
        let mut names: Vec<&str> = Vec::new();
        let mut sound = Some(Vec::new());
        for (at, variant) in variants.value.iter().enumerate() {
            let key = format!("message.variants[{at}]");
            let name = variant.value.name.as_ref();
            if let Some(again) = name.filter(|name| names.contains(&name.value.as_str())) {
                self.error(format!("two variants are called `{}`", again.value), &again.span);
            }
            names.extend(name.map(|name| name.value.as_str()));
            let name = name.and_then(|name| self.word(&format!("{key}.name"), name));
            let choice = Choice {
                key: &key,
                span: &variant.span,
                template: variant.value.template.as_ref(),
                text: variant.value.text.as_ref(),
                locales: variant.value.locales.as_ref(),
            };
            let texts = self.texts(&choice, "`template`, `text` and `locales`", material);
            let weight = variant.value.weight.as_ref().map_or(1, |weight| weight.value);
            match (name, texts, &mut sound) {
                (Some(name), Some(texts), Some(sound)) => sound.push(Variant { name, weight, texts }),
                _ => sound = None,
            }
        }
        if variants.value.len() < 2 {
            self.error("`message.variants` has one variant: with one, everybody gets it", &variants.span);
        }
        sound
    }

    /// The text of one place, or its texts by language; `kinds` are what can stand there.
    fn texts(&mut self, choice: &Choice<'_>, kinds: &str, material: &Material<'_>) -> Option<Texts> {
        let key = choice.key;
        match choice.said().as_slice() {
            [] => {
                self.problems.push(
                    Diagnostic::error(format!("`{key}` has no text"))
                        .at(self.source, choice.span.clone(), "")
                        .help(format!("it needs one of {kinds}")),
                );
                return None;
            }
            [_] => {}
            [(one, _), (other, span), ..] => {
                self.error(format!("`{key}` has both `{one}` and `{other}`: keep one"), span);
                return None;
            }
        }
        if let Some(locales) = choice.locales {
            return self.locales(&format!("{key}.locales"), locales, material);
        }
        let template = match (choice.template, choice.text) {
            (Some(file), _) => self.file(&format!("{key}.template"), &file.value, material),
            (_, text) => self.text(&format!("{key}.text"), text?, material),
        };
        template.map(|template| Texts::One(Box::new(template)))
    }

    fn locales(
        &mut self,
        key: &str,
        locales: &Spanned<raw::Locales>,
        material: &Material<'_>,
    ) -> Option<Texts> {
        let mut tags: Vec<Tag> = Vec::new();
        let mut templates = Vec::new();
        for (written, text) in locales.value.iter().filter(|(tag, _)| *tag != DEFAULT) {
            let key = format!("{key}.{written}");
            let tag = match written.parse::<Tag>() {
                Ok(tag) if tags.iter().any(|known| known.is_same(written)) => {
                    self.error(format!("`{key}`: `{tag}` stands twice"), &text.span);
                    None
                }
                Ok(tag) => Some(tag),
                Err(error) => {
                    self.error(format!("`{key}`: {error}"), &text.span);
                    None
                }
            };
            let template = match &text.value {
                TextOr::Text(file) => self.file(&key, file, material),
                TextOr::Other(raw::Text { text }) => {
                    text.as_ref().and_then(|text| self.text(&format!("{key}.text"), text, material))
                }
            };
            tags.extend(tag);
            templates.push(template);
        }
        if tags.len() > 1 && !material.by_column {
            self.problems.push(
                Diagnostic::error(format!("`{key}`: nothing says who reads what"))
                    .at(self.source, locales.span.clone(), "")
                    .help("name the column of their languages: `audience.locale`"),
            );
        }
        let is_whole = tags.len() == templates.len();
        let locales = self.default(key, locales, tags)?;
        let templates = templates.into_iter().collect::<Option<Vec<Template>>>()?;
        is_whole.then_some(Texts::ByLocale(locales, templates))
    }

    /// The languages with the one for everybody who reads none of them.
    fn default(&mut self, key: &str, locales: &Spanned<raw::Locales>, tags: Vec<Tag>) -> Option<Locales> {
        let names: Vec<String> = tags.iter().map(Tag::to_string).collect();
        let names = || names.iter().map(String::as_str);
        let (title, span, near) = match locales.value.get(DEFAULT) {
            None => {
                let title = format!("`{key}` has no `default`: the one for everybody who reads none of them");
                (title, &locales.span, None)
            }
            Some(Spanned { value: TextOr::Text(default), span }) => {
                if let Some(locales) = Locales::new(tags, default) {
                    return Some(locales);
                }
                let near = did_you_mean(default, names());
                (format!("`{key}.default`: there is no text in `{default}`"), span, near)
            }
            Some(Spanned { span, .. }) => {
                (format!("`{key}.default` is one of the languages, not a text"), span, None)
            }
        };
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it can be {}", listing(names())),
        };
        self.problems.push(Diagnostic::error(title).at(self.source, span.clone(), "").help(help));
        None
    }

    /// A text in a file of its own. That it is not there was told when it was looked for.
    fn file(&mut self, key: &str, name: &str, material: &Material<'_>) -> Option<Template> {
        let file = material.files.get(name)?;
        self.compiled(key, &file.text, material, |span| (Arc::clone(file), span.clone()))
    }

    /// A text that stands in the manifest.
    fn text(&mut self, key: &str, text: &Spanned<String>, material: &Material<'_>) -> Option<Template> {
        let source = Arc::clone(self.source);
        let place = |span: &Span| (Arc::clone(&source), inside(&source.text, text, span));
        self.compiled(key, &text.value, material, place)
    }

    /// A text with its snippets, compiled; `place` says where a stretch of it stands.
    fn compiled(
        &mut self,
        key: &str,
        text: &str,
        material: &Material<'_>,
        place: impl Fn(&Span) -> (Arc<Source>, Span),
    ) -> Option<Template> {
        let place = |snippet: Option<&Arc<Source>>, span: &Span| match snippet {
            Some(snippet) => (Arc::clone(snippet), span.clone()),
            None => place(span),
        };
        let assembled = match Assembled::of(text, material.snippets) {
            Ok(assembled) => assembled,
            Err(slips) => {
                for Slip { problem, snippet } in slips {
                    let (source, span) = place(snippet.as_ref(), &problem.span);
                    self.expression(key, &problem, &source, span);
                }
                return None;
            }
        };
        let place = |span: &Span| {
            let (snippet, span) = assembled.place(span);
            place(snippet, &span)
        };
        match Template::compile(assembled.text(), &material.names) {
            Ok(template) => {
                let template = if material.respells { template.in_gsm7() } else { template };
                let template = self.carrying(key, template, assembled.text(), material, &place);
                self.flaws(key, &template, assembled.text(), &place);
                Some(template.with_ways(ways(assembled.text(), place)))
            }
            Err(problems) => {
                for problem in &problems {
                    let (source, span) = place(&problem.span);
                    self.expression(key, problem, &source, span);
                }
                None
            }
        }
    }

    pub(super) fn expression(&mut self, key: &str, problem: &Problem, source: &Arc<Source>, span: Span) {
        let diagnostic = Diagnostic::error(format!("`{key}`: {}", problem.message));
        let diagnostic = diagnostic.of(Rule::Expression).at(source, span, "");
        self.problems.push(match &problem.help {
            Some(help) => diagnostic.help(help.as_str()),
            None => diagnostic,
        });
    }
}

/// The word for any of those by which people opt out.
const REQUIRED: &str = "required";

impl Resolver<'_> {
    /// What every text must carry.
    pub(super) fn opt_out(&mut self, message: &raw::Message) -> Option<(Arc<OptOut>, Span)> {
        let said = message.opt_out_text.as_ref()?;
        let texts = match &said.value {
            TextOr::Text(word) if word == REQUIRED => {
                return Some((Arc::new(OptOut::Word), said.span.clone()));
            }
            TextOr::Text(text) => vec![(text, &said.span)],
            TextOr::Other(texts) => texts.iter().map(|text| (&text.value, &text.span)).collect(),
        };
        // All of them are told; not one of them is asked for then.
        if texts.iter().filter(|(text, span)| self.means_required(text, span)).count() > 0 {
            return None;
        }
        let mut phrases = Vec::new();
        for (text, span) in texts {
            match Phrase::new(text) {
                Some(phrase) => phrases.push(phrase),
                None => self.error("`message.opt_out_text` is empty: every text would carry it", span),
            }
        }
        (!phrases.is_empty()).then(|| (Arc::new(OptOut::Texts(phrases)), said.span.clone()))
    }

    /// Whether a text is one that nobody wants to find in a message: a word that says yes or no, or `required` written
    /// otherwise than it is. Tells so.
    fn means_required(&mut self, text: &str, span: &Span) -> bool {
        let word = text.trim().to_ascii_lowercase();
        let help = match word.as_str() {
            "yes" | "true" | "on" | "y" | "require" | REQUIRED => {
                format!("did you mean `opt_out_text: {REQUIRED}`?")
            }
            "no" | "false" | "off" | "n" | "none" => {
                format!("leave `opt_out_text` out to ask for nothing, or write `opt_out_text: {REQUIRED}`")
            }
            _ => return false,
        };
        let title = format!("`message.opt_out_text`: `{text}` is no text that says how to opt out");
        self.problems.push(Diagnostic::error(title).at(self.source, span.clone(), "").help(help));
        true
    }

    /// Tells what is wrong with the template itself.
    fn flaws(
        &mut self,
        key: &str,
        template: &Template,
        source: &str,
        place: &dyn Fn(&Span) -> (Arc<Source>, Span),
    ) {
        for flaw in template.flaws() {
            let span = if flaw.span.is_empty() { 0..source.len() } else { flaw.span };
            let problem = flawed(key, flaw.kind, source.get(span.clone()).unwrap_or_default());
            let (source, span) = place(&span);
            self.problems.push(problem.at(&source, span, ""));
        }
    }

    /// The template with what it must carry; an error where it never does.
    fn carrying(
        &mut self,
        key: &str,
        template: Template,
        source: &str,
        material: &Material<'_>,
        place: &dyn Fn(&Span) -> (Arc<Source>, Span),
    ) -> Template {
        let Some((opt_out, said)) = &material.opt_out else { return template };
        if opt_out.stands_always_in(source) {
            return template;
        }
        if let Some(text) = template.shared() {
            if opt_out.stands_in(text) {
                return template;
            }
            let (file, span) = place(&(0..source.len()));
            self.problems.push(
                Diagnostic::error(format!("`{key}` does not say how to opt out"))
                    .at(&file, span, "")
                    .at(self.source, said.clone(), "asked for here")
                    .help(format!("it has to carry {opt_out}")),
            );
        }
        template.carrying(Arc::clone(opt_out))
    }
}

/// Which ways lead through a text, and where their tags stand.
fn ways(text: &str, place: impl Fn(&Span) -> (Arc<Source>, Span)) -> Vec<Way> {
    let way = |branch: Branch| {
        let (source, span) = place(&branch.tag);
        Way {
            tag: text.get(branch.tag).unwrap_or_default().to_owned(),
            goes_around: branch.goes_around,
            line: source.position(span.start).0,
            file: Arc::from(source.name.as_str()),
        }
    };
    branches(text).into_iter().map(way).collect()
}

/// What is said of a flaw that a template itself has.
fn flawed(key: &str, kind: Kind, part: &str) -> Diagnostic {
    let mut characters = part.chars();
    // What is not seen is told by its code.
    let code = match (characters.next(), characters.next()) {
        (Some(only), None) if only != ' ' => format!(" (U+{:04X})", u32::from(only)),
        _ => String::new(),
    };
    let title = format!("`{key}` has {}{code}", kind.words());
    let diagnostic = if kind.refuses() { Diagnostic::error(title) } else { Diagnostic::warning(title) };
    match kind {
        Kind::Control | Kind::Direction | Kind::ZeroWidth | Kind::Invisible => {
            diagnostic.help("it is not seen: delete it")
        }
        Kind::Braces | Kind::Placeholder => diagnostic.help("a column is written as in `{{ first_name }}`"),
        Kind::Lost => diagnostic.help("write the character again: it was lost on the way into the file"),
        Kind::Spaces | Kind::Link | Kind::NoValue => diagnostic,
    }
}

impl<'a> Choice<'a> {
    /// The kinds of text that stand there, with their places.
    fn said(&self) -> Vec<(&'static str, &'a Span)> {
        let template = self.template.map(|one| ("template", &one.span));
        let text = self.text.map(|one| ("text", &one.span));
        let locales = self.locales.map(|one| ("locales", &one.span));
        [template, text, locales].into_iter().flatten().collect()
    }
}

/// A span of a scalar's value as a span of the file that holds the scalar, found by the line it is on:
/// quotes and a block's indentation shift the two against each other.
pub(super) fn inside(file: &str, scalar: &Spanned<String>, span: &Span) -> Span {
    let value = &scalar.value;
    let start = span.start.min(value.len());
    let line_start = value.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let line = value.get(line_start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let indent = line.len() - line.trim_start().len();
    let found = file
        .get(scalar.span.start..)
        .and_then(|rest| rest.find(line.trim()))
        .map(|at| at + scalar.span.start);
    match found {
        Some(at) if !line.trim().is_empty() => {
            let from = at + start.saturating_sub(line_start + indent);
            from..from + span.len()
        }
        _ => scalar.span.clone(),
    }
}
