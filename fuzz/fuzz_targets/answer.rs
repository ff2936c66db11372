//! The laws of `laws/answer.rs`, under arbitrary bytes.
#![no_main]

#[path = "../laws/answer.rs"]
mod law;

libfuzzer_sys::fuzz_target!(|data: &[u8]| law::holds(data));
