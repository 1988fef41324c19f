//! The controls of time: quick ranges, a form for any other, moving the window, the zone, and the refresh.

use jiff::{SignedDuration, Timestamp};

use crate::page_params::{Zone, in_one_unit};
use crate::web::links::{Link, Links, NavLink};
use crate::web::panels::times::{Moment, zone_at, zone_words};
use crate::web::params::PageParams;
use crate::web::request::View;

/// Offered between two refreshes, in seconds.
const REFRESHES: [u32; 5] = [5, 10, 30, 60, 300];

pub struct TimeBar {
    /// What the tabs beside it are.
    pub pages: &'static str,
    pub quick: Vec<NavLink>,
    pub from: String,
    pub to: String,
    pub start: Moment,
    pub end: Moment,
    /// None of the quick ranges is shown.
    pub is_custom: bool,
    pub moves: Moves,
    pub action: String,
    /// What the form of the window keeps, and what that of the zone keeps.
    pub hidden: Vec<(String, String)>,
    pub hidden_of_zone: Vec<(String, String)>,
    /// `UTC+1`, and `Europe/Berlin, UTC+1`.
    pub zone: String,
    pub zone_words: String,
    pub zones: Vec<NavLink>,
    pub refresh: String,
    pub refreshes: Vec<NavLink>,
}

/// Links to other windows of the page; None where there is none to show.
pub struct Moves {
    /// Half a window back, half a window on, and the window's middle with twice as much around it.
    pub earlier: Option<Link>,
    pub later: Option<Link>,
    pub wider: Option<Link>,
    /// The same window as two moments, where it is written by how far from now it is.
    pub lock: Option<Link>,
    /// As long a window that ends now and moves on.
    pub follow: Option<Link>,
}

impl Moves {
    fn of(links: Links<'_>, path: &str, params: &PageParams) -> Self {
        let period = params.period;
        let range = params.range();
        let length = period.to.duration_since(period.from);
        let half = length / 2;
        let ms = |at: Timestamp| at.as_millisecond().to_string();
        let fixed = |from: Timestamp, to: Timestamp| links.over(path, &ms(from), &ms(to));
        let until_now = |times: u32| {
            let far = in_one_unit(range.saturating_mul(times));
            links.over(path, &format!("now-{far}"), "now")
        };
        let moved = |from: SignedDuration, to: SignedDuration| {
            let from = period.from.checked_add(from).ok().filter(|at| *at >= Timestamp::UNIX_EPOCH)?;
            Some((from, period.to.checked_add(to).ok()?))
        };
        let live = params.is_live();
        let later = moved(half, half).filter(|_| !live && period.to < period.now);
        let wider = moved(-half, half);
        let twice = moved(-length, SignedDuration::ZERO).is_some();
        Self {
            earlier: moved(-half, -half).map(|(from, to)| fixed(from, to)),
            later: later.map(|(from, to)| if to < period.now { fixed(from, to) } else { until_now(1) }),
            wider: match wider {
                Some((from, to)) if !live && to < period.now => Some(fixed(from, to)),
                _ => twice.then(|| until_now(2)),
            },
            lock: (!params.is_fixed()).then(|| fixed(period.from, period.to.min(period.now))),
            follow: (!live).then(|| until_now(1)),
        }
    }
}

impl TimeBar {
    pub fn of(view: &View, page: &Link) -> Self {
        let (links, path, params) = (view.links(), page.path(), &view.params);
        let quick = links.quick_ranges(path);
        let every = |secs: Option<u32>| {
            let value = secs.map_or_else(|| "0".to_owned(), |s| format!("{s}s"));
            NavLink::new(
                secs.map_or_else(|| "Off".to_owned(), words),
                links.with(path, &[("refresh", Some(&value))]),
                params.refresh_secs == secs,
            )
        };
        let others = params.refresh_secs.filter(|s| !REFRESHES.contains(s));
        let offered = REFRESHES.into_iter().chain(others).map(Some);
        let keeps = |dropped: &'static [&'static str]| {
            let given = params.given.iter().filter(|(name, _)| !dropped.contains(&name.as_str()));
            given.cloned().collect()
        };
        let period = params.period;
        Self {
            pages: if view.is_ad_hoc() { "Custom pages" } else { "Pages of the entity" },
            is_custom: !quick.iter().any(|q| q.current),
            quick,
            from: typed(&params.from, period.from, &params.zone),
            to: typed(&params.to, period.to, &params.zone),
            start: Moment::of(period.from, period.now, &params.zone),
            end: Moment::of(period.to, period.now, &params.zone),
            moves: Moves::of(links, path, params),
            action: path.to_owned(),
            hidden: keeps(&["from", "to", "range", "page"]),
            hidden_of_zone: keeps(&["tz"]),
            zone: zone_at(period.now, &params.zone),
            zone_words: zone_words(period.now, &params.zone),
            zones: zones(links, path, params),
            refresh: params.refresh_secs.map_or_else(|| "off".to_owned(), words),
            refreshes: std::iter::once(None).chain(offered).map(every).collect(),
        }
    }
}

fn zones(links: Links<'_>, path: &str, params: &PageParams) -> Vec<NavLink> {
    let shown = params.zone.name();
    let named = Some(shown).filter(|name| !matches!(*name, "browser" | "utc"));
    let link = |name: &str| {
        let text = match name {
            "browser" => "Browser time zone".to_owned(),
            "utc" => "UTC".to_owned(),
            name => name.to_owned(),
        };
        NavLink::new(text, links.with(path, &[("tz", Some(name))]), name == shown)
    };
    ["browser", "utc"].into_iter().chain(named).map(link).collect()
}

/// An end of the window as a reader would write it: epoch numbers as date and time, in the page's zone where that
/// is known here.
fn typed(text: &str, at: Timestamp, zone: &Zone) -> String {
    let is_number = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    match zone {
        _ if !is_number => text.to_owned(),
        Zone::Browser => at.to_string(),
        Zone::Named(zone) => {
            let civil = at.to_zoned(zone.clone()).datetime();
            // Twice a year an hour is there twice: then only the offset tells which.
            let same = civil.to_zoned(zone.clone()).is_ok_and(|back| back.timestamp() == at);
            if same { civil.to_string().replace('T', " ") } else { at.to_string() }
        }
    }
}

fn words(secs: u32) -> String {
    if secs.is_multiple_of(60) { format!("{} min", secs / 60) } else { format!("{secs} s") }
}
