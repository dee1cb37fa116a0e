//! The service, talked to as its users do: over HTTP.

mod bad_input;
mod clients;
mod command_line;
mod counts_cli;
mod disk;
mod elsewhere;
mod events;
mod front;
mod imported;
mod keys_page;
mod listen;
mod log;
mod models;
mod monitors;
mod openapi;
mod pages;
mod performance;
mod performance_cli;
mod predict;
mod real_data;
mod reports;
mod reports_cli;
mod standards;
mod support;
mod week;
mod windows;
