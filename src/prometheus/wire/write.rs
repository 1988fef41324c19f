//! Writes answers to queries as Prometheus writes them, from the portal's own types.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::prometheus::{
    Bucket, Float, Histogram, InstantAnswer, InstantSample, InstantValue, Labels, Matrix, SampleValue,
    Series, SeriesSamples, Window, is_absent,
};

/// A good answer around its data.
#[derive(Serialize)]
pub(super) struct Success<'a, D> {
    status: &'static str,
    data: D,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    warnings: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    infos: &'a [String],
}

impl<'a, D> Success<'a, D> {
    pub(super) fn of(data: D, warnings: &'a [String], infos: &'a [String]) -> Self {
        Self { status: "success", data, warnings, infos }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WrittenData<R> {
    result_type: &'static str,
    result: R,
}

/// The answer to a range query. `warnings` take the place of the answer's own.
pub fn write_matrix<'a>(matrix: &'a Matrix, warnings: &'a [String]) -> impl Serialize + 'a {
    let data = match &matrix.instant {
        Some(value) => value_data(value),
        None => WrittenData { result_type: "matrix", result: WrittenResult::Series(range(matrix)) },
    };
    Success::of(data, warnings, &matrix.infos)
}

/// The answer to an instant query. `warnings` take the place of the answer's own.
pub fn write_instant<'a>(answer: &'a InstantAnswer, warnings: &'a [String]) -> impl Serialize + 'a {
    Success::of(value_data(&answer.value), warnings, &answer.infos)
}

/// An error.
pub fn write_error<'a>(error_type: &'a str, error: &'a str) -> impl Serialize + 'a {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct WrittenError<'a> {
        status: &'static str,
        error_type: &'a str,
        error: &'a str,
    }
    WrittenError { status: "error", error_type, error }
}

#[derive(Serialize)]
#[serde(untagged)]
enum WrittenResult<'a> {
    Series(Vec<WrittenSeries<'a>>),
    Vector(Vec<WrittenSample<'a>>),
    Scalar((Seconds, SampleText)),
    String((Seconds, &'a str)),
}

fn value_data(value: &InstantValue) -> WrittenData<WrittenResult<'_>> {
    let (result_type, result) = match value {
        InstantValue::Vector(all) => {
            ("vector", WrittenResult::Vector(all.iter().map(WrittenSample::of).collect()))
        }
        InstantValue::Matrix(all) => {
            ("matrix", WrittenResult::Series(all.iter().map(WrittenSeries::of).collect()))
        }
        InstantValue::Scalar { at_ms, value } => {
            ("scalar", WrittenResult::Scalar((Seconds(*at_ms), SampleText(*value))))
        }
        InstantValue::String { at_ms, text } => ("string", WrittenResult::String((Seconds(*at_ms), text))),
    };
    WrittenData { result_type, result }
}

/// A series with all its samples.
#[derive(Serialize)]
struct WrittenSeries<'a> {
    metric: &'a Labels,
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<Floats<'a>>,
    #[serde(serialize_with = "histogram_points", skip_serializing_if = "<[_]>::is_empty")]
    histograms: &'a [(i64, Histogram)],
}

/// Floats and histograms of one series are one series, all in the order of their labels.
fn range(matrix: &Matrix) -> Vec<WrittenSeries<'_>> {
    let of = |labels: &Labels| {
        let at = matrix.histograms.binary_search_by(|h| h.labels.cmp(labels)).ok()?;
        matrix.histograms.get(at).map(|h| h.points.as_slice())
    };
    let mut all: Vec<WrittenSeries<'_>> = matrix
        .series
        .iter()
        .map(|Series { labels, values }| {
            let any = values.iter().any(|v| !is_absent(*v));
            WrittenSeries {
                metric: labels,
                values: any.then_some(Floats::Grid(&matrix.window, values)),
                histograms: of(labels).unwrap_or_default(),
            }
        })
        .collect();
    let alone = matrix
        .histograms
        .iter()
        .filter(|h| matrix.series.binary_search_by(|s| s.labels.cmp(&h.labels)).is_err());
    all.extend(alone.map(|h| WrittenSeries { metric: &h.labels, values: None, histograms: &h.points }));
    all.sort_by(|a, b| a.metric.cmp(b.metric));
    all
}

impl<'a> WrittenSeries<'a> {
    fn of(series: &'a SeriesSamples) -> Self {
        Self {
            metric: &series.labels,
            values: (!series.floats.is_empty()).then_some(Floats::Points(&series.floats)),
            histograms: &series.histograms,
        }
    }
}

/// The float samples of a series.
enum Floats<'a> {
    /// One value for each instant of the window, absent ones included.
    Grid(&'a Window, &'a [f64]),
    /// At times of their own.
    Points(&'a [(i64, f64)]),
}

impl Serialize for Floats<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Grid(window, values) => {
                let samples = values.iter().enumerate().filter(|(_, v)| !is_absent(**v));
                serializer.collect_seq(samples.map(|(i, v)| (Seconds(window.at(i)), SampleText(*v))))
            }
            Self::Points(points) => {
                serializer.collect_seq(points.iter().map(|(at_ms, v)| (Seconds(*at_ms), SampleText(*v))))
            }
        }
    }
}

#[derive(Serialize)]
struct WrittenSample<'a> {
    metric: &'a Labels,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<(Seconds, SampleText)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    histogram: Option<(Seconds, WrittenHistogram<'a>)>,
}

impl<'a> WrittenSample<'a> {
    fn of(InstantSample { labels, at_ms, value }: &'a InstantSample) -> Self {
        let (value, histogram) = match value {
            SampleValue::Float(value) => (Some((Seconds(*at_ms), SampleText(*value))), None),
            SampleValue::Histogram(histogram) => {
                (None, Some((Seconds(*at_ms), WrittenHistogram::of(histogram))))
            }
        };
        Self { metric: labels, value, histogram }
    }
}

fn histogram_points<S: Serializer>(points: &[(i64, Histogram)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(points.iter().map(|(at_ms, h)| (Seconds(*at_ms), WrittenHistogram::of(h))))
}

#[derive(Serialize)]
struct WrittenHistogram<'a> {
    count: SampleText,
    sum: SampleText,
    #[serde(serialize_with = "buckets", skip_serializing_if = "<[_]>::is_empty")]
    buckets: &'a [Bucket],
}

impl<'a> WrittenHistogram<'a> {
    fn of(histogram: &'a Histogram) -> Self {
        let Histogram { count, sum, buckets } = histogram;
        Self { count: SampleText(*count), sum: SampleText(*sum), buckets }
    }
}

fn buckets<S: Serializer>(buckets: &[Bucket], serializer: S) -> Result<S::Ok, S::Error> {
    let text =
        |b: &Bucket| (b.boundaries.code(), SampleText(b.lower), SampleText(b.upper), SampleText(b.count));
    serializer.collect_seq(buckets.iter().map(text))
}

/// Epoch milliseconds, written as seconds with decimals where there are any.
#[derive(Clone, Copy)]
struct Seconds(i64);

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 % 1000 {
            0 => serializer.serialize_i64(self.0 / 1000),
            _ => serializer.serialize_f64(self.0 as f64 / 1000.0),
        }
    }
}

/// A sample's value, written as a text: the shortest that reads back as the same number, with an exponent
/// only beyond 21 digits and below a millionth (as Go's `strconv` and so Prometheus have it).
#[derive(Clone, Copy)]
pub(super) struct SampleText(pub f64);

impl Serialize for SampleText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for SampleText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.0.abs();
        if size.is_finite() && (size == 0.0 || (1e-6..1e21).contains(&size)) {
            write!(f, "{}", self.0)
        } else {
            Exponent(self.0).fmt(f)
        }
    }
}

/// A number that always has an exponent, of two digits at least.
#[derive(Clone, Copy)]
pub(super) struct Exponent(pub f64);

impl Serialize for Exponent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for Exponent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            v if !v.is_finite() => write!(f, "{}", Float(v)),
            v => {
                let text = format!("{v:e}");
                let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
                let (sign, digits) = match exponent.strip_prefix('-') {
                    Some(digits) => ('-', digits),
                    None => ('+', exponent),
                };
                write!(f, "{mantissa}e{sign}{digits:0>2}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::prometheus::wire::{read_instant, read_matrix};

    #[test]
    fn numbers_are_written_as_go_writes_them() {
        for (value, plain, exponent) in [
            (0.0, "0", "0e+00"),
            (-0.0, "-0", "-0e+00"),
            (1.0, "1", "1e+00"),
            (-1.5, "-1.5", "-1.5e+00"),
            (7_258_439_680.0, "7258439680", "7.25843968e+09"),
            (1.0 / 3.0, "0.3333333333333333", "3.333333333333333e-01"),
            (1e20, "100000000000000000000", "1e+20"),
            (1e21, "1e+21", "1e+21"),
            (1.25e100, "1.25e+100", "1.25e+100"),
            (1e-6, "0.000001", "1e-06"),
            (9.99e-7, "9.99e-07", "9.99e-07"),
            (5e-324, "5e-324", "5e-324"),
            (f64::MAX, "1.7976931348623157e+308", "1.7976931348623157e+308"),
            (f64::NAN, "NaN", "NaN"),
            (f64::INFINITY, "+Inf", "+Inf"),
            (f64::NEG_INFINITY, "-Inf", "-Inf"),
        ] {
            assert_eq!(
                (SampleText(value).to_string().as_str(), Exponent(value).to_string().as_str()),
                (plain, exponent)
            );
        }
    }

    /// As Prometheus writes it: read and written again it is the same, byte for byte.
    #[test]
    fn ranges_come_out_as_they_went_in() {
        let body = concat!(
            r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1.234,"1"],[29.234,"NaN"]]},"#,
            r#"{"metric":{"a":"<é>\"\\"},"values":[[15.234,"0.1"]],"histograms":[[29.234,{"count":"3","sum":"4.5","buckets":"#,
            r#"[[3,"-0.001","0.001","1"],[0,"1","2","2"]]}]]},"#,
            r#"{"metric":{"b":"1"},"histograms":[[1.234,{"count":"0","sum":"0"}]]}]},"warnings":["w"],"infos":["i"]}"#,
        );
        let window = Window::exact(1_234, 30_000, Duration::from_secs(14)).unwrap();
        let matrix = read_matrix(body.as_bytes(), window).unwrap();
        assert_eq!(serde_json::to_string(&write_matrix(&matrix, &matrix.warnings)).unwrap(), body);
        let scalar = r#"{"status":"success","data":{"resultType":"scalar","result":[1.5,"7"]}}"#;
        let matrix = read_matrix(scalar.as_bytes(), window).unwrap();
        assert_eq!(serde_json::to_string(&write_matrix(&matrix, &[])).unwrap(), scalar);
    }

    #[test]
    fn instants_come_out_as_they_went_in() {
        for data in [
            r#"{"resultType":"vector","result":[{"metric":{"z":"1"},"value":[-0.5,"1e-09"]},{"metric":{"a":"1"},"value":[3,"2"]}]}"#,
            r#"{"resultType":"vector","result":[{"metric":{},"histogram":[1,{"count":"1","sum":"2","buckets":[[0,"1","2","1"]]}]}]}"#,
            r#"{"resultType":"vector","result":[]}"#,
            r#"{"resultType":"matrix","result":[{"metric":{"a":"1"},"values":[[1.1,"1"],[2.25,"2"]]}]}"#,
            r#"{"resultType":"scalar","result":[1435781451.781,"+Inf"]}"#,
            r#"{"resultType":"string","result":[1,"a\n\"b\" é"]}"#,
        ] {
            let body = format!(r#"{{"status":"success","data":{data}}}"#);
            let answer = read_instant(body.as_bytes()).unwrap();
            assert_eq!(serde_json::to_string(&write_instant(&answer, &answer.warnings)).unwrap(), body);
        }
        assert_eq!(
            serde_json::to_string(&write_error("bad_data", "a \"b\"")).unwrap(),
            r#"{"status":"error","errorType":"bad_data","error":"a \"b\""}"#
        );
    }

    proptest! {
        #[test]
        fn numbers_read_back_as_themselves(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            for text in [SampleText(value).to_string(), Exponent(value).to_string()] {
                let read: f64 = text.replace("Inf", "inf").parse().unwrap();
                prop_assert!(read.to_bits() == value.to_bits() || (read.is_nan() && value.is_nan()), "{}", text);
            }
        }
    }
}
