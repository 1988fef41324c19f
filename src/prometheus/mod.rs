//! Prometheus as a client sees it: windows, samples, rules, instances, errors. Knows no entity.

mod client;
mod error;
mod instances;
mod lane;
mod refusal;
mod rules;
mod samples;
mod window;
pub mod wire;

pub use client::Client;
pub use error::{ErrorKind, PrometheusError};
pub use instances::{InstanceName, InstanceSettings, Instances};
pub use rules::{Alert, AlertState, AlertingRule, RuleHealth, Rules};
pub use samples::{ABSENT, Labels, Matrix, Series, is_absent};
pub use window::{MAX_POINTS, STEP_LADDER, Window, default_step};
