//! The laws of `laws/segments.rs`, under arbitrary bytes.
#![no_main]

#[path = "../laws/segments.rs"]
mod law;

libfuzzer_sys::fuzz_target!(|data: &[u8]| law::holds(data));
