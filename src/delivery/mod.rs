//! How a run is delivered, as a pure machine: it is told what happened and says what to do next.

pub mod state;
