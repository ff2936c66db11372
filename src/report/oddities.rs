//! Cells that seem to have swallowed rows, in words.

use super::layout::count;
use super::mask::Mask;
use crate::audience::Oddities;

/// What is said where a file has some; `line` is that of the first in its `file`.
pub fn swallowed(odd: &Oddities, file: &str, line: u64, columns: &[String]) -> Option<String> {
    let first = odd.first?;
    let column = match columns.get(first.column) {
        Some(name) => format!("`{}`", Mask::Masked.cell(name)),
        None => format!("column {}", first.column + 1),
    };
    let others = match odd.swallowing.saturating_sub(1) {
        0 => String::new(),
        more => format!("; {} like it", count(more, "other cell")),
    };
    Some(format!(
        "{file} line {line}: the cell of {column} runs over {}, among them some like rows of their own: see whether a quote \
         opens there that should not{others}",
        count(first.lines, "line"),
    ))
}
