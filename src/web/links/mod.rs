//! Every URL that the portal writes. Templates spell none.

mod alert;
mod link;
mod nav;
mod out;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

pub use alert::AlertLink;
pub use link::Link;
pub use nav::NavLink;
pub use out::{new_silence, prometheus_alerts, prometheus_graph, safe_href};

use crate::annotations::{GraphSpec, GraphType, Scale, Unit};
use crate::catalog::EntityRef;
use crate::monitoring::Period;
use crate::prometheus::RowId;
use crate::promql::quote;
use crate::web::assets;
use crate::web::format::Format;
use crate::web::params::{ColumnOrder, LegendColumn, PageParams, is_of_single_graph};

/// What stays unescaped in one segment of a path (RFC 3986, unreserved).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What a link to another page keeps: how the reader looks, not what the page lists.
const KEPT: [&str; 10] =
    ["from", "to", "range", "step", "refresh", "graphType", "kiosk", "theme", "tz", "maxSeries"];

/// What a link keeps on the pages of one entity: how its graphs are drawn.
const KEPT_BY_ENTITY: [&str; 6] = ["unit", "stack", "zero", "log", "min", "max"];

/// A change of one of these changes what a table lists, so the link leads to the first page.
const PAGED_BY: [&str; 8] = ["state", "search", "sort", "pageSize", "kind", "namespace", "owner", "system"];

/// What filters, orders and pages an alert table. A link to one row drops it, so that the row is there.
const TABLE: [&str; 5] = ["state", "search", "sort", "page", "pageSize"];

/// The ranges that the time bar offers.
const QUICK_RANGES: [&str; 9] = ["15m", "1h", "3h", "6h", "12h", "1d", "2d", "7d", "30d"];

/// A page of the portal.
#[derive(Clone, Copy, Debug)]
pub enum Page<'a> {
    Catalog,
    Status,
    /// The form for a query of the reader's own, empty.
    NewQuery,
    Entity(&'a EntityRef),
    /// What belongs to a system, domain, group or user.
    Members(&'a EntityRef),
    Graphs(&'a EntityRef),
    /// The number is from 1.
    Graph(Source<'a>, usize),
    Alerts(Source<'a>),
    /// The graph of a row's expression.
    AlertGraph(Source<'a>, RowId),
    /// What an opened row shows.
    AlertDetails(Source<'a>, RowId),
}

/// Where a graph or an alert table comes from.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// The entity's annotations.
    Entity(&'a EntityRef),
    /// The entity's annotations, and this address: it may change what the one graph of the page is made of.
    Card(&'a EntityRef),
    /// This address alone.
    AdHoc,
}

/// Writes the links of one request.
#[derive(Clone, Copy, Debug)]
pub struct Links<'a> {
    /// The path of `app.baseUrl` without its trailing slash; empty at the root.
    pub prefix: &'a str,
    pub params: &'a PageParams,
    /// Whose page it is.
    pub entity: Option<&'a EntityRef>,
}

impl<'a> Page<'a> {
    fn entity(self) -> Option<&'a EntityRef> {
        match self {
            Self::Catalog | Self::Status | Self::NewQuery => None,
            Self::Entity(entity) | Self::Members(entity) | Self::Graphs(entity) => Some(entity),
            Self::Graph(source, _)
            | Self::Alerts(source)
            | Self::AlertGraph(source, _)
            | Self::AlertDetails(source, _) => source.entity(),
        }
    }
}

impl<'a> Source<'a> {
    fn entity(self) -> Option<&'a EntityRef> {
        match self {
            Self::Entity(entity) | Self::Card(entity) => Some(entity),
            Self::AdHoc => None,
        }
    }
}

impl Links<'_> {
    /// A link keeps how the reader looks at pages. Where the address of this page is the source, it keeps all.
    pub fn to(&self, page: Page<'_>) -> Link {
        let link = Link::at(self.path(page));
        match page {
            Page::Graph(Source::Card(_), _) => self.given(link).without(&["page", "view"]),
            Page::Graph(Source::AdHoc, _) => self.given(link).without(&["page"]),
            Page::Alerts(Source::AdHoc) => self.given(link),
            Page::AlertGraph(source, row) | Page::AlertDetails(source, row) => {
                self.one_row(source, link, row)
            }
            _ => self.kept(link, page.entity()),
        }
    }

    /// A graph or an alert table as data. Data has no pages.
    pub fn data(&self, page: Page<'_>, format: Format) -> Link {
        let link = match page {
            // The filters and the order of the table hold for its rows as data too.
            Page::Alerts(_) => self.with(&self.path(page), &[]),
            _ => self.to(page),
        };
        link.without(&["page", "pageSize", "view"]).ending(format.ending())
    }

    /// The alert table with one row opened and marked.
    pub fn alert(&self, source: Source<'_>, row: RowId, is_active: bool) -> Link {
        let link = self.one_row(source, Link::at(self.path(Page::Alerts(source))), row);
        let link = if is_active { link } else { link.set("showInactiveAlerts", Some("true".to_owned())) };
        link.anchor(format!("alert-{row}"))
    }

    /// A graph of an entity as an ad-hoc query, to be changed.
    pub fn edit(&self, entity: &EntityRef, graph: &GraphSpec) -> Link {
        let dimensions = graph.dimensions.iter().map(|label| quoted_where_needed(label)).collect::<Vec<_>>();
        let dimensions = dimensions.join(";");
        let text = |value: &str| Some(value.to_owned());
        let Scale { zero, log, min, max } = graph.scale;
        let optional = [
            ("dimension", Some(dimensions).filter(|text| !text.is_empty())),
            ("title", graph.title.clone()),
            ("unit", graph.unit.as_ref().map(Unit::as_str).and_then(text)),
            ("stack", graph.stack.then(|| "true".to_owned())),
            ("zero", zero.map(|zero| zero.to_string())),
            ("log", log.then(|| "true".to_owned())),
            ("min", min.map(|end| end.to_string())),
            ("max", max.map(|end| end.to_string())),
            ("graphType", graph.graph_type.map(GraphType::as_str).and_then(text)),
        ];
        let entity = entity.to_string();
        let own = [("entity", entity.as_str()), ("query", graph.source.as_str())];
        let link = self.to(Page::NewQuery).without(&["graphType"]).and(own.into_iter());
        let optional = optional.into_iter().filter(|(_, value)| value.is_some());
        optional.fold(link, |link, (name, value)| link.set(name, value))
    }

    /// Another ad-hoc query to the same instance.
    pub fn other_query(&self, query: &str) -> Link {
        let graph =
            self.to(Page::Graph(Source::AdHoc, 1)).without(&["dimension", "title"]).without(&KEPT_BY_ENTITY);
        graph.set("query", Some(query.to_owned()))
    }

    /// What the address gave, at another path, with some parameters set (Some) or taken out (None). Without
    /// changes: the page itself. A change of what a table lists goes back to its first page.
    pub fn with(&self, path: &str, changes: &[(&'static str, Option<&str>)]) -> Link {
        // Anybody may write the path of an unknown page. Two slashes would name another host.
        let link = Link::at(format!("/{}", path.trim_start_matches(['/', '\\'])));
        let first_page = changes.iter().any(|(name, _)| PAGED_BY.contains(name));
        let gone: Vec<&str> =
            changes.iter().map(|(name, _)| *name).chain(first_page.then_some("page")).collect();
        let set = changes.iter().filter_map(|(name, value)| Some((*name, (*value)?)));
        self.given(link).without(&gone).and(set)
    }

    /// At the time of this page, whenever it is opened.
    pub fn fixed(&self, link: Link) -> Link {
        let text = |at: Timestamp| Some(at.as_millisecond().to_string());
        let Period { from, to, .. } = self.params.period;
        link.without(&["range"]).set("from", text(from)).set("to", text(to))
    }

    /// The page at `path` over another window, whose ends are written as the address has them.
    pub fn over(&self, path: &str, from: &str, to: &str) -> Link {
        self.with(path, &[("from", Some(from)), ("to", Some(to)), ("range", None), ("page", None)])
    }

    /// Another page of the list at `path`.
    pub fn paged(&self, path: &str, page: usize) -> NavLink {
        let page = page.to_string();
        let href = self.with(path, &[("page", Some(&page))]);
        NavLink::new(page, href, false)
    }

    /// The page at `path` with one graph drawn otherwise. On a page that its address alone describes there is one graph.
    pub fn drawn(&self, path: &str, graph: usize, name: &'static str, value: &str) -> Link {
        if self.entity.is_none() {
            return self.with(path, &[(name, Some(value))]);
        }
        let own = format!("{graph}:{value}");
        let before = format!("{graph}:");
        let link = self.with(path, &[]);
        link.without_value(name, |value| value.starts_with(&before)).and([(name, own.as_str())].into_iter())
    }

    /// The page at `path` with the legend of one graph in another order.
    pub fn ordered(&self, path: &str, graph: &str, order: Option<ColumnOrder<LegendColumn>>) -> Link {
        let orders = self.params.legends.with_order(graph, order);
        let set = orders.iter().map(|order| ("legend", Some(order.as_str())));
        self.with(path, &[("legend", None)].into_iter().chain(set).collect::<Vec<_>>())
    }

    /// The page at `path` over other ranges.
    pub fn quick_ranges(&self, path: &str) -> Vec<NavLink> {
        let shown = (self.params.to == "now").then(|| self.params.from.strip_prefix("now-")).flatten();
        QUICK_RANGES
            .into_iter()
            .map(|range| {
                NavLink::new(
                    range,
                    self.with(path, &[("range", Some(range)), ("from", None), ("to", None)]),
                    shown == Some(range),
                )
            })
            .collect()
    }

    /// A hashed asset: `asset("js/portal.js")`.
    pub fn asset(&self, name: &str) -> String {
        format!("{}/{}", self.prefix, assets::path(name))
    }

    fn path(&self, page: Page<'_>) -> String {
        let prefix = self.prefix;
        let of = |entity, rest: &str| entity_path(prefix, entity, rest);
        match page {
            Page::Catalog => format!("{prefix}/"),
            Page::Status => format!("{prefix}/status"),
            Page::NewQuery | Page::Graph(Source::AdHoc, _) => format!("{prefix}/graph"),
            Page::Entity(entity) => of(entity, ""),
            Page::Members(entity) => of(entity, "/members"),
            Page::Graphs(entity) => of(entity, "/graphs"),
            Page::Graph(Source::Entity(entity) | Source::Card(entity), n) => {
                of(entity, &format!("/graphs/{n}"))
            }
            Page::Alerts(Source::Entity(entity) | Source::Card(entity)) => of(entity, "/alerts"),
            Page::Alerts(Source::AdHoc) => format!("{prefix}/alerts"),
            Page::AlertGraph(Source::Entity(entity) | Source::Card(entity), _) => of(entity, "/alerts/graph"),
            Page::AlertGraph(Source::AdHoc, _) => format!("{prefix}/alerts/graph"),
            Page::AlertDetails(Source::Entity(entity) | Source::Card(entity), _) => {
                of(entity, "/alerts/details")
            }
            Page::AlertDetails(Source::AdHoc, _) => format!("{prefix}/alerts/details"),
        }
    }

    /// With all that the address gave.
    fn given(&self, link: Link) -> Link {
        link.and(self.params.given.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }

    fn one_row(&self, source: Source<'_>, link: Link, row: RowId) -> Link {
        let link = match source {
            Source::AdHoc => self.given(link).without(&TABLE),
            Source::Entity(entity) | Source::Card(entity) => self.kept(link, Some(entity)),
        };
        link.set("alert", Some(row.to_string()))
    }

    fn kept(&self, link: Link, entity: Option<&EntityRef>) -> Link {
        let is_same = entity.is_some() && entity == self.entity;
        let keeps = |(name, value): &&(String, String)| {
            if self.params.routed.contains(name) {
                return true;
            }
            if KEPT_BY_ENTITY.contains(&name.as_str()) || is_of_single_graph(name, value) {
                return is_same;
            }
            KEPT.contains(&name.as_str())
        };
        let given = self.params.given.iter().filter(keeps);
        link.and(given.map(|(name, value)| (name.as_str(), value.as_str())))
    }
}

/// The path of an entity's page, or of one below it.
pub fn entity_path(prefix: &str, entity: &EntityRef, rest: &str) -> String {
    let segment = |text| utf8_percent_encode(text, SEGMENT);
    let (namespace, kind) = (segment(entity.namespace()), segment(entity.kind()));
    format!("{prefix}/catalog/{namespace}/{kind}/{}{rest}", segment(entity.name()))
}

/// As a list of dimensions has a label.
fn quoted_where_needed(label: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if label.chars().all(plain) { label.to_owned() } else { quote(label) }
}
