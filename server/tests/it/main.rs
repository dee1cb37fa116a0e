//! The service, talked to as its users do: over HTTP.

mod command_line;
mod log;
mod pages;
mod predict;
mod reports;
mod support;
