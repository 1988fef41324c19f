//! Graphs and alert tables as CSV: what their JSON forms hold, a row for each instant or alert.

use actix_web::{HttpRequest, HttpResponse};
use jiff::Timestamp;
use serde_json::to_string;

use super::graph::made_of;
use crate::monitoring::{AlertRow, AlertTable, Graph, Stat, StatValue};
use crate::prometheus::{AlertState, RuleHealth, is_absent};
use crate::web::api::alerts::with_verdict;
use crate::web::csv::{Csv, file_name};
use crate::web::panels::remarks::incomplete;
use crate::web::{CachePolicy, PageError, form};

/// A column for each series behind that of the times, which are UTC.
pub async fn graph(request: &HttpRequest, name: &[&str], graph: Graph) -> Result<HttpResponse, PageError> {
    let incomplete = !graph.answer.value.warnings.is_empty();
    let name = named(name, graph.answer.is_stale(), incomplete);
    let making = made_of(request, &graph);
    form::sheet(request, &name, move || graph_sheet(&graph), making, CachePolicy::Live).await
}

/// `rows` are those of the table that were asked for.
pub async fn alerts(
    request: &HttpRequest,
    name: &[&str],
    table: &AlertTable,
    rows: Vec<AlertRow>,
) -> Result<HttpResponse, PageError> {
    let name = named(name, table.failure.is_some(), !table.evidence().is_complete());
    let missing = incomplete(table);
    let write = move || alert_sheet(&rows, &missing);
    let reply = form::sheet(request, &name, write, None, CachePolicy::Live).await?;
    Ok(with_verdict(reply, table))
}

/// A sheet has no place for a remark, and a file outlives its headers: so its name says what is wrong with it.
fn named(name: &[&str], stale: bool, incomplete: bool) -> String {
    let remarks = [("stale", stale), ("incomplete", incomplete)];
    let remarks = remarks.into_iter().filter_map(|(word, holds)| holds.then_some(word));
    file_name(&name.iter().copied().chain(remarks).collect::<Vec<_>>())
}

fn graph_sheet(graph: &Graph) -> Csv {
    if !graph.stats.is_empty() {
        return stat_sheet(&graph.stats);
    }
    let mut csv = Csv::default();
    let matrix = &*graph.answer.value;
    csv.text("time");
    for name in &graph.names {
        csv.text(name);
    }
    csv.end_row();
    for i in 0..matrix.window.len() {
        csv.text(&time(matrix.window.at(i)));
        for series in &matrix.series {
            csv.number(series.values.get(i).copied().filter(|value| !is_absent(*value)));
        }
        csv.end_row();
    }
    csv
}

/// Single values, in rows: each has a time of its own.
fn stat_sheet(stats: &[Stat]) -> Csv {
    let mut csv = Csv::default();
    csv.text("time").text("name").text("value").end_row();
    for stat in stats {
        csv.text(&time(stat.at_ms)).text(&stat.name);
        match &stat.value {
            StatValue::Number(number) => csv.number(Some(*number)),
            StatValue::Text(text) => csv.text(text),
        };
        csv.end_row();
    }
    csv
}

fn time(at_ms: i64) -> String {
    Timestamp::from_millisecond(at_ms).map(|at| at.to_string()).unwrap_or_default()
}

const ALERT_COLUMNS: [&str; 15] = [
    "name",
    "state",
    "value",
    "activeAt",
    "severity",
    "group",
    "labels",
    "annotations",
    "query",
    "duration",
    "keepFiringFor",
    "health",
    "lastError",
    "lastEvaluation",
    "summary",
];

/// Where anything is missing, the first row says so: its state is unknown, it has no name, and what is missing
/// stands in the last column.
fn alert_sheet(rows: &[AlertRow], missing: &[String]) -> Csv {
    let mut csv = Csv::default();
    for column in ALERT_COLUMNS {
        csv.text(column);
    }
    csv.end_row();
    if !missing.is_empty() {
        csv.text("").text(AlertState::Unknown.as_str());
        for _ in 2..ALERT_COLUMNS.len() - 1 {
            csv.text("");
        }
        csv.text(&missing.join(" ")).end_row();
    }
    for row in rows {
        let (rule, alert) = (row.rule(), row.alert());
        let health = match rule.health {
            RuleHealth::Ok => "ok",
            RuleHealth::Err => "err",
            RuleHealth::Unknown => "unknown",
        };
        csv.text(&rule.name)
            .text(row.state().as_str())
            .number(alert.and_then(|alert| alert.value))
            .text(alert.and_then(|alert| alert.active_at.as_deref()).unwrap_or_default())
            .text(row.severity().unwrap_or_default())
            .text(&rule.group)
            .text(&to_string(row.labels()).unwrap_or_default())
            .text(&to_string(row.annotations()).unwrap_or_default())
            .text(&rule.query)
            .number(Some(rule.duration))
            .number(Some(rule.keep_firing_for))
            .text(health)
            .text(rule.last_error.as_deref().unwrap_or_default())
            .text(rule.last_evaluation.as_deref().unwrap_or_default())
            .text(row.annotations().get("summary").unwrap_or_default())
            .end_row();
    }
    csv
}
