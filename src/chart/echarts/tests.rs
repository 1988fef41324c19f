//! Whole islands, hostile names, and every digit.

use serde_json::json;

use super::*;
use crate::annotations::Unit;
use crate::chart::tests::{canvas, graph, period};
use crate::monitoring::Graph;
use crate::prometheus::{ABSENT, UNSTABLE_TAIL};

fn drawn(graph: &Graph) -> (Island, Value) {
    let island = island(&Plot::of(graph, &period(30, 7200), &canvas()), Some(UNSTABLE_TAIL), None);
    let value = serde_json::from_str(island.as_str()).unwrap();
    (island, value)
}

#[test]
fn the_islands_whole_shape() {
    let series: &[(&str, &[f64])] = &[("a", &[1.5, ABSENT, 2.0, f64::NAN]), ("b", &[1.0, 2.0, 3.0, -4e300])];
    let (_, value) = drawn(&graph(series, GraphType::Area, true));
    let line = |name: &str| {
        json!({"type": "line", "name": name, "showSymbol": false, "connectNulls": false, "lineStyle": {"width": 1.5},
            "stack": "all", "areaStyle": {"opacity": 0.2}})
    };
    let labels = json!({"hideOverlap": true});
    let line_at = json!({"onZero": false});
    assert_eq!(
        value,
        json!({
            "option": {
                "animation": false,
                "useUTC": true,
                "tooltip": {"trigger": "axis", "confine": true},
                "grid": [{"left": 76, "right": 24, "top": 28, "bottom": 38, "containLabel": false}],
                "axisPointer": {"zlevel": 1, "triggerEmphasis": false},
                "xAxis": {"type": "time", "axisLabel": labels, "axisLine": line_at},
                "yAxis": {"type": "value", "axisLabel": labels, "axisLine": line_at},
                "series": [line("a"), line("b")],
            },
            "tick": value["tick"],
            "from": 30_000,
            "to": 7_200_000,
            "start": 60_000,
            "step": 60_000,
            "y": value["y"],
            "names": ["a", "b"],
            "colours": value["colours"],
            "marks": null,
            "unit": value["unit"],
            "more": value["more"],
            "graphType": "area",
            "stack": true,
            "fromZero": true,
            "columns": [[1.5, null, 2, null], [1, 2, 3, -4e300]],
        })
    );
    assert_ne!(value["colours"][0], value["colours"][1]);
    let unit = &value["unit"];
    assert_eq!(
        (&unit["rungs"][1], &unit["tail"], &unit["steps"]),
        (&json!([1024, 1024, " Ki"]), &json!("B"), &json!("binary"))
    );
}

#[test]
fn lines_are_not_filled_or_stacked_and_no_series_is_no_fault() {
    let (_, value) = drawn(&graph(&[("a", &[1.0])], GraphType::Line, false));
    let line = json!({"type": "line", "name": "a", "showSymbol": false, "connectNulls": false,
        "lineStyle": {"width": 1.5}});
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
    assert_eq!(value["unit"]["tail"], " </script>");
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
