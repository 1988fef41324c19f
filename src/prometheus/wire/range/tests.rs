//! Range answers: good, odd, damaged, cut and hostile.

use std::fmt::Write;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::prometheus::{InstantValue, is_absent};

/// 5 instants from 1000 s on, 15 s apart.
fn window() -> Window {
    Window::aligned(1_005_000, 1_065_000, Duration::from_secs(15)).unwrap()
}

fn answer(result: &str) -> String {
    format!(r#"{{"status":"success","data":{{"resultType":"matrix","result":{result}}}}}"#)
}

fn read(result: &str) -> Result<Matrix, WireFault> {
    read_matrix(answer(result).as_bytes(), window(), &HeaderSecrets::default())
}

/// The one series of a list of samples, with `_` where there is none.
fn column(samples: &str) -> (String, usize) {
    let matrix = read(&format!(r#"[{{"metric":{{}},"values":{samples}}}]"#)).unwrap();
    let cells: Vec<String> = matrix.series[0]
        .values
        .iter()
        .map(|v| if is_absent(*v) { "_".into() } else { v.to_string() })
        .collect();
    (cells.join(" "), matrix.off_grid)
}

#[test]
fn samples_go_to_their_places() {
    for (samples, cells, off_grid) in [
        ("[]", "_ _ _ _ _", 0),
        (r#"[[1005,"1"],[1020,"2"],[1035,"3"],[1050,"4"],[1065,"5"]]"#, "1 2 3 4 5", 0),
        (r#"[[1005.000,"1"],[1035.0,"NaN"],[1050,"+Inf"],[1065,"-Inf"]]"#, "1 _ NaN inf -inf", 0),
        (r#"[[1.005e3,"1e3"],[10.65E+2,"-1.5E-2"]]"#, "1000 _ _ _ -0.015", 0),
        ("[ [ 1005 ,\n\"1\" ] ,\t[1020, \"2\"]\r]", "1 2 _ _ _", 0),
        (r#"[[1065,"5"],[1005,"1"],[1035,"3"]]"#, "1 _ 3 _ 5", 0),
        (r#"[[1005,"1"],[1005,"7"]]"#, "7 _ _ _ _", 0),
        (r#"[[1005.001,"1"],[990,"2"],[1080,"3"],[-15,"4"],[1020,"2"]]"#, "_ 2 _ _ _", 4),
        (r#"[[1005,"0"],[1020,"-0"],[1035,"5e-324"],[1050,"1e999"]]"#, "0 -0 5e-324 inf _", 0),
    ] {
        let expected = (cells.replace("5e-324", &5e-324.to_string()), off_grid);
        assert_eq!(column(samples), expected, "{samples}");
    }
}

#[test]
fn a_matrix_may_have_fields_of_vectors_and_escapes_in_histograms() {
    for stray in [r#""value":[1,"many"]"#, r#""value":7"#, r#""histogram":[1,{}]"#, r#""histogram":"x""#] {
        let result = format!(r#"[{{"metric":{{}},"values":[[1005,"1"]],{stray}}}]"#);
        assert_eq!(read(&result).map(|matrix| matrix.series.len()), Ok(1), "{stray}");
    }
    let histograms = |count: &str| {
        let result = format!(r#"[{{"metric":{{}},"histograms":[[1005,{{"count":"{count}"}}]]}}]"#);
        read(&result).map(|matrix| matrix.histograms[0].points[0].1.count)
    };
    assert_eq!(histograms("\\u002bInf"), Ok(f64::INFINITY));
    assert_eq!(histograms("many"), Err(incomplete("a histogram is damaged")));
}

#[test]
fn damaged_answers_are_refused() {
    for result in [
        r#"[{"metric":{}}]"#,
        r#"[{"values":[]}]"#,
        r#"[{"metric":{},"values":[[1005]]}]"#,
        r#"[{"metric":{},"values":[[1005,1]]}]"#,
        r#"[{"metric":{},"values":[["1005","1"]]}]"#,
        r#"[{"metric":{},"values":[[1005,"1",2]]}]"#,
        r#"[{"metric":{},"values":[[1005,"many"]]}]"#,
        r#"[{"metric":{},"values":[[1005,"1 "]]}]"#,
        r#"[{"metric":{},"values":[[1005,""]]}]"#,
        r#"[{"metric":{},"values":[[1e300,"1"]]}]"#,
        r#"[{"metric":{},"values":[[]]}]"#,
        r#"[{"metric":{},"values":{}}]"#,
        r#"[{"metric":{},"values":[],"values":[]}]"#,
        r#"[{"metric":[],"values":[]}]"#,
        r#"[{"metric":{"a":1},"values":[]}]"#,
        r#"[{"metric":{"a":"1","a":"1"},"values":[]}]"#,
        r#"[{"metric":{"a":"1"},"values":[]},{"metric":{"a":"1"},"values":[]}]"#,
        r#"[{"metric":{"a":"\ud800"},"values":[]}]"#,
    ] {
        let fault = read(result).unwrap_err();
        assert!(matches!(fault, WireFault::Incomplete(_)), "{result}: {fault:?}");
    }
    let deep = format!(r#"[{{"metric":{{}},"values":{}{}}}]"#, "[".repeat(200), "]".repeat(200));
    assert!(matches!(read(&deep), Err(WireFault::Incomplete(_))));
    let tensor = answer("[]").replace("matrix", "tensor");
    assert!(matches!(
        read_matrix(tensor.as_bytes(), window(), &HeaderSecrets::default()),
        Err(WireFault::NotPrometheus(_))
    ));
}

#[test]
fn null_is_an_empty_list() {
    let read = |data: &str| {
        read_matrix(
            format!(r#"{{"status":"success","data":{data}}}"#).as_bytes(),
            window(),
            &HeaderSecrets::default(),
        )
    };
    for empty in [
        r#"{"resultType":"matrix","result":null}"#,
        r#"{"resultType":"","result":null}"#,
        r#"{"resultType":"","result":[]}"#,
    ] {
        let matrix = read(empty).unwrap();
        assert!(
            matrix.series.is_empty() && matrix.instant.is_none() && matrix.warnings.is_empty(),
            "{empty}"
        );
    }
    let series =
        read(r#"{"resultType":"matrix","result":[{"metric":null,"values":null,"histograms":null}]}"#);
    assert_eq!(series.unwrap().series.len(), 1);
    for fault in [
        "null",
        "{}",
        r#"{"result":null}"#,
        r#"{"resultType":"matrix"}"#,
        r#"{"resultType":""}"#,
        r#"{"resultType":"","result":[{"metric":{},"values":[[1005,"1"]]}]}"#,
    ] {
        assert!(read(fault).is_err(), "{fault}");
    }
}

#[test]
fn an_answer_of_another_type_is_kept_as_the_value_it_is() {
    let of = |result_type: &str, result: &str| {
        let body = answer(result).replace("matrix", result_type);
        let matrix = read_matrix(body.as_bytes(), window(), &HeaderSecrets::default()).unwrap();
        assert!(matrix.series.is_empty());
        matrix.instant.unwrap()
    };
    assert_eq!(of("scalar", r#"[1065,"7"]"#), InstantValue::Scalar { at_ms: 1_065_000, value: 7.0 });
    let text = "words".to_owned();
    assert_eq!(of("string", r#"[1065,"words"]"#), InstantValue::String { at_ms: 1_065_000, text });
    let InstantValue::Vector(samples) = of("vector", r#"[{"metric":{"a":"1"},"value":[1065,"7"]}]"#) else {
        panic!("no vector")
    };
    assert_eq!(samples.len(), 1);
}

#[test]
fn histograms_beside_the_grid_are_counted() {
    let matrix = read(
        r#"[{"metric":{"h":"1"},"histograms":[[1005,{"count":"1"}],[1006,{"count":"1","sum":"2","buckets":[]}]]}]"#,
    );
    let matrix = matrix.unwrap();
    assert_eq!((matrix.histograms[0].points.len(), matrix.off_grid, matrix.series.len()), (1, 1, 0));
}

#[test]
fn every_cut_of_an_answer_is_incomplete() {
    let whole = answer(r#"[{"metric":{"a":"1"},"values":[[1005,"1"],[1020,"2"]]}]"#);
    for end in 0..whole.len() {
        let fault = read_matrix(&whole.as_bytes()[..end], window(), &HeaderSecrets::default()).unwrap_err();
        assert!(matches!(fault, WireFault::Incomplete(_)), "{end}: {fault:?}");
    }
}

#[test]
fn series_are_in_the_order_of_their_labels_and_histograms_are_counted() {
    let matrix = read(
        r#"[{"metric":{"b":"1"},"values":[[1005,"1"]]},{"metric":{"a":"\u00e9<b>"},"values":[[1005,"2"]]},
        {"metric":{"h":"1"},"histograms":[[1005,{"count":"1","buckets":[[1,"0","1","1"]]}]]},
        {"metric":{"c":"1"},"values":[[1005,"3"]],"histograms":[]},{"metric":{},"values":[[1005,"0"]]}]"#,
    )
    .unwrap();
    let firsts: Vec<f64> = matrix.series.iter().map(|s| s.values[0]).collect();
    assert_eq!(firsts, [0.0, 2.0, 1.0, 3.0]);
    assert_eq!(matrix.series[1].labels.get("a"), Some("é<b>"));
    assert_eq!(matrix.histograms.len(), 1, "an empty list of histograms is none");
    assert_eq!(matrix.histograms[0].labels.get("h"), Some("1"));
    assert_eq!(matrix.histograms[0].points[0].0, 1_005_000);
}

#[test]
fn answers_that_would_grow_beyond_measure_are_refused() {
    let many = |n: usize, window: Window| {
        let list: Vec<String> =
            (0..n).map(|i| format!(r#"{{"metric":{{"a":"{i}"}},"values":[[0,"1"]]}}"#)).collect();
        read_matrix(answer(&format!("[{}]", list.join(","))).as_bytes(), window, &HeaderSecrets::default())
    };
    let long = Window::aligned(0, 10_999_000, Duration::from_secs(1)).unwrap();
    assert!(matches!(many(800, long), Err(WireFault::TooLarge(_))));
    assert!(matches!(many(50_001, window()), Err(WireFault::TooLarge(_))));
    assert_eq!(many(700, long).unwrap().series.len(), 700);
}

proptest! {
    #[test]
    fn reads_what_was_written(cells in prop::collection::vec(prop::option::of(any::<f64>()), 1..40)) {
        let start = 1_700_000_010_000_i64;
        let window = Window::aligned(start, start + 15_000 * (cells.len() as i64 - 1), Duration::from_secs(15));
        let window = window.unwrap();
        let mut list = String::new();
        for (i, cell) in cells.iter().enumerate() {
            if let Some(v) = cell {
                let value = if *v == f64::INFINITY { "+Inf".into() }
                    else if *v == f64::NEG_INFINITY { "-Inf".into() } else { v.to_string() };
                let comma = if list.is_empty() { "" } else { "," };
                write!(list, r#"{comma}[{},"{value}"]"#, window.at(i) / 1000).unwrap();
            }
        }
        let body = answer(&format!(r#"[{{"metric":{{"a":"b"}},"values":[{list}]}}]"#));
        let matrix = read_matrix(body.as_bytes(), window, &HeaderSecrets::default()).unwrap();
        prop_assert_eq!(matrix.off_grid, 0);
        for (got, written) in matrix.series[0].values.iter().zip(&cells) {
            match written {
                None => prop_assert!(is_absent(*got)),
                Some(v) if v.is_nan() => prop_assert!(got.is_nan() && !is_absent(*got)),
                Some(v) => prop_assert_eq!(got.to_bits(), v.to_bits()),
            }
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "[\\[\\]{},:\"0-9eE+.a-z \\\\-]{0,120}") {
        let _ = read_matrix(&bytes, window(), &HeaderSecrets::default());
        let _ = read(&text);
        let _ = read(&format!(r#"[{{"metric":{{}},"values":{text}}}]"#));
        let _ = super::super::read_rules(answer(&text).as_bytes(), None);
    }
}
