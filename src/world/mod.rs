//! The world outside: what the pure floors ask for, carried out.

pub mod http;
pub mod sandbox;
pub mod secrets;
