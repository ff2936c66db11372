//! Markdown as code hosts render it. Whatever is not ours stands in code, where nothing is a link, a picture, a mention, a
//! command or markup.

use std::fmt::Write as _;

use super::flaws::seen;

/// A value within a line, also within a table.
pub fn code(value: &str) -> String {
    let value = seen(value).replace('↵', " ");
    let fence = "`".repeat(longest_run(&value) + 1);
    let edge = if value.starts_with('`') || value.ends_with('`') || value.is_empty() { " " } else { "" };
    // A table is cut into cells before code is looked for.
    format!("{fence}{edge}{}{edge}{fence}", value.replace('|', "\\|"))
}

/// Lines as they stand. What is longer than so many bytes is cut at the end of a line, and it is said so.
pub fn fenced(text: &str, most: usize) -> String {
    let mut kept = String::new();
    let mut left = 0;
    for line in text.lines() {
        let line = line.trim_end();
        if left > 0 || kept.len() + line.len() > most {
            left += 1;
        } else {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    let fence = "`".repeat(longest_run(&kept).max(2) + 1);
    let more = match left {
        0 => String::new(),
        1 => "… and a line more\n".to_owned(),
        many => format!("… and {many} lines more\n"),
    };
    format!("{fence}text\n{kept}{more}{fence}\n")
}

/// A table of two columns and more; cells are Markdown.
pub fn table(heads: &[&str], numbers: &[usize], rows: &[Vec<String>]) -> String {
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        cells.fold("|".to_owned(), |mut line, cell| {
            let _ = write!(line, " {cell} |");
            line
        })
    };
    let rule = |at: usize| if numbers.contains(&at) { "--:" } else { "---" };
    let mut out = format!("{}\n", line(&mut heads.iter().copied()));
    let _ = writeln!(out, "{}", line(&mut (0..heads.len()).map(rule)));
    for row in rows {
        let _ = writeln!(out, "{}", line(&mut row.iter().map(String::as_str)));
    }
    out
}

/// A part that is opened by whoever wants to see it.
pub fn folded(summary: &str, inside: &str) -> String {
    format!("<details><summary>{summary}</summary>\n\n{inside}\n</details>\n")
}

/// The most backticks in a row.
fn longest_run(text: &str) -> usize {
    text.split(|character| character != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_leave_its_code() {
        assert_eq!(code("a.csv"), "`a.csv`");
        assert_eq!(code("a`b``c"), "```a`b``c```");
        assert_eq!(code("`a"), "`` `a ``");
        assert_eq!(code("a|b\n# c"), "`a\\|b # c`");
        assert_eq!(code("\u{202e}x"), "`U+202Ex`");
        let fence = fenced("```\n/close\n<img src=x>\n", 100);
        assert_eq!(fence, "````text\n```\n/close\n<img src=x>\n````\n");
    }

    #[test]
    fn what_is_too_long_is_cut_at_the_end_of_a_line() {
        assert_eq!(fenced("one\ntwo\nthree\nx\n", 7), "```text\none\ntwo\n… and 2 lines more\n```\n");
        assert_eq!(fenced("one\ntwo", 3), "```text\none\n… and a line more\n```\n");
    }

    #[test]
    fn columns_of_numbers_stand_right() {
        let table = table(&["what", "rows"], &[1], &[vec!["a".to_owned(), "1".to_owned()]]);
        assert_eq!(table, "| what | rows |\n| --- | --: |\n| a | 1 |\n");
    }
}
