//! Values that stand for ones which nobody wrote.

/// What people write until they know the value.
const PLACEHOLDERS: [&str; 28] = [
    "...",
    "…",
    "..",
    ".",
    "-",
    "--",
    "?",
    "todo",
    "tbd",
    "fixme",
    "xxx",
    "changeme",
    "change-me",
    "change_me",
    "replaceme",
    "replace-me",
    "replace_me",
    "none",
    "null",
    "nil",
    "~",
    "n/a",
    "na",
    "false",
    "no",
    "off",
    "disabled",
    "undefined",
];
/// Those that labels have too.
const VALUES: [&str; 14] =
    [".", "..", "-", "--", "?", "~", "none", "n/a", "na", "nil", "false", "no", "off", "disabled"];

/// What people write for everything.
const EVERYTHING: [&str; 11] = ["true", "yes", "on", "enabled", "all", "any", "every", "*", ".*", ".+", "1"];

/// Templates of the programs that make catalog files, which were to be filled in.
const SCAFFOLDERS: [&str; 9] = [
    "values.",
    "parameters.",
    "cookiecutter.",
    "steps.",
    "secrets.",
    ".Values",
    ".Release",
    "$labels",
    ".Labels",
];

pub(super) fn is_placeholder(text: &str) -> bool {
    let is_bracketed = text.starts_with('<') && text.ends_with('>') && text.len() > 2;
    // `TODO: add a query`
    let first = text.split_once(": ").map(|(first, _)| first).filter(|first| first.len() <= 5);
    let is_remark = first
        .is_some_and(|first| ["todo", "tbd", "fixme"].iter().any(|known| first.eq_ignore_ascii_case(known)));
    is_bracketed || is_remark || PLACEHOLDERS.iter().any(|known| text.eq_ignore_ascii_case(known))
}

/// Whether a text stands for a value of a label. Some that stand for a name are values, such as `none`.
pub(super) fn is_unfilled(text: &str) -> bool {
    let is_value = VALUES.iter().any(|value| text.eq_ignore_ascii_case(value));
    is_variable(text) || (is_placeholder(text) && !is_value)
}

/// `${NAME}`, `$NAME`, `%NAME%`: a variable that nobody has filled in.
pub(super) fn is_variable(text: &str) -> bool {
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_uppercase())
            && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
    };
    let braced = text.split_once("${").is_some_and(|(_, rest)| rest.contains('}'));
    braced
        || text.strip_prefix('$').is_some_and(is_name)
        || text.strip_prefix('%').and_then(|rest| rest.strip_suffix('%')).is_some_and(is_name)
}

pub(super) fn is_everything(text: &str) -> bool {
    let stars = text.len() > 1 && text.bytes().all(|b| b == b'*');
    stars || EVERYTHING.iter().any(|known| text.eq_ignore_ascii_case(known))
}

/// Whether the expression of a template is one of another program: of Backstage's software templates, of Helm, or of
/// an alert's annotations.
pub fn is_left_over(expression: &str) -> bool {
    let expression = expression.trim_matches(['-', ' ']);
    SCAFFOLDERS.iter().any(|begin| expression.starts_with(begin)) || expression.starts_with(['$', '.'])
}

/// The place of a template of another program in a text.
pub(super) fn left_over(text: &str) -> Option<&str> {
    let mut rest = text;
    while let Some((_, behind)) = rest.split_once("{{") {
        let (expression, next) = behind.split_once("}}")?;
        if is_left_over(expression) {
            return Some(expression.trim_matches(['-', ' ']));
        }
        rest = next;
    }
    None
}
