//! The state of a connection. Its own thread writes it; the list of all connections reads it.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::task::Waker;
use std::time::Instant;

use futures_util::task::AtomicWaker;

use crate::clock;

/// What a connection does now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Phase {
    /// Nothing was sent on it yet.
    Fresh,
    /// Its last answer was sent, and no byte of a next request has arrived.
    Idle,
    /// A request's head has begun and not ended.
    Head,
    /// A request is being answered.
    Answering,
    /// The answer is whole and on its way to the kernel.
    Answered,
    /// The final answer is written, and it waits for the other side to close.
    Leaving,
}

impl Phase {
    fn of(number: u8) -> Self {
        match number {
            0 => Self::Fresh,
            1 => Self::Idle,
            2 => Self::Head,
            3 => Self::Answering,
            4 => Self::Answered,
            _ => Self::Leaving,
        }
    }

    /// No request is in progress: bytes that are written now are not an answer of the app.
    pub fn is_between(self) -> bool {
        matches!(self, Self::Fresh | Self::Idle | Self::Head)
    }
}

/// What the list tells a connection to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Order {
    None,
    /// End; a request in progress is answered first.
    Close,
    /// Answer 408 and end, if no request is in progress.
    TooLate,
    /// End at once, even if bytes are unsent.
    Abort,
}

/// One connection, as the list sees it.
pub struct Connection {
    phase: AtomicU8,
    order: AtomicU8,
    /// When it last moved: milliseconds of [`Self::since`].
    moved: AtomicU64,
    /// Bytes that the other side's kernel or ours took.
    written: AtomicU64,
    /// Bytes wait that the reader does not take.
    stuck: AtomicBool,
    /// The number of requests that have begun; wraps around.
    begun: AtomicU32,
    /// Its request is the last one.
    last: AtomicBool,
    /// The next head is too long.
    long_head: AtomicBool,
    since: Instant,
    waker: AtomicWaker,
}

impl Connection {
    /// `since` is the same for all of a list.
    pub fn new(since: Instant) -> Self {
        let connection = Self {
            phase: AtomicU8::new(Phase::Fresh as u8),
            order: AtomicU8::new(Order::None as u8),
            moved: AtomicU64::new(0),
            written: AtomicU64::new(0),
            stuck: AtomicBool::new(false),
            begun: AtomicU32::new(0),
            last: AtomicBool::new(false),
            long_head: AtomicBool::new(false),
            since,
            waker: AtomicWaker::new(),
        };
        connection.enter(Phase::Fresh);
        connection
    }

    pub fn phase(&self) -> Phase {
        Phase::of(self.phase.load(Ordering::Relaxed))
    }

    /// Enters a phase. An order for a late request no longer applies.
    pub fn enter(&self, phase: Phase) {
        let late = Order::TooLate as u8;
        let _ = self.order.compare_exchange(late, Order::None as u8, Ordering::Relaxed, Ordering::Relaxed);
        self.moved.store(millis(self.since), Ordering::Relaxed);
        self.phase.store(phase as u8, Ordering::Relaxed);
    }

    /// A request begins. A request with a body is the connection's last, because only the parser knows where the body
    /// ends. So is one that begins when the connection is to end.
    pub fn begin(&self, has_body: bool) {
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.last.fetch_or(has_body || self.order() == Order::Close, Ordering::Relaxed);
        self.enter(Phase::Answering);
    }

    pub fn begun(&self) -> u32 {
        self.begun.load(Ordering::Relaxed)
    }

    pub fn is_last(&self) -> bool {
        self.last.load(Ordering::Relaxed)
    }

    /// The request that would begin has a head that is too long.
    pub fn meet_long_head(&self) {
        self.long_head.store(true, Ordering::Relaxed);
    }

    pub fn has_long_head(&self) -> bool {
        self.long_head.load(Ordering::Relaxed)
    }

    /// Bytes were taken.
    pub fn wrote(&self, count: usize) {
        self.moved.store(millis(self.since), Ordering::Relaxed);
        self.written.fetch_add(u64::try_from(count).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    pub fn set_stuck(&self, stuck: bool) {
        if self.stuck.load(Ordering::Relaxed) != stuck {
            self.stuck.store(stuck, Ordering::Relaxed);
        }
    }

    pub fn is_stuck(&self) -> bool {
        self.stuck.load(Ordering::Relaxed)
    }

    /// When it last moved, in milliseconds of its list.
    pub fn moved(&self) -> u64 {
        self.moved.load(Ordering::Relaxed)
    }

    /// Its task is woken when an order comes.
    pub fn listen(&self, waker: &Waker) {
        self.waker.register(waker);
    }

    pub fn order(&self) -> Order {
        match self.order.load(Ordering::Relaxed) {
            0 => Order::None,
            1 => Order::Close,
            2 => Order::TooLate,
            _ => Order::Abort,
        }
    }

    pub fn give(&self, order: Order) {
        self.order.store(order as u8, Ordering::Relaxed);
        self.waker.wake();
    }
}

/// Milliseconds from then to now.
pub fn millis(since: Instant) -> u64 {
    u64::try_from(clock::stopwatch().saturating_duration_since(since).as_millis()).unwrap_or(u64::MAX)
}
