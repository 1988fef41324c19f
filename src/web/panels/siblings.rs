//! What tells the alerts of one rule apart: the values of the labels that they differ by, each in the part that all have
//! in common and its own. Where there is little space the common part is cut, so that the own one stays visible.

use super::cut;
use crate::prometheus::Labels;

/// A row shows this many labels.
const MAX_LABELS: usize = 4;
const MAX_NAME: usize = 40;
/// The longest part of a value, in characters.
const MAX_PART: usize = 60;
/// A shorter common part is not worth a cut, in bytes.
const LEAST_COMMON: usize = 8;

/// A label of one of several alerts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnLabel {
    pub name: String,
    /// What the values of all begin with, up to a `-`, `.` or the like; often empty.
    pub common: String,
    pub own: String,
}

/// The names that alerts differ by, each with the length of what all its values begin with.
pub struct Differences<'r>(Vec<(&'r str, usize)>);

impl<'r> Differences<'r> {
    pub fn of(rows: &[&'r Labels], names: &[&'r str]) -> Self {
        let values = |name: &str| rows.iter().filter_map(|labels| labels.get(name)).collect::<Vec<_>>();
        Self(names.iter().take(MAX_LABELS).map(|name| (*name, common(&values(name)))).collect())
    }

    pub fn in_row(&self, labels: &Labels) -> Vec<OwnLabel> {
        let own = |(name, length): &(&str, usize)| {
            let (common, own) = labels.get(name)?.split_at_checked(*length)?;
            Some(OwnLabel {
                name: cut(name, MAX_NAME),
                common: cut(common, MAX_PART),
                own: cut(own, MAX_PART),
            })
        };
        self.0.iter().filter_map(own).collect()
    }
}

/// The length of what all values begin with, in whole words.
fn common(values: &[&str]) -> usize {
    let Some((first, others)) = values.split_first() else { return 0 };
    let shared = |length: usize, other: &&str| {
        let pairs = first.char_indices().zip(other.chars());
        let differs = pairs.into_iter().find(|((_, a), b)| a != b).map(|((at, _), _)| at);
        length.min(differs.unwrap_or(other.len().min(first.len())))
    };
    let length = others.iter().fold(first.len(), shared);
    let words = first.get(..length).and_then(|text| text.rfind(|c: char| !c.is_alphanumeric()));
    // Behind the letter that ends the word, which may have several bytes.
    let end = words.and_then(|at| Some(at + first.get(at..)?.chars().next()?.len_utf8()));
    end.filter(|end| *end >= LEAST_COMMON).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_parted_where_they_begin_to_differ() {
        let parted = |values: &[&str]| {
            let length = common(values);
            values
                .iter()
                .map(|value| value.split_at(length))
                .map(|(a, b)| format!("{a}|{b}"))
                .collect::<Vec<_>>()
        };
        let check = |values: &[&str], expected: &[&str]| assert_eq!(parted(values), expected);
        check(
            &["payments-7d6b8f5c6-4mzrp", "payments-7d6b8f5c6-4nzrp"],
            &["payments-7d6b8f5c6-|4mzrp", "payments-7d6b8f5c6-|4nzrp"],
        );
        check(&["payments.settle", "payments.capture"], &["payments.|settle", "payments.|capture"]);
        // Too short to be cut.
        check(&["eu-1a", "eu-1b"], &["|eu-1a", "|eu-1b"]);
        check(&["eu-west-1a", "eu-west-1b"], &["eu-west-|1a", "eu-west-|1b"]);
        // One is the beginning of another, or empty.
        check(&["a.long.name", "a.long.name.b"], &["|a.long.name", "|a.long.name.b"]);
        check(&["long.name.a", "long.name.a.b"], &["long.name.|a", "long.name.|a.b"]);
        check(&["", "a-b-c-d-e-f"], &["|", "|a-b-c-d-e-f"]);
        // Letters of several bytes.
        check(&["größe→größe→1", "größe→größe→2"], &["größe→größe→|1", "größe→größe→|2"]);
        check(&["größe→größe→→", "größe→größe→←"], &["größe→größe→|→", "größe→größe→|←"]);
        check(&[], &[]);
    }
}
