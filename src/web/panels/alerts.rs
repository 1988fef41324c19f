//! The alert table: loading, failed, stale, incomplete, empty, full.

use std::borrow::Cow;
use std::sync::Arc;

use askama::Template;

use super::cells::all_annotations;
use super::controls::{Chip, ColumnHead, chips, columns, control, pager, source};
use super::folding::FoldLine;
use super::notifications::firing;
use super::prose::ProsePart;
use super::remarks::{Level, Remark, of_alerts};
use super::rows::{self, Paging, RowFilter};
use super::rule_rows::{self, RowBuilder, RuleRows};
use super::times::Moment;
use super::{Frame, Outcome, Pager, PanelContext, StateSummary, counted};
use crate::monitoring::{AlertRow, AlertTable, Failure, Verdict, by_rule};
use crate::page_params::PageSize;
use crate::prometheus::{AlertState, InstanceName, InstanceSettings, RowId};
use crate::web::format::Format;
use crate::web::links::{self, Link, NavLink, Page, Source};
use crate::web::page_error::ErrorText;
use crate::web::params::{ColumnParams, Folding};

/// A table without controls shows this many rows and counts the rest.
const MAX_ROWS: usize = 20;
/// A page has at most this many rows, unless its address asks for more.
const MAX_ON_PAGE: usize = 200;
/// A page for `pageSize=all` has at most this many rows, and links to the next.
const MAX_OF_ALL: usize = 1_000;
/// The heading of the page that its address alone describes.
pub const AD_HOC_ALERTS: &str = "Explore: Alerts";

/// The panel with id `alerts`.
#[derive(Template)]
#[template(path = "panels/alerts.html")]
pub struct AlertsPanel<'a> {
    pub frame: Frame,
    /// A fragment contains it for an out-of-band swap, so that the page's sentence is updated.
    pub summary: StateSummary,
    pub is_fragment: bool,
    /// Prometheus' own page of alerts.
    pub out: Option<String>,
    pub folding: Folding,
    pub body: Outcome<Table<'a>>,
}

impl askama::filters::HtmlSafe for AlertsPanel<'_> {}

pub struct Table<'a> {
    pub context: PanelContext<'a>,
    pub as_of: Moment,
    pub instance: String,
    pub remarks: Vec<Remark>,
    /// The filters by state. None for a table without controls: filters, search and CSV need an address that describes
    /// the table.
    pub chips: Option<Vec<Chip>>,
    pub columns: Vec<ColumnHead>,
    pub rules: Vec<RuleRows>,
    pub pager: Option<Pager>,
    /// What a page notifies its reader of, as JSON. None: the reader does not want that.
    pub firing: Option<String>,
    /// Below the rows: how many are left out.
    pub hidden: Option<String>,
    /// Why the table has no row.
    pub empty: Option<EmptyTable>,
}

pub struct EmptyTable {
    pub state: AlertState,
    pub text: String,
    pub link: Option<NavLink>,
}

impl<'a> AlertsPanel<'a> {
    /// `answer` is None while there is none.
    pub fn of(
        context: PanelContext<'a>,
        instance: Option<&InstanceSettings>,
        answer: Option<Result<Arc<AlertTable>, Failure>>,
        is_fragment: bool,
    ) -> Self {
        let params = context.params();
        let page = if matches!(context.source, Source::AdHoc) { AD_HOC_ALERTS } else { context.name };
        let name = instance.map(|i| i.name.to_string());
        let summary = match &answer {
            Some(answer) => StateSummary::of(answer, name, params),
            None => StateSummary::loading(name),
        };
        let body = Outcome::of(answer, &context.alerts(), |table| Table::of(context, &table));
        let frame = Frame {
            id: "alerts".to_owned(),
            title: summary.title(page),
            state: summary.state,
            // The script adds the rows that are open.
            source: Some(source(&context, &[("alert", None)])),
            every: params.refresh_secs,
            is_late: false,
        };
        let out = instance.and_then(|i| i.ui_url.as_ref()).map(links::prometheus_alerts);
        let folding = if body.fault().is_some() { context.folding } else { Folding::Open };
        Self { frame: frame.folded(folding), summary, is_fragment, out, folding, body }
    }

    pub fn fault(&self) -> Option<&ErrorText> {
        self.body.fault()
    }

    /// The page says why this one and others failed.
    pub fn share(&mut self) {
        self.folding = Folding::Shared;
        self.frame = self.frame.clone().folded(Folding::Shared);
    }

    fn line(&self) -> Option<FoldLine> {
        FoldLine::of_fault(self.fault()?, self.folding)
    }

    fn has_menu(&self) -> bool {
        self.out.is_some() || matches!(&self.body, Outcome::Ready(table) if table.chips.is_some())
    }

    /// Some rows of a table, without controls, for a page whose address describes no table.
    pub fn of_rows(
        context: PanelContext<'a>,
        instance: &InstanceName,
        ids: &[RowId],
        answer: Result<Arc<AlertTable>, Failure>,
    ) -> Self {
        let body = Outcome::of(Some(answer), &context.alerts(), |table| {
            Table::of_rows(context, instance, ids, &table)
        });
        let summary = StateSummary::without_alerts(None);
        let (id, title) = ("alerts".to_owned(), String::new());
        let frame = Frame { id, title, state: summary.state, source: None, every: None, is_late: false };
        Self { frame, summary, is_fragment: false, out: None, folding: Folding::Open, body }
    }
}

impl<'a> Table<'a> {
    fn of(context: PanelContext<'a>, table: &AlertTable) -> Self {
        let params = context.params();
        let linked = params.table.linked();
        let gone = params.table.opened.iter().filter(|id| table.row(**id).is_none()).count();
        let (rules, pager) = paged(&context, table, linked.filter(|id| table.row(*id).is_some()));
        let as_of = context.moment(&table.as_of);
        let remarks = of_alerts(table, as_of.clone()).into_iter();
        let silences = Remark::silences(&table.silences);
        let warnings = Remark::warnings(&table.warnings);
        let skew = table.skew.map(|skew| skew.sentence(&table.instance));
        let skew = skew.map(|text| Remark::new(Level::Warning, "Clocks differ", text));
        let gone = (gone > 0).then(|| gone_alerts(gone, table));
        Self {
            context,
            as_of,
            instance: table.instance.to_string(),
            remarks: remarks.chain(silences).chain(warnings).chain(skew).chain(gone).collect(),
            chips: Some(chips(&context, table.counts)),
            columns: columns(&context),
            empty: rules.is_empty().then(|| EmptyTable::of(&context, table)),
            rules,
            firing: params.notify.then(|| firing(table)),
            hidden: is_cut(pager.as_ref(), params.table.page_size)
                .then(|| format!("A page has at most {MAX_OF_ALL} rows. CSV and JSON have all.")),
            pager,
        }
    }

    fn of_rows(
        context: PanelContext<'a>,
        instance: &InstanceName,
        ids: &[RowId],
        table: &AlertTable,
    ) -> Self {
        let rows: Vec<&AlertRow> = table.rows.iter().filter(|row| ids.contains(&row.id())).collect();
        let builder = RowBuilder::of_rows(&rows, instance, context, table);
        let rules: Vec<RuleRows> =
            rows.iter().copied().take(MAX_ROWS).map(|row| builder.row(row).into()).collect();
        let hidden = rows.len() - rules.len();
        let empty = EmptyTable {
            state: AlertState::Unknown,
            text: "This alert just changed. Reload the page.".to_owned(),
            link: None,
        };
        let as_of = context.moment(&table.as_of);
        let stale = Remark::stale(as_of.clone(), table.failure.as_ref());
        let head = |column| ColumnHead { link: None, sorted: None, ..column };
        Self {
            context,
            as_of,
            instance: table.instance.to_string(),
            remarks: stale.into_iter().chain(Remark::silences(&table.silences)).collect(),
            chips: None,
            columns: columns(&context).into_iter().map(head).collect(),
            empty: rules.is_empty().then_some(empty),
            rules,
            pager: None,
            firing: None,
            hidden: (hidden > 0).then(|| format!("{hidden} more. Add labels to the link to narrow it down.")),
        }
    }

    pub fn shows(&self) -> &'a ColumnParams {
        &self.context.params().table.columns
    }

    fn is_wide(&self) -> bool {
        self.columns.len() > 7 || self.shows().has_all_labels()
    }

    fn csv(&self) -> Link {
        self.context.links.data(Page::Alerts(self.context.source), Format::Csv)
    }

    /// What a search keeps.
    fn hidden_fields(&self) -> impl Iterator<Item = &(String, String)> {
        let given = self.context.params().given.iter();
        given.filter(|(name, _)| !matches!(name.as_str(), "search" | "page" | "alert"))
    }

    /// The annotations of a row's cell.
    pub fn annotations(&self, row: &AlertRow) -> Vec<(String, Vec<ProsePart>)> {
        all_annotations(row)
    }
}

/// An answer that lacks something does not say that an alert ended.
fn gone_alerts(gone: usize, table: &AlertTable) -> Remark {
    let alerts = counted(gone, "alert that was open here is", "alerts that were open here are");
    let end = if table.evidence().is_complete() {
        "no longer active"
    } else {
        "not in this answer, which is incomplete"
    };
    Remark::new(Level::Unknown, "", format!("{alerts} {end}."))
}

/// One page of the rows, by rule; sorted by a column, each row alone.
fn paged(
    context: &PanelContext<'_>,
    answer: &AlertTable,
    linked: Option<RowId>,
) -> (Vec<RuleRows>, Option<Pager>) {
    let table = &context.params().table;
    let builder = RowBuilder::new(context, answer);
    let is_linked = |row: &AlertRow| linked == Some(row.id());
    let size = size_on_page(table.page_size);
    if table.sort.is_some() {
        let chosen = rows::choose(&answer.rows, table);
        let place = linked.and_then(|_| chosen.iter().position(|row| is_linked(row)));
        let paging = Paging::of(chosen.len(), page(context, place), size);
        let page = chosen.get(paging.start..paging.end).unwrap_or_default();
        let rules = page.iter().map(|row| builder.row(row).into()).collect();
        return (rules, pager(context, paging, &counted(chosen.len(), "row", "rows")));
    }
    let grouped = grouped(answer, &RowFilter::of(table));
    let has_linked = |places: &Vec<usize>| places.iter().filter_map(|p| answer.rows.get(*p)).any(is_linked);
    let place = linked.and_then(|_| grouped.iter().position(has_linked));
    let paging = Paging::of(grouped.len(), page(context, place), size);
    let page = grouped.get(paging.start..paging.end).unwrap_or_default();
    let shown = rows_of_each(page, table.page_size);
    let is_only = grouped.len() == 1;
    let rule = |places: &Vec<usize>| {
        let rows: Vec<&AlertRow> = places.iter().filter_map(|place| answer.rows.get(*place)).collect();
        let first = *rows.first()?;
        Some(builder.rule(first, &rows, is_only, shown, |text| all_rows(context, first, text)))
    };
    let rules = page.iter().filter_map(rule).collect();
    let rows = grouped.iter().map(Vec::len).sum();
    let all = format!("{} with {}", counted(grouped.len(), "rule", "rules"), counted(rows, "row", "rows"));
    (rules, pager(context, paging, &all))
}

/// The places of the rows that match, by rule.
fn grouped<'t>(table: &'t AlertTable, filter: &RowFilter<'_>) -> Cow<'t, [Vec<usize>]> {
    if filter.is_open() {
        return Cow::Borrowed(table.by_rule());
    }
    Cow::Owned(by_rule(table.rows.iter().enumerate().filter(|(_, row)| filter.keeps(row))))
}

/// `all` too is a number of rows: a browser takes no page of ten thousands.
fn size_on_page(size: PageSize) -> PageSize {
    if size == PageSize::All { PageSize::Rows(MAX_OF_ALL) } else { size }
}

/// How many rows each rule of a page shows at most, so that all of them are no more than the page may have.
fn rows_of_each(rules: &[Vec<usize>], size: PageSize) -> usize {
    let (each, most) = match size {
        PageSize::Rows(rows) => (rule_rows::MAX_ROWS, rows.max(MAX_ON_PAGE)),
        PageSize::All => (MAX_OF_ALL, MAX_OF_ALL),
    };
    let rows = |each: usize| rules.iter().map(|rows| rows.len().min(each)).sum::<usize>();
    // The largest number that fits, by halves.
    let (mut fits, mut beyond) = (1, each + 1);
    while fits + 1 < beyond {
        let middle = fits.midpoint(beyond);
        if rows(middle) <= most { fits = middle } else { beyond = middle }
    }
    fits
}

/// Whether a page for all rows lacks some.
fn is_cut(pager: Option<&Pager>, size: PageSize) -> bool {
    size == PageSize::All && pager.is_some_and(Pager::has_pages)
}

/// The page that the address names, else the one with the linked row.
fn page(context: &PanelContext<'_>, place: Option<usize>) -> usize {
    let params = context.params();
    let place = place.filter(|_| !params.is_given("page"));
    place.map_or(params.table.page, |place| Paging::page_of(place, size_on_page(params.table.page_size)))
}

/// Every row of a rule, each alone.
fn all_rows(context: &PanelContext<'_>, row: &AlertRow, text: String) -> NavLink {
    let search = format!("alertname={}", row.rule().name);
    control(context, text, &[("search", Some(&search)), ("sort", Some("state")), ("page", None)])
}

impl EmptyTable {
    /// "No alerts" only of a quiet table.
    fn of(context: &PanelContext<'_>, table: &AlertTable) -> Self {
        let params = &context.params().table;
        let is_filtered = !params.search.is_empty() || !params.states.is_empty();
        if is_filtered && !table.rows.is_empty() {
            let changes = [("search", None), ("state", None), ("page", None)];
            return Self {
                state: AlertState::Unknown,
                text: "No alert matches these filters.".to_owned(),
                link: Some(control(context, "Clear the filters", &changes)),
            };
        }
        let inactive = table.counts.inactive;
        let show = (inactive > 0).then(|| {
            let text = format!("Show {}", counted(inactive, "inactive rule", "inactive rules"));
            control(context, text, &[("showInactiveAlerts", Some("true")), ("page", None)])
        });
        let (state, text, link) = match table.evidence().verdict() {
            Verdict::Quiet => {
                (AlertState::Inactive, "No alerts: nothing is firing or pending.".to_owned(), show)
            }
            Verdict::None => {
                (AlertState::Unknown, format!("No rule of {} is selected.", table.instance), None)
            }
            Verdict::Firing | Verdict::Pending | Verdict::Unknown => {
                let text = "State unknown: some alerts or rules could not be checked (see above).";
                (AlertState::Unknown, text.to_owned(), show)
            }
        };
        Self { state, text, link }
    }
}
