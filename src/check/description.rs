//! What an instance says of itself, for `promenade init`.

use std::time::Duration;

use jiff::Timestamp;

use crate::prometheus::{BuildInfo, Instance, InstantValue, Origin, Rules, SampleValue};
use crate::promql::PromQl;
use crate::upstream::{ErrorKind, UpstreamError};

/// How many samples the most frequent series of a target has in this time. A younger series has fewer than its interval
/// would give.
const SPACING: &str = "max(count_over_time(up[5m]) and (up offset 5m))";
const SPACING_SECS: f64 = 300.0;
/// Intervals that people configure, in seconds. A count of samples may be one off.
const USUAL: [f64; 10] = [1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 60.0, 120.0, 300.0];

/// What an instance that answers queries says of itself. None: it does not say.
pub struct InstanceDescription {
    pub build: Option<BuildInfo>,
    pub scrape_interval: Option<FoundInterval>,
    /// A failure if it has no rules, or does not answer.
    pub rules: Result<Rules, UpstreamError>,
}

/// A scrape interval, and where it is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundInterval {
    Configured(Duration),
    /// From the number of samples.
    Measured(Duration),
}

impl FoundInterval {
    pub fn duration(self) -> Duration {
        let (Self::Configured(duration) | Self::Measured(duration)) = self;
        duration
    }
}

impl InstanceDescription {
    /// Fails if the instance answers no queries.
    pub async fn ask(instance: &Instance, now: Timestamp) -> Result<Self, UpstreamError> {
        let measured = match measured_interval(instance, now).await {
            Ok(measured) => measured,
            // It answers queries, if not this one.
            Err(failure) if failure.kind.is_of_query() => None,
            Err(failure) => return Err(failure),
        };
        // A failure here means only that it does not say.
        let build = instance.build_info().await.ok();
        let configured = instance.scrape_interval().await.ok().flatten();
        let scrape_interval = configured.map(FoundInterval::Configured);
        let scrape_interval = scrape_interval.or(measured.map(FoundInterval::Measured));
        // Last: it may be the request that fails.
        Ok(Self { build, scrape_interval, rules: instance.rules().await })
    }

    /// Whether the server has no `/rules` at all.
    pub fn is_without_rules(&self) -> bool {
        self.rules.as_ref().is_err_and(|failure| failure.kind == ErrorKind::NoRules)
    }
}

async fn measured_interval(instance: &Instance, now: Timestamp) -> Result<Option<Duration>, UpstreamError> {
    let Some(query) = PromQl::read(SPACING).0 else { return Ok(None) };
    let answer = instance.query(&query, now.as_millisecond(), Origin::Known).await?;
    let InstantValue::Vector(samples) = answer.value else { return Ok(None) };
    let count = samples.first().and_then(|sample| match sample.value {
        SampleValue::Float(count) => Some(count),
        SampleValue::Histogram(_) => None,
    });
    Ok(count.filter(|count| *count >= 1.0).map(usual))
}

/// The usual interval that is closest to that of so many samples.
fn usual(count: f64) -> Duration {
    let interval = SPACING_SECS / count;
    let distance = |usual: f64| (usual / interval).ln().abs();
    let nearest = USUAL.into_iter().min_by(|a, b| distance(*a).total_cmp(&distance(*b)));
    Duration::from_secs_f64(nearest.unwrap_or(SPACING_SECS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_of_samples_gives_the_usual_interval() {
        for (count, secs) in
            [(300.0, 1), (60.0, 5), (21.0, 15), (20.0, 15), (10.0, 30), (11.0, 30), (5.0, 60)]
        {
            assert_eq!(usual(count), Duration::from_secs(secs), "{count}");
        }
        for (count, secs) in [(6.0, 60), (2.0, 120), (3.0, 120), (1.0, 300), (1e9, 1)] {
            assert_eq!(usual(count), Duration::from_secs(secs), "{count}");
        }
    }
}
