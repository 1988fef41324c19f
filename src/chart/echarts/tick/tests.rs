//! The newer part of a chart, put behind the chart that a reader has, is the whole chart.

use proptest::prelude::*;
use serde_json::{Map, Value};

use super::*;
use crate::annotations::GraphType;
use crate::chart::echarts::island;
use crate::chart::tests::{canvas, graph_over, period};
use crate::chart::{Canvas, layout};
use crate::prometheus::{ABSENT, Window};

/// Ten minutes.
const UNSTABLE: Duration = Duration::from_secs(600);
const STEP: usize = 60;
const PARTS: [&str; 5] = ["since", "heads", "kept", "tails", "sum"];

/// What an instance has: a column for each series, a sample a minute from the epoch on.
#[derive(Clone, Debug)]
struct MinuteSamples {
    columns: Vec<Vec<f64>>,
    stack: bool,
}

impl MinuteSamples {
    /// The chart of `points` samples up to that place.
    fn plot(&self, end: usize, points: usize, width: u32) -> Plot {
        let start = end + 1 - points;
        let names: Vec<String> = (0..self.columns.len()).map(|i| format!("s{i}")).collect();
        let series: Vec<(&str, &[f64])> = names
            .iter()
            .zip(&self.columns)
            .map(|(name, column)| (name.as_str(), &column[start..=end]))
            .collect();
        let ms = |place: usize| (place * STEP * 1000) as i64;
        let window = Window::aligned(ms(start), ms(end), Duration::from_secs(STEP as u64)).unwrap();
        let graph = graph_over(window, &series, GraphType::Line, self.stack);
        let seconds = |place: usize| (place * STEP) as i64;
        let canvas = Canvas { width, height: layout::HEIGHT, ..canvas() };
        Plot::of(&graph, &period(seconds(start), seconds(end)), &canvas)
    }
}

fn read(plot: &Plot, held: Option<&Value>) -> Map<String, Value> {
    let held = held.map(|tick| tick.as_str().unwrap().parse().unwrap());
    serde_json::from_str(island(plot, Some(UNSTABLE), held.as_ref()).as_str()).unwrap()
}

/// As `continued` in the script.
fn continued(held: &Map<String, Value>, newer: &Map<String, Value>) -> Option<Map<String, Value>> {
    assert_eq!(held["tick"], newer["since"]);
    let list = |value: &Value| value.as_array().unwrap().clone();
    let gone =
        (newer["start"].as_i64().unwrap() - held["start"].as_i64().unwrap()) / held["step"].as_i64().unwrap();
    let (gone, kept) = (usize::try_from(gone).unwrap(), newer["kept"].as_u64().unwrap() as usize);
    let parts = list(&newer["heads"]).into_iter().zip(list(&held["columns"])).zip(list(&newer["tails"]));
    let columns = parts.map(|((head, column), tail)| {
        let (head, column) = (list(&head), list(&column));
        let middle = column[gone + head.len()..gone + kept].to_vec();
        [head, middle, list(&tail)].concat()
    });
    let columns: Vec<Vec<Value>> = columns.collect();
    let sum = columns.iter().flatten().fold(0_u32, |sum, value| {
        let bits = value.as_f64().unwrap_or(f64::INFINITY).to_bits();
        [bits as u32, (bits >> 32) as u32].iter().fold(sum, |sum, half| {
            let mixed = (sum ^ half).wrapping_mul(0x9e37_79b1);
            mixed ^ (mixed >> 15)
        })
    });
    let mut all = held.clone();
    all.extend(
        newer.iter().filter(|(name, _)| !PARTS.contains(&name.as_str())).map(|(n, v)| (n.clone(), v.clone())),
    );
    all.insert("columns".to_owned(), columns.into());
    (newer["sum"].as_u64() == Some(u64::from(sum))).then_some(all)
}

/// What the reader of a chart has after a refresh, and whether that was a tail.
fn refreshed(held: &Plot, next: &Plot) -> (Map<String, Value>, bool) {
    let (held, whole) = (read(held, None), read(next, None));
    let newer = read(next, Some(&held["tick"]));
    let is_tail = newer.contains_key("since");
    // Without the samples in doubt the script requests all.
    let shown = if is_tail { continued(&held, &newer) } else { Some(newer) };
    let is_current = shown.is_some();
    assert_eq!(shown.as_ref().unwrap_or(&whole), &whole);
    (whole, is_tail && is_current)
}

fn samples(series: usize, points: usize) -> MinuteSamples {
    let value = |i: usize, at: usize| ((i * 31 + at * 7) % 97) as f64 / 8.0 + (i * 100) as f64;
    let columns = (0..series).map(|i| (0..points).map(|at| value(i, at)).collect()).collect();
    MinuteSamples { columns, stack: false }
}

#[test]
fn a_refresh_has_only_what_is_new() {
    let samples = samples(3, 2_000);
    for (width, heads, tails) in [(4_000, 0, 2), (700, 2, 4)] {
        let (held, next) = (samples.plot(1_500, 1_441, width), samples.plot(1_501, 1_441, width));
        let newer = read(&next, Some(&read(&held, None)["tick"]));
        let lengths = |name: &str| -> Vec<usize> {
            newer[name].as_array().unwrap().iter().map(|column| column.as_array().unwrap().len()).collect()
        };
        assert_eq!(lengths("heads"), [heads; 3], "{width}");
        assert!(lengths("tails").iter().all(|length| *length <= tails), "{width}: {:?}", lengths("tails"));
        assert!(!newer.contains_key("names") && !newer.contains_key("option"));
        assert!(refreshed(&held, &next).1);
    }
}

#[test]
fn a_late_sample_is_in_the_next_refresh() {
    let before = samples(3, 2_000);
    let mut after = before.clone();
    after.columns[1][1_495] = 1e6;
    let held = before.plot(1_500, 241, 700);
    let next = after.plot(1_501, 241, 700);
    let newer = read(&next, Some(&read(&held, None)["tick"]));
    assert_eq!(
        newer["tails"][0].as_array().unwrap().len(),
        12,
        "ten minutes, the last sample and the new one"
    );
    assert!(refreshed(&held, &next).1);
}

#[test]
fn a_past_that_changed_is_noticed_by_the_reader() {
    let before = samples(3, 2_000);
    for value in [0.0, -1.0, 1e300, f64::NAN, ABSENT] {
        let mut after = before.clone();
        after.columns[1][1_400] = value;
        let (held, next) = (before.plot(1_500, 241, 700), after.plot(1_501, 241, 700));
        let (held, newer) = (read(&held, None), read(&next, Some(&read(&held, None)["tick"])));
        assert!(newer.contains_key("since"));
        assert_eq!(continued(&held, &newer), None, "{value}");
    }
}

#[test]
fn where_every_sample_may_change_there_is_no_tick_and_always_everything() {
    let samples = samples(3, 2_000);
    let (held, next) = (samples.plot(1_500, 241, 700), samples.plot(1_501, 241, 700));
    let tick = read(&held, None)["tick"].as_str().unwrap().parse().unwrap();
    let island: Value = serde_json::from_str(island(&next, None, Some(&tick)).as_str()).unwrap();
    assert_eq!((&island["tick"], &island["since"]), (&Value::Null, &Value::Null));
    assert_eq!(island["columns"], read(&next, None)["columns"]);
}

#[test]
fn in_doubt_a_refresh_has_everything() {
    let (three, four) = (samples(3, 2_000), samples(4, 2_000));
    let held = three.plot(1_500, 241, 700);
    for (next, why) in [
        (four.plot(1_501, 241, 700), "another series"),
        (three.plot(1_499, 241, 700), "an earlier end"),
        (three.plot(1_500, 242, 700), "an earlier start"),
        (three.plot(1_501, 241, 100), "another width"),
        (three.plot(1_700, 241, 700), "most of it is new"),
        (three.plot(1_999, 241, 700), "all of it is new"),
        (MinuteSamples { stack: true, ..three.clone() }.plot(1_501, 241, 700), "another look"),
        (samples(0, 2_000).plot(1_501, 241, 700), "nothing"),
    ] {
        assert!(!refreshed(&held, &next).1, "{why}");
    }
    let held = read(&held, None);
    let next = three.plot(1_501, 241, 700);
    for tick in ["0.0.0.0", "-9223372036854775808.18446744073709551615.0.0", "9223372036854775807.1.1.1"] {
        assert!(!read(&next, Some(&tick.into())).contains_key("since"), "{tick}");
    }
    assert!(read(&next, Some(&held["tick"])).contains_key("since"));
}

/// Only numbers that the reader of JSON in this test reads exactly, as browsers do all.
fn any_sample() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => (-1000_i32..1000).prop_map(f64::from),
        4 => any::<i32>().prop_map(|value| f64::from(value) / 8.0),
        1 => (0_i64..1 << 53).prop_map(|value| value as f64),
        1 => Just(-0.0),
        2 => Just(ABSENT),
        1 => Just(f64::NAN),
        1 => Just(f64::INFINITY),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn what_a_reader_has_after_a_refresh_is_the_whole_chart(
        columns in prop::collection::vec(prop::collection::vec(any_sample(), 400), 1..4),
        (points, end, moved) in (2_usize..300, 300_usize..350, 0_usize..50),
        (width, wider) in (prop::sample::select(vec![100_u32, 120, 300, 4_000]), prop::bool::weighted(0.05)),
        stack in any::<bool>(),
        changes in prop::collection::vec((0_usize..4, 0_usize..400, any_sample()), 0..4),
        lost in prop::bool::weighted(0.1),
    ) {
        let before = MinuteSamples { columns, stack };
        let mut after = before.clone();
        let mut is_old = false;
        for (i, at, value) in changes {
            if let Some(column) = after.columns.get_mut(i) {
                column[at] = value;
                is_old |= at + 10 < end;
            }
        }
        if lost {
            after.columns.pop();
        }
        let held = before.plot(end, points, width);
        let next = after.plot(end + moved, points, if wider { width + 37 } else { width });
        let (_, is_tail) = refreshed(&held, &next);
        // Where nothing is in doubt, it is not everything.
        let shape = |plot| read(plot, None)["tick"].as_str().unwrap().split('.').nth(2).unwrap().to_owned();
        if !is_old && shape(&held) == shape(&next) && points > 100 && moved < points / 4 {
            prop_assert!(is_tail);
        }
    }
}
