//! Native histograms as lines: a few quantiles of each series.

use std::sync::Arc;

use crate::prometheus::{ABSENT, Histogram, HistogramSeries, Labels, Matrix, Series, Window};
use crate::store::Answer;

/// The quantiles that are drawn, and their names.
const DRAWN: [(f64, &str); 3] = [(0.5, "0.5"), (0.9, "0.9"), (0.99, "0.99")];
/// The label that Prometheus' own summaries have.
const LABEL: &str = "quantile";
/// With more series than this, three lines of each would be unreadable.
const MAX_SERIES: usize = 20;

/// The answer with the quantiles of its native histograms among its series, and a sentence that says so.
pub fn with_quantiles(answer: Answer<Matrix>) -> (Answer<Matrix>, Option<String>) {
    let matrix = &answer.value;
    match matrix.histograms.len() {
        0 => (answer, None),
        count if count > MAX_SERIES => {
            let notice = format!(
                "{count} series hold native histograms, which are not drawn: \
                 quantiles are drawn of up to {MAX_SERIES}. An aggregation such as sum by (...) keeps them few."
            );
            (answer, Some(notice))
        }
        count => {
            let mut drawn = Matrix::clone(matrix);
            drawn.series.extend(matrix.histograms.iter().flat_map(|h| lines(h, &matrix.window)));
            drawn.series.sort_by(|a, b| a.labels.cmp(&b.labels));
            let start = match count {
                1 => "One series holds native histograms; its".to_owned(),
                n => format!("{n} series hold native histograms; their"),
            };
            let notice =
                format!("{start} quantiles 0.5, 0.9 and 0.99 are drawn, estimated from the buckets.");
            (Answer { value: Arc::new(drawn), ..answer }, Some(notice))
        }
    }
}

/// A quantile's name and value.
pub fn quantiles(histogram: &Histogram) -> impl Iterator<Item = (&'static str, f64)> {
    DRAWN.into_iter().map(|(q, name)| (name, histogram.quantile(q)))
}

/// A label set with that of a quantile.
pub fn labelled(labels: &Labels, quantile: &'static str) -> Labels {
    labels.iter().chain([(LABEL, quantile)]).collect()
}

fn lines(histograms: &HistogramSeries, window: &Window) -> Vec<Series> {
    let mut columns = DRAWN.map(|_| vec![ABSENT; window.len()]);
    for (at_ms, histogram) in &histograms.points {
        let Some(i) = window.index_of(*at_ms) else { continue };
        for (column, (_, value)) in columns.iter_mut().zip(quantiles(histogram)) {
            if let Some(place) = column.get_mut(i) {
                *place = value;
            }
        }
    }
    let lines = DRAWN.into_iter().zip(columns);
    lines
        .map(|((_, name), values)| Series {
            labels: labelled(&histograms.labels, name),
            values: values.into(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;

    use super::*;
    use crate::prometheus::{Boundaries, Bucket, is_absent};

    /// `n` series of one histogram each, at the second of three instants.
    fn answer(n: usize) -> Answer<Matrix> {
        let window = Window::aligned(0, 2_000, Duration::from_secs(1)).unwrap();
        let bucket = Bucket { boundaries: Boundaries::OpenLeft, lower: 1.0, upper: 2.0, count: 4.0 };
        let histogram = Histogram { count: 4.0, sum: 6.0, buckets: vec![bucket] };
        let series = |i: usize| HistogramSeries {
            labels: [("job", format!("j{i:02}"))].into_iter().collect(),
            points: vec![(1_000, histogram.clone())].into(),
        };
        let plain =
            Series { labels: [("job", "a")].into_iter().collect(), values: vec![1.0, 2.0, 3.0].into() };
        let mut matrix = Matrix::of(window, vec![plain]);
        matrix.histograms = (0..n).map(series).collect();
        Answer::of(matrix, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_few_histograms_become_three_lines_each() {
        let (drawn, notice) = with_quantiles(answer(2));
        let names: Vec<_> = drawn
            .value
            .series
            .iter()
            .map(|s| (s.labels.get("job").unwrap(), s.labels.get("quantile").unwrap_or("-")))
            .collect();
        assert_eq!(
            names,
            [
                ("a", "-"),
                ("j00", "0.5"),
                ("j00", "0.9"),
                ("j00", "0.99"),
                ("j01", "0.5"),
                ("j01", "0.9"),
                ("j01", "0.99")
            ]
        );
        let median = &drawn.value.series[1].values;
        assert!(is_absent(median[0]) && is_absent(median[2]));
        assert!((median[1] - 2_f64.sqrt()).abs() < 1e-12);
        assert!(notice.unwrap().starts_with("2 series hold native histograms; their quantiles 0.5"));
    }

    #[test]
    fn many_histograms_are_noted_and_not_drawn() {
        let (drawn, notice) = with_quantiles(answer(21));
        assert_eq!(drawn.value.series.len(), 1);
        assert!(notice.unwrap().starts_with("21 series hold native histograms, which are not drawn"));
        let (drawn, notice) = with_quantiles(answer(0));
        assert_eq!((drawn.value.series.len(), notice), (1, None));
    }
}
