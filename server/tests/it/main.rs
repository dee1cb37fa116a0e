//! The service, talked to as its users do: over HTTP.

mod command_line;
mod front;
mod listen;
mod log;
mod openapi;
mod pages;
mod predict;
mod real_data;
mod reports;
mod support;
