//! A graph that its address describes: a page with the query to be changed, or the panel that refreshes itself.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::Shell;
use super::asked::{self, Asked};
use super::go::{Fired, led_to};
use super::time_bar::TimeBar;
use crate::annotations::GraphSpec;
use crate::monitoring::alert_index::AlertIndex;
use crate::monitoring::{AlertIndexer, Expressions, Monitoring};
use crate::promql::PromQl;
use crate::web::links::{AlertLink, Link, Page, Source};
use crate::web::panels::{GraphPanel, ProblemsPanel};
use crate::web::{CachePolicy, Custom, ErrorText, Format, PageError, form};

/// The fields of the form.
const FIELDS: [&str; 4] = ["query", "dimension", "title", "instance"];

#[derive(Template)]
#[template(path = "pages/custom_graph.html")]
pub struct CustomGraphPage<'a> {
    pub shell: Shell<'a>,
    pub heading: &'a str,
    pub bar: TimeBar,
    pub asked: Asked,
    pub query: &'a str,
    pub dimension: &'a str,
    pub title: &'a str,
    /// Further expressions of an address of Prometheus, each with a page of its own.
    pub more: Vec<(String, Link)>,
    pub problems: Option<ProblemsPanel>,
    /// Why nobody could be asked.
    pub fault: Option<ErrorText>,
    pub graph: Option<GraphPanel>,
}

pub async fn show(
    request: HttpRequest,
    format: Format,
    custom: Custom,
    keeper: web::Data<AlertIndexer>,
    expressions: web::Data<Expressions>,
    monitoring: web::Data<Monitoring>,
) -> Result<HttpResponse, PageError> {
    if format == Format::Page && is_from_prometheus(request.query_string()) {
        match keeper.owners().await {
            Some(owners) => {
                if let Some(page) = owners_page(&custom, &owners, &expressions, &monitoring).await {
                    return Ok(led_to(&page));
                }
            }
            // Where the graph itself is not for everybody, an entity may be the way to it.
            None => custom.may_query().map_err(|_| PageError::CatalogNotRead)?,
        }
    }
    custom.may_query()?;
    let spec = custom.graph_spec();
    let graph = match &spec {
        Some(spec) => Some(panel(&custom, spec).await),
        None => faulty(&custom),
    };
    let (graph, fault) = match graph.transpose() {
        Ok(graph) => (graph, None),
        Err(fault) if format == Format::Fragment => return Err(fault),
        // The panel of its problems tells what is wrong with a query.
        Err(PageError::BrokenQuery(_)) => (None, None),
        Err(fault) => (None, Some(fault.text())),
    };
    if let Some(graph) = graph.as_ref().filter(|_| format == Format::Fragment) {
        return form::html(&request, graph, CachePolicy::Live);
    }
    let page = path(&custom);
    let given =
        |name: &str| custom.params.given.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v.as_str());
    let heading = custom.params.custom.title.as_deref().unwrap_or("Explore: Graph");
    let links = asked::links(&custom);
    let more = custom.params.custom.more.iter();
    // What the address names and nobody has is missing; what merely cannot be read now has the default.
    let status = fault.as_ref().map(|told| told.status).filter(|status| *status == StatusCode::NOT_FOUND);
    let page = CustomGraphPage {
        shell: asked::shell(&custom, &page, heading),
        heading,
        bar: asked::time_bar(&custom, &page),
        asked: Asked::of(&custom, "Graph", &FIELDS),
        query: given("query"),
        dimension: given("dimension"),
        title: given("title"),
        more: more.map(|query| (query.clone(), links.other_query(query))).collect(),
        problems: spec.as_ref().and_then(|spec| ProblemsPanel::of_query(&spec.source, &spec.problems)),
        fault,
        graph,
    };
    form::html_as(&request, status.unwrap_or(StatusCode::OK), &page, CachePolicy::Live)
}

/// A rule's own link (`generatorURL`) is an address of Prometheus and nothing of ours.
fn is_from_prometheus(query: &str) -> bool {
    let names: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name).collect();
    let ours = ["query", "entity", "instance", "g1.expr"];
    names.iter().any(|name| name == "g0.expr") && !names.iter().any(|name| ours.contains(&&**name))
}

/// The page of the one entity whose alert rule has the expression. It asks nothing that no annotation names.
async fn owners_page(
    custom: &Custom,
    owners: &Arc<AlertIndex>,
    expressions: &Expressions,
    monitoring: &Monitoring,
) -> Option<Link> {
    let query = PromQl::read(custom.params.custom.query.as_deref()?).0?;
    let owner = monitoring.entity_of_expression(owners, expressions, &query).await?;
    let fired = Fired { at: None, text: None, now: custom.params.period.now, ad_hoc: custom.settings.ad_hoc };
    let landed = fired.landed(monitoring, &owner).await;
    let is_timed = ["from", "to", "range"].iter().any(|name| custom.params.is_given(name));
    let landed = if is_timed { AlertLink { from: None, to: None, ..landed } } else { landed };
    Some(asked::links(custom).entity_alert(&owner.entity.reference, &landed))
}

/// What is wrong with an address that has no query yet.
fn faulty(custom: &Custom) -> Option<Result<GraphPanel, PageError>> {
    let named =
        custom.entity.is_some() || custom.params.custom.instance.is_some() || custom.params.custom.lost;
    named.then(|| custom.instance().err()).flatten().map(Err)
}

async fn panel(custom: &Custom, spec: &GraphSpec) -> Result<GraphPanel, PageError> {
    let instance = custom.instance()?;
    Custom::readable(spec)?;
    let answer = custom.graph(&instance, spec).await;
    let page = path(custom);
    let setting = asked::setting(custom, &page, asked::name(custom));
    Ok(GraphPanel::of(&setting, Some(&instance.settings), 1, spec, Some(answer)))
}

fn path(custom: &Custom) -> String {
    asked::links(custom).to(Page::Graph(Source::AdHoc, 1)).path().to_owned()
}
