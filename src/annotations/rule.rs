//! Reads `prometheus.io/rule`.
