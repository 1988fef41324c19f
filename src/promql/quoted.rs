//! Quoted words: in annotations `"a, b"`, with `\"`, `\\` and `\n` as escapes, raw between backticks; in matchers
//! strings as Prometheus reads them.

use crate::diagnostic::Span;

/// Reads the quoted word that `text` begins with: what it says, and how many bytes it takes.
/// None when no quote is there, or nothing closes it. An unknown escape keeps its backslash,
/// so that `"a\.b"` says what its author means.
pub fn unquote(text: &str) -> Option<(String, usize)> {
    let quote = text.chars().next().filter(|c| ['"', '\'', '`'].contains(c))?;
    let mut said = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        if c == quote {
            return Some((said, at + 1));
        }
        if c != '\\' || quote == '`' {
            said.push(c);
            continue;
        }
        match chars.next()?.1 {
            'n' => said.push('\n'),
            escaped if escaped == quote || escaped == '\\' => said.push(escaped),
            other => said.extend(['\\', other]),
        }
    }
    None
}

/// A string of PromQL, read as Prometheus reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unquoted {
    /// Bytes, for escapes may make what is no UTF-8.
    pub(super) said: Vec<u8>,
    /// How many bytes of the text it takes, quotes included.
    pub(super) length: usize,
    /// Escapes that do not mean the same to everybody.
    pub(super) remarks: Vec<Escaped>,
}

/// An escape and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Escaped {
    pub(super) span: Span,
    pub(super) escape: Escape,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escape {
    /// Prometheus refuses it. It is read as Alertmanager's classic parser does: the backslash stays.
    Unknown(char),
    /// A letter of `\a`, `\b`, `\f`, `\r`, `\t` and `\v`, which Alertmanager's classic parser does not know.
    Control(char),
}

impl Escaped {
    /// Whether an author may have meant something else. A regex takes `\t` and the like for the same.
    pub(super) fn is_doubtful(&self, is_regex: bool) -> bool {
        !is_regex || matches!(self.escape, Escape::Unknown(_) | Escape::Control('b'))
    }
}

/// Reads the string of PromQL that `text` begins with. None when no quote is there, or nothing closes it.
pub(super) fn read_string(text: &str) -> Option<Unquoted> {
    let quote = text.chars().next().filter(|c| ['"', '\'', '`'].contains(c))?;
    let (mut said, mut remarks) = (Vec::new(), Vec::new());
    let mut at = 1;
    loop {
        let rest = text.get(at..)?;
        let c = rest.chars().next()?;
        if c == quote {
            return Some(Unquoted { said, length: at + 1, remarks });
        }
        if c != '\\' || quote == '`' {
            said.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            at += c.len_utf8();
            continue;
        }
        let letter = rest.chars().nth(1)?;
        let span = |length: usize| Span::new(at, at + length);
        if let Some((bytes, length)) = escaped(rest, quote) {
            if is_control(letter) {
                remarks.push(Escaped { span: span(length), escape: Escape::Control(letter) });
            }
            said.extend(bytes);
            at += length;
            continue;
        }
        let length = 1 + letter.len_utf8();
        remarks.push(Escaped { span: span(length), escape: Escape::Unknown(letter) });
        said.extend_from_slice(rest.get(..length)?.as_bytes());
        at += length;
    }
}

fn is_control(letter: char) -> bool {
    matches!(letter, 'a' | 'b' | 'f' | 'r' | 't' | 'v')
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
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
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
            assert_eq!(unquote(text), wanted.map(|(said, len)| (said.to_owned(), len)), "{text}");
        }
    }
}
