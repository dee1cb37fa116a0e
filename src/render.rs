//! A report for people: HTML that needs no script, text for a terminal, Markdown, and the pictures in both pages and
//! files; and for programs: CSV and JUnit XML.

pub mod csv;
pub mod datetime;
pub mod expectations;
pub mod format;
pub mod html;
pub mod junit;
pub mod markdown;
pub mod performance;
pub mod quality;
pub mod svg;
pub mod text;
