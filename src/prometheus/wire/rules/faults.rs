//! Counts of what is unreadable in an answer about rules.

use crate::prometheus::wire::parts::WirePart;
use crate::upstream::HeaderSecrets;

/// The most characters of a foreign word that are repeated.
const LONGEST_WORD: usize = 40;
/// The most that are kept until then: the value of a header is shorter, so no cut divides one.
const LONGEST_KEPT: usize = 64 << 10;

#[derive(Debug, Default)]
pub struct Faults {
    pub groups: usize,
    pub rules: usize,
    pub alerts: usize,
    /// Of groups, rules and alerts that are kept.
    pub fields: usize,
    /// Groups, rules and alerts for which there was no room.
    pub beyond: usize,
    /// There is another page, but its token cannot be read.
    pub lost_page: bool,
    unknown_types: usize,
    /// The first of them that is a word.
    unknown_type: Option<String>,
}

impl Faults {
    /// The value of a field; counts a broken one.
    pub fn part<T, const WHOLE: bool>(&mut self, part: Option<WirePart<T, WHOLE>>) -> Option<T> {
        match part? {
            WirePart::Read(value) => Some(value),
            WirePart::Broken => {
                self.fields += 1;
                None
            }
        }
    }

    /// A rule that is neither alerting nor recording.
    pub fn unknown_type(&mut self, word: Option<&str>) {
        self.unknown_types += 1;
        if self.unknown_type.is_none() {
            self.unknown_type = word.map(|word| word.chars().take(LONGEST_KEPT).collect());
        }
    }

    /// Counts those of another page too.
    pub fn add(&mut self, other: Self) {
        self.groups += other.groups;
        self.rules += other.rules;
        self.alerts += other.alerts;
        self.fields += other.fields;
        self.beyond += other.beyond;
        self.lost_page |= other.lost_page;
        self.unknown_types += other.unknown_types;
        self.unknown_type = self.unknown_type.take().or(other.unknown_type);
    }

    /// A sentence for each kind.
    pub fn warnings(&self, secrets: &HeaderSecrets) -> Vec<String> {
        let counted = |count: usize, one: &str, many: &str| {
            (count > 0).then(|| format!("{count} {}", if count == 1 { one } else { many }))
        };
        let word = self.unknown_type.as_ref().map(|word| secrets.redacted(word));
        let word = word.map(|word| word.chars().take(LONGEST_WORD).collect::<String>());
        let word = word.map(|word| format!(" ({word:?})")).unwrap_or_default();
        let unknown = counted(self.unknown_types, "rule has an unknown type", "rules have an unknown type");
        let sentences = [
            counted(
                self.groups,
                "rule group cannot be read, so its rules are missing here",
                "rule groups cannot be read, so their rules are missing here",
            ),
            counted(
                self.rules,
                "rule cannot be read and is missing here",
                "rules cannot be read and are missing here",
            ),
            unknown.map(|rules| format!("{rules}{word}; alerts are missing here")),
            counted(
                self.alerts,
                "alert cannot be read and is missing here",
                "alerts cannot be read and are missing here",
            ),
            counted(
                self.fields,
                "field of a rule, a group or an alert cannot be read",
                "fields of rules, groups and alerts cannot be read",
            ),
            (self.beyond > 0).then(|| {
                format!(
                    "the answer has too many groups, rules and alerts: {} of them are missing here",
                    self.beyond
                )
            }),
            self.lost_page
                .then(|| "the instance has more rules, but its groupNextToken cannot be read".to_owned()),
        ];
        sentences.into_iter().flatten().collect()
    }
}
