//! Writes answers to queries as Prometheus writes them, from nothing but our own types.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::prometheus::{
    Float, Histogram, InstantAnswer, InstantSample, InstantValue, Labels, Matrix, SampleValue, SeriesSamples,
    Window, is_absent,
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
struct QueryData<R> {
    result_type: &'static str,
    result: R,
}

/// The answer to a range query. `warnings` take the place of the answer's own.
pub fn write_matrix<'a>(matrix: &'a Matrix, warnings: &'a [String]) -> impl Serialize + 'a {
    let data = match &matrix.instant {
        Some(value) => value_data(value),
        None => QueryData { result_type: "matrix", result: ResultForm::Range(range(matrix)) },
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
enum ResultForm<'a> {
    Range(Vec<RangeForm<'a>>),
    Series(Vec<SeriesForm<'a>>),
    Vector(Vec<SampleForm<'a>>),
    Scalar((Seconds, Value)),
    String((Seconds, &'a str)),
}

fn value_data(value: &InstantValue) -> QueryData<ResultForm<'_>> {
    let (result_type, result) = match value {
        InstantValue::Vector(all) => ("vector", ResultForm::Vector(all.iter().map(SampleForm::of).collect())),
        InstantValue::Matrix(all) => ("matrix", ResultForm::Series(all.iter().map(SeriesForm::of).collect())),
        InstantValue::Scalar { at_ms, value } => {
            ("scalar", ResultForm::Scalar((Seconds(*at_ms), Value(*value))))
        }
        InstantValue::String { at_ms, text } => ("string", ResultForm::String((Seconds(*at_ms), text))),
    };
    QueryData { result_type, result }
}

/// A series on a grid.
#[derive(Serialize)]
struct RangeForm<'a> {
    metric: &'a Labels,
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<Column<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    histograms: Option<Histograms<'a>>,
}

/// Floats and histograms of one series stand together, all in the order of their labels.
fn range(matrix: &Matrix) -> Vec<RangeForm<'_>> {
    let of = |labels: &Labels| {
        let at = matrix.histograms.binary_search_by(|h| h.labels.cmp(labels)).ok()?;
        matrix.histograms.get(at).map(|h| Histograms(&h.points))
    };
    let mut all: Vec<RangeForm<'_>> = matrix
        .series
        .iter()
        .map(|series| {
            let column = Column(&matrix.window, &series.values);
            let any = series.values.iter().any(|v| !is_absent(*v));
            RangeForm {
                metric: &series.labels,
                values: any.then_some(column),
                histograms: of(&series.labels),
            }
        })
        .collect();
    let alone = matrix
        .histograms
        .iter()
        .filter(|h| matrix.series.binary_search_by(|s| s.labels.cmp(&h.labels)).is_err());
    all.extend(alone.map(|h| RangeForm {
        metric: &h.labels,
        values: None,
        histograms: Some(Histograms(&h.points)),
    }));
    all.sort_by(|a, b| a.metric.cmp(b.metric));
    all
}

/// The samples that a column has.
struct Column<'a>(&'a Window, &'a [f64]);

impl Serialize for Column<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(window, values) = self;
        let samples = values.iter().enumerate().filter(|(_, v)| !is_absent(**v));
        serializer.collect_seq(samples.map(|(i, v)| (Seconds(window.at(i)), Value(*v))))
    }
}

/// A series at times of its own.
#[derive(Serialize)]
struct SeriesForm<'a> {
    metric: &'a Labels,
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<Floats<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    histograms: Option<Histograms<'a>>,
}

impl<'a> SeriesForm<'a> {
    fn of(series: &'a SeriesSamples) -> Self {
        Self {
            metric: &series.labels,
            values: (!series.floats.is_empty()).then_some(Floats(&series.floats)),
            histograms: (!series.histograms.is_empty()).then_some(Histograms(&series.histograms)),
        }
    }
}

struct Floats<'a>(&'a [(i64, f64)]);

impl Serialize for Floats<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|(at_ms, v)| (Seconds(*at_ms), Value(*v))))
    }
}

#[derive(Serialize)]
struct SampleForm<'a> {
    metric: &'a Labels,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<(Seconds, Value)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    histogram: Option<(Seconds, HistogramForm<'a>)>,
}

impl<'a> SampleForm<'a> {
    fn of(InstantSample { labels, at_ms, value }: &'a InstantSample) -> Self {
        let (value, histogram) = match value {
            SampleValue::Float(value) => (Some((Seconds(*at_ms), Value(*value))), None),
            SampleValue::Histogram(histogram) => {
                (None, Some((Seconds(*at_ms), HistogramForm::of(histogram))))
            }
        };
        Self { metric: labels, value, histogram }
    }
}

struct Histograms<'a>(&'a [(i64, Histogram)]);

impl Serialize for Histograms<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let points = self.0.iter().map(|(at_ms, h)| (Seconds(*at_ms), HistogramForm::of(h)));
        serializer.collect_seq(points)
    }
}

#[derive(Serialize)]
struct HistogramForm<'a> {
    count: Value,
    sum: Value,
    #[serde(skip_serializing_if = "Buckets::is_empty")]
    buckets: Buckets<'a>,
}

struct Buckets<'a>(&'a Histogram);

impl<'a> HistogramForm<'a> {
    fn of(histogram: &'a Histogram) -> Self {
        Self { count: Value(histogram.count), sum: Value(histogram.sum), buckets: Buckets(histogram) }
    }
}

impl Buckets<'_> {
    fn is_empty(&self) -> bool {
        self.0.buckets.is_empty()
    }
}

impl Serialize for Buckets<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(
            self.0
                .buckets
                .iter()
                .map(|b| (b.boundaries.code(), Value(b.lower), Value(b.upper), Value(b.count))),
        )
    }
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
pub(super) struct Value(pub f64);

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for Value {
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
                (Value(value).to_string().as_str(), Exponent(value).to_string().as_str()),
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
            for text in [Value(value).to_string(), Exponent(value).to_string()] {
                let read: f64 = text.replace("Inf", "inf").parse().unwrap();
                prop_assert!(read.to_bits() == value.to_bits() || (read.is_nan() && value.is_nan()), "{}", text);
            }
        }
    }
}
