//! Which connections are closed, and for which others.

use super::*;
use crate::metrics::Metrics;

fn list(limit: usize) -> Arc<Connections> {
    Arc::new(Connections::new(limit, Pace::default(), Metrics::new().connections))
}

/// In the phase, and last moved at this millisecond.
fn admitted(list: &Arc<Connections>, phase: Phase) -> ConnectionPermit {
    let permit = list.admit().unwrap();
    permit.connection.enter(phase);
    std::thread::sleep(Duration::from_millis(3));
    permit
}

fn orders(permits: &[&ConnectionPermit]) -> Vec<Order> {
    permits.iter().map(|permit| permit.connection.order()).collect()
}

#[test]
fn the_oldest_idle_one_is_closed_for_a_newcomer() {
    let list = list(4);
    let busy = admitted(&list, Phase::Answering);
    let head = admitted(&list, Phase::Head);
    let (old, young) = (admitted(&list, Phase::Idle), admitted(&list, Phase::Idle));
    let first = admitted(&list, Phase::Answering);
    assert_eq!(orders(&[&busy, &head, &old, &young]), [Order::None, Order::None, Order::Close, Order::None]);
    let second = admitted(&list, Phase::Answering);
    assert_eq!(orders(&[&busy, &head, &young]), [Order::None, Order::None, Order::Close]);
    let third = admitted(&list, Phase::Answering);
    assert_eq!(orders(&[&busy, &head]), [Order::None, Order::Close]);
    assert!(list.admit().is_none(), "all are in the middle of a request");
    assert_eq!(orders(&[&busy, &first, &second, &third]), [Order::None; 4]);
    drop(first);
    assert!(list.admit().is_some());
    second.connection.enter(Phase::Leaving);
    let _fourth = admitted(&list, Phase::Head);
    let _fifth = admitted(&list, Phase::Head);
    assert_eq!(second.connection.order(), Order::Abort, "its final answer is written: it is not waited for");
}

#[test]
fn the_scarcer_the_slots_the_shorter_one_may_be_idle() {
    let list = list(100);
    let patience = |taken| list.patience(taken).map(Duration::from_millis);
    assert_eq!(patience(49), None);
    assert_eq!(patience(50), Some(Duration::from_millis(9_375)));
    assert_eq!(patience(75), Some(Duration::from_millis(1_875)));
    assert_eq!(patience(100), Some(Duration::from_millis(1_875)));
}

#[test]
fn those_that_came_together_are_not_all_closed_together() {
    let hasty = Pace { head: Duration::ZERO, ..Pace::default() };
    let list = Arc::new(Connections::new(1_000, hasty, Metrics::new().connections));
    let permits: Vec<_> = (0..200).map(|_| list.admit().unwrap()).collect();
    permits.iter().for_each(|permit| permit.connection.enter(Phase::Head));
    let late = || permits.iter().filter(|permit| permit.connection.order() == Order::TooLate).count();
    for closed in [MOST_IN_A_ROUND, 200] {
        list.look();
        assert_eq!(late(), closed);
    }
}

#[test]
fn one_that_was_to_end_and_began_a_request_is_watched_and_ends_with_it() {
    let hasty = Pace { reader_window: Duration::from_millis(1), reader_rate: 1_000, ..Pace::default() };
    let list = Arc::new(Connections::new(1, hasty, Metrics::new().connections));
    let idle = admitted(&list, Phase::Idle);
    let _newcomer = list.admit().unwrap();
    assert_eq!(idle.connection.order(), Order::Close);
    idle.connection.begin(false);
    assert!(idle.connection.is_last());
    idle.connection.set_stuck(true);
    list.look();
    std::thread::sleep(Duration::from_millis(3));
    list.look();
    assert_eq!(idle.connection.order(), Order::Abort, "a reader has its deadline all the same");
    drop(idle);
    assert_eq!(list.table().count(), 1);
}

#[test]
fn a_late_head_that_moved_on_is_late_no_more() {
    let connection = Connection::new(clock::stopwatch());
    for phase in [Phase::Answering, Phase::Idle, Phase::Head] {
        connection.give(Order::TooLate);
        connection.enter(phase);
        assert_eq!(connection.order(), Order::None, "{phase:?}");
    }
}

#[test]
fn a_reader_below_the_rate_is_closed_after_its_window() {
    let list = list(1);
    let permit = list.admit().unwrap();
    let connection = permit.connection.clone();
    let mut tracked = TrackedConnection { connection: connection.clone(), measured: None, is_ending: false };
    connection.set_stuck(true);
    assert!(!list.is_too_slow(&mut tracked, 0));
    assert!(!list.is_too_slow(&mut tracked, 29_999));
    connection.wrote(30_000);
    assert!(!list.is_too_slow(&mut tracked, 30_000), "1 kB/s is quick enough");
    connection.wrote(29_999);
    assert!(!list.is_too_slow(&mut tracked, 59_999));
    assert!(list.is_too_slow(&mut tracked, 60_000));
    connection.set_stuck(false);
    assert!(!list.is_too_slow(&mut tracked, 90_000));
    connection.set_stuck(true);
    assert!(!list.is_too_slow(&mut tracked, 90_001), "it is measured anew");
}
