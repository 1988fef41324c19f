//! Every scene and every suite, in one binary: it links once.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that meets the unexpected should stop"
)]

mod alert_rows;
mod alerts_panel;
mod answer_types;
mod api;
mod browser;
mod catalog;
mod catalog_page;
mod chat;
mod check;
mod cli;
mod config;
mod controls;
mod custom_pages;
mod defaults;
mod demo;
mod differential;
mod entity_page;
mod frame;
mod go;
mod graph_browser;
mod graph_panel;
mod params;
mod pictures;
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
mod templates;
mod tidy;
mod upstream_faults;
mod way_in;
mod world;
