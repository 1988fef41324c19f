//! No sample that sticks out is lost, buckets stand still, and sums stay true.

use std::time::Duration;

use proptest::prelude::*;

use super::*;

const STEP: i64 = 15_000;

fn window(start: i64, samples: usize, step_ms: i64) -> Window {
    let step = Duration::from_millis(step_ms as u64);
    Window::exact(start, start + (samples as i64 - 1) * step_ms, step).unwrap()
}

/// Every one-sample spike and dip of a range, at a width: both are among the drawn values, within their pixel.
fn check_spikes(hours: i64, width: u32) {
    let samples = (hours * 3_600_000 / STEP + 1) as usize;
    let start = 1_700_000_010_000_i64.div_euclid(STEP) * STEP;
    let (window, size) = (window(start, samples, STEP), samples_a_pixel(hours * 3_600_000, STEP, width));
    let noise = |i: usize| 50.0 + ((i * 7919) % 100) as f64 / 100.0;
    let mut shown = 0;
    let places: Vec<usize> = (0..samples).step_by((samples / 97).max(1)).chain([samples - 1]).collect();
    for at in &places {
        for wild in [1_000.0, -1_000.0] {
            let values: Vec<f64> = (0..samples).map(|i| if i == *at { wild } else { noise(i) }).collect();
            let reduced = reduce(&window, &[&values], size, false);
            let slot = reduced.columns[0].iter().position(|v| *v == wild).unwrap();
            let off = (reduced.grid.start_ms + slot as i64 * reduced.grid.step_ms - window.at(*at)).abs();
            assert!(off <= reduced.grid.step_ms * 2, "{hours} h at {width}: {off} ms off");
            assert!(reduced.columns[0].len() <= 2 * width as usize + 4);
            shown += 1;
        }
    }
    assert_eq!(shown, places.len() * 2);
}

#[test]
fn every_spike_and_dip_is_drawn_at_every_width() {
    for hours in [1, 3, 6, 12, 24, 45] {
        for width in [200, 400, 800] {
            check_spikes(hours, width);
        }
    }
}

#[test]
fn a_refresh_does_not_move_the_buckets() {
    let value = |t: i64| ((t / STEP) % 17) as f64;
    let drawn = |start: i64| {
        let window = window(start, 200, STEP);
        let values: Vec<f64> = (0..200).map(|i| value(window.at(i))).collect();
        reduce(&window, &[&values], 5, false)
    };
    let (before, after) = (drawn(STEP * 1_003), drawn(STEP * 1_005));
    assert_eq!(before.grid.start_ms + 5 * STEP, after.grid.start_ms);
    // The first bucket has fewer samples after, the last one more; between them nothing changes.
    assert_eq!(before.columns[0][2..78], after.columns[0][..76]);
}

#[test]
fn gaps_lone_samples_and_infinities() {
    let window = window(0, 12, STEP);
    let mut values = vec![ABSENT; 12];
    values[4] = 7.0;
    values[8] = f64::INFINITY;
    values[9] = f64::NEG_INFINITY;
    values[10] = f64::NAN;
    let reduced = reduce(&window, &[&values], 4, false);
    let drawn: Vec<Option<f64>> = reduced.columns[0].iter().map(|v| v.is_finite().then_some(*v)).collect();
    assert_eq!(drawn, [None, None, Some(7.0), Some(7.0), None, None]);
    assert_eq!(reduced.infinite[0], [(4, true), (4, false)]);
    assert_eq!(reduced.grid, Grid { start_ms: 0, step_ms: 2 * STEP, bucket: 4 });
    let whole = reduce(&window, &[&values], 2, false);
    assert_eq!((whole.columns[0][4], whole.grid.bucket), (7.0, 1));
    assert_eq!(whole.infinite[0], [(8, true), (9, false)]);
}

#[test]
fn a_stack_takes_both_slots_from_instants_that_all_share() {
    let window = window(0, 4, STEP);
    let reduced = reduce(&window, &[&[1.0, 9.0, 2.0, 3.0], &[4.0, ABSENT, 8.0, 1.0]], 4, true);
    // Totals 5, 9, 10, 4: the greatest comes first.
    assert_eq!(reduced.columns, [[2.0, 3.0], [8.0, 1.0]]);
}

#[test]
fn a_pixel_has_the_samples_of_the_range() {
    for (range, step, width, size) in [
        (3_600_000, STEP, 800, 1),
        (86_400_000, STEP, 800, 8),
        (86_400_000, STEP, 200, 29),
        (0, STEP, 800, 1),
        (-5, 0, 0, 1),
    ] {
        assert_eq!(samples_a_pixel(range, step, width), size, "{range} {width}");
    }
}

proptest! {
    #[test]
    fn least_and_greatest_of_each_bucket_are_drawn(
        values in prop::collection::vec(prop_oneof![4 => -1e6..1e6, 1 => Just(ABSENT), 1 => Just(f64::NAN)], 1..400),
        start in 0_i64..10_000, size in 1_usize..40, step in 1_i64..50, stacked in any::<bool>(),
    ) {
        let window = window(start * step, values.len(), step);
        let reduced = reduce(&window, &[&values], size, stacked);
        let drawn = &reduced.columns[0];
        let of = |list: &[f64], pick: fn(f64, f64) -> f64| list.iter().copied().filter(|v| v.is_finite()).reduce(pick);
        prop_assert_eq!(of(&values, f64::min), of(drawn, f64::min));
        prop_assert_eq!(of(&values, f64::max), of(drawn, f64::max));
        if reduced.grid.bucket > 1 {
            for (i, value) in values.iter().enumerate().filter(|(_, v)| v.is_finite()) {
                let slot = ((window.at(i) - reduced.grid.start_ms) / (2 * reduced.grid.step_ms)) as usize * 2;
                let (a, b) = (drawn[slot], drawn[slot + 1]);
                prop_assert!(a.min(b) <= *value && *value <= a.max(b));
            }
        }
    }
}
