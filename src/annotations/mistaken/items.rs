//! Lists as YAML, JSON, Markdown and mails write them.

use super::bare;

/// Words before a list, and before each item of one.
const KEYS: [&str; 8] = ["alerts", "alert", "alertname", "names", "name", "rules", "queries", "labels"];
/// What is around a list.
const BRACKETS: [(char, char); 5] = [('[', ']'), ('{', '}'), ('(', ')'), ('\'', '\''), ('`', '`')];

/// The items of a text that is a list in another form than with commas; None where it is none. `split` finds the
/// parts between commas.
pub(super) fn items<'t>(text: &'t str, split: fn(&'t str) -> Vec<&'t str>) -> Option<Vec<&'t str>> {
    let text = without_key(text.trim());
    if let Some(inside) = enclosed(text) {
        return Some(items(inside, split).unwrap_or_else(|| given(split(inside).into_iter())));
    }
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| is_content(line)).collect();
    // One line may be a name with a number.
    let is_marked =
        |line: &&str| without_mark(line) != *line || (lines.len() > 1 && without_number(line) != *line);
    let is_list = !lines.is_empty() && lines.iter().all(is_marked);
    let lines = if is_list { lines.into_iter().map(without_number).collect() } else { lines };
    (is_list || (lines.len() > 1 && split(text).len() == 1)).then(|| given(lines.into_iter()))
}

/// The parts between all commas.
pub(super) fn at_commas(text: &str) -> Vec<&str> {
    text.split(',').collect()
}

fn given<'t>(parts: impl Iterator<Item = &'t str>) -> Vec<&'t str> {
    parts.map(item).filter(|item| !item.is_empty()).collect()
}

/// Whether a line is neither blank nor a comment nor the end of a block.
pub(super) fn is_content(line: &str) -> bool {
    !line.is_empty()
        && !line.starts_with('#')
        && !line.starts_with("```")
        && !["---", ">-", "|-", ">", "|"].contains(&line)
}

/// An item without its mark, its key, and what stands around it.
pub(super) fn item(text: &str) -> &str {
    let text = without_mark(text.trim());
    bare(without_key(text.strip_suffix(',').unwrap_or(text)))
}

/// Without `- ` and the like.
fn without_mark(text: &str) -> &str {
    let rest = text.strip_prefix(['-', '*', '+', '•']).filter(|rest| rest.starts_with(' '));
    rest.map_or(text, str::trim_start)
}

/// Without `1. ` and the like.
fn without_number(text: &str) -> &str {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let rest =
        rest.strip_prefix(['.', ')']).filter(|rest| rest.starts_with(' ') && !text.starts_with(['.', ')']));
    rest.map_or(text, str::trim_start)
}

/// Without `name: `, in quotes or not.
fn without_key(text: &str) -> &str {
    let Some((key, value)) = text.split_once(':') else { return text };
    let is_known = KEYS.contains(&key.trim().trim_matches(['"', '\'']));
    let ends = value.is_empty() || value.starts_with([' ', '\n', '[', '"']);
    if is_known && ends { value.trim() } else { text }
}

/// What stands between brackets or quotes around the whole text.
fn enclosed(text: &str) -> Option<&str> {
    BRACKETS.iter().find_map(|(open, close)| {
        let inside = text.strip_prefix(*open)?.strip_suffix(*close)?;
        let is_list = match *open {
            '[' => true,
            '{' => inside.contains([',', ':']) && !inside.contains('='),
            _ => inside.contains(','),
        };
        (is_list && !inside.contains([*open, *close])).then_some(inside)
    })
}
