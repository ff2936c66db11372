//! The laws of `laws/plan.rs`, under arbitrary bytes.
#![no_main]
#![allow(clippy::disallowed_methods, reason = "the macro of libFuzzer writes files")]

libfuzzer_sys::fuzz_target!(|data: &[u8]| laws::plan::holds(data));
