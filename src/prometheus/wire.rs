//! Prometheus' JSON, read strictly into columns and rules.
