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
mod cron;
mod cut;
mod decide;
mod desk;
mod docs;
mod doubt;
mod emnify;
mod exchange;
mod exports;
mod fault_rows;
mod gateway;
mod house;
mod hygiene;
mod idempotency;
mod keeping;
mod kinds;
#[path = "../../fuzz/laws/mod.rs"]
mod laws;
mod loopback;
mod moments;
mod numbers;
mod once;
mod opt_outs;
mod outgoing;
mod project;
mod provider;
mod recipients;
mod rehearse;
mod reliability;
mod report;
mod resolve;
mod run;
mod sandbox;
mod seasons;
mod seeds;
mod segments;
mod send;
mod send_faults;
mod series;
mod simulation;
mod state;
mod status;
mod texts;
mod timing;
mod workbook;
mod year;
