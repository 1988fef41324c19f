//! The labels of a value axis: they differ, fit the gutter and are never cut.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{DAY, ValueAxis};
use crate::chart::format::{MOST_DIGITS, Measure, StepKind};
use crate::chart::layout::LABEL_CHARACTERS;
use crate::page_params::offset;

/// What stands beside a value axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AxisLabels {
    /// What all labels have in common and have no room for: a long unit (`orders`), or what is added to each (`5 TB +`).
    pub head: Option<String>,
    /// From the lowest up.
    pub ticks: Vec<(f64, String)>,
    /// Both ends in full.
    pub ends: (String, String),
}

impl AxisLabels {
    pub fn of(axis: &ValueAxis, measure: &Measure, zone: &TimeZone) -> Self {
        if measure.steps == StepKind::Time
            && let Some(labels) = Self::of_instants(axis, measure, zone)
        {
            return labels;
        }
        let values = axis.values();
        let (whole, more) = match axis.log {
            Some(_) => (values.iter().map(|value| measure.text(*value, 0)).collect(), 0),
            None => texts(&values, measure, axis.interval),
        };
        // The last tick of a logarithmic axis may be below its end.
        let end = |value, tick: Option<&String>| match axis.log {
            Some(_) => measure.text(value, 0),
            None => tick.cloned().unwrap_or_default(),
        };
        let ends = (end(axis.min, whole.first()), end(axis.max, whole.last()));
        let labelled = |head: Option<String>, texts: Vec<String>| {
            let ticks = values.iter().copied().zip(texts).collect();
            Self { head, ticks, ends: ends.clone() }
        };
        if fit(&whole) {
            return labelled(None, whole);
        }
        // The unit alone above the axis, then what the numbers have in common, then both.
        let (bare, name) = (measure.bare(), measure.name());
        let short: Vec<String> =
            values.iter().map(|value| bare.text(*value, more).trim_end().to_owned()).collect();
        let common = axis.min * measure.factor;
        if fit(&short) || axis.log.is_some() || common == 0.0 || !common.is_finite() {
            return labelled(name, short);
        }
        let step = axis.interval.map(|step| step * measure.factor);
        // The difference of two large numbers is not exact.
        let rounded = |rest: f64| step.map_or(rest, |step| (rest / step).round() * step);
        let rest: Vec<f64> = values.iter().map(|value| rounded(value * measure.factor - common)).collect();
        let head = Some(format!("{} +", measure.in_base().text(common, MOST_DIGITS - 1)));
        let (whole, more) = texts(&rest, &measure.in_base(), step);
        if fit(&whole) {
            return labelled(head, whole);
        }
        let bare = bare.in_base();
        labelled(head, rest.iter().map(|value| bare.text(*value, more).trim_end().to_owned()).collect())
    }

    /// The characters of the longest.
    pub fn longest(&self) -> usize {
        self.ticks.iter().map(|(_, label)| label.chars().count()).max().unwrap_or(0)
    }

    /// Times with what they have in common above them: `2026-11-23 UTC+1`. None: they are not times.
    fn of_instants(axis: &ValueAxis, measure: &Measure, zone: &TimeZone) -> Option<Self> {
        let factor = measure.factor;
        let values = axis.values();
        let zoned = |value: &f64| {
            let at = Timestamp::from_millisecond((value * factor * 1e3).round() as i64).ok();
            at.filter(|_| measure.instant(*value).is_some()).map(|at| at.to_zoned(zone.clone()))
        };
        let times: Vec<_> = values.iter().map(zoned).collect::<Option<_>>()?;
        let (first, last) = times.first().zip(times.last())?;
        let step = axis.interval.unwrap_or(DAY) * factor;
        let is_one_day = times.iter().all(|time| time.date() == first.date());
        let (label, head) = match step {
            _ if step >= DAY => ("%Y-%m-%d", ""),
            _ if step < 60.0 => ("%H:%M:%S", "%Y-%m-%d "),
            _ if is_one_day => ("%H:%M", "%Y-%m-%d "),
            _ => ("%m-%d %H:%M", "%Y "),
        };
        let full = |time: &jiff::Zoned| format!("{} {}", time.strftime("%Y-%m-%d %H:%M:%S"), offset(time));
        let texts = times.iter().map(|time| time.strftime(label).to_string());
        Some(Self {
            head: Some(format!("{}{}", first.strftime(head), offset(first))),
            ticks: values.iter().copied().zip(texts).collect(),
            ends: (full(first), full(last)),
        })
    }
}

/// With as many digits as make them differ.
fn texts(values: &[f64], measure: &Measure, step: Option<f64>) -> (Vec<String>, usize) {
    let largest = values.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
    let digits = step.map_or(0.0, |step| (largest / step).log10().ceil() - 1.0);
    let more = measure.distinct(values, digits.clamp(0.0, MOST_DIGITS as f64) as usize);
    (values.iter().map(|value| measure.text(*value, more)).collect(), more)
}

fn fit(texts: &[String]) -> bool {
    texts.iter().all(|text| text.chars().count() <= LABEL_CHARACTERS)
}
