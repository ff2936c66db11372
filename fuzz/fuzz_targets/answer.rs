//! The laws of `laws/answer.rs`, under arbitrary bytes.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| laws::answer::holds(data));
