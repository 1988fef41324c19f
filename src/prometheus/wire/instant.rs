//! Reads the answer to an instant query.

use super::envelope::{Opened, WireFault};
use super::result::{RawPoint, RawResult, RawSeries, damaged_histogram, incomplete, open_result};
use super::samples::each_sample;
use crate::prometheus::numbers::{NO_NUMBER, Seconds, millis, number};
use crate::prometheus::{Histogram, InstantAnswer, InstantSample, InstantValue, SampleValue, SeriesSamples};
use crate::upstream::HeaderSecrets;

/// Decoded, an answer can take four times the bytes of its text.
const MAX_TEXT: usize = 16 << 20;

/// Reads a complete answer of any type to a question for that instant, in epoch milliseconds.
pub fn read_instant(body: &[u8], at_ms: i64, secrets: &HeaderSecrets) -> Result<InstantAnswer, WireFault> {
    if body.len() > MAX_TEXT {
        return Err(WireFault::TooLarge(format!("the answer is larger than {} MiB", MAX_TEXT >> 20)));
    }
    let Opened { data, warnings, infos } = open_result(body)?;
    let (warnings, infos) = (warnings.into_vec(secrets), infos.into_vec(secrets));
    Ok(InstantAnswer { at_ms, value: read_value(data)?, warnings, infos })
}

pub fn read_value(result: RawResult<'_>) -> Result<InstantValue, WireFault> {
    Ok(match result {
        RawResult::Nothing => InstantValue::Vector(Vec::new()),
        RawResult::Vector(raw) => {
            InstantValue::Vector(raw.iter().map(read_sample).collect::<Result<_, _>>()?)
        }
        RawResult::Matrix(raw) => {
            InstantValue::Matrix(raw.iter().map(read_series).collect::<Result<_, _>>()?)
        }
        RawResult::Scalar(point) => {
            let (at_ms, value) = read_point(&point)?;
            InstantValue::Scalar { at_ms, value }
        }
        RawResult::String(RawPoint(at, text)) => {
            InstantValue::String { at_ms: time(at.get())?, text: text.into_owned() }
        }
    })
}

fn read_sample(raw: &RawSeries<'_>) -> Result<InstantSample, WireFault> {
    let (at_ms, value) = match (raw.value, raw.histogram) {
        (Some(point), None) => {
            let point = serde_json::from_str(point.get())
                .map_err(|e| incomplete(&format!("the answer lacks or misshapes a field: {e}")))?;
            let (at_ms, value) = read_point(&point)?;
            (at_ms, SampleValue::Float(value))
        }
        (None, Some(point)) => {
            let (Seconds(at_ms), histogram): (Seconds, Histogram) =
                serde_json::from_str(point.get()).map_err(|e| damaged_histogram(&e))?;
            (at_ms, SampleValue::Histogram(histogram))
        }
        _ => return Err(incomplete("a sample of a vector has no value, or two")),
    };
    Ok(InstantSample { labels: raw.labels()?, at_ms, value })
}

fn read_point(RawPoint(at, text): &RawPoint<'_>) -> Result<(i64, f64), WireFault> {
    let value = number(text.as_bytes()).ok_or_else(|| incomplete(NO_NUMBER))?;
    Ok((time(at.get())?, value))
}

fn time(text: &str) -> Result<i64, WireFault> {
    millis(text.as_bytes()).ok_or_else(|| incomplete("a sample's time is damaged"))
}

fn read_series(raw: &RawSeries<'_>) -> Result<SeriesSamples, WireFault> {
    if raw.values.is_none() && raw.histograms.is_none() {
        return Err(incomplete("a series has no values"));
    }
    let mut floats = Vec::new();
    if let Some(list) = raw.values {
        each_sample(list, |at_ms, value| floats.push((at_ms, value)))
            .ok_or_else(|| incomplete("the samples of a series are damaged"))?;
    }
    Ok(SeriesSamples { labels: raw.labels()?, floats, histograms: raw.histograms()?.unwrap_or_default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prometheus::{Boundaries, Labels};

    fn read(result_type: &str, result: &str) -> Result<InstantValue, WireFault> {
        let body = format!(
            r#"{{"status":"success","data":{{"resultType":"{result_type}","result":{result}}},"infos":["i"]}}"#
        );
        let answer = read_instant(body.as_bytes(), 0, &HeaderSecrets::default())?;
        assert_eq!(answer.infos, ["i"]);
        Ok(answer.value)
    }

    #[test]
    fn reads_every_type() {
        let labels: Labels = [("a", "1")].into_iter().collect();
        assert_eq!(
            read("scalar", r#"[1435781451.781,"-1.5e-07"]"#),
            Ok(InstantValue::Scalar { at_ms: 1_435_781_451_781, value: -1.5e-7 })
        );
        assert_eq!(
            read("string", r#"[1,"<b>é \"\n"]"#),
            Ok(InstantValue::String { at_ms: 1_000, text: "<b>é \"\n".to_owned() })
        );
        assert_eq!(
            read("vector", r#"[{"metric":{"a":"1"},"value":[-0.5,"+Inf"]}]"#),
            Ok(InstantValue::Vector(vec![InstantSample {
                labels: labels.clone(),
                at_ms: -500,
                value: SampleValue::Float(f64::INFINITY)
            }]))
        );
        assert_eq!(
            read("matrix", r#"[{"metric":{"a":"1"},"values":[[1.1,"1"],[2.25,"2"]]}]"#),
            Ok(InstantValue::Matrix(vec![SeriesSamples {
                labels,
                floats: vec![(1_100, 1.0), (2_250, 2.0)],
                histograms: Vec::new(),
            }]))
        );
        for (result_type, empty) in [("vector", "[]"), ("vector", "null"), ("", "null")] {
            assert_eq!(read(result_type, empty), Ok(InstantValue::Vector(Vec::new())));
        }
    }

    #[test]
    fn a_vector_keeps_its_order_and_its_histograms() {
        let value = read(
            "vector",
            r#"[{"metric":{"z":"1"},"value":[1,"2"]},{"metric":{"a":"1"},"histogram":[1,{"count":"3","sum":"NaN",
            "buckets":[[3,"-0.001","0.001","1"],[0,"1","2","2"]]}]}]"#,
        );
        let Ok(InstantValue::Vector(samples)) = value else { panic!("{value:?}") };
        assert_eq!(samples[0].labels.get("z"), Some("1"));
        let SampleValue::Histogram(histogram) = &samples[1].value else { panic!("{samples:?}") };
        assert!(histogram.count == 3.0 && histogram.sum.is_nan());
        assert_eq!(histogram.buckets[0].boundaries, Boundaries::Closed);
        assert_eq!((histogram.buckets[1].lower, histogram.buckets[1].upper), (1.0, 2.0));
    }

    #[test]
    fn a_value_is_read_as_its_json_says_or_refused_with_the_reason() {
        let vector = |sample: &str| format!(r#"[{{"metric":{{}},{sample}}}]"#);
        for (result_type, result, wanted) in [
            ("scalar", r#"[1,"\u002bInf"]"#.to_owned(), Ok(f64::INFINITY)),
            ("scalar", r#"[1,"many"]"#.into(), Err("a value is no number")),
            ("scalar", r#"["1","1"]"#.into(), Err("a sample's time is damaged")),
            ("vector", vector(r#""value":[1,"\u002bInf"]"#), Ok(f64::INFINITY)),
            ("vector", vector(r#""value":[1,"many"]"#), Err("a value is no number")),
            ("vector", vector(r#""value":["1","1"]"#), Err("a sample's time is damaged")),
            ("vector", vector(r#""histogram":[1,{"count":"\u0033"}]"#), Ok(3.0)),
            ("vector", vector(r#""histogram":[1,{"count":"many"}]"#), Err("a histogram is damaged")),
            (
                "vector",
                vector(r#""histogram":["1",{"count":"1"}]"#),
                Err("the time of a histogram is damaged"),
            ),
            (
                "vector",
                vector(r#""histogram":[1,{"count":"1","buckets":[[7,"1","2","3"]]}]"#),
                Err("a histogram has boundaries of an unknown kind"),
            ),
        ] {
            let got = read(result_type, &result).map(|value| match value {
                InstantValue::Scalar { value, .. } => value,
                InstantValue::Vector(samples) => match &samples[0].value {
                    SampleValue::Float(value) => *value,
                    SampleValue::Histogram(histogram) => histogram.count,
                },
                other => panic!("{other:?}"),
            });
            assert_eq!(got, wanted.map_err(incomplete), "{result}");
        }
    }

    #[test]
    fn damaged_answers_are_refused() {
        for (result_type, result) in [
            ("scalar", "[]"),
            ("scalar", r#"[1]"#),
            ("scalar", r#"[1,"many"]"#),
            ("scalar", r#"["1","1"]"#),
            ("scalar", r#"[1,"1",2]"#),
            ("string", r#"[1,2]"#),
            ("string", "null"),
            ("vector", r#"[{"metric":{}}]"#),
            ("vector", r#"[{"metric":{},"values":[[1,"1"]]}]"#),
            ("vector", r#"[{"value":[1,"1"]}]"#),
            ("vector", r#"[{"metric":{},"value":[1,"1"],"histogram":[1,{"count":"1"}]}]"#),
            ("vector", r#"[{"metric":{},"histogram":[1,{"count":"1","buckets":[[7,"1","2","3"]]}]}]"#),
            ("vector", r#"[{"metric":{},"histogram":[1,{"sum":"1"}]}]"#),
            ("matrix", r#"[1,"1"]"#),
            ("matrix", r#"[{"metric":{},"value":[1,"1"]}]"#),
        ] {
            let fault = read(result_type, result).unwrap_err();
            assert!(matches!(fault, WireFault::Incomplete(_)), "{result_type} {result}: {fault:?}");
        }
        assert!(matches!(read("tensor", "[]"), Err(WireFault::NotPrometheus(_))));
    }
}
