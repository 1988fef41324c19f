//! Takes a query's result apart by its type; the samples are left unread.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::envelope::{Opened, WireFault, open};

/// The most series that are looked at.
const MAX_SERIES: usize = 50_000;

#[derive(Deserialize)]
struct Listed<'a> {
    #[serde(borrow, rename = "resultType")]
    result_type: Option<Cow<'a, str>>,
    #[serde(borrow)]
    result: Option<Bounded<RawSeries<'a>>>,
}

#[derive(Deserialize)]
struct Single<'a> {
    #[serde(borrow, rename = "resultType")]
    result_type: Cow<'a, str>,
    #[serde(borrow)]
    result: RawPoint<'a>,
}

/// One series of a matrix, or one element of a vector.
#[derive(Deserialize)]
pub struct RawSeries<'a> {
    #[serde(borrow)]
    pub metric: &'a RawValue,
    #[serde(borrow)]
    pub values: Option<&'a RawValue>,
    #[serde(borrow)]
    pub histograms: Option<&'a RawValue>,
    #[serde(borrow)]
    pub value: Option<RawPoint<'a>>,
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
}

/// Opens the answer to a range query or an instant query.
pub fn open_result(body: &[u8]) -> Result<Opened<RawResult<'_>>, WireFault> {
    let Opened { data, warnings, infos } = match open::<Listed<'_>>(body) {
        Ok(opened) => opened,
        Err(fault) => return open_single(body).ok_or(fault),
    };
    let (Some(result_type), Some(Bounded { first: series, more })) = (data.result_type, data.result) else {
        return Err(incomplete("the answer lacks its result"));
    };
    if more > 0 {
        return Err(WireFault::TooLarge(format!("the answer has {} series", series.len() + more)));
    }
    let data = match &*result_type {
        "matrix" => RawResult::Matrix(series),
        "vector" => RawResult::Vector(series),
        "scalar" | "string" => return Err(incomplete("the answer lacks its value")),
        _ => return Err(WireFault::NotPrometheus("the answer to a query is of an unknown type".into())),
    };
    Ok(Opened { data, warnings, infos })
}

/// A result that is no list of series: rare, so it is looked for only when there is none.
fn open_single(body: &[u8]) -> Option<Opened<RawResult<'_>>> {
    let Opened { data, warnings, infos } = open::<Single<'_>>(body).ok()?;
    let data = match &*data.result_type {
        "scalar" => RawResult::Scalar(data.result),
        "string" => RawResult::String(data.result),
        _ => return None,
    };
    Some(Opened { data, warnings, infos })
}

pub fn incomplete(detail: &str) -> WireFault {
    WireFault::Incomplete(detail.to_owned())
}

/// The first [`MAX_SERIES`] of a list, and how many more there were.
struct Bounded<T> {
    first: Vec<T>,
    more: usize,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Bounded<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(BoundedVisitor(PhantomData))
    }
}

struct BoundedVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for BoundedVisitor<T> {
    type Value = Bounded<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Bounded<T>, A::Error> {
        let mut list = Bounded { first: Vec::new(), more: 0 };
        while list.first.len() < MAX_SERIES {
            match seq.next_element()? {
                Some(next) => list.first.push(next),
                None => return Ok(list),
            }
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {
            list.more += 1;
        }
        Ok(list)
    }
}
