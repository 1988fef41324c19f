//! The text of an answer that is no JSON of the API: of a proxy, a gateway, a login page.

/// The most bytes of a body that are looked at.
const MOST_BYTES: usize = 16 << 10;
/// Elements whose text no reader of the page sees.
const HIDDEN: [&str; 3] = ["script", "style", "svg"];

/// The words of a body, without its markup.
pub fn text_of(body: &[u8], is_html: bool) -> String {
    let body = String::from_utf8_lossy(body.get(..MOST_BYTES).unwrap_or(body));
    if is_html { without_markup(&body) } else { body.into_owned() }
}

/// In one line, with single blanks, and no longer than `most` characters.
pub fn in_one_line(text: &str, most: usize) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line = words.collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

fn without_markup(html: &str) -> String {
    let (mut text, mut rest) = (String::new(), html);
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        text.push(' ');
        let hidden = HIDDEN.iter().find(|name| begins_with(tag, name));
        rest = match hidden {
            Some(name) => after_end(tag, name),
            None => tag.split_once('>').map_or("", |(_, after)| after),
        };
    }
    text.push_str(rest);
    text
}

/// What follows the end of a hidden element; nothing if it has no end.
fn after_end<'h>(mut rest: &'h str, name: &str) -> &'h str {
    while let Some((_, tag)) = rest.split_once("</") {
        if begins_with(tag, name) {
            return tag.split_once('>').map_or("", |(_, after)| after);
        }
        rest = tag;
    }
    ""
}

fn begins_with(tag: &str, name: &str) -> bool {
    tag.get(..name.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(is_html: bool, body: &[u8], words: &str) {
        assert_eq!(in_one_line(&text_of(body, is_html), 40), words, "{}", String::from_utf8_lossy(body));
    }

    #[test]
    fn what_a_body_says_is_one_short_line() {
        check(false, b"no org id\n", "no org id");
        check(false, b"", "");
        check(false, br#"{"message":"no Route matched"}"#, r#"{"message":"no Route matched"}"#);
        check(false, b"a\r\nERROR b\x1b[31m\0\xffc", "a ERROR b [31m \u{fffd}c");
        let page =
            b"<!DOCTYPE html><title>Error 404</title><style>p{a:b}</style>\n<p><b>404.</b> Not <i>here</i>";
        check(true, page, "Error 404 404. Not here");
        check(true, b" <p>a<SCRIPT src=x>if (a < b) {}</p></script >b", "a b");
        check(true, b"a<script>b</style>c", "a");
        check(true, b"a<b", "a");
        check(true, b"<", "");
        check(true, "<p>é</p><é>x".as_bytes(), "é x");
        check(false, "é".repeat(100_000).as_bytes(), &format!("{}…", "é".repeat(40)));
    }
}
