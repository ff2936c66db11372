//! Message templates: Tera over the columns of a row, checked before the first row is read. Templates of
//! nothing but text and plain names are turned into copying, byte for byte what Tera writes (a property
//! test holds the two together).

use std::sync::Arc;

use serde::Serialize;

use crate::diagnostic::{did_you_mean, listing};
use crate::expression::{self, Context, EvalError, Kind, MAX_RENDERED_BYTES, Problem, Program, Value};
use crate::message::filters::reader::{self, Setting};
use crate::message::filters::{self, Clock};
use crate::message::hygiene::{self, Flaw};
use crate::message::opt_out::OptOut;
use crate::message::plain::{self, Piece, RESERVED};
use crate::message::recipient::{Names, Recipient};
use crate::message::segments::{Reference, is_gsm7};
use crate::message::spelling::respell;

const NAME: &str = "message";

/// The longest expression that an error repeats, in bytes.
const MOST_NAMED: usize = 80;

/// A compiled message.
#[derive(Debug, Clone)]
pub struct Template {
    program: Program,
    /// What was compiled.
    source: String,
    /// The columns it uses, with their places.
    columns: Vec<(String, usize)>,
    uses_recipient: bool,
    /// What does not change from row to row: `vars` and `campaign`.
    constants: Context,
    /// The template as copying, when it is so plain.
    pieces: Option<Vec<Piece>>,
    /// The text itself, when it is the same for all, and how it was spelled.
    shared: Option<(String, Spelling)>,
    /// Flaws of the template itself, at their places in the source.
    flaws: Vec<Flaw>,
    /// The columns whose cells become part of a link, with their places in the file.
    linked: Vec<usize>,
    /// Whether no text has a flaw whose cells are all tame.
    is_tame: bool,
    /// What each text must carry, where it is not certain that it does.
    opt_out: Option<Arc<OptOut>>,
    /// How the texts are read and sent.
    setting: Setting,
    /// Whether it tells times, or the recipient's zone.
    tells_times: bool,
    /// Whether it says something in the recipient's language, or names that.
    asks_language: bool,
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
    context: Context,
    spelled: String,
    setting: Setting,
}

impl Scratch {
    /// The same for recipients whose clocks are known by `clock`, and a gateway whose parts share a reference of this
    /// kind.
    pub fn for_readers(mut self, clock: Clock, reference: Reference) -> Self {
        self.setting = Setting { clock, reference, ..self.setting };
        self
    }
}

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
        for problem in &mut problems {
            unusable_column(problem, source, columns);
        }
        problems.extend(unknown_members(source, names));
        problems.extend(hidden_columns(source, columns));
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
            asks_language: filters::OF_LANGUAGES.iter().any(|filter| program.applies(filter))
                || expression::may_read(source, Kind::Text, "recipient", "locale"),
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

    /// Whether a text of it lacks what each must carry.
    pub fn lacks_opt_out(&self, text: &str) -> bool {
        self.opt_out.as_ref().is_some_and(|opt_out| !opt_out.stands_in(text))
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
        filters::OF_LANGUAGES.iter().any(|filter| self.program.applies(filter))
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

    fn render_row<'r>(
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
fn spell(text: &mut String, spelled: &mut String) -> Spelling {
    if is_gsm7(text) || !respell(text, spelled) {
        return Spelling::AsWritten;
    }
    std::mem::swap(text, spelled);
    Spelling::Gsm7
}

/// Whether a column's name can stand in a template: a name of Tera's, and none of ours.
fn is_usable(name: &str) -> bool {
    plain::is_name(name) && !RESERVED.contains(&name)
}

/// A column that has the name of something of ours: whoever wrote the template may mean either.
fn hidden_columns(source: &str, columns: &[String]) -> Vec<Problem> {
    let hidden = columns.iter().filter(|column| RESERVED.contains(&column.as_str()));
    hidden
        .filter_map(|column| {
            let span = expression::find_variable(source, Kind::Text, column)?;
            Some(Problem {
                message: format!("`{column}` is a column of the CSV and a name of sendplan's own"),
                span,
                help: Some("call the column something else".to_owned()),
            })
        })
        .collect()
}

/// An unknown name may mean a column whose own name cannot stand in a template: `first_name` for
/// `first name`.
fn unusable_column(problem: &mut Problem, source: &str, columns: &[String]) {
    let Some(wanted) = source.get(problem.span.clone()) else { return };
    let plain = |name: &str| name.replace(|c: char| !c.is_alphanumeric(), "_").to_lowercase();
    let unusable = columns.iter().filter(|column| !is_usable(column));
    let spellings: Vec<(String, &String)> = unusable.map(|column| (plain(column), column)).collect();
    let near = did_you_mean(&plain(wanted), spellings.iter().map(|(spelling, _)| spelling.as_str()));
    let column = near.and_then(|near| spellings.iter().find(|(spelling, _)| spelling == near));
    if let Some((spelling, column)) = column {
        problem.help = Some(format!(
            "the column `{column}` cannot be named in a template: call it `{spelling}` in the file"
        ));
    }
}

fn unknown_members(source: &str, names: &Names<'_>) -> Vec<Problem> {
    let of_recipients = names.of_recipients();
    let vars: Vec<&str> = names.constants.keys().map(String::as_str).collect();
    let owners: [(&str, &[&str]); 3] =
        [("vars", &vars), ("campaign", &["name"]), ("recipient", &of_recipients)];
    let mut problems = Vec::new();
    for (owner, known) in owners {
        for (name, span) in expression::members(source, Kind::Text, owner) {
            if !known.contains(&name.as_str()) {
                let help = match did_you_mean(&name, known.iter().copied()) {
                    Some(near) => format!("did you mean `{owner}.{near}`?"),
                    None => format!("`{owner}` has {}", listing(known.iter().copied())),
                };
                let message = format!("unknown variable `{owner}.{name}`");
                problems.push(Problem { message, span, help: Some(help) });
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    use super::*;

    fn compile(source: &str, columns: &[&str]) -> Result<Template, Vec<Problem>> {
        let columns: Vec<String> = columns.iter().map(|&name| name.to_owned()).collect();
        let Json::Object(vars) = json!({"shop": "Acme", "count": 3}) else { unreachable!() };
        Template::compile(source, &Names::of("spring", &columns, &vars))
    }

    fn render(template: &Template, row: &[&str]) -> Result<String, EvalError> {
        let mut out = "old".to_owned();
        let cell = |at: usize| row.get(at).copied().unwrap_or_default();
        let recipient = Recipient { id: "id-1", address: "+254712345678", locale: "", timezone: "" };
        template.render(cell, &recipient, &mut template.scratch(), &mut out).map(|_| out)
    }

    #[test]
    fn columns_constants_campaign_and_recipient_can_be_named() {
        let source = "Hi {{ name }}, {{ vars.shop }}/{{ vars.count }}/{{ campaign.name }}: {{ recipient.id }} {{ recipient.address }}\r\n";
        for source in [source.to_owned(), format!("{{% if name %}}{{% endif %}}{source}")] {
            let template = compile(&source, &["x", "name"]).unwrap();
            assert_eq!(
                render(&template, &["", "Ann <&> é"]).unwrap(),
                "Hi Ann <&> é, Acme/3/spring: id-1 +254712345678"
            );
        }
    }

    #[test]
    fn only_one_line_break_at_the_end_is_dropped() {
        assert_eq!(compile("a\n\n", &[]).unwrap().shared(), Some("a\n"));
        assert_eq!(compile("a", &[]).unwrap().shared(), Some("a"));
    }

    #[test]
    fn a_text_without_columns_is_shared() {
        assert_eq!(compile("{{ vars.shop }} is open", &["a"]).unwrap().shared(), Some("Acme is open"));
        assert!(compile("{{ a }}", &["a"]).unwrap().shared().is_none());
        assert!(compile("{{ recipient.id }}", &["a"]).unwrap().shared().is_none());
    }

    #[test]
    fn fault_58_an_undefined_variable_is_found_before_any_row() {
        let source = "{{ nmae }} {% if optin %}x{% endif %} {{ vars.shp }} {{ recipient.phone }}";
        let problems = compile(source, &["name", "opt_in"]).unwrap_err();
        let found: Vec<_> =
            problems.iter().map(|problem| (&source[problem.span.clone()], problem.help.as_deref())).collect();
        assert_eq!(
            found,
            [
                ("nmae", Some("did you mean `name`?")),
                ("optin", Some("did you mean `opt_in`?")),
                ("shp", Some("did you mean `vars.shop`?")),
                ("phone", Some("`recipient` has `id` or `address`")),
            ]
        );
    }

    #[test]
    fn a_text_that_depends_on_who_reads_it_is_not_shared() {
        let read = |source: &str, locale: &str| {
            let template = compile(source, &[]).unwrap();
            assert!(template.shared().is_none(), "{source}");
            let recipient = Recipient { id: "1", address: "+1", locale, timezone: "" };
            let mut out = String::new();
            template.render(|_| "", &recipient, &mut template.scratch(), &mut out).map(|_| out).unwrap()
        };
        let source = "{{ 12500 | number }} on {{ '2026-03-20' | date }}";
        assert_eq!(read(source, "de"), "12.500 on 20.03.2026");
        assert_eq!(read(source, "sw"), "12,500 on 20 Mac 2026");
        let long = format!("{{% filter segments(max=1) %}}{}{{% endfilter %}}", "x".repeat(200));
        assert_eq!(read(&long, "").len(), 160);
        let problems = compile("{{ 'x' | number }}", &[]).unwrap_err();
        assert!(problems[0].message.contains("`x` cannot be read"), "{problems:?}");
    }

    #[test]
    fn a_cut_text_is_counted_as_it_will_be_spelled() {
        let source = "{% filter segments(max=1) %}{{ a }}{% endfilter %}";
        let read = |template: &Template| {
            let cell = "Zoë – ".repeat(20);
            render(template, &[&cell]).map(|text| text.chars().count())
        };
        assert_eq!(read(&compile(source, &["a"]).unwrap()), Ok(70));
        assert_eq!(read(&compile(source, &["a"]).unwrap().in_gsm7()), Ok(120));
    }

    #[test]
    fn an_error_names_the_cell() {
        let template = compile("{{ a | upper }} {{ b | number(decimals=2) }}", &["a", "b"]).unwrap();
        let said = render(&template, &["x", "1,5"]).unwrap_err().to_string();
        assert!(said.starts_with("`b | number(decimals=2)`: `1,5` cannot be read"), "{said}");
    }

    #[test]
    fn options_that_cannot_be_are_found_before_any_row() {
        for (source, said) in [
            ("{{ a | currency(code='KESH') }}", "did you mean `KES`?"),
            ("{{ a | currency }}", "needs `code`"),
            ("{{ a | date(style='tiny') }}", "`short`, `medium`, `long` or `full`"),
            ("{{ a | date(format='%Q') }}", "no pattern"),
            ("{{ a | date(timezone='Nairobi') }}", "no time zone"),
            ("{% filter segments(max=0) %}{{ a }}{% endfilter %}", "from 1 to 255"),
            ("{{ a | number(digits=2) }}", "no option `digits`"),
        ] {
            let problems = compile(source, &["a"]).unwrap_err();
            assert!(problems[0].message.contains(said), "{problems:?}");
        }
    }

    #[test]
    fn a_column_that_cannot_be_named_is_pointed_out() {
        let problems = compile("{{ first_name }}", &["First Name", "phone"]).unwrap_err();
        let help = problems[0].help.as_deref().unwrap();
        assert!(help.contains("`First Name`") && help.contains("`first_name`"), "{help}");
    }

    #[test]
    fn a_column_with_a_name_of_ours_is_refused_where_the_name_is_used() {
        let problems = compile("{{ vars.shop }} {{ name }}", &["vars", "name"]).unwrap_err();
        assert!(problems[0].message.contains("`vars` is a column"), "{problems:?}");
        let template = compile("{{ name }}", &["vars", "name"]).unwrap();
        assert_eq!(render(&template, &["x", "y"]).unwrap(), "y");
    }

    #[test]
    fn fault_59_rows_that_explode_are_stopped_with_and_without_tera() {
        let long = "x".repeat(40_000);
        for source in ["{{ a }}{{ a }}", "{% if a %}{{ a }}{{ a }}{% endif %}"] {
            let result = render(&compile(source, &["a"]).unwrap(), &[&long]);
            assert!(matches!(result, Err(EvalError::TooLong { .. })), "{source}");
        }
    }

    #[test]
    fn fault_59_cells_that_are_longer_than_any_text_are_not_worked_on() {
        let long = "x".repeat(70_000);
        let template = compile("{% if a[0:1] == 'x' %}x{% endif %}", &["a"]).unwrap();
        assert!(render(&template, &[&long]).unwrap_err().to_string().contains("more than 65536 bytes"));
        assert_eq!(render(&template, &["x"]).unwrap(), "x");
    }

    #[test]
    fn fault_59_filters_that_try_several_lengths_count_for_several_texts() {
        let tag = "{% if a | segments(max=255) == '' %}{% endif %}";
        let long = "é x".repeat(15_000);
        let few = compile(&format!("x{tag}"), &["a"]).unwrap();
        assert_eq!(render(&few, &[&long]).unwrap(), "x");
        let many = compile(&tag.repeat(6), &["a"]).unwrap();
        assert!(render(&many, &[&long]).unwrap_err().to_string().contains("too much work"));
    }

    #[test]
    fn texts_are_spelled_in_gsm7_only_when_asked_and_only_as_a_whole() {
        let asked = |source: &str| compile(source, &["name"]).unwrap().in_gsm7();
        let spelled = |template: &Template, name: &str| {
            let mut out = String::new();
            let recipient = Recipient { id: "1", address: "+1", locale: "", timezone: "" };
            let how = template.render(|_| name, &recipient, &mut template.scratch(), &mut out).unwrap();
            (out, how)
        };
        let written = compile("Hi {{ name }} – bye", &["name"]).unwrap();
        assert_eq!(spelled(&written, "Ann"), ("Hi Ann – bye".to_owned(), Spelling::AsWritten));
        let template = asked("Hi {{ name }} – bye");
        assert_eq!(spelled(&template, "Zoë"), ("Hi Zoe - bye".to_owned(), Spelling::Gsm7));
        assert_eq!(spelled(&template, "Иван"), ("Hi Иван – bye".to_owned(), Spelling::AsWritten));
        assert_eq!(spelled(&asked("Hi {{ name }}"), "José"), ("Hi José".to_owned(), Spelling::AsWritten));
        assert_eq!(spelled(&asked("“Open”"), "x"), ("\"Open\"".to_owned(), Spelling::Gsm7));
        assert_eq!(asked("“Open”").shared(), Some("\"Open\""));
    }

    proptest! {
        /// Copying and Tera write the same bytes, for every plain template and every row.
        #[test]
        fn plain_templates_are_rendered_as_tera_does(
            parts in prop::collection::vec(
                prop_oneof![
                    "[ a-z\n\r\t{}é%#-]{0,6}",
                    Just("{{ a }}".to_owned()),
                    Just("{{b}}{{ campaign }}".to_owned()),
                    Just("{{  true }}".to_owned()),
                    Just("{{ vars.shop }}".to_owned()),
                    Just("{{ vars.count }}".to_owned()),
                    Just("{{ campaign.name }}".to_owned()),
                    Just("{{ recipient.id }}{{ recipient.address }}".to_owned()),
                    Just("{{- a -}}".to_owned()),
                    Just("{{ a }}\n".to_owned()),
                    Just("{{\na }}".to_owned()),
                    Just("{{ a | upper }}".to_owned()),
                ],
                0..8,
            ),
            row in prop::collection::vec("[a-z<&>\"{} \né😀]{0,30}", 4),
        ) {
            let Ok(template) = compile(&parts.concat(), &["a", "b", "true", "campaign"]) else { return Ok(()) };
            let through_tera = Template { pieces: None, shared: None, ..template.clone() };
            let row: Vec<&str> = row.iter().map(String::as_str).collect();
            prop_assert_eq!(render(&template, &row), render(&through_tera, &row));
        }
    }

    #[test]
    fn plain_templates_are_recognised() {
        assert!(compile("Hi {{ a }}, {{ vars.shop }}", &["a"]).unwrap().pieces.is_some());
        assert!(compile("{% if a %}x{% endif %}", &["a"]).unwrap().pieces.is_none());
    }
}
