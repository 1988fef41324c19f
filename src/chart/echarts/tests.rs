//! Whole islands, hostile names, and every digit.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use super::*;
use crate::annotations::Unit;
use crate::monitoring::{Absence, Period};
use crate::prometheus::{ABSENT, InstanceName, Matrix, Series, Window};
use crate::store::Answer;

fn graph(series: &[(&str, &[f64])], graph_type: GraphType, stack: bool) -> Graph {
    let points = series.first().map_or(1, |(_, values)| values.len()) as i64;
    let window = Window::aligned(60_000, 60_000 * points, Duration::from_secs(60)).unwrap();
    let labelled = |(name, values): &(&str, &[f64])| Series {
        labels: [("job", *name)].into_iter().collect(),
        values: values.to_vec(),
    };
    let matrix = Matrix::of(window, series.iter().map(labelled).collect());
    Graph {
        query: "q".to_owned(),
        title: "t".to_owned(),
        graph_type,
        unit: Unit::Bytes,
        stack,
        instance: InstanceName::new("default"),
        answer: Answer { value: Arc::new(matrix), as_of: Timestamp::UNIX_EPOCH, failure: None },
        names: series.iter().map(|(name, _)| (*name).to_owned()).collect(),
        absence: Absence::default(),
        stats: Vec::new(),
        notices: Vec::new(),
    }
}

fn drawn(graph: &Graph) -> (Island, Value) {
    let at = |s| Timestamp::from_second(s).unwrap();
    let period = Period { from: at(30), to: at(7200), now: at(3600), step: None };
    let island = island(&Plot::of(graph, &period), graph);
    let value = serde_json::from_str(island.as_str()).unwrap();
    (island, value)
}

#[test]
fn the_islands_whole_shape() {
    let series: &[(&str, &[f64])] = &[("a", &[1.5, ABSENT, 2.0, f64::NAN]), ("b", &[1.0, 2.0, 3.0, -4e300])];
    let (_, value) = drawn(&graph(series, GraphType::Area, true));
    let line = |name: &str| {
        json!({"type": "line", "name": name, "showSymbol": false, "connectNulls": false,
            "stack": "all", "areaStyle": {"opacity": 0.2}})
    };
    let labels = json!({"hideOverlap": true});
    assert_eq!(
        value,
        json!({
            "option": {
                "animation": false,
                "useUTC": true,
                "tooltip": {"trigger": "axis", "confine": true},
                "legend": {"show": false},
                "grid": [{"left": 8, "right": 16, "top": 16, "bottom": 8, "containLabel": true}],
                "xAxis": {"type": "time", "min": 30_000, "max": 7_200_000, "axisLabel": labels},
                "yAxis": {"type": "value", "axisLabel": labels},
                "series": [line("a"), line("b")],
            },
            "start": 60_000,
            "step": 60_000,
            "names": ["a", "b"],
            "colours": value["colours"],
            "lone": [[0, 0], [0, 2]],
            "unit": "bytes",
            "graphType": "area",
            "stack": true,
            "columns": [[1.5, null, 2, null], [1, 2, 3, -4e300]],
        })
    );
    assert_ne!(value["colours"][0], value["colours"][1]);
}

#[test]
fn lines_are_not_filled_or_stacked_and_no_series_is_no_fault() {
    let (_, value) = drawn(&graph(&[("a", &[1.0])], GraphType::Line, false));
    let line = json!({"type": "line", "name": "a", "showSymbol": false, "connectNulls": false});
    assert_eq!(value["option"]["series"], json!([line]));
    let (_, value) = drawn(&graph(&[], GraphType::Line, false));
    assert_eq!(value["option"]["series"], json!([]));
    assert_eq!(value["columns"], json!([]));
}

#[test]
fn hostile_names_stay_names() {
    let names = [
        "</script><script>alert(1)</script>",
        "#*#*#*#alert(1)#*#*#*#",
        "<!-- <script>",
        "a\u{2028}b\u{2029}c\"'\\\n\0&lt;\u{7f}é😀",
        "__proto__",
    ];
    let series: Vec<(&str, &[f64])> = names.iter().map(|name| (*name, [1.0].as_slice())).collect();
    let mut graph = graph(&series, GraphType::Line, false);
    graph.unit = Unit::Other("</script>".to_owned());
    let (island, value) = drawn(&graph);
    assert!(!island.as_str().contains(['<', '>', '&', '\u{2028}', '\u{2029}', '\n', '\0']), "{island}");
    assert_eq!(value["names"], json!(names));
    assert_eq!(value["unit"], "</script>");
    for (i, name) in names.iter().enumerate() {
        assert_eq!(value["option"]["series"][i]["name"], *name);
    }
}

#[test]
fn samples_keep_every_digit() {
    let values =
        [0.1, 1.0 / 3.0, 1e21, f64::MAX, f64::MIN_POSITIVE, 5e-324, -7258439680.0, 9_007_199_254_740_993.0];
    let (island, value) = drawn(&graph(&[("a", &values)], GraphType::Line, false));
    let read: Vec<f64> =
        value["columns"][0].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
    assert_eq!(read, values);
    assert!(island.as_str().contains("[0.1,0.3333333333333333,1e+21,"), "{island}");
    assert!(island.as_str().contains(",-7258439680,"), "{island}");
}
