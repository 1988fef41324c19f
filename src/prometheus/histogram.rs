//! Native histograms: buckets with their boundaries, and the quantiles that Prometheus reads from them.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::labels::Labels;
use super::numbers::SampleText;
use super::shared_column::{OF_SERIES, SharedColumn};

pub const UNKNOWN_BOUNDARIES: &str = "a histogram has boundaries of an unknown kind";

/// Which of a bucket's boundaries belong to it, as Prometheus' JSON numbers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Boundaries {
    /// Without the lower, with the upper.
    OpenLeft = 0,
    /// With the lower, without the upper.
    OpenRight = 1,
    /// Without both.
    Open = 2,
    /// With both.
    Closed = 3,
}

impl Boundaries {
    /// Each at the place of its number.
    const ALL: [Self; 4] = [Self::OpenLeft, Self::OpenRight, Self::Open, Self::Closed];

    pub fn of(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    pub boundaries: Boundaries,
    pub lower: f64,
    pub upper: f64,
    pub count: f64,
}

/// `[0,"1","2","3"]`: boundaries, lower, upper, count.
impl Serialize for Bucket {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { boundaries, lower, upper, count } = *self;
        (boundaries as u8, SampleText(lower), SampleText(upper), SampleText(count)).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Bucket {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (number, SampleText(lower), SampleText(upper), SampleText(count)) =
            <(u8, _, _, _)>::deserialize(deserializer)?;
        let unknown = || D::Error::custom(UNKNOWN_BOUNDARIES);
        Ok(Self { boundaries: Boundaries::of(number).ok_or_else(unknown)?, lower, upper, count })
    }
}

/// One native histogram; its buckets are in ascending order. In JSON
/// `{"count":"3","sum":"4.5","buckets":[[0,"1","2","3"]]}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    #[serde(serialize_with = "SampleText::write", deserialize_with = "SampleText::read")]
    pub count: f64,
    /// NaN where observations were NaN, or where the instance does not send it.
    #[serde(default = "nan", serialize_with = "SampleText::write", deserialize_with = "read_sum")]
    pub sum: f64,
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "read_buckets")]
    pub buckets: Vec<Bucket>,
}

fn nan() -> f64 {
    f64::NAN
}

fn read_sum<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Option::deserialize(deserializer).map(|sum| sum.map_or_else(nan, |SampleText(sum)| sum))
}

fn read_buckets<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Bucket>, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// A series' native histograms by epoch milliseconds.
#[derive(Clone, Debug)]
pub struct HistogramSeries {
    pub labels: Labels,
    pub points: SharedColumn<(i64, Histogram)>,
}

impl HistogramSeries {
    /// Bytes that this series holds in memory, about.
    pub fn weight(&self) -> usize {
        self.labels.weight()
            + self.points.held().iter().map(|(_, h)| h.weight() + 8).sum::<usize>()
            + OF_SERIES
    }
}

impl Histogram {
    /// Bytes in memory, about.
    pub(super) fn weight(&self) -> usize {
        self.buckets.len() * size_of::<Bucket>() + size_of::<Self>()
    }

    /// The `q`-quantile, `0 <= q <= 1`, as Prometheus 3 estimates it (`histogram_quantile`): within a bucket
    /// whose boundaries grow by powers the position is exponential, else, as in the bucket around zero
    /// and in custom buckets, linear. NaN without observations.
    pub fn quantile(&self, q: f64) -> f64 {
        if self.count.is_nan() || self.count <= 0.0 {
            return f64::NAN;
        }
        let custom = !self.is_exponential();
        // Observations that are NaN are counted but lie in no bucket, above all of them.
        let from_below = self.sum.is_nan() || q < 0.5;
        let rank = if from_below { q * self.count } else { (1.0 - q) * self.count };
        let Some((bucket, reached)) = self.bucket_of(rank, from_below) else {
            return f64::NAN;
        };
        let (lower, upper) = match self.limits(&bucket, custom) {
            Ok(limits) => limits,
            Err(edge) => return edge,
        };
        let reached = reached.min(self.count);
        if reached < rank {
            return if self.sum.is_nan() { f64::NAN } else { upper };
        }
        let within = if from_below { rank - (reached - bucket.count) } else { reached - rank };
        let part = within / bucket.count;
        if custom || (lower <= 0.0 && upper >= 0.0) {
            return lower + (upper - lower) * part;
        }
        let (log_lower, log_upper) = (lower.abs().log2(), upper.abs().log2());
        if lower > 0.0 {
            (log_lower + (log_upper - log_lower) * part).exp2()
        } else {
            -(log_upper + (log_lower - log_upper) * (1.0 - part)).exp2()
        }
    }

    /// The bucket in which the count from one end reaches the rank, else the last with observations,
    /// and the count reached with it.
    fn bucket_of(&self, rank: f64, from_below: bool) -> Option<(Bucket, f64)> {
        let last = self.buckets.len().checked_sub(1)?;
        let in_turn = |i: usize| self.buckets.get(if from_below { i } else { last - i });
        let mut found = None;
        let mut reached = 0.0;
        for bucket in (0..=last).filter_map(in_turn).filter(|b| b.count > 0.0) {
            reached += bucket.count;
            found = Some((*bucket, reached));
            if reached >= rank {
                break;
            }
        }
        found
    }

    /// Between which values a bucket's observations are taken to lie; `Err` of the one value that is known
    /// when the bucket has no end.
    fn limits(&self, bucket: &Bucket, custom: bool) -> Result<(f64, f64), f64> {
        let Bucket { lower, upper, .. } = *bucket;
        if custom {
            return match (lower == f64::NEG_INFINITY, upper == f64::INFINITY) {
                (true, _) if upper <= 0.0 => Err(upper),
                (true, _) => Ok((0.0, upper)),
                (false, true) => Err(lower),
                (false, false) => Ok((lower, upper)),
            };
        }
        if lower < 0.0 && upper > 0.0 {
            // The bucket around zero: one-sided where all other observations are on one side.
            let negative = self.buckets.iter().any(|b| b.upper < 0.0);
            let positive = self.buckets.iter().any(|b| b.lower > 0.0);
            match (negative, positive) {
                (false, true) => return Ok((0.0, upper)),
                (true, false) => return Ok((lower, 0.0)),
                _ => {}
            }
        }
        Ok((lower, upper))
    }

    /// Whether all boundaries beside zero grow by the same power of two of a power of two, as those of the
    /// standard schemas -4 to 8. The JSON does not name the schema.
    fn is_exponential(&self) -> bool {
        let mut first = None;
        self.buckets.iter().filter(|b| b.lower > 0.0 || b.upper < 0.0).all(|bucket| {
            let growth = (bucket.upper / bucket.lower).log2().abs();
            let schema = -growth.log2();
            let fits = (schema - schema.round()).abs() < 1e-6 && (-4.5..8.5).contains(&schema);
            fits && *first.get_or_insert(schema.round()) == schema.round()
        }) && self.buckets.iter().all(|b| b.lower.is_finite() && b.upper.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(sum: f64, buckets: &[(f64, f64, f64)]) -> Histogram {
        let buckets: Vec<Bucket> = buckets
            .iter()
            .map(|(lower, upper, count)| Bucket {
                boundaries: Boundaries::OpenLeft,
                lower: *lower,
                upper: *upper,
                count: *count,
            })
            .collect();
        Histogram { count: buckets.iter().map(|b| b.count).sum(), sum, buckets }
    }

    fn check(sum: f64, buckets: &[(f64, f64, f64)], expected: &[(f64, f64)]) {
        let histogram = histogram(sum, buckets);
        for (q, value) in expected {
            let got = histogram.quantile(*q);
            let same =
                (got - value).abs() <= 1e-9 * value.abs().max(1e-9) || (got.is_nan() && value.is_nan());
            assert!(same, "{buckets:?} {q}: {got}, not {value}");
        }
    }

    #[test]
    fn boundaries_are_read_as_they_are_written() {
        for code in 0..4 {
            let text = format!(r#"[{code},"1","2","3"]"#);
            let bucket: Bucket = serde_json::from_str(&text).unwrap();
            assert_eq!(serde_json::to_string(&bucket).unwrap(), text);
        }
        assert!(serde_json::from_str::<Bucket>(r#"[4,"1","2","3"]"#).is_err());
    }

    #[test]
    fn powers_are_interpolated_as_powers() {
        // Schema 0: each boundary doubles. Half of (1, 2] in a logarithmic sense is the square root of 2.
        check(1.0, &[(1.0, 2.0, 4.0)], &[(0.0, 1.0), (0.5, 2_f64.sqrt()), (1.0, 2.0)]);
        check(1.0, &[(0.5, 1.0, 5.0), (4.0, 8.0, 5.0)], &[(0.25, 2_f64.powf(-0.5)), (0.9, 2_f64.powf(2.8))]);
        check(1.0, &[(-2.0, -1.0, 4.0)], &[(0.0, -2.0), (0.5, -(2_f64.sqrt())), (1.0, -1.0)]);
        let schema = 2_f64.powf(0.25);
        check(1.0, &[(1.0, schema, 2.0), (schema, schema * schema, 2.0)], &[(0.25, 2_f64.powf(0.125))]);
    }

    #[test]
    fn around_zero_and_between_custom_boundaries_it_is_linear() {
        check(1.0, &[(-0.5, 0.5, 10.0)], &[(0.5, 0.0), (0.9, 0.4)]);
        check(1.0, &[(-0.5, 0.5, 5.0), (0.5, 1.0, 5.0)], &[(0.25, 0.25), (0.0, 0.0)]);
        check(1.0, &[(-1.0, -0.5, 5.0), (-0.5, 0.5, 5.0)], &[(0.75, -0.25)]);
        check(1.0, &[(1.0, 3.0, 4.0), (3.0, 5.0, 4.0)], &[(0.25, 2.0), (0.75, 4.0)]);
        let open = [(f64::NEG_INFINITY, 1.0, 2.0), (1.0, 3.0, 4.0), (3.0, f64::INFINITY, 4.0)];
        check(1.0, &open, &[(0.1, 0.5), (0.4, 2.0), (0.99, 3.0)]);
        check(1.0, &[(f64::NEG_INFINITY, -1.0, 2.0)], &[(0.5, -1.0)]);
    }

    #[test]
    fn what_has_no_quantile_is_nan() {
        check(0.0, &[], &[(0.5, f64::NAN)]);
        check(0.0, &[(1.0, 2.0, 0.0)], &[(0.5, f64::NAN)]);
        // One observation of NaN lies above the buckets.
        let nan = Histogram { count: 5.0, ..histogram(f64::NAN, &[(1.0, 2.0, 4.0)]) };
        assert_eq!(nan.quantile(0.8), 2.0);
        assert!(nan.quantile(0.99).is_nan());
        let lying = Histogram { count: 1e300, ..histogram(1.0, &[(1.0, 2.0, 4.0)]) };
        assert!(lying.quantile(0.9).is_finite());
    }
}
