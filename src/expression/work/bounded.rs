//! Filters of Tera's that do far more work than their input is long, or make far more of it: the same, with bounds.

use tera::{Kwargs, State, Tera, Value};

use super::super::MAX_RENDERED_BYTES;
use super::super::complaints::own;
use super::{charge, finite};

pub(super) fn register(tera: &mut Tera) {
    tera.register_filter("unique", |items: &[Value], _: Kwargs, _: &State| unique(items));
    tera.register_filter("join", |items: &[Value], kwargs: Kwargs, _: &State| join(items, &kwargs));
    tera.register_filter("indent", |text: &str, kwargs: Kwargs, _: &State| indent(text, &kwargs));
}

fn fits(bytes: usize, filter: &str) -> Result<(), tera::Error> {
    if bytes > MAX_RENDERED_BYTES {
        let message = format!("`{filter}` makes more than {MAX_RENDERED_BYTES} bytes");
        return Err(own(message));
    }
    Ok(())
}

/// Each item is compared with all that were kept.
fn unique(items: &[Value]) -> Result<Vec<Value>, tera::Error> {
    let mut kept: Vec<Value> = Vec::new();
    for item in items {
        charge(kept.len() as u64)?;
        if !kept.contains(item) {
            kept.push(item.clone());
        }
    }
    Ok(kept)
}

fn join(items: &[Value], kwargs: &Kwargs) -> Result<String, tera::Error> {
    let between = kwargs.get::<&str>("sep")?.unwrap_or_default();
    let mut out = String::new();
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push_str(between);
        }
        match item.as_str() {
            Some(text) => out.push_str(text),
            None => {
                finite(item)?;
                out.push_str(&item.to_string());
            }
        }
        fits(out.len(), "join")?;
    }
    Ok(out)
}

fn indent(text: &str, kwargs: &Kwargs) -> Result<String, tera::Error> {
    let width = kwargs.get::<usize>("width")?.unwrap_or(4).min(1000);
    let by = kwargs.get::<&str>("indentation")?.unwrap_or(" ");
    if by.chars().count() != 1 {
        return Err(own("`indentation` takes exactly one character"));
    }
    let first = kwargs.get::<bool>("first")?.unwrap_or(false);
    let blank = kwargs.get::<bool>("blank")?.unwrap_or(false);
    let before = by.repeat(width);
    let mut out = String::with_capacity(text.len());
    for (at, line) in text.lines().enumerate() {
        if at > 0 {
            out.push('\n');
        }
        if if at == 0 { first } else { blank || !line.is_empty() } {
            out.push_str(&before);
        }
        out.push_str(line);
        fits(out.len(), "indent")?;
    }
    if text.ends_with('\n') {
        out.push('\n');
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::super::super::{Context, Kind, Program};

    fn text(source: &str, a: &str) -> Result<String, String> {
        let mut program = Program::new();
        program.add("x", source, Kind::Text, &["a"]).map_err(|problems| format!("{problems:?}"))?;
        let context = Context::from_serialize(&serde_json::json!({ "a": a })).unwrap();
        let mut out = String::new();
        program.render("x", &context, &mut out).map(|()| out).map_err(|error| error.to_string())
    }

    #[test]
    fn they_do_as_those_of_tera() {
        assert_eq!(text("{{ a | split(pat=' ') | unique | join(sep='+') }}", "b a b c a").unwrap(), "b+a+c");
        assert_eq!(text("{{ [1, 'x', 2.5] | join }}", "").unwrap(), "1x2.5");
        assert_eq!(text("{{ a | indent }}", "a\n\nb\n").unwrap(), "a\n\n    b\n");
        let all = "{{ a | indent(width=2, indentation='>', first=true, blank=true) }}";
        assert_eq!(text(all, "a\n\nb").unwrap(), ">>a\n>>\n>>b");
        assert!(text("{{ a | indent(indentation='ab') }}", "a").unwrap_err().contains("one character"));
    }

    #[test]
    fn fault_59_what_filters_make_is_bounded() {
        let lines = "x\n".repeat(1000);
        assert!(text("{{ a | indent(width=1000) }}", &lines).unwrap_err().contains("`indent` makes more"));
        let joined = text("{{ a | split(pat='') | join(sep=a) }}", &lines).unwrap_err();
        assert!(joined.contains("`join` makes more"), "{joined}");
        let many: String = (0..15_000).filter_map(|at| char::from_u32(0x4e00 + at)).collect();
        let unique = text("{{ a | split(pat='') | unique | length }}", &many).unwrap_err();
        assert!(unique.contains("too much work"), "{unique}");
    }
}
