//! All connections of a listener: their limit, and the rules by which connections are closed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::connection::{Connection, Order, Phase, millis};
use super::pace::Pace;
use crate::clock;
use crate::metrics::ConnectionMetrics;

/// The time between two checks of the deadlines.
const ROUND: Duration = Duration::from_millis(50);
/// The most connections that are closed in a round. Closing thousands at once would delay requests that arrive
/// meanwhile.
const MOST_IN_A_ROUND: usize = 128;
/// At the limit, one in so many connections is closed at once, so that the list is not searched for each new one.
const SHARE: usize = 64;
/// A new connection is not idle for this long: its first request is on the way.
const ARRIVING: Duration = Duration::from_millis(250);
/// A reader that takes nothing for this long may be closed for a new connection, if no connection is idle.
const STALLED: Duration = Duration::from_secs(5);

/// The connections of a listener.
pub struct Connections {
    limit: usize,
    pace: Pace,
    since: Instant,
    table: Mutex<ConnectionTable>,
    metrics: ConnectionMetrics,
}

#[derive(Default)]
struct ConnectionTable {
    next: u64,
    taken: HashMap<u64, TrackedConnection>,
    /// How many of these end to make room. They are watched until they have ended, but do not count.
    ending: usize,
}

impl ConnectionTable {
    fn count(&self) -> usize {
        self.taken.len().saturating_sub(self.ending)
    }
}

struct TrackedConnection {
    connection: Arc<Connection>,
    /// When the measurement of the reader began, and how much had been written then.
    measured: Option<(u64, u64)>,
    /// It ends to make room.
    is_ending: bool,
}

impl Connections {
    pub fn new(limit: usize, pace: Pace, metrics: ConnectionMetrics) -> Self {
        Self { limit, pace, since: clock::stopwatch(), table: Mutex::default(), metrics }
    }

    /// Accepts one more connection. At the limit, it closes others: idle ones first, and of them the one that moved
    /// longest ago; then those that wait for the other side to close; then those with an unfinished head; then readers
    /// that take nothing. None if all are being answered.
    pub fn admit(self: &Arc<Self>) -> Option<ConnectionPermit> {
        let mut table = self.table();
        if table.count() >= self.limit && !self.make_room(&mut table) {
            self.metrics.closed("refused");
            return None;
        }
        let connection = Arc::new(Connection::new(self.since));
        let id = table.next;
        table.next = table.next.wrapping_add(1);
        let tracked = TrackedConnection { connection: connection.clone(), measured: None, is_ending: false };
        table.taken.insert(id, tracked);
        self.metrics.set(table.taken.len());
        drop(table);
        Some(ConnectionPermit { connection, id, list: self.clone() })
    }

    /// Checks all deadlines, for as long as it is awaited.
    pub async fn keep(self: Arc<Self>) {
        let mut rounds = tokio::time::interval(ROUND.min(self.pace.reader_window));
        rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            rounds.tick().await;
            self.look();
        }
    }

    fn look(&self) {
        let mut table = self.table();
        let now = millis(self.since);
        let patience = self.patience(table.count());
        let mut closed = 0;
        for tracked in table.taken.values_mut() {
            let connection = &tracked.connection;
            let rests = now.saturating_sub(connection.moved());
            let given = connection.order();
            let free = given == Order::None;
            let (reason, order) = match connection.phase() {
                _ if given == Order::Abort => continue,
                Phase::Idle if free && patience.is_some_and(|patience| rests >= patience) => {
                    ("idle", Order::Close)
                }
                // There is no request that could be late.
                Phase::Fresh if free && rests >= whole(self.pace.head) => ("idle", Order::Close),
                Phase::Head if free && rests >= whole(self.pace.head) => ("late_head", Order::TooLate),
                // After an earlier order it may still be writing.
                _ if self.is_too_slow(tracked, now) => ("slow_reader", Order::Abort),
                _ => continue,
            };
            self.metrics.closed(reason);
            tracked.connection.give(order);
            closed += 1;
            if closed == MOST_IN_A_ROUND {
                break;
            }
        }
    }

    /// How long a connection may be idle, in milliseconds, while slots are scarce. None while they are not: the
    /// keep-alive of HTTP decides then.
    fn patience(&self, taken: usize) -> Option<u64> {
        let quarters = taken.saturating_mul(4).checked_div(self.limit).unwrap_or(4);
        let patience = match quarters {
            0 | 1 => return None,
            2 => self.pace.keep_alive / 8,
            _ => self.pace.keep_alive / 40,
        };
        Some(whole(patience))
    }

    /// Whether the reader took too little in a window that is over. A reader that has its whole answer is not measured.
    fn is_too_slow(&self, tracked: &mut TrackedConnection, now: u64) -> bool {
        let connection = &tracked.connection;
        if !connection.is_stuck() {
            tracked.measured = None;
            return false;
        }
        let written = connection.written();
        let (from, before) = *tracked.measured.get_or_insert((now, written));
        let window = whole(self.pace.reader_window);
        if now.saturating_sub(from) < window {
            return false;
        }
        tracked.measured = Some((now, written));
        // Bytes in a window of milliseconds.
        let least = self.pace.reader_rate.saturating_mul(window) / 1_000;
        written.saturating_sub(before) < least
    }

    /// Closes connections of the first kind that may be closed. False if there is none.
    fn make_room(&self, table: &mut ConnectionTable) -> bool {
        let now = millis(self.since);
        let ranked =
            table.taken.iter().filter(|(_, tracked)| !tracked.is_ending).filter_map(|(id, tracked)| {
                let connection = &tracked.connection;
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
            if let Some(tracked) = table.taken.get_mut(id) {
                tracked.is_ending = true;
                table.ending = table.ending.saturating_add(1);
                self.metrics.closed("for_another");
                // `Close` would wait for the end of an answer, or of a final answer.
                tracked.connection.give(if best == 1 || best == 3 { Order::Abort } else { Order::Close });
            }
        }
        true
    }

    fn table(&self) -> MutexGuard<'_, ConnectionTable> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn whole(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A connection's place in the list, which is free again when this is dropped.
pub struct ConnectionPermit {
    pub connection: Arc<Connection>,
    id: u64,
    list: Arc<Connections>,
}

impl ConnectionPermit {
    /// How long the other side has to close after the final answer.
    pub fn closing(&self) -> Duration {
        self.list.pace.closing
    }

    /// A request was refused.
    pub fn refused(&self, reason: &'static str) {
        self.list.metrics.closed(reason);
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let mut table = self.list.table();
        let was_ending = table.taken.remove(&self.id).is_some_and(|tracked| tracked.is_ending);
        table.ending = table.ending.saturating_sub(usize::from(was_ending));
        self.list.metrics.set(table.taken.len());
    }
}

#[cfg(test)]
mod tests;
