//! Escaped text, and runs of values between gaps.

use std::ops::Range;

/// Appends a text, escaped for HTML and XML; characters that neither allows become U+FFFD.
pub(super) fn escaped(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' | '\r' => out.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
}

/// The slots of each run of finite values.
pub(super) fn stretch(values: &[f64]) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut from = 0;
    std::iter::from_fn(move || {
        let rest = values.get(from..)?;
        let start = from + rest.iter().position(|value| value.is_finite())?;
        let rest = values.get(start..)?;
        let end = start + rest.iter().position(|value| !value.is_finite()).unwrap_or(rest.len());
        from = end;
        Some(start..end)
    })
}
