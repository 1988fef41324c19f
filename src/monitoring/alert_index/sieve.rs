//! Rules out most of a label's regexes for a value in one pass over the value.

use std::collections::BTreeMap;
use std::fmt;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use crate::promql::Matcher;

/// A value in which more texts are found rules nothing out: it is not worth more than a test of each regex.
const MOST_FOUND: usize = 100_000;

/// What a matcher says of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TestResult {
    /// It was not tested.
    Open,
    Matches,
    Differs,
}

impl TestResult {
    pub(super) const fn of(matches: bool) -> Self {
        if matches { Self::Matches } else { Self::Differs }
    }
}

/// The regexes of one label. Most of them have a text that is in all that they match, so that a value without it
/// needs no test.
#[derive(Default)]
pub(super) struct Sieve {
    /// What each matcher says of a value that has none of the texts; open where it has no such text.
    without: Box<[TestResult]>,
    texts: Option<AhoCorasick>,
    /// For each text, the numbers of its regexes.
    slots: Box<[Box<[u32]>]>,
}

impl Sieve {
    /// Of the matchers in the order of their numbers.
    pub(super) fn of<'m>(matchers: impl Iterator<Item = &'m Matcher>) -> Self {
        let (mut without, mut slots) = (Vec::new(), BTreeMap::<&[u8], Vec<u32>>::new());
        for (slot, matcher) in (0_u32..).zip(matchers) {
            let text = matcher.contained();
            without.push(if text.is_empty() {
                TestResult::Open
            } else {
                TestResult::of(matcher.is_negative())
            });
            if !text.is_empty() {
                slots.entry(text).or_default().push(slot);
            }
        }
        // The kind that needs the least memory. A set that is too large for it rules nothing out.
        let kind = Some(AhoCorasickKind::ContiguousNFA);
        let texts = AhoCorasick::builder().kind(kind).prefilter(false).build(slots.keys()).ok();
        if texts.is_none() {
            without.fill(TestResult::Open);
        }
        let slots = slots.into_values().map(Vec::into_boxed_slice).collect();
        Self { without: without.into(), texts, slots }
    }

    /// What each matcher says of the value; open where it must be tested.
    pub(super) fn results(&self, value: &str) -> Vec<TestResult> {
        let mut results = self.without.to_vec();
        let Some(texts) = self.texts.as_ref().filter(|texts| texts.patterns_len() > 0) else {
            return results;
        };
        for (count, found) in texts.find_overlapping_iter(value).enumerate() {
            if count == MOST_FOUND {
                results.fill(TestResult::Open);
                break;
            }
            for slot in self.slots.get(found.pattern().as_usize()).into_iter().flatten() {
                if let Some(result) = results.get_mut(*slot as usize) {
                    *result = TestResult::Open;
                }
            }
        }
        results
    }
}

impl fmt::Debug for Sieve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sieve({})", self.without.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::MatchOp;

    #[test]
    fn a_regex_is_tested_only_with_a_value_that_has_its_text() {
        let matchers = [
            (MatchOp::Regex, "a.*12.?"),
            (MatchOp::NotRegex, "b[cd]+1"),
            (MatchOp::Regex, "(a|b).?"),
            (MatchOp::Regex, "x{2}12.+"),
        ];
        let matchers = matchers.map(|(op, value)| Matcher::new("x", op, value).unwrap());
        let sieve = Sieve::of(matchers.iter());
        let (open, no, yes) = (TestResult::Open, TestResult::Differs, TestResult::Matches);
        for (value, results) in
            [("", [no, yes, open, no]), ("a-12", [open, open, open, open]), ("a-1-2b", [no, open, open, no])]
        {
            let found = sieve.results(value);
            for (slot, (found, expected)) in found.iter().zip(results).enumerate() {
                // What is not open is what the matcher says.
                let actual = TestResult::of(matchers[slot].matches(Some(value)));
                assert!(*found == TestResult::Open || *found == actual, "{value} {slot}");
                assert!(expected == TestResult::Open || *found == expected, "{value} {slot}");
            }
        }
        assert!(Sieve::of([].into_iter()).results("a").is_empty());
    }

    #[test]
    fn a_value_of_many_texts_rules_nothing_out() {
        let matchers: Vec<Matcher> = (1..400)
            .map(|n| Matcher::new("x", MatchOp::Regex, &format!("[bc]{}", "a".repeat(n))).unwrap())
            .collect();
        let sieve = Sieve::of(matchers.iter());
        assert!(sieve.results(&"a".repeat(5_000)).iter().all(|result| *result == TestResult::Open));
        assert_eq!(sieve.results("aa").iter().filter(|result| **result == TestResult::Open).count(), 2);
    }
}
