//! The alert table's controls: filters, search, order and pages, as links and a form that work without a script.

use super::Setting;
use super::cells::Shows;
use super::rows::Paging;
use crate::monitoring::StateCounts;
use crate::page_params::PageSize;
use crate::prometheus::AlertState;
use crate::web::links::Link;
use crate::web::params::{SortKey, SortOrder};

/// The sizes of a page that are offered.
const SIZES: [PageSize; 5] =
    [PageSize::Rows(5), PageSize::Rows(10), PageSize::Rows(20), PageSize::Rows(50), PageSize::All];

/// A link that changes the table: the address of the page, and of the panel alone.
#[derive(Clone, Debug)]
pub struct Control {
    pub href: Link,
    pub source: Link,
    pub current: bool,
}

pub struct Chip {
    pub state: Option<AlertState>,
    pub text: String,
    pub link: Control,
}

pub struct Column {
    pub class: &'static str,
    pub title: String,
    /// What the column shows, where the title has it in short.
    pub hint: String,
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
    pub sizes: Vec<(String, Control)>,
}

impl Search {
    pub fn of(setting: &Setting<'_>) -> Self {
        let params = setting.params();
        let hidden =
            params.given.iter().filter(|(name, _)| !matches!(name.as_str(), "search" | "page" | "alert"));
        Self {
            action: setting.page.to_owned(),
            source: setting.alerts().path().to_owned(),
            value: params.table.search.clone(),
            hidden: hidden.cloned().collect(),
        }
    }
}

pub fn source(setting: &Setting<'_>, changes: &[(&'static str, Option<&str>)]) -> Link {
    setting.links.with(setting.alerts().path(), changes)
}

pub fn control(setting: &Setting<'_>, changes: &[(&'static str, Option<&str>)], current: bool) -> Control {
    // A marked row would call the reader back to its page.
    let changes = &[&[("alert", None)], changes].concat();
    Control { href: setting.links.with(setting.page, changes), source: source(setting, changes), current }
}

pub fn pager(setting: &Setting<'_>, paging: Paging, of: &str) -> Option<Pager> {
    let to = |page: usize| control(setting, &[("page", Some(&page.to_string()))], false);
    let size = |size: PageSize| {
        let text = size.to_string();
        let current = size == setting.params().table.page_size;
        let link = control(setting, &[("pageSize", Some(&text))], current);
        (text, link)
    };
    // Where every size shows the same, there is nothing to choose.
    (paging.pages > 1 || paging.total > 5).then(|| Pager {
        text: format!("{}–{} of {of}", paging.start + 1, paging.end),
        previous: (paging.page > 1).then(|| to(paging.page - 1)),
        next: (paging.page < paging.pages).then(|| to(paging.page + 1)),
        page: format!("Page {} of {}", paging.page, paging.pages),
        sizes: SIZES.into_iter().map(size).collect(),
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
    let mut firing = only(AlertState::Firing, counts.firing);
    for (word, n) in counts.held.parts() {
        // These fire too, and the filter shows them.
        firing.text.push_str(&format!(", {n} {word}"));
    }
    let mut chips = vec![firing, only(AlertState::Pending, counts.pending)];
    let odd = [(AlertState::Error, counts.error), (AlertState::Unknown, counts.unknown)];
    chips.extend(odd.into_iter().filter(|(_, n)| *n > 0).map(|(state, n)| only(state, n)));
    chips.push(only(AlertState::Inactive, counts.inactive));
    let shown = params.show_inactive && params.states.is_empty();
    let value = if shown { setting.params().table.hide_inactive() } else { Some("true") };
    let link = control(setting, &[("showInactiveAlerts", value), ("state", None), ("page", None)], shown);
    let text = if shown { "Hide inactive" } else { "Show inactive" };
    chips.push(Chip { state: None, text: text.to_owned(), link });
    chips
}

pub fn columns(setting: &Setting<'_>) -> Vec<Column> {
    let params = &setting.params().table.columns;
    let shows = Shows::of(params);
    let shapes = [
        (true, "st", "State", Some((SortKey::State, false))),
        (true, "name", "Name", Some((SortKey::Name, false))),
        (shows.summary, "sum", "Summary", None),
        (true, "sev", "Severity", Some((SortKey::Severity, false))),
        (shows.labels, "labels", "Labels", None),
        (shows.annotations, "notes", "Annotations", None),
        (true, "value num", "Value", Some((SortKey::Value, true))),
        (true, "since num", "Active for", Some((SortKey::ActiveAt, false))),
    ];
    let sort = setting.params().table.sort;
    let plain = |class, title: &str| Column {
        class,
        title: title.to_owned(),
        hint: String::new(),
        link: None,
        sorted: None,
    };
    let column = |(_, class, title, key): (bool, &'static str, &str, Option<(SortKey, bool)>)| {
        let Some((key, descending)) = key else { return plain(class, title) };
        let now = sort.filter(|order| order.key == key);
        let next = next_order(key, descending, now).map(SortOrder::text);
        Column {
            link: Some(control(setting, &[("sort", next.as_deref()), ("page", None)], now.is_some())),
            sorted: now.map(|order| if order.descending { "descending" } else { "ascending" }),
            ..plain(class, title)
        }
    };
    let extra = params
        .extra
        .iter()
        .map(|column| Column { hint: column.to_string(), ..plain("extra", &column.title()) });
    shapes.into_iter().filter(|shape| shape.0).map(column).chain(extra).collect()
}

/// One way, the other way, and back to the table's own order.
fn next_order(key: SortKey, descending: bool, now: Option<SortOrder>) -> Option<SortOrder> {
    match now {
        None => Some(SortOrder { key, descending }),
        Some(order) if order.descending == descending => Some(SortOrder { key, descending: !descending }),
        Some(_) => None,
    }
}
