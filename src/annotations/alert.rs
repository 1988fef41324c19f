//! Reads `prometheus.io/alert`.
