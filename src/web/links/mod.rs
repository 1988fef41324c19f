//! Every URL that the portal writes. Templates spell none.

mod landing;
mod out;
#[cfg(test)]
mod tests;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::form_urlencoded;

pub use landing::Landed;
pub use out::{new_silence, prometheus_alerts, prometheus_graph, safe_href};

use super::params::LegendOrder;
use super::{PageParams, RowId, assets};
use crate::annotations::{GraphSpec, GraphType, Unit};
use crate::catalog::EntityRef;
use crate::promql::quote;

/// What stays unescaped in one segment of a path (RFC 3986, unreserved).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What a link to another page of the portal keeps: how the reader looks, not what the page lists.
const KEPT: [&str; 10] =
    ["from", "to", "range", "step", "refresh", "graphType", "kiosk", "theme", "tz", "maxSeries"];

/// What makes a page number mean other rows: changing one of these begins at the first page again.
const PAGED_BY: [&str; 8] = ["state", "search", "sort", "pageSize", "kind", "namespace", "owner", "system"];

/// The ranges offered as links.
const QUICK_RANGES: [&str; 9] = ["15m", "1h", "3h", "6h", "12h", "1d", "2d", "7d", "30d"];

/// Writes links for one request: under the portal's path, keeping `kiosk`, `theme`, `tz` and the time window.
#[derive(Clone, Copy, Debug)]
pub struct Links<'a> {
    /// The path of `app.baseUrl` without its trailing slash; empty at the root.
    pub prefix: &'a str,
    pub params: &'a PageParams,
}

/// A link to the same page over another range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuickRange {
    /// `6h`
    pub range: &'static str,
    pub href: String,
    /// The range that the page shows now.
    pub current: bool,
}

impl Links<'_> {
    pub fn catalog(&self) -> String {
        self.keeping(format!("{}/", self.prefix))
    }

    pub fn status(&self) -> String {
        self.keeping(format!("{}/status", self.prefix))
    }

    pub fn entity(&self, entity: &EntityRef) -> String {
        self.keeping(self.path(entity, ""))
    }

    pub fn alerts(&self, entity: &EntityRef) -> String {
        self.keeping(self.path(entity, "/alerts"))
    }

    pub fn graphs(&self, entity: &EntityRef) -> String {
        self.keeping(self.path(entity, "/graphs"))
    }

    /// What belongs to a system, domain, group or user.
    pub fn members(&self, entity: &EntityRef) -> String {
        self.keeping(self.path(entity, "/members"))
    }

    /// The alert page with one row opened and marked.
    pub fn alert(&self, entity: &EntityRef, row: RowId, is_active: bool) -> String {
        let row = row.to_string();
        let inactive = (!is_active).then_some(("showInactiveAlerts", "true"));
        let more = [("alert", row.as_str())].into_iter().chain(inactive);
        let page = address(self.path(entity, "/alerts"), self.kept().chain(more));
        format!("{page}#alert-{row}")
    }

    /// The graph of a row's expression.
    pub fn alert_graph(&self, entity: &EntityRef, row: RowId) -> String {
        let row = row.to_string();
        address(self.path(entity, "/alerts/graph"), self.kept().chain([("alert", row.as_str())]))
    }

    /// `number` from 1.
    pub fn graph(&self, entity: &EntityRef, number: usize) -> String {
        self.keeping(self.path(entity, &format!("/graphs/{number}")))
    }

    pub fn entity_json(&self, entity: &EntityRef) -> String {
        self.path(entity, ".json")
    }

    /// The table's filters and order are kept; its paging is not: the data form holds every row.
    pub fn alerts_json(&self, entity: &EntityRef) -> String {
        self.with(&self.path(entity, "/alerts.json"), &[("page", None), ("pageSize", None)])
    }

    pub fn graph_json(&self, entity: &EntityRef, number: usize) -> String {
        self.keeping(self.path(entity, &format!("/graphs/{number}.json")))
    }

    pub fn alerts_csv(&self, entity: &EntityRef) -> String {
        self.with(&self.path(entity, "/alerts.csv"), &[("page", None), ("pageSize", None)])
    }

    pub fn graph_csv(&self, entity: &EntityRef, number: usize) -> String {
        self.keeping(self.path(entity, &format!("/graphs/{number}.csv")))
    }

    pub fn graph_svg(&self, entity: &EntityRef, number: usize) -> String {
        self.keeping(self.path(entity, &format!("/graphs/{number}.svg")))
    }

    /// Where a reader writes a query, not yet written.
    pub fn new_query(&self) -> String {
        self.keeping(format!("{}/graph", self.prefix))
    }

    /// A graph of an entity, as a query to go on with.
    pub fn edit(&self, entity: &EntityRef, graph: &GraphSpec) -> String {
        let entity = entity.to_string();
        let dimensions = graph.dimensions.iter().map(|label| quoted_where_needed(label)).collect::<Vec<_>>();
        let dimensions = dimensions.join(";");
        let optional = [
            ("dimension", Some(dimensions.as_str()).filter(|text| !text.is_empty())),
            ("title", graph.title.as_deref()),
            ("unit", graph.unit.as_ref().map(Unit::as_str)),
            ("stack", graph.stack.then_some("true")),
            (
                "graphType",
                graph.graph_type.map(GraphType::as_str).filter(|_| !self.params.is_given("graphType")),
            ),
        ];
        let set = optional.iter().filter_map(|(name, value)| Some((*name, (*value)?)));
        let asked = [("entity", entity.as_str()), ("query", graph.source.as_str())];
        address(format!("{}/graph", self.prefix), self.kept().chain(asked).chain(set))
    }

    /// The graph that this address describes; other queries of it are at `query`.
    pub fn custom_graph(&self) -> String {
        self.with(&format!("{}/graph", self.prefix), &[("page", None)])
    }

    /// Another query in the same setting.
    pub fn custom_query(&self, query: &str) -> String {
        let gone = ["page", "dimension", "title", "unit", "stack"].map(|name| (name, None));
        let changes: Vec<_> = gone.into_iter().chain([("query", Some(query))]).collect();
        self.with(&format!("{}/graph", self.prefix), &changes)
    }

    pub fn custom_graph_json(&self) -> String {
        self.custom_data("graph.json")
    }

    pub fn custom_graph_csv(&self) -> String {
        self.custom_data("graph.csv")
    }

    pub fn custom_graph_svg(&self) -> String {
        self.custom_data("graph.svg")
    }

    /// The alert table that this address describes.
    pub fn custom_alerts(&self) -> String {
        self.with(&format!("{}/alerts", self.prefix), &[])
    }

    /// This alert page with one row opened and marked.
    pub fn custom_alert(&self, row: RowId, is_active: bool) -> String {
        let row = row.to_string();
        let inactive = (!is_active).then_some(("showInactiveAlerts", Some("true")));
        let page = self.with(&format!("{}/alerts", self.prefix), &only_row(&row, inactive));
        format!("{page}#alert-{row}")
    }

    /// The graph of the expression of a row of this alert page.
    pub fn custom_alert_graph(&self, row: RowId) -> String {
        self.with(&format!("{}/alerts/graph", self.prefix), &only_row(&row.to_string(), None))
    }

    pub fn custom_alerts_csv(&self) -> String {
        self.custom_data("alerts.csv")
    }

    fn custom_data(&self, page: &str) -> String {
        self.with(&format!("{}/{page}", self.prefix), &["page", "pageSize", "view"].map(|name| (name, None)))
    }

    /// What the address gave, with some parameters set (Some) or taken out (None), at a path of the portal as
    /// the other methods return it; a query in `path` does not count. Without changes: the page itself.
    /// A change of what a table lists goes back to its first page.
    pub fn with(&self, path: &str, changes: &[(&str, Option<&str>)]) -> String {
        let first_page = changes.iter().any(|(name, _)| PAGED_BY.contains(name));
        let goes = |name: &str| (first_page && name == "page") || changes.iter().any(|(n, _)| *n == name);
        let given = self.params.given.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let kept = given.filter(|(name, _)| !goes(name));
        let set = changes.iter().filter_map(|(name, value)| Some((*name, (*value)?)));
        let path = path.split_once('?').map_or(path, |(path, _)| path);
        // The path of an unknown page is a stranger's: two slashes would name another host.
        let path = format!("/{}", path.trim_start_matches(['/', '\\']));
        address(path, kept.chain(set))
    }

    /// The page at `path` over another window, whose ends are written as the address has them.
    pub fn over(&self, path: &str, from: &str, to: &str) -> String {
        self.with(path, &[("from", Some(from)), ("to", Some(to)), ("range", None), ("page", None)])
    }

    /// The page at `path` with the legend of one graph in another order.
    pub fn ordered(&self, path: &str, graph: &str, order: Option<LegendOrder>) -> String {
        let orders = self.params.legends.with_order(graph, order);
        let set = orders.iter().map(|order| ("legend", Some(order.as_str())));
        self.with(path, &[("legend", None)].into_iter().chain(set).collect::<Vec<_>>())
    }

    /// The page at `path` over other ranges.
    pub fn quick_ranges(&self, path: &str) -> Vec<QuickRange> {
        let shown = (self.params.to == "now").then(|| self.params.from.strip_prefix("now-")).flatten();
        QUICK_RANGES
            .into_iter()
            .map(|range| QuickRange {
                range,
                href: self.with(path, &[("range", Some(range)), ("from", None), ("to", None)]),
                current: shown == Some(range),
            })
            .collect()
    }

    /// A hashed asset: `asset("js/portal.js")`.
    pub fn asset(&self, name: &str) -> String {
        format!("{}/{}", self.prefix, assets::path(name))
    }

    fn path(&self, entity: &EntityRef, rest: &str) -> String {
        let segment = |text| utf8_percent_encode(text, SEGMENT);
        let (namespace, kind) = (segment(entity.namespace()), segment(entity.kind()));
        format!("{}/catalog/{namespace}/{kind}/{}{rest}", self.prefix, segment(entity.name()))
    }

    fn keeping(&self, path: String) -> String {
        address(path, self.kept())
    }

    fn kept(&self) -> impl Iterator<Item = (&str, &str)> {
        let keeps = |name: &String| KEPT.contains(&name.as_str()) || self.params.routed.contains(name);
        let given = self.params.given.iter().filter(move |(name, _)| keeps(name));
        given.map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// Where a panel hands its data to the script that draws it at a width; without one, the width is yet to be appended.
pub fn drawn(panel: &str, width: Option<u32>) -> String {
    let joint = if panel.contains('?') { '&' } else { '?' };
    let width = width.map(|width| width.to_string()).unwrap_or_default();
    format!("{panel}{joint}drawn={width}")
}

type Change<'c> = (&'c str, Option<&'c str>);

/// Leads to a row whatever the table was filtered by.
fn only_row<'c>(row: &'c str, also: Option<Change<'c>>) -> Vec<Change<'c>> {
    let gone = ["state", "search", "sort", "page", "pageSize"].map(|name| (name, None));
    gone.into_iter().chain([("alert", Some(row))]).chain(also).collect()
}

/// As a list of dimensions has a label.
fn quoted_where_needed(label: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if label.chars().all(plain) { label.to_owned() } else { quote(label) }
}

fn address<'p>(path: String, pairs: impl Iterator<Item = (&'p str, &'p str)>) -> String {
    let mut pairs = pairs.peekable();
    if pairs.peek().is_none() {
        return path;
    }
    let start = path.len() + 1;
    let mut address = path;
    address.push('?');
    form_urlencoded::Serializer::for_suffix(address, start).extend_pairs(pairs).finish()
}
