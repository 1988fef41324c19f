//! The body of an answer on its way out: sent in slices; the connection learns when it is whole.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use actix_http::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::Bytes;

use super::connection::{Connection, Phase};

/// What the HTTP library holds of an answer for each connection, in bytes; the rest stays in the body, which
/// several connections may share.
pub const SLICE: usize = 16 * 1024;
/// The same of its beginning: the page of some hundred alerts is written at once. Readers who take nothing hold little more
/// of it, since their kernel takes the first bytes.
const FIRST_SLICE: usize = 3 * SLICE;

/// Marks a connection as answering while it exists, and as answered once it is dropped.
pub struct AnswerGuard(Arc<Connection>);

impl AnswerGuard {
    pub fn begin(connection: Arc<Connection>, has_body: bool) -> Self {
        connection.begin(has_body);
        Self(connection)
    }
}

impl Drop for AnswerGuard {
    fn drop(&mut self) {
        self.0.enter(Phase::Answered);
    }
}

/// A body that is given in slices.
pub struct Sliced {
    body: BoxBody,
    rest: Bytes,
    /// The most of the next slice.
    most: usize,
    _guard: Option<AnswerGuard>,
}

impl Sliced {
    pub fn new(body: BoxBody, guard: Option<AnswerGuard>) -> Self {
        Self { body, rest: Bytes::new(), most: FIRST_SLICE, _guard: guard }
    }
}

impl MessageBody for Sliced {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_next(context)) {
                Some(Ok(bytes)) => self.rest = bytes,
                end => return Poll::Ready(end),
            }
        }
        let most = std::mem::replace(&mut self.most, SLICE);
        let length = self.rest.len().min(most);
        Poll::Ready(Some(Ok(self.rest.split_to(length))))
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;
    use crate::clock;

    #[test]
    fn a_body_is_given_in_slices_and_says_when_it_is_whole() {
        let connection = Arc::new(Connection::new(clock::stopwatch()));
        let whole: Vec<u8> = (0..70_000_u32).map(|i| i.to_le_bytes()[0]).collect();
        let mut body =
            Sliced::new(BoxBody::new(whole.clone()), Some(AnswerGuard::begin(connection.clone(), false)));
        assert_eq!(body.size(), BodySize::Sized(70_000));
        let (mut lengths, mut read) = (Vec::new(), Vec::new());
        let mut context = Context::from_waker(Waker::noop());
        while let Poll::Ready(Some(slice)) = Pin::new(&mut body).poll_next(&mut context) {
            let slice = slice.unwrap();
            lengths.push(slice.len());
            read.extend_from_slice(&slice);
        }
        assert_eq!(lengths, [FIRST_SLICE, SLICE, 70_000 - 4 * SLICE]);
        assert_eq!(read, whole);
        assert_eq!(connection.phase(), Phase::Answering);
        drop(body);
        assert_eq!(connection.phase(), Phase::Answered);
    }
}
