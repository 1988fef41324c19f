//! Writes answers as Prometheus writes them, from the portal's own types.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::prometheus::instant::{InstantValue, write_histograms};
use crate::prometheus::numbers::{SampleText, Seconds};
use crate::prometheus::{
    Histogram, HistogramSeries, InstantAnswer, Labels, Matrix, Series, Window, is_absent,
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

/// The answer to a range query, with its first `limit` series. `warnings` take the place of the answer's own.
pub fn write_matrix<'a>(
    matrix: &'a Matrix,
    limit: Option<usize>,
    warnings: &'a [String],
) -> impl Serialize + 'a {
    Success::of(WrittenMatrix { matrix, limit }, warnings, &matrix.infos)
}

/// The answer to an instant query, with its first `limit` elements. `warnings` take the place of the answer's own.
pub fn write_instant<'a>(
    answer: &'a InstantAnswer,
    limit: Option<usize>,
    warnings: &'a [String],
) -> impl Serialize + 'a {
    Success::of(WrittenInstant { value: &answer.value, limit }, warnings, &answer.infos)
}

struct WrittenInstant<'a> {
    value: &'a InstantValue,
    limit: Option<usize>,
}

impl Serialize for WrittenInstant<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let limit = self.limit.unwrap_or(usize::MAX);
        match self.value {
            InstantValue::Vector(all) if all.len() > limit => cut(serializer, "vector", all, limit),
            InstantValue::Matrix(all) if all.len() > limit => cut(serializer, "matrix", all, limit),
            whole => whole.serialize(serializer),
        }
    }
}

fn cut<S: Serializer, T: Serialize>(
    serializer: S,
    kind: &str,
    all: &[T],
    limit: usize,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(2))?;
    map.serialize_entry("resultType", kind)?;
    map.serialize_entry("result", all.get(..limit).unwrap_or(all))?;
    map.end()
}

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

struct WrittenMatrix<'a> {
    matrix: &'a Matrix,
    limit: Option<usize>,
}

impl Serialize for WrittenMatrix<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(value) = &self.matrix.instant {
            return value.serialize(serializer);
        }
        let all = all_series(self.matrix);
        cut(serializer, "matrix", &all, self.limit.unwrap_or(usize::MAX))
    }
}

/// How many series an answer to a range query has; 0 for a value without series.
pub fn series_of(matrix: &Matrix) -> usize {
    matrix.series.len() + histograms_alone(matrix).count()
}

/// How many elements an answer to an instant query has; 0 for a value without any.
pub fn elements_of(answer: &InstantAnswer) -> usize {
    match &answer.value {
        InstantValue::Vector(all) => all.len(),
        InstantValue::Matrix(all) => all.len(),
        _ => 0,
    }
}

/// A series with all its samples.
#[derive(Serialize)]
struct WrittenSeries<'a> {
    metric: &'a Labels,
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<GridValues<'a>>,
    #[serde(serialize_with = "write_histograms", skip_serializing_if = "<[_]>::is_empty")]
    histograms: &'a [(i64, Histogram)],
}

/// Floats and histograms of one series are one series, all in the order of their labels.
fn all_series(matrix: &Matrix) -> Vec<WrittenSeries<'_>> {
    let histograms = |labels: &Labels| {
        let at = matrix.histograms.binary_search_by(|h| h.labels.cmp(labels)).ok()?;
        matrix.histograms.get(at).map(|h| &*h.points)
    };
    let with_floats = matrix.series.iter().map(|Series { labels, values }| {
        let any = values.iter().any(|v| !is_absent(*v));
        let values = any.then_some(GridValues { window: &matrix.window, values });
        WrittenSeries { metric: labels, values, histograms: histograms(labels).unwrap_or_default() }
    });
    let alone = histograms_alone(matrix).map(|h| WrittenSeries {
        metric: &h.labels,
        values: None,
        histograms: &h.points,
    });
    let mut all: Vec<WrittenSeries<'_>> = with_floats.chain(alone).collect();
    all.sort_by(|a, b| a.metric.cmp(b.metric));
    all
}

fn histograms_alone(matrix: &Matrix) -> impl Iterator<Item = &HistogramSeries> {
    let has_floats = |labels: &Labels| matrix.series.binary_search_by(|s| s.labels.cmp(labels)).is_ok();
    matrix.histograms.iter().filter(move |h| !has_floats(&h.labels))
}

/// One value for each instant of the window. Absent ones are not written.
struct GridValues<'a> {
    window: &'a Window,
    values: &'a [f64],
}

impl Serialize for GridValues<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let samples = self.values.iter().enumerate().filter(|(_, value)| !is_absent(**value));
        serializer.collect_seq(samples.map(|(i, value)| (Seconds(self.window.at(i)), SampleText(*value))))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::prometheus::wire::{read_instant, read_matrix};
    use crate::upstream::HeaderSecrets;

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
        let matrix = read_matrix(body.as_bytes(), window, &HeaderSecrets::default()).unwrap();
        assert_eq!(serde_json::to_string(&write_matrix(&matrix, None, &matrix.warnings)).unwrap(), body);
        let scalar = r#"{"status":"success","data":{"resultType":"scalar","result":[1.5,"7"]}}"#;
        let matrix = read_matrix(scalar.as_bytes(), window, &HeaderSecrets::default()).unwrap();
        assert_eq!(serde_json::to_string(&write_matrix(&matrix, None, &[])).unwrap(), scalar);
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
            let answer = read_instant(body.as_bytes(), 0, &HeaderSecrets::default()).unwrap();
            assert_eq!(serde_json::to_string(&write_instant(&answer, None, &answer.warnings)).unwrap(), body);
        }
        assert_eq!(
            serde_json::to_string(&write_error("bad_data", "a \"b\"")).unwrap(),
            r#"{"status":"error","errorType":"bad_data","error":"a \"b\""}"#
        );
    }
}
