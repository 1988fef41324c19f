//! What is drawn of which series.

use super::*;
use crate::annotations::Scale;
use crate::chart::tests::{canvas, graph, period};

const NAN: f64 = f64::NAN;
const INF: f64 = f64::INFINITY;

#[test]
fn lone_samples() {
    let check = |values: &[f64], longest: usize, expected: &[usize]| {
        assert_eq!(isolated(values, longest), expected, "{values:?}");
    };
    check(&[], 1, &[]);
    check(&[1.0], 1, &[0]);
    check(&[1.0, 2.0], 1, &[]);
    check(&[1.0, 2.0], 2, &[0]);
    check(&[1.0, ABSENT, 2.0, 3.0, NAN, 4.0, ABSENT, 5.0], 1, &[0, 5, 7]);
    check(&[NAN, ABSENT], 2, &[]);
}

#[test]
fn the_series_with_the_highest_peaks_are_drawn_in_their_own_order() {
    let rows: Vec<(String, [f64; 2])> =
        (0..60).map(|i| (format!("s{i:02}"), [0.0, f64::from(i * 37 % 60)])).collect();
    let series: Vec<(&str, &[f64])> =
        rows.iter().map(|(name, values)| (name.as_str(), &values[..])).collect();
    let plot = Plot::of(&graph(&series, GraphType::Line, false), &period(0, 120), &canvas());
    assert_eq!((plot.series.len(), plot.of_series), (50, 60));
    let names: Vec<&str> = plot.series.iter().map(|s| s.name.as_str()).collect();
    assert!(names.is_sorted());
    let expected: Vec<&str> =
        rows.iter().filter(|(_, v)| v[1] >= 10.0).map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, expected);
}

#[test]
fn figures_are_of_all_samples_and_lines_of_finite_ones() {
    let plot = Plot::of(
        &graph(&[("a", &[1.0, INF, NAN, -3.0, ABSENT])], GraphType::Line, false),
        &period(0, 300),
        &canvas(),
    );
    let series = &plot.series[0];
    assert_eq!((series.legend.max, series.legend.avg), (Some(INF), Some(-1.0)));
    assert_eq!(series.infinite, [(1, true)]);
    assert!(series.values.iter().all(|v| v.is_finite() || is_absent(*v)));
    assert_eq!(plot.non_finite, 2);
    assert_eq!(series.isolated, [0, 3]);
}

#[test]
fn a_run_of_infinite_samples_has_one_mark() {
    let check = |slots: &[(usize, bool)], width: usize, expected: &[(usize, bool)]| {
        assert_eq!(runs(slots, width), expected, "{slots:?}");
    };
    check(&[], 1, &[]);
    check(&[(3, true)], 1, &[(3, true)]);
    check(&[(3, true), (4, true), (5, true), (7, true)], 1, &[(4, true), (7, true)]);
    check(
        &[(3, true), (4, false), (5, true), (6, false)],
        1,
        &[(3, true), (5, true), (4, false), (6, false)],
    );
    // In pairs of slots, both signs in one pair.
    check(
        &[(4, true), (4, false), (6, true), (8, true), (12, false)],
        2,
        &[(6, true), (4, false), (12, false)],
    );
    let all: Vec<(usize, bool)> = (0..1_000).map(|slot| (slot, true)).collect();
    check(&all, 1, &[(500, true)]);

    let up: Vec<f64> = (0..61).map(|i| if (10..50).contains(&i) { INF } else { 1.0 }).collect();
    let down: Vec<f64> = (0..61).map(|i| if i > 20 { -INF } else { 2.0 }).collect();
    let graph = graph(&[("up", &up), ("down", &down)], GraphType::Line, false);
    for width in [800, 20] {
        let plot = Plot::of(&graph, &period(60, 3_660), &Canvas { width, ..canvas() });
        assert!(plot.series.iter().all(|series| series.infinite.len() == 1), "{width}");
        assert!(plot.series[0].infinite[0].1 && !plot.series[1].infinite[0].1);
        let svg = crate::chart::svg::inline(&plot, "g");
        assert_eq!(svg.matches("class=\"edge").count(), 2, "{svg}");
        let edges = svg.split("class=\"edge").skip(1).map(|edge| edge.split("\"/>").next().unwrap());
        assert!(edges.into_iter().all(|edge| edge.matches('v').count() == 1), "{svg}");
        let island: serde_json::Value =
            serde_json::from_str(crate::chart::echarts::island(&plot, None, None).as_str()).unwrap();
        let marks = island["marks"]["markPoint"]["data"].as_array().unwrap().len();
        assert_eq!(marks, 2);
    }
}

#[test]
fn stacks_stand_on_what_is_there_and_hang_from_zero() {
    let series: &[(&str, &[f64])] =
        &[("a", &[1.0, ABSENT, -1.0]), ("b", &[2.0, 3.0, 4.0]), ("c", &[1.0, 1.0, -2.0])];
    let plot = Plot::of(&graph(series, GraphType::Area, true), &period(0, 180), &canvas());
    let tops = |i: usize| (0..3).map(|slot| plot.series[i].top(slot)).collect::<Vec<_>>();
    assert!(tops(0)[1].is_nan());
    assert_eq!((tops(1), tops(2)), (vec![3.0, 3.0, 4.0], vec![4.0, 4.0, -3.0]));
    assert_eq!(plot.series[2].stack_base, [3.0, 3.0, -1.0]);
    assert!(plot.y.min <= -3.0 && plot.y.max >= 4.0);
}

#[test]
fn what_a_chosen_axis_does_not_show_is_known() {
    let plotted = |scale, stack| {
        let series: [(&str, &[f64]); 2] =
            [("a", &[0.0, 5.0, 500.0, -1.0]), ("b", &[f64::NAN, 50.0, 5.0, 0.5])];
        let graph = Graph { scale, ..graph(&series, GraphType::Area, stack) };
        Plot::of(&graph, &period(0, 180), &canvas())
    };
    let plot = plotted(Scale { log: true, ..Scale::default() }, true);
    assert_eq!((plot.without_logarithm, plot.is_cut, plot.stack), (2, false, false));
    assert!(plot.series[0].values[0].is_nan() && plot.series[0].values[3].is_nan(), "gaps");
    assert_eq!((plot.series[0].values[1], plot.y.min, plot.y.max), (5.0, 0.5, 512.0));
    let plot = plotted(Scale { min: Some(0.0), max: Some(100.0), ..Scale::default() }, false);
    assert_eq!((plot.without_logarithm, plot.is_cut, plot.is_fixed), (0, true, true));
    let log = Scale { log: true, min: Some(-5.0), max: Some(0.0), ..Scale::default() };
    let plot = plotted(log, false);
    assert_eq!((plot.unusable_ends, plot.y.min, plot.y.max), (vec![-5.0, 0.0], 0.5, 512.0));
    let plot = plotted(Scale { zero: Some(false), ..Scale::default() }, false);
    assert!(!plot.from_zero && !plot.is_fixed);
}
