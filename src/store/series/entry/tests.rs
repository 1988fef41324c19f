//! What a set remembers of its fetches.

use super::*;
use crate::clock;
use crate::prometheus::Series;
use crate::upstream::{InstanceName, Who};

fn window(points: i64) -> Window {
    Window::exact(0, (points - 1) * 15_000, Duration::from_secs(15)).unwrap()
}

fn failed(kind: ErrorKind) -> UpstreamError {
    UpstreamError::new(Who::Prometheus(InstanceName::new("a")), kind, "x")
}

#[test]
fn a_failure_is_of_those_who_waited_for_it() {
    let entry = SeriesEntry::new(clock::now());
    let (mut kept, at) = (entry.kept(), clock::stopwatch());
    kept.note(&window(240), Some(&failed(ErrorKind::Unreachable)), at);
    assert!(kept.failure(&window(240), Some(at - Duration::from_secs(1))).is_some());
    assert!(kept.failure(&window(240), Some(at + Duration::from_secs(1))).is_none(), "they came later");
    kept.note(&window(240), None, at);
    assert!(kept.failure(&window(240), Some(at - Duration::from_secs(1))).is_none());
}

#[test]
fn a_failure_is_of_those_who_have_some_of_the_same_instants() {
    let entry = SeriesEntry::new(clock::now());
    let (mut kept, day) = (entry.kept(), window(5_760));
    let part = |from: i64, to: i64| day.between(from * 15_000, to * 15_000).unwrap();
    kept.request(part(0, 5_519));
    kept.note(&day, Some(&failed(ErrorKind::Upstream)), clock::stopwatch());
    assert!(kept.failure(&part(5_000, 5_759), None).is_some());
    assert!(kept.failure(&part(5_520, 5_759), None).is_none(), "the newest hour has come");
    kept.end();
    kept.note(&day, Some(&failed(ErrorKind::Upstream)), clock::stopwatch());
    assert!(kept.failure(&part(5_520, 5_759), None).is_some(), "nothing was requested");
}

#[test]
fn time_of_the_instance_goes_on_between_its_answers() {
    let now = Timestamp::from_second(15 * 239).unwrap();
    let (entry, date) = (SeriesEntry::new(now), Timestamp::from_second(15 * 229).unwrap());
    let mut kept = entry.kept();
    let answer = Matrix { date: Some(date), ..Matrix::of(window(240), vec![series(0, 240)]) };
    kept.merge(answer, &window(240), Duration::from_secs(600), now, now).unwrap();
    for (later, passed) in [(0, 229 * 15_000 + 999), (15, 230 * 15_000 + 999)] {
        assert_eq!(kept.instance_ms(now + Duration::from_secs(later)), passed, "{later} s later");
    }
}

#[test]
fn a_long_request_that_takes_too_long_says_nothing_of_shorter_ones() {
    let entry = SeriesEntry::new(clock::now());
    let mut kept = entry.kept();
    for (kind, is_of_shorter) in [
        (ErrorKind::Timeout, false),
        (ErrorKind::Incomplete, false),
        (ErrorKind::TooLarge, false),
        (ErrorKind::TooManySamples, false),
        (ErrorKind::Unreachable, true),
    ] {
        kept.note(&window(5_760), Some(&failed(kind)), clock::stopwatch());
        assert_eq!(kept.failure(&window(240), None).is_some(), is_of_shorter, "{kind:?}");
    }
    kept.note(&window(240), Some(&failed(ErrorKind::Timeout)), clock::stopwatch());
    assert!(kept.failure(&window(240), None).is_some());
}

fn series(name: usize, points: usize) -> Series {
    Series { labels: [("i", name.to_string())].into_iter().collect(), values: vec![1.0; points].into() }
}

#[test]
fn series_that_come_and_go_never_fill_more_than_the_limit() {
    let entry = SeriesEntry::new(clock::now());
    let mut kept = entry.kept();
    let merge = |kept: &mut KeptSeries, from: i64, names: std::ops::Range<usize>, is_all: bool| {
        let start = from * 15_000;
        let part = Window::exact(start, start + 999 * 15_000, Duration::from_secs(15)).unwrap();
        let mut all: Vec<Series> = names.map(|name| series(name, 1_000)).collect();
        all.sort_by(|a, b| a.labels.cmp(&b.labels));
        let now = clock::now();
        let whole = if is_all { part } else { window(10_000) };
        kept.merge(Matrix::of(part, all), &whole, Duration::from_secs(600), now, now).is_ok()
    };
    // 8 MB each. The third would need three times as many columns of three times the length.
    assert!(merge(&mut kept, 0, 0..1_000, false));
    assert!(merge(&mut kept, 1_000, 1_000..2_000, false));
    let weight = kept.set.weight();
    assert!(!merge(&mut kept, 2_000, 2_000..3_000, false), "it is not even tried");
    assert_eq!(kept.set.weight(), weight, "and nothing is lost");
    // An answer to all that a reader requested takes its place.
    assert!(merge(&mut kept, 2_000, 2_000..3_000, true) && kept.set.weight() < weight);
    // The same series again take no new columns.
    assert!(merge(&mut kept, 3_000, 2_000..3_000, false) && kept.set.weight() < MOST_BYTES / 3);
}

#[test]
fn old_samples_are_fetched_again_later_after_a_failure() {
    let entry = SeriesEntry::new(clock::now());
    let (now, at) = (clock::now(), clock::stopwatch());
    let matrix = Matrix::of(window(240), vec![series(0, 240)]);
    entry.kept().merge(matrix, &window(240), Duration::from_secs(600), now, now).unwrap();
    let later = now + REFETCH_AFTER * 2;
    assert!(entry.missing(&window(240), later).is_empty(), "no reader depends on it");
    assert_eq!(entry.outdated(&window(240), later, at), [window(240)]);
    entry.kept().put_off(at);
    assert!(entry.outdated(&window(240), later, at).is_empty());
    assert_eq!(entry.outdated(&window(240), later, at + HEAL_AGAIN_AFTER * 2), [window(240)]);
}

#[test]
fn what_comes_after_the_time_of_the_instance_is_shown_and_not_kept() {
    let entry = SeriesEntry::new(clock::now());
    let (mut kept, now) = (entry.kept(), Timestamp::from_second(15 * 239).unwrap());
    let date = Timestamp::from_second(15 * 229).unwrap();
    let answer = Matrix { date: Some(date), ..Matrix::of(window(240), vec![series(0, 240)]) };
    kept.merge(answer, &window(240), Duration::from_secs(600), now, now).unwrap();
    assert_eq!(kept.shown(&window(240), now).unwrap().window, window(240));
    kept.end();
    assert_eq!(kept.set.slice(&window(240)).unwrap().window, window(230));
}

#[test]
fn a_clock_that_was_ahead_when_a_request_began_settles_nothing() {
    let entry = SeriesEntry::new(clock::now());
    let (mut kept, now) = (entry.kept(), Timestamp::from_second(15 * 229).unwrap());
    let ahead = now + Duration::from_secs(3_600);
    let merge = |kept: &mut KeptSeries, as_of| {
        let answer = Matrix::of(window(240), vec![series(0, 240)]);
        kept.merge(answer, &window(240), Duration::from_secs(600), ahead, as_of).unwrap();
        kept.end();
        kept.set.slice(&window(240)).unwrap()
    };
    let before = merge(&mut kept, ahead);
    assert_eq!((before.window, before.may_change), (window(240), false), "nobody could know");
    let shown = merge(&mut kept, now);
    assert_eq!((shown.window, shown.may_change), (window(230), true));
    let may_change = |points| kept.set.slice(&window(points)).unwrap().may_change;
    assert!(!may_change(190) && may_change(191), "ten minutes before");
}

/// A set of one series.
fn filled(points: i64) -> SeriesEntry {
    let entry = SeriesEntry::new(clock::now());
    fill(&mut entry.kept(), points);
    entry
}

fn fill(kept: &mut KeptSeries, points: i64) {
    let now = clock::now();
    let matrix = Matrix::of(window(points), vec![series(0, points as usize)]);
    kept.merge(matrix, &window(points), Duration::from_secs(600), now, now).unwrap();
}

fn shown(kept: &mut KeptSeries, points: i64) -> Arc<Matrix> {
    kept.meanwhile(&window(points), None, Slices::Cut).unwrap().0
}

#[test]
fn all_who_look_until_a_fetch_ends_share_one_slice() {
    let entry = filled(2_400);
    let mut kept = entry.kept();
    let first = shown(&mut kept, 2_400);
    assert!(Arc::ptr_eq(&first, &shown(&mut kept, 2_400)));
    // Readers of a shorter time range do not take it away.
    let short = shown(&mut kept, 1_000);
    let of = |kept: &KeptSeries, points| kept.drawn(&window(points));
    assert!(
        Arc::ptr_eq(&of(&kept, 2_400).unwrap(), &first) && Arc::ptr_eq(&of(&kept, 1_000).unwrap(), &short)
    );
    assert!(of(&kept, 999).is_none(), "nobody looked at it");
    (101..140).for_each(|points| drop(shown(&mut kept, points)));
    assert!(kept.drawn.len() <= MOST_DRAWN && of(&kept, 139).is_some());
    let first = shown(&mut kept, 2_400);
    fill(&mut kept, 2_400);
    assert!(!Arc::ptr_eq(&first, &shown(&mut kept, 2_400)), "it may have changed");
}

#[test]
fn a_check_cuts_no_slice() {
    let entry = filled(240);
    let mut kept = entry.kept();
    let known = |kept: &mut KeptSeries| kept.meanwhile(&window(240), None, Slices::Known);
    assert!(known(&mut kept).is_none() && kept.drawn.is_empty(), "nobody was shown it");
    let first = shown(&mut kept, 240);
    assert!(Arc::ptr_eq(&known(&mut kept).unwrap().0, &first));
    fill(&mut kept, 240);
    assert!(known(&mut kept).is_none() && kept.drawn.is_empty(), "it may have changed");
}

#[test]
fn a_slice_shares_the_columns_and_labels_of_its_set() {
    let entry = filled(2_400);
    let mut kept = entry.kept();
    let set = kept.set.weight();
    let [whole, most, little] = [2_400, 1_200, 1_199].map(|points| shown(&mut kept, points));
    let place = |matrix: &Matrix| matrix.series[0].values.as_ptr();
    assert!(place(&whole) == place(&most) && place(&whole) != place(&little));
    drop(kept);
    // What the set has is counted once, and what is a copy too.
    let beside = entry.weight() - set - size_of::<SeriesEntry>();
    assert!((1_199 * 8..1_199 * 8 + 2_000).contains(&beside), "{beside}");
    // Whoever holds the half of a column holds it all.
    assert!(most.weight() > 2_400 * 8 && little.weight() < 1_300 * 8);
}

#[test]
fn a_slice_keeps_its_samples_when_the_set_changes() {
    let entry = filled(240);
    let (mut kept, now) = (entry.kept(), clock::now());
    let held = shown(&mut kept, 240);
    let merge = |kept: &mut KeptSeries, from: i64, to: i64, value: f64| {
        let part = Window::exact(from * 15_000, to * 15_000, Duration::from_secs(15)).unwrap();
        let values = vec![value; part.len()].into();
        let matrix = Matrix::of(part, vec![Series { values, ..series(0, 0) }]);
        kept.merge(matrix, &part, Duration::from_secs(600), now, now).unwrap();
        kept.slice(&window(to + 1)).unwrap().series[0].values.as_ptr()
    };
    let copied = merge(&mut kept, 200, 240, 2.0);
    assert_ne!(copied, held.series[0].values.as_ptr());
    assert!(held.series[0].values.len() == 240 && held.series[0].values.iter().all(|value| *value == 1.0));
    // Nobody holds a slice of the new column, which has room for some more samples.
    for last in 241..250 {
        assert_eq!(merge(&mut kept, last - 40, last, 3.0), copied, "no column is copied");
    }
    let values = &kept.slice(&window(250)).unwrap().series[0].values;
    let expected = (0..250).map(|i| {
        if i < 200 {
            1.0
        } else if i < 201 {
            2.0
        } else {
            3.0
        }
    });
    assert!(values.iter().copied().eq(expected), "{values:?}");
}

#[test]
fn a_set_above_its_limit_keeps_the_newest_and_a_column_gives_back_what_was_cut() {
    let entry = SeriesEntry::new(clock::now());
    let (mut kept, now) = (entry.kept(), clock::now());
    let matrix = Matrix::of(window(10_000), vec![series(0, 10_000)]);
    kept.merge(matrix, &window(10_000), Duration::from_secs(600), now, now).unwrap();
    let weight = kept.set.weight();
    kept.limit_to(weight);
    assert!((80_000..90_000).contains(&weight) && kept.set.weight() == weight, "{weight}");
    kept.limit_to(60_000);
    let left = kept.set.slice(&window(10_000)).unwrap().window;
    assert!((7_000..7_500).contains(&left.len()) && left.end_ms() == window(10_000).end_ms(), "{left:?}");
    assert!(kept.set.weight() <= 60_000);
    // Of two stretches too.
    let matrix = Matrix::of(window(2_000), vec![series(0, 2_000)]);
    kept.merge(matrix, &window(2_000), Duration::from_secs(600), now, now).unwrap();
    kept.limit_to(64_000);
    let old = kept.set.slice(&window(2_000)).unwrap().window;
    assert!((1..700).contains(&old.len()) && old.end_ms() == window(2_000).end_ms(), "{old:?}");
    assert_eq!(kept.set.slice(&window(10_000)).unwrap().window, left);
    kept.set.keep_until(100 * 15_000);
    assert!(kept.set.weight() < 2_000, "{}", kept.set.weight());
    kept.limit_to(100);
    assert!(kept.set.slice(&window(100)).is_none());
}
