//! Sets as bytes: whole, cut, damaged, of others, and hostile.

mod refused;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;
use proptest::sample::Index;

use super::super::entry::{KeptSeries, SeriesEntry, Slices};
use super::super::set::RefetchRules;
use super::super::stretch::{Extent, Fetched};
use super::super::tier::with_taken;
use super::*;
use crate::prometheus::{
    ABSENT, Boundaries, Bucket, Histogram, HistogramSeries, InstanceName, Labels, Matrix, Series, Window,
    is_absent,
};
use crate::promql::PromQl;

const STEP: i64 = 15_000;
/// Instants are counted from this second.
const BEGIN: i64 = 1_700_000_010;
const TAIL: Duration = Duration::from_secs(600);
const MOST_BYTES: usize = 1 << 20;

fn key() -> SeriesKey {
    SeriesKey {
        source: InstanceName::new("default"),
        server: Fingerprint::of([&b"a server"[..]]),
        scope: Scope::Whole,
        origin: Origin::Known,
        query: PromQl::read("sum by (pod) (rate(requests_total[5m]))").0.unwrap(),
        step_ms: STEP,
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn window(from: i64, to: i64) -> Window {
    let at_ms = |place: i64| BEGIN * 1_000 + place * STEP;
    Window::exact(at_ms(from), at_ms(to), Duration::from_millis(STEP as u64)).unwrap()
}

fn bytes_of(set: &SeriesSet) -> Vec<u8> {
    compressed(&written(&key(), set).unwrap()).unwrap()
}

/// Everything in a set, bit by bit.
#[derive(Clone, Debug, PartialEq)]
struct SetContent {
    stretches: Vec<StretchBits>,
    infos: Vec<String>,
}

type StretchBits = (Window, Vec<Extent>, Vec<SeriesBits>, Vec<HistogramBits>);
type SeriesBits = (Labels, Vec<u64>);
type HistogramBits = (Labels, Vec<PointBits>);
type PointBits = (i64, [u64; 2], Vec<(Boundaries, [u64; 3])>);

impl SetContent {
    fn of(set: &SeriesSet) -> Self {
        let stretches = set.stretches().iter().map(|stretch| {
            let step = Duration::from_millis(STEP as u64);
            let window = Window::exact(stretch.start_ms, stretch.end_ms, step).unwrap();
            let matrix = stretch.slice(window);
            let series = matrix.series.into_iter();
            let series = series.map(|one| (one.labels, one.values.iter().map(|v| v.to_bits()).collect()));
            let histograms = matrix.histograms.into_iter();
            let histograms = histograms.map(|one| (one.labels, one.points.iter().map(bits).collect()));
            (window, stretch.extents.clone(), series.collect(), histograms.collect())
        });
        Self { stretches: stretches.collect(), infos: set.infos().to_vec() }
    }

    /// What the rest of the code relies on.
    fn assert_sound(&self) {
        for (window, extents, series, histograms) in &self.stretches {
            assert!(window.is_aligned());
            let (first, last) = (extents.first().unwrap(), extents.last().unwrap());
            assert_eq!((first.start_ms, last.end_ms), (window.start_ms(), window.end_ms()));
            assert!(extents.is_sorted_by(|one, next| one.end_ms + STEP == next.start_ms));
            for Extent { start_ms, end_ms, fetched } in extents {
                assert!(start_ms <= end_ms && window.index_of(*start_ms).is_some());
                assert!(fetched.oldest <= fetched.as_of);
            }
            assert!(series.is_sorted_by(|(labels, _), (next, _)| labels < next));
            for (_, values) in series {
                let has_sample = values.iter().any(|bits| !is_absent(f64::from_bits(*bits)));
                assert!(values.len() == window.len() && has_sample);
            }
            assert!(histograms.is_sorted_by(|(labels, _), (next, _)| labels < next));
            for (_, points) in histograms {
                assert!(
                    !points.is_empty() && points.is_sorted_by(|(at_ms, ..), (next_ms, ..)| at_ms < next_ms)
                );
                assert!(points.iter().all(|(at_ms, ..)| window.index_of(*at_ms).is_some()));
            }
        }
        let ends = self.stretches.iter().map(|(window, ..)| (window.start_ms(), window.end_ms()));
        assert!(ends.is_sorted_by(|(_, end_ms), (start_ms, _)| end_ms + STEP < *start_ms));
        assert!(self.infos.len() <= MOST_INFOS);
    }
}

fn bits((at_ms, one): &(i64, Histogram)) -> PointBits {
    let buckets = one.buckets.iter();
    let buckets = buckets.map(|b| (b.boundaries, [b.lower, b.upper, b.count].map(f64::to_bits)));
    (*at_ms, [one.count, one.sum].map(f64::to_bits), buckets.collect())
}

/// Numbers with any bits: every NaN, both zeros, the infinities.
fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<u64>().prop_map(f64::from_bits),
        Just(f64::NAN),
        Just(f64::NEG_INFINITY),
        Just(-0.0),
        // What Prometheus writes where a series ends.
        Just(f64::from_bits(0x7ff0_0000_0000_0002)),
    ]
    .prop_filter("a sample", |value| !is_absent(*value))
}

fn labels() -> impl Strategy<Value = Labels> {
    prop::collection::vec(("[a-c_é]{0,3}", "[a-c\"\\\\ 日\n]{0,3}"), 0..3)
        .prop_map(|pairs| pairs.into_iter().collect())
}

fn histogram() -> impl Strategy<Value = Histogram> {
    let boundaries = (0_u8..4).prop_map(|number| Boundaries::of(number).unwrap());
    let bucket = (boundaries, number(), number(), number())
        .prop_map(|(boundaries, lower, upper, count)| Bucket { boundaries, lower, upper, count });
    (number(), number(), prop::collection::vec(bucket, 0..3)).prop_map(|(count, sum, buckets)| Histogram {
        count,
        sum,
        buckets,
    })
}

/// An answer to a window, and how it was fetched. The instance's clock is ahead by so many seconds, or unknown.
fn answer(ahead: Option<i64>) -> impl Strategy<Value = (Matrix, Fetched)> {
    let value = prop_oneof![2 => number().prop_map(Some), 1 => Just(None)];
    let series = prop::collection::btree_map(labels(), prop::collection::vec(value, 12), 0..4);
    let point = (0_usize..12, histogram());
    let histograms = prop::collection::btree_map(labels(), prop::collection::vec(point, 1..4), 0..2);
    let fetched = (30_i64..2_000, any::<u16>(), 0_u64..30);
    let infos = prop::collection::vec("[a-zé\n]{0,4}", 0..3);
    (0_i64..60, 1_i64..12, series, histograms, fetched, infos).prop_map(
        move |(from, points, series, histograms, (later, nanos, took), infos)| {
            let window = window(from, from + points);
            let column = |values: Vec<Option<f64>>| -> Vec<f64> {
                values.into_iter().map(|value| value.unwrap_or(ABSENT)).take(window.len()).collect()
            };
            let series = series
                .into_iter()
                .map(|(labels, values)| Series { labels, values: column(values).into() })
                .collect();
            let histograms = histograms.into_iter().map(|(labels, points)| {
                let points = points.into_iter().filter(|(i, _)| *i < window.len());
                let points: BTreeMap<_, _> = points.map(|(i, one)| (window.at(i), one)).collect();
                HistogramSeries { labels, points: points.into_iter().collect() }
            });
            let as_of = at(window.end_ms() / 1_000 + later) + Duration::from_nanos(nanos.into());
            let date = ahead.map(|ahead| at(as_of.as_second() + ahead));
            let begun = as_of - Duration::from_secs(took);
            let fetched = Fetched { begun, as_of, oldest: as_of, date, settled_ms: 0 };
            let settled_ms = fetched.at_ms() - TAIL.as_millis() as i64;
            let matrix = Matrix { histograms: histograms.collect(), infos, ..Matrix::of(window, series) };
            (matrix, Fetched { settled_ms, ..fetched })
        },
    )
}

/// A set after some answers. At least one.
fn set() -> impl Strategy<Value = SeriesSet> {
    let answers =
        prop::option::of(-30_i64..30).prop_flat_map(|ahead| prop::collection::vec(answer(ahead), 1..6));
    answers.prop_map(|answers| {
        let mut set = SeriesSet::new();
        answers.into_iter().for_each(|(matrix, fetched)| set.merge(matrix, fetched, TAIL, TAIL * 3));
        set
    })
}

/// One change of some bytes.
#[derive(Clone, Debug)]
enum Damage {
    Flip(Index, u8),
    Put(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    /// A piece again, at another place.
    Copy(Index, Index, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        (any::<Index>(), 0_u8..8).prop_map(|(place, bit)| Damage::Flip(place, bit)),
        (any::<Index>(), any::<u8>()).prop_map(|(place, byte)| Damage::Put(place, byte)),
        (any::<Index>(), prop::collection::vec(any::<u8>(), 1..12))
            .prop_map(|(place, bytes)| Damage::Insert(place, bytes)),
        (any::<Index>(), 1_usize..30).prop_map(|(place, count)| Damage::Remove(place, count)),
        (any::<Index>(), any::<Index>(), 1_usize..120)
            .prop_map(|(from, to, count)| Damage::Copy(from, to, count)),
    ]
}

impl Damage {
    fn apply(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let (len, end) = (bytes.len(), |place: usize, count: usize| (place + count).min(bytes.len()));
        match self {
            Self::Flip(place, bit) => bytes[place.index(len)] ^= 1 << bit,
            Self::Put(place, byte) => bytes[place.index(len)] = *byte,
            Self::Insert(place, more) => {
                let place = place.index(len);
                bytes.splice(place..place, more.iter().copied());
            }
            Self::Remove(place, count) => {
                let (from, to) = (place.index(len), end(place.index(len), *count));
                bytes.drain(from..to);
            }
            Self::Copy(from, to, count) => {
                let piece = bytes[from.index(len)..end(from.index(len), *count)].to_vec();
                let to = to.index(len);
                bytes.splice(to..to, piece);
            }
        }
    }
}

fn take(kept: &mut KeptSeries, other: &SeriesSet, now: Timestamp) {
    if let Some((set, newest)) = with_taken(kept.set.clone(), other, TAIL, now, MOST_BYTES) {
        kept.adopt(set, newest);
    }
}

/// A portal with a set takes one that was read, and does with it what portals do.
fn use_in(own: Option<&SeriesSet>, read: &SeriesSet) {
    let now = at(BEGIN + 4_000);
    let entry = SeriesEntry::new(now);
    let mut kept = entry.kept();
    own.into_iter().for_each(|own| take(&mut kept, own, now));
    take(&mut kept, read, now);
    SetContent::of(&kept.set).assert_sound();
    assert!(kept.set.weight() <= MOST_BYTES);
    let rules = RefetchRules { unstable: Duration::from_secs(15), any: Duration::from_secs(3_600) };
    for (from, to) in [(0, 100), (20, 30), (-300, 300)] {
        let window = window(from, to);
        for part in kept.set.missing(&window, rules, now) {
            assert!(
                part.is_aligned() && part.start_ms() >= window.start_ms() && part.end_ms() <= window.end_ms()
            );
        }
        if let Some(shown) = kept.set.slice(&window) {
            assert!(shown.series.iter().all(|one| one.values.len() == shown.window.len()));
        }
        kept.meanwhile(&window, None, Slices::Cut);
    }
    let series = vec![Series { labels: Labels::default(), values: vec![1.0; 41].into() }];
    let part = window(10, 50);
    kept.merge(Matrix::of(part, series), &part, TAIL, now, now).unwrap();
    assert_eq!(kept.shown(&window(10, 50), now).unwrap().series.len(), 1);
    kept.note(&part, None, crate::clock::stopwatch());
    kept.end();
    SetContent::of(&kept.set).assert_sound();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_set_is_read_as_it_was_written(set in set()) {
        let content = SetContent::of(&set);
        content.assert_sound();
        let bytes = bytes_of(&set);
        let read = read(&bytes, &key(), MOST_BYTES).unwrap();
        prop_assert_eq!(&SetContent::of(&read), &content);
        prop_assert_eq!(bytes_of(&read), bytes);
    }

    /// A portal without samples has them as the other has, and one that has them all takes nothing.
    #[test]
    fn an_empty_portal_has_what_the_other_has(set in set()) {
        let entry = SeriesEntry::new(at(BEGIN));
        let mut kept = entry.kept();
        let now = at(BEGIN + 4_000);
        take(&mut kept, &set, now);
        prop_assert_eq!(SetContent::of(&kept.set), SetContent::of(&set));
        prop_assert!(kept.set.lacking(&set, now).is_empty());
    }

    #[test]
    fn cut_bytes_are_an_error(
        set in set(),
        cuts in prop::collection::vec(any::<Index>(), 1..10),
        more in prop::collection::vec(any::<u8>(), 1..20),
    ) {
        let bytes = bytes_of(&set);
        for end in cuts.iter().map(|cut| cut.index(bytes.len())) {
            prop_assert_eq!(read(&bytes[..end], &key(), MOST_BYTES).unwrap_err(), UnreadSeries::Damaged, "{}", end);
        }
        prop_assert_eq!(read(&[bytes, more].concat(), &key(), MOST_BYTES).unwrap_err(), UnreadSeries::Damaged);
    }

    #[test]
    fn damaged_bytes_are_an_error_or_the_same_set(set in set(), all in prop::collection::vec(damage(), 1..4)) {
        let mut bytes = bytes_of(&set);
        all.iter().for_each(|one| one.apply(&mut bytes));
        if let Ok(read) = read(&bytes, &key(), MOST_BYTES) {
            prop_assert_eq!(SetContent::of(&read), SetContent::of(&set));
        }
    }

    /// Under a right checksum, as only somebody who means it writes them.
    #[test]
    fn hostile_bytes_are_an_error_or_a_sound_set(
        set in set(), own in prop::option::of(set()), all in prop::collection::vec(damage(), 1..4),
    ) {
        let mut bytes = written(&key(), &set).unwrap();
        let own_key = key().written().unwrap();
        let mut body = bytes.split_off(own_key.len());
        all.iter().for_each(|one| one.apply(&mut body));
        let bytes = compressed(&[bytes, body].concat()).unwrap();
        if let Ok(read) = read(&bytes, &key(), MOST_BYTES) {
            SetContent::of(&read).assert_sound();
            use_in(own.as_ref(), &read);
        }
    }

    #[test]
    fn any_bytes_are_an_error_or_a_sound_set(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let bytes = compressed(&[key().written().unwrap(), body.clone()].concat()).unwrap();
        if let Ok(read) = read(&bytes, &key(), MOST_BYTES) {
            SetContent::of(&read).assert_sound();
        }
        prop_assert!(read(&body, &key(), MOST_BYTES).is_err());
        prop_assert!(read(&[vec![VERSION], body].concat(), &key(), MOST_BYTES).is_err());
    }
}
