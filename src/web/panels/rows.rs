//! The alert table's rows, filtered, sorted and paged as the address says.

use std::cmp::Ordering;

use crate::monitoring::AlertRow;
use crate::page_params::PageSize;
use crate::prometheus::AlertState;
use crate::upstream::SentTime;
use crate::web::params::{SortKey, TableParams};

/// Which rows match the filters of an address.
pub struct RowFilter<'p> {
    states: &'p [AlertState],
    words: Vec<String>,
}

impl<'p> RowFilter<'p> {
    pub fn of(params: &'p TableParams) -> Self {
        let words = params.search.split_whitespace().map(str::to_lowercase).collect();
        Self { states: &params.states, words }
    }

    /// Whether every row matches.
    pub fn is_open(&self) -> bool {
        self.states.is_empty() && self.words.is_empty()
    }

    pub fn keeps(&self, row: &AlertRow) -> bool {
        let has_state = self.states.is_empty() || self.states.contains(&row.state());
        has_state && self.words.iter().all(|word| mentions(row, word))
    }
}

/// The rows that match the filters, in the requested order.
pub fn choose<'r>(rows: &'r [AlertRow], params: &TableParams) -> Vec<&'r AlertRow> {
    let filter = RowFilter::of(params);
    let mut chosen: Vec<&AlertRow> = rows.iter().filter(|row| filter.keeps(row)).collect();
    if let Some(order) = params.sort {
        // Stable, so that equal rows keep the table's own total order.
        chosen.sort_by(|a, b| {
            let forward = compare(a, b, order.key);
            if order.descending { forward.reverse() } else { forward }
        });
    }
    chosen
}

/// Whether a row's name, labels, annotations or group contain a word in lower case.
/// `severity=critical` finds a label as one writes it, `severity="critical"` as PromQL does.
fn mentions(row: &AlertRow, word: &str) -> bool {
    let rule = row.rule();
    let holds = |text: &str| text.to_lowercase().contains(word);
    holds(&rule.name)
        || holds(&rule.group)
        || row.labels().iter().any(|(name, value)| {
            holds(&format!("{name}={value}")) || (word.contains('"') && holds(&format!("{name}=\"{value}\"")))
        })
        || row.annotations().iter().any(|(_, value)| holds(value))
}

fn compare(a: &AlertRow, b: &AlertRow, key: SortKey) -> Ordering {
    match key {
        SortKey::Name => a.rule().name.cmp(&b.rule().name),
        SortKey::State => a.state().cmp(&b.state()),
        SortKey::Severity => a.severity_rank().cmp(&b.severity_rank()).then(a.severity().cmp(&b.severity())),
        SortKey::Value => match (a.value(), b.value()) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        },
        SortKey::ActiveAt => a.active_at().cmp(&b.active_at()),
        SortKey::LastEvaluation => {
            let at = |row: &AlertRow| row.rule().last_evaluation.as_ref().and_then(SentTime::at);
            at(a).cmp(&at(b))
        }
        SortKey::Group => a.rule().group.cmp(&b.rule().group),
    }
}

/// One page of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paging {
    /// From 1, never beyond `pages`.
    pub page: usize,
    pub pages: usize,
    /// Of the items on the page, from 0; `start <= end`.
    pub start: usize,
    pub end: usize,
    pub total: usize,
}

impl Paging {
    /// The page, from 1, that has the item at a place, from 0.
    pub fn page_of(place: usize, size: PageSize) -> usize {
        match size {
            PageSize::Rows(n) => place / n.max(1) + 1,
            PageSize::All => 1,
        }
    }

    /// A page beyond the last is the last.
    pub fn of(total: usize, page: usize, size: PageSize) -> Self {
        let size = match size {
            PageSize::Rows(n) => n.max(1),
            PageSize::All => total.max(1),
        };
        let pages = total.div_ceil(size).max(1);
        let page = page.clamp(1, pages);
        let start = (page - 1) * size;
        Self { page, pages, start, end: (start + size).min(total), total }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_always_one_that_exists() {
        let paging = |total, page, size| {
            let p = Paging::of(total, page, size);
            (p.page, p.pages, p.start, p.end)
        };
        assert_eq!(paging(0, 1, PageSize::Rows(20)), (1, 1, 0, 0));
        assert_eq!(paging(41, 3, PageSize::Rows(20)), (3, 3, 40, 41));
        assert_eq!(paging(41, 99, PageSize::Rows(20)), (3, 3, 40, 41));
        assert_eq!(paging(41, 0, PageSize::All), (1, 1, 0, 41));
        assert_eq!(paging(40, 2, PageSize::Rows(0)), (2, 40, 1, 2));
    }
}
