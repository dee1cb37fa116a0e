//! A report for people: HTML that needs no script, text for a terminal, and the pictures in both pages and files.

pub mod datetime;
pub mod expectations;
pub mod format;
pub mod html;
pub mod quality;
pub mod svg;
pub mod text;
