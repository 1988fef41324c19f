//! The catalog: a list of all entities with the states of their alerts, to be searched and filtered.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::{Shell, with_address};
use crate::catalog::Snapshot;
use crate::catalog::search::{Facet, SearchResult};
use crate::clock;
use crate::page_params::PageSize;
use crate::prometheus::AlertState;
use crate::web::format::Format;
use crate::web::links::{Link, NavLink, Page};
use crate::web::page_error::PageError;
use crate::web::panels::Pager;
use crate::web::panels::entities::{EntityLine, lines};
use crate::web::panels::rows::Paging;
use crate::web::panels::servers::SilenceNote;
use crate::web::panels::summary::FourCounts;
use crate::web::panels::times::Moment;
use crate::web::params::{ALL_KINDS, PageParams};
use crate::web::reply;
use crate::web::request::{Portal, routing_input};

/// Rows of a page, unless the address says otherwise.
const ROWS: usize = 100;

#[derive(Template)]
#[template(path = "pages/catalog.html", blocks = ["results"])]
pub struct CatalogPage<'a> {
    pub shell: Shell<'a>,
    pub params: &'a PageParams,
    pub snapshot: Arc<Snapshot>,
    pub found: SearchResult,
    pub paging: Paging,
    /// Where the list is fetched anew.
    pub source: Link,
    pub as_of: Option<Moment>,
    /// Newer counts are being made.
    pub is_late: bool,
    pub silent: Vec<SilenceNote>,
    pub lines: Vec<EntityLine>,
    pub pager: Option<Pager>,
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
    let overview = monitoring.overview(&snapshot, &routing, clock::now()).await;
    let found = snapshot.search(&params.catalog, overview.marks());
    let ordered = overview.worst_first(&found.rows);
    let size = if params.is_given("pageSize") { params.table.page_size } else { PageSize::Rows(ROWS) };
    let paging = Paging::of(ordered.len(), params.table.page, size);
    let listed = ordered.get(paging.start..paging.end).unwrap_or_default();
    let links = settings.links(&params);
    let path = links.to(Page::Catalog).path().to_owned();
    let all = format!("{} entities", ordered.len());
    let pager = Pager::of("the catalog", paging, &all, |page| links.paged(&path, page));
    let silent = SilenceNote::all(monitoring.silent_servers(), &params);
    let icon = if silent.is_empty() { "plain" } else { "unknown" };
    let shell = Shell::new(settings, &params, &path, &title(&found, &silent));
    let page = CatalogPage {
        shell: Shell { section: "catalog", icon, ..shell },
        params: &params,
        source: links.with(&path, &[]),
        as_of: overview.as_of.map(|at| Moment::of(&at, &params)),
        is_late: overview.is_late,
        silent,
        lines: lines(&snapshot, listed, &overview, links),
        pager: Some(pager).filter(Pager::has_pages),
        paging,
        found,
        snapshot,
    };
    if format != Format::Fragment {
        return reply::html(&request, &page);
    }
    let results = reply::html(&request, &page.as_results())?;
    Ok(with_address(results, &request, "catalog-filters", &page.source))
}

impl CatalogPage<'_> {
    /// What the form keeps: how the page looks, not what it lists.
    fn hidden(&self) -> impl Iterator<Item = &(String, String)> {
        let listing = ["search", "kind", "namespace", "owner", "system", "state", "page"];
        self.params.given.iter().filter(move |(name, _)| !listing.contains(&name.as_str()))
    }

    /// How many of the filters beside the search are set.
    fn chosen(&self) -> usize {
        let filters = ["kind", "namespace", "owner", "system", "state"];
        let is_set =
            |(name, value): &&(String, String)| filters.contains(&name.as_str()) && !value.is_empty();
        self.params.given.iter().filter(is_set).count()
    }

    /// Each state and how many entities are in it, in the order of the states' bits.
    fn states(&self) -> impl Iterator<Item = (AlertState, usize)> {
        let states = [AlertState::Firing, AlertState::Pending, AlertState::Unknown, AlertState::Inactive];
        states.into_iter().zip(self.found.state_counts)
    }

    /// How many entities are in each state, as JSON. None without entities.
    fn counts(&self) -> Option<String> {
        let mut counts = FourCounts::default();
        self.states().for_each(|(state, n)| counts.add(state, n));
        (!self.snapshot.entities.is_empty()).then(|| counts.json())
    }

    /// When htmx fetches the list. While newer counts are made, it takes them soon.
    fn trigger(&self) -> String {
        match self.shell.params.refresh_secs {
            _ if self.is_late => "load delay:1s, again".to_owned(),
            Some(secs) => format!("every {secs}s, again"),
            None => "again".to_owned(),
        }
    }

    /// How many entities of other kinds match, and the list with them. None without any.
    fn others(&self) -> Option<NavLink> {
        let others = self.found.left_out;
        let [firing, ..] = self.found.left_out_counts;
        let text = match firing {
            0 => format!("{others} of other kinds"),
            _ => format!("{others} of other kinds ({firing} firing)"),
        };
        let all = self.shell.links.with(self.source.path(), &[("kind", Some(ALL_KINDS))]);
        (others > 0).then(|| NavLink::new(text, all, false))
    }

    fn text(&self) -> String {
        let all = self.snapshot.entities.len();
        match (self.paging.total, self.paging.pages) {
            (0, _) => "No matches".to_owned(),
            (1, _) if all == 1 => "1 entity".to_owned(),
            (1, _) => format!("1 of {all} entities"),
            (n, 1) if n == all => format!("{n} entities"),
            (n, 1) => format!("{n} of {all} entities"),
            (n, _) => format!("{}–{} of {n} entities", self.paging.start + 1, self.paging.end),
        }
    }
}

/// `(10) Catalog`: how many entities fire. While a server does not answer, since when: `(14:02:15 UTC) (10) Catalog`.
fn title(found: &SearchResult, silent: &[SilenceNote]) -> String {
    let [firing, ..] = found.state_counts;
    let since = silent.first().map(|note| format!("({}) ", note.since.text)).unwrap_or_default();
    let count = if firing > 0 { format!("({firing}) ") } else { String::new() };
    format!("{since}{count}Catalog")
}

/// Whether the address chooses a value of a filter.
fn is_chosen(facet: &Facet, chosen: &Option<String>) -> bool {
    chosen.as_ref().is_some_and(|chosen| *chosen == facet.value || *chosen == facet.label)
}
