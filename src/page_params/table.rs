//! How many rows a table has on a page, and how many series a chart draws.

use std::fmt;
use std::str::FromStr;

/// The most rows of one page; `all` has no limit.
const MAX_ROWS: usize = 1_000;
/// The most series that a chart may draw: browsers take no more.
const MAX_SERIES: usize = 500;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageSize {
    Rows(usize),
    All,
}

impl FromStr for PageSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "all" {
            return Ok(Self::All);
        }
        let rows = read_whole_number(text, MAX_ROWS);
        rows.map(Self::Rows).map_err(|_| format!("is neither all nor a whole number from 1 to {MAX_ROWS}"))
    }
}

/// As an address has it.
impl fmt::Display for PageSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rows(n) => n.fmt(f),
            Self::All => f.write_str("all"),
        }
    }
}

pub fn read_max_series(text: &str) -> Result<usize, String> {
    read_whole_number(text, MAX_SERIES)
}

/// A number from 1 to `max`, in digits alone.
pub fn read_whole_number(text: &str, max: usize) -> Result<usize, String> {
    let number = text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<usize>().ok()).flatten();
    number.filter(|n| (1..=max).contains(n)).ok_or_else(|| match max {
        usize::MAX => "is not a whole number from 1".to_owned(),
        max => format!("is not a whole number from 1 to {max}"),
    })
}
