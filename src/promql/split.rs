//! Finds the borders inside texts that hold PromQL: separators outside brackets, strings, comments and `{{ }}`.

use super::scan::{Piece, Scan};
use crate::diagnostic::Span;

/// What parts a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Separator {
    Comma,
    Pipe,
    Semicolon,
}

impl Separator {
    const fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Pipe => b'|',
            Self::Semicolon => b';',
        }
    }
}

/// The parts between the separators, in order, with the white space around them; at least one.
///
/// A part whose brackets or quotes do not balance ends at the first separator behind which
/// the whole rest balances, so that the parts after it live. Takes linear time.
pub fn split(text: &str, separator: Separator) -> Vec<Span> {
    let scan = Scan::new(text);
    let mut parts = Vec::new();
    let mut start = 0;
    loop {
        let end = match part_end(&scan, start, separator.byte()) {
            PartEnd::Separator(at) => Some(at),
            PartEnd::Text => None,
            PartEnd::Broken => recovery(text, &scan, start, separator.byte()),
        };
        parts.push(Span::new(start, end.unwrap_or(text.len())));
        match end {
            Some(at) => start = at + 1,
            None => return parts,
        }
    }
}

/// The place of the first `wanted` outside brackets, strings, comments and `{{ }}`.
pub fn find(text: &str, wanted: u8) -> Option<usize> {
    match part_end(&Scan::new(text), 0, wanted) {
        PartEnd::Separator(at) => Some(at),
        PartEnd::Text | PartEnd::Broken => None,
    }
}

enum PartEnd {
    Separator(usize),
    Text,
    Broken,
}

fn part_end(scan: &Scan<'_>, start: usize, separator: u8) -> PartEnd {
    let mut at = start;
    while let Some((piece, after)) = scan.piece(at) {
        at = match piece {
            Piece::Byte(byte) if byte == separator => return PartEnd::Separator(at),
            Piece::Close(_) | Piece::Unclosed => return PartEnd::Broken,
            Piece::Open(_) => match scan.behind_brackets(at) {
                Some(behind) => behind,
                None => return PartEnd::Broken,
            },
            _ => after,
        };
    }
    PartEnd::Text
}

fn recovery(text: &str, scan: &Scan<'_>, start: usize, separator: u8) -> Option<usize> {
    text.bytes()
        .enumerate()
        .skip(start)
        .find(|&(at, byte)| byte == separator && scan.balances_from(at + 1))
        .map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, separator: Separator, wanted: &[&str]) {
        let parts: Vec<&str> = split(text, separator).into_iter().map(|s| s.of(text)).collect();
        assert_eq!(parts, wanted, "{text}");
    }

    #[test]
    fn separators_inside_brackets_strings_comments_and_templates_belong_to_the_part() {
        for (text, wanted) in [
            ("", &[""][..]),
            ("a,b", &["a", "b"]),
            (",a,,", &["", "a", "", ""]),
            ("sum by (a,b) (x{c=\"d,e\",f='g,'}),y", &["sum by (a,b) (x{c=\"d,e\",f='g,'})", "y"]),
            (r#"x{a="\",",b="\\"},y"#, &[r#"x{a="\",",b="\\"}"#, "y"]),
            (r"x{a=`\`},y", &[r"x{a=`\`}", "y"]),
            ("x{a=`1,\n2`},y", &["x{a=`1,\n2`}", "y"]),
            ("x # it's, a note\n,y", &["x # it's, a note\n", "y"]),
            ("x{a=\"{{ f(\"b,\") }}\"},y", &["x{a=\"{{ f(\"b,\") }}\"}", "y"]),
            ("x_{{ a, b }},y", &["x_{{ a, b }}", "y"]),
            ("größe{ä=\"ö,ü\"},漢,字", &["größe{ä=\"ö,ü\"}", "漢", "字"]),
            ("{a=~\"b|c\"},x[5m:1m]", &["{a=~\"b|c\"}", "x[5m:1m]"]),
        ] {
            check(text, Separator::Comma, wanted);
        }
        check("a{b=~\"c|d\"}|e;f|g=h", Separator::Pipe, &["a{b=~\"c|d\"}", "e;f", "g=h"]);
        check("a;\"b;c\"", Separator::Semicolon, &["a", "\"b;c\""]);
    }

    #[test]
    fn a_broken_part_ends_where_the_rest_balances() {
        for (text, wanted) in [
            ("sum(rate(x[5m]),up,b{c=\"d\"}", &["sum(rate(x[5m])", "up", "b{c=\"d\"}"][..]),
            ("good,up{a=\"x},rate(b{c=\"d\"}[5m])", &["good", "up{a=\"x}", "rate(b{c=\"d\"}[5m])"]),
            ("f(a,b],c", &["f(a,b]", "c"]),
            ("f(a,b)),c", &["f(a,b))", "c"]),
            ("a),b(,c", &["a),b(", "c"]),
            ("it's,up", &["it's", "up"]),
            ("a{b=\"c\nd\"},up", &["a{b=\"c\nd\"}", "up"]),
            ("x{{a=\"b\"},up", &["x{{a=\"b\"}", "up"]),
            ("a(", &["a("]),
            ("a(,b(", &["a(,b("]),
        ] {
            check(text, Separator::Comma, wanted);
        }
        check("sum(x{a=~\"b|c\"}|pod|type=area", Separator::Pipe, &["sum(x{a=~\"b|c\"}", "pod", "type=area"]);
    }

    #[test]
    fn finds_a_byte_outside_quotes() {
        assert_eq!(find("title=\"a=b\"", b'='), Some(5));
        assert_eq!(find("\"a=b\"", b'='), None);
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a stopwatch around the code under test")]
    fn hostile_texts_of_64_kib_take_linear_time() {
        for pattern in ["(,", "#,", "\"\\\"", "',\\", "{{,", "}},{{\"", "`{{,", ",", "]),([", "\"{{,}}"] {
            let text = pattern.repeat(65_536 / pattern.len());
            let begun = std::time::Instant::now();
            assert!(!split(&text, Separator::Comma).is_empty());
            assert!(begun.elapsed().as_millis() < 1000, "{pattern} took {:?}", begun.elapsed());
        }
    }
}
