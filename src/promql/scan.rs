//! Cuts text that holds PromQL into words, and finds the brackets that match.

use std::iter::successors;

use crate::diagnostic::Span;

/// What a word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// White space, or a comment to the end of its line.
    Blank,
    /// A string with its quotes: `"..."`, `'...'`, or raw between backticks.
    Quoted,
    /// A quote that nothing closes, and all that follows it.
    Unclosed,
    /// `{{ ... }}`.
    Template,
    Open(u8),
    Close(u8),
    /// An identifier, a keyword, a number or a duration.
    Word,
    /// `+` or `-`.
    Sign,
    /// Any other operator, also one that compares or matches: `*`, `==`, `=~`.
    Operator,
    /// Commas, colons, `@`, and what no query should have.
    Other,
}

/// The bracket that closes `open`.
pub(super) const fn closer(open: u8) -> u8 {
    match open {
        b'(' => b')',
        b'[' => b']',
        _ => b'}',
    }
}

const NOWHERE: usize = usize::MAX;

/// A text with, for every byte, what a reader that starts afresh there would find.
///
/// The tables are filled from the end in one pass. Any question about any suffix then costs a look-up,
/// and no text, however hostile, takes more than linear time.
pub(super) struct Scan<'a> {
    pub(super) text: &'a str,
    /// Behind what begins here: a string, a comment, a template, else the byte itself.
    /// `NOWHERE` for a quote that nothing closes.
    after: Vec<usize>,
    /// The first closing bracket from here on that nothing from here on opened,
    /// the text's end when there is none, `NOWHERE` when brackets or quotes do not match before that.
    level_end: Vec<usize>,
}

impl<'a> Scan<'a> {
    /// Of a text in which `{{ ... }}` is a template.
    pub(super) fn with_templates(text: &'a str) -> Self {
        Self::of(text, true)
    }

    /// Of a finished query, whose `{{` are brackets, or text inside strings.
    pub(super) fn finished(text: &'a str) -> Self {
        Self::of(text, false)
    }

    fn of(text: &'a str, has_templates: bool) -> Self {
        let after = ends(text.as_bytes(), has_templates);
        let mut scan = Self { text, after, level_end: vec![NOWHERE; text.len() + 1] };
        for at in (0..=text.len()).rev() {
            let end = scan.level_end_from(at);
            set(&mut scan.level_end, at, end);
        }
        scan
    }

    /// The words in their order, without a gap.
    pub(super) fn words(&self) -> impl Iterator<Item = (Kind, Span)> + '_ {
        successors(self.word(0), |(_, span)| self.word(span.end))
    }

    /// The word that begins at `at`; None at the end.
    pub(super) fn word(&self, at: usize) -> Option<(Kind, Span)> {
        let byte = *self.text.as_bytes().get(at)?;
        let after = look(&self.after, at);
        let (kind, end) = match byte {
            b'"' | b'\'' | b'`' if after == NOWHERE => (Kind::Unclosed, self.text.len()),
            b'"' | b'\'' | b'`' => (Kind::Quoted, after),
            b'#' => (Kind::Blank, after),
            b'{' if after > at + 1 => (Kind::Template, after),
            b'(' | b'[' | b'{' => (Kind::Open(byte), after),
            b')' | b']' | b'}' => (Kind::Close(byte), after),
            b'+' | b'-' => (Kind::Sign, after),
            b'*' | b'/' | b'%' | b'^' => (Kind::Operator, after),
            b'=' | b'!' | b'<' | b'>' => {
                let has_second = matches!(self.text.as_bytes().get(after), Some(b'=' | b'~'));
                (Kind::Operator, after + usize::from(has_second))
            }
            b':' => (Kind::Other, after),
            _ if byte.is_ascii_whitespace() => (Kind::Blank, self.run(at, |b| b.is_ascii_whitespace())),
            _ => match self.word_end(at) {
                end if end > at => (Kind::Word, end),
                _ => (Kind::Other, after),
            },
        };
        Some((kind, Span::new(at, end)))
    }

    /// Behind the bytes from `start` on that satisfy `wanted`.
    fn run(&self, start: usize, wanted: impl Fn(u8) -> bool) -> usize {
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        start + rest.iter().take_while(|b| wanted(**b)).count()
    }

    /// The end of an identifier, number or duration. The sign of an exponent (`1e-5`) is part of a number.
    fn word_end(&self, start: usize) -> usize {
        let bytes = self.text.as_bytes();
        let is_number = bytes.get(start).is_some_and(u8::is_ascii_digit);
        let is_word = |b: u8| {
            // A colon is part of a name, but in `[5m:1m]` it separates two durations.
            b.is_ascii_alphanumeric()
                || matches!(b, b'_' | b'.')
                || !b.is_ascii()
                || (b == b':' && !is_number)
        };
        let end = self.run(start, is_word);
        let written = bytes.get(start..end).unwrap_or_default();
        let is_exponent = matches!(written, [b'0'..=b'9' | b'.', .., b'e' | b'E'])
            && !matches!(written, [b'0', b'x' | b'X', ..])
            && matches!(bytes.get(end), Some(b'+' | b'-'));
        if is_exponent { self.run(end + 1, is_word) } else { end }
    }

    /// Behind the bracket that closes the one at `open`; None when nothing does.
    pub(super) fn behind_brackets(&self, open: usize) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let close = look(&self.level_end, open + 1);
        let wanted = closer(*bytes.get(open)?);
        (bytes.get(close) == Some(&wanted)).then(|| close + 1)
    }

    /// Whether all brackets and quotes match in the text from `at` to its end.
    pub(super) fn balances_from(&self, at: usize) -> bool {
        look(&self.level_end, at) == self.text.len()
    }

    fn level_end_from(&self, at: usize) -> usize {
        let after = look(&self.after, at);
        match self.text.as_bytes().get(at) {
            None => self.text.len(),
            Some(b')' | b']' | b'}') => at,
            Some(b'(' | b'[' | b'{') if after == at + 1 => {
                self.behind_brackets(at).map_or(NOWHERE, |next| look(&self.level_end, next))
            }
            Some(_) => look(&self.level_end, after),
        }
    }
}

fn look(table: &[usize], at: usize) -> usize {
    table.get(at).copied().unwrap_or(NOWHERE)
}

fn set(table: &mut [usize], at: usize, value: usize) {
    if let Some(slot) = table.get_mut(at) {
        *slot = value;
    }
}

/// For every byte, behind what begins there: a string, a comment, a template, else the byte itself.
fn ends(bytes: &[u8], has_templates: bool) -> Vec<usize> {
    let mut after = vec![NOWHERE; bytes.len()];
    // For every byte, behind the string that an earlier quote of this kind has opened.
    let mut strings = [b'"', b'\'', b'`'].map(|quote| (quote, vec![NOWHERE; bytes.len() + 1]));
    let mut line_end = bytes.len();
    let mut braces_end = None;
    for (at, byte) in bytes.iter().copied().enumerate().rev() {
        let is_doubled = bytes.get(at + 1) == Some(&byte);
        match byte {
            b'\n' => line_end = at,
            b'}' if is_doubled => braces_end = Some(at + 2),
            _ => {}
        }
        let template_end = braces_end.filter(|_| has_templates && byte == b'{' && is_doubled);
        for (quote, ends) in &mut strings {
            let is_raw = *quote == b'`';
            let end = match byte {
                _ if byte == *quote => at + 1,
                b'\n' if !is_raw => NOWHERE,
                b'\\' if !is_raw => look(ends, at + 2),
                // Templates are filled in before the query is read, so their quotes are not the string's.
                _ => look(ends, template_end.unwrap_or(at + 1)),
            };
            set(ends, at, end);
        }
        let opened = strings.iter().find(|(quote, _)| *quote == byte);
        let end = match (byte, opened) {
            (b'#', _) => line_end,
            (_, Some((_, ends))) => look(ends, at + 1),
            _ => template_end.unwrap_or(at + 1),
        };
        set(&mut after, at, end);
    }
    after
}
