//! The laws of `laws/segments.rs`, under arbitrary bytes.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| laws::segments::holds(data));
