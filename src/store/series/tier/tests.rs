//! What is taken from another portal's set, and what is given to a tier.

use std::collections::HashMap;

use super::*;
use crate::prometheus::{InstanceName, Matrix, Origin, Series};
use crate::promql::PromQl;
use crate::store::question::Scope;
use crate::store::series::set::RefetchRules;
use crate::upstream::{ErrorKind, Fingerprint, UpstreamError, Who};

const STEP: i64 = 15_000;
const TAIL: Duration = Duration::from_secs(600);
const MOST: usize = 1 << 20;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn window_of(from: i64, to: i64) -> Window {
    Window::exact(from * STEP, to * STEP, Duration::from_secs(15)).unwrap()
}

fn series(name: usize, points: usize) -> Series {
    Series { labels: [("i", name.to_string())].into_iter().collect(), values: vec![1.0; points].into() }
}

/// A portal that requested a window at a second, when all samples had this value.
fn portal(all: &[((i64, i64), i64, f64)]) -> SeriesEntry {
    let entry = SeriesEntry::new(at(0));
    for ((from, to), second, value) in all {
        answer(&entry, (*from, *to), *second, *value);
    }
    entry
}

fn answer(entry: &SeriesEntry, (from, to): (i64, i64), second: i64, value: f64) {
    let window = window_of(from, to);
    let series = vec![Series { values: vec![value; window.len()].into(), ..series(0, 0) }];
    entry.kept().merge(Matrix::of(window, series), &window, TAIL, at(second), at(second)).unwrap();
}

/// The value of each instant from 0 on.
fn values(entry: &SeriesEntry) -> Vec<f64> {
    let kept = entry.kept();
    let shown = kept.set.slice(&window_of(0, 100)).unwrap();
    shown.series[0].values.to_vec()
}

fn missing(entry: &SeriesEntry, (from, to): (i64, i64), second: i64) -> Vec<(i64, i64)> {
    let parts = entry.missing(&window_of(from, to), at(second));
    parts.iter().map(|part| (part.start_ms() / STEP, part.end_ms() / STEP)).collect()
}

fn take(entry: &SeriesEntry, other: &SeriesEntry, second: i64) {
    take_within(entry, other, TAIL, second, MOST);
}

fn take_within(entry: &SeriesEntry, other: &SeriesEntry, tail: Duration, second: i64, most_bytes: usize) {
    let mut kept = entry.kept();
    let taken = with_taken(kept.set.clone(), &other.kept().set, tail, at(second), most_bytes);
    if let Some((set, newest)) = taken {
        kept.adopt(set, newest);
    }
}

#[test]
fn the_newer_samples_stay_whoever_fetched_them() {
    let other = portal(&[((0, 4), 100, 1.0)]);
    for (second, value) in [(99, 1.0), (100, 2.0), (101, 2.0)] {
        let own = portal(&[((0, 4), second, 2.0)]);
        take(&own, &other, 110);
        assert_eq!(values(&own), [value; 5], "{second}");
    }
    // Own ones in the middle of the other's.
    let own = portal(&[((2, 3), 101, 2.0)]);
    take(&own, &other, 110);
    assert_eq!(values(&own), [1.0, 1.0, 2.0, 2.0, 1.0]);
    let own = portal(&[((0, 1), 101, 2.0), ((4, 6), 101, 2.0)]);
    take(&own, &other, 110);
    assert_eq!(values(&own), [2.0, 2.0, 1.0, 1.0, 2.0, 2.0, 2.0]);
}

#[test]
fn joined_parts_are_as_old_as_the_oldest_of_them() {
    let other = portal(&[((0, 40), 10_000, 1.0), ((41, 80), 10_100, 1.0)]);
    assert_eq!(other.kept().set.stretches()[0].extents.len(), 1);
    let own = portal(&[((0, 40), 10_050, 2.0)]);
    take(&own, &other, 10_110);
    assert_eq!(values(&own)[..41], [2.0; 41], "they may be newer than the other's");
    assert_eq!(values(&own)[41..], [1.0; 40]);
}

#[test]
fn taken_samples_are_as_old_as_they_were_and_their_tail_is_fetched_again() {
    let (own, other) = (portal(&[]), portal(&[((0, 100), 1_501, 1.0)]));
    take(&own, &other, 1_510);
    assert_eq!(own.kept().set.slice(&window_of(0, 100)).unwrap().as_of, Some(at(1_501)));
    assert_eq!(missing(&own, (0, 100), 1_515), []);
    assert_eq!(missing(&own, (0, 100), 1_516), [(61, 100)], "a step after they were fetched");
    assert_eq!(missing(&own, (0, 101), 1_515), [(61, 101)]);
    // Here samples may change for longer than there.
    let own = portal(&[]);
    take_within(&own, &other, TAIL * 2, 1_510, MOST);
    assert_eq!(missing(&own, (0, 100), 1_516), [(21, 100)]);
    // After an hour all are fetched again, whenever they were taken.
    let own = portal(&[]);
    take(&own, &other, 5_200);
    let rules = RefetchRules { unstable: Duration::MAX, any: REFETCH_AFTER };
    assert!(own.kept().set.missing(&window_of(0, 100), rules, at(5_100)).is_empty());
    assert_eq!(own.kept().set.missing(&window_of(0, 100), rules, at(5_101)), [window_of(0, 100)]);
}

#[test]
fn samples_of_a_clock_that_is_ahead_are_not_taken() {
    for (second, is_taken) in [(1_501, true), (1_500, true), (1_499, false), (0, false)] {
        let (own, other) = (portal(&[]), portal(&[((0, 100), 1_501, 1.0)]));
        take(&own, &other, second);
        assert_eq!(own.kept().set.slice(&window_of(0, 100)).is_some(), is_taken, "{second}");
    }
}

#[test]
fn what_the_instance_invented_is_not_taken() {
    let (own, other) = (portal(&[]), portal(&[]));
    let matrix = Matrix::of(window_of(0, 100), vec![series(0, 101)]);
    let date = Some(at(15 * 90));
    other.kept().merge(Matrix { date, ..matrix }, &window_of(0, 100), TAIL, at(1_501), at(1_501)).unwrap();
    take(&own, &other, 1_510);
    assert_eq!(own.kept().set.slice(&window_of(0, 100)).unwrap().window, window_of(0, 90));
    assert_eq!(missing(&own, (0, 100), 1_510), [(51, 100)], "its clock says what is young");
    // A failed request afterwards drops nothing that was taken.
    let who = Who::Prometheus(InstanceName::new("a"));
    let failure = UpstreamError::new(who, ErrorKind::Unreachable, "x");
    own.kept().note(&window_of(0, 100), Some(&failure), clock::stopwatch());
    own.kept().end();
    assert_eq!(own.kept().set.slice(&window_of(0, 100)).unwrap().window, window_of(0, 90));
}

#[test]
fn an_empty_part_where_samples_just_were_stays_unstable() {
    let (own, other) = (portal(&[((0, 60), 1_700, 1.0)]), portal(&[]));
    let empty = Matrix::of(window_of(61, 100), Vec::new());
    other.kept().merge(empty, &window_of(61, 100), TAIL, at(1_701), at(1_701)).unwrap();
    assert_eq!(missing(&other, (61, 100), 1_800), [(74, 100)], "there were none before");
    take(&own, &other, 1_702);
    assert_eq!(missing(&own, (0, 100), 1_800), [(61, 100)]);
}

#[test]
fn no_more_is_taken_than_may_be_kept() {
    let (own, other) = (portal(&[]), portal(&[]));
    let mut all: Vec<Series> = (0..100).map(|name| series(name, 101)).collect();
    all.sort_by(|a, b| a.labels.cmp(&b.labels));
    let window = window_of(0, 100);
    other.kept().merge(Matrix::of(window, all), &window, TAIL, at(1_501), at(1_501)).unwrap();
    let weight = other.kept().set.weight();
    take_within(&own, &other, TAIL, 1_510, weight / 2);
    assert!(own.kept().set.slice(&window_of(0, 100)).is_none());
    take_within(&own, &other, TAIL, 1_510, weight * 2);
    assert!(own.kept().set.slice(&window_of(0, 100)).is_some());
}

/// Of both together a portal would drop the older ones.
#[test]
fn own_samples_stay_where_there_is_no_room_for_more() {
    for (own_part, other_part) in [((0, 999), (5_000, 5_999)), ((5_000, 5_999), (0, 999))] {
        let (own, other) = (portal(&[(own_part, 100_000, 1.0)]), portal(&[(other_part, 100_001, 2.0)]));
        let most_bytes = own.kept().set.weight() / 3 * 5;
        take_within(&own, &other, TAIL, 100_010, most_bytes);
        own.kept().limit_to(most_bytes);
        assert_eq!(missing(&own, own_part, 100_010), []);
        assert_eq!(missing(&own, other_part, 100_010), [other_part]);
        take_within(&own, &other, TAIL, 100_010, most_bytes * 2);
        assert_eq!((missing(&own, own_part, 100_010), missing(&own, other_part, 100_010)), (vec![], vec![]));
    }
    // Series that the other has alone are columns beside each of the own samples.
    let (own, other) = (portal(&[((0, 4_999), 100_000, 1.0)]), portal(&[]));
    let part = window_of(5_000, 5_009);
    let mut all: Vec<Series> = (0..20).map(|name| series(name, 10)).collect();
    all.sort_by(|a, b| a.labels.cmp(&b.labels));
    other.kept().merge(Matrix::of(part, all), &part, TAIL, at(100_000), at(100_000)).unwrap();
    let most_bytes = own.kept().set.weight() * 10;
    take_within(&own, &other, TAIL, 100_010, most_bytes);
    assert_eq!(missing(&own, (0, 5_009), 100_010), [(5_000, 5_009)]);
}

#[test]
fn no_more_instants_are_taken_than_are_kept() {
    let own = portal(&[((0, 10_999), 900_000, 1.0), ((20_000, 30_999), 900_000, 1.0)]);
    let other = portal(&[((40_000, 50_999), 900_001, 2.0), ((60_000, 60_000), 900_901, 2.0)]);
    take_within(&own, &other, TAIL, 900_910, MOST << 4);
    assert!(!own.kept().set.is_too_long());
    let extents: Vec<_> = own.kept().set.extents().map(|(from, to)| (from / STEP, to / STEP)).collect();
    assert_eq!(extents, [(0, 10_999), (20_000, 30_999), (60_000, 60_000)]);
}

/// The request of an answer without a date took half a minute, in which samples still changed.
#[test]
fn the_tail_of_taken_samples_begins_when_they_were_requested() {
    let (own, other) = (portal(&[]), portal(&[]));
    let matrix = Matrix::of(window_of(0, 98), vec![series(0, 99)]);
    other.kept().merge(matrix, &window_of(0, 98), TAIL, at(1_471), at(1_501)).unwrap();
    take_within(&own, &other, TAIL * 2, 1_510, MOST);
    assert_eq!(missing(&own, (0, 98), 1_520), [(19, 98)], "after second 271");
    assert_eq!(own.kept().instance_ms(at(1_501)), 1_471_999);
}

/// A tier in memory.
#[derive(Default)]
struct TierMap(Mutex<HashMap<TierKey, Vec<u8>>>);

impl SeriesTier for TierMap {
    fn get<'t>(&'t self, key: &'t TierKey) -> BoxFuture<'t, Result<Option<Vec<u8>>, String>> {
        Box::pin(async { Ok(self.0.lock().unwrap().get(key).cloned()) })
    }

    fn put<'t>(&'t self, key: &'t TierKey, bytes: Vec<u8>) -> BoxFuture<'t, Result<(), String>> {
        self.0.lock().unwrap().insert(key.clone(), bytes);
        Box::pin(async { Ok(()) })
    }
}

#[tokio::test]
async fn what_is_given_can_be_read_whatever_the_set_has() {
    let (tier, door) = (Arc::new(TierMap::default()), TierDoor::new());
    door.set(tier.clone());
    let key = SeriesKey {
        source: InstanceName::new("default"),
        server: Fingerprint::of([]),
        scope: Scope::Whole,
        origin: Origin::Known,
        query: PromQl::read("up").0.unwrap(),
        step_ms: STEP,
    };
    let entry = Arc::new(portal(&[]));
    door.give(key.clone(), entry.clone()).await;
    assert!(tier.0.lock().unwrap().is_empty(), "an empty set");
    // One part failed after others came, so nobody was shown the window and cut the set.
    for part in 0..4 {
        answer(&entry, (part * 11_000, part * 11_000 + 10_999), 900_000, 1.0);
    }
    assert!(entry.kept().set.is_too_long());
    door.give(key.clone(), entry.clone()).await;
    let name = bytes::tier_key(&key).unwrap();
    let written = tier.get(&name).await.unwrap().unwrap();
    let read = bytes::read(&written, &key, MOST).unwrap();
    assert_eq!(read.extents().collect::<Vec<_>>(), [(11_000 * STEP, 43_999 * STEP)]);
    assert_eq!(tier.0.lock().unwrap().len(), 1);
    // A tier that failed gets nothing for a while.
    tier.0.lock().unwrap().clear();
    door.fail("no connection");
    door.give(key, entry).await;
    assert!(tier.0.lock().unwrap().is_empty());
}

#[test]
fn of_many_parts_the_newest_are_taken() {
    let other = portal(&[]);
    // Each a day after the one before it, so that they do not become one.
    let last = MOST_TAKEN as i64 + 9;
    (0..=last).for_each(|part| answer(&other, (part, part), 100_000 + part * 86_400, part as f64));
    let own = portal(&[]);
    take(&own, &other, 100_000 + 86_400 * 100);
    assert_eq!(missing(&own, (0, last), 100_000 + 86_400 * 100), [(0, 9)]);
}

#[test]
fn a_part_that_is_longer_than_a_window_may_be_is_taken_whole() {
    let other = portal(&[]);
    for part in 0..3 {
        answer(&other, (part * 11_000, part * 11_000 + 10_999), 600_000, part as f64);
    }
    assert_eq!(other.kept().set.stretches()[0].extents.len(), 1);
    let own = portal(&[]);
    take(&own, &other, 600_001);
    assert_eq!(own.kept().set.stretches()[0].extents, other.kept().set.stretches()[0].extents);
    assert_eq!(missing(&own, (11_000, 21_999), 600_001), []);
}
