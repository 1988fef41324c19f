//! Names series so that no two are alike: by dimension, by the grouping, by metric, by query.

mod shown;

use std::collections::{HashMap, HashSet};

use self::shown::{quoted, shown};
use crate::prometheus::Labels;

/// How the series of one query are named.
#[derive(Clone, Copy, Debug)]
pub struct Naming<'a> {
    /// The annotation's dimension list.
    pub dimensions: &'a [String],
    /// The labels of the query's outermost `by`.
    pub by: &'a [String],
    pub query: &'a str,
}

/// One name per label set, in its order; no two alike.
pub fn names(all: &[&Labels], naming: Naming<'_>) -> Vec<String> {
    let mut names = naming.plain(all);
    let mut ties: HashMap<&str, Vec<usize>> = HashMap::new();
    for (i, name) in names.iter().enumerate() {
        ties.entry(name).or_default().push(i);
    }
    let mut taken: HashSet<String> =
        ties.iter().filter(|(_, tied)| tied.len() == 1).map(|(name, _)| (*name).to_owned()).collect();
    let mut tied: Vec<Vec<usize>> = ties.into_values().filter(|tied| tied.len() > 1).collect();
    tied.sort_unstable();
    for tie in tied {
        let labels: Vec<&Labels> = tie.iter().filter_map(|i| all.get(*i).copied()).collect();
        let differing = Labels::differing(labels.iter().copied());
        for (i, labels) in tie.into_iter().zip(labels) {
            if let Some(name) = names.get_mut(i) {
                *name = unlike(&taken, name, labels, &differing);
                taken.insert(name.clone());
            }
        }
    }
    names
}

impl Naming<'_> {
    /// A series that lacks a dimension that another one has says so: `zone=""`. Labels of `by` are the only ones of a
    /// result without a metric's name, so they are empty there where no series has them.
    fn plain(&self, all: &[&Labels]) -> Vec<String> {
        let known = |names: &[String]| -> Vec<String> {
            let is_known = |name: &&String| all.iter().any(|labels| labels.get(name).is_some());
            names.iter().filter(is_known).cloned().collect()
        };
        let (dimensions, by) = (known(self.dimensions), known(self.by));
        let joined = |names: &[String], labels: &Labels| {
            let value = |name: &String| match labels.get(name).filter(|value| !value.is_empty()) {
                Some(value) => shown(value).into_owned(),
                None => format!("{name}=\"\""),
            };
            let values: Vec<String> = names.iter().map(value).collect();
            (!values.is_empty()).then(|| values.join(", "))
        };
        let name = |labels: &&Labels| {
            joined(&dimensions, labels)
                .or_else(|| joined(&by, labels))
                .or_else(|| labels.get("__name__").map(|name| shown(name).into_owned()))
                .or_else(|| joined(self.by, labels))
                .unwrap_or_else(|| self.query.to_owned())
        };
        all.iter().map(name).collect()
    }
}

/// Whether values of its labels alone name a series: other series of the answer do not change such a name.
pub fn is_named_by_values(name: &str, labels: &Labels, query: &str) -> bool {
    let is_long = name.ends_with('}');
    !is_long && name != query && labels.get("__name__") != Some(name)
}

/// `base {zone="a"}`; if another series has that name, with all labels; if that name is taken too, with a number.
fn unlike(taken: &HashSet<String>, base: &str, labels: &Labels, differing: &[&str]) -> String {
    let short = with_labels(base, labels.iter().filter(|(name, _)| differing.binary_search(name).is_ok()));
    if !taken.contains(&short) {
        return short;
    }
    let long = with_labels(base, labels.iter());
    if !taken.contains(&long) {
        return long;
    }
    (2_u64..).map(|n| format!("{long} ({n})")).find(|name| !taken.contains(name)).unwrap_or(long)
}

fn with_labels<'a>(base: &str, labels: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let matchers: Vec<String> = labels.map(|(name, value)| format!("{name}={}", quoted(value))).collect();
    if matchers.is_empty() { base.to_owned() } else { format!("{base} {{{}}}", matchers.join(", ")) }
}

#[cfg(test)]
mod tests;
