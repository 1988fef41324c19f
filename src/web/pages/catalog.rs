//! The catalog: every entity, found and filtered, with what its alerts do.

use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde_json::json;

use super::ad_hoc::SelectOption;
use super::{Shell, with_address};
use crate::catalog::search::{Facet, Filter, SearchResult};
use crate::monitoring::bit;
use crate::page_params::PageSize;
use crate::prometheus::AlertState;
use crate::web::format::Format;
use crate::web::links::{Link, NavLink, Page};
use crate::web::page_error::PageError;
use crate::web::panels::Pager;
use crate::web::panels::entities::{EntityLine, lines};
use crate::web::panels::rows::Paging;
use crate::web::panels::times::Moment;
use crate::web::params::PageParams;
use crate::web::reply::{self, CachePolicy};
use crate::web::request::{Portal, routing_input};

/// Rows of a page, unless the address says otherwise: the list is for the eye to run over.
const ROWS: usize = 100;
/// The states in the order of their bits.
const STATES: [AlertState; 4] =
    [AlertState::Firing, AlertState::Pending, AlertState::Unknown, AlertState::Inactive];

#[derive(Template)]
#[template(path = "pages/catalog.html", blocks = ["results"])]
pub struct CatalogPage<'a> {
    pub shell: Shell<'a>,
    pub search: &'a str,
    pub choices: Vec<FacetFilter>,
    pub hidden: Vec<(String, String)>,
    pub action: String,
    /// Where the list is fetched anew.
    pub source: Link,
    pub text: String,
    pub as_of: Option<Moment>,
    /// How many entities are in each state, as JSON.
    pub counts: Option<String>,
    pub lines: Vec<EntityLine>,
    /// The catalog has nothing at all.
    pub is_empty: bool,
    pub faults: usize,
    pub pager: Option<Pager>,
}

/// A filter with its values.
pub struct FacetFilter {
    pub name: &'static str,
    pub title: &'static str,
    pub any: &'static str,
    pub options: Vec<SelectOption>,
}

pub async fn show(
    request: HttpRequest,
    format: Format,
    params: PageParams,
    portal: Portal,
) -> Result<HttpResponse, PageError> {
    let Portal { settings, monitoring, catalog } = &portal;
    let snapshot = catalog.snapshot();
    let routing = routing_input(&request, monitoring.routing());
    let overview = monitoring.overview(&snapshot, &routing, params.period.now).await;
    let found = snapshot.search(&filter(&params), overview.marks());
    let ordered = overview.worst_first(&found.rows);
    let size = if params.is_given("pageSize") { params.table.page_size } else { PageSize::Rows(ROWS) };
    let paging = Paging::of(ordered.len(), params.table.page, size);
    let listed = ordered.get(paging.start..paging.end).unwrap_or_default();
    let links = settings.links(&params);
    let path = links.to(Page::Catalog).path().to_owned();
    let here = links.with(&path, &[]);
    let mut shell = Shell::new(settings, &params, &path, "Catalog");
    shell.section = "catalog";
    let all = format!("{} entities", ordered.len());
    let pager = Pager::of("the catalog", paging, &all, |page| {
        let page = page.to_string();
        let href = links.with(&path, &[("page", Some(&page))]);
        NavLink::new(page, href, false)
    });
    let page = CatalogPage {
        search: &params.table.search,
        choices: choices(&found, &params),
        hidden: carried(&params),
        action: path.clone(),
        source: here.clone(),
        text: listed_sentence(&paging, snapshot.entities.len()),
        as_of: overview.as_of.map(|at| Moment::of(at, params.period.now, &params.zone)),
        counts: (!snapshot.entities.is_empty()).then(|| counts(&found)),
        lines: lines(&snapshot, listed, &overview, links),
        is_empty: snapshot.entities.is_empty(),
        faults: snapshot.faults.len(),
        pager: Some(pager).filter(Pager::has_pages),
        shell,
    };
    if format != Format::Fragment {
        return reply::html(&request, &page, CachePolicy::Live);
    }
    let results = reply::html(&request, &page.as_results(), CachePolicy::Live)?;
    Ok(with_address(results, &request, "catalog-filters", &here))
}

fn filter(params: &PageParams) -> Filter {
    let facets = &params.catalog;
    Filter {
        search: params.table.search.clone(),
        kind: facets.kind.clone(),
        namespace: facets.namespace.clone(),
        owner: facets.owner.clone(),
        system: facets.system.clone(),
        states: params.table.states.iter().fold(0, |all, state| all | bit(*state)),
    }
}

fn counts(found: &SearchResult) -> String {
    let counted =
        STATES.iter().zip(found.state_counts).map(|(state, n)| (state.as_str().to_owned(), json!(n)));
    serde_json::Value::Object(counted.collect()).to_string()
}

fn choices(found: &SearchResult, params: &PageParams) -> Vec<FacetFilter> {
    let facet = |name, title, any, facets: &[Facet], chosen: Option<&str>| {
        let option = |f: &Facet| SelectOption {
            value: f.value.clone(),
            label: format!("{} ({})", f.label, f.count),
            chosen: chosen.is_some_and(|c| c == f.value || c == f.label),
        };
        FacetFilter { name, title, any, options: facets.iter().map(option).collect() }
    };
    let state = |(state, count): (AlertState, usize)| SelectOption {
        value: state.as_str().to_owned(),
        label: format!("{} ({count})", state.as_str()),
        chosen: params.table.states.contains(&state),
    };
    let states = STATES.into_iter().zip(found.state_counts);
    let facets = &params.catalog;
    vec![
        facet("kind", "Kind", "All kinds", &found.kinds, facets.kind.as_deref()),
        facet("namespace", "Namespace", "All namespaces", &found.namespaces, facets.namespace.as_deref()),
        facet("owner", "Owner", "All owners", &found.owners, facets.owner.as_deref()),
        facet("system", "System", "All systems", &found.systems, facets.system.as_deref()),
        FacetFilter {
            name: "state",
            title: "Alerts",
            any: "Any state",
            options: states.map(state).collect(),
        },
    ]
}

/// What the form carries along: how the page looks, not what it lists.
fn carried(params: &PageParams) -> Vec<(String, String)> {
    let listing = ["search", "kind", "namespace", "owner", "system", "state", "page"];
    params.given.iter().filter(|(name, _)| !listing.contains(&name.as_str())).cloned().collect()
}

fn listed_sentence(paging: &Paging, all: usize) -> String {
    match (paging.total, paging.pages) {
        (0, _) => "No matches".to_owned(),
        (1, _) if all == 1 => "1 entity".to_owned(),
        (1, _) => format!("1 of {all} entities"),
        (n, 1) if n == all => format!("{n} entities"),
        (n, 1) => format!("{n} of {all} entities"),
        (n, _) => format!("{}–{} of {n} entities", paging.start + 1, paging.end),
    }
}
