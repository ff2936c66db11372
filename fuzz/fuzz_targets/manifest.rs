//! The laws of `laws/manifest.rs`, under arbitrary bytes.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| laws::manifest::holds(data));
