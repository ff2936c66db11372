//! What the next command to type needs to work on the same state as this one.

use std::fmt;
use std::path::Path;

use crate::cli::Global;

/// The flags behind the words of a verb, each with a space before it; nothing where the usual state is meant.
#[derive(Debug, Clone)]
pub struct Flags {
    same: String,
    taking_up: String,
}

impl Flags {
    /// The flags of this command, which works on the state at `path`.
    pub fn new(global: &Global, sandbox: bool, path: &Path) -> Self {
        let begin = if sandbox { " --sandbox" } else { "" };
        let state = |path: &Path| format!("{begin} --state {}", quoted(&path.display().to_string()));
        let same = global.state.as_deref().map_or_else(|| begin.to_owned(), state);
        // A sandbox whose state nobody names begins anew: to go on, it has to be named.
        let taking_up = if sandbox { state(path) } else { same.clone() };
        Self { same, taking_up }
    }

    /// The flags with which `send` takes up what is in this state.
    pub fn taking_up(&self) -> &str {
        &self.taking_up
    }

    /// The flags of a verb that knows no sandbox.
    pub fn without_sandbox(&self) -> &str {
        self.same.strip_prefix(" --sandbox").unwrap_or(&self.same)
    }

    /// Whether `send` would begin anew if it were typed as it was.
    pub fn begin_anew(&self) -> bool {
        self.same != self.taking_up
    }
}

impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.same)
    }
}

/// A word as a shell takes it for one.
pub fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+=:@%,".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Color;

    #[test]
    fn the_state_that_was_named_is_named_again() {
        let global =
            |state: Option<&str>| Global { state: state.map(Into::into), color: Color::Never, quiet: false };
        let flags = |state, sandbox, path: &str| Flags::new(&global(state), sandbox, Path::new(path));
        assert_eq!(flags(None, false, "a.db").to_string(), "");
        assert_eq!(flags(None, false, "a.db").taking_up(), "");
        assert_eq!(flags(Some("my a.db"), false, "my a.db").to_string(), " --state 'my a.db'");
        let sandbox = flags(None, true, "s.db");
        assert_eq!(
            (sandbox.to_string().as_str(), sandbox.taking_up()),
            (" --sandbox", " --sandbox --state s.db")
        );
        assert!(sandbox.begin_anew() && !flags(Some("b.db"), true, "b.db").begin_anew());
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
