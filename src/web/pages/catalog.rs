//! The catalog: every entity, found and filtered, with what its alerts do.

use std::sync::Arc;
use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use futures_util::future::join_all;

use super::Shell;
use crate::annotations::{MonitoringSpec, is_available};
use crate::catalog::search::{Facet, Filter, Found};
use crate::catalog::{Catalog, Entity};
use crate::monitoring::{Monitoring, RequestFacts, StateCounts};
use crate::prometheus::AlertState;
use crate::web::panels::cut;
use crate::web::panels::rows::Paging;
use crate::web::params::PageSize;
use crate::web::{CachePolicy, Facts, Form, Links, PageError, PageParams, WebSettings, form};

/// Rows of a page, unless the address says otherwise: the list is for the eye to run over.
const ROWS: usize = 100;
/// Counts that have not come by then are unknown on this page.
const PATIENCE: Duration = Duration::from_millis(1_500);

#[derive(Template)]
#[template(path = "pages/catalog.html", blocks = ["results"])]
pub struct CatalogPage<'a> {
    pub shell: Shell<'a>,
    pub search: &'a str,
    pub choices: Vec<Choice>,
    pub hidden: Vec<(String, String)>,
    pub action: String,
    pub text: String,
    pub rows: Vec<Row>,
    /// The catalog has nothing at all.
    pub is_empty: bool,
    pub faults: usize,
    pub previous: Option<String>,
    pub next: Option<String>,
    pub page: String,
    pub is_paged: bool,
}

/// A filter with its values.
pub struct Choice {
    pub name: &'static str,
    pub title: &'static str,
    pub any: &'static str,
    pub options: Vec<Pick>,
}

pub struct Pick {
    pub value: String,
    pub label: String,
    pub chosen: bool,
}

/// What is known of an entity's alerts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alerts {
    /// It asks for none.
    None,
    /// Its instance does not answer, or is not configured.
    Unknown,
    Known(StateCounts),
}

pub struct Row {
    pub title: String,
    pub href: String,
    pub kind: String,
    pub namespace: Option<String>,
    pub owner: String,
    pub system: String,
    pub about: String,
    pub tags: Vec<String>,
    pub is_available: bool,
    /// The first of those that have nothing to show, after some that have.
    pub begins_others: bool,
    pub alerts: Alerts,
}

pub async fn show(
    request: HttpRequest,
    form: Form,
    params: PageParams,
    facts: Facts,
    catalog: web::Data<Catalog>,
    monitoring: web::Data<Monitoring>,
    settings: web::Data<WebSettings>,
) -> Result<HttpResponse, PageError> {
    let snapshot = catalog.snapshot();
    let filter = Filter {
        search: params.table.search.clone(),
        kind: params.catalog.kind.clone(),
        namespace: params.catalog.namespace.clone(),
        owner: params.catalog.owner.clone(),
        ..Filter::default()
    };
    let found = snapshot.search(&filter);
    let (entities, mut known) = in_states(&found, &params.table.states, &monitoring, &facts.0).await;
    let size = if params.is_given("pageSize") { params.table.page_size } else { PageSize::Rows(ROWS) };
    let paging = Paging::of(entities.len(), params.table.page, size);
    let listed = entities.get(paging.start..paging.end).unwrap_or_default();
    if known.is_empty() {
        known = alerts_of(listed, &monitoring, &facts.0).await;
    } else {
        known = known.drain(..).skip(paging.start).collect();
    }
    let links = settings.links(&params);
    let path = links.catalog();
    let mut shell = Shell::new(&settings, &params, &path, "Catalog");
    shell.section = "catalog";
    let to = |page: usize| links.with(&path, &[("page", Some(&page.to_string()))]);
    let page = CatalogPage {
        search: &params.table.search,
        choices: choices(&found, &params),
        hidden: carried(&params),
        action: path.split('?').next().unwrap_or_default().to_owned(),
        text: told(&paging, snapshot.entities.len()),
        rows: rows(listed, known, links),
        is_empty: snapshot.entities.is_empty(),
        faults: snapshot.faults.len(),
        previous: (paging.page > 1).then(|| to(paging.page - 1)),
        next: (paging.page < paging.pages).then(|| to(paging.page + 1)),
        page: format!("Page {} of {}", paging.page, paging.pages),
        is_paged: paging.pages > 1,
        shell,
    };
    match form {
        Form::Page => form::html(&request, &page, CachePolicy::Live),
        Form::Fragment => form::html(&request, &page.as_results(), CachePolicy::Live),
    }
}

/// Those with something to show first; of these, if states are asked for, only those that have them, with the
/// answers that told it.
async fn in_states(
    found: &Found,
    states: &[AlertState],
    monitoring: &Monitoring,
    facts: &RequestFacts,
) -> (Vec<Arc<Entity>>, Vec<Alerts>) {
    let (mut first, others): (Vec<_>, Vec<_>) = found.entities.iter().cloned().partition(|e| is_available(e));
    if states.is_empty() {
        first.extend(others);
        return (first, Vec::new());
    }
    let known = alerts_of(&first, monitoring, facts).await;
    let has = |alerts: &Alerts| states.iter().any(|state| alerts.is_in(*state));
    first.into_iter().zip(known).filter(|(_, alerts)| has(alerts)).unzip()
}

impl Alerts {
    /// An entity is inactive when everything is known and nothing of it is active.
    fn is_in(&self, state: AlertState) -> bool {
        match (self, state) {
            (Self::None, _) => false,
            (Self::Unknown, state) => state == AlertState::Unknown,
            (Self::Known(counts), AlertState::Firing) => counts.firing > 0,
            (Self::Known(counts), AlertState::Pending) => counts.pending > 0,
            (Self::Known(counts), AlertState::Unknown) => counts.unknown > 0,
            (Self::Known(counts), AlertState::Inactive) => {
                counts.firing + counts.pending + counts.unknown == 0
            }
        }
    }
}

/// Each instance is asked once for all entities, which is the store's doing.
async fn alerts_of(entities: &[Arc<Entity>], monitoring: &Monitoring, facts: &RequestFacts) -> Vec<Alerts> {
    let asked = entities.iter().map(|entity| async {
        let spec = MonitoringSpec::of(entity);
        if spec.alerts.is_none() {
            return Alerts::None;
        }
        let Ok(routed) = monitoring.route(entity, &spec, facts) else { return Alerts::Unknown };
        let answer = monitoring.alerts(routed.name(), &spec, false);
        match tokio::time::timeout(PATIENCE, answer).await {
            Ok(Ok(table)) if table.failure.is_none() => Alerts::Known(StateCounts {
                unknown: table.counts.unknown + table.unhealthy.len(),
                ..table.counts
            }),
            _ => Alerts::Unknown,
        }
    });
    join_all(asked).await
}

fn rows(entities: &[Arc<Entity>], alerts: Vec<Alerts>, links: Links<'_>) -> Vec<Row> {
    let mut was_available = false;
    let row = |(entity, alerts): (&Arc<Entity>, Alerts)| {
        let is_available = is_available(entity);
        let begins_others = was_available && !is_available;
        was_available = is_available;
        let namespace = entity.reference.namespace();
        Row {
            title: entity.display_name().to_owned(),
            href: links.entity(&entity.reference),
            kind: entity.kind.clone(),
            namespace: (namespace != "default").then(|| namespace.to_owned()),
            owner: entity.owner().unwrap_or_default().to_owned(),
            system: entity.system().unwrap_or_default().to_owned(),
            about: entity.description.as_deref().map(|text| cut(text.trim(), 200)).unwrap_or_default(),
            tags: entity.tags.iter().take(4).cloned().collect(),
            is_available,
            begins_others,
            alerts,
        }
    };
    entities.iter().zip(alerts).map(row).collect()
}

fn choices(found: &Found, params: &PageParams) -> Vec<Choice> {
    let facet = |name, title, any, facets: &[Facet], chosen: Option<&str>| {
        let option = |f: &Facet| Pick {
            value: f.value.clone(),
            label: format!("{} ({})", f.label, f.count),
            chosen: chosen.is_some_and(|c| c == f.value || c == f.label),
        };
        Choice { name, title, any, options: facets.iter().map(option).collect() }
    };
    let state = |state: AlertState| Pick {
        value: state.as_str().to_owned(),
        label: state.as_str().to_owned(),
        chosen: params.table.states.contains(&state),
    };
    let states = [AlertState::Firing, AlertState::Pending, AlertState::Unknown, AlertState::Inactive];
    let facets = &params.catalog;
    vec![
        facet("kind", "Kind", "All kinds", &found.kinds, facets.kind.as_deref()),
        facet("namespace", "Namespace", "All namespaces", &found.namespaces, facets.namespace.as_deref()),
        facet("owner", "Owner", "All owners", &found.owners, facets.owner.as_deref()),
        Choice { name: "state", title: "Alerts", any: "Any state", options: states.map(state).into() },
    ]
}

/// What the form carries along: how the page looks, not what it lists.
fn carried(params: &PageParams) -> Vec<(String, String)> {
    let listing = ["search", "kind", "namespace", "owner", "state", "page"];
    params.given.iter().filter(|(name, _)| !listing.contains(&name.as_str())).cloned().collect()
}

fn told(paging: &Paging, all: usize) -> String {
    match (paging.total, paging.pages) {
        (0, _) => "No entity".to_owned(),
        (1, _) => format!("1 of {all} entities"),
        (n, 1) if n == all => format!("{n} entities"),
        (n, 1) => format!("{n} of {all} entities"),
        (n, _) => format!("{}–{} of {n} entities", paging.start + 1, paging.end),
    }
}
