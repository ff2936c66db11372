//! The one integration binary: a module per subject.
// Clippy takes only functions marked as tests for tests; their helpers may fail the same way.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods, missing_docs)]

mod audience;
mod cancel;
mod check;
mod cut;
mod desk;
mod exchange;
mod gateway;
mod house;
mod loopback;
mod opt_outs;
mod outgoing;
mod project;
mod provider;
mod report;
mod sandbox;
mod send;
mod send_faults;
mod state;
