//! The one integration binary: a module per subject.
// Clippy takes only functions marked as tests for tests; their helpers may fail the same way.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods, missing_docs)]

mod audience;
mod builtins;
mod canary;
mod cancel;
mod check;
mod control;
mod cost;
mod cut;
mod decide;
mod desk;
mod docs;
mod doubt;
mod emnify;
mod exchange;
mod fault_rows;
mod gateway;
mod house;
mod idempotency;
mod keeping;
mod kinds;
mod loopback;
mod opt_outs;
mod outgoing;
mod project;
mod provider;
mod report;
mod resolve;
mod sandbox;
mod seeds;
mod send;
mod send_faults;
mod simulation;
mod state;
