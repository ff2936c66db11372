//! The laws of `laws/state.rs`, under arbitrary bytes.
#![no_main]

#[path = "../laws/state.rs"]
mod law;

libfuzzer_sys::fuzz_target!(|data: &[u8]| law::holds(data));
