//! Single values in place of lines: the result of a query at one instant.

use super::names::{Naming, names};
use super::quantiles::{labelled, quantiles};
use crate::prometheus::{InstantValue, Labels, SampleValue};

/// One value, to be shown large.
#[derive(Clone, Debug, PartialEq)]
pub struct Stat {
    /// Tells it from the other values of the same answer.
    pub name: String,
    pub labels: Labels,
    /// Epoch milliseconds.
    pub at_ms: i64,
    pub value: StatValue,
}

#[derive(Clone, Debug, PartialEq)]
pub enum StatValue {
    Number(f64),
    Text(String),
}

impl Stat {
    /// Every value of an answer, in its order. Of a native histogram there are a few quantiles, of a range
    /// selector's series the newest sample.
    pub fn all(value: &InstantValue, naming: Naming<'_>) -> Vec<Self> {
        let found = match value {
            InstantValue::Scalar { at_ms, value } => {
                vec![(Labels::default(), *at_ms, StatValue::Number(*value))]
            }
            InstantValue::String { at_ms, text } => {
                vec![(Labels::default(), *at_ms, StatValue::Text(text.clone()))]
            }
            InstantValue::Vector(samples) => {
                samples.iter().flat_map(|s| values(&s.labels, s.at_ms, &s.value)).collect()
            }
            InstantValue::Matrix(all) => {
                let newest =
                    all.iter().filter_map(|s| Some((&s.labels, s.floats.iter().max_by_key(|f| f.0)?)));
                newest.map(|(labels, (at_ms, v))| (labels.clone(), *at_ms, StatValue::Number(*v))).collect()
            }
        };
        let labels: Vec<&Labels> = found.iter().map(|(labels, ..)| labels).collect();
        let names = names(&labels, naming);
        let named = names.into_iter().zip(found);
        named.map(|(name, (labels, at_ms, value))| Self { name, labels, at_ms, value }).collect()
    }
}

fn values(labels: &Labels, at_ms: i64, value: &SampleValue) -> Vec<(Labels, i64, StatValue)> {
    match value {
        SampleValue::Float(value) => vec![(labels.clone(), at_ms, StatValue::Number(*value))],
        SampleValue::Histogram(histogram) => quantiles(histogram)
            .map(|(quantile, value)| (labelled(labels, quantile), at_ms, StatValue::Number(value)))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prometheus::{Boundaries, Bucket, Histogram, InstantSample, SeriesSamples};

    fn check(value: &InstantValue, expected: &[(&str, i64, StatValue)]) {
        let dimensions = ["job".to_owned()];
        let naming = Naming { dimensions: &dimensions, by: &[], query: "the query" };
        let stats = Stat::all(value, naming);
        let found: Vec<_> = stats.iter().map(|s| (s.name.as_str(), s.at_ms, s.value.clone())).collect();
        assert_eq!(found, expected);
    }

    fn sample(labels: &[(&str, &str)], value: SampleValue) -> InstantSample {
        InstantSample { labels: labels.iter().copied().collect(), at_ms: 7, value }
    }

    #[test]
    fn every_type_of_answer_has_its_values() {
        use StatValue::{Number, Text};
        check(&InstantValue::Scalar { at_ms: 1_500, value: 42.0 }, &[("the query", 1_500, Number(42.0))]);
        let text = "hello".to_owned();
        check(&InstantValue::String { at_ms: 0, text: text.clone() }, &[("the query", 0, Text(text))]);
        let bucket = Bucket { boundaries: Boundaries::OpenLeft, lower: 1.0, upper: 2.0, count: 1.0 };
        let sums = Histogram { count: 1.0, sum: 1.0, buckets: vec![bucket] };
        let vector = InstantValue::Vector(vec![
            sample(&[("job", "b")], SampleValue::Float(2.0)),
            sample(&[("job", "a"), ("zone", "x")], SampleValue::Float(1.0)),
            sample(&[("job", "a"), ("zone", "y")], SampleValue::Float(0.0)),
        ]);
        let ties =
            [("b", 7, Number(2.0)), (r#"a {zone="x"}"#, 7, Number(1.0)), (r#"a {zone="y"}"#, 7, Number(0.0))];
        check(&vector, &ties);
        let quantile = |q: f64| Number(sums.quantile(q));
        let histogram = InstantValue::Vector(vec![sample(&[], SampleValue::Histogram(sums.clone()))]);
        let quantiles = [
            (r#"the query {quantile="0.5"}"#, 7, quantile(0.5)),
            (r#"the query {quantile="0.9"}"#, 7, quantile(0.9)),
            (r#"the query {quantile="0.99"}"#, 7, quantile(0.99)),
        ];
        check(&histogram, &quantiles);
        let newest = SeriesSamples {
            labels: [("job", "c")].into_iter().collect(),
            floats: vec![(1, 1.0), (3, 3.0), (2, 2.0)],
            histograms: Vec::new(),
        };
        check(&InstantValue::Matrix(vec![newest]), &[("c", 3, Number(3.0))]);
        check(&InstantValue::Vector(Vec::new()), &[]);
    }
}
