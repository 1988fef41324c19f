//! A TCP connection as the HTTP library reads and writes it, watched on the way: heads have a limit, readers a
//! deadline, and what the library refuses by itself is said in our words and closed so that it arrives.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use actix_http::StatusCode;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

use super::connection::{Connection, Order, Phase};
use super::connections::Place;
use super::head::{Heads, MOST_HEAD};
use super::refusal::{Refusals, status_of};

/// What the kernel may hold unsent for a reader, in bytes. It bounds what a slow one costs, and has the kernel tell
/// of each few kilobytes that a reader takes, so that his pace can be measured.
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
    place: Place,
    refusals: Refusals,
    heads: Heads,
    /// Bytes that were read since all heads that had come were begun. The parser may hold fewer, never more.
    held: usize,
    /// Nothing is read until the request is answered.
    withheld: bool,
    /// The parser was asked to look at what there is, when so many requests had begun.
    yielded: Option<u32>,
    farewell: Option<Farewell>,
}

/// The last words, then a half-closed connection whose other side is read until it closes too: closing with unread
/// bytes in the kernel would reset the connection, and the words might never be read.
struct Farewell {
    words: Vec<u8>,
    said: usize,
    is_half_closed: bool,
    until: Pin<Box<Sleep>>,
}

/// How much may be read now.
enum Room {
    Bytes(usize),
    /// First the parser looks at what was read.
    Parse,
    /// First the request is answered.
    Answer,
    /// Never: the head is too long.
    TooLong,
}

impl Wire {
    pub fn new(stream: TcpStream, place: Place, refusals: Refusals) -> Self {
        // Answers are written in slices: the last one should not wait for an acknowledgement.
        let _ = stream.set_nodelay(true);
        #[cfg(any(target_os = "linux", target_os = "android"))]
        let _ = socket2::SockRef::from(&stream).set_tcp_notsent_lowat(MOST_UNSENT);
        Self {
            stream,
            place,
            refusals,
            heads: Heads::default(),
            held: 0,
            withheld: false,
            yielded: None,
            farewell: None,
        }
    }

    pub fn connection(&self) -> &Arc<Connection> {
        &self.place.connection
    }

    /// A whole head is there whose request has not begun.
    fn is_waiting(&self) -> bool {
        self.heads.ended() != self.connection().begun()
    }

    fn room(&self) -> Room {
        let connection = self.connection();
        let begun = connection.begun();
        let is_waiting = self.is_waiting();
        let held = if is_waiting || connection.is_last() { self.held } else { self.heads.unfinished() };
        let (most, full) = if connection.is_last() {
            (MOST_LAST, Room::Answer)
        } else if !connection.phase().is_between() {
            (MOST_AHEAD, Room::Answer)
        } else if connection.has_long_head() {
            return Room::TooLong;
        } else if is_waiting {
            // What follows may be its body.
            let full = if self.yielded == Some(begun) { Room::TooLong } else { Room::Parse };
            (MOST_UNPARSED, full)
        } else {
            // One byte more than fits tells that it is too long.
            (MOST_HEAD.saturating_add(1), Room::TooLong)
        };
        match most.saturating_sub(held) {
            0 => full,
            bytes => Room::Bytes(bytes),
        }
    }

    /// Bytes were read. False if a head among them is too long.
    fn took(&mut self, bytes: &[u8]) -> bool {
        let connection = self.place.connection.clone();
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

    /// Ends the connection with these words, if any.
    fn leave(&mut self, words: Vec<u8>) {
        self.place.connection.enter(Phase::Leaving);
        let until = Box::pin(tokio::time::sleep(self.place.closing()));
        self.farewell = Some(Farewell { words, said: 0, is_half_closed: false, until });
    }

    fn refuse(&mut self, status: StatusCode) {
        match status {
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => self.place.refused("large_head"),
            // The list counts it when it gives the order.
            StatusCode::REQUEST_TIMEOUT => {}
            _ => self.place.refused("bad_request"),
        }
        self.leave(self.refusals.answer(status));
    }

    /// Ready when the other side has closed, is gone, or has had its time.
    fn poll_farewell(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(farewell) = &mut self.farewell else { return Poll::Ready(()) };
        self.place.connection.listen(context.waker());
        if self.place.connection.order() == Order::Abort || farewell.until.as_mut().poll(context).is_ready() {
            return Poll::Ready(());
        }
        let mut stream = Pin::new(&mut self.stream);
        while let Some(rest) = farewell.words.get(farewell.said..).filter(|rest| !rest.is_empty()) {
            match ready!(stream.as_mut().poll_write(context, rest)) {
                Ok(count) if count > 0 => farewell.said = farewell.said.saturating_add(count),
                _ => return Poll::Ready(()),
            }
        }
        if !farewell.is_half_closed {
            if ready!(stream.as_mut().poll_shutdown(context)).is_err() {
                return Poll::Ready(());
            }
            farewell.is_half_closed = true;
        }
        let mut space = [0_u8; 4_096];
        loop {
            let mut unread = ReadBuf::new(&mut space);
            match ready!(stream.as_mut().poll_read(context, &mut unread)) {
                Ok(()) if !unread.filled().is_empty() => {}
                _ => return Poll::Ready(()),
            }
        }
    }

    /// Obeys the list, once all that the other side sent was read: while this thread was busy, a request may have come.
    fn poll_order(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let connection = self.place.connection.clone();
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
                self.poll_farewell(context).map(Ok)
            }
            (Order::Close, _) => Poll::Ready(Ok(())),
            _ => Poll::Pending,
        }
    }

    /// Writing and flushing fail once the farewell is over, so that the library drops the connection.
    fn poll_end<T>(&mut self, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        self.poll_farewell(context).map(|()| Err(io::ErrorKind::ConnectionAborted.into()))
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
        if this.farewell.is_some() {
            // As if the other side had closed.
            return this.poll_farewell(context).map(Ok);
        }
        let connection = this.place.connection.clone();
        connection.listen(context.waker());
        if connection.order() == Order::Abort {
            return Poll::Ready(Err(this.aborted()));
        }
        let bytes = match this.room() {
            Room::Bytes(bytes) => bytes,
            Room::Parse => {
                this.yielded = Some(connection.begun());
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            Room::Answer => {
                this.withheld = true;
                return Poll::Pending;
            }
            Room::TooLong => {
                this.refuse(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
                return this.poll_farewell(context).map(Ok);
            }
        };
        let before = into.filled().len();
        let read = if bytes >= into.remaining() {
            Pin::new(&mut this.stream).poll_read(context, into)
        } else {
            let mut part = ReadBuf::new(into.initialize_unfilled_to(bytes));
            let read = Pin::new(&mut this.stream).poll_read(context, &mut part);
            let count = part.filled().len();
            into.advance(count);
            read
        };
        match read {
            Poll::Ready(read) => read?,
            Poll::Pending => return this.poll_order(context),
        }
        let taken = into.filled().get(before..).unwrap_or_default();
        if !taken.is_empty() && !this.took(taken) {
            this.refuse(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
            into.set_filled(before);
            return this.poll_farewell(context).map(Ok);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let connection = this.place.connection.clone();
        if this.farewell.is_none() && connection.phase().is_between() {
            // The library refuses the request, and would close as soon as its words are taken: it waits until they
            // are read.
            this.refuse(status_of(bytes).unwrap_or(StatusCode::BAD_REQUEST));
        }
        if this.farewell.is_some() {
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
        let connection = this.place.connection.clone();
        connection.set_stuck(false);
        if this.farewell.is_some() {
            return this.poll_end(context);
        }
        if connection.phase() != Phase::Answered {
            return Poll::Ready(Ok(()));
        }
        if connection.is_last() {
            // From here, as the library does not always read or write again.
            this.leave(Vec::new());
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
        if this.farewell.is_some() {
            return this.poll_farewell(context).map(Ok);
        }
        Pin::new(&mut this.stream).poll_shutdown(context)
    }
}
