//! The table of queries is whole, and its answers are what the catalog promises.

use super::super::steps::Steps;
use super::super::waves::Story;
use super::{DemoQuery, find, read};

const NOW: f64 = 1_795_400_000.0;
const NOW_MS: i64 = 1_795_400_000_000;

fn queries() -> Vec<DemoQuery> {
    read().expect("the embedded queries")
}

#[test]
fn every_query_stands_once_and_is_found() {
    let queries = queries();
    let mut texts: Vec<&str> = queries.iter().map(|known| known.query.as_str()).collect();
    for text in &texts {
        assert!(find(&queries, &format!(" {text}\n")).is_some_and(|known| known.query == *text), "{text}");
    }
    assert!(!texts.is_empty());
    let count = texts.len();
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), count);
    assert!(find(&queries, "up").is_none());
}

#[test]
fn answers_have_no_two_series_alike_and_never_a_negative_value() {
    let steps = Steps::read("1795313600", "1795400000", "60").expect("steps");
    for known in &queries() {
        let mut labels: Vec<_> = known.series.iter().map(|s| s.labels.clone()).collect();
        labels.sort_unstable();
        labels.dedup();
        assert_eq!(labels.len(), known.series.len(), "{}", known.query);
        for one in &known.series {
            let samples = one.samples(Story::beginning(NOW), steps, NOW_MS);
            assert!(!samples.is_empty(), "{} {:?}", known.query, one.labels);
            assert!(samples.iter().all(|(_, v)| v.is_nan() || *v >= 0.0), "{} {:?}", known.query, one.labels);
        }
    }
}

#[test]
fn after_now_the_last_value_stands_for_five_minutes() {
    let steps = Steps::read("1795399940", "1795401000", "20").expect("steps");
    let queries = queries();
    let known =
        find(&queries, "sum(rate(http_requests_total{service=\"payments\",handler=\"/charge\"}[5m]))")
            .expect("known");
    let samples = known.series[0].samples(Story::beginning(NOW), steps, NOW_MS);
    assert_eq!(samples.last().map(|(at, _)| *at), Some(NOW_MS + 300_000));
    let after: Vec<f64> = samples.iter().filter(|(at, _)| *at >= NOW_MS).map(|(_, v)| *v).collect();
    assert_eq!(after.len(), 16);
    assert!(after.windows(2).all(|pair| pair[0].to_bits() == pair[1].to_bits()));
}

#[test]
fn some_series_has_gaps_some_is_nan_and_some_query_is_empty() {
    let steps = Steps::read("1795378400", "1795400000", "15").expect("steps");
    let count = steps.instants().count();
    let queries = queries();
    let answer = |query: &str| {
        let series = &find(&queries, query).expect("known").series;
        series.iter().map(|s| s.samples(Story::beginning(NOW), steps, NOW_MS)).collect::<Vec<_>>()
    };
    let shards = answer("search_index_documents{index=\"products\"}");
    assert_eq!(shards[0].len(), count);
    assert!(shards[2].len() < count);
    let ratio = answer(
        "sum by (tenant) (rate(search_hits_total[5m])) / sum by (tenant) (rate(search_queries_total[5m]))",
    );
    assert!(ratio[1].iter().any(|(_, v)| v.is_nan()) && ratio[1].iter().any(|(_, v)| v.is_finite()));
    assert!(ratio[2].iter().any(|(_, v)| v.is_infinite()));
    assert!(answer("sum(rate(search_reindex_errors_total[5m]))").is_empty());
}
