//! All tests that need only Rust, in one binary, which links once.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that meets the unexpected should stop"
)]

mod ad_hoc_storm;
mod alert_rows;
mod alert_states;
mod alerts_panel;
mod answer_types;
mod api;
mod backstage_program;
mod backstage_source;
mod behind_proxy;
mod bounds;
mod breaker;
mod broken_selectors;
mod cancelled_queries;
mod catalog;
mod catalog_counts;
mod catalog_faults;
mod catalog_order;
mod catalog_page;
mod chart;
mod chart_tail;
mod check;
mod cli;
mod config;
mod config_layers;
mod connections;
mod csv;
mod custom_pages;
mod defaults;
mod demo;
mod demo_pages;
mod documentation;
mod empty_reasons;
mod entity_page;
mod folded;
mod go;
mod graph_messages;
mod graph_panel;
mod init;
mod kept;
mod many_alerts;
mod newer_promql;
mod own_script;
mod params;
mod partial_answers;
mod pipelines;
mod plugin_defects;
mod plugin_suite;
mod program;
mod proxy;
mod query_parameter;
mod routing;
mod routing_config;
mod series;
mod servers;
mod serving;
mod silences;
mod store;
mod templates;
mod tidy;
mod tiles;
mod tls;
mod upstream_faults;
mod upstream_words;
