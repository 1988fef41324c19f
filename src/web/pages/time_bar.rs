//! The controls of time: quick ranges, a form for any other, moving the window, the zone, and the refresh.

use jiff::{SignedDuration, Timestamp};

use crate::page_params::{Zone, in_one_unit};
use crate::web::links::{Link, Links, NavLink};
use crate::web::panels::times::Moment;
use crate::web::params::PageParams;

/// Offered between two refreshes, in seconds.
const REFRESHES: [u32; 5] = [5, 10, 30, 60, 300];

pub struct TimeBar<'a> {
    links: Links<'a>,
    pub params: &'a PageParams,
    /// The path of the page.
    pub path: &'a str,
    pub quick: Vec<NavLink>,
}

impl<'a> TimeBar<'a> {
    pub fn of(links: Links<'a>, page: &'a Link) -> Self {
        Self { links, params: links.params, path: page.path(), quick: links.quick_ranges(page.path()) }
    }

    /// The range in a word.
    pub fn shown(&self) -> &str {
        self.quick.iter().find(|range| range.current).map_or("Custom", |range| &range.text)
    }

    /// None of the quick ranges is shown.
    pub fn is_custom(&self) -> bool {
        !self.quick.iter().any(|range| range.current)
    }

    pub fn moment(&self, at: &Timestamp) -> Moment {
        Moment::of(at, self.params)
    }

    /// Half a window back.
    pub fn earlier(&self) -> Option<Link> {
        let half = self.length() / 2;
        self.moved(-half, -half).map(|(from, to)| self.over(from, to))
    }

    /// Half a window on.
    pub fn later(&self) -> Option<Link> {
        let (half, period) = (self.length() / 2, self.params.period);
        let (from, to) =
            self.moved(half, half).filter(|_| !self.params.is_live() && period.to < period.now)?;
        Some(if to < period.now { self.over(from, to) } else { self.until_now(1) })
    }

    /// The window's middle with twice as much around it.
    pub fn wider(&self) -> Option<Link> {
        let (length, now) = (self.length(), self.params.period.now);
        match self.moved(-length / 2, length / 2) {
            Some((from, to)) if !self.params.is_live() && to < now => Some(self.over(from, to)),
            _ => self.moved(-length, SignedDuration::ZERO).map(|_| self.until_now(2)),
        }
    }

    /// The same window as two moments, where it is written by how far from now it is.
    pub fn lock(&self) -> Option<Link> {
        let period = self.params.period;
        (!self.params.is_fixed()).then(|| self.over(period.from, period.to.min(period.now)))
    }

    /// The link to a window of the same length that ends now and moves on.
    pub fn follow(&self) -> Option<Link> {
        (!self.params.is_live()).then(|| self.until_now(1))
    }

    /// Where the window does not move on: its ends.
    pub fn frozen(&self) -> Option<[Moment; 2]> {
        self.params.is_frozen().then(|| Moment::ends(self.params))
    }

    /// The page over its default window.
    pub fn default_window(&self) -> Link {
        self.links.with(self.path, &[("from", None), ("to", None), ("range", None), ("page", None)])
    }

    fn length(&self) -> SignedDuration {
        self.params.period.to.duration_since(self.params.period.from)
    }

    /// The window with its ends moved. None before 1970.
    fn moved(&self, from: SignedDuration, to: SignedDuration) -> Option<(Timestamp, Timestamp)> {
        let period = self.params.period;
        let from = period.from.checked_add(from).ok().filter(|at| *at >= Timestamp::UNIX_EPOCH)?;
        Some((from, period.to.checked_add(to).ok()?))
    }

    fn over(&self, from: Timestamp, to: Timestamp) -> Link {
        let ms = |at: Timestamp| at.as_millisecond().to_string();
        self.links.over(self.path, &ms(from), &ms(to))
    }

    fn until_now(&self, times: u32) -> Link {
        let far = in_one_unit(self.params.range().saturating_mul(times));
        self.links.over(self.path, &format!("now-{far}"), "now")
    }

    /// What a form keeps.
    pub fn without(&self, dropped: &[&str]) -> Vec<&(String, String)> {
        self.params.given.iter().filter(|(name, _)| !dropped.contains(&name.as_str())).collect()
    }

    pub fn zones(&self) -> Vec<NavLink> {
        let shown = self.params.zone.name();
        let named = Some(shown).filter(|name| !matches!(*name, "browser" | "utc"));
        let link = |name: &str| {
            let text = match name {
                "browser" => "Browser time zone",
                "utc" => "UTC",
                name => name,
            };
            NavLink::new(text, self.links.with(self.path, &[("tz", Some(name))]), name == shown)
        };
        ["browser", "utc"].into_iter().chain(named).map(link).collect()
    }

    pub fn refreshes(&self) -> Vec<NavLink> {
        let now = self.params.refresh_secs;
        let every = |secs: Option<u32>| {
            let value = secs.map_or_else(|| "0".to_owned(), |s| format!("{s}s"));
            let link = self.links.with(self.path, &[("refresh", Some(&value))]);
            NavLink::new(secs.map_or_else(|| "Off".to_owned(), interval_text), link, now == secs)
        };
        let other = now.filter(|secs| !REFRESHES.contains(secs));
        std::iter::once(None).chain(REFRESHES.into_iter().chain(other).map(Some)).map(every).collect()
    }

    /// An end of the window as a reader would write it: epoch numbers as date and time, in the page's zone where that
    /// is known here.
    pub fn typed(&self, text: &str, at: &Timestamp) -> String {
        let is_number = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        match &self.params.zone {
            _ if !is_number => text.to_owned(),
            Zone::Browser => at.to_string(),
            Zone::Named(zone) => {
                let civil = at.to_zoned(zone.clone()).datetime();
                // In autumn one hour occurs twice. Only the offset distinguishes them.
                let same = civil.to_zoned(zone.clone()).is_ok_and(|back| back.timestamp() == *at);
                if same { civil.to_string().replace('T', " ") } else { at.to_string() }
            }
        }
    }
}

pub fn interval_text(secs: u32) -> String {
    if secs.is_multiple_of(60) { format!("{} min", secs / 60) } else { format!("{secs} s") }
}
