//! The series of one query at one step, in stretches of time: what is missing of a window, what an answer changes, and
//! the samples of a window. Reads no clock and sends no request.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::super::{age_at, millis};
use super::stretch::{Extent, Fetched, Stretch};
use crate::prometheus::{HistogramSeries, Labels, MAX_POINTS, Matrix, Window};

/// The most instants that are kept: three windows of the largest size.
const MOST_POINTS: usize = 3 * MAX_POINTS;
/// More parts of a window are requested as one.
const MOST_PARTS: usize = 4;
/// As many as an answer has.
pub const MOST_INFOS: usize = 100;
/// A clock that is kept by NTP is set back by less.
const TOLERATED: SignedDuration = SignedDuration::from_secs(1);

/// How old a part may be before it is fetched again.
#[derive(Clone, Copy, Debug)]
pub struct RefetchRules {
    /// With samples that may still change.
    pub unstable: Duration,
    /// Any part, so that a late backfill is seen.
    pub any: Duration,
}

/// The series of one query at one step. No two stretches touch.
#[derive(Clone, Debug)]
pub struct SeriesSet {
    /// In the order of time.
    stretches: Vec<Stretch>,
    infos: Vec<String>,
}

impl SeriesSet {
    pub const fn new() -> Self {
        Self { stretches: Vec::new(), infos: Vec::new() }
    }

    /// Of parts that were read. None: they are not as all code expects them.
    pub fn read(stretches: Vec<Stretch>, infos: Vec<String>, step_ms: i64) -> Option<Self> {
        let is_apart = |one: &Stretch, next: &Stretch| one.end_ms.saturating_add(step_ms) < next.start_ms;
        let is_sound = stretches.iter().all(|stretch| stretch.is_sound(step_ms));
        (is_sound && stretches.is_sorted_by(is_apart)).then_some(Self { stretches, infos })
    }

    /// Whether it has more instants than are kept.
    pub fn is_too_long(&self) -> bool {
        self.len() > MOST_POINTS
    }

    /// Keeps the newest of more instants than are kept.
    pub fn shorten(&mut self) {
        if self.is_too_long() {
            self.keep_newest(MOST_POINTS);
        }
    }

    pub fn stretches(&self) -> &[Stretch] {
        &self.stretches
    }

    pub fn infos(&self) -> &[String] {
        &self.infos
    }

    /// The parts of a window that have to be fetched now, in the order of time: what is not there, what may have changed
    /// since, and with a missing end the unstable samples before it.
    pub fn missing(&self, window: &Window, rules: RefetchRules, now: Timestamp) -> Vec<Window> {
        let (step_ms, mut parts, mut next_ms) = (window.step_ms(), Vec::new(), window.start_ms());
        let mut unstable_ms = None;
        for extent in self.stretches.iter().flat_map(|stretch| &stretch.extents) {
            let (from, to) = (extent.start_ms.max(window.start_ms()), extent.end_ms.min(window.end_ms()));
            if from > to {
                continue;
            }
            if from > next_ms {
                parts.push((unstable_ms.take().unwrap_or(next_ms), from.saturating_sub(step_ms)));
            }
            next_ms = to.saturating_add(step_ms);
            let fetched = &extent.fetched;
            let first_unstable = fetched.settled_ms.saturating_add(1).max(from);
            unstable_ms = (first_unstable <= to).then_some(first_unstable);
            if is_from_future(fetched, now) || age_at(fetched.oldest, now) >= rules.any {
                parts.push((from, to));
            } else if unstable_ms.is_some() && age_at(fetched.as_of, now) >= rules.unstable {
                parts.push((first_unstable, to));
            }
        }
        if next_ms <= window.end_ms() {
            parts.push((unstable_ms.unwrap_or(next_ms), window.end_ms()));
        }
        let mut parts = without_overlap(parts, step_ms);
        if parts.len() > MOST_PARTS {
            let last = parts.last().map(|(_, to)| *to);
            parts = parts.first().zip(last).map(|((from, _), to)| (*from, to)).into_iter().collect();
        }
        parts.into_iter().filter_map(|(from, to)| window.between(from, to)).collect()
    }

    /// How many bytes the stretch that an answer becomes a part of may have, before it is made.
    pub fn bytes_with(&self, answer: &Matrix) -> usize {
        let (step_ms, window) = (answer.window.step_ms(), answer.window);
        let (mut start_ms, mut end_ms) = (window.start_ms(), window.end_ms());
        let mut series: Vec<&Labels> = answer.series.iter().map(|one| &one.labels).collect();
        let mut histograms = answer.histograms.iter().map(HistogramSeries::weight).sum::<usize>();
        for stretch in &self.stretches {
            let is_before = stretch.end_ms < window.start_ms().saturating_sub(step_ms);
            if is_before || stretch.start_ms > window.end_ms().saturating_add(step_ms) {
                continue;
            }
            (start_ms, end_ms) = (start_ms.min(stretch.start_ms), end_ms.max(stretch.end_ms));
            series.extend(stretch.labels());
            histograms = histograms.saturating_add(stretch.histogram_bytes());
        }
        series.sort_unstable();
        series.dedup();
        let points = usize::try_from(end_ms.saturating_sub(start_ms) / step_ms).unwrap_or(usize::MAX);
        series.len().saturating_mul(points.saturating_add(1)).saturating_mul(8).saturating_add(histograms)
    }

    /// Whether it may have an answer too, before that is merged.
    pub fn has_room_for(&self, answer: &Matrix, most_bytes: usize) -> bool {
        self.len().saturating_add(answer.window.len()) <= MOST_POINTS
            && self.weight().saturating_add(answer.weight()) <= most_bytes
            && self.bytes_with(answer) <= most_bytes
    }

    /// The parts that another set of the same series has, and this one lacks or fetched earlier, from the newest on.
    pub fn lacking(&self, other: &Self, now: Timestamp) -> Vec<(Window, Fetched)> {
        let own: Vec<&Extent> = self.stretches.iter().flat_map(|stretch| &stretch.extents).collect();
        let mut parts = Vec::new();
        let extents =
            other.stretches.iter().flat_map(|one| one.extents.iter().map(|extent| (one.step_ms, extent)));
        for (step_ms, extent) in extents.filter(|(_, extent)| !is_from_future(&extent.fetched, now)) {
            let first = own.partition_point(|one| one.end_ms < extent.start_ms);
            let near = own.iter().skip(first).take_while(|one| one.start_ms <= extent.end_ms);
            let mut next_ms = extent.start_ms;
            // What came at the same time or later stays.
            for one in near.filter(|one| one.fetched.as_of >= extent.fetched.oldest) {
                let before_ms = one.start_ms.saturating_sub(step_ms);
                parts.extend(windows(next_ms, before_ms, step_ms).map(|window| (window, extent.fetched)));
                next_ms = one.end_ms.saturating_add(step_ms);
            }
            parts.extend(windows(next_ms, extent.end_ms, step_ms).map(|window| (window, extent.fetched)));
        }
        parts.reverse();
        parts
    }

    /// Takes the samples of an answer in the place of those that were there. `tail`: how long samples may change.
    /// Neighbouring parts that were fetched `within` a while become one.
    pub fn merge(&mut self, answer: Matrix, fetched: Fetched, tail: Duration, within: Duration) {
        let (start_ms, end_ms) = (answer.window.start_ms(), answer.window.end_ms());
        let step_ms = answer.window.step_ms();
        let is_empty = answer.series.is_empty() && answer.histograms.is_empty();
        // Where samples just were, the instance may have lost them for the moment only. Not for ever, or each refresh would
        // request all the time since.
        let just_ms = fetched.settled_ms.max(start_ms).saturating_sub(millis(tail)).min(start_ms);
        let is_doubtful = is_empty && self.has_samples(just_ms, end_ms);
        let settled_ms = if is_doubtful { i64::MIN } else { fetched.settled_ms };
        let infos = answer.infos.clone();
        let mut merged = Stretch::of(answer, Fetched { settled_ms, ..fetched });
        let mut apart = Vec::with_capacity(self.stretches.len() + 1);
        for old in std::mem::take(&mut self.stretches) {
            let is_before = old.end_ms < start_ms.saturating_sub(step_ms);
            if is_before || old.start_ms > end_ms.saturating_add(step_ms) {
                apart.push(old);
                continue;
            }
            let after = if old.end_ms > end_ms { old.clone().from(end_ms.saturating_add(1)) } else { None };
            if let Some(before) = old.until(start_ms.saturating_sub(1)) {
                merged = before.then(merged);
            }
            if let Some(after) = after {
                merged = merged.then(after);
            }
        }
        let is_all = apart.is_empty() && (merged.start_ms, merged.end_ms) == (start_ms, end_ms);
        self.add_infos(infos, is_all);
        merged.join_extents(within);
        let at = apart.iter().position(|one| one.start_ms > end_ms).unwrap_or(apart.len());
        apart.insert(at, merged);
        self.stretches = apart;
    }

    /// `is_all`: of all samples that are kept.
    fn add_infos(&mut self, infos: Vec<String>, is_all: bool) {
        if is_all {
            self.infos.clear();
        }
        for info in infos {
            if self.infos.len() < MOST_INFOS && !self.infos.contains(&info) {
                self.infos.push(info);
            }
        }
    }

    /// The newest samples of a window that are there without a gap. The matrix' own window says which these are.
    pub fn slice(&self, window: &Window) -> Option<Matrix> {
        self.stretches.iter().rev().find_map(|stretch| {
            let part = window.between(stretch.start_ms, stretch.end_ms)?;
            Some(Matrix { infos: self.infos.clone(), ..stretch.slice(part) })
        })
    }

    /// Drops what lies before an instant, and of a set that is too long everything outside the window.
    pub fn keep_from(&mut self, start_ms: i64, window: &Window) {
        self.cut(start_ms.min(window.start_ms()), i64::MAX);
        if self.len() > MOST_POINTS {
            self.cut(window.start_ms(), i64::MAX);
        }
        if self.len() > MOST_POINTS {
            self.cut(window.start_ms(), window.end_ms());
        }
    }

    /// Drops the oldest instants until it has no more bytes.
    pub fn trim(&mut self, most_bytes: usize) {
        loop {
            self.stretches.iter_mut().for_each(Stretch::shrink);
            let (len, weight) = (self.len(), self.weight());
            if weight <= most_bytes || len == 0 {
                return;
            }
            self.keep_newest((len.saturating_mul(most_bytes) / weight).min(len - 1));
        }
    }

    fn keep_newest(&mut self, mut instants: usize) {
        let stretches = std::mem::take(&mut self.stretches);
        for stretch in stretches.into_iter().rev() {
            let left = stretch.newest(instants);
            instants = instants.saturating_sub(left.as_ref().map_or(0, Stretch::len));
            self.stretches.extend(left);
        }
        self.stretches.reverse();
    }

    /// Drops what lies after an instant.
    pub fn keep_until(&mut self, end_ms: i64) {
        self.cut(i64::MIN, end_ms);
    }

    fn cut(&mut self, from_ms: i64, to_ms: i64) {
        let stretches = std::mem::take(&mut self.stretches).into_iter();
        self.stretches = stretches.filter_map(|stretch| stretch.from(from_ms)?.until(to_ms)).collect();
    }

    /// The first and the last instant of each stretch, in the order of time.
    pub fn extents(&self) -> impl Iterator<Item = (i64, i64)> {
        self.stretches.iter().map(|stretch| (stretch.start_ms, stretch.end_ms))
    }

    /// When its newest samples were fetched.
    pub fn as_of(&self) -> Option<Timestamp> {
        self.stretches.iter().flat_map(|stretch| &stretch.extents).map(|extent| extent.fetched.as_of).max()
    }

    fn len(&self) -> usize {
        self.stretches.iter().map(Stretch::len).sum()
    }

    /// Bytes in memory, about.
    pub fn weight(&self) -> usize {
        let infos = self.infos.iter().map(|info| info.len() + 48).sum::<usize>();
        self.stretches.iter().map(Stretch::weight).sum::<usize>() + infos
    }

    fn has_samples(&self, start_ms: i64, end_ms: i64) -> bool {
        self.stretches.iter().any(|stretch| stretch.has_samples(start_ms, end_ms))
    }
}

/// Whether the clock was set back after a fetch.
fn is_from_future(fetched: &Fetched, now: Timestamp) -> bool {
    fetched.as_of.duration_since(now) > TOLERATED
}

/// Neighbouring instants in windows of the largest size.
fn windows(from_ms: i64, to_ms: i64, step_ms: i64) -> impl Iterator<Item = Window> {
    let step = Duration::from_millis(step_ms.unsigned_abs());
    let longest_ms = i64::try_from(MAX_POINTS - 1).unwrap_or(i64::MAX).saturating_mul(step_ms);
    let next = move |start_ms: &i64| start_ms.checked_add(longest_ms)?.checked_add(step_ms);
    let starts = std::iter::successors(Some(from_ms), next).take_while(move |start_ms| *start_ms <= to_ms);
    starts.filter_map(move |start_ms| {
        Window::exact(start_ms, to_ms.min(start_ms.saturating_add(longest_ms)), step)
    })
}

/// Parts that touch or overlap become one.
fn without_overlap(mut parts: Vec<(i64, i64)>, step_ms: i64) -> Vec<(i64, i64)> {
    parts.sort_unstable();
    let mut all: Vec<(i64, i64)> = Vec::with_capacity(parts.len());
    for (from, to) in parts {
        match all.last_mut().filter(|(_, end)| from <= end.saturating_add(step_ms)) {
            Some((_, end)) => *end = to.max(*end),
            None => all.push((from, to)),
        }
    }
    all
}

#[cfg(test)]
mod tests;
