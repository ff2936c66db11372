//! Plans that people have approved: what a plan file keeps of them, and how what would be sent now differs from it. It
//! holds digests and counts, and nothing that says who anybody is.

mod anchors;
mod change;
mod crowd;
mod difference;
mod field;
mod file;
mod input;
mod outline;
mod sealed;
mod seed;
mod sketch;

pub use change::{Change, Number, Untold};
pub use crowd::{Crowd, Everybody};
pub use difference::{Difference, Fate, Figure, FileLine, Value};
pub use file::{LeftOutBy, PlanFile, PlanFileError};
pub use input::{InputFile, Role};
pub use sealed::Sealed;

/// The JSON Schema of plan files.
pub fn schema() -> serde_json::Value {
    crate::yaml::document::<PlanFile>("plan.schema.json", "sendplan plan file")
}
