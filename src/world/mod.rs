//! The world outside: files, clocks, the network, secrets. What is below is pure.

pub mod campaigns;
pub mod clock;
pub mod confine;
pub mod export;
pub mod fresh;
pub mod gateway;
pub mod gauges;
pub mod http;
pub mod inquiry;
pub mod lists;
pub mod person;
pub mod recipients;
pub mod sandbox;
pub mod secrets;
pub mod server;
pub mod signals;
pub mod stamp;
pub mod threads;
pub mod workspace;
