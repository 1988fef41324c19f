//! A graph card: the chart with its legend table, or the samples, or the face of what went wrong.

use askama::Template;

use super::chart::{self, Chart, gaps, step_named};
use super::samples::Samples;
use super::stats::Tiles;
use super::{Frame, Setting, Stale};
use crate::annotations::{GraphSpec, GraphType};
use crate::monitoring::{Failure, Graph, Span};
use crate::prometheus::InstanceSettings;
use crate::web::Format;
use crate::web::links::{self, Link};
use crate::web::page_error::{Nothing, Told, tell, tell_nothing};

/// The panel with id `graph-1`.
#[derive(Template)]
#[template(path = "panels/graph.html")]
pub struct GraphPanel {
    pub frame: Frame,
    pub title: String,
    /// The title is the query itself, so it is set as code.
    pub is_query: bool,
    pub query: String,
    /// The graph page of Prometheus.
    pub out: Option<String>,
    pub menu: Menu,
    pub body: Body,
}

impl askama::filters::HtmlSafe for GraphPanel {}

/// The links of a card's menu.
pub struct Menu {
    pub alone: Link,
    pub line: Link,
    pub area: Link,
    pub is_area: bool,
    pub samples: Link,
    pub chart: Link,
    pub is_table: bool,
    pub json: Link,
    pub csv: Link,
    pub svg: Link,
    /// Where the query can be changed.
    pub edit: Option<Link>,
}

pub enum Body {
    /// The address of the panel's own page, which waits.
    Loading(Link),
    Failed(Told),
    Ready(Box<Ready>),
}

pub struct Ready {
    pub stale: Option<Stale>,
    pub notes: Vec<String>,
    pub warnings: Vec<String>,
    pub infos: Vec<String>,
    pub view: View,
}

pub enum View {
    Empty(Nothing),
    Stats(Tiles),
    Chart(Chart),
    Samples(Samples),
}

impl GraphPanel {
    /// `number` is from 1; `answer` is None while it has not come.
    pub fn of(
        setting: &Setting<'_>,
        instance: Option<&InstanceSettings>,
        number: usize,
        spec: &GraphSpec,
        answer: Option<Result<Graph, Failure>>,
    ) -> Self {
        let params = setting.params();
        let body = match answer {
            None => Body::Loading(setting.graph(number)),
            Some(Err(failure)) => Body::Failed(tell(&failure)),
            Some(Ok(graph)) => Body::Ready(Box::new(Ready::of(setting, instance, number, graph))),
        };
        let title = spec.title.clone().unwrap_or_else(|| spec.source.clone());
        let frame = Frame {
            id: format!("graph-{number}"),
            title: format!("{}: {title}", setting.name),
            state: body.state(),
            source: source(setting, number),
            every: params.graph_refresh(),
        };
        let ui_url = instance.and_then(|i| i.ui_url.as_ref());
        Self {
            frame,
            is_query: spec.title.is_none(),
            title,
            query: spec.source.clone(),
            out: ui_url.map(|url| {
                links::prometheus_graph(url, &spec.source, &Span::asked(&params.period, instance))
            }),
            menu: Menu::of(setting, number, spec),
            body,
        }
    }

    /// Whether there may be something to draw as lines or to list: single values are neither.
    pub fn has_samples(&self) -> bool {
        !matches!(&self.body, Body::Ready(ready) if matches!(ready.view, View::Stats(_)))
    }
}

/// The samples' table has pages, which the other forms of the panel do not have.
fn source(setting: &Setting<'_>, number: usize) -> Link {
    let own = setting.graph(number);
    if setting.params().view_table { setting.links.with(own.path(), &[]) } else { setting.as_drawn(own) }
}

impl Menu {
    fn of(setting: &Setting<'_>, number: usize, spec: &GraphSpec) -> Self {
        let links = setting.links;
        let params = setting.params();
        let own = setting.graph(number);
        let kind = params.graph_type.or(spec.graph_type).unwrap_or_default();
        Self {
            line: links.with(setting.page, &[("graphType", Some("line"))]),
            area: links.with(setting.page, &[("graphType", Some("area"))]),
            is_area: kind == GraphType::Area,
            samples: links.with(own.path(), &[("view", Some("table")), ("page", None)]),
            chart: links.with(own.path(), &[("view", None), ("page", None)]),
            is_table: params.view_table,
            json: setting.graph_as(number, Format::Json),
            csv: setting.graph_as(number, Format::Csv),
            svg: setting.graph_as(number, Format::Svg),
            edit: setting.edit(spec),
            alone: own,
        }
    }
}

impl Body {
    fn state(&self) -> &'static str {
        match self {
            Self::Loading(_) => "loading",
            Self::Failed(_) => "failed",
            Self::Ready(ready) if matches!(ready.view, View::Empty(_)) => "empty",
            Self::Ready(_) => "ready",
        }
    }
}

impl Ready {
    fn of(setting: &Setting<'_>, instance: Option<&InstanceSettings>, number: usize, graph: Graph) -> Self {
        let params = setting.params();
        let graph = Graph { graph_type: params.graph_type.unwrap_or(graph.graph_type), ..graph };
        let matrix = graph.answer.value.clone();
        let stale = Stale::of(graph.answer.as_of, graph.answer.failure.as_ref(), params);
        let mut notes = graph.notices.clone();
        let view = if let Some(tiles) = Tiles::of(&graph, params) {
            View::Stats(tiles)
        } else if matrix.series.is_empty() {
            View::Empty(tell_nothing(&graph, &format!("{} to {}", params.from, params.to)))
        } else if params.view_table {
            View::Samples(Samples::of(setting, number, &graph))
        } else {
            let plot = chart::plot(setting, &graph);
            let scrape = instance.map(|i| i.scrape_interval.as_millis()).unwrap_or_default();
            notes.extend(step_named(matrix.window.step_ms(), i64::try_from(scrape).unwrap_or(i64::MAX)));
            notes.extend(gaps(&plot));
            View::Chart(Chart::of(setting, &plot, &format!("graph-{number}"), setting.graph(number)))
        };
        Self { stale, notes, warnings: matrix.warnings.clone(), infos: matrix.infos.clone(), view }
    }
}
