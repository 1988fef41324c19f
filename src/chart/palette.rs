//! The series colours: chosen by labels, stable when others come and go.

/// How many colours there are; a series' colour is an index below it.
pub const COLOURS: usize = 10;
