//! Tidemark's service and command line: the clock, the disk and the network around the statistics library.

pub mod assets;
pub mod cli;
pub mod clock;
pub mod log;
pub mod problem;
pub mod routes;
pub mod serve;
pub mod service;
pub mod store;
