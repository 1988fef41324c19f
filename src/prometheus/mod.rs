//! Prometheus as a client sees it: windows, samples, rules, metadata, instances, errors. Knows no entity.

mod breaker;
mod client;
mod external;
mod failure;
mod float;
mod histogram;
mod instances;
mod instant;
mod limits;
mod metadata;
mod remarks;
mod request;
mod rules;
mod samples;
mod targets;
mod window;
pub mod wire;

pub use breaker::Outage;
pub use client::Client;
pub use external::ExternalLabels;
pub use float::Float;
pub use histogram::{Boundaries, Bucket, Histogram, HistogramSeries};
pub use instances::{Instance, InstanceSettings, Instances};
pub use instant::{InstantAnswer, InstantSample, InstantValue, SampleValue, SeriesSamples};
pub use limits::Origin;
pub use metadata::{Metadata, MetricNames};
pub use rules::{Alert, AlertState, AlertingRule, RuleGroup, RuleHealth, Rules};
pub use samples::{ABSENT, Labels, Matrix, Series, is_absent};
pub use window::{MAX_POINTS, STEP_LADDER, Window, default_step};

pub use crate::upstream::{InstanceName, SentTime};
