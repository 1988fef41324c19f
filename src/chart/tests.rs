//! Graphs for the tests of this folder.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::*;
use crate::annotations::{GraphType, Scale, Unit};
use crate::monitoring::{Graph, Period};
use crate::prometheus::{InstanceName, Matrix, Series, Window};
use crate::store::Answer;

/// Series of equal length, a minute apart, from 60 s after the epoch on.
pub(super) fn graph(series: &[(&str, &[f64])], graph_type: GraphType, stack: bool) -> Graph {
    let points = series.first().map_or(1, |(_, values)| values.len()) as i64;
    let window = Window::aligned(60_000, 60_000 * points, Duration::from_secs(60)).unwrap();
    graph_over(window, series, graph_type, stack)
}

pub(super) fn graph_over(
    window: Window,
    series: &[(&str, &[f64])],
    graph_type: GraphType,
    stack: bool,
) -> Graph {
    let labelled = |(name, values): &(&str, &[f64])| Series {
        labels: [("job", *name)].into_iter().collect(),
        values: values.to_vec().into(),
    };
    let matrix = Arc::new(Matrix::of(window, series.iter().map(labelled).collect()));
    Graph {
        query: "q".to_owned(),
        title: "t".to_owned(),
        graph_type,
        unit: Unit::Bytes,
        stack,
        scale: Scale::default(),
        instance: InstanceName::new("default"),
        given: matrix.clone(),
        answer: Answer::of(matrix, Timestamp::UNIX_EPOCH),
        names: series.iter().map(|(name, _)| (*name).to_owned()).collect(),
        empty_reason: crate::monitoring::EmptyReason::default(),
        stats: Vec::new(),
        notices: Vec::new(),
        is_per_instant: true,
    }
}

/// From and to in seconds; now is the end.
pub(super) fn period(from: i64, to: i64) -> Period {
    let at = |s| Timestamp::from_second(s).unwrap();
    Period { from: at(from), to: at(to), now: at(to), step: None }
}

pub(super) fn canvas() -> Canvas {
    Canvas { width: layout::WIDTH, height: layout::HEIGHT, zone: TimeZone::UTC, most_series: 50 }
}
