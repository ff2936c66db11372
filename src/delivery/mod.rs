//! How a run is delivered, as a machine without a clock, a disk or a network: it is told what time it is
//! and what has happened, and says what to do next. The world around it carries that out.

pub mod access;
pub mod account;
pub mod answer;
pub mod asking;
pub mod breaker;
pub mod clock;
pub mod clocks;
pub mod contacts;
pub mod control;
pub mod course;
mod dispatch;
pub mod engine;
pub mod forecast;
pub mod hearing;
pub mod message;
pub mod opt_outs;
pub mod pace;
pub mod paces;
pub mod patience;
pub mod pinned;
pub mod queue;
pub mod receipt;
pub mod reconcile;
pub mod resolution;
pub mod roster;
mod runway;
pub mod state;
pub mod trouble;
mod turns;
