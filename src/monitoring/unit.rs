//! The unit of a graph: the annotation's, else what the metrics' names and metadata say. In doubt there is none.

use std::sync::Arc;

use futures_util::future::{Either, join_all, select};
use tokio::time::timeout;

use super::{Monitoring, deadlines};
use crate::annotations::{GraphSpec, Unit};
use crate::prometheus::{Instance, Metadata};
use crate::promql::{Derivation, MeasuredMetric, PromQl};
use crate::store::Scope;

/// The most metrics of one query whose metadata is requested.
const MOST_REQUESTED: usize = 2;

/// Suffixes of names that say their unit. Prometheus' naming rules give a metric its base unit as a suffix:
/// <https://prometheus.io/docs/practices/naming/>. Multiples that mean one thing to all are here too;
/// `_kilobytes` is not, because half of the world means 1,024 by it.
const SUFFIXES: [(&str, Unit); 24] = [
    ("_bytes_per_second", Unit::BytesPerSecond),
    ("_per_second", Unit::PerSecond),
    ("_bytes", Unit::Bytes),
    ("_bits", Unit::DecimalBits),
    ("_seconds", Unit::Seconds),
    ("_milliseconds", Unit::Milliseconds),
    ("_ms", Unit::Milliseconds),
    ("_microseconds", Unit::Microseconds),
    ("_nanoseconds", Unit::Nanoseconds),
    ("_minutes", Unit::Minutes),
    ("_hours", Unit::Hours),
    ("_days", Unit::Days),
    ("_ratio", Unit::Ratio),
    ("_percent", Unit::Percent),
    ("_celsius", Unit::Celsius),
    ("_fahrenheit", Unit::Fahrenheit),
    ("_kelvin", Unit::Kelvin),
    ("_hertz", Unit::Hertz),
    ("_volts", Unit::Volts),
    ("_amperes", Unit::Amperes),
    ("_watts", Unit::Watts),
    ("_joules", Unit::Joules),
    ("_grams", Unit::Grams),
    ("_meters", Unit::Meters),
];

/// Suffixes of instants, in seconds.
const INSTANTS: [&str; 3] = ["_timestamp_seconds", "_start_time_seconds", "_boot_time_seconds"];
/// And in milliseconds.
const INSTANTS_MS: [&str; 2] = ["_timestamp_ms", "_timestamp_milliseconds"];

/// Suffixes of what is counted, and of what may be instants: no length of time, although they end in seconds.
const UNITLESS: [&str; 7] =
    ["_count", "_bucket", "_info", "_created", "_timestamp", "_timestamp_seconds", "_time_seconds"];

/// Names that Prometheus itself gives to what has no unit.
const OWN: [&str; 3] = ["up", "ALERTS", "ALERTS_FOR_STATE"];

impl Monitoring {
    /// The answer and its unit. A late unit is there with the next answer; one that cannot be read is none.
    pub(super) async fn with_unit<T>(
        &self,
        instance: &Arc<Instance>,
        spec: &GraphSpec,
        query: &PromQl,
        answer: impl Future<Output = T>,
    ) -> (T, Unit) {
        let guess = spec.unit.clone().map_or_else(|| unit_from_names(query), UnitGuess::Known);
        let metrics = match guess {
            UnitGuess::Known(unit) => return (answer.await, unit),
            UnitGuess::InMetadata(metrics) => metrics,
        };
        let unit = Box::pin(self.unit_by_metadata(instance, query, &metrics));
        match select(Box::pin(answer), unit).await {
            Either::Left((answer, unit)) => {
                (answer, timeout(deadlines::UNIT, unit).await.unwrap_or(Unit::None))
            }
            Either::Right((unit, answer)) => (answer.await, unit),
        }
    }

    async fn unit_by_metadata(&self, instance: &Arc<Instance>, query: &PromQl, metrics: &[String]) -> Unit {
        let ask = async |metric: &str| self.store.metadata(instance, Scope::Whole, metric).await;
        let ask = &ask;
        // OpenMetrics has the metadata of `x_total` under `x`.
        let metadata = metrics.iter().map(|name| async move {
            let metadata = ask(name).await;
            match name.strip_suffix("_total").filter(|_| metadata.unit.is_none()) {
                Some(family) => ask(family).await,
                None => metadata,
            }
        });
        let metadata: Vec<_> = join_all(metadata).await.into_iter().map(Arc::unwrap_or_clone).collect();
        unit_from_metadata(query, metrics, &metadata)
    }
}

/// The unit that the names in a query give.
#[derive(Clone, Debug, PartialEq, Eq)]
enum UnitGuess {
    Known(Unit),
    /// Only the metadata of these metrics can give it.
    InMetadata(Vec<String>),
}

/// The unit of a query by the names in it.
fn unit_from_names(query: &PromQl) -> UnitGuess {
    let measured = query.measured();
    let silent = measured.iter().filter(|one| of(one, None).is_none());
    let mut names: Vec<String> = silent.map(|one| one.metric.clone()).collect();
    names.sort_unstable();
    names.dedup();
    match names.len() {
        0 => UnitGuess::Known(agreed(measured.iter().map(|one| of(one, None)))),
        1..=MOST_REQUESTED => UnitGuess::InMetadata(names),
        _ => UnitGuess::Known(Unit::None),
    }
}

/// The unit of a query by the names in it, and by the metadata of some.
fn unit_from_metadata(query: &PromQl, metrics: &[String], metadata: &[Metadata]) -> Unit {
    let metadata = |one: &MeasuredMetric| {
        let mut all = metrics.iter().zip(metadata);
        all.find(|(name, _)| **name == one.metric).map(|(_, metadata)| metadata)
    };
    agreed(query.measured().iter().map(|one| of(one, metadata(one))))
}

/// What all say; none when two differ, and none of two instants: their difference is none.
fn agreed(units: impl Iterator<Item = Option<Unit>>) -> Unit {
    let mut units = units.map(|unit| unit.unwrap_or(Unit::None));
    let Some(first) = units.next() else { return Unit::None };
    if units.all(|unit| unit == first && !matches!(unit, Unit::Timestamp | Unit::TimestampMilliseconds)) {
        first
    } else {
        Unit::None
    }
}

/// None: neither name nor metadata say anything.
fn of(one: &MeasuredMetric, metadata: Option<&Metadata>) -> Option<Unit> {
    if one.derivation == Derivation::Age {
        let instant = UNITLESS.iter().skip(4).any(|suffix| one.metric.ends_with(suffix));
        return Some(if instant { Unit::Seconds } else { Unit::None });
    }
    match one.derivation {
        Derivation::Instant => return Some(Unit::Timestamp),
        Derivation::Lapse => return Some(Unit::Seconds),
        _ => {}
    }
    let metric = match one.derivation {
        // Of a metric that is added up, `_sum` is what is measured and `_total` how.
        Derivation::Quantile | Derivation::Mean => &one.metric,
        _ => counted(&one.metric),
    };
    let level = || level(metric).or_else(|| Unit::parse(metadata?.unit.as_deref()?));
    if INSTANTS.iter().any(|suffix| metric.ends_with(suffix)) {
        return Some(match one.derivation {
            Derivation::Level => Unit::Timestamp,
            Derivation::Increase | Derivation::Spread => Unit::Seconds,
            _ => Unit::None,
        });
    }
    if INSTANTS_MS.iter().any(|suffix| metric.ends_with(suffix)) {
        return Some(match one.derivation {
            Derivation::Level => Unit::TimestampMilliseconds,
            Derivation::Increase | Derivation::Spread => Unit::Milliseconds,
            _ => Unit::None,
        });
    }
    let counts = || one.metric.len() > metric.len() || metadata.is_some_and(|metadata| metadata.is_counter);
    match one.derivation {
        Derivation::Sum => level().map(|unit| if adds_up(&unit) { unit } else { Unit::None }),
        Derivation::Rate => {
            let counts = counts() || one.metric.ends_with("_count");
            level().map(|unit| speed(&unit, counts)).or(counts.then_some(Unit::PerSecond))
        }
        _ => level(),
    }
}

fn counted(metric: &str) -> &str {
    metric.strip_suffix("_total").or_else(|| metric.strip_suffix("_sum")).unwrap_or(metric)
}

/// What a metric's name says of its samples.
fn level(metric: &str) -> Option<Unit> {
    // A recording rule: level:metric:operations.
    if let Some((rest, operations)) = metric.rsplit_once(':') {
        let base = rest.rsplit_once(':').map_or(rest, |(_, base)| base);
        return match operations {
            _ if operations.starts_with("ratio") => Some(Unit::Ratio),
            _ if operations.contains("rate") => {
                Some(level(base).map_or(Unit::PerSecond, |u| speed(&u, true)))
            }
            _ => level(base),
        };
    }
    if OWN.contains(&metric) || UNITLESS.iter().any(|suffix| metric.ends_with(suffix)) {
        return Some(Unit::None);
    }
    SUFFIXES.iter().find(|(suffix, _)| metric.ends_with(suffix)).map(|(_, unit)| unit.clone())
}

/// The sum of shares is no share, nor that of temperatures a temperature.
fn adds_up(unit: &Unit) -> bool {
    !matches!(unit, Unit::Ratio | Unit::Percent | Unit::Celsius | Unit::Fahrenheit | Unit::Kelvin)
}

/// A unit in each second. A second in each second is a plain number.
fn speed(level: &Unit, counts: bool) -> Unit {
    match level {
        Unit::Bytes => Unit::BytesPerSecond,
        Unit::DecimalBytes => Unit::DecimalBytesPerSecond,
        Unit::Bits => Unit::BitsPerSecond,
        Unit::DecimalBits => Unit::DecimalBitsPerSecond,
        Unit::Joules => Unit::Watts,
        Unit::None if counts => Unit::PerSecond,
        _ => Unit::None,
    }
}

#[cfg(test)]
mod tests;
