//! `sendplan state verify`: whether the state is sound. It is only read.

use super::exit::Code;
use super::standing::line;
use super::terminal::Terminal;
use super::{Outcome, state};
use crate::cli::{Global, Verify};
use crate::report::keeping::verified;
use crate::store::{Store, StoreError};

pub fn run(args: &Verify, global: &Global, terminal: &Terminal) -> Outcome {
    let path = state::path(global, args.sandbox, None)?;
    let (store, holder) = state::look_at_all(&path, args.sandbox)?;
    let found = store.verify()?;
    let runs: Vec<_> = found.runs.iter().map(|run| line(run, holder.is_some())).collect();
    let live = holder.map(|holder| holder.to_string());
    terminal.data(&verified(&path.display().to_string(), &runs, &found.wrong, live.as_deref()));
    match found.wrong.first() {
        None => Ok(Code::Done),
        Some(first) => Err(StoreError::Corrupt { path, detail: first.clone() }.into()),
    }
}
