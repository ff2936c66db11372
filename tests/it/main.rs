//! The one integration binary: a module per subject.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods, missing_docs)]

mod audience;
mod check;
mod cut;
mod house;
mod loopback;
mod project;
mod provider;
mod send;
mod send_faults;
mod state;
