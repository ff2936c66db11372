//! `where`: which rows are meant. An expression over the columns, all of them texts, that must say yes
//! or no; a row on which it fails is never silently in or out.

use crate::audience::header::Header;
use crate::audience::rows::Row;
use crate::expression::{Context, Kind, MAX_RENDERED_BYTES, Problem, Program, Value};

const NAME: &str = "where";

/// A compiled `where`.
#[derive(Debug, Clone)]
pub struct Filter {
    program: Program,
    /// The columns it uses.
    used: Vec<(String, usize)>,
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
        let used = program.variables(NAME);
        let used = used.into_iter().filter_map(|name| header.index(&name).map(|at| (name, at))).collect();
        let filter = Self { program, used };
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
