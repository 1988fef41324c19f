//! A graph that nobody has asked for, against the instance's own answer.

use promenade::clock;
use world::{Reply, client};

use crate::{ENTITY, portal, print};

const ROUNDS: i64 = 15;
/// A day in the past, in epoch seconds.
const LAST: i64 = 1_789_999_200;

/// A window that ends so long after [`LAST`], and a day earlier in each next round: no sample is in two of them.
struct Case {
    what: &'static str,
    later: i64,
    span: i64,
    step: i64,
}

const CASES: [Case; 3] = [
    Case { what: "1 h at 15 s", later: 3_615, span: 3_600, step: 15 },
    Case { what: "23 h at 60 s", later: 0, span: 82_800, step: 60 },
    Case { what: "22 h at 15 s", later: 0, span: 79_200, step: 15 },
];

pub async fn measure() {
    let (world, direct) = (portal().await, client());
    for Case { what, later, span, step } in CASES {
        let (mut theirs, mut ours) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            let end = LAST + later - round * 86_400;
            let start = end - span;
            let query = format!("query_range?query=load1&start={start}&end={end}&step={step}");
            let begun = clock::stopwatch();
            let whole = direct.get(world.upstream.api().join(&query).unwrap()).send().await.unwrap();
            assert_eq!(Reply::read(whole).await.status, 200);
            theirs.push(begun.elapsed());
            let (from, to) = (start * 1_000, end * 1_000);
            let path = format!("{ENTITY}/graphs/1?from={from}&to={to}&step={step}");
            let begun = clock::stopwatch();
            let panel = world.get_with(&path, &[("HX-Request", "true")]).await;
            ours.push(begun.elapsed());
            assert!(panel.text().contains("class=\"plot\""), "{}", panel.text());
        }
        let [theirs, ours] = [theirs, ours].map(|mut times| {
            times.sort_unstable();
            times[times.len() / 2].as_secs_f64() * 1e3
        });
        print(
            &format!("cold graph, {what}"),
            "<= upstream + 15 ms",
            &format!("{:+.1} ms: {ours:.1} and {theirs:.1} ms", ours - theirs),
        );
    }
}
