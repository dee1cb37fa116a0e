//! The binary `tidemark`.

use std::process::ExitCode;

/// What a request allocates is often freed by another thread: its record by the log's. glibc's allocator then waits for locks
/// and goes through its heap, which took a sixth of the time of a prediction that is on disk before it is answered.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    tidemark_server::cli::run()
}
