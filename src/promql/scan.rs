//! Reads text that holds PromQL piece by piece: where strings, comments, templates and brackets begin and end.

/// What begins at a place that is itself outside strings, comments and templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// A string with its quotes: `"..."`, `'...'`, or raw between backticks.
    Quoted,
    /// A quote that nothing closes, so that all behind it is uncertain.
    Unclosed,
    /// `#` to the end of the line, without the line break.
    Comment,
    /// `{{ ... }}`.
    Template,
    Open(u8),
    Close(u8),
    /// Any other byte, also one inside a character of several bytes.
    Byte(u8),
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
/// Filled from the end in one pass, so any question about any suffix costs a look-up,
/// and no text, however hostile, takes more than linear time.
pub(super) struct Scan<'a> {
    bytes: &'a [u8],
    /// Behind the piece that begins here; `NOWHERE` for a quote that nothing closes.
    after: Vec<usize>,
    /// The first closing bracket from here on that nothing from here on opened,
    /// the text's end when there is none, `NOWHERE` when brackets or quotes do not match before that.
    level_end: Vec<usize>,
}

impl<'a> Scan<'a> {
    /// Of a text in which `{{ ... }}` waits to be filled in.
    pub(super) fn new(text: &'a str) -> Self {
        Self::with(text, true)
    }

    /// Of a finished text, whose `{{` are brackets, or text inside strings.
    pub(super) fn finished(text: &'a str) -> Self {
        Self::with(text, false)
    }

    fn with(text: &'a str, templates: bool) -> Self {
        let bytes = text.as_bytes();
        let after = pieces_end(bytes, templates);
        let mut scan = Self { bytes, after, level_end: vec![NOWHERE; bytes.len() + 1] };
        for at in (0..=bytes.len()).rev() {
            let end = scan.level_end_from(at);
            if let Some(slot) = scan.level_end.get_mut(at) {
                *slot = end;
            }
        }
        scan
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The piece at `at` and where the next one begins; None at the end.
    pub(super) fn piece(&self, at: usize) -> Option<(Piece, usize)> {
        let byte = *self.bytes.get(at)?;
        let after = look(&self.after, at);
        let piece = match byte {
            b'"' | b'\'' | b'`' if after == NOWHERE => return Some((Piece::Unclosed, self.len())),
            b'"' | b'\'' | b'`' => Piece::Quoted,
            b'#' => Piece::Comment,
            b'{' if after > at + 1 => Piece::Template,
            b'(' | b'[' | b'{' => Piece::Open(byte),
            b')' | b']' | b'}' => Piece::Close(byte),
            _ => Piece::Byte(byte),
        };
        Some((piece, after))
    }

    /// Behind the bracket that closes the one at `open`; None when nothing does.
    pub(super) fn behind_brackets(&self, open: usize) -> Option<usize> {
        let close = look(&self.level_end, open + 1);
        let wanted = closer(*self.bytes.get(open)?);
        (self.bytes.get(close) == Some(&wanted)).then(|| close + 1)
    }

    /// Whether all brackets and quotes match in the text from `at` to its end.
    pub(super) fn balances_from(&self, at: usize) -> bool {
        look(&self.level_end, at) == self.len()
    }

    fn level_end_from(&self, at: usize) -> usize {
        match self.piece(at) {
            None => self.len(),
            Some((Piece::Close(_), _)) => at,
            Some((Piece::Unclosed, _)) => NOWHERE,
            Some((Piece::Open(_), _)) => {
                self.behind_brackets(at).map_or(NOWHERE, |next| look(&self.level_end, next))
            }
            Some((_, after)) => look(&self.level_end, after),
        }
    }
}

fn look(table: &[usize], at: usize) -> usize {
    table.get(at).copied().unwrap_or(NOWHERE)
}

/// For every byte, behind the piece that begins there.
fn pieces_end(bytes: &[u8], templates: bool) -> Vec<usize> {
    let mut after = vec![NOWHERE; bytes.len()];
    // Behind the string that has been opened earlier with this quote and goes on here.
    let mut strings = [b'"', b'\'', b'`'].map(|quote| (quote, vec![NOWHERE; bytes.len() + 1]));
    let mut line_end = bytes.len();
    let mut template_end = NOWHERE;
    for at in (0..bytes.len()).rev() {
        let byte = bytes.get(at).copied().unwrap_or_default();
        let doubled = bytes.get(at + 1) == Some(&byte);
        match byte {
            b'\n' => line_end = at,
            b'}' if doubled => template_end = at + 2,
            _ => {}
        }
        let opens_template = templates && byte == b'{' && doubled && template_end != NOWHERE;
        for (quote, ends) in &mut strings {
            let raw = *quote == b'`';
            let end = match byte {
                _ if byte == *quote => at + 1,
                b'\n' if !raw => NOWHERE,
                b'\\' if !raw => look(ends, at + 2),
                // Templates are filled in before the query is read, so their quotes are not the string's.
                b'{' if opens_template => look(ends, template_end),
                _ => look(ends, at + 1),
            };
            if let Some(slot) = ends.get_mut(at) {
                *slot = end;
            }
        }
        let end = match byte {
            b'#' => line_end,
            b'{' if opens_template => template_end,
            _ => match strings.iter().find(|(quote, _)| *quote == byte) {
                Some((_, ends)) => look(ends, at + 1),
                None => at + 1,
            },
        };
        if let Some(slot) = after.get_mut(at) {
            *slot = end;
        }
    }
    after
}
