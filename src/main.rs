//! The binary: hands the arguments to the library and its exit code to the system.

/// Messages are allocated by the thread that reads them and freed by the one that has sent them: glibc's allocator takes
/// a lock for that, and sends a quarter fewer.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    sendplan::commands::main()
}
