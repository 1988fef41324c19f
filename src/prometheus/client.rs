//! Asks one instance over HTTP, within limits, and decodes strictly.

use super::{Matrix, PrometheusError, Rules, Window};
use crate::promql::PromQl;

/// The client of one instance: its HTTP client, headers, deadline and semaphore.
pub struct Client {}

impl Client {
    pub async fn query_range(&self, query: &PromQl, window: Window) -> Result<Matrix, PrometheusError> {
        let _ = (query, window);
        todo!()
    }

    pub async fn rules(&self) -> Result<Rules, PrometheusError> {
        todo!()
    }
}
