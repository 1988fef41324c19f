//! Translates Prometheus' regexes, which are Go's, into the dialect of the `regex` crates.

use std::iter::Peekable;
use std::str::Chars;

/// The most classes such as `\pL` in one regex. Each has hundreds of ranges, and `(?i)` folds them all.
const MAX_UNICODE_CLASSES: usize = 4;

/// The regex for a whole value, in the dialect of these crates. Fails with a reason, as a sentence.
pub(super) fn translated(pattern: &str) -> Result<String, String> {
    Translation::read(pattern).map(|inner| format!("^(?:{inner})$"))
}

struct Translation<'a> {
    rest: Peekable<Chars<'a>>,
    written: String,
    groups: usize,
    unicode_classes: usize,
}

impl<'a> Translation<'a> {
    fn read(pattern: &'a str) -> Result<String, String> {
        let rest = pattern.chars().peekable();
        let mut translation = Self { rest, written: String::new(), groups: 0, unicode_classes: 0 };
        while let Some(c) = translation.rest.next() {
            translation.outside_class(c)?;
        }
        Ok(translation.written)
    }

    fn outside_class(&mut self, c: char) -> Result<(), String> {
        match c {
            '\\' => return self.escape(),
            '[' => return self.class(),
            // Else the anchors around `a)|(?:b` would supply its missing brackets.
            ')' if self.groups == 0 => return Err("invalid regex: unopened group".to_owned()),
            ')' => self.groups -= 1,
            '(' => self.groups += 1,
            '{' if !self.is_repetition() => self.written.push('\\'),
            _ => {}
        }
        self.written.push(c);
        Ok(())
    }

    /// Whether `2}`, `2,}` or `2,3}` follows. Any other brace means itself.
    fn is_repetition(&self) -> bool {
        let inside: String = self.rest.clone().take_while(|c| *c != '}').collect();
        let (least, most) = inside.split_once(',').unwrap_or((&inside, ""));
        let closed = self.rest.clone().any(|c| c == '}');
        closed && !least.is_empty() && [least, most].iter().all(|n| n.bytes().all(|b| b.is_ascii_digit()))
    }

    /// `\d`, `\s` and `\w` match only ASCII in Go.
    fn escape(&mut self) -> Result<(), String> {
        let Some(c) = self.rest.next() else {
            self.written.push('\\');
            return Ok(());
        };
        match c {
            'd' => self.written.push_str("[0-9]"),
            'D' => self.written.push_str("[^0-9]"),
            's' => self.written.push_str(r"[\t\n\f\r ]"),
            'S' => self.written.push_str(r"[^\t\n\f\r ]"),
            'w' => self.written.push_str("[0-9A-Za-z_]"),
            'W' => self.written.push_str("[^0-9A-Za-z_]"),
            _ => self.written.extend(['\\', c]),
        }
        if matches!(c, 'p' | 'P') {
            self.unicode_classes += 1;
            if self.unicode_classes > MAX_UNICODE_CLASSES {
                return Err(format!("the regex has more than {MAX_UNICODE_CLASSES} Unicode classes"));
            }
        }
        Ok(())
    }

    /// The inside of `[...]`, where brackets, `&` and `~` mean themselves in Go.
    fn class(&mut self) -> Result<(), String> {
        self.written.push('[');
        if let Some(not) = self.rest.next_if_eq(&'^') {
            self.written.push(not);
        }
        if self.rest.next_if_eq(&']').is_some() {
            self.written.push_str(r"\]");
        }
        while let Some(c) = self.rest.next() {
            match c {
                ']' => {
                    self.written.push(']');
                    return Ok(());
                }
                '\\' => self.escape()?,
                '[' if self.rest.peek() == Some(&':') => {
                    self.written.push('[');
                    // `[:alpha:]`, up to its own bracket.
                    for c in self.rest.by_ref() {
                        self.written.push(c);
                        if c == ']' {
                            break;
                        }
                    }
                }
                '[' | '&' | '~' => self.written.extend(['\\', c]),
                _ => self.written.push(c),
            }
        }
        Ok(())
    }
}
