//! The alert table's parameters: which rows, in which order, how many.

use std::fmt;

use super::columns::ColumnParams;
use super::pairs::{Pairs, shown};
use crate::prometheus::AlertState;
use crate::web::RowId;

/// How many rows a page of a table has unless the address says otherwise.
pub const DEFAULT_ROWS: usize = 20;
/// The most rows of one page; `all` has no limit.
const MOST_ROWS: usize = 1_000;
/// The longest text that is searched for, in characters.
const LONGEST_SEARCH: usize = 200;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageSize {
    Rows(usize),
    All,
}

/// As the address has it.
impl fmt::Display for PageSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rows(n) => n.fmt(f),
            Self::All => f.write_str("all"),
        }
    }
}

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

impl SortKey {
    pub const ALL: [Self; 7] = [
        Self::Name,
        Self::State,
        Self::Severity,
        Self::Value,
        Self::ActiveAt,
        Self::LastEvaluation,
        Self::Group,
    ];

    /// The word of the address, which is the field's name in the JSON form.
    pub fn as_str(self) -> &'static str {
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

/// `sort=name`, `sort=-value`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SortOrder {
    pub key: SortKey,
    pub descending: bool,
}

impl SortOrder {
    fn read(text: &str) -> Result<Self, String> {
        let (name, descending) = text.strip_prefix('-').map_or((text, false), |name| (name, true));
        let key = SortKey::ALL.into_iter().find(|key| key.as_str() == name);
        let words = || SortKey::ALL.map(SortKey::as_str).join(", ");
        key.map(|key| Self { key, descending })
            .ok_or_else(|| format!("{} is no column to sort by; there are {}", shown(text), words()))
    }

    /// As the address has it.
    pub fn text(self) -> String {
        format!("{}{}", if self.descending { "-" } else { "" }, self.key.as_str())
    }
}

/// How the alert table is shown.
#[derive(Clone, Debug)]
pub struct TableParams {
    /// Empty: every state.
    pub states: Vec<AlertState>,
    pub search: String,
    /// None: the table's own order.
    pub sort: Option<SortOrder>,
    /// From 1.
    pub page: usize,
    pub page_size: PageSize,
    /// Also when the address asks for the state `inactive`.
    pub show_inactive: bool,
    pub columns: ColumnParams,
    /// The row that a link leads to: it is opened and marked, on whichever page it is.
    pub alert: Option<RowId>,
}

impl TableParams {
    pub(super) fn read(pairs: &mut Pairs) -> Self {
        let states = read_states(pairs);
        let search = pairs.value("search", |text| {
            let short = text.chars().count() <= LONGEST_SEARCH;
            short
                .then(|| text.to_owned())
                .ok_or_else(|| format!("is longer than {LONGEST_SEARCH} characters"))
        });
        let sort = pairs.value("sort", SortOrder::read);
        let page = pairs.value("page", |text| whole(text, usize::MAX));
        let page_size = pairs.value("pageSize", |text| match text {
            "all" => Ok(PageSize::All),
            _ => whole(text, MOST_ROWS).map(PageSize::Rows),
        });
        let show_inactive = pairs.flag("showInactiveAlerts", &[]);
        let columns = ColumnParams::read(pairs);
        let alert = pairs.value("alert", |text| {
            RowId::read(text).ok_or_else(|| format!("{} is no row of an alert", shown(text)))
        });
        let asked_for_inactive = states.contains(&AlertState::Inactive);
        Self {
            search: search.unwrap_or_default(),
            sort,
            page: page.unwrap_or(1),
            page_size: page_size.unwrap_or(PageSize::Rows(DEFAULT_ROWS)),
            show_inactive: show_inactive.unwrap_or(false) || asked_for_inactive,
            states,
            columns,
            alert,
        }
    }
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
            None => pairs.refuse(
                "state",
                format!(
                    "{} is no state; there are firing, pending, error, unknown and inactive",
                    shown(&text)
                ),
            ),
        }
    }
    states
}

fn whole(text: &str, most: usize) -> Result<usize, String> {
    let number = text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<usize>().ok()).flatten();
    number.filter(|n| (1..=most).contains(n)).ok_or_else(|| match most {
        usize::MAX => format!("{} is no whole number from 1", shown(text)),
        most => format!("{} is no whole number from 1 to {most}", shown(text)),
    })
}
