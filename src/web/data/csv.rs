//! Graphs and alert tables as CSV: a row for each instant or alert.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse};
use jiff::Timestamp;
use serde_json::to_string;

use super::alerts::{chosen, with_verdict};
use super::graph::key;
use super::with_notices;
use crate::monitoring::{AlertRow, AlertTable, Graph, Stat, StatValue};
use crate::page_params::Zone;
use crate::prometheus::{AlertState, is_absent};
use crate::upstream::SentTime;
use crate::web::page_error::PageError;
use crate::web::panels::remarks::{grid, incomplete, of_graph};
use crate::web::params::PageParams;
use crate::web::reply::{self, Csv, file_name};

/// A column for each series behind that of the times, which are in the page's zone.
pub async fn graph(
    request: &HttpRequest,
    name: &[&str],
    graph: Graph,
    params: &PageParams,
) -> Result<HttpResponse, PageError> {
    let incomplete = !graph.answer.value.warnings.is_empty();
    let in_utc = grid(graph.answer.value.window, &params.zone).is_some();
    let name =
        named(name, &[("stale", graph.answer.is_stale()), ("incomplete", incomplete), ("utc-grid", in_utc)]);
    let key = key(request, &graph, params.zone.name());
    let remarks = of_graph(&graph, None, None, params);
    let zone = params.zone.clone();
    let reply = reply::csv(request, &name, move || graph_csv(&graph, &zone), key).await?;
    Ok(with_notices(reply, &remarks))
}

/// The rows that the address selects.
pub async fn alerts(
    request: &HttpRequest,
    name: &[&str],
    table: Arc<AlertTable>,
    params: &PageParams,
) -> Result<HttpResponse, PageError> {
    let remarks = [("stale", table.failure.is_some()), ("incomplete", !table.evidence().is_complete())];
    let name = named(name, &remarks);
    let (made_of, params) = (table.clone(), params.clone());
    let write = move || alerts_csv(&chosen(&made_of, &params), &incomplete(&made_of), &params.zone);
    let reply = reply::csv(request, &name, write, None).await?;
    Ok(with_verdict(reply, &table))
}

/// CSV has no place for a remark, and a file outlives its headers. So its name says what is wrong with it.
fn named(name: &[&str], remarks: &[(&'static str, bool)]) -> String {
    let remarks = remarks.iter().filter_map(|(word, holds)| holds.then_some(*word));
    file_name(&name.iter().copied().chain(remarks).collect::<Vec<_>>())
}

fn graph_csv(graph: &Graph, zone: &Zone) -> Csv {
    if !graph.stats.is_empty() {
        return stats_csv(&graph.stats, zone);
    }
    let mut csv = Csv::default();
    let matrix = &*graph.answer.value;
    csv.text("time");
    for name in &graph.names {
        csv.text(name);
    }
    csv.end_row();
    for i in 0..matrix.window.len() {
        csv.text(&time(matrix.window.at(i), zone));
        for series in &matrix.series {
            csv.number(series.values.get(i).copied().filter(|value| !is_absent(*value)));
        }
        csv.end_row();
    }
    csv
}

/// Single values, in rows: each has a time of its own.
fn stats_csv(stats: &[Stat], zone: &Zone) -> Csv {
    let mut csv = Csv::default();
    csv.text("time").text("name").text("value").end_row();
    for stat in stats {
        csv.text(&time(stat.at_ms, zone)).text(&stat.name);
        match &stat.value {
            StatValue::Number(number) => csv.number(Some(*number)),
            StatValue::Text(text) => csv.text(text),
        };
        csv.end_row();
    }
    csv
}

fn time(at_ms: i64, zone: &Zone) -> String {
    Timestamp::from_millisecond(at_ms).map(|at| zone.rfc3339(at)).unwrap_or_default()
}

/// In UTC as the instance sent it, letter for letter.
fn sent(time: Option<&SentTime>, zone: &Zone) -> String {
    let Some(time) = time else { return String::new() };
    let at = time.at().filter(|_| zone.other_than_utc().is_some());
    at.map_or_else(|| time.as_str().to_owned(), |at| zone.rfc3339(at))
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

/// If anything is missing, the first row says so: its state is unknown, it has no name, and its summary says what is
/// missing.
fn alerts_csv(rows: &[&AlertRow], missing: &[String], zone: &Zone) -> Csv {
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
        csv.text(&rule.name)
            .text(row.state().as_str())
            .number(alert.and_then(|alert| alert.value))
            .text(&sent(alert.and_then(|alert| alert.active_at.as_ref()), zone))
            .text(row.severity().unwrap_or_default())
            .text(&rule.group)
            .text(&to_string(row.labels()).unwrap_or_default())
            .text(&to_string(row.annotations()).unwrap_or_default())
            .text(&rule.query)
            .number(Some(rule.duration))
            .number(Some(rule.keep_firing_for))
            .text(rule.health.as_str())
            .text(rule.last_error.as_deref().unwrap_or_default())
            .text(&sent(rule.last_evaluation.as_ref(), zone))
            .text(row.annotations().get("summary").unwrap_or_default())
            .end_row();
    }
    csv
}
