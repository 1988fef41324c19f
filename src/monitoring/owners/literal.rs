//! Regexes that say nothing but texts: `a|b|c`.

/// The texts that the regex matches, if it is nothing but these.
pub fn alternatives(regex: &str) -> Option<Vec<&str>> {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '/' | ' ' | ':' | ',' | '@' | '=');
    let texts: Vec<&str> = regex.split('|').collect();
    texts.iter().all(|text| text.chars().all(plain)).then_some(texts)
}

#[cfg(test)]
mod tests {
    use super::alternatives;

    #[test]
    fn only_plain_texts_are_told() {
        assert_eq!(alternatives("a|b-c|d_1"), Some(vec!["a", "b-c", "d_1"]));
        assert_eq!(alternatives("a"), Some(vec!["a"]));
        assert_eq!(alternatives("a|"), Some(vec!["a", ""]));
        for regex in ["a.b", "a*", "(a|b)", "a\\|b", "[ab]", "a|b+", "^a$", "(?i)a"] {
            assert_eq!(alternatives(regex), None, "{regex}");
        }
    }
}
