//! Query strings as settled values: a bad value is a message and the default, never an error page.

use std::time::Duration;

use jiff::Timestamp;

use super::PageDefaults;
use crate::annotations::GraphType;
use crate::monitoring::Period;
use crate::prometheus::AlertState;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    Light,
    Dark,
}

/// The zone that times are written in.
#[derive(Clone, Debug)]
pub enum Zone {
    /// UTC here; the script rewrites the times for the reader's own zone.
    Browser,
    Named(jiff::tz::TimeZone),
}

/// A parameter whose value could not be used, for the message on the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParamProblem {
    pub parameter: &'static str,
    pub message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageSize {
    Rows(usize),
    All,
}

/// How the alert table is shown.
#[derive(Clone, Debug)]
pub struct TableParams {
    /// Empty: every state.
    pub states: Vec<AlertState>,
    pub search: String,
    /// `name`, `-value`; None: the table's own order.
    pub sort: Option<String>,
    /// From 1.
    pub page: usize,
    pub page_size: PageSize,
    pub show_inactive: bool,
}

/// All that a page's address says.
#[derive(Clone, Debug)]
pub struct PageParams {
    /// The relative or absolute texts, as the address has them: `now-1h`, `now`.
    pub from: String,
    pub to: String,
    pub period: Period,
    /// Whole seconds; None: off.
    pub refresh_secs: Option<u32>,
    pub kiosk: bool,
    pub theme: Option<Theme>,
    pub zone: Zone,
    pub graph_type: Option<GraphType>,
    pub view_table: bool,
    pub table: TableParams,
    pub problems: Vec<ParamProblem>,
    /// The pairs of the address that were understood, in canonical order: what links keep.
    pub given: Vec<(String, String)>,
}

impl PageParams {
    pub fn read(query: &str, defaults: &PageDefaults, now: Timestamp) -> Self {
        let _ = (query, defaults, now, Duration::ZERO);
        todo!()
    }

    /// Whether the window ends at `now`, so that it moves.
    pub fn is_live(&self) -> bool {
        self.to == "now"
    }
}
