//! The one integration binary: a module per subject.
// Clippy takes only functions marked as tests for tests; their helpers may fail the same way.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods, missing_docs)]

mod approval;
mod audience;
mod book;
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
mod help;
mod house;
mod hygiene;
mod idempotency;
mod init;
mod keep;
mod keeping;
mod kinds;
#[path = "../../fuzz/laws/mod.rs"]
mod laws;
mod loopback;
mod messages;
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
mod remedy;
mod report;
mod resolve;
mod run;
mod sample;
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
mod survey;
mod texts;
mod timing;
#[cfg(target_os = "linux")]
mod typist;
mod workbook;
mod year;
