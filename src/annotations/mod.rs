//! What an entity's annotations ask for. Pure: text in, specification and problems out.

mod alert;
mod labels;
mod rule;
mod spec;

pub use spec::{AlertNames, AlertSpec, GraphSpec, GraphType, MonitoringSpec, Unit};

pub const RULE: &str = "prometheus.io/rule";
pub const ALERT: &str = "prometheus.io/alert";
pub const LABELS: &str = "prometheus.io/labels";
pub const SERVICE_NAME: &str = "prometheus.io/service-name";
