//! Cuts a query into words as far as its guard and its grammar's door must tell them apart.

use super::scan::{Piece, Scan};
use crate::diagnostic::Span;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// White space or a comment.
    Blank,
    Quoted,
    Unclosed,
    Template,
    Open(u8),
    Close(u8),
    /// An identifier, a keyword, a number or a duration.
    Word,
    /// `+` or `-`.
    Sign,
    /// Any other operator, of comparison or label matching too: `*`, `==`, `=~`.
    Operator,
    /// Commas, colons, `@`, and what no query should have.
    Other,
}

pub(super) struct Words<'a> {
    text: &'a str,
    scan: Scan<'a>,
    at: usize,
}

/// The words of a finished query.
pub(super) fn words(text: &str) -> Words<'_> {
    Words { text, scan: Scan::finished(text), at: 0 }
}

/// The words of a query in which `{{ ... }}` waits to be filled in.
pub(super) fn words_and_templates(text: &str) -> Words<'_> {
    Words { text, scan: Scan::new(text), at: 0 }
}

impl Words<'_> {
    /// How many bytes from `start` on satisfy `wanted`.
    fn run(&self, start: usize, wanted: impl Fn(u8) -> bool) -> usize {
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        rest.iter().take_while(|b| wanted(**b)).count()
    }

    /// Where the word that begins at `start` ends; the sign of an exponent (`1e-5`) is part of it.
    fn word_end(&self, start: usize) -> usize {
        let bytes = self.text.as_bytes();
        let is_number = bytes.get(start).is_some_and(u8::is_ascii_digit);
        let is_word = |b: u8| {
            // A colon is part of a name, but in `[5m:1m]` it parts two durations.
            b.is_ascii_alphanumeric()
                || matches!(b, b'_' | b'.')
                || !b.is_ascii()
                || (b == b':' && !is_number)
        };
        let end = start + self.run(start, is_word);
        let written = bytes.get(start..end).unwrap_or_default();
        let is_exponent = matches!(written, [b'0'..=b'9' | b'.', .., b'e' | b'E'])
            && !matches!(written, [b'0', b'x' | b'X', ..])
            && matches!(bytes.get(end), Some(b'+' | b'-'));
        if is_exponent { end + 1 + self.run(end + 1, is_word) } else { end }
    }
}

impl Iterator for Words<'_> {
    type Item = (Kind, Span);

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.at;
        let (piece, after) = self.scan.piece(start)?;
        let (kind, end) = match piece {
            Piece::Quoted => (Kind::Quoted, after),
            Piece::Unclosed => (Kind::Unclosed, after),
            Piece::Template => (Kind::Template, after),
            Piece::Comment => (Kind::Blank, after),
            Piece::Open(byte) => (Kind::Open(byte), after),
            Piece::Close(byte) => (Kind::Close(byte), after),
            Piece::Byte(b'+' | b'-') => (Kind::Sign, after),
            Piece::Byte(b'*' | b'/' | b'%' | b'^') => (Kind::Operator, after),
            Piece::Byte(b'=' | b'!' | b'<' | b'>') => {
                let second = matches!(self.scan.piece(after), Some((Piece::Byte(b'=' | b'~'), _)));
                (Kind::Operator, after + usize::from(second))
            }
            Piece::Byte(byte) if byte.is_ascii_whitespace() => {
                (Kind::Blank, start + self.run(start, |b| b.is_ascii_whitespace()))
            }
            Piece::Byte(b':') => (Kind::Other, after),
            Piece::Byte(_) => match self.word_end(start) {
                end if end > start => (Kind::Word, end),
                _ => (Kind::Other, after),
            },
        };
        self.at = end;
        Some((kind, Span::new(start, end)))
    }
}
