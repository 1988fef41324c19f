//! What the portal read in an entity's annotations, as JSON.

use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use crate::annotations::{AlertNames, AlertSpec, GraphSpec};
use crate::diagnostic::Diagnostic;
use crate::monitoring::Failure;
use crate::prometheus::InstanceName;
use crate::promql::Matcher;
use crate::web::page_error::{PageError, unknown_name};
use crate::web::reply;
use crate::web::request::View;

pub fn json(request: &HttpRequest, view: &View) -> Result<HttpResponse, PageError> {
    let entity = view.entity()?;
    let mut problems = view.spec.problems.clone();
    if let Err(Failure::UnknownInstance(unknown)) = view.routed() {
        problems.extend(unknown_name(entity, &unknown));
    }
    // An unknown instance keeps its name.
    let named = view.spec.service_name.as_deref().unwrap_or(InstanceName::DEFAULT);
    let body = EntityJson {
        entity_ref: entity.reference.to_string(),
        title: entity.display_name(),
        instance: view.routed().map_or(named, |routed| routed.name().as_str()),
        graphs: view.spec.graphs.iter().map(GraphSpecJson::of).collect(),
        alerts: view.spec.alerts.as_ref().map(AlertSpecJson::of),
        problems: &problems,
    };
    reply::json(request, &body)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EntityJson<'a> {
    entity_ref: String,
    title: &'a str,
    instance: &'a str,
    graphs: Vec<GraphSpecJson<'a>>,
    alerts: Option<AlertSpecJson<'a>>,
    problems: &'a [Diagnostic],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GraphSpecJson<'a> {
    query: &'a str,
    dimension: Option<String>,
    graph_type: &'static str,
    title: &'a str,
}

impl<'a> GraphSpecJson<'a> {
    fn of(spec: &'a GraphSpec) -> Self {
        Self {
            query: &spec.source,
            dimension: (!spec.dimensions.is_empty()).then(|| spec.dimensions.join(";")),
            graph_type: spec.drawn_as().as_str(),
            title: spec.title.as_deref().unwrap_or(&spec.source),
        }
    }
}

#[derive(Serialize)]
struct AlertSpecJson<'a> {
    names: Option<NamesJson<'a>>,
    matchers: &'a [Matcher],
}

/// Names, or the word `all`.
#[derive(Serialize)]
#[serde(untagged)]
enum NamesJson<'a> {
    All(&'static str),
    Named(&'a [String]),
}

impl<'a> AlertSpecJson<'a> {
    fn of(spec: &'a AlertSpec) -> Self {
        let (names, matchers) = match (&spec.names, spec.matchers.known()) {
            // An empty list: it selects no alert either.
            (_, None) => (Some(NamesJson::Named(&[])), &[][..]),
            (AlertNames::All, Some(matchers)) => (Some(NamesJson::All("all")), matchers),
            (AlertNames::Unnamed, Some(matchers)) => (None, matchers),
            (AlertNames::Named(names), Some(matchers)) => (Some(NamesJson::Named(names)), matchers),
        };
        Self { names, matchers }
    }
}
