//! Tidemark's service and command line: the clock, the disk and the network around the statistics library.

pub mod assets;
pub mod cli;
pub mod clock;
pub mod front;
pub mod ingest;
pub mod keys;
pub mod limits;
pub mod listen;
pub mod metrics;
pub mod migrate;
pub mod problem;
pub mod registry;
pub mod request_id;
pub mod routes;
pub mod serve;
pub mod service;
pub mod slow_body;
pub mod wire;
