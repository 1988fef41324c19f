//! Where the heads of requests end in a stream of bytes, and how long an unfinished one is.

use actix_http::RequestHead;

/// The longest head that is taken, in bytes, its empty line included.
pub const MOST_HEAD: usize = 16 * 1024;

/// How long the head of a request was at least: spaces around values and the ends of lines may have had more.
pub fn least_length(head: &RequestHead) -> usize {
    let uri = head.uri.path_and_query().map_or(0, |path| path.as_str().len());
    let lines = head.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + ":\n".len());
    head.method.as_str().len() + uri + "  HTTP/1.1\n\n".len() + lines.sum::<usize>()
}

/// Reads requests without bodies, one behind the other. Lines may end without a carriage return, and empty lines
/// before a head belong to it: so does the parser that reads the same bytes afterwards.
#[derive(Debug, Default)]
pub struct Heads {
    unfinished: usize,
    ended: u32,
    /// The line so far is empty.
    line_is_empty: bool,
    /// A line that is not empty was read.
    begun: bool,
}

impl Heads {
    /// Takes bytes in. True when a head in them is longer than [`MOST_HEAD`].
    pub fn read(&mut self, bytes: &[u8]) -> bool {
        let mut too_long = false;
        let mut rest = bytes;
        while !rest.is_empty() {
            let end = memchr::memchr(b'\n', rest);
            let (line, later) = rest.split_at(end.map_or(rest.len(), |end| end + 1));
            rest = later;
            self.unfinished = self.unfinished.saturating_add(line.len());
            too_long |= self.unfinished > MOST_HEAD;
            if line.iter().any(|byte| !b"\r\n".contains(byte)) {
                (self.line_is_empty, self.begun) = (false, true);
            }
            if end.is_none() {
                break;
            }
            if self.begun && self.line_is_empty {
                self.ended = self.ended.wrapping_add(1);
                (self.unfinished, self.begun) = (0, false);
            }
            self.line_is_empty = true;
        }
        too_long
    }

    /// How many bytes there are of a head that has not ended.
    pub fn unfinished(&self) -> usize {
        self.unfinished
    }

    /// How many heads have ended since the beginning; wraps around.
    pub fn ended(&self) -> u32 {
        self.ended
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_end_at_their_empty_line() {
        for (text, ended, unfinished) in [
            ("", 0, 0),
            ("GET / HTTP/1.1\r\nhost: a\r\n", 0, 25),
            ("GET / HTTP/1.1\r\nhost: a\r\n\r\n", 1, 0),
            ("GET / HTTP/1.1\nhost: a\n\n", 1, 0),
            ("\r\n\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\nGET", 1, 3),
            ("GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n", 2, 0),
            ("\r\n\r\n\r\n", 0, 6),
        ] {
            let mut whole = Heads::default();
            assert!(!whole.read(text.as_bytes()));
            assert_eq!((whole.ended(), whole.unfinished()), (ended, unfinished), "{text:?}");
            let mut single = Heads::default();
            for byte in text.bytes() {
                single.read(&[byte]);
            }
            assert_eq!((single.ended(), single.unfinished()), (ended, unfinished), "{text:?} in bytes");
        }
    }

    #[test]
    fn a_head_of_the_limit_is_taken_and_a_longer_one_is_not() {
        let of = |length: usize| {
            let frame = "GET / HTTP/1.1\r\nx: \r\n\r\n".len();
            format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(length - frame))
        };
        assert!(!Heads::default().read(of(MOST_HEAD).as_bytes()));
        assert!(Heads::default().read(of(MOST_HEAD + 1).as_bytes()));
        let mut two = Heads::default();
        assert!(!two.read((of(MOST_HEAD) + &of(MOST_HEAD)).as_bytes()));
    }
}
