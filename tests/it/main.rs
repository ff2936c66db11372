//! The one integration binary: a module per subject.

mod audience;
mod cut;
mod exchange;
mod gateway;
mod provider;
mod sandbox;
