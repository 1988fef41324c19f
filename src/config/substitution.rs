//! Substitutes variables and files: `${VAR}`, `${VAR:-default}`, `$${`, `$env`, `$file`.

use std::path::Path;

use crate::yaml::{self, Node};

/// A `$file` holds a token or a password.
const MAX_FILE_BYTES: usize = 64 << 10;

/// The value of a directive, which must be the only key of its mapping.
pub(super) fn only_argument<'n>(node: &'n Node, name: &str) -> Result<&'n Node, String> {
    match node.as_map() {
        Some([entry]) => Ok(&entry.value),
        _ => Err(format!("`{name}` must be the only key of its mapping")),
    }
}

/// Looks up a variable.
pub(super) type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A variable's value without the blanks around it, which do not count in Backstage.
pub(super) fn look_up(name: &str, env: Env<'_>) -> Option<String> {
    env(name).map(|value| value.trim().to_owned())
}

/// A text after substitution.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Substituted {
    pub(super) value: String,
    /// Some of it came from the environment or a file: it is shown nowhere.
    pub(super) foreign: bool,
}

/// A text with its `${...}` replaced; what replaces them is not replaced again. The errors name a variable, never its
/// value. None when an empty default replaces a variable: as in Backstage, the key then counts as not written.
pub(super) fn substitute(written: &str, env: Env<'_>) -> Result<Option<Substituted>, String> {
    let mut value = String::new();
    let (mut rest, mut foreign, mut is_written) = (written, false, true);
    while let Some((before, reference, after)) = next_reference(rest) {
        rest = after;
        // `$${...}` means `${...}`.
        if let Some(before) = before.strip_suffix('$') {
            value += &format!("{before}${{{reference}}}");
            continue;
        }
        value.push_str(before);
        foreign = true;
        let (name, default) = match reference.split_once(":-") {
            Some((name, default)) => (name.trim(), Some(default.trim())),
            None => (reference.trim(), None),
        };
        match (look_up(name, env), default) {
            (Some(found), None) => value.push_str(&found),
            (Some(found), Some(_)) if !found.is_empty() => value.push_str(&found),
            (_, Some(default)) => {
                is_written &= !default.is_empty();
                value.push_str(default);
            }
            (None, None) => return Err(unset(name)),
        }
    }
    value.push_str(rest);
    Ok(is_written.then_some(Substituted { value, foreign }))
}

/// The text of `{$env: X}` or `{$file: x}`; `node` is the whole mapping, `directory` that of its file.
pub(super) fn read_directive(
    node: &Node,
    name: &str,
    directory: &Path,
    env: Env<'_>,
) -> Result<Option<Substituted>, String> {
    let takes_text = || format!("`{name}` takes text");
    let written = only_argument(node, name)?.as_text().ok_or_else(takes_text)?;
    let argument = substitute(written, env)?.map(|text| text.value).filter(|text| !text.is_empty());
    let argument = argument.ok_or_else(takes_text)?;
    let value = match name {
        "$env" => look_up(&argument, env).ok_or_else(|| unset(written))?,
        "$file" => {
            let failed = |reason: &str| format!("the file of `$file: {written}` {reason}");
            let bytes = yaml::read_regular(&directory.join(&argument), MAX_FILE_BYTES);
            let bytes = bytes.map_err(|reason| failed(&reason))?;
            String::from_utf8(bytes).map_err(|_| failed("is not UTF-8"))?.trim_end().to_owned()
        }
        _ => return Err(format!("unknown directive `{name}`; use `$env`, `$file` or `$include`")),
    };
    Ok(Some(Substituted { value, foreign: true }))
}

fn unset(name: &str) -> String {
    format!("the variable {name} is not set")
}

/// The text before the first `${...}`, what is in its braces, and the text after it.
fn next_reference(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let start = from + text.get(from..)?.find("${")?;
        let inner = text.get(start + 2..)?;
        let end = inner.find(['{', '}'])?;
        if inner.get(end..)?.starts_with('{') {
            from = start + 2;
            continue;
        }
        return Some((text.get(..start)?, inner.get(..end)?, inner.get(end + 1..)?));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_become_what_they_stand_for() {
        let env = |name: &str| match name {
            "A" => Some("1".to_owned()),
            "EMPTY" => Some(String::new()),
            "NESTED" => Some("${A}".to_owned()),
            "BLANKS" => Some(" \t ".to_owned()),
            "PADDED" => Some(" 1\n".to_owned()),
            _ => None,
        };
        let check = |written: &str, expected: Result<Option<&str>, &str>| {
            let found = substitute(written, &env).map(|t| t.map(|t| t.value));
            assert_eq!(found.as_ref().map(|t| t.as_deref()).map_err(String::as_str), expected, "{written}");
        };
        check("plain $ } { $A", Ok(Some("plain $ } { $A")));
        check("x${A}y${ A }z", Ok(Some("x1y1z")));
        check("${NESTED}", Ok(Some("${A}")));
        check("$${A} $$${A}", Ok(Some("${A} $${A}")));
        check("${NONE:- it }", Ok(Some("it")));
        check("${EMPTY:-it}", Ok(Some("it")));
        check("${A:-it}", Ok(Some("1")));
        check("${EMPTY}", Ok(Some("")));
        check("${NONE:-}", Ok(None));
        check("x${NONE:-}", Ok(None));
        check("x${EMPTY:-}y${A}", Ok(None));
        check("${BLANKS:-it}${PADDED}", Ok(Some("it1")));
        check("x${BLANKS}y", Ok(Some("xy")));
        check("${NONE:-http://x:1/a}", Ok(Some("http://x:1/a")));
        check("a${NONE}b", Err("the variable NONE is not set"));
        check("${${A}}", Ok(Some("${1}")));
        check("${A", Ok(Some("${A")));
        check("${", Ok(Some("${")));
        check("\u{e9}${A}\u{e9}", Ok(Some("\u{e9}1\u{e9}")));
    }
}
