//! The end of a connection: a final answer, then a half-closed stream that is read until the other side closes too.
//! Closing with unread bytes in the kernel would reset the connection, and the answer might never be read.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

pub struct Closing {
    answer: Vec<u8>,
    written: usize,
    is_half_closed: bool,
    deadline: Pin<Box<Sleep>>,
}

impl Closing {
    /// `answer` may be empty. The other side has `time` to close.
    pub fn new(answer: Vec<u8>, time: Duration) -> Self {
        let deadline = Box::pin(tokio::time::sleep(time));
        Self { answer, written: 0, is_half_closed: false, deadline }
    }

    /// Ready when the other side has closed, is gone, or has used up its time.
    pub fn poll(&mut self, mut stream: Pin<&mut TcpStream>, context: &mut Context<'_>) -> Poll<()> {
        if self.deadline.as_mut().poll(context).is_ready() {
            return Poll::Ready(());
        }
        while let Some(rest) = self.answer.get(self.written..).filter(|rest| !rest.is_empty()) {
            match ready!(stream.as_mut().poll_write(context, rest)) {
                Ok(count) if count > 0 => self.written = self.written.saturating_add(count),
                _ => return Poll::Ready(()),
            }
        }
        if !self.is_half_closed {
            if ready!(stream.as_mut().poll_shutdown(context)).is_err() {
                return Poll::Ready(());
            }
            self.is_half_closed = true;
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
}
