//! The series are what exporters could expose.

use std::collections::BTreeMap;

use super::{ClosedSeries, MetricHelp, MetricKind, read};
use crate::demo::waves::Story;
use crate::promql::METRIC_NAME;

const NOW: f64 = 1_795_400_000.0;
const NOW_MS: i64 = 1_795_400_000_000;

fn embedded() -> (Vec<ClosedSeries>, BTreeMap<String, MetricHelp>) {
    read(Story::beginning(NOW)).expect("the embedded series")
}

fn name(series: &ClosedSeries) -> &str {
    series.labels.get(METRIC_NAME).expect("a name")
}

/// The samples of the last day.
fn samples(series: &ClosedSeries) -> Vec<Option<f64>> {
    (0..=5760).rev().map(|scrape| (series.samples)(NOW_MS - scrape * 15_000)).collect()
}

#[test]
fn no_two_series_are_alike_and_each_has_samples() {
    let (series, metrics) = embedded();
    let mut labels: Vec<_> = series.iter().map(|one| &one.labels).collect();
    labels.sort_unstable();
    labels.dedup();
    assert_eq!(labels.len(), series.len());
    for one in &series {
        let bare =
            ["", "_bucket", "_count", "_sum"].iter().filter_map(|suffix| name(one).strip_suffix(suffix));
        assert!(bare.into_iter().any(|name| metrics.contains_key(name)), "{}", name(one));
        let samples = samples(one);
        assert!(samples.iter().any(Option::is_some), "{:?}", one.labels);
        assert!(samples.iter().flatten().all(|value| *value >= 0.0), "{:?}", one.labels);
    }
}

#[test]
fn a_target_is_up_or_down() {
    let (series, _) = embedded();
    let up: Vec<_> = series.iter().filter(|one| name(one) == "up").collect();
    assert!(up.len() > 3, "{}", up.len());
    for one in up {
        assert!(samples(one).iter().all(|value| matches!(value, Some(0.0 | 1.0))), "{:?}", one.labels);
    }
}

#[test]
fn counters_grow_except_where_their_process_began_anew() {
    let (series, metrics) = embedded();
    let is_counter = |one: &&ClosedSeries| {
        let kind = metrics.get(name(one)).map(|metric| metric.kind);
        kind.is_none_or(|kind| kind == MetricKind::Counter)
    };
    for one in series.iter().filter(is_counter) {
        let samples: Vec<f64> = samples(one).into_iter().flatten().collect();
        let falls = samples.windows(2).filter(|pair| pair[1] < pair[0]).count();
        let restarts = usize::from(one.labels.get("service").is_some_and(|service| service == "payments"));
        assert_eq!(falls, restarts, "{:?}", one.labels);
    }
}

#[test]
fn buckets_hold_those_below_them() {
    let (series, _) = embedded();
    let buckets = series.iter().filter(|one| name(one).ends_with("_bucket"));
    let mut by_zone: BTreeMap<&str, Vec<(f64, f64)>> = BTreeMap::new();
    for one in buckets {
        let le = one.labels.get("le").expect("a limit").parse().expect("a number");
        let value = (one.samples)(NOW_MS).expect("a sample");
        by_zone.entry(one.labels.get("zone").expect("a zone")).or_default().push((le, value));
    }
    assert_eq!(by_zone.len(), 3);
    for buckets in by_zone.values() {
        assert_eq!(buckets.len(), 10);
        assert!(buckets.is_sorted_by(|one, next| one.0 < next.0 && one.1 <= next.1), "{buckets:?}");
    }
}

#[test]
fn an_instance_goes_down_some_series_has_gaps_and_some_pods_end() {
    let (series, _) = embedded();
    let one = |label: &str, value: &str, metric: &str| {
        let found = series
            .iter()
            .find(|one| name(one) == metric && one.labels.get(label).is_some_and(|own| own == value));
        samples(found.unwrap_or_else(|| panic!("{metric} {value}")))
    };
    let up = one("instance", "gw-4:9100", "up");
    assert_eq!((up[0], up[5760]), (Some(1.0), Some(0.0)));
    assert_eq!(one("instance", "gw-4:9100", "node_cpu_seconds_total")[5760], None);
    let (documents, answers) =
        (one("shard", "2", "search_index_documents"), one("instance", "search-3:8080", "up"));
    assert!(documents.iter().zip(&answers).all(|(documents, up)| documents.is_some() == (*up == Some(1.0))));
    assert!(documents.iter().any(Option::is_none));
    let old = one("pod", "payments-5f7c9d4b8-2kqzn", "container_memory_working_set_bytes");
    let new = one("pod", "payments-7d6b8f5c6-4mzrp", "container_memory_working_set_bytes");
    assert_eq!((old[0].is_some(), old[5760], new[0], new[5760].is_some()), (true, None, None, true));
}

#[test]
fn no_sample_is_outside_the_time_of_a_series() {
    let (series, _) = embedded();
    let mut bounded = 0;
    for one in &series {
        let (from, to) = one.between;
        let outside = (0..=5760).map(|scrape| NOW_MS - scrape * 15_000).filter(|at| *at < from || *at > to);
        let outside: Vec<i64> = outside.collect();
        bounded += usize::from(!outside.is_empty());
        assert!(outside.iter().all(|at| (one.samples)(*at).is_none()), "{:?}", one.labels);
        assert_eq!((one.samples)(from - 15_000), None, "{:?}", one.labels);
    }
    assert!(bounded > 5, "{bounded}");
}
