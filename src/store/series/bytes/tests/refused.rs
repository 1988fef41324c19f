//! Bytes that are not taken, and bytes that every later program takes.

use super::*;

/// The bytes of [`known_set`], as the first version wrote them.
const VERSION_1: &str = include_str!("../../../../../tests/fixtures/series-set-1.hex");

fn known_set() -> SeriesSet {
    let labels = |pod: &str| [("pod", pod), ("job", "a \"b\"")].into_iter().collect::<Labels>();
    let series = |pod: &str, values: &[f64]| Series { labels: labels(pod), values: values.to_vec().into() };
    let stale = f64::from_bits(0x7ff0_0000_0000_0002);
    let bucket = Bucket { boundaries: Boundaries::Closed, lower: -0.0, upper: f64::INFINITY, count: 2.0 };
    let histogram = Histogram { count: 2.0, sum: f64::NAN, buckets: vec![bucket] };
    let all = window(0, 2);
    let histograms =
        vec![HistogramSeries { labels: labels("c"), points: vec![(all.at(1), histogram)].into() }];
    let series = vec![series("a", &[1.5, ABSENT, stale]), series("b", &[ABSENT, f64::NAN, -1.0])];
    let infos = vec!["an info".to_owned()];
    let mut set = SeriesSet::new();
    let as_of = at(BEGIN + 31) + Duration::from_nanos(5);
    let date = Some(at(BEGIN + 30));
    let (begun, oldest) = (at(BEGIN + 31), at(BEGIN + 28));
    let fetched = Fetched { begun, as_of, oldest, date, settled_ms: (BEGIN - 570) * 1_000 };
    set.merge(Matrix { histograms, infos, ..Matrix::of(all, series) }, fetched, TAIL, TAIL);
    let begun = at(BEGIN);
    let old = Fetched { begun, as_of: begun, oldest: begun, date: None, settled_ms: i64::MIN };
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
        SeriesKey { server: Fingerprint::of([&b"another server"[..]]), ..key() },
        SeriesKey { origin: Origin::AdHoc, ..key() },
        SeriesKey { query: query("sum by (pod) (rate(requests_total[5m])) "), ..key() },
        SeriesKey { query: query("sum by (pod) (rate(requests_total[5m]))+0"), ..key() },
        SeriesKey { step_ms: STEP * 2, ..key() },
        SeriesKey { step_ms: -STEP, ..key() },
    ];
    let bytes = bytes_of(&known_set());
    for other in others {
        let is_same = other == key();
        assert_eq!(tier_key(&other) == tier_key(&key()), is_same, "{:?}", other.query);
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
    assert_eq!(read(&bytes, &key(), size - 1).unwrap_err(), UnreadSeries::TooLarge);
    // Half a kilobyte for each of its bytes.
    let bomb = compressed(&vec![0; 64 << 20]).unwrap();
    assert!(bomb.len() < 1 << 20, "{}", bomb.len());
    assert_eq!(read(&bomb, &key(), MOST_BYTES).unwrap_err(), UnreadSeries::TooLarge);
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

/// What a stretch is made of, in its order.
type StretchForm =
    (i64, i64, i64, Vec<(Labels, Vec<f64>)>, Vec<(Labels, Vec<(i64, f64, f64, Vec<()>)>)>, Vec<Extent>);

#[test]
fn series_out_of_order_are_refused() {
    let all = window(0, 0);
    let (start_ms, end_ms) = (all.start_ms(), all.end_ms());
    let fetched = known_set().stretches()[0].extents[0].fetched;
    let labels = |name: &str| [("pod", name)].into_iter().collect::<Labels>();
    let bytes = |names: &[&str], histograms: &[&str]| {
        let series = names.iter().map(|name| (labels(name), vec![1.0])).collect();
        let points = || vec![(start_ms, 1.0, 1.0, Vec::new())];
        let histograms = histograms.iter().map(|name| (labels(name), points())).collect();
        let extents = vec![Extent { start_ms, end_ms, fetched }];
        let form: StretchForm = (STEP, start_ms, end_ms, series, histograms, extents);
        compressed(&postcard::to_extend(&vec![form], key().written().unwrap()).unwrap()).unwrap()
    };
    let many = ["a"; 10_000];
    for (names, is_read) in
        [(&["a", "b", "c"][..], true), (&["a", "c", "b"], false), (&["a", "a"], false), (&many, false)]
    {
        for bytes in [bytes(names, &["a"]), bytes(&["a"], names)] {
            assert_eq!(read(&bytes, &key(), MOST_BYTES).is_ok(), is_read, "{}", names.len());
        }
    }
}

#[test]
fn infos_that_no_set_has_are_refused() {
    let longest = "x".repeat(LONGEST_INFO);
    let more = format!("{longest}x");
    let many: Vec<String> = (0..=MOST_INFOS).map(|n| n.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for (infos, is_read) in [
        (&["one", "two"][..], true),
        (&[&longest], true),
        (&[&more], false),
        (&["one", "two", "one"], false),
        (&["a Partial answer"], false),
        (&many[..MOST_INFOS], true),
        (&many, false),
    ] {
        let all = postcard::to_extend(known_set().stretches(), key().written().unwrap()).unwrap();
        let all = infos.iter().fold(all, |all, info| postcard::to_extend(info, all).unwrap());
        let read = read(&compressed(&all).unwrap(), &key(), MOST_BYTES);
        assert_eq!(read.is_ok(), is_read, "{} infos", infos.len());
    }
}

#[test]
fn more_instants_than_are_kept_are_too_large_and_not_written() {
    let mut set = SeriesSet::new();
    let begun = at(BEGIN);
    let fetched = Fetched { begun, as_of: begun, oldest: begun, date: None, settled_ms: i64::MIN };
    // Three parts are as many as are kept, and one is more.
    for part in 0..4 {
        let part = window(part * 11_000, part * 11_000 + 10_999);
        set.merge(Matrix::of(part, Vec::new()), fetched, TAIL, TAIL);
    }
    assert_eq!(read(&bytes_of(&set), &key(), MOST_BYTES).unwrap_err(), UnreadSeries::TooLarge);
    set.shorten();
    let read = read(&bytes_of(&set), &key(), MOST_BYTES).unwrap();
    let kept = (window(11_000, 11_000).start_ms(), window(43_999, 43_999).end_ms());
    assert_eq!(read.extents().collect::<Vec<_>>(), [kept]);
}

#[test]
fn a_set_without_samples_and_extents_is_not_written() {
    assert_eq!(written(&key(), &SeriesSet::new()), None);
}
