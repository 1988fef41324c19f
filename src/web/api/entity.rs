//! `{entity}.json`: what the portal understood of an entity's annotations.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::strict;
use crate::annotations::{AlertNames, AlertSpec, GraphSpec, MonitoringSpec};
use crate::monitoring::Monitoring;
use crate::problem::Located;
use crate::prometheus::InstanceName;
use crate::promql::Matcher;
use crate::web::page_error::unknown_name;
use crate::web::{CachePolicy, Facts, PageError, PageParams, Subject, form};

pub async fn show(
    request: HttpRequest,
    subject: Subject,
    params: PageParams,
    facts: Facts,
    monitoring: web::Data<Monitoring>,
) -> Result<HttpResponse, PageError> {
    strict(&params)?;
    let mut spec = MonitoringSpec::of(&subject.entity);
    let routed = monitoring.route(&subject.entity, &spec, &facts.0);
    spec.problems.extend(routed.as_ref().err().and_then(|unknown| unknown_name(&subject.entity, unknown)));
    let routed = routed.ok();
    let asked = spec.service_name.as_deref().unwrap_or(InstanceName::DEFAULT);
    let body = EntityForm {
        entity_ref: subject.reference().to_string(),
        title: subject.entity.display_name(),
        // What leads nowhere is told as it was asked for.
        instance: routed.as_ref().map_or(asked, |routed| routed.name().as_str()),
        graphs: spec.graphs.iter().map(GraphForm::of).collect(),
        alerts: spec.alerts.as_ref().map(AlertsForm::of),
        problems: &spec.problems,
    };
    form::json(&request, &body, CachePolicy::Live)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EntityForm<'a> {
    entity_ref: String,
    title: &'a str,
    instance: &'a str,
    graphs: Vec<GraphForm<'a>>,
    alerts: Option<AlertsForm<'a>>,
    problems: &'a [Located],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GraphForm<'a> {
    query: &'a str,
    dimension: Option<String>,
    graph_type: &'static str,
    title: &'a str,
}

impl<'a> GraphForm<'a> {
    fn of(spec: &'a GraphSpec) -> Self {
        Self {
            query: &spec.source,
            dimension: (!spec.dimensions.is_empty()).then(|| spec.dimensions.join(";")),
            graph_type: spec.graph_type.unwrap_or_default().as_str(),
            title: spec.title.as_deref().unwrap_or(&spec.source),
        }
    }
}

#[derive(Serialize)]
struct AlertsForm<'a> {
    names: Option<NamesForm<'a>>,
    matchers: Vec<MatcherForm<'a>>,
}

/// A list of names, or the word `all`.
#[derive(Serialize)]
#[serde(untagged)]
enum NamesForm<'a> {
    All(&'static str),
    Named(&'a [String]),
}

impl<'a> AlertsForm<'a> {
    fn of(spec: &'a AlertSpec) -> Self {
        let (names, matchers) = match (&spec.names, spec.matchers.known()) {
            // A list without names: whoever chooses by this form chooses nothing either.
            (_, None) => (Some(NamesForm::Named(&[])), &[][..]),
            (AlertNames::All, Some(matchers)) => (Some(NamesForm::All("all")), matchers),
            (AlertNames::Unnamed, Some(matchers)) => (None, matchers),
            (AlertNames::Named(names), Some(matchers)) => (Some(NamesForm::Named(names)), matchers),
        };
        Self { names, matchers: matchers.iter().map(MatcherForm::of).collect() }
    }
}

#[derive(Serialize)]
struct MatcherForm<'a> {
    name: &'a str,
    op: &'static str,
    value: &'a str,
}

impl<'a> MatcherForm<'a> {
    fn of(matcher: &'a Matcher) -> Self {
        Self { name: &matcher.name, op: matcher.op.as_str(), value: &matcher.value }
    }
}
