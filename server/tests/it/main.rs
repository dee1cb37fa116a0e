//! The service, talked to as its users do: over HTTP.

mod command_line;
mod log;
mod pages;
mod predict;
mod real_data;
mod reports;
mod support;
