//! Regexes with groups, whose texts a template can name: `$1`, `${name}`.

use regex_automata::nfa::thompson::WhichCaptures;
use regex_automata::nfa::thompson::pikevm::PikeVM;
use regex_automata::util::captures::Captures;
use regex_automata::{Anchored, Input, PatternID};

use super::{MAX_BYTES, dialect, nfa};
use regex_automata::nfa::thompson::Config;

/// A regex that must match a whole text and gives its groups to a template, as in `label_replace`.
pub struct LabelRewrite(PikeVM);

/// Why a regex is not compiled.
#[derive(Debug, PartialEq, Eq)]
pub enum UnreadRewrite {
    /// Prometheus refuses it too.
    Invalid,
    /// With a reason, as a sentence.
    TooLarge(String),
}

impl LabelRewrite {
    pub fn new(pattern: &str) -> Result<Self, UnreadRewrite> {
        if pattern.len() > MAX_BYTES {
            let reason = format!("the regex is longer than {MAX_BYTES} bytes");
            return Err(UnreadRewrite::TooLarge(reason));
        }
        let regex = dialect::read_with_groups(pattern).map_err(|_| UnreadRewrite::Invalid)?;
        let config = Config::new().which_captures(WhichCaptures::All);
        let vm = nfa(&regex, config).and_then(|nfa| PikeVM::new_from_nfa(nfa).ok());
        vm.map(Self).ok_or_else(|| UnreadRewrite::TooLarge("the regex is too large".to_owned()))
    }

    /// What a match costs, in steps.
    pub fn cost(&self, text: &str) -> usize {
        self.0.get_nfa().states().len().saturating_mul(text.len() + 1)
    }

    /// The template with the groups of a match; None where the text does not match.
    pub fn expand(&self, text: &str, template: &str) -> Option<String> {
        let mut groups = self.0.create_captures();
        let input = Input::new(text).anchored(Anchored::Yes);
        self.0.captures(&mut self.0.create_cache(), input, &mut groups);
        groups.is_match().then(|| self.filled(text, template, &groups))
    }

    fn filled(&self, text: &str, template: &str, groups: &Captures) -> String {
        let mut filled = String::new();
        let mut rest = template;
        while let Some((before, behind)) = rest.split_once('$') {
            filled.push_str(before);
            rest = behind;
            if let Some(behind) = rest.strip_prefix('$') {
                filled.push('$');
                rest = behind;
            } else if let Some((name, behind)) = group_name(rest) {
                let span = self.group(name).and_then(|index| groups.get_group(index));
                filled.push_str(span.and_then(|span| text.get(span.range())).unwrap_or_default());
                rest = behind;
            } else {
                filled.push('$');
            }
        }
        filled.push_str(rest);
        filled
    }

    /// The number of a group. A name of digits is its number, unless it begins with a zero.
    fn group(&self, name: &str) -> Option<usize> {
        let is_number = name.bytes().all(|b| b.is_ascii_digit()) && (name == "0" || !name.starts_with('0'));
        if is_number {
            return name.parse().ok();
        }
        self.0.get_nfa().group_info().to_index(PatternID::ZERO, name)
    }
}

/// The name that a template has behind its `$`, and the text behind it.
fn group_name(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('{');
    let from = inner.unwrap_or(text);
    let end = from.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(from.len());
    let (name, behind) = from.split_at_checked(end).filter(|(name, _)| !name.is_empty())?;
    match inner {
        Some(_) => Some((name, behind.strip_prefix('}')?)),
        None => Some((name, behind)),
    }
}

#[cfg(test)]
mod tests {
    use super::{LabelRewrite, UnreadRewrite};

    #[test]
    fn templates_name_groups_as_in_go() {
        for (regex, text, template, wanted) in [
            ("(.*):(.*)", "a:b", "$2-$1", Some("b-a")),
            ("(.*):(.*)", "a:b", "${2}x${1}", Some("bxa")),
            ("(.*):(.*)", "a:b", "$1x", Some("")),
            ("(.*):(.*)", "a:b", "$$1 $ ${ $", Some("$1 $ ${ $")),
            ("(?P<left>.*):(?:x|b)", "a:b", "$left$0$1$2", Some("aa:ba")),
            ("(a)|(b)", "b", "$1|$2", Some("|b")),
            ("(a*?)(a*)", "aa", "$1|$2", Some("|aa")),
            ("((a)(b))+", "abab", "$3$2$1", Some("baab")),
            ("a", "ba", "x", None),
            ("", "", "x", Some("x")),
            ("(é+)", "éé", "<$1>$01", Some("<éé>")),
        ] {
            let rewrite = LabelRewrite::new(regex).unwrap();
            assert_eq!(rewrite.expand(text, template).as_deref(), wanted, "{regex} {text} {template}");
        }
        assert!(LabelRewrite::new("(").is_err());
        assert!(LabelRewrite::new("(?P<a>x)(?P<a>y)").is_err());
        assert!(matches!(LabelRewrite::new(&"a".repeat(1025)), Err(UnreadRewrite::TooLarge(_))));
    }
}
