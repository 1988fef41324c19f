//! Every scene and every suite, in one binary: it links once.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that meets the unexpected should stop"
)]

mod abandoned;
mod access;
mod alert_rows;
mod alerts_panel;
mod answer_types;
mod api;
mod backstage_program;
mod backstage_source;
mod behind_proxy;
mod breaker;
mod broken_selectors;
mod browser;
mod catalog;
mod catalog_counts;
mod catalog_faults;
mod catalog_page;
mod chart;
mod chart_browser;
mod chat;
mod check;
mod cli;
mod config;
mod connections;
mod controls;
mod custom_browser;
mod custom_pages;
mod defaults;
mod demo;
mod differential;
mod entity_page;
mod frame;
mod go;
mod graph_browser;
mod graph_panel;
mod label_reach;
mod leaving;
mod own_script;
mod params;
mod partial_answers;
mod pictures;
mod pipelines;
mod plugin_defects;
mod plugin_suite;
mod props;
mod proxy;
mod real_prometheus;
mod real_proxy;
mod routing;
mod routing_config;
mod row_browser;
mod says;
mod serving;
mod sheets;
mod silences;
mod store_scenes;
mod strangers;
mod templates;
mod tidy;
mod tls;
mod truth;
mod upstream_faults;
mod way_in;
mod world;
