//! A TCP connection as the HTTP library reads and writes it, watched on the way: heads have a limit, readers a
//! deadline, and a request that the library refuses gets our answer and a close that lets it arrive.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use actix_http::StatusCode;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::closing::Closing;
use super::connection::{Connection, Order, Phase};
use super::connections::ConnectionPermit;
use super::head::{Heads, MOST_HEAD};
use super::refusal::{Refusals, status_of};

/// The most bytes that the kernel holds unsent for a reader. It limits the cost of a slow reader, and the kernel then
/// reports each few kilobytes that the reader takes, so that its pace can be measured.
#[cfg(any(target_os = "linux", target_os = "android"))]
const MOST_UNSENT: u32 = 16 * 1024;

/// Of heads that the parser has not looked at, so many bytes are read at once.
const MOST_UNPARSED: usize = 2 * MOST_HEAD;
/// So many bytes of requests that have not begun are held while an earlier one is answered.
const MOST_AHEAD: usize = 3 * MOST_HEAD;
/// So many bytes are held of a connection's last request: what came before it, the largest form (64 KiB) and the
/// framing of its chunks. Less than the 128 KiB at which the library stops to read: from there on its task wakes
/// itself without end, and no deadline of ours is looked at.
const MOST_LAST: usize = 120 * 1024;

/// A TCP connection that is watched.
pub struct Wire {
    stream: TcpStream,
    permit: ConnectionPermit,
    refusals: Refusals,
    heads: Heads,
    /// Bytes that were read since the last request began. The parser may hold fewer, never more.
    held: usize,
    /// Nothing is read until the request is answered.
    withheld: bool,
    /// The parser was asked to look at what there is, when so many requests had begun.
    yielded: Option<u32>,
    closing: Option<Closing>,
}

/// How much may be read now.
enum ReadBudget {
    Bytes(usize),
    /// First the parser looks at what was read.
    Parse,
    /// First the request is answered.
    Answer,
    /// Never: the head is too long.
    TooLong,
}

impl Wire {
    pub fn new(stream: TcpStream, permit: ConnectionPermit, refusals: Refusals) -> Self {
        // Answers are written in slices: the last one should not wait for an acknowledgement.
        let _ = stream.set_nodelay(true);
        #[cfg(any(target_os = "linux", target_os = "android"))]
        let _ = socket2::SockRef::from(&stream).set_tcp_notsent_lowat(MOST_UNSENT);
        Self {
            stream,
            permit,
            refusals,
            heads: Heads::default(),
            held: 0,
            withheld: false,
            yielded: None,
            closing: None,
        }
    }

    pub fn connection(&self) -> &Arc<Connection> {
        &self.permit.connection
    }

    /// A whole head has arrived, and its request has not begun.
    fn is_waiting(&self) -> bool {
        self.heads.ended() != self.connection().begun()
    }

    fn budget(&self) -> ReadBudget {
        let connection = self.connection();
        let begun = connection.begun();
        let is_waiting = self.is_waiting();
        let held = if is_waiting || connection.is_last() { self.held } else { self.heads.unfinished() };
        let (most, full) = if connection.is_last() {
            (MOST_LAST, ReadBudget::Answer)
        } else if !connection.phase().is_between() {
            (MOST_AHEAD, ReadBudget::Answer)
        } else if connection.has_long_head() {
            return ReadBudget::TooLong;
        } else if is_waiting {
            // What follows may be its body.
            let full = if self.yielded == Some(begun) { ReadBudget::TooLong } else { ReadBudget::Parse };
            (MOST_UNPARSED, full)
        } else {
            // One byte more than fits tells that it is too long.
            (MOST_HEAD.saturating_add(1), ReadBudget::TooLong)
        };
        match most.saturating_sub(held) {
            0 => full,
            bytes => ReadBudget::Bytes(bytes),
        }
    }

    /// Bytes were read. False if a head among them is too long.
    fn took(&mut self, bytes: &[u8]) -> bool {
        let connection = self.permit.connection.clone();
        if connection.is_last() {
            self.held = self.held.saturating_add(bytes.len());
            return true;
        }
        let waited_for = !self.is_waiting();
        if waited_for {
            self.held = self.heads.unfinished();
        }
        self.held = self.held.saturating_add(bytes.len());
        let too_long = self.heads.read(bytes);
        if !connection.phase().is_between() {
            // Whether it is a head is known when its request begins.
            return true;
        }
        if connection.phase() != Phase::Head {
            connection.enter(Phase::Head);
        }
        !(too_long && waited_for)
    }

    /// Ends the connection with a final answer, if there is any to write.
    fn close_with(&mut self, answer: Vec<u8>) {
        self.permit.connection.enter(Phase::Leaving);
        self.closing = Some(Closing::new(answer, self.permit.closing()));
    }

    fn refuse(&mut self, status: StatusCode) {
        match status {
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => self.permit.refused("large_head"),
            // The list counts it when it gives the order.
            StatusCode::REQUEST_TIMEOUT => {}
            _ => self.permit.refused("bad_request"),
        }
        self.close_with(self.refusals.answer(status));
    }

    /// Ready when the other side has closed, is gone, or has had its time.
    fn poll_closing(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(closing) = &mut self.closing else { return Poll::Ready(()) };
        self.permit.connection.listen(context.waker());
        if self.permit.connection.order() == Order::Abort {
            return Poll::Ready(());
        }
        closing.poll(Pin::new(&mut self.stream), context)
    }

    fn poll_too_long(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.refuse(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
        self.poll_closing(context).map(Ok)
    }

    /// Reads at most so many bytes, and looks for heads among them.
    fn poll_bytes(
        &mut self,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
        most: usize,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        if self.poll_stream(context, into, most)?.is_pending() {
            return self.poll_order(context);
        }
        let bytes = into.filled().get(before..).unwrap_or_default();
        if bytes.is_empty() || self.took(bytes) {
            return Poll::Ready(Ok(()));
        }
        into.set_filled(before);
        self.poll_too_long(context)
    }

    fn poll_stream(
        &mut self,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
        most: usize,
    ) -> Poll<io::Result<()>> {
        let stream = Pin::new(&mut self.stream);
        if most >= into.remaining() {
            return stream.poll_read(context, into);
        }
        let mut part = ReadBuf::new(into.initialize_unfilled_to(most));
        let read = stream.poll_read(context, &mut part);
        let count = part.filled().len();
        into.advance(count);
        read
    }

    /// Obeys the list, once all that the other side sent was read: while this thread was busy, a request may have come.
    fn poll_order(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let connection = self.permit.connection.clone();
        let (order, phase, begun) = (connection.order(), connection.phase(), connection.begun());
        if order == Order::None || !phase.is_between() {
            return Poll::Pending;
        }
        if self.is_waiting() && self.yielded != Some(begun) {
            // A whole head is answered first, as the last one.
            self.yielded = Some(begun);
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        match (order, phase) {
            (Order::TooLate, Phase::Head) => {
                self.refuse(StatusCode::REQUEST_TIMEOUT);
                self.poll_closing(context).map(Ok)
            }
            (Order::Close, _) => Poll::Ready(Ok(())),
            _ => Poll::Pending,
        }
    }

    /// Writing and flushing fail once the other side has closed, so that the library drops the connection.
    fn poll_end<T>(&mut self, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        self.poll_closing(context).map(|()| Err(io::ErrorKind::ConnectionAborted.into()))
    }

    fn aborted(&self) -> io::Error {
        // What the kernel still holds for a reader that does not read is dropped with the connection.
        let _ = self.stream.set_zero_linger();
        io::Error::from(io::ErrorKind::ConnectionAborted)
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.closing.is_some() {
            // As if the other side had closed.
            return this.poll_closing(context).map(Ok);
        }
        let connection = this.permit.connection.clone();
        connection.listen(context.waker());
        if connection.order() == Order::Abort {
            return Poll::Ready(Err(this.aborted()));
        }
        match this.budget() {
            ReadBudget::Bytes(most) => this.poll_bytes(context, into, most),
            ReadBudget::Parse => {
                this.yielded = Some(connection.begun());
                context.waker().wake_by_ref();
                Poll::Pending
            }
            ReadBudget::Answer => {
                this.withheld = true;
                Poll::Pending
            }
            ReadBudget::TooLong => this.poll_too_long(context),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let connection = this.permit.connection.clone();
        if this.closing.is_none() && connection.phase().is_between() {
            // The library refuses the request, and would close as soon as its answer is taken: it waits until that
            // is read.
            this.refuse(status_of(bytes).unwrap_or(StatusCode::BAD_REQUEST));
        }
        if this.closing.is_some() {
            return this.poll_end(context);
        }
        connection.listen(context.waker());
        if connection.order() == Order::Abort {
            return Poll::Ready(Err(this.aborted()));
        }
        let Poll::Ready(written) = Pin::new(&mut this.stream).poll_write(context, bytes) else {
            connection.set_stuck(true);
            return Poll::Pending;
        };
        let count = written?;
        connection.wrote(count);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let connection = this.permit.connection.clone();
        connection.set_stuck(false);
        if this.closing.is_some() {
            return this.poll_end(context);
        }
        if connection.phase() != Phase::Answered {
            return Poll::Ready(Ok(()));
        }
        if connection.is_last() {
            // From here, as the library does not always read or write again.
            this.close_with(Vec::new());
            return this.poll_end(context);
        }
        let is_waiting = this.is_waiting();
        let has_more = is_waiting || this.heads.unfinished() > 0;
        connection.enter(if has_more { Phase::Head } else { Phase::Idle });
        this.yielded = None;
        // The library looks at what it holds only when it is woken.
        if std::mem::take(&mut this.withheld) || is_waiting || connection.order() != Order::None {
            context.waker().wake_by_ref();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.closing.is_some() {
            return this.poll_closing(context).map(Ok);
        }
        Pin::new(&mut this.stream).poll_shutdown(context)
    }
}
