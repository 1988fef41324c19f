//! Panels: each is one struct and one template, rendered alike inside a page and as a fragment.

mod account;
pub mod alert_graph;
pub mod alerts;
mod cells;
pub mod chart;
mod controls;
mod detail;
pub mod entities;
mod family;
pub mod graph;
mod landed;
pub mod legend;
pub mod members;
pub mod missing;
pub mod problems;
pub mod rows;
mod samples;
pub mod stats;
pub mod summary;
pub mod times;
mod unowned;

pub use account::AccountPanel;
pub use alert_graph::AlertGraphPanel;
pub use alerts::AlertsPanel;
pub use graph::GraphPanel;
pub use landed::LandedPanel;
pub use members::MembersPanel;
pub use missing::MissingPanel;
pub use problems::ProblemsPanel;
pub use summary::Summary;
pub use unowned::UnownedPanel;

use std::sync::Arc;

use jiff::Timestamp;

use crate::annotations::GraphSpec;
use crate::monitoring::Failure;
use crate::prometheus::PrometheusError;
use crate::web::links::{Link, Page, Source};
use crate::web::page_error::tell;
use crate::web::params::PageParams;
use crate::web::{Format, Links, RowId};
use times::Moment;

/// What a panel needs to know of the page that it stands on.
#[derive(Clone, Copy)]
pub struct Setting<'a> {
    pub links: Links<'a>,
    pub source: Source<'a>,
    pub name: &'a str,
    /// The path of the page that the reader sees, which links of a panel lead to.
    pub page: &'a str,
    /// Pages that frame this one are told of opened rows.
    pub tells_parent: bool,
    /// Readers may write queries of their own.
    pub ad_hoc: bool,
    /// The width at which the reader's script draws graphs; None: the server draws them.
    pub drawn: Option<u32>,
}

impl<'a> Setting<'a> {
    pub fn params(&self) -> &'a PageParams {
        self.links.params
    }

    /// The alert table alone.
    pub fn alerts(&self) -> Link {
        self.links.to(Page::Alerts(self.source))
    }

    /// The graph of a row's expression.
    pub fn alert_graph(&self, row: RowId) -> Link {
        self.links.to(Page::AlertGraph(self.source, row))
    }

    /// A graph alone; `number` is from 1.
    pub fn graph(&self, number: usize) -> Link {
        self.links.to(Page::Graph(self.source, number))
    }

    pub fn graph_as(&self, number: usize, format: Format) -> Link {
        self.links.data(Page::Graph(self.source, number), format)
    }

    /// Where a panel fetches itself as it is drawn now.
    pub fn as_drawn(&self, panel: Link) -> Link {
        if self.drawn.is_some() { panel.drawn(self.drawn) } else { panel }
    }

    /// Where the query can be changed, unless that is here or not allowed.
    pub fn edit(&self, graph: &GraphSpec) -> Option<Link> {
        match self.source {
            Source::Entity(entity) | Source::Card(entity) => {
                self.ad_hoc.then(|| self.links.edit(entity, graph))
            }
            Source::AdHoc => None,
        }
    }
}

/// The attributes of a panel's section, by which the script and htmx know it.
#[derive(Clone, Debug)]
pub struct Frame {
    pub id: String,
    /// The page's title while this panel is as it is.
    pub title: String,
    /// Of an alert table `firing`, `pending`, `unknown` or `ok`; of others `ready`, `empty` or `failed`;
    /// of any `loading`.
    pub state: &'static str,
    /// Where the panel fetches itself.
    pub source: Link,
    /// Whole seconds between two refreshes; None: never.
    pub every: Option<u32>,
}

impl Frame {
    pub fn is_loading(&self) -> bool {
        self.state == "loading"
    }

    /// htmx's words for when to fetch: by the clock, and whenever the reader asks for it. Only whole seconds: it
    /// takes `0.5s` for zero.
    pub fn trigger(&self) -> String {
        match self.every {
            _ if self.is_loading() => "load".to_owned(),
            Some(secs) => format!("every {secs}s, again"),
            None => "again".to_owned(),
        }
    }
}

/// An older answer stands in for one that did not come.
#[derive(Clone, Debug)]
pub struct Stale {
    pub as_of: Moment,
    /// Why the newest attempt failed, as a sentence.
    pub why: String,
}

impl Stale {
    pub fn of(as_of: Timestamp, failure: Option<&Arc<PrometheusError>>, params: &PageParams) -> Option<Self> {
        let told = tell(&Failure::Prometheus(failure?.clone()));
        let as_of = Moment::of(as_of, params.period.now, &params.zone);
        Some(Self { as_of, why: format!("{}.", told.title) })
    }
}

/// The word for one or for many: `1 series`, `2 alerts`.
pub fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// A text of at most `most` characters, the last an ellipsis when something was cut.
pub fn cut(text: &str, most: usize) -> String {
    if text.chars().nth(most).is_none() {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}
