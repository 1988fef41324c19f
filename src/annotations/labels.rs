//! Reads `prometheus.io/labels`.
