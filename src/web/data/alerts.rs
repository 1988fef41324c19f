//! An alert table as JSON: its rows in its order.

use std::sync::Arc;

use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::seconds;
use crate::monitoring::{AlertRow, AlertTable, Silences, StateCounts};
use crate::web::page_error::PageError;
use crate::web::panels::AlertJson;
use crate::web::panels::remarks::incomplete;
use crate::web::panels::rows::{Paging, choose};
use crate::web::params::PageParams;
use crate::web::reply::{self, ReplyKey};

/// `firing`, `pending`, `unknown`, `quiet` or `none`.
const STATE: HeaderName = HeaderName::from_static("promenade-state");
/// `true` or `false`.
const COMPLETE: HeaderName = HeaderName::from_static("promenade-complete");
/// When the instance gave the answer (RFC 3339).
const AS_OF: HeaderName = HeaderName::from_static("promenade-as-of");

/// Writing as many rows takes long enough to be in the way of others on the same thread.
const MANY_ROWS: usize = 500;

pub async fn json(
    request: &HttpRequest,
    table: Arc<AlertTable>,
    params: &PageParams,
) -> Result<HttpResponse, PageError> {
    if table.rows.len() < MANY_ROWS {
        let reply = reply::json(request, &AlertsJson::of(&table, &chosen(&table, params)))?;
        return Ok(with_verdict(reply, &table));
    }
    let key = ReplyKey::of(&table, request.path(), &request.query_string());
    let (made_of, params) = (table.clone(), params.clone());
    let write = move || serde_json::to_vec(&AlertsJson::of(&made_of, &chosen(&made_of, &params)));
    Ok(with_verdict(reply::large_json(request, key, write).await?, &table))
}

/// Headers with the verdict, for scripts that do not read the body.
pub fn with_verdict(mut reply: HttpResponse, table: &AlertTable) -> HttpResponse {
    let evidence = table.evidence();
    let headers = reply.headers_mut();
    headers.insert(STATE, HeaderValue::from_static(evidence.verdict().as_str()));
    headers.insert(COMPLETE, HeaderValue::from_static(if evidence.is_complete() { "true" } else { "false" }));
    // An instant is written in characters that a header may have.
    if let Ok(as_of) = HeaderValue::from_str(&table.as_of.to_string()) {
        headers.insert(AS_OF, as_of);
    }
    reply
}

/// The rows that the address selects: every one, unless it has a page size.
pub fn chosen<'t>(table: &'t AlertTable, params: &PageParams) -> Vec<&'t AlertRow> {
    let mut rows = choose(&table.rows, &params.table);
    if params.is_given("pageSize") {
        let page = Paging::of(rows.len(), params.table.page, params.table.page_size);
        rows.truncate(page.end);
        rows.drain(..page.start);
    }
    rows
}

/// How many rows are in each state. Suppressed rows count only as suppressed, not as firing.
#[derive(Serialize)]
struct CountsJson {
    firing: usize,
    pending: usize,
    error: usize,
    unknown: usize,
    inactive: usize,
    suppressed: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AlertsJson<'a> {
    instance: &'a str,
    as_of: serde_json::Number,
    stale: bool,
    /// Of everything that is chosen, whatever the address filters.
    state: &'static str,
    complete: bool,
    counts: CountsJson,
    /// What is missing, and whether the clock of the instance is off: a sentence each.
    warnings: Vec<String>,
    /// `known` or `unknown`, where an Alertmanager is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    silences: Option<&'static str>,
    alerts: Vec<AlertJson<'a>>,
}

impl CountsJson {
    fn of(counts: StateCounts) -> Self {
        let StateCounts { firing, pending, error, unknown, inactive, .. } = counts;
        Self { firing, pending, error, unknown, inactive, suppressed: counts.suppressed() }
    }
}

impl<'a> AlertsJson<'a> {
    fn of(table: &'a AlertTable, rows: &[&'a AlertRow]) -> Self {
        let evidence = table.evidence();
        let skew = table.skew.map(|skew| skew.sentence(&table.instance));
        Self {
            instance: table.instance.as_str(),
            as_of: seconds(table.as_of.as_millisecond()),
            stale: table.failure.is_some(),
            state: evidence.verdict().as_str(),
            complete: evidence.is_complete(),
            counts: CountsJson::of(evidence.counts),
            warnings: incomplete(table).into_iter().chain(skew).collect(),
            silences: match table.silences {
                Silences::NotConfigured => None,
                Silences::Known { .. } => Some("known"),
                Silences::Unknown { .. } => Some("unknown"),
            },
            alerts: rows.iter().map(|row| AlertJson::of(row)).collect(),
        }
    }
}
