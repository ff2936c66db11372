//! What must be true of everything that comes from outside, whatever bytes it is. A fuzz target holds each law against
//! bytes it makes up; the normal suite, against the seeds that are kept.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods, missing_docs)]

pub mod answer;
pub mod csv;
mod diagnostics;
pub mod manifest;
pub mod plan;
pub mod profile;
pub mod segments;
pub mod state;
