//! The alert table with every state's face: loading, failed, stale, broken in part, empty, full.

use askama::Template;

use super::cells::Shows;
use super::controls::{Chip, Column, Control, Pager, Search, chips, columns, control, pager, source};
use super::family::{Family, Writer};
use super::rows::{self, Paging};
use super::times::Moment;
use super::{Frame, Setting, Stale, Summary, counted, cut};
use crate::monitoring::{AlertRow, AlertTable, Doubt, Failure, Verdict};
use crate::page_params::PageSize;
use crate::prometheus::{AlertState, InstanceSettings};
use crate::web::doubts::{doubtful, silences};
use crate::web::links::{self, Link, Page, Source};
use crate::web::page_error::{Told, tell};
use crate::web::{Format, RowId};

/// So many rules are named in one note; the others are counted.
const MOST_NAMED: usize = 10;
/// In characters.
const LONGEST_NAME: usize = 100;

/// The panel with id `alerts`.
#[derive(Template)]
#[template(path = "panels/alerts.html")]
pub struct AlertsPanel {
    pub frame: Frame,
    /// Goes along out of band when the panel is asked for alone, so that the page's sentence stays true.
    pub summary: Summary,
    pub is_fragment: bool,
    /// Prometheus' own page of alerts.
    pub out: Option<String>,
    pub body: Body,
}

impl askama::filters::HtmlSafe for AlertsPanel {}

pub enum Body {
    /// The address of the panel's own page, which waits.
    Loading(Link),
    Failed(Told),
    Ready(Box<Table>),
}

/// A rule that cannot be evaluated, so that its state is not to be trusted.
pub struct Unhealthy {
    pub name: String,
    pub group: String,
    pub error: String,
}

pub struct Table {
    pub as_of: Moment,
    pub instance: String,
    pub stale: Option<Stale>,
    /// Why what is silenced is not known, or not newly.
    pub silences: Option<String>,
    /// What chooses the rows could be read only in part.
    pub broken: bool,
    /// Who chooses the alerts.
    pub chooser: &'static str,
    pub csv: Link,
    pub warnings: Vec<String>,
    /// That the instance's clock is off.
    pub skew: Option<String>,
    pub unmatched: Vec<String>,
    pub unhealthy: Vec<Unhealthy>,
    /// What else is not to be trusted about rules, and their names.
    pub doubts: Vec<(&'static str, Vec<String>)>,
    pub chips: Vec<Chip>,
    pub search: Search,
    pub columns: Vec<Column>,
    pub shows: Shows,
    /// The row that the address leads to is not among the entity's rows.
    pub gone: bool,
    pub families: Vec<Family>,
    pub pager: Option<Pager>,
    /// Why the table has no row, and where to go from there.
    pub empty: Option<Empty>,
}

pub struct Empty {
    pub state: AlertState,
    pub text: String,
    pub link: Option<(String, Control)>,
}

impl AlertsPanel {
    /// `answer` is None while it has not come.
    pub fn of(
        setting: &Setting<'_>,
        instance: Option<&InstanceSettings>,
        answer: Option<Result<AlertTable, Failure>>,
        is_fragment: bool,
    ) -> Self {
        let params = setting.params();
        let name = instance.map(|i| i.name.to_string());
        let summary = match &answer {
            Some(answer) => Summary::of(answer, name, params),
            None => Summary::loading(name),
        };
        let body = match answer {
            None => Body::Loading(setting.alerts()),
            Some(Err(failure)) => Body::Failed(tell(&failure)),
            Some(Ok(table)) => Body::Ready(Box::new(Table::of(setting, &table))),
        };
        let frame = Frame {
            id: "alerts".to_owned(),
            title: format!("{}: {}", setting.name, summary.short()),
            state: summary.state,
            source: source(setting, &[]),
            every: params.refresh_secs,
        };
        let out = instance.and_then(|i| i.ui_url.as_ref()).map(links::prometheus_alerts);
        Self { frame, summary, is_fragment, out, body }
    }
}

impl Table {
    fn of(setting: &Setting<'_>, table: &AlertTable) -> Self {
        let params = setting.params();
        let chosen = rows::choose(&table.rows, &params.table);
        let (families, pager) = families(setting, table, chosen);
        let unhealthy = doubtful(table, Doubt::FailingRule).map(|doubtful| {
            let rule = doubtful.row.rule();
            let error = rule.last_error.clone().unwrap_or_default();
            Unhealthy { name: rule.name.clone(), group: rule.group.clone(), error }
        });
        Self {
            as_of: Moment::of(table.as_of, params.period.now, &params.zone),
            instance: table.instance.to_string(),
            stale: Stale::of(table.as_of, table.failure.as_ref(), params),
            silences: silences(&table.silences),
            broken: table.broken,
            chooser: chooser(setting),
            csv: setting.links.data(Page::Alerts(setting.source), Format::Csv),
            warnings: table.warnings.clone(),
            skew: table.skew.map(|skew| skew.sentence(&table.instance)),
            unmatched: table.unmatched_names.clone(),
            unhealthy: unhealthy.collect(),
            doubts: doubts(table),
            chips: chips(setting, table.counts),
            search: Search::of(setting),
            columns: columns(setting),
            shows: Shows::of(&params.table.columns),
            gone: params.table.alert.is_some() && !table.rows.iter().any(|row| is_marked(setting, row)),
            empty: families.is_empty().then(|| empty(setting, table)),
            families,
            pager,
        }
    }
}

fn chooser(setting: &Setting<'_>) -> &'static str {
    match setting.source {
        Source::Entity(_) | Source::Card(_) => "this entity's annotations",
        Source::AdHoc => "this page's address",
    }
}

/// The page's families; sorted by a column, every row stands on its own.
fn families(
    setting: &Setting<'_>,
    answer: &AlertTable,
    chosen: Vec<AlertRow>,
) -> (Vec<Family>, Option<Pager>) {
    let params = setting.params();
    let table = &params.table;
    let mut writer = Writer::new(&answer.rows, *setting, answer.silences.ui_url());
    let rows = chosen.len();
    if table.sort.is_some() {
        let place = chosen.iter().position(|row| is_marked(setting, row));
        let paging = Paging::of(rows, page(setting, place), table.page_size);
        let page = chosen.get(paging.start..paging.end).unwrap_or_default();
        let families = page.iter().map(|row| writer.one(row)).collect();
        return (families, pager(setting, paging, &counted(rows, "row", "rows")));
    }
    let grouped = rows::families(chosen);
    let place = grouped.iter().position(|rows| rows.iter().any(|row| is_marked(setting, row)));
    let paging = Paging::of(grouped.len(), page(setting, place), table.page_size);
    let page = grouped.get(paging.start..paging.end).unwrap_or_default();
    let whole = table.page_size == PageSize::All;
    let alone = grouped.len() == 1;
    let family = |rows: &Vec<AlertRow>| {
        let first = rows.first()?;
        Some(writer.many(first, rows, (alone, whole), every_row_of(setting, first)))
    };
    let families = page.iter().filter_map(family).collect();
    let of = format!("{} with {}", counted(grouped.len(), "rule", "rules"), counted(rows, "row", "rows"));
    (families, pager(setting, paging, &of))
}

/// The page that the address names, else the one with the marked row.
fn page(setting: &Setting<'_>, place: Option<usize>) -> usize {
    let params = setting.params();
    let place = place.filter(|_| !params.is_given("page"));
    place.map_or(params.table.page, |place| Paging::page_of(place, params.table.page_size))
}

fn is_marked(setting: &Setting<'_>, row: &AlertRow) -> bool {
    setting.params().table.alert.is_some_and(|marked| marked == RowId::of(row))
}

/// Where each row of a rule stands on its own.
fn every_row_of(setting: &Setting<'_>, row: &AlertRow) -> Control {
    let search = format!("alertname={}", row.rule().name);
    control(setting, &[("search", Some(&search)), ("sort", Some("state")), ("page", None)], false)
}

/// What is not to be trusted about rules that can be evaluated: a sentence for each kind, with their names.
fn doubts(table: &AlertTable) -> Vec<(&'static str, Vec<String>)> {
    let kinds = [
        (Doubt::UnevaluatedRule, "Not evaluated yet, so their alerts are not known:"),
        (Doubt::LateRule, "Not known to be evaluated within three intervals, so newer alerts are not known:"),
        (Doubt::UnlistedAlert, "Called firing or pending, without a list of such alerts:"),
        (Doubt::UnknownState, "In a state that is not known:"),
    ];
    let told = kinds.into_iter().map(|(doubt, text)| {
        let mut names: Vec<String> = doubtful(table, doubt)
            .take(MOST_NAMED + 1)
            .map(|rule| cut(rule.row.name(), LONGEST_NAME))
            .collect();
        let beyond = doubtful(table, doubt).count().saturating_sub(MOST_NAMED);
        if beyond > 0 {
            names.truncate(MOST_NAMED);
            names.push(format!("{beyond} more"));
        }
        (text, names)
    });
    told.filter(|(_, names)| !names.is_empty()).collect()
}

/// Says "no alerts" only of what is quiet.
fn empty(setting: &Setting<'_>, table: &AlertTable) -> Empty {
    let params = setting.params();
    let counts = table.counts;
    let filtered = !params.table.search.is_empty() || !params.table.states.is_empty();
    let clear = || {
        let link = control(setting, &[("search", None), ("state", None), ("page", None)], false);
        Some(("Clear the filters".to_owned(), link))
    };
    let show = || {
        let link = control(setting, &[("showInactiveAlerts", Some("true")), ("page", None)], false);
        let text = format!("Show {}", counted(counts.inactive, "inactive rule", "inactive rules"));
        (counts.inactive > 0).then_some((text, link))
    };
    let (state, text, link) = if filtered && !table.rows.is_empty() {
        (AlertState::Unknown, "No alert matches these filters.".to_owned(), clear())
    } else {
        match table.evidence().verdict() {
            Verdict::Quiet => {
                (AlertState::Inactive, "No alerts: nothing is firing or pending.".to_owned(), show())
            }
            Verdict::None => {
                let text = format!("No rule of {} is chosen by {}.", table.instance, chooser(setting));
                (AlertState::Unknown, text, None)
            }
            Verdict::Firing | Verdict::Pending | Verdict::Unknown => {
                let text = "No alert is known to fire, but not everything is known: see above.";
                (AlertState::Unknown, text.to_owned(), show())
            }
        }
    };
    Empty { state, text, link }
}
