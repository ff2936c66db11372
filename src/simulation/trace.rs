//! What happened, line by line, for whoever has to find out why. Costs nothing unless somebody asks for it.

use std::time::Duration;

/// The lines.
#[derive(Debug, Default)]
pub struct Trace {
    lines: Option<Vec<String>>,
}

impl Trace {
    /// One that is kept.
    pub fn kept() -> Self {
        Self { lines: Some(Vec::new()) }
    }

    /// Adds a line, if somebody wants it.
    pub fn note(&mut self, at: Duration, line: impl FnOnce() -> String) {
        if let Some(lines) = &mut self.lines {
            lines.push(format!("{:>14.6} {}", at.as_secs_f64(), line()));
        }
    }

    /// All lines; none where nobody wanted them.
    pub fn lines(&self) -> &[String] {
        self.lines.as_deref().unwrap_or_default()
    }
}
