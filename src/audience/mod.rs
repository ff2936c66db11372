//! Who is written to: a file of recipients becomes rows, rows become people, and whoever is left out
//! is left out for a reason that can be read. Nothing here opens a file; readers are handed in.

pub mod address;
pub mod blocks;
mod decode;
pub mod dedupe;
pub mod detect;
pub mod dialect;
pub mod exclusion;
pub mod filter;
pub mod guess;
pub mod header;
pub mod invented;
pub mod keep;
pub mod masked;
pub mod misread;
pub mod number_type;
mod numbering;
pub mod oddities;
mod packed;
pub mod phone;
pub mod place;
pub mod read;
pub mod record;
pub mod rows;
pub mod rules;
pub mod sample;
pub mod sheet;
pub mod suppress;
pub mod survey;
pub mod unreadable;

pub use address::{Address, AddressKind};
pub use dialect::{Dialect, Encoding, Named, NamedEncoding};
pub use exclusion::Exclusion;
pub use filter::Filter;
pub use header::Header;
pub use keep::Keep;
pub use number_type::{NumberType, NumberTypes};
pub use oddities::{Oddities, Swallowing};
pub use phone::{Region, RegionError, region};
pub use place::Place;
pub use read::ReadError;
pub use rows::{Row, Rows};
pub use rules::{Person, Rules};
pub use sample::Sample;
pub use suppress::{ListError, Suppression};
pub use unreadable::AddressError;
