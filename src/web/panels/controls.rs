//! The alert table's controls: filters, search, order and pages, as links and a form that work without a script.

use super::Setting;
use super::rows::Paging;
use crate::monitoring::StateCounts;
use crate::prometheus::AlertState;
use crate::web::params::{SortKey, SortOrder};

/// A link that changes the table: the address of the page, and of the panel alone.
#[derive(Clone, Debug)]
pub struct Control {
    pub href: String,
    pub source: String,
    pub current: bool,
}

pub struct Chip {
    pub state: Option<AlertState>,
    pub text: String,
    pub link: Control,
}

pub struct Column {
    pub class: &'static str,
    pub title: &'static str,
    pub link: Option<Control>,
    /// `ascending` or `descending`
    pub sorted: Option<&'static str>,
}

pub struct Search {
    pub action: String,
    pub source: String,
    pub value: String,
    pub hidden: Vec<(String, String)>,
}

pub struct Pager {
    pub text: String,
    pub previous: Option<Control>,
    pub next: Option<Control>,
    pub page: String,
}

impl Search {
    pub fn of(setting: &Setting<'_>) -> Self {
        let params = setting.params();
        let path = |address: String| address.split('?').next().unwrap_or_default().to_owned();
        let hidden = params.given.iter().filter(|(name, _)| !matches!(name.as_str(), "search" | "page"));
        Self {
            action: path(setting.page.to_owned()),
            source: path(source(setting, &[])),
            value: params.table.search.clone(),
            hidden: hidden.cloned().collect(),
        }
    }
}

pub fn source(setting: &Setting<'_>, changes: &[(&str, Option<&str>)]) -> String {
    setting.links.with(&setting.links.alerts(setting.entity), changes)
}

pub fn control(setting: &Setting<'_>, changes: &[(&str, Option<&str>)], current: bool) -> Control {
    Control { href: setting.links.with(setting.page, changes), source: source(setting, changes), current }
}

pub fn pager(setting: &Setting<'_>, paging: Paging, of: &str) -> Option<Pager> {
    let to = |page: usize| control(setting, &[("page", Some(&page.to_string()))], false);
    (paging.pages > 1).then(|| Pager {
        text: format!("{}–{} of {of}", paging.start + 1, paging.end),
        previous: (paging.page > 1).then(|| to(paging.page - 1)),
        next: (paging.page < paging.pages).then(|| to(paging.page + 1)),
        page: format!("Page {} of {}", paging.page, paging.pages),
    })
}

pub fn chips(setting: &Setting<'_>, counts: StateCounts) -> Vec<Chip> {
    let params = &setting.params().table;
    let only = |state: AlertState, n: usize| {
        let word = state.as_str();
        let current = params.states == [state];
        let value = if current { None } else { Some(word) };
        let link = control(setting, &[("state", value), ("page", None)], current);
        Chip { state: Some(state), text: format!("{n} {word}"), link }
    };
    let mut chips = vec![only(AlertState::Firing, counts.firing), only(AlertState::Pending, counts.pending)];
    if counts.unknown > 0 {
        chips.push(only(AlertState::Unknown, counts.unknown));
    }
    chips.push(only(AlertState::Inactive, counts.inactive));
    let shown = params.show_inactive && params.states.is_empty();
    let value = if shown { None } else { Some("true") };
    let link = control(setting, &[("showInactiveAlerts", value), ("state", None), ("page", None)], shown);
    let text = if shown { "Hide inactive" } else { "Show inactive" };
    chips.push(Chip { state: None, text: text.to_owned(), link });
    chips
}

pub fn columns(setting: &Setting<'_>) -> Vec<Column> {
    let shapes = [
        ("st", "State", Some((SortKey::State, false))),
        ("name", "Name", Some((SortKey::Name, false))),
        ("sum", "Summary", None),
        ("sev", "Severity", Some((SortKey::Severity, false))),
        ("labels", "Labels", None),
        ("value num", "Value", Some((SortKey::Value, true))),
        ("since num", "Active for", Some((SortKey::ActiveAt, false))),
    ];
    let sort = setting.params().table.sort;
    let column = |(class, title, key): (&'static str, &'static str, Option<(SortKey, bool)>)| {
        let Some((key, descending)) = key else {
            return Column { class, title, link: None, sorted: None };
        };
        let now = sort.filter(|order| order.key == key);
        let next = next_order(key, descending, now).map(SortOrder::text);
        Column {
            class,
            title,
            link: Some(control(setting, &[("sort", next.as_deref()), ("page", None)], now.is_some())),
            sorted: now.map(|order| if order.descending { "descending" } else { "ascending" }),
        }
    };
    shapes.into_iter().map(column).collect()
}

/// One way, the other way, and back to the table's own order.
fn next_order(key: SortKey, descending: bool, now: Option<SortOrder>) -> Option<SortOrder> {
    match now {
        None => Some(SortOrder { key, descending }),
        Some(order) if order.descending == descending => Some(SortOrder { key, descending: !descending }),
        Some(_) => None,
    }
}
