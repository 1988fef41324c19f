//! Tests with a real browser. `tests/run browser` installs Chromium and runs them.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that meets the unexpected should stop"
)]

mod access;
mod alive;
mod behind_proxy;
mod catalog;
mod charts;
mod controls;
mod crosshair;
mod custom_pages;
mod folded;
mod frame;
mod frozen;
mod graphs;
mod leaving;
mod library;
mod opened;
mod pages;
mod phone;
mod pictures;
mod plugin_suite;
mod rows;
mod tail;
mod touch;

use browser::chromium;
