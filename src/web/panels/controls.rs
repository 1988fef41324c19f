//! The alert table's controls: filters, search, order and pages, as links and a form that work without a script.

use super::rows::Paging;
use super::{Pager, PanelContext};
use crate::monitoring::StateCounts;
use crate::page_params::PageSize;
use crate::prometheus::AlertState;
use crate::web::links::{Link, NavLink};
use crate::web::params::{ColumnOrder, SortKey};

/// The sizes of a page that the pager offers.
const SIZES: [PageSize; 5] =
    [PageSize::Rows(5), PageSize::Rows(10), PageSize::Rows(20), PageSize::Rows(50), PageSize::All];

/// The changes of an address that a control makes.
type Changes<'c> = [(&'static str, Option<&'c str>)];

/// A filter by a state.
pub struct Chip {
    pub state: Option<AlertState>,
    /// No alert is in that state.
    pub is_zero: bool,
    pub link: NavLink,
}

/// The head of a column.
pub struct ColumnHead {
    /// The column's name for the script, or empty.
    pub key: &'static str,
    pub class: &'static str,
    pub title: String,
    /// What the column shows, where its title is an abbreviation.
    pub hint: String,
    /// The table in this column's order.
    pub link: Option<NavLink>,
    /// `ascending` or `descending` where the table is in this column's order.
    pub sorted: Option<&'static str>,
}

impl ColumnHead {
    pub fn new(class: &'static str, title: impl Into<String>) -> Self {
        Self { key: "", class, title: title.into(), hint: String::new(), link: None, sorted: None }
    }
}

/// The panel alone, with changes.
pub fn source(context: &PanelContext<'_>, changes: &Changes<'_>) -> Link {
    context.links.with(context.alerts().path(), changes)
}

/// A link that changes the table: the address of the page, and of the panel alone.
pub fn control(context: &PanelContext<'_>, text: impl Into<String>, changes: &Changes<'_>) -> NavLink {
    // A linked row would bring the reader back to its page.
    let changes = &[&[("alert", None)], changes].concat();
    let link = NavLink::new(text, context.links.with(context.page, changes), false);
    NavLink { source: Some(source(context, changes)), ..link }
}

/// None where every size of a page shows the same.
pub fn pager(context: &PanelContext<'_>, paging: Paging, all: &str) -> Option<Pager> {
    let to = |page: usize| {
        let page = page.to_string();
        control(context, page.as_str(), &[("page", Some(&page))])
    };
    let size = |size: PageSize| {
        let text = size.to_string();
        let link = control(context, text.as_str(), &[("pageSize", Some(&text))]);
        NavLink { current: size == context.params().table.page_size, ..link }
    };
    let sizes = SIZES.into_iter().map(size).collect();
    (paging.pages > 1 || paging.total > 5).then(|| Pager { sizes, ..Pager::of("alerts", paging, all, to) })
}

/// The filters by state.
pub fn chips(context: &PanelContext<'_>, counts: StateCounts) -> Vec<Chip> {
    let params = &context.params().table;
    let only = |state: AlertState, n: usize| {
        let word = state.as_str();
        let current = params.states == [state];
        let value = if current { None } else { Some(word) };
        let link = control(context, format!("{n} {word}"), &[("state", value), ("page", None)]);
        Chip { state: Some(state), is_zero: n == 0, link: NavLink { current, ..link } }
    };
    let mut firing = only(AlertState::Firing, counts.firing);
    for (word, n) in counts.suppressed_parts() {
        // These fire too, and the filter shows them.
        firing.link.text.push_str(&format!(", {n} {word}"));
    }
    let mut chips = vec![firing, only(AlertState::Pending, counts.pending)];
    let odd = [(AlertState::Error, counts.error), (AlertState::Unknown, counts.unknown)];
    chips.extend(odd.into_iter().filter(|(_, n)| *n > 0).map(|(state, n)| only(state, n)));
    chips.push(only(AlertState::Inactive, counts.inactive));
    let current = params.show_inactive && params.states.is_empty();
    let value = if current { params.hide_inactive() } else { Some("true") };
    let text = if current { "Hide inactive" } else { "Show inactive" };
    let link = control(context, text, &[("showInactiveAlerts", value), ("state", None), ("page", None)]);
    chips.push(Chip { state: None, is_zero: false, link: NavLink { current, ..link } });
    chips
}

pub fn columns(context: &PanelContext<'_>) -> Vec<ColumnHead> {
    let params = &context.params().table.columns;
    let shapes = [
        (true, "st", "State", Some((SortKey::State, false))),
        (true, "name", "Name", Some((SortKey::Name, false))),
        (params.has_summary(), "sum", "Summary", None),
        (true, "sev", "Severity", Some((SortKey::Severity, false))),
        (params.has_labels(), "labels", "Labels", None),
        (params.has_annotations(), "notes", "Annotations", None),
        (true, "value num", "Value", Some((SortKey::Value, true))),
        (true, "since num", "Active for", Some((SortKey::ActiveAt, false))),
    ];
    let sort = context.params().table.sort;
    let column = |(_, class, title, key): (bool, &'static str, &str, Option<(SortKey, bool)>)| {
        let head = ColumnHead::new(class, title);
        let Some((key, descending)) = key else { return head };
        let next = ColumnOrder { key, descending }.after(sort).map(ColumnOrder::text);
        ColumnHead {
            link: Some(control(context, title, &[("sort", next.as_deref()), ("page", None)])),
            sorted: sort.filter(|order| order.key == key).map(ColumnOrder::direction),
            ..head
        }
    };
    let extra = params.extra.iter();
    let extra = extra
        .map(|column| ColumnHead { hint: column.to_string(), ..ColumnHead::new("extra", column.title()) });
    shapes.into_iter().filter(|shape| shape.0).map(column).chain(extra).collect()
}
