//! Words in quotes. In annotations, `\"`, `\\` and `\n` are escapes, and words between backticks have none.
//! In matchers, they are strings as Prometheus reads them.

use crate::diagnostic::Span;

/// Reads the quoted word that `text` begins with: its value, and how many bytes it takes.
/// None when no quote is there, or nothing closes it. An unknown escape keeps its backslash,
/// because the author of `"a\.b"` means a backslash.
pub fn unquote(text: &str) -> Option<(String, usize)> {
    let quote = text.chars().next().filter(|c| ['"', '\'', '`'].contains(c))?;
    let mut value = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            _ if c == quote => return Some((value, at + 1)),
            '\\' if quote != '`' => match chars.next()?.1 {
                'n' => value.push('\n'),
                escaped if escaped == quote || escaped == '\\' => value.push(escaped),
                other => value.extend(['\\', other]),
            },
            _ => value.push(c),
        }
    }
    None
}

/// A string of PromQL, read as Prometheus reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unquoted {
    /// Bytes, because escapes may make what is not UTF-8.
    pub(super) value: Vec<u8>,
    /// How many bytes of the text it takes, quotes included.
    pub(super) length: usize,
    /// The escapes that Prometheus and Alertmanager read differently.
    pub(super) doubtful: Vec<Escape>,
}

/// A backslash and the letter behind it. Alertmanager's classic parser keeps the backslash. Prometheus reads `\a`,
/// `\b`, `\f`, `\r`, `\t` and `\v` as control characters, and refuses the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Escape {
    pub(super) letter: char,
    pub(super) span: Span,
}

impl Escape {
    pub(super) fn is_control(self) -> bool {
        matches!(self.letter, 'a' | 'b' | 'f' | 'r' | 't' | 'v')
    }

    /// Whether its author may have meant something else in a regex, where `\t` and the like mean the same.
    pub(super) fn is_doubtful_in_regex(self) -> bool {
        self.letter == 'b' || !self.is_control()
    }
}

/// Reads the string of PromQL that `text` begins with. None when no quote is there, or nothing closes it.
pub(super) fn read_string(text: &str) -> Option<Unquoted> {
    let quote = text.chars().next().filter(|c| ['"', '\'', '`'].contains(c))?;
    let (mut value, mut doubtful) = (Vec::new(), Vec::new());
    let mut at = 1;
    loop {
        let rest = text.get(at..)?;
        let c = rest.chars().next()?;
        if c == quote {
            return Some(Unquoted { value, length: at + 1, doubtful });
        }
        if c != '\\' || quote == '`' {
            value.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            at += c.len_utf8();
            continue;
        }
        let letter = rest.chars().nth(1)?;
        let known = escaped(rest, quote);
        let length = known.as_ref().map_or(1 + letter.len_utf8(), |(_, length)| *length);
        let escape = Escape { letter, span: Span::new(at, at + length) };
        if known.is_none() || escape.is_control() {
            doubtful.push(escape);
        }
        match known {
            Some((bytes, _)) => value.extend(bytes),
            None => value.extend_from_slice(rest.get(..length)?.as_bytes()),
        }
        at += length;
    }
}

/// The bytes of the escape that `text` begins with, and its length; None where Prometheus knows no such escape.
fn escaped(text: &str, quote: char) -> Option<(Vec<u8>, usize)> {
    let letter = text.chars().nth(1)?;
    let digits = |from: usize, count: usize, radix: u32| {
        let digits = text.get(from..from + count)?;
        digits.chars().all(|c| c.is_digit(radix)).then(|| u32::from_str_radix(digits, radix).ok())?
    };
    let character = |count: usize| {
        let c = char::from_u32(digits(2, count, 16)?)?;
        Some((c.to_string().into_bytes(), 2 + count))
    };
    let byte = match letter {
        'a' => 7,
        'b' => 8,
        'f' => 12,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 11,
        '\\' => b'\\',
        'x' => return Some((vec![u8::try_from(digits(2, 2, 16)?).ok()?], 4)),
        'u' => return character(4),
        'U' => return character(8),
        '0'..='7' => return Some((vec![u8::try_from(digits(1, 3, 8)?).ok()?], 4)),
        _ if letter == quote => return Some((vec![u8::try_from(quote).ok()?], 2)),
        _ => return None,
    };
    Some((vec![byte], 2))
}

/// Writes a word so that [`unquote`] and [`read_string`] read it back.
pub fn quote(word: &str) -> String {
    let mut text = String::with_capacity(word.len() + 2);
    text.push('"');
    for c in word.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            '\n' => text.push_str("\\n"),
            _ => text.push(c),
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_quoted_words() {
        for (text, wanted) in [
            (r#""a, b" x"#, Some(("a, b", 6))),
            (r#""a\"b\\c""#, Some((r#"a"b\c"#, 9))),
            (r#""a\.b\n""#, Some(("a\\.b\n", 8))),
            (r"'it\'s'", Some(("it's", 7))),
            (r"`\d`", Some((r"\d", 4))),
            (r#""ä""#, Some(("ä", 4))),
            (r#""a"#, None),
            (r#""a\"#, None),
            (r#""a\""#, None),
            ("a", None),
            ("", None),
        ] {
            assert_eq!(unquote(text), wanted.map(|(word, len)| (word.to_owned(), len)), "{text}");
        }
    }
}
