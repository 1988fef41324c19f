//! A graph card, of a graph or of an alert's expression: the chart with its legend, the samples, or why there is
//! neither.

use std::time::Duration;

use askama::Template;
use jiff::Timestamp;

use super::chart::{self, Chart};
use super::folding::FoldLine;
use super::remarks::{Level, Remark, of_graph};
use super::samples::Samples;
use super::stats::hidden_tiles;
use super::times::Moment;
use super::{Frame, LOADING, Outcome, PanelContext};
use crate::annotations::{GraphSpec, GraphType};
use crate::chart::{Mark, Plot};
use crate::monitoring::{AlertRow, EmptyReason, Failure, Graph};
use crate::prometheus::{InstanceSettings, RowId, UNSTABLE_TAIL};
use crate::promql::QueryValue;
use crate::web::format::Format;
use crate::web::links::{self, Link, NavLink, Source};
use crate::web::page_error::{EmptyText, ErrorText};
use crate::web::params::Folding;

/// When a panel fetches itself again of which more samples are being fetched, in seconds.
const SOON: u32 = 1;

/// A row, and the answer to its expression.
pub type RowGraph = (AlertRow, Result<Graph, Failure>);

/// The panel with id `graph-1` or `alert-0123456789abcdef-graph-panel`.
#[derive(Template)]
#[template(path = "panels/graph.html")]
pub struct GraphPanel<'a> {
    pub context: PanelContext<'a>,
    pub frame: Frame,
    pub title: String,
    pub query: String,
    /// The graph page of Prometheus.
    pub out: Option<String>,
    /// The panel on a page of its own.
    pub alone: Link,
    pub subject: GraphSubject,
    pub body: Outcome<GraphContent<'a>>,
}

impl askama::filters::HtmlSafe for GraphPanel<'_> {}

/// What the graph is of.
pub enum GraphSubject {
    Graph(Box<GraphMenu>),
    /// The expression of an alert, and since when that is active.
    Alert(Option<Moment>),
}

/// The links of a card's menu.
pub struct GraphMenu {
    /// The title is the query itself, set as code.
    pub is_query: bool,
    /// From the chart to the samples or back.
    pub switch: NavLink,
    pub items: Vec<NavLink>,
    pub csv: Link,
}

pub struct GraphContent<'a> {
    pub remarks: Vec<Remark>,
    /// The panel fetches itself again soon, because more samples are being fetched.
    pub rest_follows: bool,
    pub view: GraphView<'a>,
}

pub enum GraphView<'a> {
    /// The alert is not active now; with the address of all alerts, where the reader may list them.
    Gone(Option<Link>),
    Empty(EmptyText),
    Values(Box<Graph>),
    Chart(Box<Chart>),
    Samples(Box<Samples<'a>>),
}

/// Where a graph is: its panel's id and address.
#[derive(Clone, Copy)]
struct PanelPlace<'a, 'p> {
    context: PanelContext<'a>,
    instance: Option<&'p InstanceSettings>,
    id: &'p str,
    own: &'p Link,
}

impl<'a> GraphPanel<'a> {
    /// `number` is from 1; `answer` is None while there is none.
    pub fn of(
        context: PanelContext<'a>,
        instance: Option<&InstanceSettings>,
        number: usize,
        spec: &GraphSpec,
        answer: Option<Result<Graph, Failure>>,
    ) -> Self {
        let params = context.params();
        let (id, own) = (format!("graph-{number}"), context.graph(number));
        let place = PanelPlace { context, instance, id: &id, own: &own };
        let is_broken = matches!(answer, Some(Err(Failure::BrokenQuery)));
        let body = Outcome::of(answer, &own, |graph| {
            GraphContent::of(place, graph, params.view_table.then_some(number), None)
        });
        let body = match spec.problems.first().filter(|_| is_broken) {
            Some(problem) => Outcome::Failed(ErrorText::of_broken_query(&problem.message)),
            None => body,
        };
        let title = spec.title.clone().unwrap_or_else(|| spec.source.clone());
        // The samples' table has pages, which the other forms of the panel do not have.
        let source = if params.view_table {
            context.links.with(own.path(), &[])
        } else {
            context.as_drawn(own.clone())
        };
        let frame = place.frame(&title, state(&body), source, every(&body, params.graph_refresh()));
        let folding = if line(&body, context.folding).is_some() { context.folding } else { Folding::Open };
        Self {
            context,
            frame: frame.folded(folding),
            title,
            query: spec.source.clone(),
            out: place.prometheus(&spec.source),
            subject: GraphSubject::Graph(Box::new(GraphMenu::of(&context, number, spec, &body))),
            alone: own,
            body,
        }
    }

    /// The graph of a row's expression. `found` is None when the entity has no such row now.
    pub fn of_alert(
        context: PanelContext<'a>,
        instance: Option<&InstanceSettings>,
        id: RowId,
        found: Result<Option<RowGraph>, Failure>,
    ) -> Self {
        let params = context.params();
        let (panel_id, own) = (format!("alert-{id}-graph-panel"), context.alert_graph(id));
        let place = PanelPlace { context, instance, id: &panel_id, own: &own };
        let (row, answer) = match found {
            Err(failure) => (None, Err(failure)),
            Ok(None) => (None, Ok(None)),
            Ok(Some((row, answer))) => (Some(row), answer.map(Some)),
        };
        let since = row.as_ref().and_then(AlertRow::active_at);
        let body = Outcome::of(Some(answer), &own, |graph| match graph {
            None => {
                let view = GraphView::Gone(alerts(&context));
                GraphContent { remarks: Vec::new(), rest_follows: false, view }
            }
            Some(graph) => GraphContent::of(place, graph, None, since),
        });
        let title = row.as_ref().map_or("Alert", AlertRow::name).to_owned();
        let query = row.as_ref().map(|row| row.rule().query.trim().to_owned());
        let every = every(&body, params.graph_refresh().filter(|_| row.is_some()));
        let context = PanelContext { folding: Folding::Open, ..context };
        Self {
            context,
            frame: place.frame(&title, state(&body), context.as_drawn(own.clone()), every),
            title,
            out: query.as_ref().and_then(|query| place.prometheus(query)),
            query: query.unwrap_or_default(),
            subject: GraphSubject::Alert(since.map(|at| context.moment(&at))),
            alone: own,
            body,
        }
    }

    pub fn is_gone(&self) -> bool {
        matches!(&self.body, Outcome::Ready(body) if matches!(body.view, GraphView::Gone(_)))
    }

    pub fn fault(&self) -> Option<&ErrorText> {
        self.body.fault()
    }

    /// The page says why this one and others failed.
    pub fn share(&mut self) {
        self.context.folding = Folding::Shared;
        self.frame = self.frame.clone().folded(Folding::Shared);
    }

    fn line(&self) -> Option<FoldLine> {
        line(&self.body, self.context.folding)
    }

    fn is_alert(&self) -> bool {
        matches!(self.subject, GraphSubject::Alert(_))
    }

    fn is_query(&self) -> bool {
        matches!(&self.subject, GraphSubject::Graph(menu) if menu.is_query)
    }
}

/// What a panel without data says in a line. One with a warning stays open.
fn line(body: &Outcome<GraphContent<'_>>, folding: Folding) -> Option<FoldLine> {
    match body {
        Outcome::Loading(_) => None,
        Outcome::Failed(fault) => FoldLine::of_fault(fault, folding),
        Outcome::Ready(body) => match &body.view {
            GraphView::Empty(empty) if folding != Folding::Open && body.above().is_empty() => {
                Some(FoldLine { is_failed: false, is_shared: false, text: empty.title.clone() })
            }
            _ => None,
        },
    }
}

/// All alerts, where the reader may list them.
fn alerts(context: &PanelContext<'_>) -> Option<Link> {
    let is_of_entity = !matches!(context.source, Source::AdHoc) || context.params().custom.entity.is_some();
    (context.ad_hoc || is_of_entity).then(|| context.alerts())
}

fn state(body: &Outcome<GraphContent<'_>>) -> &'static str {
    match body {
        Outcome::Loading(_) => LOADING,
        Outcome::Failed(_) => "failed",
        Outcome::Ready(body) => match body.view {
            GraphView::Gone(_) => "failed",
            GraphView::Empty(_) => "empty",
            GraphView::Values(_) | GraphView::Chart(_) | GraphView::Samples(_) => "ready",
        },
    }
}

/// The time to the next refresh, in seconds.
fn every(body: &Outcome<GraphContent<'_>>, usual: Option<u32>) -> Option<u32> {
    match body {
        Outcome::Ready(body) if body.rest_follows => Some(SOON),
        _ => usual,
    }
}

impl PanelPlace<'_, '_> {
    fn frame(self, title: &str, state: &'static str, source: Link, every: Option<u32>) -> Frame {
        let title = format!("{}: {title}", self.context.name);
        Frame { id: self.id.to_owned(), title, state, source: Some(source), every, is_late: false }
    }

    fn prometheus(self, query: &str) -> Option<String> {
        let ui_url = self.instance?.ui_url.as_ref()?;
        let period = self.context.params().period;
        let requested = period.requested(self.instance?).unwrap_or(period);
        Some(links::prometheus_graph(ui_url, query, &requested))
    }
}

impl GraphMenu {
    fn of(
        context: &PanelContext<'_>,
        number: usize,
        spec: &GraphSpec,
        body: &Outcome<GraphContent<'_>>,
    ) -> Self {
        let (links, params) = (context.links, context.params());
        let own = context.graph(number);
        let is_table = params.view_table;
        let switch = |text| {
            let view = if is_table { None } else { Some("table") };
            NavLink::new(text, links.with(own.path(), &[("view", view), ("page", None)]), false)
        };
        let kind = spec.drawn_as();
        let drawn = |text: &'static str, name, value: &str, is_current| {
            NavLink::new(text, links.drawn(context.page, number, name, value), is_current)
        };
        let kinds = [("Line", GraphType::Line), ("Area", GraphType::Area), ("Tiles", GraphType::Stat)]
            .map(|(text, each)| drawn(text, "graphType", each.as_str(), kind == each));
        let flags = [
            ("Stack", "stack", spec.stack),
            ("From zero", "zero", spec.scale.zero.unwrap_or(spec.stack || kind == GraphType::Area)),
            ("Logarithmic", "log", spec.scale.log),
        ]
        .into_iter()
        // Logarithms have neither a sum nor a zero.
        .filter(|(_, name, _)| *name == "log" || !spec.scale.log)
        .map(|(text, name, is_on)| drawn(text, name, if is_on { "false" } else { "true" }, is_on));
        let csv = context.graph_as(number, Format::Csv);
        let forms = [
            ("Open full page", own.clone()),
            ("JSON", context.graph_as(number, Format::Json)),
            ("CSV", csv.clone()),
            ("SVG", context.graph_as(number, Format::Svg)),
        ];
        let edit = context.edit(spec).map(|href| ("Edit in Explore", href));
        let forms = forms.into_iter().chain(edit).map(|(text, href)| NavLink::new(text, href, false));
        // Single values are not listed as samples, and a text is no line.
        let is_values = matches!(body, Outcome::Ready(body) if matches!(body.view, GraphView::Values(_)));
        let is_text = spec.query.as_ref().is_some_and(|query| query.value() == QueryValue::String);
        let as_table =
            [switch(if is_table { "Chart" } else { "Show as table" })].into_iter().filter(|_| !is_values);
        let flags = flags.filter(|_| kind != GraphType::Stat && !is_table);
        let shapes = kinds.into_iter().chain(flags).filter(|_| !is_text).chain(as_table);
        Self {
            is_query: spec.title.is_none(),
            switch: switch(if is_table { "Chart" } else { "Table" }),
            items: shapes.chain(forms).collect(),
            csv,
        }
    }
}

impl<'a> GraphContent<'a> {
    /// `table` is the graph's number when its samples are shown; `active_since` is marked in the chart.
    fn of(
        place: PanelPlace<'a, '_>,
        graph: Graph,
        table: Option<usize>,
        active_since: Option<Timestamp>,
    ) -> Self {
        let (context, params) = (place.context, place.context.params());
        let rest_follows = graph.answer.rest_follows;
        let has_series = graph.stats.is_empty() && !graph.answer.value.series.is_empty();
        let is_drawn = has_series && !matches!(graph.empty_reason, EmptyReason::OnlyNan { .. });
        let plot = (is_drawn && table.is_none()).then(|| {
            let mark = |at: Timestamp| Mark { at_ms: at.as_millisecond(), text: "active since" };
            Plot { marks: active_since.map(mark).into_iter().collect(), ..chart::plot(&context, &graph) }
        });
        let scrape = place.instance.map_or(Duration::ZERO, |i| i.scrape_interval);
        let unstable_tail = || place.instance.map_or(UNSTABLE_TAIL, |i| i.unstable_tail);
        let unstable = graph.is_per_instant.then(unstable_tail);
        let hidden = hidden_tiles(&graph).map(Remark::info);
        let remarks = of_graph(&graph, plot.as_ref(), Some(scrape), params);
        let view = match (plot, table) {
            (Some(plot), _) => {
                GraphView::Chart(Box::new(Chart::of(&context, plot, place.id, place.own.clone(), unstable)))
            }
            (None, Some(number)) if has_series => {
                GraphView::Samples(Box::new(Samples::of(context, number, &graph)))
            }
            _ if graph.stats.is_empty() => {
                GraphView::Empty(EmptyText::of(&graph, &format!("{} to {}", params.from, params.to)))
            }
            _ => GraphView::Values(Box::new(graph)),
        };
        Self { remarks: remarks.into_iter().chain(hidden).collect(), rest_follows, view }
    }

    fn above(&self) -> Vec<&Remark> {
        self.remarks.iter().filter(|remark| remark.level != Level::Info).collect()
    }

    fn below(&self) -> Vec<&Remark> {
        self.remarks.iter().filter(|remark| remark.level == Level::Info).collect()
    }
}
