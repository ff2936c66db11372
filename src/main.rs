//! The binary: hands the arguments to the library and its exit code to the system.

fn main() -> std::process::ExitCode {
    sendplan::commands::main()
}
