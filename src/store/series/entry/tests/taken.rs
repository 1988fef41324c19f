//! What is taken from another portal's set.

use super::*;

const STEP: i64 = 15_000;
const TAIL: Duration = Duration::from_secs(600);
const MOST: usize = 1 << 20;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn window_of(from: i64, to: i64) -> Window {
    Window::exact(from * STEP, to * STEP, Duration::from_secs(15)).unwrap()
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
    let series = vec![Series { values: vec![value; window.len()], ..series(0, 0) }];
    entry.kept().merge(Matrix::of(window, series), &window, TAIL, at(second), at(second)).unwrap();
}

/// The value of each instant from 0 on.
fn values(entry: &SeriesEntry) -> Vec<f64> {
    let kept = entry.kept();
    let shown = kept.set.slice(&window_of(0, 100)).unwrap();
    shown.series.into_iter().next().unwrap().values
}

fn missing(entry: &SeriesEntry, (from, to): (i64, i64), second: i64) -> Vec<(i64, i64)> {
    let parts = entry.missing(&window_of(from, to), at(second));
    parts.iter().map(|part| (part.start_ms() / STEP, part.end_ms() / STEP)).collect()
}

fn take(entry: &SeriesEntry, other: &SeriesEntry, second: i64) {
    entry.kept().take_in(&other.kept().set, TAIL, at(second), MOST);
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
    own.kept().take_in(&other.kept().set, TAIL * 2, at(1_510), MOST);
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
    own.kept().note(&window_of(0, 100), Some(&failed(ErrorKind::Unreachable)), clock::stopwatch());
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
    own.kept().take_in(&other.kept().set, TAIL, at(1_510), 80_000);
    assert!(own.kept().set.slice(&window_of(0, 100)).is_none());
    own.kept().take_in(&other.kept().set, TAIL, at(1_510), 81_000);
    assert!(own.kept().set.slice(&window_of(0, 100)).is_some());
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
