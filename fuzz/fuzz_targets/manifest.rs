//! The laws of `laws/manifest.rs`, under arbitrary bytes.
#![no_main]

#[path = "../laws/manifest.rs"]
mod law;

libfuzzer_sys::fuzz_target!(|data: &[u8]| law::holds(data));
