//! The JSON of a chart, safe inside a page.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::ops::Range;

use serde::{Serialize, Serializer};
use serde_json::Value;
use serde_json::ser::Formatter;

use super::Tick;
use crate::chart::PlotSeries;
use crate::chart::format::Measure;

/// JSON that is safe inside `<script type="application/json">`: `<`, `>`, `&`, U+2028
/// and U+2029 occur only as `\u` escapes. In a template: `{{ island|safe }}`.
///
/// Why that holds: the only way to make one is [`Island::of`], which writes every string, keys too,
/// through [`ForScript`]; outside strings JSON has none of these characters.
#[derive(Clone, Debug)]
pub struct Island(String);

/// What stays as it is while a chart refreshes. If it does not, the script gets everything.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shape<'a> {
    pub option: Value,
    pub step: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
    pub names: Vec<&'a str>,
    pub colours: Vec<usize>,
    pub unit: &'a Measure,
    pub graph_type: &'a str,
    pub stack: bool,
    pub from_zero: bool,
}

/// The value axis as the server draws it.
#[derive(Serialize)]
pub(super) struct AxisJson<'a> {
    pub min: f64,
    pub max: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<f64>,
    /// Also of a part of the series.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub fixed: bool,
    /// Of a logarithmic axis.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticks: Option<&'a [(f64, String)]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head: Option<&'a str>,
}

/// What each refresh says anew. Nothing is left out, because what a refresh does not say stays.
#[derive(Serialize)]
pub(super) struct IslandState<'a> {
    pub tick: Option<Tick>,
    pub from: i64,
    pub to: i64,
    pub start: i64,
    pub y: Option<AxisJson<'a>>,
    pub more: usize,
    pub marks: Option<Value>,
}

/// The data from which the script draws a chart.
#[derive(Serialize)]
pub(super) struct Whole<'a> {
    #[serde(flatten)]
    pub shape: &'a Shape<'a>,
    #[serde(flatten)]
    pub state: &'a IslandState<'a>,
    pub columns: Vec<ColumnValues<'a>>,
}

/// The data with which the script continues the chart that it has.
#[derive(Serialize)]
pub(super) struct Newer<'a> {
    pub since: &'a Tick,
    #[serde(flatten)]
    pub state: &'a IslandState<'a>,
    pub heads: Vec<ColumnValues<'a>>,
    pub kept: usize,
    pub tails: Vec<ColumnValues<'a>>,
    pub sum: u32,
}

/// A series' samples; what cannot be drawn (absent, NaN, infinite) is null.
pub(super) struct ColumnValues<'a>(&'a [f64]);

impl<'a> ColumnValues<'a> {
    /// Those of these slots that there are.
    pub(super) fn of(series: &'a PlotSeries, slots: Range<usize>) -> Self {
        let values = &series.values;
        Self(values.get(slots.start..slots.end.min(values.len())).unwrap_or_default())
    }
}

impl Serialize for ColumnValues<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|v| v.is_finite().then_some(*v)))
    }
}

impl Shape<'_> {
    pub(super) fn hash(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        json(self).hash(&mut hasher);
        hasher.finish()
    }
}

impl Island {
    pub(super) fn of(content: &impl Serialize) -> Self {
        Self(json(content))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Neither writing to memory nor the types of this file can fail; the script takes null for no chart.
fn json(content: &impl Serialize) -> String {
    let mut json = Vec::with_capacity(1024);
    let mut serializer = serde_json::Serializer::with_formatter(&mut json, ForScript);
    let written = content.serialize(&mut serializer).ok().and_then(|()| String::from_utf8(json).ok());
    written.unwrap_or_else(|| "null".to_owned())
}

impl fmt::Display for Island {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Writes compact JSON whose strings can end no script element, and whole numbers without `.0`.
struct ForScript;

impl Formatter for ForScript {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, text: &str) -> io::Result<()> {
        let mut rest = text;
        while let Some((plain, escape, after)) = next_special(rest) {
            writer.write_all(plain.as_bytes())?;
            writer.write_all(escape.as_bytes())?;
            rest = after;
        }
        writer.write_all(rest.as_bytes())
    }

    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        // Below 2^53 every whole number is exact; minus zero is drawn as zero.
        if value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0 {
            return write!(writer, "{}", value as i64);
        }
        serde_json::ser::CompactFormatter.write_f64(writer, value)
    }
}

/// The text before the first special character, its escape, and the text after it.
fn next_special(text: &str) -> Option<(&str, &'static str, &str)> {
    let at = text.find(['<', '>', '&', '\u{2028}', '\u{2029}'])?;
    let (plain, rest) = text.split_at_checked(at)?;
    let mut after = rest.chars();
    let escape = match after.next()? {
        '<' => "\\u003c",
        '>' => "\\u003e",
        '&' => "\\u0026",
        '\u{2028}' => "\\u2028",
        _ => "\\u2029",
    };
    Some((plain, escape, after.as_str()))
}
