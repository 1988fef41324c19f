//! How a condition compares texts: exactly, by glob, or by regex.

use regex::{Regex, RegexBuilder};

/// The longest pattern, in bytes.
const MAX_BYTES: usize = 512;
/// The largest compiled regex, in bytes of memory.
const MAX_MEMORY: usize = 1 << 18;

/// Whether capitals count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// As Backstage compares what an entity says.
    Ignored,
    Counts,
}

/// One text, `glob*` or `/regex/`; what is compared must match as a whole.
///
/// A text with `*` (any characters) or `?` (one) is a glob, one between slashes a regex, any other is itself.
#[derive(Clone, Debug)]
pub enum Pattern {
    Exact(String),
    /// In lower case.
    ExactIgnoringCase(String),
    Regex(Regex),
}

impl Pattern {
    /// The error ends the sentence "the value ...".
    pub fn read(text: &str, case: Case) -> Result<Self, String> {
        if text.is_empty() {
            return Err("is empty".to_owned());
        }
        if text.len() > MAX_BYTES {
            return Err(format!("is longer than {MAX_BYTES} bytes"));
        }
        let regex = text.strip_prefix('/').and_then(|t| t.strip_suffix('/'));
        match regex {
            Some(regex) => compiled(regex, case).map(Self::Regex),
            None if is_glob(text) => compiled(&regex_of(text), case).map(Self::Regex),
            None if case == Case::Ignored => Ok(Self::ExactIgnoringCase(text.to_lowercase())),
            None => Ok(Self::Exact(text.to_owned())),
        }
    }

    pub fn matches(&self, value: &str) -> bool {
        match self {
            Self::Exact(text) => text == value,
            Self::ExactIgnoringCase(text) => *text == value.to_lowercase(),
            Self::Regex(regex) => regex.is_match(value),
        }
    }
}

/// Whether the text is a regex or a glob.
pub fn is_shaped(text: &str) -> bool {
    is_regex(text) || is_glob(text)
}

pub fn is_regex(text: &str) -> bool {
    text.len() > 1 && text.starts_with('/') && text.ends_with('/')
}

fn is_glob(text: &str) -> bool {
    text.contains(['*', '?'])
}

fn compiled(regex: &str, case: Case) -> Result<Regex, String> {
    let build = |text: &str| {
        RegexBuilder::new(text)
            .case_insensitive(case == Case::Ignored)
            .dot_matches_new_line(true)
            .size_limit(MAX_MEMORY)
            .dfa_size_limit(MAX_MEMORY)
            .build()
            .map_err(|error| {
                // The last line of a report says what is wrong, the lines before draw where.
                let report = error.to_string();
                let reason = report.lines().last().unwrap_or_default().trim_start_matches("error: ");
                format!("is no regex that works: {reason}")
            })
    };
    // Alone first: else `a)|(?:b` would find its missing brackets in what anchors it.
    build(regex)?;
    build(&format!("^(?:{regex})$"))
}

fn regex_of(glob: &str) -> String {
    let mut written = String::new();
    for c in glob.chars() {
        match c {
            '*' => written.push_str(".*"),
            '?' => written.push('.'),
            other => written.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, matched: &[&str], missed: &[&str]) {
        let pattern = Pattern::read(pattern, Case::Ignored).unwrap();
        for (values, wanted) in [(matched, true), (missed, false)] {
            for value in values {
                assert_eq!(pattern.matches(value), wanted, "{pattern:?} on {value:?}");
            }
        }
    }

    #[test]
    fn a_pattern_matches_the_whole_text() {
        check("Payments", &["payments", "PAYMENTS"], &["payment", "payments ", "xpayments", ""]);
        check("pay-*", &["pay-", "Pay-eu\n1"], &["pay", "xpay-"]);
        check("*", &["", "anything"], &[]);
        check("a?c", &["abc", "a\u{e9}c"], &["ac", "abbc"]);
        check("a.c*", &["a.c", "a.cd"], &["abc"]);
        check("/eu-[0-9]+/", &["eu-1", "EU-22"], &["eu-", "eu-1x", "xeu-1"]);
        check("/a|b/", &["a", "b"], &["ab", "ax"]);
        check("/", &["/"], &[""]);
        check("//", &[""], &["/", "a"]);
        check("ÄPFEL", &["äpfel"], &["apfel"]);
    }

    #[test]
    fn capitals_count_where_they_are_said_to() {
        let pattern = |text| Pattern::read(text, Case::Counts).unwrap();
        assert!(pattern("Eu").matches("Eu") && !pattern("Eu").matches("eu"));
        assert!(!pattern("E*").matches("eu") && !pattern("/E./").matches("eu"));
    }

    #[test]
    fn what_cannot_work_is_refused() {
        for text in ["", "/(/", "/a)|(b/", "/a{999}{999}/", "/(?=a)/", &"x".repeat(513)] {
            assert!(Pattern::read(text, Case::Ignored).is_err(), "{text}");
        }
    }
}
