//! The laws of `laws/profile.rs`, under arbitrary bytes.
#![no_main]

#[path = "../laws/profile.rs"]
mod law;

libfuzzer_sys::fuzz_target!(|data: &[u8]| law::holds(data));
