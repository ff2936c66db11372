//! The threads that requests run on.

use std::io;
use std::thread::available_parallelism;

use tokio::runtime::{Builder, Runtime};

/// A thread for each processor but one, and one at least: the journal needs a processor of its own while messages go
/// out, and every request waits for it when it has none.
///
/// # Errors
/// The system's, when it gives no threads.
pub fn start() -> io::Result<Runtime> {
    let processors = available_parallelism().map_or(2, usize::from);
    Builder::new_multi_thread().worker_threads(processors.saturating_sub(1).max(1)).enable_all().build()
}
