//! The one integration binary: a module per subject.
mod exchange;
mod gateway;
mod provider;
mod sandbox;
