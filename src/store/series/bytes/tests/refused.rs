//! Bytes that are not taken, and bytes that every later program takes.

use super::*;

/// The bytes of [`known_set`], as the first version wrote them.
const VERSION_1: &str = include_str!("../../../../../tests/fixtures/series-set-1.hex");

fn known_set() -> SeriesSet {
    let labels = |pod: &str| [("pod", pod), ("job", "a \"b\"")].into_iter().collect::<Labels>();
    let series = |pod: &str, values: &[f64]| Series { labels: labels(pod), values: values.to_vec() };
    let stale = f64::from_bits(0x7ff0_0000_0000_0002);
    let bucket = Bucket { boundaries: Boundaries::Closed, lower: -0.0, upper: f64::INFINITY, count: 2.0 };
    let histogram = Histogram { count: 2.0, sum: f64::NAN, buckets: vec![bucket] };
    let all = window(0, 2);
    let histograms = vec![HistogramSeries { labels: labels("c"), points: vec![(all.at(1), histogram)] }];
    let series = vec![series("a", &[1.5, ABSENT, stale]), series("b", &[ABSENT, f64::NAN, -1.0])];
    let infos = vec!["an info".to_owned()];
    let mut set = SeriesSet::new();
    let as_of = at(BEGIN + 31) + Duration::from_nanos(5);
    let date = Some(at(BEGIN + 30));
    let fetched = Fetched { as_of, oldest: as_of, date, settled_ms: (BEGIN - 570) * 1_000 };
    set.merge(Matrix { histograms, infos, ..Matrix::of(all, series) }, fetched, TAIL, TAIL);
    let old = Fetched { as_of: at(BEGIN), oldest: at(BEGIN), date: None, settled_ms: i64::MIN };
    set.merge(Matrix::of(window(-40, -20), Vec::new()), old, TAIL, TAIL);
    set
}

/// If this fails, portals of two versions read each other's bytes wrongly: [`VERSION`] has to change.
#[test]
fn version_1_is_read_for_ever() {
    let bytes: Vec<u8> = hex(VERSION_1);
    let read = read(&bytes, &key(), MOST_BYTES).unwrap();
    assert_eq!(SetContent::of(&read), SetContent::of(&known_set()));
    assert_eq!(written(&key(), &read), written(&key(), &known_set()));
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect()
}

#[test]
fn no_beginning_of_the_bytes_is_read() {
    let bytes = bytes_of(&known_set());
    for end in 0..bytes.len() {
        assert_eq!(read(&bytes[..end], &key(), MOST_BYTES).unwrap_err(), UnreadSeries::Damaged, "{end}");
    }
    // The same below the compression.
    let all = written(&key(), &known_set()).unwrap();
    let last_info = all.len() - "an info".len() - 1;
    for end in 0..all.len() {
        let read = read(&compressed(&all[..end]).unwrap(), &key(), MOST_BYTES);
        assert_eq!(read.is_ok(), end == last_info, "{end}");
    }
}

#[test]
fn no_other_bit_is_read() {
    let bytes = bytes_of(&known_set());
    for place in 0..bytes.len() * 8 {
        let mut other = bytes.clone();
        other[place / 8] ^= 1 << (place % 8);
        if let Ok(read) = read(&other, &key(), MOST_BYTES) {
            assert_eq!(SetContent::of(&read), SetContent::of(&known_set()), "{place}");
        }
    }
}

#[test]
fn another_version_is_refused() {
    let bytes = bytes_of(&known_set());
    for version in (0..=255).filter(|version| *version != VERSION) {
        let other = [&[version], &bytes[1..]].concat();
        assert_eq!(read(&other, &key(), MOST_BYTES).unwrap_err(), UnreadSeries::Version(version));
    }
}

#[test]
fn series_of_another_key_are_refused() {
    let query = |text: &str| PromQl::read(text).0.unwrap();
    let others = [
        SeriesKey { source: InstanceName::new("default2"), ..key() },
        SeriesKey { source: InstanceName::new(""), ..key() },
        SeriesKey { origin: Origin::AdHoc, ..key() },
        SeriesKey { query: query("sum by (pod) (rate(requests_total[5m])) "), ..key() },
        SeriesKey { query: query("sum by (pod) (rate(requests_total[5m]))+0"), ..key() },
        SeriesKey { step_ms: STEP * 2, ..key() },
        SeriesKey { step_ms: -STEP, ..key() },
    ];
    let bytes = bytes_of(&known_set());
    for other in others {
        let is_same = other == key();
        assert_eq!(read(&bytes, &other, MOST_BYTES).is_ok(), is_same, "{:?}", other.query);
        let theirs = compressed(&written(&other, &known_set()).unwrap()).unwrap();
        let expected = if is_same { None } else { Some(UnreadSeries::OtherSeries) };
        assert_eq!(read(&theirs, &key(), MOST_BYTES).err(), expected);
    }
}

/// The number of the scope comes first.
#[test]
fn series_of_another_scope_are_refused() {
    let mut bytes = written(&key(), &known_set()).unwrap();
    for scope in 1..=255 {
        bytes[0] = scope;
        let other = read(&compressed(&bytes).unwrap(), &key(), MOST_BYTES);
        assert_eq!(other.unwrap_err(), UnreadSeries::OtherSeries, "{scope}");
    }
}

#[test]
fn bytes_that_grow_beyond_the_limit_are_not_read() {
    let size = written(&key(), &known_set()).unwrap().len();
    let bytes = bytes_of(&known_set());
    assert!(read(&bytes, &key(), size).is_ok());
    assert_eq!(read(&bytes, &key(), size - 1).unwrap_err(), UnreadSeries::TooLarge(size - 1));
    // Half a kilobyte for each of its bytes.
    let bomb = compressed(&vec![0; 64 << 20]).unwrap();
    assert!(bomb.len() < 1 << 20, "{}", bomb.len());
    assert_eq!(read(&bomb, &key(), MOST_BYTES).unwrap_err(), UnreadSeries::TooLarge(MOST_BYTES));
}

/// A list says how long it is. No memory is taken for that.
#[test]
fn lists_that_claim_to_be_long_are_an_error() {
    let longest = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    let set = written(&key(), &known_set()).unwrap();
    let from = key().written().unwrap().len();
    for place in from..set.len() {
        for rest in [&set[place..], &set[(place + 1)..]] {
            let bytes = compressed(&[&set[..place], &longest, rest].concat()).unwrap();
            if let Ok(read) = read(&bytes, &key(), MOST_BYTES) {
                SetContent::of(&read).assert_sound();
            }
        }
    }
    // Empty lists would take more memory than bytes.
    for count in [1, 1_000_000] {
        for empty in [&[0, 0][..], &[0, 0, 0, 0, 0, 0]] {
            let list = [&longest, empty.repeat(count).as_slice()].concat();
            let bytes = compressed(&[&set[..from], &list].concat()).unwrap();
            assert_eq!(read(&bytes, &key(), 16 << 20).unwrap_err(), UnreadSeries::Damaged);
        }
    }
}

/// Every way in which a stretch may lie about itself.
#[test]
fn unsound_sets_are_refused() {
    let sound = || known_set().stretches().to_vec();
    let check = |change: &dyn Fn(&mut Vec<Stretch>), is_read: bool| {
        let mut stretches = sound();
        change(&mut stretches);
        let all = postcard::to_extend(&stretches, key().written().unwrap()).unwrap();
        assert_eq!(read(&compressed(&all).unwrap(), &key(), MOST_BYTES).is_ok(), is_read, "{stretches:?}");
    };
    check(&|_| {}, true);
    check(&|all| all.clear(), true);
    check(&|all| all.reverse(), false);
    check(&|all| all.push(all[1].clone()), false);
    check(&|all| all[0].step_ms = 0, false);
    check(&|all| all[0].step_ms = -STEP, false);
    check(&|all| all[0].step_ms *= 2, false);
    check(&|all| all[0].start_ms += 1, false);
    check(&|all| all[0].start_ms -= STEP, false);
    check(&|all| (all[1].start_ms, all[1].end_ms) = (i64::MIN, i64::MAX), false);
    check(&|all| all[1].extents[0].end_ms -= STEP, false);
    check(&|all| all[1].extents[0].end_ms += STEP, false);
    check(&|all| all[1].extents.clear(), false);
    check(&|all| all[1].extents = all[1].extents.repeat(2), false);
    check(&|all| all[1].extents[0].fetched.oldest = at(BEGIN + 3_000), false);
    // Both end a step later: the columns do not.
    let end_at = |one: &mut Stretch, end_ms| (one.end_ms, one.extents[0].end_ms) = (end_ms, end_ms);
    check(&|all| end_at(&mut all[1], (BEGIN + 3 * 15) * 1_000), false);
    // A stretch without series may be longer, but not so long that series that are joined to it have no room.
    let begin_at =
        |one: &mut Stretch, start_ms| (one.start_ms, one.extents[0].start_ms) = (start_ms, start_ms);
    check(&|all| begin_at(&mut all[0], (BEGIN - 45 * 15) * 1_000), true);
    check(&|all| begin_at(&mut all[0], 0), false);
}

#[test]
fn a_set_without_samples_and_extents_is_not_written() {
    assert_eq!(written(&key(), &SeriesSet::new()), None);
}
