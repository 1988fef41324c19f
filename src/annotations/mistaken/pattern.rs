//! Patterns where texts are compared letter for letter: globs, and regexes as other languages write them.

use super::bare;

/// What stands before a regex in other languages.
const MARKS: [&str; 5] = ["regexp:", "regex:", "re:", "=~", "~"];
/// What only regexes have.
const SIGNS: [&str; 8] = [".*", ".+", "\\d", "\\w", "\\.", "[a-z", "[A-Z", "[0-9"];

/// The regex that a name stands for; None where it is no pattern.
pub(super) fn regex(name: &str) -> Option<String> {
    let has_blanks = name.contains(' ') && !name.starts_with("=~");
    let text = if has_blanks { name.to_owned() } else { unmarked(name) };
    let has_group = !has_blanks && text.contains('|') && text.contains('(') && text.contains(')');
    if has_sign(&text) || has_group {
        return Some(text);
    }
    if is_glob(&text) {
        return Some(of_glob(&text));
    }
    (text != name).then_some(text)
}

/// Whether a text has what only regexes have.
pub(super) fn has_sign(text: &str) -> bool {
    SIGNS.iter().any(|sign| text.contains(sign))
}

/// `Payments*`, `Pay?ents`, `%.example.com`, `Pay{ments,roll}`
pub(super) fn is_glob(text: &str) -> bool {
    if text.contains(' ') {
        return (text.contains('*') && !text.contains(" * ")) || has_braces(text);
    }
    let is_word = |c: char| c.is_alphanumeric() || "_-.?".contains(c);
    let has_letter = text.contains(char::is_alphabetic);
    let has_mark = text.contains('?') && text.chars().all(is_word);
    // `%20` is a blank in an address.
    let begins = text.strip_prefix('%').is_some_and(|rest| rest.starts_with(['.', '-']));
    let ends = text.strip_suffix('%').is_some_and(|rest| rest.ends_with(char::is_alphabetic));
    text.contains('*') || has_letter && (has_mark || begins || ends || has_braces(text))
}

/// Whether a text that is no query is a pattern of names, and no broken query.
pub(super) fn is_pattern(text: &str) -> bool {
    let is_marked = text.starts_with(['~', '/', '^']) && !text.contains(' ');
    let is_word = |c: char| c.is_alphanumeric() || "_-.*+?".contains(c);
    let has_word = text.chars().any(char::is_alphabetic);
    has_word && (is_marked || text.starts_with("=~") || has_braces(text) || text.chars().all(is_word))
}

/// `Pay{ments,roll}`
fn has_braces(text: &str) -> bool {
    let is_part = |part: &str| part.chars().all(|c| c.is_alphanumeric() || "_-.*, ".contains(c));
    let inside = text.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)));
    inside.is_some_and(|(before, (inside, behind))| {
        inside.contains(',')
            && !before.contains('}')
            && is_part(inside)
            && is_part(before)
            && !before.contains(' ')
            && !behind.contains([' ', '='])
    })
}

/// The text without what other languages write around a regex: `/^...$/`, `/.../i`, `=~"..."`.
fn unmarked(name: &str) -> String {
    let text = match MARKS.iter().find_map(|mark| name.strip_prefix(mark)) {
        Some(text) => bare(text),
        None => name,
    };
    let (text, flag) = match between_slashes(text) {
        Some((inside, "i")) => (inside, "(?i)"),
        Some((inside, _)) => (inside, ""),
        None => (text, ""),
    };
    let text = text.strip_prefix('^').unwrap_or(text);
    format!("{flag}{}", text.strip_suffix('$').unwrap_or(text))
}

/// What stands between slashes, and the flag behind them.
pub(super) fn between_slashes(text: &str) -> Option<(&str, &str)> {
    let (inside, flag) = text.strip_prefix('/')?.rsplit_once('/')?;
    (!inside.is_empty() && !inside.contains('/') && ["", "i"].contains(&flag)).then_some((inside, flag))
}

/// The regex of `Payments*`.
pub(super) fn of_glob(glob: &str) -> String {
    let mut regex = String::new();
    let mut is_inside = false;
    for c in glob.chars() {
        match c {
            '*' | '%' if regex.ends_with(".*") => {}
            '*' | '%' => regex.push_str(".*"),
            '?' => regex.push('.'),
            '{' | '}' if has_braces(glob) => {
                is_inside = c == '{';
                regex.push(if is_inside { '(' } else { ')' });
            }
            ',' if is_inside => regex.push('|'),
            ' ' if is_inside => {}
            c => regex.push_str(&escaped(c.encode_utf8(&mut [0; 4]))),
        }
    }
    regex
}

/// The text as a regex that matches only itself.
pub(super) fn escaped(text: &str) -> String {
    let mut regex = String::with_capacity(text.len());
    for c in text.chars() {
        if "\\.+*?()|[]{}^$".contains(c) {
            regex.push('\\');
        }
        regex.push(c);
    }
    regex
}
