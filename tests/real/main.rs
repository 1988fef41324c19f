//! Tests with a real Prometheus, Alertmanager and VictoriaMetrics. `tests/run real` installs and runs them.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that meets the unexpected should stop"
)]

mod alertmanager;
mod chat;
mod demo_rules;
mod differential;
mod engine;
mod graphs;
mod init;
mod label_reach;
mod prometheus;
mod proxy;
mod refreshes;
mod regexes;
mod restart;
mod rule_states;
mod silences;
mod tiles;
mod victoria;
