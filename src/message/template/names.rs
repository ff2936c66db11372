//! Names in the source of a message that cannot be meant, each with what may be.

use crate::diagnostic::{did_you_mean, listing};
use crate::expression::{self, Kind, Problem};
use crate::message::plain::{self, RESERVED};
use crate::message::recipient::Names;

/// Whether a column's name can stand in a template: a name of Tera's, and none of ours.
pub(super) fn is_usable(name: &str) -> bool {
    plain::is_name(name) && !RESERVED.contains(&name)
}

/// A column that has the name of something of ours: whoever wrote the template may mean either.
pub(super) fn hidden_columns(source: &str, columns: &[String]) -> Vec<Problem> {
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

/// A column may be meant whose own name cannot stand in a template: `first_name` for `first name`, or that name as it is,
/// as in `{{ first name }}`.
pub(super) fn unusable_column(problem: &mut Problem, source: &str, columns: &[String]) {
    let Some(wanted) = source.get(problem.span.clone()) else { return };
    let unusable = || columns.iter().filter(|column| !is_usable(column));
    let tag = tag_around(source, problem.span.start);
    let as_it_is = unusable().filter(|column| !plain::is_name(column) && tag.contains(column.as_str()));
    let meant = as_it_is.max_by_key(|column| column.len()).or_else(|| {
        if columns.iter().any(|column| column == wanted) {
            return None;
        }
        let spellings: Vec<(String, &String)> = unusable().map(|column| (spelling(column), column)).collect();
        let near = did_you_mean(&spelling(wanted), spellings.iter().map(|(spelling, _)| spelling.as_str()));
        near.and_then(|near| Some(spellings.iter().find(|(spelling, _)| spelling == near)?.1))
    });
    // `Betrag` for `Betrag (EUR)`: what was written is what it may be called.
    let begun = || {
        let begins = format!("{}_", spelling(wanted));
        let known = columns.iter().filter(|column| is_usable(column)).map(String::as_str);
        let is_told = !is_usable(wanted) || did_you_mean(wanted, known).is_some();
        let mut found = unusable().filter(|column| !is_told && spelling(column).starts_with(&begins));
        Some((found.next()?, wanted.to_owned())).filter(|_| found.next().is_none())
    };
    if let Some((column, better)) = meant.map(|column| (column, spelling(column))).or_else(begun) {
        let is_free = is_usable(&better) && !columns.contains(&better);
        let better = if is_free { format!("`{better}`") } else { "something else".to_owned() };
        problem.help = Some(format!(
            "the column `{column}` cannot be named in a template, where names have letters, digits and `_`: call it {better} in the file"
        ));
    }
}

/// How the name of a column would be written as a name of a template's.
fn spelling(column: &str) -> String {
    let words = column.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("_").to_lowercase()
}

/// What stands between the brackets around a place, or nothing where there are none.
fn tag_around(source: &str, at: usize) -> &str {
    let (before, behind) = source.split_at_checked(at).unwrap_or_default();
    let Some(start) = before.rfind(['{', '}']).filter(|start| before[*start..].starts_with('{')) else {
        return "";
    };
    let end = behind.find('}').unwrap_or(behind.len());
    source.get(start..at + end).unwrap_or_default()
}

/// Members of ours that are asked for and are not there.
pub(super) fn unknown_members(source: &str, names: &Names<'_>) -> Vec<Problem> {
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
