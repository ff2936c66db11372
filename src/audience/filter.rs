//! `where`: which rows are meant. An expression over the columns, all of them texts, that must say yes
//! or no; a row on which it fails is never silently in or out.

use crate::audience::header::Header;
use crate::audience::rows::Row;
use crate::expression::{
    Comparison, Context, Kind, MAX_RENDERED_BYTES, Problem, Program, Value, compared_with_numbers,
};

const NAME: &str = "where";

/// A compiled `where`.
#[derive(Debug, Clone)]
pub struct Filter {
    program: Program,
    /// The columns it uses.
    used: Vec<(String, usize)>,
    doubts: Vec<Problem>,
}

impl Filter {
    /// Compiles an expression over the columns of `header`.
    ///
    /// # Errors
    /// The syntax error, every column that does not exist, or that the result is neither true nor false;
    /// each with its place in `expr`.
    pub fn compile(expr: &str, header: &Header) -> Result<Self, Vec<Problem>> {
        let known: Vec<&str> = header.columns().iter().map(String::as_str).collect();
        let mut program = Program::new();
        program.add(NAME, expr, Kind::Value, &known)?;
        let compared = compared_with_numbers(expr, |name| known.contains(&name));
        let (doubts, wrong): (Vec<_>, Vec<_>) = compared.iter().partition(|one| one.is_quoted);
        if !wrong.is_empty() {
            return Err(wrong.into_iter().map(never).collect());
        }
        // Equal texts are what is asked for; which of them is less, hardly ever.
        let doubts = doubts.into_iter().filter(|one| one.is_order).map(by_letters).collect();
        let used = program.variables(NAME);
        let used = used.into_iter().filter_map(|name| header.index(&name).map(|at| (name, at))).collect();
        let filter = Self { program, used, doubts };
        // An expression that gives text for empty cells (`city`, `city | upper`) gives text for all.
        let mut context = Context::new();
        for (name, _) in &filter.used {
            context.insert_value(name.clone(), Value::from(""));
        }
        match filter.program.eval(NAME, &context) {
            Ok(value) if value.as_bool().is_none() => Err(vec![Problem {
                message: format!("`where` must be true or false, and this gives {}", value.name()),
                span: 0..expr.len(),
                help: Some("compare it with something, as in `city == \"Nairobi\"`".to_owned()),
            }]),
            _ => Ok(filter),
        }
    }

    /// What is worth a look in it: it can be right.
    pub fn doubts(&self) -> &[Problem] {
        &self.doubts
    }

    /// Whether a row is meant. `context` is reused from row to row, by this filter only.
    ///
    /// # Errors
    /// Why nobody can tell, in words.
    pub fn selects(&self, row: &Row<'_>, context: &mut Context) -> Result<bool, String> {
        let mut bytes = 0;
        for (name, column) in &self.used {
            let cell = row.get(*column);
            bytes += cell.len();
            context.insert_value(name.clone(), Value::from(cell));
        }
        if bytes > MAX_RENDERED_BYTES {
            return Err(format!("the cells that it uses have more than {MAX_RENDERED_BYTES} bytes"));
        }
        let value = self.program.eval(NAME, context).map_err(|error| error.to_string())?;
        value.as_bool().ok_or_else(|| format!("it gives {}, neither true nor false", value.name()))
    }
}

/// What is wrong where a cell is held against a number.
fn never(one: &Comparison) -> Problem {
    let Comparison { name, number, is_order, meant, span, .. } = one;
    let message = match is_order {
        true => format!("`{name}` is a text, and is neither more nor less than the number {number}"),
        false => format!("`{name}` is a text, and never the number {number}"),
    };
    Problem { message, span: span.clone(), help: Some(format!("compare numbers: `{meant}`")) }
}

/// What is odd where a cell is held against a number in quotes.
fn by_letters(one: &Comparison) -> Problem {
    let Comparison { number, meant, span, .. } = one;
    let message =
        format!("this compares letter by letter, for \"{number}\" is a text: \"9\" is more than \"100\"");
    Problem { message, span: span.clone(), help: Some(format!("compare numbers: `{meant}`")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audience::dialect::Dialect;
    use crate::audience::rows::Rows;

    fn header() -> Header {
        Header::read("city,age\n".as_bytes()).unwrap()
    }

    fn selects(expr: &str, row: &str) -> Result<bool, String> {
        let filter = Filter::compile(expr, &header()).unwrap();
        let mut rows = Rows::new(row, 1, Dialect::PLAIN);
        filter.selects(&rows.next_row().unwrap().unwrap(), &mut Context::new())
    }

    #[test]
    fn rows_are_selected_by_their_cells() {
        assert_eq!(selects("city == \"Nairobi\"", "Nairobi,20"), Ok(true));
        assert_eq!(selects("city == \"Nairobi\" and age | int > 30", "Nairobi,20"), Ok(false));
        assert_eq!(selects("not city", "Nairobi,20"), Ok(false));
    }

    #[test]
    fn a_row_on_which_it_fails_is_told() {
        assert!(selects("age | int > 30", "Nairobi,old").is_err());
    }

    #[test]
    fn a_cell_held_against_a_number_is_refused_before_any_row() {
        for (expr, meant) in [
            ("age > 30", "age | int > 30"),
            ("city == \"x\" and 30.5 <= age", "30.5 <= age | float"),
            ("age == 30", "age | int == 30"),
        ] {
            let problems = Filter::compile(expr, &header()).unwrap_err();
            assert_eq!(problems[0].help.as_deref(), Some(&*format!("compare numbers: `{meant}`")), "{expr}");
        }
        let failed = selects("age + 1 > 30", "Nairobi,20").unwrap_err();
        assert!(failed.contains("`| int`"), "{failed}");
    }

    #[test]
    fn a_number_in_quotes_is_worth_a_look_where_order_counts() {
        let doubts = |expr| Filter::compile(expr, &header()).unwrap().doubts().to_vec();
        let doubt = doubts("age > \"30\"").remove(0);
        assert!(doubt.message.contains("letter by letter"), "{doubt:?}");
        assert_eq!(doubt.help.as_deref(), Some("compare numbers: `age | int > 30`"));
        assert_eq!(doubts("age == \"30\""), []);
        assert_eq!(doubts("age > \"2026-01-01\""), []);
    }

    #[test]
    fn fault_59_what_takes_too_much_work_is_told_of_its_row() {
        let expr = "[x for x in city if [y for y in city if y == x] | length > 1] | length > 3";
        assert_eq!(selects(expr, "Nairobi Nairobi,20"), Ok(true));
        assert!(selects(expr, &format!("{},20", "x".repeat(3_000))).unwrap_err().contains("too much work"));
        let long = selects("city == 'x'", &format!("{},20", "x".repeat(70_000))).unwrap_err();
        assert!(long.contains("more than 65536 bytes"), "{long}");
    }

    #[test]
    fn wrong_columns_and_results_are_found_before_any_row() {
        let problems = Filter::compile("ctiy == \"x\"", &header()).unwrap_err();
        assert_eq!(problems[0].help.as_deref(), Some("did you mean `city`?"));
        let problems = Filter::compile("city", &header()).unwrap_err();
        assert!(problems[0].message.contains("true or false"), "{problems:?}");
    }
}
