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
    table: Mutex<ConnectionTable>,
    metrics: ConnectionMetrics,
}

#[derive(Default)]
struct ConnectionTable {
    next: u64,
    taken: HashMap<u64, TrackedConnection>,
    /// Of these, how many end to make room. They are watched until they have ended, and count no more.
    ending: usize,
}

impl ConnectionTable {
    fn count(&self) -> usize {
        self.taken.len().saturating_sub(self.ending)
    }
}

struct TrackedConnection {
    connection: Arc<Connection>,
    /// Since when the reader is measured, and what had been written then.
    measured: Option<(u64, u64)>,
    /// It ends to make room.
    is_ending: bool,
}

impl TrackedConnection {
    fn new(connection: Arc<Connection>) -> Self {
        Self { connection, measured: None, is_ending: false }
    }
}

impl Connections {
    pub fn new(limit: usize, pace: Pace, metrics: ConnectionMetrics) -> Self {
        Self { limit, pace, since: clock::stopwatch(), table: Mutex::default(), metrics }
    }

    /// Takes one more in, and closes others for it where the limit is reached: idle ones first, the one that
    /// moved longest ago before all; then those that wait for the other side to close; then those whose head has not
    /// come whole; then readers that take nothing. None when all are being answered.
    pub fn admit(self: &Arc<Self>) -> Option<ConnectionPermit> {
        let mut table = self.table();
        if table.count() >= self.limit && !self.make_room(&mut table) {
            self.metrics.closed("refused");
            return None;
        }
        let connection = Arc::new(Connection::new(self.since));
        let id = table.next;
        table.next = table.next.wrapping_add(1);
        table.taken.insert(id, TrackedConnection::new(connection.clone()));
        self.metrics.set(table.taken.len());
        drop(table);
        Some(ConnectionPermit { connection, id, list: self.clone() })
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
                // No request is late: there is none.
                Phase::Fresh if free && rests >= whole(self.pace.head) => ("idle", Order::Close),
                Phase::Head if free && rests >= whole(self.pace.head) => ("late_head", Order::TooLate),
                // Whatever was ordered before, it may be writing.
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

    /// Closes connections that may be closed, all of them alike in what they do; false if there is none.
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
                // Close ends neither an answer nor a final answer that is under way.
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

/// A connection's entry on the list, which is free again when this is dropped.
pub struct ConnectionPermit {
    pub connection: Arc<Connection>,
    id: u64,
    list: Arc<Connections>,
}

impl ConnectionPermit {
    /// How long the other side has to close, once it is asked to.
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
