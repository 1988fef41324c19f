//! Readers of a Prometheus or VictoriaMetrics whose samples come while they read: gaps, resets, NaN, series that come and
//! vanish, late samples and a restart. The portal fetches only what may have changed, and its samples are the instance's own,
//! bit for bit.

mod relay;
mod writer;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use promenade::clock;
use url::Url;
use world::World;
use world::catalog::{Entity, catalog};

use crate::differential::{Compared, Dice, Move, ask, query_range};
use crate::graphs::{Samples, samples_of_prometheus};
use crate::prometheus::RealPrometheus;
use crate::victoria;
use relay::Relay;
use writer::{HISTORY, INTERVAL, SPIKE, Writer};

/// Late samples may be so old.
const CONFIG: &str = "global: {evaluation_interval: 1h}\nscrape_configs: []\nstorage: {tsdb: {out_of_order_time_window: 30m}}\n";

const QUERIES: [&str; 12] = [
    "load",
    "sum(load)",
    "odd",
    "rate(requests_total[1m])",
    "sum by (code) (increase(requests_total[2m]))",
    "topk(1, load)",
    "max_over_time(load[1m:5s])",
    "absent(load{zone=\"c\"})",
    "load offset 3m",
    "count(load) or vector(0)",
    "late",
    "load{zone=\"d\"} or load{zone=\"e\"}",
];
/// Their samples come at uneven times. VictoriaMetrics guesses from the samples of a request how often more come, and looks
/// back as far, so that its values beside gaps depend on the time range.
const UNEVEN: [&str; 2] = ["odd", "late"];

/// Samples come so often, and readers make so many moves in between.
const TICKS: i64 = 5;
const VIEWERS: u64 = 5;
const MOVES: usize = 12;
/// VictoriaMetrics repeats the last value in the place of samples of its last 30 s; and the portal shows samples for 10 s.
const REPEATED: i64 = 30 + 10 + 5;

/// What runs behind the portal.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Prometheus,
    VictoriaMetrics,
}

/// A reader, on pages of an entity or with queries of his own.
struct Viewer {
    dice: Dice,
    is_ad_hoc: bool,
}

/// What the readers saw.
#[derive(Default)]
struct Seen {
    compared: usize,
    /// Of the instance's own answers.
    bytes: usize,
    /// Samples of uneven series.
    uneven: usize,
    /// Those of them that VictoriaMetrics does not have in an answer to the whole time range.
    in_parts: usize,
}

impl Viewer {
    /// Some read on as time passes, others move anywhere.
    fn moved(&mut self, number: usize, now: i64) -> Move {
        let dice = &mut self.dice;
        let step = [Some(5), Some(10), None, Some(7)][usize::try_from(dice.below(4)).unwrap()];
        let range = [300, 1_200, 3_600, 7_200, 9_000][usize::try_from(dice.below(5)).unwrap()];
        let to = match dice.below(4) {
            0 => Some(now - dice.below(HISTORY)),
            1 => Some(now - 60),
            _ => None,
        };
        let graph = (!self.is_ad_hoc).then_some(number);
        Move { from: to.unwrap_or(now) - range, to, step, graph }
    }

    async fn read(mut self, world: &World, server: &RealPrometheus, relay: &Relay, kind: Kind) -> Seen {
        let mut seen = Seen::default();
        for _ in 0..MOVES {
            let n = usize::try_from(self.dice.below(12)).unwrap();
            let (query, moved) = (QUERIES[n], self.moved(n + 1, clock::now().as_second()));
            if self.dice.below(4) == 0 {
                // A page shows what is there, and the fetch goes on behind it.
                let page = world.get(&moved.address(query, "")).await;
                assert_eq!(page.status, 200, "{}", page.text());
            }
            let mut compared = ask(world, server, &moved, query, INTERVAL).await;
            seen.bytes += compared.bytes;
            if kind == Kind::VictoriaMetrics {
                compared.forget_after(compared.as_of - REPEATED);
                if UNEVEN.contains(&query) {
                    seen.uneven += compared.theirs.values().map(BTreeMap::len).sum::<usize>();
                    seen.in_parts += compared.check_parts(server, relay, query).await;
                    continue;
                }
            }
            seen.compared += compared.same();
        }
        seen
    }
}

impl Compared {
    fn forget_after(&mut self, end: i64) {
        for samples in [&mut self.ours, &mut self.theirs] {
            samples.values_mut().for_each(|one| one.retain(|at, _| *at <= end));
            samples.retain(|_, one| !one.is_empty());
        }
    }

    /// Where the samples differ, or one of them is missing.
    fn differences(&self) -> BTreeSet<(String, i64)> {
        let points = |samples: &Samples| -> BTreeMap<(String, i64), u64> {
            let of = |(labels, one): (&String, &BTreeMap<i64, u64>)| {
                let labels = labels.clone();
                one.clone().into_iter().map(move |(at, bits)| ((labels.clone(), at), bits))
            };
            samples.iter().flat_map(of).collect()
        };
        let (ours, theirs) = (points(&self.ours), points(&self.theirs));
        ours.keys().chain(theirs.keys()).filter(|at| ours.get(at) != theirs.get(at)).cloned().collect()
    }

    /// Each of our samples is the instance's own, in an answer to one of the time ranges that the portal requested. How many
    /// are not in its answer to all of it.
    async fn check_parts(&self, server: &RealPrometheus, relay: &Relay, query: &str) -> usize {
        let mut left = self.differences();
        let count = left.len();
        let value = |samples: &Samples, labels: &String, at: i64| {
            samples.get(labels).and_then(|one| one.get(&at).copied())
        };
        for window in relay.windows(query, self.step) {
            let within = |at: i64| (window[0]..=window[1]).contains(&at);
            if left.iter().any(|(_, at)| within(*at)) {
                let part = samples_of_prometheus(&query_range(server, query, window).await);
                left.retain(|(labels, at)| {
                    !within(*at) || value(&part, labels, *at) != value(&self.ours, labels, *at)
                });
            }
        }
        assert!(left.is_empty(), "{}: no answer has our values at {left:?}", self.path);
        count
    }
}

/// The value of one of the portal's own metrics.
async fn metric(world: &World, line: &str) -> u64 {
    let text = world.get("/metrics").await;
    let found = text.text().lines().find_map(|found| found.strip_prefix(line));
    found.map_or(0, |value| value.trim().parse().unwrap())
}

/// All instants at which one sample stands out.
async fn check_spikes(world: &World, server: &RealPrometheus, writer: &Writer, kind: Kind) {
    let now = clock::now().as_second();
    let moved = Move { from: now - HISTORY + 60, to: None, step: Some(INTERVAL), graph: Some(1) };
    let mut compared = ask(world, server, &moved, "load", INTERVAL).await;
    if kind == Kind::VictoriaMetrics {
        compared.forget_after(compared.as_of - REPEATED);
    }
    let last = compared.ours.values().filter_map(|one| one.keys().max()).max().copied().unwrap();
    let all = compared.ours.values().flatten();
    let shown: BTreeSet<i64> = all.filter(|(_, bits)| **bits == SPIKE.to_bits()).map(|(at, _)| *at).collect();
    let written: BTreeSet<i64> =
        writer.spikes.iter().copied().filter(|at| (compared.start..=last).contains(at)).collect();
    assert!(written.len() > 10, "{written:?}");
    assert_eq!(shown, written);
}

/// Readers move while samples come.
async fn check(kind: Kind) {
    let mut server = match kind {
        Kind::Prometheus => RealPrometheus::start_empty(CONFIG).await,
        Kind::VictoriaMetrics => RealPrometheus::start_empty_as(CONFIG, victoria::serve).await,
    };
    let relay = Relay::before(&server.url).await;
    let api = Url::parse(&format!("http://{}/api/v1/", relay.address)).unwrap();
    let graphs = Entity::component("readers").rule(&QUERIES.join(",\n"));
    let world = World::with(catalog([graphs]), |settings| {
        settings.instances[0].api = api;
        settings.instances[0].scrape_interval = Duration::from_secs(5);
    })
    .await;
    let mut writer = Writer::new(7);
    let mut seen = Seen::default();
    for tick in 0..TICKS {
        writer.write(&server, clock::now().as_second() / INTERVAL * INTERVAL).await;
        if tick == 2 {
            server.restart();
            server.wait_until_ready().await;
        }
        // Longer than young samples of these steps are kept.
        tokio::time::sleep(Duration::from_millis(10_500)).await;
        let read = |n: u64| {
            let dice = Dice(2026 + n + VIEWERS * tick.unsigned_abs());
            Viewer { dice, is_ad_hoc: n == 0 }.read(&world, &server, &relay, kind)
        };
        let all: [Seen; VIEWERS as usize] = tokio::join!(read(0), read(1), read(2), read(3), read(4)).into();
        for one in all {
            seen.compared += one.compared;
            seen.bytes += one.bytes;
            seen.uneven += one.uneven;
            seen.in_parts += one.in_parts;
        }
    }
    check_spikes(&world, &server, &writer, kind).await;
    assert!(seen.compared > 50_000, "only {} samples were compared", seen.compared);
    let part = |part| format!("promenade_store_series_fetches_total{{part=\"{part}\"}}");
    let (full, tail) = (metric(&world, &part("full")).await, metric(&world, &part("tail")).await);
    let (bytes, requests) = (relay.bytes(), relay.requests());
    // One query in ten, that with topk, is always requested as a whole.
    assert!(tail * 4 > full * 3 && full > 10, "{full} whole ranges and {tail} parts were fetched");
    // A move seldom needs more than one request.
    let moves = MOVES * VIEWERS as usize * TICKS as usize;
    assert!((50..=moves).contains(&requests), "{requests} requests for {moves} moves");
    // Most moves are the first of their query and step in a tick.
    assert!(bytes * 2 < seen.bytes, "{bytes} bytes were fetched for {} that were requested", seen.bytes);
    let Seen { in_parts, uneven, .. } = seen;
    assert!(in_parts * 100 <= uneven, "{in_parts} of {uneven} samples depend on the time range");
}

#[tokio::test]
async fn samples_that_come_while_readers_move_are_those_of_prometheus() {
    check(Kind::Prometheus).await;
}

#[tokio::test]
async fn samples_that_come_while_readers_move_are_those_of_victoria_metrics() {
    check(Kind::VictoriaMetrics).await;
}
