//! The text of an annotation: its addresses and Markdown links are links, and the templates of a rule are code.
//!
//! Nothing else of Markdown is read. A text is one pass, whatever is in it.

use crate::characters::is_invisible;
use crate::chart::format::cut;
use crate::monitoring::AlertRow;
use crate::web::links::safe_href;

/// A part of a text, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProsePart {
    Text(String),
    /// A template of Go, which only an active alert fills in.
    Code(String),
    Link {
        text: String,
        href: String,
    },
}

/// Further addresses of a text stay text.
const MAX_LINKS: usize = 50;
/// The text of a Markdown link, in bytes.
const MAX_LABEL: usize = 200;
/// What does not belong to an address at its end, unless brackets are in pairs.
const TRAILING: [char; 15] = ['.', ',', ';', ':', '!', '?', '\'', '*', '_', '~', '|', '…', '’', '”', '»'];
/// Commas, semicolons and full stops: Greek, Armenian, Hebrew, Arabic, Devanagari, Thai, Tibetan, Myanmar, Ethiopic, Khmer,
/// Mongolian and halfwidth ones.
const FOREIGN_STOPS: [char; 34] = [
    '\u{37e}', '\u{387}', '\u{55d}', '\u{589}', '\u{5be}', '\u{5c3}', '\u{60c}', '\u{61b}', '\u{61f}',
    '\u{66a}', '\u{66c}', '\u{6d4}', '\u{964}', '\u{965}', '\u{e2f}', '\u{e5a}', '\u{e5b}', '\u{f0d}',
    '\u{f0e}', '\u{104a}', '\u{104b}', '\u{1362}', '\u{1363}', '\u{1364}', '\u{1365}', '\u{17d4}',
    '\u{17d5}', '\u{1802}', '\u{1803}', '\u{ff0e}', '\u{ff61}', '\u{ff62}', '\u{ff63}', '\u{ff64}',
];
const CLOSING: [(char, char); 3] = [('(', ')'), ('[', ']'), ('{', '}')];

/// The parts of a row's annotation. There is always one.
pub fn prose(row: &AlertRow, text: &str) -> Vec<ProsePart> {
    parts(text, row.alert().is_none())
}

/// The value of a row's label. Only templates are told apart.
pub fn label_parts(row: &AlertRow, value: &str) -> Vec<ProsePart> {
    let mut found = ProseParts::default();
    let mut rest = value;
    while let Some((before, code, after)) = row.alert().is_none().then(|| template(rest)).flatten() {
        found.text(before);
        found.parts.push(ProsePart::Code(code.to_owned()));
        rest = after;
    }
    found.text(rest);
    found.parts
}

/// The first `most` characters of the parts. A link that is cut still leads to its whole address.
pub fn cut_prose(parts: Vec<ProsePart>, most: usize) -> Vec<ProsePart> {
    let mut left = most;
    let mut kept = Vec::with_capacity(parts.len());
    for mut part in parts {
        let (ProsePart::Text(text) | ProsePart::Code(text) | ProsePart::Link { text, .. }) = &mut part;
        let length = text.chars().count();
        let is_cut = length > left;
        if is_cut {
            *text = cut(text, left.max(1));
        }
        kept.push(part);
        if is_cut {
            break;
        }
        left -= length;
    }
    kept
}

/// `are_templates`: the text is a rule's own, so `{{ }}` in it is a template.
fn parts(text: &str, are_templates: bool) -> Vec<ProsePart> {
    let mut found = ProseParts::default();
    let mut rest = text;
    while let Some((before, code, after)) = are_templates.then(|| template(rest)).flatten() {
        found.linked(before, true);
        found.parts.push(ProsePart::Code(code.to_owned()));
        rest = after;
    }
    found.linked(rest, false);
    if found.parts.is_empty() {
        found.parts.push(ProsePart::Text(String::new()));
    }
    found.parts
}

/// The first `{{ }}`, with the text before and after it. A brace in a quoted text of Go does not end it.
fn template(text: &str) -> Option<(&str, &str, &str)> {
    let start = text.find("{{")?;
    let (before, rest) = text.split_at_checked(start)?;
    let (mut quote, mut escaped, mut closing) = (None, false, false);
    for (at, c) in rest.char_indices().skip(2) {
        match quote {
            Some('"') if escaped => escaped = false,
            Some('"') if c == '\\' => escaped = true,
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if closing && c == '}' => {
                let (code, after) = rest.split_at_checked(at + 1)?;
                return Some((before, code, after));
            }
            None if matches!(c, '"' | '`') => quote = Some(c),
            None => {}
        }
        closing = quote.is_none() && c == '}';
    }
    None
}

#[derive(Default)]
struct ProseParts {
    parts: Vec<ProsePart>,
    links: usize,
}

impl ProseParts {
    fn text(&mut self, text: &str) {
        if !text.is_empty() {
            self.parts.push(ProsePart::Text(text.to_owned()));
        }
    }

    /// Text without templates. `is_cut`: a template follows, so an address that reaches it is not whole.
    fn linked(&mut self, text: &str, is_cut: bool) {
        let after_code = matches!(self.parts.last(), Some(ProsePart::Code(_)));
        // What is before `done` has become parts; an address between it and `next` is none.
        let (mut done, mut next) = (0, 0);
        for (colon, _) in text.match_indices("://") {
            if self.links == MAX_LINKS {
                break;
            }
            let Some(start) = scheme_start(text, colon).filter(|start| *start >= next) else { continue };
            let is_part = |end: usize| (is_cut && end == text.len()) || (after_code && start == 0);
            let href =
                |found: &FoundLink<'_>| safe_href(found.address).filter(|_| !is_part(found.address_end));
            let found = markdown(text, done, start).and_then(|found| Some((href(&found)?, found)));
            let found = found.or_else(|| bare(text, start).and_then(|found| Some((href(&found)?, found))));
            let Some((href, found)) = found else {
                next = run_end(text, start);
                continue;
            };
            self.text(text.get(done..found.start).unwrap_or_default());
            self.parts.push(ProsePart::Link { text: found.label.to_owned(), href });
            self.links += 1;
            (done, next) = (found.end, found.end);
        }
        self.text(text.get(done..).unwrap_or_default());
    }
}

/// A link in a text: its place, what is shown of it, and where it leads.
struct FoundLink<'t> {
    start: usize,
    end: usize,
    label: &'t str,
    address: &'t str,
    address_end: usize,
}

/// Where the scheme before `://` begins, if it is http or https and the end of no longer word.
fn scheme_start(text: &str, colon: usize) -> Option<usize> {
    let before = text.get(..colon)?;
    let ends_in = |scheme: &str| {
        let start = before.len().checked_sub(scheme.len())?;
        before.get(start..)?.eq_ignore_ascii_case(scheme).then_some(start)
    };
    let start = ends_in("https").or_else(|| ends_in("http"))?;
    let last = before.get(..start)?.chars().next_back();
    (!last.is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '-' | '.'))).then_some(start)
}

/// An address in running text.
fn bare(text: &str, start: usize) -> Option<FoundLink<'_>> {
    let address_end = run_end(text, start);
    let address = trimmed(text.get(start..address_end)?);
    // A part of it, as of `?left={"a":1}`, would lead elsewhere.
    let [open, close] = ['{', '}'].map(|brace| address.matches(brace).count());
    let end = start + address.len();
    (open == close).then_some(FoundLink { start, end, label: address, address, address_end })
}

/// Where the characters end that may belong to an address.
fn run_end(text: &str, start: usize) -> usize {
    let rest = text.get(start..).unwrap_or_default();
    let is_end = |(at, c): &(usize, char)| {
        let after = || rest.get(at + 1..).unwrap_or_default();
        match c {
            // A `](` ends the text of a Markdown link, whatever that leads to.
            ']' => after().starts_with('('),
            // Of a list of addresses.
            ',' | ';' => ["http://", "https://"].iter().any(|scheme| after().starts_with(scheme)),
            c => ends_address(*c),
        }
    };
    rest.char_indices().find(is_end).map_or(text.len(), |(at, _)| start + at)
}

/// `[text](address)`, where the address begins at `start` and nothing before `from` is free. What its text looks like
/// must not be another address.
fn markdown(text: &str, from: usize, start: usize) -> Option<FoundLink<'_>> {
    let label_end = text.get(from..start)?.strip_suffix("](")?.len() + from;
    let label_start = opening(text.get(from..label_end)?)? + from;
    let label = text.get(label_start + 1..label_end)?;
    let is_plain = !label.trim().is_empty() && !label.contains("://") && !label.contains(is_invisible);
    let run = text.get(start..run_end(text, start))?;
    let mut depth = 0_usize;
    let (length, _) = run.char_indices().find(|(_, c)| {
        match c {
            '(' => depth += 1,
            ')' if depth == 0 => return true,
            ')' => depth -= 1,
            _ => {}
        }
        false
    })?;
    is_plain.then_some(FoundLink {
        start: label_start,
        end: start + length + 1,
        label,
        address: run.get(..length)?,
        address_end: start + length,
    })
}

/// The `[` of a link's text that ends here, before which its brackets are in pairs.
fn opening(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let back = text.char_indices().rev().take_while(|(at, _)| text.len() - at <= MAX_LABEL);
    for (at, c) in back {
        match c {
            '[' if depth == 0 => return Some(at),
            '[' => depth -= 1,
            ']' => depth += 1,
            '\n' => return None,
            _ => {}
        }
    }
    None
}

/// What no address has in running text: blanks, quotes, a bar, the punctuation of other scripts.
fn ends_address(c: char) -> bool {
    let is_quote = matches!(c, '<' | '>' | '"' | '`' | '\\' | '|') || FOREIGN_STOPS.contains(&c);
    let is_wide = matches!(
        c,
        '\u{3000}'
            ..='\u{303f}'
                | '\u{ff01}'
                | '\u{ff08}'
                | '\u{ff09}'
                | '\u{ff0c}'
                | '\u{ff1a}'
                | '\u{ff1b}'
                | '\u{ff1f}'
    );
    c.is_whitespace() || c.is_control() || is_quote || is_wide || is_invisible(c)
}

/// Without the punctuation of the sentence around it. A closing bracket belongs to an address that has its opening.
fn trimmed(address: &str) -> &str {
    let mut counts = CLOSING.map(|(open, close)| {
        let count = |bracket| address.matches(bracket).count();
        count(close).saturating_sub(count(open))
    });
    let mut kept = address;
    while let Some(last) = kept.chars().next_back() {
        let surplus =
            CLOSING.iter().zip(&mut counts).find(|((_, close), count)| *close == last && **count > 0);
        match surplus {
            Some((_, count)) => *count -= 1,
            None if TRAILING.contains(&last) => {}
            None => break,
        }
        kept = kept.get(..kept.len() - last.len_utf8()).unwrap_or_default();
    }
    kept
}

#[cfg(test)]
mod tests;
