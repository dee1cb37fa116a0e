//! The binary `tidemark`.

use std::process::ExitCode;

fn main() -> ExitCode {
    tidemark_server::cli::run()
}
