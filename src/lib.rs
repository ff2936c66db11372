//! sendplan: campaigns as files in git, sent to people exactly as reviewed.
//!
//! The modules below stand in floor order. A module may use the floors above it in this list (the
//! lower floors of the house), never its own floor's neighbours and never what comes after it; a
//! test (`tests/it/house.rs`) reads this very list and fails on an import that runs the other way.
//!
//! Invariants, in one place:
//! - everything before `store`, `world` and `report` is pure: no clock, network, files or terminal;
//! - a domain type cannot be invalid: raw serde mirrors are resolved into it, all errors at once;
//! - an intent is durable before the first byte of its request leaves; a lost outcome is UNKNOWN;
//! - every planned message is in exactly one state, so planned = Σ states at every commit.

// floor 0: words everybody uses
pub mod diagnostic;
pub mod lot;
pub mod units;
pub mod unseen;

// floor 1: the languages people write to us in
pub mod cli;
pub mod credentials;
pub mod expression;
pub mod yaml;

// floor 2: one subject each
pub mod audience;
pub mod message;
pub mod provider;
pub mod schedule;

// floor 3: the manifest, made whole
pub mod campaign;

// floor 4: who gets what
pub mod plan;

// floor 5: whether it is what was reviewed; how it is delivered, as a pure machine
pub mod approval;
pub mod delivery;

// floor 6: the world outside
pub mod report;
pub mod store;
pub mod world;

// floor 7: the engine carried out, in the world or in a rehearsed one
pub mod executor;

// floor 8: a world made of dice, to prove the rest in
pub mod simulation;

// floor 9: verbs
pub mod commands;
