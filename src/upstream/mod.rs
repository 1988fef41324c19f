//! HTTP to the servers that the portal depends on: one client and one error for Prometheus, Alertmanager and Backstage.

mod error;
mod fingerprint;
mod health;
mod heard;
mod http;
mod outages;
mod secrets;
mod sent_time;

pub use error::{ErrorKind, InstanceName, Outage, UpstreamError, Who, is_same_failure};
pub use fingerprint::Fingerprint;
pub use health::{HealthReport, ServerHealth, ServerState};
pub use http::{ETag, HttpClient, MAX_BODY, RESERVED_HEADERS, Reply, endpoint};
pub use outages::{RequestOutage, RequestOutages};
pub use secrets::HeaderSecrets;
pub use sent_time::SentTime;
