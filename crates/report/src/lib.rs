//! What a campaign leaves behind: a first screen, verdict tables, CSV files, JSON, JUnit, and plots as SVG.
//!
//! Everything here turns summaries into text or bytes; only [`tables::Tables`] keeps files open, since rows are written
//! while runs come in.
#![forbid(unsafe_code)]

pub mod json;
pub mod junit;
pub mod margins;
pub mod matrix;
pub mod plot;
pub mod tables;
pub mod verdicts;
mod words;
