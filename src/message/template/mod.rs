//! Message templates: Tera over the columns of a row, checked before the first row is read. Templates of
//! nothing but text and plain names are turned into copying, byte for byte what Tera writes (a property
//! test holds the two together).

mod compile;
mod names;
mod render;
mod traced;
mod way;

pub use render::{Scratch, Spelling, Template};
pub use traced::Traced;
pub use way::Way;

#[cfg(test)]
mod tests;
