//! The place of each byte of a scalar's value in the source, across quotes, escapes and folded lines.

use granit_parser::ScalarStyle;

use crate::diagnostic::Position;

/// The places of a value's bytes, with one mark wherever value and source differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origins {
    start: Position,
    /// After the start, ordered by offset.
    marks: Vec<(usize, Position)>,
}

impl Origins {
    /// A value that is at one place of a source without lines, as a whole.
    pub fn whole(start: Position) -> Self {
        Self { start, marks: Vec::new() }
    }

    /// The value's first character.
    pub fn start(&self) -> Position {
        self.start
    }

    /// The place of byte `offset` of `value` (the scalar's own value) in the source.
    pub fn locate(&self, value: &str, offset: usize) -> Position {
        let after = self.marks.partition_point(|m| m.0 <= offset);
        let mark = after.checked_sub(1).and_then(|i| self.marks.get(i));
        let (from, place) = mark.copied().unwrap_or((0, self.start));
        let run = value.get(from..offset.min(value.len())).unwrap_or_default();
        Position { line: place.line, column: place.column + run.chars().count() }
    }

    /// Walks `source` (the scalar as written, from its first character at `start`) beside `value`.
    pub(super) fn trace(source: &str, start: Position, style: ScalarStyle, value: &str) -> Self {
        if source == value {
            return Self::of(start, value);
        }
        let mut walk = Walk { rest: source, at: start };
        if matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted) {
            walk.bump();
        }
        let mut found = Self { start: walk.at, marks: Vec::new() };
        let mut expected = walk.at;
        // A block's source begins after the empty lines that its value may begin with.
        let empty_lines = match style {
            ScalarStyle::Literal | ScalarStyle::Folded => value.bytes().take_while(|b| *b == b'\n').count(),
            _ => 0,
        };
        for (offset, wanted) in value.char_indices().skip(empty_lines) {
            if !walk.reach(wanted, style) {
                break;
            }
            if offset == 0 {
                found.start = walk.at;
            } else if walk.at != expected || offset == empty_lines {
                found.marks.push((offset, walk.at));
            }
            expected = Position { line: walk.at.line, column: walk.at.column + 1 };
            walk.consume(wanted, style);
        }
        found
    }

    /// A value that is in the source letter for letter.
    fn of(start: Position, value: &str) -> Self {
        let lines = value.char_indices().filter(|(_, c)| *c == '\n').zip(start.line + 1..);
        Self { start, marks: lines.map(|((i, _), line)| (i + 1, Position { line, column: 1 })).collect() }
    }
}

struct Walk<'a> {
    rest: &'a str,
    at: Position,
}

impl Walk<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let c = chars.next()?;
        self.rest = chars.as_str();
        if c == '\n' {
            self.at = Position { line: self.at.line + 1, column: 1 };
        } else {
            self.at.column += 1;
        }
        Some(c)
    }

    /// Moves to the character that wrote `wanted`; false when the source has run out.
    fn reach(&mut self, wanted: char, style: ScalarStyle) -> bool {
        loop {
            let Some(c) = self.peek() else { return false };
            if c == wanted || (style == ScalarStyle::DoubleQuoted && c == '\\' && !self.continues_line()) {
                return true;
            }
            // Folding: a space of the value may be a line break of the source, and the other way round.
            if wanted.is_whitespace() && matches!(c, '\n' | '\r') {
                return true;
            }
            if style == ScalarStyle::DoubleQuoted && c == '\\' {
                self.bump();
            }
            self.bump();
        }
    }

    fn continues_line(&self) -> bool {
        self.rest.starts_with("\\\n") || self.rest.starts_with("\\\r\n")
    }

    /// Passes the character under the cursor, with the escape that it may be.
    fn consume(&mut self, wanted: char, style: ScalarStyle) {
        let first = self.bump();
        if style == ScalarStyle::SingleQuoted && wanted == '\'' && self.peek() == Some('\'') {
            self.bump();
        }
        if style == ScalarStyle::DoubleQuoted && first == Some('\\') {
            let digits = match self.bump() {
                Some('x') => 2,
                Some('u') => 4,
                Some('U') => 8,
                _ => 0,
            };
            for _ in 0..digits {
                self.bump();
            }
        }
    }
}
