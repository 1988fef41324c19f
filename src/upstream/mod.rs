//! HTTP to the servers that the portal depends on: one client and one error for Prometheus, Alertmanager and Backstage.

mod error;
mod http;
mod sent_time;

pub use error::{ErrorKind, InstanceName, Outage, UpstreamError, Who};
pub use http::{ETag, HttpClient, MAX_BODY, RESERVED_HEADERS, Reply, endpoint};
pub use sent_time::SentTime;
