//! Verbs, one a file. Only here do errors become exit codes.

/// Runs the command line and answers with the process's exit code.
pub fn main() -> std::process::ExitCode {
    std::process::ExitCode::from(2)
}
