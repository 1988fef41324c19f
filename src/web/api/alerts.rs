//! `{entity}/alerts.json`: the alert table's rows, in its order.

use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::{Number, seconds, strict};
use crate::annotations::MonitoringSpec;
use crate::monitoring::{AlertRow, AlertTable, Failure, Monitoring};
use crate::prometheus::{AlertState, Labels, RuleHealth};
use crate::web::panels::rows::{Paging, choose};
use crate::web::params::PageSize;
use crate::web::{CachePolicy, Facts, PageError, PageParams, Subject, form};

pub async fn show(
    request: HttpRequest,
    subject: Subject,
    params: PageParams,
    facts: Facts,
    monitoring: actix_web::web::Data<Monitoring>,
) -> Result<HttpResponse, PageError> {
    strict(&params)?;
    let spec = MonitoringSpec::of(&subject.entity);
    if spec.alerts.is_none() {
        return Err(PageError::Failed(Failure::NoAnnotation));
    }
    let routed = monitoring.route(&subject.entity, &spec, &facts.0).map_err(PageError::unknown_instance)?;
    let table = monitoring.alerts(routed.name(), &spec, params.table.show_inactive).await;
    let table = table.map_err(PageError::Failed)?;
    let rows = choose(&table.rows, &params.table);
    // Without a page size the data form holds every row: scripts do not leaf.
    let size = if params.is_given("pageSize") { params.table.page_size } else { PageSize::All };
    let page = Paging::of(rows.len(), params.table.page, size);
    let shown = rows.get(page.start..page.end).unwrap_or_default();
    form::json(&request, &AlertsForm::of(&table, shown), CachePolicy::Live)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AlertsForm<'a> {
    instance: &'a str,
    as_of: serde_json::Number,
    stale: bool,
    warnings: &'a [String],
    alerts: Vec<AlertForm<'a>>,
}

impl<'a> AlertsForm<'a> {
    fn of(table: &'a AlertTable, rows: &'a [AlertRow]) -> Self {
        Self {
            instance: table.instance.as_str(),
            as_of: seconds(table.as_of.as_millisecond()),
            stale: table.failure.is_some(),
            warnings: &table.warnings,
            alerts: rows.iter().map(AlertForm::of).collect(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AlertForm<'a> {
    name: &'a str,
    state: AlertState,
    value: Option<Number>,
    active_at: Option<&'a str>,
    labels: &'a Labels,
    annotations: &'a Labels,
    query: &'a str,
    duration: Number,
    keep_firing_for: Number,
    health: &'a RuleHealth,
    last_error: Option<&'a str>,
    last_evaluation: Option<&'a str>,
    group: &'a str,
    severity: Option<&'a str>,
}

impl<'a> AlertForm<'a> {
    pub fn of(row: &'a AlertRow) -> Self {
        let (rule, alert) = (row.rule(), row.alert());
        Self {
            name: &rule.name,
            state: row.state(),
            value: alert.and_then(|alert| alert.value).map(Number),
            active_at: alert.and_then(|alert| alert.active_at.as_deref()),
            labels: row.labels(),
            annotations: row.annotations(),
            query: &rule.query,
            duration: Number(rule.duration),
            keep_firing_for: Number(rule.keep_firing_for),
            health: &rule.health,
            last_error: rule.last_error.as_deref(),
            last_evaluation: rule.last_evaluation.as_deref(),
            group: &rule.group,
            severity: row.severity(),
        }
    }
}
