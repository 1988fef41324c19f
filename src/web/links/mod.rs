//! Every URL that the portal writes. Templates spell none.

mod out;
#[cfg(test)]
mod tests;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::form_urlencoded;

pub use out::{prometheus_alerts, prometheus_graph, safe_href};

use super::{PageParams, RowId, assets};
use crate::catalog::EntityRef;

/// What stays unescaped in one segment of a path (RFC 3986, unreserved).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What a link to another page of the portal keeps: how the reader looks, not what the page lists.
const KEPT: [&str; 9] = ["from", "to", "range", "step", "refresh", "graphType", "kiosk", "theme", "tz"];

/// What makes a page number mean other rows: changing one of these begins at the first page again.
const PAGED_BY: [&str; 7] = ["state", "search", "sort", "pageSize", "kind", "namespace", "owner"];

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
