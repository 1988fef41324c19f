//! The alert table's parameters: which rows, in which order, how many.

use super::columns::ColumnParams;
use super::order::{ColumnOrder, OrderKey};
use super::pairs::Pairs;
use crate::page_params::{PageDefaults, PageSize, read_whole_number};
use crate::prometheus::AlertState;
use crate::prometheus::RowId;

/// How many rows a page of a table has unless the address says otherwise.
const DEFAULT_ROWS: usize = 20;
/// The longest text that is searched for, in characters.
const LONGEST_SEARCH: usize = 200;
/// An address opens at most this many rows.
const MOST_OPENED: usize = 20;

/// A column that the table can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortKey {
    Name,
    State,
    Severity,
    Value,
    ActiveAt,
    LastEvaluation,
    Group,
}

impl OrderKey for SortKey {
    const ALL: &'static [Self] = &[
        Self::Name,
        Self::State,
        Self::Severity,
        Self::Value,
        Self::ActiveAt,
        Self::LastEvaluation,
        Self::Group,
    ];
    const WORDS: &'static str = "name, state, severity, value, activeAt, lastEvaluation, group";

    /// The field's name in the JSON form.
    fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::State => "state",
            Self::Severity => "severity",
            Self::Value => "value",
            Self::ActiveAt => "activeAt",
            Self::LastEvaluation => "lastEvaluation",
            Self::Group => "group",
        }
    }
}

/// How the alert table is shown.
#[derive(Clone, Debug)]
pub struct TableParams {
    /// Empty: every state.
    pub states: Vec<AlertState>,
    pub search: String,
    /// None: the table's own order.
    pub sort: Option<ColumnOrder<SortKey>>,
    /// From 1.
    pub page: usize,
    pub page_size: PageSize,
    /// Also when the address asks for the state `inactive`.
    pub show_inactive: bool,
    /// Whether inactive rules are shown when the address does not say.
    pub inactive_by_default: bool,
    pub columns: ColumnParams,
    /// The rows that are open. A link leads to the first: it is marked, and its page of the table is shown.
    pub opened: Vec<RowId>,
}

impl TableParams {
    pub(super) fn read(pairs: &mut Pairs, defaults: &PageDefaults) -> Self {
        let states = read_states(pairs);
        let search = pairs.value("search", read_search).unwrap_or_default();
        let sort = pairs.value("sort", ColumnOrder::read);
        let page = pairs.value("page", |text| read_whole_number(text, usize::MAX)).unwrap_or(1);
        let page_size = pairs.value_or("pageSize", defaults.page_size, str::parse);
        let show_inactive = pairs.flag("showInactiveAlerts", defaults.show_inactive).unwrap_or(false);
        Self {
            search,
            sort,
            page,
            page_size: page_size.unwrap_or(PageSize::Rows(DEFAULT_ROWS)),
            show_inactive: show_inactive || states.contains(&AlertState::Inactive),
            inactive_by_default: defaults.show_inactive.unwrap_or(false),
            states,
            columns: ColumnParams::read(pairs, defaults),
            opened: read_opened(pairs),
        }
    }

    /// The row that the address leads to.
    pub fn linked(&self) -> Option<RowId> {
        self.opened.first().copied()
    }

    /// The value of `showInactiveAlerts` that hides inactive rules. None: leaving the parameter out does.
    pub fn hide_inactive(&self) -> Option<&'static str> {
        self.inactive_by_default.then_some("false")
    }
}

fn read_search(text: &str) -> Result<String, String> {
    let is_short = text.chars().count() <= LONGEST_SEARCH;
    is_short.then(|| text.to_owned()).ok_or_else(|| format!("is longer than {LONGEST_SEARCH} characters"))
}

fn read_opened(pairs: &mut Pairs) -> Vec<RowId> {
    let mut opened = Vec::new();
    for text in pairs.texts("alert") {
        match RowId::read(&text) {
            Some(row) if opened.contains(&row) => {}
            Some(_) if opened.len() == MOST_OPENED => {
                pairs.refuse("alert", format!("names more than {MOST_OPENED} rows; the others are closed"));
                break;
            }
            Some(row) => {
                opened.push(row);
                pairs.keep("alert", text);
            }
            None => pairs.refuse_value("alert", &text, "is not a row of the table"),
        }
    }
    opened
}

fn read_states(pairs: &mut Pairs) -> Vec<AlertState> {
    let mut states = Vec::new();
    for text in pairs.texts("state") {
        match AlertState::ALL.into_iter().find(|state| state.as_str() == text) {
            Some(state) if states.contains(&state) => {}
            Some(state) => {
                states.push(state);
                pairs.keep("state", text);
            }
            None => pairs.refuse_value(
                "state",
                &text,
                "is not a state; use firing, pending, error, unknown or inactive",
            ),
        }
    }
    states
}
