//! Semantics, with values taken from Prometheus 2.42.
