//! A report for people: HTML that needs no script, text for a terminal, and the pictures in both pages and files.

pub mod datetime;
pub mod format;
pub mod html;
pub mod svg;
pub mod text;
