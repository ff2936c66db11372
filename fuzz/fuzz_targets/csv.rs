//! The laws of `laws/csv.rs`, under arbitrary bytes.
#![no_main]

#[path = "../laws/csv.rs"]
mod law;

libfuzzer_sys::fuzz_target!(|data: &[u8]| law::holds(data));
