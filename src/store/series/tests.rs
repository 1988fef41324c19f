//! What readers are shown while a fetch runs, and which sets are kept.

use super::*;
use crate::metrics::Metrics;
use crate::promql::PromQl;
use crate::upstream::Fingerprint;

#[test]
fn a_fetch_that_ends_late_replaces_no_newer_set() {
    let sets = SeriesSets::new(1 << 20, 1 << 20, &Metrics::new().store, &Generation::default());
    let key = SeriesKey {
        source: InstanceName::new("a"),
        server: Fingerprint::of([]),
        scope: Scope::Whole,
        origin: Origin::Known,
        query: PromQl::read("up").0.unwrap(),
        step_ms: 15_000,
    };
    let is_kept = |entry: &Arc<SeriesEntry>| sets.get(&key).is_some_and(|kept| Arc::ptr_eq(&kept, entry));
    let older = Arc::new(SeriesEntry::new(clock::now()));
    sets.keep(&key, &older);
    assert!(is_kept(&older), "it had left the memory, and no other began");
    let newer = Arc::new(SeriesEntry::new(clock::now()));
    sets.insert(&key, &newer);
    sets.keep(&key, &older);
    assert!(is_kept(&newer));
}

#[test]
fn a_reader_of_old_samples_gets_newer_ones_soon() {
    let now = Timestamp::from_second(1_700_000_000).unwrap();
    let window = |from: i64, to: i64, step: u64| {
        let at = |ago: i64| (1_700_000_000 - ago) * 1_000;
        Window::aligned(at(from), at(to), Duration::from_secs(step)).unwrap()
    };
    let check = |step: u64, (from, to): (i64, i64), age: i64, may_change: bool, is_followed: bool| {
        let as_of = Timestamp::from_second(1_700_000_000 - age).unwrap();
        let (whole, part) = (window(7_200, 0, step), window(from, to, step));
        let found = rest_follows(&whole, &part, as_of, may_change.then_some(now));
        assert_eq!(found, is_followed, "{from} to {to} at {step} s, {age} s old");
    };
    // The usual refresh, a step later.
    check(15, (7_200, 15), 16, true, false);
    check(15, (7_200, 60), 16, true, true);
    check(15, (3_600, 0), 1, true, true);
    // With wide steps the newest instant is the same for long.
    check(3_600, (7_200, 0), 60, true, false);
    check(3_600, (7_200, 0), 600, true, true);
    check(60, (7_200, 60), 30, true, true);
    // What no longer changes is not old.
    check(15, (7_200, 0), 1_800, false, false);
}
