//! Which series gets which colour.

use proptest::prelude::*;

use super::*;

/// Series of a graph by instance.
fn by_instance(instances: &[usize]) -> Vec<Preference> {
    let one = |i: &usize| {
        let name = format!("host-{i}:9100");
        let labels: Labels = [("instance", name.as_str())].into_iter().collect();
        Preference::of(&name, &labels, "sum by (instance) (up)")
    };
    instances.iter().map(one).collect()
}

fn chosen(instances: &[usize]) -> Vec<usize> {
    colours(&by_instance(instances))
}

#[test]
fn ten_series_have_ten_colours_and_more_share() {
    let mut ten = chosen(&(0..10).collect::<Vec<_>>());
    ten.sort_unstable();
    assert_eq!(ten, (0..10).collect::<Vec<_>>());
    let many = chosen(&(0..500).collect::<Vec<_>>());
    for colour in 0..COLOURS {
        let uses = many.iter().filter(|c| **c == colour).count();
        assert!((20..=80).contains(&uses), "colour {colour} is used {uses} times");
    }
    assert_eq!(chosen(&[]), [0; 0]);
}

proptest! {
    #[test]
    fn the_order_of_series_decides_nothing(
        instances in prop::collection::btree_set(0..1_000_usize, 0..14),
        shift in 0..14_usize,
    ) {
        let instances: Vec<usize> = instances.into_iter().collect();
        let mut turned = instances.clone();
        turned.rotate_left(shift.min(instances.len()));
        let mut expected = chosen(&instances);
        expected.rotate_left(shift.min(instances.len()));
        prop_assert_eq!(chosen(&turned), expected);
    }

    #[test]
    fn a_series_with_the_colour_that_it_prefers_keeps_it_when_another_goes(
        instances in prop::collection::btree_set(0..1_000_usize, 1..=COLOURS),
        gone in any::<prop::sample::Index>(),
    ) {
        let mut series = by_instance(&instances.into_iter().collect::<Vec<_>>());
        let mut before = colours(&series);
        let gone = gone.index(series.len());
        series.remove(gone);
        before.remove(gone);
        for ((one, before), after) in series.iter().zip(before).zip(colours(&series)) {
            prop_assert!(before != one.first || after == one.first);
        }
    }
}

#[test]
fn most_series_keep_their_colour_when_one_comes_or_goes() {
    for (size, least) in [(3, 0.94), (5, 0.93), (7, 0.91), (10, 0.87)] {
        let (mut kept, mut all) = (0, 0);
        for first in 0..400 {
            let instances: Vec<usize> = (first * size..(first + 1) * size).collect();
            let before = chosen(&instances);
            for gone in 0..size {
                let mut rest = instances.clone();
                rest.remove(gone);
                let mut stayed = before.clone();
                stayed.remove(gone);
                kept += stayed.iter().zip(chosen(&rest)).filter(|(before, after)| **before == *after).count();
                all += rest.len();
            }
        }
        let share = kept as f64 / all as f64;
        eprintln!("of {size} series {:.1}% keep their colour", share * 100.0);
        assert!(share >= least, "of {size} series {share} keep their colour");
    }
}

#[test]
fn a_series_has_one_colour_in_all_graphs() {
    let of = |name: &str, labels: &[(&str, &str)], query: &str| {
        let labels: Labels = labels.iter().copied().collect();
        let preference = Preference::of(name, &labels, query);
        (preference.first, preference.stride)
    };
    // The same instance, once with all labels of a metric.
    let by_instance = of("checkout-0", &[("instance", "checkout-0")], "sum by (instance) (up)");
    let dimension =
        of("checkout-0", &[("__name__", "load"), ("instance", "checkout-0"), ("job", "a")], "load");
    assert_eq!(by_instance, dimension);
    // A metric and its rate; when another series comes, the name gets longer.
    let labels = [("__name__", "load"), ("instance", "checkout-0"), ("job", "a")];
    let metric = of("load", &labels, "load");
    assert_eq!(metric, of("load {instance=\"checkout-0\"}", &labels, "load"));
    assert_eq!(metric, of("rate(load[5m])", &labels[1..], "rate(load[5m])"));
    // Without labels.
    assert_eq!(of("sum(a)", &[], "sum(a)"), of("sum(b)", &[], "sum(b)"));
}

#[test]
fn the_style_sheet_names_every_colour() {
    let css = include_str!("../../../static/css/panels.css");
    for i in 0..COLOURS {
        assert!(css.contains(&format!(".s{i} {{ color: var(--series-{i}); }}")), ".s{i}");
    }
    assert!(!css.contains(&format!("--series-{COLOURS}")));
    let tokens = include_str!("../../../static/css/tokens.css");
    for (i, (light, dark)) in LIGHT.series.iter().zip(DARK.series).enumerate() {
        assert!(tokens.contains(&format!("--series-{i}: light-dark({light}, {dark});")), "--series-{i}");
    }
}

#[test]
fn the_hash_is_part_of_the_look() {
    assert_eq!(chosen(&[0, 1, 2, 3, 4, 5]), [2, 1, 4, 6, 8, 5]);
    let unlabelled = Preference::of("sum(up)", &Labels::default(), "sum(up)");
    assert_eq!(colours(&[unlabelled]), [2], "blue");
}
