//! The laws of `laws/csv.rs`, under arbitrary bytes.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| laws::csv::holds(data));
