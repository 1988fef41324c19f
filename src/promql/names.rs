//! Names that the parser would take for keywords, and Prometheus does not.

use promql_parser::parser::Expr;

use super::scan::Kind;
use super::walk::{children_mut, label_lists_mut, selector_mut};

/// What is appended to such a name until the query is parsed.
const MARK: &str = "__is_a_name";

/// Modifiers of a vector where they are behind one, and names everywhere else.
const MODIFIERS: [&str; 2] = ["anchored", "smoothed"];
/// Words before a list of labels or of a value in parentheses.
const BEFORE_LISTS: [&str; 9] =
    ["by", "without", "on", "ignoring", "group_left", "group_right", "fill", "fill_left", "fill_right"];
/// Words behind which a vector follows.
const BEFORE_OPERANDS: [&str; 11] =
    ["and", "or", "unless", "atan2", "bool", "by", "without", "on", "ignoring", "group_left", "group_right"];

fn is_one(word: &str, of: &[&str]) -> bool {
    of.iter().any(|one| word.eq_ignore_ascii_case(one))
}

/// Where a query is read, from left to right.
#[derive(Default)]
pub(super) struct NameFinder {
    /// The brackets that are open, and whether each is around a list.
    open: Vec<(u8, bool)>,
    is_behind_operand: bool,
    /// The last word was one before a list.
    awaits_list: bool,
    /// A label matcher may begin.
    awaits_label: bool,
}

impl NameFinder {
    /// Passes a word that is not blank.
    pub(super) fn step(&mut self, kind: Kind, word: &str) {
        let awaits_list = std::mem::take(&mut self.awaits_list);
        self.awaits_label = false;
        self.is_behind_operand = match kind {
            Kind::Open(bracket) => {
                self.open.push((bracket, awaits_list));
                self.awaits_label = bracket == b'{';
                false
            }
            Kind::Close(_) => !self.open.pop().is_some_and(|(_, is_list)| is_list),
            Kind::Word => {
                self.awaits_list = is_one(word, &BEFORE_LISTS);
                !is_one(word, &BEFORE_OPERANDS)
            }
            Kind::Quoted => true,
            _ => {
                self.awaits_label = word == "," && self.is_in(b'{');
                false
            }
        };
    }

    fn is_in(&self, bracket: u8) -> bool {
        self.open.last().is_some_and(|(open, _)| *open == bracket)
    }

    /// Whether a word here is a name that the parser would take for a keyword.
    fn hides_name(&self, word: &str) -> bool {
        match self.open.last() {
            Some((b'{', _)) => self.awaits_label && word.eq_ignore_ascii_case("or"),
            Some((_, true)) => is_one(word, &MODIFIERS),
            _ => !self.is_behind_operand && is_one(word, &MODIFIERS),
        }
    }

    /// What to write for a word, so that the parser takes it for a name.
    pub(super) fn written(&self, word: &str) -> Option<String> {
        self.hides_name(word).then(|| format!("{word}{MARK}"))
    }
}

/// Takes the marks off again. As deep as the query is nested.
pub(super) fn unmark(expr: &mut Expr) {
    children_mut(expr).into_iter().for_each(unmark);
    label_lists_mut(expr).into_iter().flat_map(|list| &mut list.labels).for_each(restore);
    let Some(selector) = selector_mut(expr) else { return };
    selector.name.iter_mut().for_each(restore);
    selector.matchers.matchers.iter_mut().for_each(|matcher| restore(&mut matcher.name));
}

fn restore(name: &mut String) {
    if let Some(own) = name.strip_suffix(MARK).filter(|own| is_one(own, &MODIFIERS) || is_one(own, &["or"])) {
        *name = own.to_owned();
    }
}
