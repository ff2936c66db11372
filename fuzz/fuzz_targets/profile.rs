//! The laws of `laws/profile.rs`, under arbitrary bytes.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| laws::profile::holds(data));
