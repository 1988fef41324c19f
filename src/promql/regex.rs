//! Prometheus' regexes, which are Go's, told in the dialect of the `regex` crate.

use std::cell::RefCell;
use std::iter::Peekable;
use std::str::Chars;
use std::sync::Arc;

use regex::{Regex, RegexBuilder};

/// The longest regex that is compiled, in bytes.
const MAX_BYTES: usize = 1024;
/// The largest compiled regex, in bytes of memory.
const MAX_MEMORY: usize = 1 << 18;
/// The most classes such as `\pL` in one regex. Each has hundreds of ranges, and `(?i)` folds them all.
const MAX_UNICODE_CLASSES: usize = 4;

/// Regexes that a thread remembers: most entities of a catalog say the same few, such as `critical|warning`.
const REMEMBERED: usize = 16;

thread_local! {
    /// The one used last stands last.
    static RECENT: RefCell<Vec<(Box<str>, Arc<Regex>)>> = const { RefCell::new(Vec::new()) };
}

/// A regex that must match a whole label value. Fails with a reason, as a sentence.
pub(super) fn compile(pattern: &str) -> Result<Arc<Regex>, String> {
    let known = RECENT.with_borrow_mut(|recent| {
        let at = recent.iter().rposition(|(known, _)| **known == *pattern)?;
        let used = recent.remove(at);
        let regex = used.1.clone();
        recent.push(used);
        Some(regex)
    });
    if let Some(regex) = known {
        return Ok(regex);
    }
    let regex = Arc::new(compile_anew(pattern)?);
    RECENT.with_borrow_mut(|recent| {
        if recent.len() == REMEMBERED {
            recent.remove(0);
        }
        recent.push((pattern.into(), regex.clone()));
    });
    Ok(regex)
}

fn compile_anew(pattern: &str) -> Result<Regex, String> {
    if pattern.len() > MAX_BYTES {
        return Err(format!("the regex is longer than {MAX_BYTES} bytes"));
    }
    let inner = Translation::of(pattern)?;
    RegexBuilder::new(&format!("^(?:{inner})$"))
        .size_limit(MAX_MEMORY)
        .dfa_size_limit(MAX_MEMORY)
        .dot_matches_new_line(true)
        .build()
        .map_err(|e| match e {
            regex::Error::CompiledTooBig(_) => "the regex is too large".to_owned(),
            // The last line of its report says what is wrong, the lines before draw where.
            other => {
                let report = other.to_string();
                let reason = report.lines().last().unwrap_or_default().trim_start_matches("error: ");
                format!("the regex does not work: {reason}")
            }
        })
}

struct Translation<'a> {
    rest: Peekable<Chars<'a>>,
    written: String,
    groups: usize,
    unicode_classes: usize,
}

impl<'a> Translation<'a> {
    fn of(pattern: &'a str) -> Result<String, String> {
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
            // Else `a)|(?:b` would find its missing brackets in what anchors it.
            ')' if self.groups == 0 => return Err("the regex does not work: unopened group".to_owned()),
            ')' => self.groups -= 1,
            '(' => self.groups += 1,
            '{' if !self.is_repetition() => self.written.push('\\'),
            _ => {}
        }
        self.written.push(c);
        Ok(())
    }

    /// Whether `2}`, `2,}` or `2,3}` follows; any other brace stands for itself.
    fn is_repetition(&self) -> bool {
        let inside: String = self.rest.clone().take_while(|c| *c != '}').collect();
        let (least, most) = inside.split_once(',').unwrap_or((&inside, ""));
        let closed = self.rest.clone().any(|c| c == '}');
        closed && !least.is_empty() && [least, most].iter().all(|n| n.bytes().all(|b| b.is_ascii_digit()))
    }

    /// `\d`, `\s` and `\w` know only ASCII in Go.
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

    /// The inside of `[...]`, where Go takes brackets, `&` and `~` for themselves.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_means_what_it_meant() {
        for round in 0..3 {
            for i in 0..2 * REMEMBERED {
                let regex = compile(&format!("a{i}|b")).unwrap();
                assert!(regex.is_match(&format!("a{i}")) && !regex.is_match("a"), "{round} {i}");
                assert!(compile("(").is_err());
            }
            assert_eq!(RECENT.with_borrow(Vec::len), REMEMBERED);
        }
    }

    fn check(pattern: &str, matched: &[&str], missed: &[&str]) {
        let regex = compile(pattern).unwrap_or_else(|e| panic!("{pattern}: {e}"));
        for (values, wanted) in [(matched, true), (missed, false)] {
            for value in values {
                assert_eq!(regex.is_match(value), wanted, "{pattern} on {value:?}");
            }
        }
    }

    #[test]
    fn matches_what_go_matches() {
        check("", &[""], &["a"]);
        check("a|ab", &["a", "ab"], &["abc", "b"]);
        check("(?i)crit.*", &["CRITICAL", "crit\nx"], &["xcrit"]);
        check(r"\d+\w\S", &["1a\u{e9}", "12_-"], &["\u{663}a-", "1\u{e9}-", "1a "]);
        check(r"[\d.]+|[^\w]", &["1.2", "\u{e9}"], &["a", "1a"]);
        check("/api/{id}/x{2}{2,}y{,2}", &["/api/{id}/xxxxy{,2}"], &["/api/id/xxxxy"]);
        check("[[a]&&~]", &["[&&~]", "a&&~]"], &["a"]);
        check("[]a]|[^]b]", &["]", "a", "c"], &["b"]);
        check("[[:alpha:]_-]+", &["a_-"], &["1", ":"]);
        check(r"\pL\.\\", &["\u{e9}.\\"], &["1.\\"]);
        check(r"\[(\()\]", &["[(]"], &["(("]);
    }

    #[test]
    fn refuses_what_does_not_work_or_costs_too_much() {
        for pattern in ["(", ")", "a)|(?:b", "*", "[", "[a", "\\", r"\q", r"\pL\pL\pL\pL\pL", r"\p{No such}"]
        {
            assert!(compile(pattern).is_err(), "{pattern}");
        }
        for pattern in ["a".repeat(1025), "(a{99}){99}".to_owned(), ".{1000}".to_owned()] {
            assert!(compile(&pattern).is_err(), "{pattern}");
        }
    }
}
