//! Quoted words in annotations: `"a, b"`, with `\"`, `\\` and `\n` as escapes; raw between backticks.

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

/// Writes a word so that [`unquote`] reads it back.
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
