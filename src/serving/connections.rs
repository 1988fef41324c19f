//! All connections of a listener: how many there may be, and which are closed, when and why.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::connection::{Connection, Order, Phase, millis};
use super::pace::Pace;
use crate::clock;
use crate::metrics::ConnectionMetrics;

/// How often deadlines are looked at.
const ROUND: Duration = Duration::from_millis(50);
/// So many connections are closed in a round: thousands that came together would else be closed together, and whoever
/// asks meanwhile would wait for that.
const MOST_IN_A_ROUND: usize = 128;
/// Where slots run out, this share of them is made free at once, so that the list is not searched for each newcomer.
const SHARE: usize = 64;
/// A connection that has just come is not idle: its first request is on the way.
const ARRIVING: Duration = Duration::from_millis(250);
/// A reader that takes nothing for this long may be closed for a newcomer, if nobody is idle.
const STALLED: Duration = Duration::from_secs(5);

/// The connections of a listener.
pub struct Connections {
    limit: usize,
    pace: Pace,
    since: Instant,
    seats: Mutex<Seats>,
    metrics: ConnectionMetrics,
}

#[derive(Default)]
struct Seats {
    next: u64,
    taken: HashMap<u64, Seat>,
    /// Of these, how many end to make room. They are watched until they have ended, and count no more.
    ending: usize,
}

impl Seats {
    fn count(&self) -> usize {
        self.taken.len().saturating_sub(self.ending)
    }
}

struct Seat {
    connection: Arc<Connection>,
    /// Since when the reader is measured, and what had been written then.
    measured: Option<(u64, u64)>,
    /// It ends to make room.
    is_ending: bool,
}

impl Seat {
    fn new(connection: Arc<Connection>) -> Self {
        Self { connection, measured: None, is_ending: false }
    }
}

impl Connections {
    pub fn new(limit: usize, pace: Pace, metrics: ConnectionMetrics) -> Self {
        Self { limit, pace, since: clock::stopwatch(), seats: Mutex::default(), metrics }
    }

    /// Takes one more in, and closes others for it where the limit is reached: idle ones first, the one that
    /// moved longest ago before all; then those that wait for the other side to close; then those whose head has not
    /// come whole; then readers that take nothing. None when all are being answered.
    pub fn admit(self: &Arc<Self>) -> Option<Place> {
        let mut seats = self.seats();
        if seats.count() >= self.limit && !self.make_room(&mut seats) {
            self.metrics.closed("refused");
            return None;
        }
        let connection = Arc::new(Connection::new(self.since));
        let id = seats.next;
        seats.next = seats.next.wrapping_add(1);
        seats.taken.insert(id, Seat::new(connection.clone()));
        self.metrics.set(seats.taken.len());
        drop(seats);
        Some(Place { connection, id, list: self.clone() })
    }

    /// Looks at all deadlines, for as long as it is awaited.
    pub async fn keep(self: Arc<Self>) {
        let mut rounds = tokio::time::interval(ROUND.min(self.pace.reader_window));
        rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            rounds.tick().await;
            self.look();
        }
    }

    fn look(&self) {
        let mut seats = self.seats();
        let now = millis(self.since);
        let patience = self.patience(seats.count());
        let mut closed = 0;
        for seat in seats.taken.values_mut() {
            let connection = &seat.connection;
            let rests = now.saturating_sub(connection.moved());
            let given = connection.order();
            let free = given == Order::None;
            let (reason, order) = match connection.phase() {
                _ if given == Order::Abort => continue,
                Phase::Idle if free && patience.is_some_and(|patience| rests >= patience) => {
                    ("idle", Order::Close)
                }
                // No request is late: there is none.
                Phase::Fresh if free && rests >= whole(self.pace.head) => ("idle", Order::Close),
                Phase::Head if free && rests >= whole(self.pace.head) => ("late_head", Order::TooLate),
                // Whatever was ordered before, it may be writing.
                _ if self.is_too_slow(seat, now) => ("slow_reader", Order::Abort),
                _ => continue,
            };
            self.metrics.closed(reason);
            seat.connection.give(order);
            closed += 1;
            if closed == MOST_IN_A_ROUND {
                break;
            }
        }
    }

    /// How long one may be idle, in milliseconds: less while slots are scarce. None while they are not, for then
    /// the keep-alive of HTTP decides.
    fn patience(&self, taken: usize) -> Option<u64> {
        let quarters = taken.saturating_mul(4).checked_div(self.limit).unwrap_or(4);
        let patience = match quarters {
            0 | 1 => return None,
            2 => self.pace.keep_alive / 8,
            _ => self.pace.keep_alive / 40,
        };
        Some(whole(patience))
    }

    /// A window that is over and in which too little was taken. A reader whose answer is all taken is not measured.
    fn is_too_slow(&self, seat: &mut Seat, now: u64) -> bool {
        let connection = &seat.connection;
        if !connection.is_stuck() {
            seat.measured = None;
            return false;
        }
        let written = connection.written();
        let (from, before) = *seat.measured.get_or_insert((now, written));
        let window = whole(self.pace.reader_window);
        if now.saturating_sub(from) < window {
            return false;
        }
        seat.measured = Some((now, written));
        // Bytes in a window of milliseconds.
        let least = self.pace.reader_rate.saturating_mul(window) / 1_000;
        written.saturating_sub(before) < least
    }

    /// Closes connections that may be closed, all of them alike in what they do; false if there is none.
    fn make_room(&self, seats: &mut Seats) -> bool {
        let now = millis(self.since);
        let ranked = seats.taken.iter().filter(|(_, seat)| !seat.is_ending).filter_map(|(id, seat)| {
            let connection = &seat.connection;
            let moved = connection.moved();
            let rests = now.saturating_sub(moved);
            let is_stalled = connection.is_stuck() && rests >= whole(STALLED);
            let rank = match connection.phase() {
                Phase::Idle => 0_u8,
                Phase::Fresh if rests >= whole(ARRIVING) => 0,
                Phase::Leaving => 1,
                Phase::Fresh | Phase::Head => 2,
                Phase::Answering | Phase::Answered if is_stalled => 3,
                Phase::Answering | Phase::Answered => return None,
            };
            Some((rank, moved, *id))
        });
        let mut ranked: Vec<_> = ranked.collect();
        ranked.sort_unstable();
        let Some(best) = ranked.first().map(|(rank, ..)| *rank) else { return false };
        let count = (self.limit / SHARE).max(1);
        for (_, _, id) in ranked.iter().take_while(|(rank, ..)| *rank == best).take(count) {
            if let Some(seat) = seats.taken.get_mut(id) {
                seat.is_ending = true;
                seats.ending = seats.ending.saturating_add(1);
                self.metrics.closed("for_another");
                // Close does not end an answer or a farewell that is under way.
                seat.connection.give(if best == 1 || best == 3 { Order::Abort } else { Order::Close });
            }
        }
        true
    }

    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn whole(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A connection's place in the list, free again when dropped.
pub struct Place {
    pub connection: Arc<Connection>,
    id: u64,
    list: Arc<Connections>,
}

impl Place {
    /// How long the other side has to close, once it is asked to.
    pub fn closing(&self) -> Duration {
        self.list.pace.closing
    }

    /// A request was refused.
    pub fn refused(&self, reason: &'static str) {
        self.list.metrics.closed(reason);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut seats = self.list.seats();
        let was_ending = seats.taken.remove(&self.id).is_some_and(|seat| seat.is_ending);
        seats.ending = seats.ending.saturating_sub(usize::from(was_ending));
        self.list.metrics.set(seats.taken.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Metrics;

    fn list(limit: usize) -> Arc<Connections> {
        Arc::new(Connections::new(limit, Pace::default(), Metrics::new().connections))
    }

    /// In the phase, and last moved at this millisecond.
    fn seated(list: &Arc<Connections>, phase: Phase) -> Place {
        let place = list.admit().unwrap();
        place.connection.enter(phase);
        std::thread::sleep(Duration::from_millis(3));
        place
    }

    fn orders(places: &[&Place]) -> Vec<Order> {
        places.iter().map(|place| place.connection.order()).collect()
    }

    #[test]
    fn the_oldest_idle_one_is_closed_for_a_newcomer() {
        let list = list(4);
        let busy = seated(&list, Phase::Answering);
        let head = seated(&list, Phase::Head);
        let (old, young) = (seated(&list, Phase::Idle), seated(&list, Phase::Idle));
        let first = seated(&list, Phase::Answering);
        assert_eq!(
            orders(&[&busy, &head, &old, &young]),
            [Order::None, Order::None, Order::Close, Order::None]
        );
        let second = seated(&list, Phase::Answering);
        assert_eq!(orders(&[&busy, &head, &young]), [Order::None, Order::None, Order::Close]);
        let third = seated(&list, Phase::Answering);
        assert_eq!(orders(&[&busy, &head]), [Order::None, Order::Close]);
        assert!(list.admit().is_none(), "all are in the middle of a request");
        assert_eq!(orders(&[&busy, &first, &second, &third]), [Order::None; 4]);
        drop(first);
        assert!(list.admit().is_some());
        second.connection.enter(Phase::Leaving);
        let _fourth = seated(&list, Phase::Head);
        let _fifth = seated(&list, Phase::Head);
        assert_eq!(second.connection.order(), Order::Abort, "the last word was said: it is not waited for");
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
        let places: Vec<_> = (0..200).map(|_| list.admit().unwrap()).collect();
        places.iter().for_each(|place| place.connection.enter(Phase::Head));
        let late = || places.iter().filter(|place| place.connection.order() == Order::TooLate).count();
        for closed in [MOST_IN_A_ROUND, 200] {
            list.look();
            assert_eq!(late(), closed);
        }
    }

    #[test]
    fn one_that_was_to_end_and_began_a_request_is_watched_and_ends_with_it() {
        let hasty = Pace { reader_window: Duration::from_millis(1), reader_rate: 1_000, ..Pace::default() };
        let list = Arc::new(Connections::new(1, hasty, Metrics::new().connections));
        let idle = seated(&list, Phase::Idle);
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
        assert_eq!(list.seats().count(), 1);
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
        let place = list.admit().unwrap();
        let mut seat = Seat::new(place.connection.clone());
        let connection = place.connection.clone();
        connection.set_stuck(true);
        assert!(!list.is_too_slow(&mut seat, 0));
        assert!(!list.is_too_slow(&mut seat, 29_999));
        connection.wrote(30_000);
        assert!(!list.is_too_slow(&mut seat, 30_000), "1 kB/s is quick enough");
        connection.wrote(29_999);
        assert!(!list.is_too_slow(&mut seat, 59_999));
        assert!(list.is_too_slow(&mut seat, 60_000));
        connection.set_stuck(false);
        assert!(!list.is_too_slow(&mut seat, 90_000));
        connection.set_stuck(true);
        assert!(!list.is_too_slow(&mut seat, 90_001), "it is measured anew");
    }
}
