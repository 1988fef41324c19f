//! Takes a query's result apart by its type. The samples of a matrix are left unread.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::envelope::{Opened, WireFault, open, warned};
use super::parts::Bounded;
use super::remarks::Remarks;
use crate::prometheus::numbers::{DAMAGED_TIME, NO_NUMBER, Seconds};
use crate::prometheus::{Histogram, Labels, UNKNOWN_BOUNDARIES};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct QueryData<'a, R> {
    #[serde(borrow)]
    result_type: Option<Cow<'a, str>>,
    result: R,
    #[serde(default)]
    warnings: Remarks,
    #[serde(borrow)]
    is_partial: Option<&'a RawValue>,
}

/// One series of a matrix, or one element of a vector.
#[derive(Deserialize)]
pub struct RawSeries<'a> {
    #[serde(borrow)]
    pub metric: &'a RawValue,
    /// The text of the list.
    #[serde(borrow, default, deserialize_with = "list_text")]
    pub values: Option<&'a str>,
    #[serde(borrow)]
    pub histograms: Option<&'a RawValue>,
    #[serde(borrow)]
    pub value: Option<&'a RawValue>,
    #[serde(borrow)]
    pub histogram: Option<&'a RawValue>,
}

/// A time and a text.
#[derive(Deserialize)]
pub struct RawPoint<'a>(#[serde(borrow)] pub &'a RawValue, #[serde(borrow)] pub Cow<'a, str>);

pub enum RawResult<'a> {
    Matrix(Vec<RawSeries<'a>>),
    Vector(Vec<RawSeries<'a>>),
    Scalar(RawPoint<'a>),
    String(RawPoint<'a>),
    /// No result, and no word for its type: of a query that selects nothing, by some servers.
    Nothing,
}

/// Opens the answer to a range query or an instant query.
pub fn open_result(body: &[u8]) -> Result<Opened<RawResult<'_>>, WireFault> {
    let Opened { data, mut warnings, infos } = match open::<QueryData<'_, Bounded<RawSeries<'_>>>>(body) {
        Ok(opened) => opened,
        Err(fault) => return open_single(body).ok_or(fault),
    };
    warnings.add_all(warned(data.is_partial, data.warnings));
    let Bounded { first: series, more } = data.result;
    let Some(result_type) = data.result_type else {
        return Err(incomplete("the answer lacks the type of its result"));
    };
    if more > 0 {
        return Err(WireFault::TooLarge(format!("the answer has {} series", series.len() + more)));
    }
    let data = match &*result_type {
        "matrix" => RawResult::Matrix(series),
        "vector" => RawResult::Vector(series),
        "" if series.is_empty() => RawResult::Nothing,
        "scalar" | "string" => return Err(incomplete("the answer lacks its value")),
        _ => return Err(WireFault::NotPrometheus("the answer to a query is of an unknown type".into())),
    };
    Ok(Opened { data, warnings, infos })
}

/// A result that is no list of series: rare, so it is looked for only when there is none.
fn open_single(body: &[u8]) -> Option<Opened<RawResult<'_>>> {
    let Opened { data, mut warnings, infos } = open::<QueryData<'_, RawPoint<'_>>>(body).ok()?;
    warnings.add_all(warned(data.is_partial, data.warnings));
    let data = match data.result_type.as_deref() {
        Some("scalar") => RawResult::Scalar(data.result),
        Some("string") => RawResult::String(data.result),
        _ => return None,
    };
    Some(Opened { data, warnings, infos })
}

impl RawSeries<'_> {
    /// No labels for null.
    pub fn labels(&self) -> Result<Labels, WireFault> {
        let labels = serde_json::from_str::<Option<Labels>>(self.metric.get());
        let labels = labels.map_err(|e| incomplete(&format!("the labels of a series are damaged: {e}")))?;
        Ok(labels.unwrap_or_default())
    }

    /// The histograms with their times in epoch milliseconds, in the order of the list. None: there is no list.
    pub fn histograms(&self) -> Result<Option<Vec<(i64, Histogram)>>, WireFault> {
        let Some(list) = self.histograms else { return Ok(None) };
        let points: Vec<(Seconds, Histogram)> =
            serde_json::from_str(list.get()).map_err(|e| damaged_histogram(&e))?;
        Ok(Some(points.into_iter().map(|(Seconds(at_ms), histogram)| (at_ms, histogram)).collect()))
    }
}

pub fn incomplete(detail: &str) -> WireFault {
    WireFault::Incomplete(detail.to_owned())
}

/// Why a histogram cannot be read, or a list of them.
pub fn damaged_histogram(error: &serde_json::Error) -> WireFault {
    let text = error.to_string();
    incomplete(match &text {
        _ if text.starts_with(NO_NUMBER) => "a histogram is damaged",
        _ if text.starts_with(DAMAGED_TIME) => "the time of a histogram is damaged",
        _ if text.starts_with(UNKNOWN_BOUNDARIES) => UNKNOWN_BOUNDARIES,
        _ => return incomplete(&format!("the histograms of a series are damaged: {text}")),
    })
}

/// A list that is there, unread. Go writes one without elements as null.
fn list_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de str>, D::Error> {
    let text = <&RawValue>::deserialize(deserializer)?.get();
    Ok(Some(if text == "null" { "[]" } else { text }))
}
