//! The line that a finding is about, with carets under the place.

use std::path::Path;

use crate::check::finding::Finding;
use crate::yaml::{self, Budget};

/// A longer line is cut around the place.
const WIDTH: usize = 110;
const BEFORE: usize = 50;

/// Three lines of text. `read`: the lines of the finding's file, once they are read. None if the place is not known.
pub(super) fn excerpt(finding: &Finding, read: &mut Option<Vec<String>>) -> Option<String> {
    let start = finding.diagnostic.position()?;
    let lines = read.get_or_insert_with(|| file(finding).map(lines).unwrap_or_default());
    let text = lines.get(start.line.checked_sub(1)?)?;
    let end = finding.end.map(|end| if end.line == start.line { end.column } else { usize::MAX });
    let from = start.column.checked_sub(1)?;
    Some(drawn(start.line, text, from, end.map(|end| end.saturating_sub(1))))
}

/// The file of an excerpt. None: the config's lines may hold a secret.
pub(super) fn file(finding: &Finding) -> Option<&Path> {
    let location = finding.diagnostic.location.as_ref();
    location.filter(|_| finding.diagnostic.config_key().is_none()).map(|location| &*location.file)
}

/// Reads a file again; without lines if that fails.
fn lines(file: &Path) -> Vec<String> {
    let bytes = yaml::read_regular(file, Budget::CATALOG.bytes).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    text.trim_start_matches('\u{feff}').lines().map(str::to_owned).collect()
}

/// `from` and `to` count characters from 0; without `to`, one character is meant.
fn drawn(number: usize, line: &str, from: usize, to: Option<usize>) -> String {
    let chars: Vec<char> =
        line.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c }).collect();
    let first = if chars.len() > WIDTH { from.saturating_sub(BEFORE).min(chars.len() - WIDTH) } else { 0 };
    let last = (first + WIDTH).min(chars.len());
    let shown: String = chars.iter().take(last).skip(first).collect();
    let (head, tail) = (if first > 0 { "..." } else { "" }, if last < chars.len() { "..." } else { "" });
    let before = chars.iter().take(from).skip(first).map(|c| if *c == '\t' { '\t' } else { ' ' });
    let before: String = head.chars().map(|_| ' ').chain(before).collect();
    let carets = to.unwrap_or(from + 1).min(last).saturating_sub(from).max(1);
    let number = number.to_string();
    let margin = " ".repeat(number.len());
    format!("{margin} |\n{number} | {head}{shown}{tail}\n{margin} | {before}{}\n", "^".repeat(carets))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_the_place() {
        for (line, from, to, expected) in [
            ("  up{", 4, Some(5), "  |\n12 |   up{\n   |     ^\n"),
            ("\tup \u{1b}[31m", 1, Some(3), "   |\n12 | \tup \u{fffd}[31m\n   | \t^^\n"),
            ("größe(x", 5, None, "   |\n12 | größe(x\n   |      ^\n"),
            ("a: b", 3, Some(usize::MAX), "   |\n12 | a: b\n   |    ^\n"),
            ("", 0, None, "   |\n12 | \n   | ^\n"),
        ] {
            let drawn = drawn(12, line, from, to);
            assert_eq!(drawn.trim_start(), expected.trim_start(), "{line}");
        }
    }

    #[test]
    fn of_a_long_line_the_part_around_the_place_is_shown() {
        let line = format!("{}HERE{}", "x".repeat(500), "y".repeat(500));
        let drawn = drawn(1, &line, 500, Some(504));
        let lines: Vec<&str> = drawn.lines().collect();
        assert!(lines.iter().all(|l| l.chars().count() < WIDTH + 12), "{drawn}");
        let at = lines[1].find("HERE").unwrap();
        assert_eq!(lines[2].find("^^^^").unwrap(), at);
    }
}
