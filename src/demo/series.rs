//! The raw series of the demo, as exporters would expose them, from the files under `config/demo/series`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::document;
use super::figures::{Figure, FigureOf};
use super::terms::Terms;
use super::waves::{MINUTE, ORIGIN, Story};
use crate::engine::{ClosedSeries, EngineLabels, SampleFunction};
use crate::promql::METRIC_NAME;

const FILES: [(&str, &str); 5] = [
    ("demo/series/payments.yaml", include_str!("../../config/demo/series/payments.yaml")),
    ("demo/series/shop.yaml", include_str!("../../config/demo/series/shop.yaml")),
    ("demo/series/search.yaml", include_str!("../../config/demo/series/search.yaml")),
    ("demo/series/gateway.yaml", include_str!("../../config/demo/series/gateway.yaml")),
    ("demo/series/orders-db.yaml", include_str!("../../config/demo/series/orders-db.yaml")),
];

type LabelMap = BTreeMap<String, String>;

/// What the exporters say of a metric.
#[derive(Clone, Deserialize, Serialize)]
pub struct MetricHelp {
    #[serde(rename = "type")]
    pub kind: MetricKind,
    #[serde(default)]
    pub help: String,
    #[serde(default)]
    pub unit: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MetricKind {
    Counter,
    Gauge,
    Histogram,
    Summary,
}

/// One metric of a file, with its series.
#[derive(Deserialize)]
struct MetricFamily {
    metric: String,
    #[serde(flatten)]
    help: MetricHelp,
    #[serde(default)]
    labels: LabelMap,
    /// Each has every series, with labels of its own.
    #[serde(default)]
    targets: Vec<DemoTarget>,
    /// Counters begin anew with the deploy of payments.
    #[serde(default)]
    restarts: bool,
    /// The upper limits of a histogram's buckets.
    #[serde(default)]
    buckets: Vec<f64>,
    series: Vec<SeriesForm>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoTarget {
    labels: LabelMap,
    #[serde(default = "whole")]
    share: f64,
    /// In minutes since the start of the demo: it is down from then on.
    until: Option<f64>,
}

fn whole() -> f64 {
    1.0
}

/// One series, or one of each target. It has a rate, a level, a figure or parts.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeriesForm {
    #[serde(default)]
    labels: LabelMap,
    /// In place of the targets' own.
    #[serde(default)]
    shares: Vec<f64>,
    /// In minutes since the start of the demo.
    until: Option<f64>,
    /// Of a counter, a second.
    rate: Option<Terms>,
    /// Of a gauge.
    level: Option<Terms>,
    /// Only whole numbers.
    #[serde(default)]
    rounded: bool,
    figure: Option<Figure>,
    #[serde(default)]
    size: f64,
    #[serde(default)]
    seed: u64,
    /// Of a histogram.
    #[serde(default)]
    parts: Vec<LatencyPart>,
}

/// Requests whose durations lie around a median, by a log-logistic distribution.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct LatencyPart {
    rate: Terms,
    median: f64,
    shape: f64,
}

impl LatencyPart {
    /// The share of requests that take at most so many seconds.
    fn within(&self, seconds: f64) -> f64 {
        if seconds.is_infinite() { 1.0 } else { 1.0 / (1.0 + (self.median / seconds).powf(self.shape)) }
    }

    fn mean(&self) -> f64 {
        let angle = std::f64::consts::PI / self.shape;
        self.median * angle / angle.sin()
    }
}

/// All series, and what is known of the metrics.
pub fn read(story: Story) -> Result<(Vec<ClosedSeries>, BTreeMap<String, MetricHelp>), String> {
    let (mut series, mut metrics) = (Vec::new(), BTreeMap::new());
    for (name, text) in FILES {
        let families: Vec<MetricFamily> = serde_json::from_value(document(name, text)?.to_json())
            .map_err(|error| format!("{name}: {error}"))?;
        for family in families {
            family
                .add_to(&mut series, story)
                .map_err(|error| format!("{name}: {}: {error}", family.metric))?;
            metrics.insert(family.metric, family.help);
        }
    }
    Ok((series, metrics))
}

impl MetricFamily {
    fn add_to(&self, all: &mut Vec<ClosedSeries>, story: Story) -> Result<(), String> {
        let alone = [DemoTarget { labels: LabelMap::new(), share: 1.0, until: None }];
        let targets = if self.targets.is_empty() { &alone[..] } else { &self.targets };
        for form in &self.series {
            for (i, target) in targets.iter().enumerate() {
                let share = form.shares.get(i).copied().unwrap_or(target.share);
                let seed = u64::try_from(i).unwrap_or_default() * 1000;
                let labels = [&self.labels, &target.labels, &form.labels].into_iter().flatten();
                let labels: LabelMap = labels.map(|(name, value)| (name.clone(), value.clone())).collect();
                let until = form.until.or(target.until).map(|minutes| story.began() + minutes * MINUTE);
                self.add_series(all, form, OneTarget { labels, share, seed, until, story })?;
            }
        }
        Ok(())
    }

    fn add_series(
        &self,
        all: &mut Vec<ClosedSeries>,
        form: &SeriesForm,
        of: OneTarget,
    ) -> Result<(), String> {
        let OneTarget { labels, share, seed, until, story } = of;
        let restart = self.restarts.then(|| story.deploy());
        // Seconds are counted in hundredths, everything else in whole numbers.
        let grain = if self.help.unit == "seconds" { 100.0 } else { 1.0 };
        // Prometheus itself writes `up`, whether the target answers or not.
        let down = (self.metric == "up").then_some(0.0);
        let (from, to) =
            form.figure.map_or((ORIGIN, f64::INFINITY), |figure| figure.between(story, form.size));
        let to = until.filter(|_| down.is_none()).map_or(to, |until| until.min(to));
        let mut add = |suffix: &str, labels: LabelMap, level: LevelAt| {
            let name = (METRIC_NAME.to_owned(), format!("{}{suffix}", self.metric));
            let labels = EngineLabels::new(labels.into_iter().chain([name]));
            let between = (milliseconds(from), milliseconds(to));
            all.push(ClosedSeries { labels, between, samples: sampled(level, until, down) });
        };
        match (&form.rate, &form.level, form.figure, form.parts.as_slice()) {
            (Some(rate), None, None, []) => {
                add("", labels, counted(vec![(rate.share(share, seed), 1.0)], story, restart, grain));
            }
            (None, Some(level), None, []) => {
                let (level, rounded) = (level.share(share, seed), form.rounded);
                let at = move |t| level.level(story, t);
                add("", labels, Box::new(move |t| Some(if rounded { at(t).round() } else { at(t) })));
            }
            (None, None, Some(figure), []) => {
                let which =
                    ["quantile", "queue", "from", "shard", "datname"].iter().find_map(|l| labels.get(*l));
                let which = which.cloned().unwrap_or_default();
                let figure = FigureOf { figure, which, size: form.size, seed: form.seed };
                add("", labels, Box::new(move |t| figure.at(story, t)));
            }
            (None, None, None, [_, ..]) => {
                let parts = |weight: &dyn Fn(&LatencyPart) -> f64| -> Vec<(Terms, f64)> {
                    form.parts.iter().map(|part| (part.rate.share(share, seed), weight(part))).collect()
                };
                for limit in self.buckets.iter().copied().chain([f64::INFINITY]) {
                    let le = if limit.is_infinite() { "+Inf".to_owned() } else { limit.to_string() };
                    let mut labels = labels.clone();
                    labels.insert("le".to_owned(), le);
                    let parts = parts(&|part| part.within(limit));
                    add("_bucket", labels, counted(parts, story, restart, 1.0));
                }
                add("_count", labels.clone(), counted(parts(&|_| 1.0), story, restart, 1.0));
                add("_sum", labels, counted(parts(&LatencyPart::mean), story, restart, 1000.0));
            }
            _ => return Err("a series needs one of `rate`, `level`, `figure` and `parts`".to_owned()),
        }
        Ok(())
    }
}

/// What a series has from the target that exposes it.
struct OneTarget {
    labels: LabelMap,
    share: f64,
    seed: u64,
    /// Epoch seconds.
    until: Option<f64>,
    story: Story,
}

/// The value at a time in epoch seconds.
type LevelAt = Box<dyn Fn(f64) -> Option<f64> + Send + Sync>;

/// A counter of the weighted sum of rates, in steps of one `grain`th.
fn counted(rates: Vec<(Terms, f64)>, story: Story, restart: Option<f64>, grain: f64) -> LevelAt {
    let sum =
        move |t: f64| -> f64 { rates.iter().map(|(rate, weight)| weight * rate.integral(story, t)).sum() };
    let (at_origin, at_restart) = (sum(ORIGIN), restart.map(|restart| (restart, sum(restart))));
    Box::new(move |t| {
        let start = at_restart.filter(|(restart, _)| t >= *restart).map_or(at_origin, |(_, sum)| sum);
        Some(((sum(t) - start) * grain).floor() / grain)
    })
}

/// As far as an instant may be from the epoch.
fn milliseconds(seconds: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "what does not fit is the farthest that does")]
    let ms = (seconds * 1000.0).ceil() as i64;
    ms
}

/// The samples of a series from the origin until its target is down, and what it has then.
fn sampled(level: LevelAt, until: Option<f64>, down: Option<f64>) -> SampleFunction {
    Box::new(move |at_ms| {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of this age of the world fit")]
        let t = at_ms as f64 / 1000.0;
        match until {
            _ if t < ORIGIN => None,
            Some(until) if t >= until => down,
            _ => level(t),
        }
    })
}

#[cfg(test)]
mod tests;
