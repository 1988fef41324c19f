//! Sets of two portals and their fetches against an instance whose answers fail, are doubtful or lack samples, and clocks
//! that step.

use super::*;
use crate::clock;
use crate::prometheus::{InstanceName, Origin};
use crate::promql::PromQl;
use crate::store::question::Scope;
use crate::store::series::entry::SeriesEntry;
use crate::store::series::tier::with_taken;
use crate::store::series::{SeriesKey, bytes};
use crate::upstream::Fingerprint;

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
    /// A reader of a window, how the requests for it end, and by how much the portal's clock is wrong until the answers
    /// come.
    Read { ago: i64, len: i64, end: FetchEnd, wrong: i64 },
    /// From now on answers say the instance's own time, or not.
    Dated(bool),
}

#[derive(Clone, Copy, Debug)]
enum FetchEnd {
    Good,
    Warned,
    OffGrid,
    /// The first so many parts are answered, the next is not: a failure or a cut answer.
    FailsAfter(usize),
    /// The reader leaves after so many parts.
    LeavesAfter(usize),
}

fn moves() -> impl Strategy<Value = SetMove> {
    let end = prop_oneof![
        6 => Just(FetchEnd::Good),
        1 => Just(FetchEnd::Warned),
        1 => Just(FetchEnd::OffGrid),
        2 => (0_usize..2).prop_map(FetchEnd::FailsAfter),
        2 => (0_usize..2).prop_map(FetchEnd::LeavesAfter),
    ];
    prop_oneof![
        3 => (1_i64..400).prop_map(SetMove::Time),
        // Without a date, the steps of the clock make samples look older.
        3 => (0_usize..6, 0_i64..31, 1_i64..40, prop::option::of(1_u64..1_000))
            .prop_map(|(name, ago, count, value)| SetMove::Change { name, ago, count, value }),
        1 => (-MOST_STEPS / 2..MOST_STEPS / 2).prop_map(SetMove::Clock),
        1 => Just(SetMove::Evict),
        2 => Just(SetMove::Other),
        2 => Just(SetMove::Take),
        1 => any::<bool>().prop_map(SetMove::Dated),
        6 => (prop_oneof![0_i64..3, 0_i64..400], 1_i64..300, end, prop_oneof![4 => Just(0), 1 => 0_i64..4_000])
            .prop_map(|(ago, len, end, wrong)| SetMove::Read { ago, len, end, wrong }),
    ]
}

/// An instance with its own clock, and two portals with another one.
struct SetMachine {
    /// By the instance.
    now: i64,
    /// By how much the instance is behind the true time.
    behind: i64,
    /// By how much the portal is ahead of the true time.
    ahead: i64,
    is_dated: bool,
    instance: Samples,
    /// What the instance had, with the second since when.
    history: Vec<(i64, Samples)>,
    entry: SeriesEntry,
    other: SeriesEntry,
}

impl SetMachine {
    fn new(behind: i64) -> Self {
        let now = 1_000_000 * LIFE;
        let [entry, other] = [at(now + behind); 2].map(SeriesEntry::new);
        Self {
            now,
            behind,
            ahead: 0,
            is_dated: true,
            instance: Samples::new(),
            history: vec![(now, Samples::new())],
            entry,
            other,
        }
    }

    fn portal(&self) -> Timestamp {
        at(self.now + self.behind + self.ahead)
    }

    /// Without it the portal has to rely on its own clock.
    fn date(&self) -> Option<Timestamp> {
        (self.is_dated || self.behind + self.ahead > 0).then_some(at(self.now))
    }

    /// An instance repeats its newest samples for five minutes after its own time.
    fn answer(&self, part: Window) -> Matrix {
        let newest = self.now / LIFE;
        let mut all = self.instance.clone();
        for name in 0..6 {
            let Some(value) = self.instance.get(&(name, newest * STEP)).copied() else { continue };
            all.extend((newest + 1..newest + 20).map(|instant| ((name, instant * STEP), value)));
        }
        Matrix { date: self.date(), ..answer(&all, part) }
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
            server: Fingerprint::of([]),
            scope: Scope::Whole,
            origin: Origin::Known,
            query: PromQl::read("up").0.unwrap(),
            step_ms: STEP,
        };
        let Some(written) = bytes::written(&key, &self.other.kept().set) else { return };
        let set = bytes::read(&bytes::compressed(&written).unwrap(), &key, 1 << 20).unwrap();
        let mut kept = self.entry.kept();
        if let Some((set, newest)) = with_taken(kept.set.clone(), &set, TAIL, self.portal(), 1 << 20) {
            kept.adopt(set, newest);
        }
    }

    /// The samples of a window, as a reader gets them. None: the request failed or was doubtful.
    fn read(&mut self, window: &Window, end: FetchEnd, begun: Timestamp) -> Option<Matrix> {
        let shown = self.fetch(window, end, begun);
        let mut kept = self.entry.kept();
        if !matches!(end, FetchEnd::LeavesAfter(_)) {
            kept.note(window, None, clock::stopwatch());
        }
        kept.end();
        shown
    }

    fn fetch(&mut self, window: &Window, end: FetchEnd, begun: Timestamp) -> Option<Matrix> {
        let parts = self.entry.missing(window, begun);
        for (n, part) in parts.iter().rev().enumerate() {
            let mut answer = self.answer(*part);
            match end {
                FetchEnd::Good => {}
                FetchEnd::Warned => answer.warnings.push("a store is down".to_owned()),
                FetchEnd::OffGrid => answer.off_grid = 1,
                FetchEnd::FailsAfter(parts) | FetchEnd::LeavesAfter(parts) if n < parts => {}
                FetchEnd::FailsAfter(_) | FetchEnd::LeavesAfter(_) => return None,
            }
            self.entry.kept().merge(answer, window, TAIL, begun, self.portal()).ok()?;
        }
        let shown = self.entry.kept().shown(window, self.portal());
        Some(shown.expect("nothing is missing"))
    }

    /// Every instant that has passed is as the instance had it now or a short while ago.
    fn check(&self, shown: &Matrix) {
        let since = self.now - LIFE - MOST_STEPS;
        let later = self.history.iter().rposition(|(second, _)| *second <= since).unwrap_or(0);
        let recent = &self.history[later..];
        let found = samples(shown);
        for i in (0..shown.window.len()).filter(|i| shown.window.at(*i) <= self.now * 1_000) {
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
    fn readers_see_nothing_that_the_instance_did_not_have(
        behind in prop_oneof![Just(0), 0_i64..300],
        all in prop::collection::vec(moves(), 1..60),
    ) {
        let mut machine = SetMachine::new(behind);
        for one in all {
            match one {
                SetMove::Time(seconds) => machine.now += seconds,
                SetMove::Change { name, ago, count, value } => machine.change(name, ago, count, value),
                SetMove::Clock(ahead) => machine.ahead = ahead,
                SetMove::Evict => machine.entry = SeriesEntry::new(machine.portal()),
                SetMove::Other => std::mem::swap(&mut machine.entry, &mut machine.other),
                SetMove::Take => machine.take(),
                SetMove::Dated(is_dated) => machine.is_dated = is_dated,
                SetMove::Read { ago, len, end, wrong } => {
                    let begun = machine.portal() + Duration::from_secs(wrong.unsigned_abs());
                    let newest = begun.as_second() / LIFE;
                    let window = window(newest - ago - len, newest - ago);
                    if let Some(shown) = machine.read(&window, end, begun) {
                        prop_assert_eq!(shown.window, window);
                        machine.check(&shown);
                    }
                }
            }
        }
    }
}
