//! What an opened alert row shows of its expression: the chart, with the moment at which the alert became active.

use askama::Template;

use super::chart::{self, Chart, gaps, step_named};
use super::stats::Tiles;
use super::times::Moment;
use super::{Frame, Setting, Stale};
use crate::chart::Mark;
use crate::monitoring::{AlertRow, Failure, Graph, Span};
use crate::prometheus::InstanceSettings;
use crate::web::RowId;
use crate::web::links::{self, Link, Source};
use crate::web::page_error::{Nothing, Told, tell, tell_nothing};

/// A row, and the answer to its expression.
pub type Found = (AlertRow, Result<Graph, Failure>);

/// The panel with id `alert-0123456789abcdef-graph-panel`.
#[derive(Template)]
#[template(path = "panels/alert_graph.html")]
pub struct AlertGraphPanel {
    pub frame: Frame,
    pub title: String,
    pub query: String,
    pub active_since: Option<Moment>,
    /// The graph page of Prometheus.
    pub out: Option<String>,
    /// The panel on a page of its own.
    pub alone: Link,
    /// All alerts, where they may be asked for.
    pub alerts: Option<Link>,
    pub body: Body,
}

impl askama::filters::HtmlSafe for AlertGraphPanel {}

pub enum Body {
    /// No alert of the entity has this name now.
    Gone,
    Failed(Told),
    Ready(Box<Ready>),
}

pub struct Ready {
    pub stale: Option<Stale>,
    pub warnings: Vec<String>,
    pub infos: Vec<String>,
    pub notes: Vec<String>,
    pub tiles: Option<Tiles>,
    /// Why there is none, where no series has a sample.
    pub chart: Result<Chart, Nothing>,
}

fn panel_id(id: RowId) -> String {
    format!("alert-{id}-graph-panel")
}

impl AlertGraphPanel {
    /// `found` is None when the entity has no such row now.
    pub fn of(
        setting: &Setting<'_>,
        instance: Option<&InstanceSettings>,
        id: RowId,
        found: Result<Option<Found>, Failure>,
    ) -> Self {
        let params = setting.params();
        let alone = setting.alert_graph(id);
        let row = found.as_ref().ok().and_then(|found| found.as_ref()).map(|(row, _)| row.clone());
        let body = match found {
            Err(failure) | Ok(Some((_, Err(failure)))) => Body::Failed(tell(&failure)),
            Ok(None) => Body::Gone,
            Ok(Some((row, Ok(graph)))) => {
                Body::Ready(Box::new(Ready::of(setting, instance, id, &row, &graph)))
            }
        };
        let query = row.as_ref().map(|row| row.rule().query.trim().to_owned()).unwrap_or_default();
        let ui_url = instance.and_then(|instance| instance.ui_url.as_ref()).filter(|_| row.is_some());
        let title = row.as_ref().map_or_else(|| "Alert".to_owned(), |row| row.name().to_owned());
        let since = row.as_ref().and_then(AlertRow::active_at);
        let is_of_entity = !matches!(setting.source, Source::AdHoc) || params.custom.entity.is_some();
        let may_list = setting.ad_hoc || is_of_entity;
        Self {
            frame: Frame {
                id: panel_id(id),
                title: format!("{}: {title}", setting.name),
                state: body.state(),
                source: setting.as_drawn(alone.clone()),
                every: params.graph_refresh().filter(|_| row.is_some()),
            },
            title,
            active_since: since.map(|at| Moment::of(at, params.period.now, &params.zone)),
            out: ui_url
                .map(|url| links::prometheus_graph(url, &query, &Span::asked(&params.period, instance))),
            query,
            alone,
            alerts: may_list.then(|| setting.alerts()),
            body,
        }
    }

    pub fn is_gone(&self) -> bool {
        matches!(self.body, Body::Gone)
    }
}

impl Body {
    fn state(&self) -> &'static str {
        match self {
            Self::Gone | Self::Failed(_) => "failed",
            Self::Ready(ready) if ready.chart.is_err() && ready.tiles.is_none() => "empty",
            Self::Ready(_) => "ready",
        }
    }
}

impl Ready {
    fn of(
        setting: &Setting<'_>,
        instance: Option<&InstanceSettings>,
        id: RowId,
        row: &AlertRow,
        graph: &Graph,
    ) -> Self {
        let params = setting.params();
        let matrix = &graph.answer.value;
        let mut plot = chart::plot(setting, graph);
        let mark = |at: jiff::Timestamp| Mark { at_ms: at.as_millisecond(), text: "active since" };
        plot.marks = row.active_at().map(mark).into_iter().collect();
        let own = setting.alert_graph(id);
        let chart = match matrix.series.is_empty() {
            true => Err(tell_nothing(graph, &format!("{} to {}", params.from, params.to))),
            false => Ok(Chart::of(setting, &plot, &panel_id(id), own)),
        };
        let scrape = instance.map(|i| i.scrape_interval.as_millis()).unwrap_or_default();
        let step = step_named(matrix.window.step_ms(), i64::try_from(scrape).unwrap_or(i64::MAX));
        Self {
            stale: Stale::of(graph.answer.as_of, graph.answer.failure.as_ref(), params),
            warnings: matrix.warnings.clone(),
            infos: matrix.infos.clone(),
            notes: graph.notices.iter().cloned().chain(step).chain(gaps(&plot)).collect(),
            tiles: Tiles::of(graph, params),
            chart,
        }
    }
}
