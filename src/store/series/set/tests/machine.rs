//! Sets of two portals and their fetches against an instance whose answers fail, are doubtful or lack samples, and clocks
//! that step.

use super::*;
use crate::clock;
use crate::prometheus::{InstanceName, Origin};
use crate::promql::PromQl;
use crate::store::question::Scope;
use crate::store::series::entry::SeriesEntry;
use crate::store::series::{SeriesKey, bytes};

/// The most by which all steps of the clock together move it, in seconds.
const MOST_STEPS: i64 = 120;
/// How old samples may be that are shown as current, in seconds: a step.
const LIFE: i64 = STEP / 1_000;

#[derive(Clone, Debug)]
enum SetMove {
    /// So many seconds pass.
    Time(i64),
    /// Samples of the last ten minutes come or go.
    Change { name: usize, ago: i64, count: i64, value: Option<u64> },
    /// The portal's clock is set this many seconds ahead of the instance's.
    Clock(i64),
    /// The set leaves the memory.
    Evict,
    /// What follows happens in the other portal.
    Other,
    /// The portal takes what the other one has, as bytes.
    Take,
    /// A reader of a window, and how the requests for it end.
    Read { ago: i64, len: i64, end: FetchEnd },
}

#[derive(Clone, Copy, Debug)]
enum FetchEnd {
    Good,
    Warned,
    OffGrid,
    /// The first so many parts are answered, the next is not: a failure, a cut answer, or the reader left.
    FailsAfter(usize),
}

fn moves() -> impl Strategy<Value = SetMove> {
    let end = prop_oneof![
        6 => Just(FetchEnd::Good),
        1 => Just(FetchEnd::Warned),
        1 => Just(FetchEnd::OffGrid),
        2 => (0_usize..2).prop_map(FetchEnd::FailsAfter),
    ];
    prop_oneof![
        3 => (1_i64..400).prop_map(SetMove::Time),
        3 => (0_usize..6, 0_i64..39, 1_i64..40, prop::option::of(1_u64..1_000))
            .prop_map(|(name, ago, count, value)| SetMove::Change { name, ago, count, value }),
        1 => (-MOST_STEPS / 2..MOST_STEPS / 2).prop_map(SetMove::Clock),
        1 => Just(SetMove::Evict),
        2 => Just(SetMove::Other),
        2 => Just(SetMove::Take),
        6 => (prop_oneof![0_i64..3, 0_i64..400], 1_i64..300, end)
            .prop_map(|(ago, len, end)| SetMove::Read { ago, len, end }),
    ]
}

/// An instance with its own, true clock, and two portals with another one.
struct SetMachine {
    now: i64,
    ahead: i64,
    instance: Samples,
    /// What the instance had, with the second since when.
    history: Vec<(i64, Samples)>,
    entry: SeriesEntry,
    other: SeriesEntry,
}

impl SetMachine {
    fn new() -> Self {
        let now = 1_000_000 * LIFE;
        let history = vec![(now, Samples::new())];
        let [entry, other] = [at(now); 2].map(SeriesEntry::new);
        Self { now, ahead: 0, instance: Samples::new(), history, entry, other }
    }

    fn portal(&self) -> Timestamp {
        at(self.now + self.ahead)
    }

    fn change(&mut self, name: usize, ago: i64, count: i64, value: Option<u64>) {
        let newest = self.now / LIFE;
        for instant in (newest - ago)..=(newest - ago + count).min(newest) {
            match value {
                Some(value) => self.instance.insert((name, instant * STEP), value),
                None => self.instance.remove(&(name, instant * STEP)),
            };
        }
        self.history.push((self.now, self.instance.clone()));
    }

    fn take(&mut self) {
        let key = SeriesKey {
            source: InstanceName::new("default"),
            scope: Scope::Whole,
            origin: Origin::Known,
            query: PromQl::read("up").0.unwrap(),
            step_ms: STEP,
        };
        let Some(written) = bytes::written(&key, &self.other.kept().set) else { return };
        let set = bytes::read(&bytes::compressed(&written).unwrap(), &key, 1 << 20).unwrap();
        self.entry.kept().take_in(&set, TAIL, self.portal(), 1 << 20);
    }

    /// The samples of a window, as a reader gets them. None: the request failed or was doubtful.
    fn read(&mut self, window: &Window, end: FetchEnd) -> Option<Matrix> {
        let shown = self.fetch(window, end);
        self.entry.kept().note(window, None, clock::stopwatch());
        shown
    }

    fn fetch(&mut self, window: &Window, end: FetchEnd) -> Option<Matrix> {
        let parts = self.entry.missing(window, self.portal());
        for (n, part) in parts.iter().rev().enumerate() {
            let mut answer = Matrix { date: Some(at(self.now)), ..answer(&self.instance, *part) };
            match end {
                FetchEnd::Good => {}
                FetchEnd::Warned => answer.warnings.push("a store is down".to_owned()),
                FetchEnd::OffGrid => answer.off_grid = 1,
                FetchEnd::FailsAfter(parts) if n < parts => {}
                FetchEnd::FailsAfter(_) => return None,
            }
            self.entry.kept().merge(answer, TAIL, self.portal(), self.portal()).ok()?;
        }
        let shown = self.entry.kept().shown(window, self.portal());
        Some(shown.expect("nothing is missing"))
    }

    /// Every instant is as the instance had it now or a short while ago.
    fn check(&self, shown: &Matrix) {
        let since = self.now - LIFE - MOST_STEPS;
        let later = self.history.iter().rposition(|(second, _)| *second <= since).unwrap_or(0);
        let recent = &self.history[later..];
        let found = samples(shown);
        for i in 0..shown.window.len() {
            let column = |all: &Samples| -> Vec<Option<u64>> {
                (0..6).map(|name| all.get(&(name, shown.window.at(i))).copied()).collect()
            };
            let is_true = recent.iter().any(|(_, all)| column(all) == column(&found));
            assert!(
                is_true,
                "at {}, {} s before now",
                shown.window.at(i),
                self.now - shown.window.at(i) / 1_000
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn readers_see_nothing_that_the_instance_did_not_have(all in prop::collection::vec(moves(), 1..60)) {
        let mut machine = SetMachine::new();
        for one in all {
            match one {
                SetMove::Time(seconds) => machine.now += seconds,
                SetMove::Change { name, ago, count, value } => machine.change(name, ago, count, value),
                SetMove::Clock(ahead) => machine.ahead = ahead,
                SetMove::Evict => machine.entry = SeriesEntry::new(machine.portal()),
                SetMove::Other => std::mem::swap(&mut machine.entry, &mut machine.other),
                SetMove::Take => machine.take(),
                SetMove::Read { ago, len, end } => {
                    let newest = (machine.now + machine.ahead) / LIFE;
                    let window = window(newest - ago - len, newest - ago);
                    if let Some(shown) = machine.read(&window, end) {
                        prop_assert_eq!(shown.window, window);
                        machine.check(&shown);
                    }
                }
            }
        }
    }
}
