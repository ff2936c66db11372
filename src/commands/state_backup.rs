//! `sendplan state backup`: the whole state, as it is at this moment, in a file of its own.

use super::exit::{Code, Failure};
use super::flags::Flags;
use super::ours::room_for;
use super::standing::line;
use super::terminal::Terminal;
use super::{Outcome, state};
use crate::cli::{Backup, Global};
use crate::report::keeping::{about_copy, backed_up};
use crate::store::StoreError;

pub fn run(args: &Backup, global: &Global, terminal: &Terminal) -> Outcome {
    let path = state::path(global, args.sandbox, None)?;
    if std::fs::symlink_metadata(&args.file).is_ok() {
        return Err(Failure::Usage(format!(
            "`{}` is there already, and a backup never overwrites anything: name another file",
            args.file.display()
        )));
    }
    room_for(&args.file)?;
    let (store, holder) = state::look_at_all(&path, args.sandbox)?;
    let verified = store.back_up(&args.file).map_err(|error| match error {
        StoreError::Copy { path, detail } => {
            Failure::Output { path: path.display().to_string(), why: detail }
        }
        other => other.into(),
    })?;
    let (from, to) = (path.display().to_string(), args.file.display().to_string());
    let runs: Vec<_> = verified.runs.iter().map(|run| line(run, holder.is_some())).collect();
    terminal.data(&backed_up(&from, &to, &runs));
    if let Some(holder) = holder {
        terminal
            .note(&format!("\n{holder} is at work on the state: the copy is how it stood at one moment."));
    }
    terminal.note(&about_copy(&from, &to, &Flags::new(global, args.sandbox, &path).to_string()));
    Ok(Code::Done)
}
