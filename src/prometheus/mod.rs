//! Prometheus as a client sees it: windows, samples, rules, metadata, instances, errors. Knows no entity.

mod breaker;
mod failure;
mod histogram;
mod instance;
mod instances;
mod instant;
mod labels;
mod limits;
mod metadata;
mod numbers;
mod remarks;
mod request;
mod row_id;
mod row_ids;
mod rules;
mod samples;
mod severity;
mod shared_column;
mod window;
pub mod wire;

pub use histogram::{Boundaries, Bucket, Histogram, HistogramSeries, UNKNOWN_BOUNDARIES};
pub use instance::{Instance, InstanceSettings, UNSTABLE_TAIL};
pub use instances::Instances;
pub use instant::{InstantAnswer, InstantSample, InstantValue, SampleValue, SeriesSamples};
pub use labels::Labels;
pub use metadata::{BuildInfo, ExternalLabels, Metadata, MetricNames};
pub use numbers::Float;
pub use request::Origin;
pub use row_id::RowId;
pub use rules::{Alert, AlertState, AlertingRule, RuleGroup, RuleHealth, Rules};
pub use samples::{ABSENT, Matrix, Series, is_absent};
pub use severity::{Severities, SeverityRank};
pub use shared_column::SharedColumn;
pub use window::{MAX_POINTS, STEP_LADDER, Window, default_step};

pub use crate::upstream::{InstanceName, Outage, SentTime};
