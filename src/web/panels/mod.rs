//! Panels: each is one struct and one template, rendered alike inside a page and as a fragment.

mod account;
pub mod alert_details;
pub mod alerts;
mod cells;
pub mod chart;
mod controls;
pub mod entities;
pub mod folding;
pub mod graph;
pub mod legend;
pub mod members;
pub mod missing;
mod notifications;
mod pager;
pub mod problems;
pub mod prose;
pub mod remarks;
mod resolved_alert;
mod row_json;
pub mod rows;
mod rule_rows;
mod samples;
pub mod servers;
mod siblings;
pub mod stats;
pub mod summary;
pub mod times;

pub use account::AccountPanel;
pub use alert_details::AlertDetails;
pub use alerts::AlertsPanel;
pub use graph::GraphPanel;
pub use members::MembersPanel;
pub use missing::MissingPanel;
pub use pager::Pager;
pub use problems::ProblemsPanel;
pub use resolved_alert::ResolvedAlertPanel;
pub use row_json::AlertJson;
pub use summary::StateSummary;

use jiff::Timestamp;

use crate::annotations::GraphSpec;
use crate::chart::echarts::Tick;
use crate::chart::format::cut;
use crate::monitoring::{AlertRow, Failure};
use crate::prometheus::{InstanceName, RowId};
use crate::web::format::Format;
use crate::web::links::{Link, Links, Page, Source};
use crate::web::page_error::ErrorText;
use crate::web::params::{Folding, PageParams};
use times::Moment;

/// What a panel needs to know about its page.
#[derive(Clone, Copy)]
pub struct PanelContext<'a> {
    pub links: Links<'a>,
    pub source: Source<'a>,
    pub name: &'a str,
    /// The path of the page in the reader's browser, which links of a panel change.
    pub page: &'a str,
    /// A page that frames this one gets a message for each opened row.
    pub tells_parent: bool,
    /// Readers may write queries of their own.
    pub ad_hoc: bool,
    /// The width at which the reader's script draws graphs; None: the server draws them.
    pub drawn: Option<u32>,
    /// The chart that the reader's script has already.
    pub held: Option<Tick>,
    /// Whether a panel without data is one line.
    pub folding: Folding,
}

impl<'a> PanelContext<'a> {
    pub fn params(&self) -> &'a PageParams {
        self.links.params
    }

    pub fn moment(&self, at: &Timestamp) -> Moment {
        Moment::of(at, self.params())
    }

    /// The moment at epoch milliseconds.
    pub fn moment_of(&self, at_ms: i64) -> Moment {
        self.moment(&Timestamp::from_millisecond(at_ms).unwrap_or(self.params().period.now))
    }

    /// The alert table alone.
    pub fn alerts(&self) -> Link {
        self.links.to(Page::Alerts(self.source))
    }

    /// The page with a row open; `go`: the row's instance, where that page is `/go`.
    fn row(&self, row: &AlertRow, go: Option<&InstanceName>) -> Link {
        match go {
            Some(instance) => self.links.go_to_row(instance, row.labels()),
            None => self.links.alert(self.source, row.id(), row.is_active()),
        }
    }

    /// The graph of a row's expression.
    pub fn alert_graph(&self, row: RowId) -> Link {
        self.links.to(Page::AlertGraph(self.source, row))
    }

    /// What a row shows when it is opened.
    pub fn alert_details(&self, row: RowId) -> Link {
        self.links.to(Page::AlertDetails(self.source, row))
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

/// A link out of the portal.
#[derive(Clone, Debug)]
pub struct OutLink {
    pub text: &'static str,
    pub href: String,
}

/// A name and a text, with a link if the text has one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Field {
    pub name: String,
    pub text: String,
    pub href: Option<String>,
}

/// What became of a panel's queries.
pub enum Outcome<T> {
    /// No answer yet. The address of the panel's own page, which waits for it.
    Loading(Link),
    Failed(ErrorText),
    Ready(Box<T>),
}

impl<T> Outcome<T> {
    fn fault(&self) -> Option<&ErrorText> {
        if let Self::Failed(fault) = self { Some(fault) } else { None }
    }

    /// `answer` is None while there is none; `own` is the panel's own page.
    fn of<A>(answer: Option<Result<A, Failure>>, own: &Link, ready: impl FnOnce(A) -> T) -> Self {
        match answer {
            None => Self::Loading(own.clone()),
            Some(Err(failure)) => Self::Failed(ErrorText::of(&failure)),
            Some(Ok(answer)) => Self::Ready(Box::new(ready(answer))),
        }
    }
}

/// The state of a panel without an answer.
const LOADING: &str = "loading";

/// The attributes of a panel's section for the script and htmx.
#[derive(Clone, Debug)]
pub struct Frame {
    pub id: String,
    /// The page's title while this panel is as it is.
    pub title: String,
    /// Of an alert table `firing`, `pending`, `unknown` or `ok`; of others `ready`, `empty` or `failed`;
    /// of any `loading`.
    pub state: &'static str,
    /// Where the panel fetches itself; None: it never does.
    pub source: Option<Link>,
    /// Whole seconds between two refreshes; None: never.
    pub every: Option<u32>,
    /// Newer contents are being made, and the panel takes them soon.
    pub is_late: bool,
}

impl Frame {
    pub fn is_loading(&self) -> bool {
        self.state == LOADING
    }

    /// Whether the next one is a new element. htmx loads by itself only what is new.
    pub fn is_replaced(&self) -> bool {
        self.is_loading() || self.is_late
    }

    /// When htmx fetches the panel: at intervals, and on the reader's request. Whole seconds only, because htmx reads
    /// `0.5s` as zero.
    pub fn trigger(&self) -> String {
        match self.every {
            _ if self.is_loading() => "load".to_owned(),
            _ if self.is_late => "load delay:1s, again".to_owned(),
            Some(secs) => format!("every {secs}s, again"),
            None => "again".to_owned(),
        }
    }
}

/// `1 series`, `2 alerts`.
pub fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}
