//! The profiles that are compiled in: every file of `builtin/`, gathered by the build script.

use std::sync::{Arc, OnceLock};

use crate::diagnostic::{Diagnostics, Source};
use crate::provider::profile::Profile;

/// File stem and text of each.
const BUILTIN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/builtin.rs"));

/// The names of the built-in profiles, sorted.
pub fn builtin_names() -> impl Iterator<Item = &'static str> {
    BUILTIN.iter().map(|(name, _)| *name)
}

impl Profile {
    /// The text of a built-in profile, under a name that diagnostics can show.
    pub fn builtin_source(name: &str) -> Option<Arc<Source>> {
        let (stem, text) = BUILTIN.iter().find(|(stem, _)| *stem == name)?;
        Some(Source::new(format!("built-in profile {stem}"), *text))
    }

    /// A built-in profile; `None` for a name that is none. Read once, then shared.
    ///
    /// # Errors
    /// The profile itself is faulty: a fault of this program, kept out by its tests.
    pub fn builtin(name: &str) -> Option<Result<Self, Diagnostics>> {
        static READ: OnceLock<Vec<OnceLock<Result<Profile, Diagnostics>>>> = OnceLock::new();
        let at = BUILTIN.iter().position(|(stem, _)| *stem == name)?;
        let source = Self::builtin_source(name)?;
        let slots = READ.get_or_init(|| BUILTIN.iter().map(|_| OnceLock::new()).collect());
        Some(slots.get(at)?.get_or_init(|| Self::from_source(&source)).clone())
    }
}
