//! The controls of time: quick ranges, a form for any other, and the refresh.

use crate::web::links::QuickRange;
use crate::web::panels::times::Moment;
use crate::web::{Links, PageParams};

/// Offered between two refreshes, in seconds.
const REFRESHES: [u32; 5] = [5, 10, 30, 60, 300];

pub struct Refresh {
    pub text: String,
    pub href: String,
    pub current: bool,
}

pub struct TimeBar {
    /// What the tabs beside it are.
    pub pages: &'static str,
    pub quick: Vec<QuickRange>,
    pub from: String,
    pub to: String,
    pub start: Moment,
    pub end: Moment,
    /// None of the quick ranges is shown.
    pub is_custom: bool,
    pub action: String,
    pub hidden: Vec<(String, String)>,
    pub refresh: String,
    pub refreshes: Vec<Refresh>,
}

impl TimeBar {
    /// Of the page at `path`.
    pub fn of(links: Links<'_>, path: &str, params: &PageParams) -> Self {
        let quick = links.quick_ranges(path);
        let every = |secs: Option<u32>| {
            let value = secs.map_or_else(|| "0".to_owned(), |s| format!("{s}s"));
            Refresh {
                text: secs.map_or_else(|| "Off".to_owned(), words),
                href: links.with(path, &[("refresh", Some(&value))]),
                current: params.refresh_secs == secs,
            }
        };
        let others = params.refresh_secs.filter(|s| !REFRESHES.contains(s));
        let offered = REFRESHES.into_iter().chain(others).map(Some);
        let keeps = |name: &str| !matches!(name, "from" | "to" | "range" | "page");
        let period = params.period;
        Self {
            pages: "Pages of the entity",
            is_custom: !quick.iter().any(|q| q.current),
            quick,
            from: params.from.clone(),
            to: params.to.clone(),
            start: Moment::of(period.from, period.now, &params.zone),
            end: Moment::of(period.to, period.now, &params.zone),
            action: path.split('?').next().unwrap_or_default().to_owned(),
            hidden: params.given.iter().filter(|(name, _)| keeps(name)).cloned().collect(),
            refresh: params.refresh_secs.map_or_else(|| "off".to_owned(), words),
            refreshes: std::iter::once(None).chain(offered).map(every).collect(),
        }
    }
}

fn words(secs: u32) -> String {
    if secs.is_multiple_of(60) { format!("{} min", secs / 60) } else { format!("{secs} s") }
}
