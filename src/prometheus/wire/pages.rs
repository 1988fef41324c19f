//! Joins the pages of `/rules`: Prometheus 3 and Mimir answer in pages on request, and a proxy may request them.

use std::borrow::Cow;
use std::collections::HashSet;

use super::remarks::Remarks;
use super::rules::{MOST_ROWS, RulesPage};
use crate::prometheus::{AlertingRule, Rules};
use crate::upstream::{ErrorKind, HeaderSecrets, MAX_BODY};

/// The most pages of one answer that are read.
const MOST_PAGES: usize = 100;
/// Groups of a page where the first has none.
const GROUPS: usize = 100;

/// The next page to request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextPage {
    pub token: String,
    /// `group_limit`, without which Prometheus refuses a token: as many groups as the first page has, which is
    /// what the instance hands out anyway.
    pub groups: usize,
}

/// The pages read so far.
#[derive(Debug, Default)]
pub struct Pages {
    /// All of them as one, with the number of groups of the first.
    joined: RulesPage,
    /// That there are further pages, which were not read.
    missing: Option<String>,
    tokens: HashSet<String>,
    count: usize,
}

impl Pages {
    /// Adds a page and returns the next one to request; None after the last one, when there is no room for more, or
    /// when it leads back to an earlier one.
    pub fn add(&mut self, page: RulesPage) -> Option<NextPage> {
        let RulesPage { rules, warnings, infos, faults, next, groups, rows, bytes } = page;
        let joined = &mut self.joined;
        joined.faults.add(faults);
        joined.warnings.add_all(warnings);
        joined.infos.add_all(infos);
        joined.rows += rows;
        joined.bytes += bytes;
        if self.count == 0 {
            joined.groups = if groups == 0 { GROUPS } else { groups };
        }
        self.count += 1;
        let leads_back = next.as_ref().is_some_and(|token| !self.tokens.insert(token.clone()));
        if leads_back {
            self.missing = Some("the instance has more rules, but repeats a groupNextToken".to_owned());
        }
        // An instance that takes no tokens sends the same page again.
        if !leads_back || !self.has_all(&rules) {
            self.join(rules);
        }
        let token = next.filter(|_| !leads_back)?;
        let RulesPage { groups, rows, bytes, .. } = self.joined;
        if self.count >= MOST_PAGES || rows >= MOST_ROWS || bytes >= MAX_BODY {
            let pages = match self.count {
                1 => "page that was".to_owned(),
                count => format!("{count} pages that were"),
            };
            self.missing = Some(format!("the instance has more rules than the {pages} read"));
            return None;
        }
        Some(NextPage { token, groups })
    }

    /// The next page failed. The others are kept.
    pub fn end(&mut self, why: ErrorKind) {
        let (next, why) = (self.count + 1, why.as_str());
        self.missing = Some(format!("the instance has more rules, but page {next} cannot be read ({why})"));
    }

    /// Whether a page repeats what earlier pages say.
    fn has_all(&self, page: &Rules) -> bool {
        let state = |rule: &AlertingRule| (rule.state, rule.alerts.len());
        let known = self.joined.rules.rules.iter();
        let known: HashSet<_> =
            known.map(|rule| (&rule.file, &rule.group, &rule.name, state(rule))).collect();
        page.rules.iter().all(|rule| known.contains(&(&rule.file, &rule.group, &rule.name, state(rule))))
    }

    fn join(&mut self, page: Rules) {
        let all = &mut self.joined.rules;
        let offset = all.rules.len();
        all.rules.extend(page.rules);
        all.groups.extend(page.groups.into_iter().map(|mut group| {
            group.rules = group.rules.start + offset..group.rules.end + offset;
            group
        }));
        all.date = page.date.or(all.date);
        all.latest = all.latest.max(page.latest);
    }

    /// All of them as one answer, whose messages do not repeat the headers that were sent.
    pub fn into_rules(self, secrets: &HeaderSecrets) -> Rules {
        let RulesPage { mut rules, warnings: of_instance, infos, faults, .. } = self.joined;
        for error in rules.rules.iter_mut().filter_map(|rule| rule.last_error.as_mut()) {
            if let Cow::Owned(clean) = secrets.redacted(error) {
                *error = clean;
            }
        }
        // Ours first, so that none of them is among those for which there is no room.
        let mut warnings = Remarks::default();
        self.missing.into_iter().chain(faults.warnings(secrets)).for_each(|warning| warnings.add(warning));
        warnings.add_all(of_instance);
        Rules { warnings: warnings.into_vec(secrets), infos: infos.into_vec(secrets), ..rules }
    }
}

/// The rules of an answer that is whole.
#[cfg(test)]
pub fn read_all_rules(body: &[u8]) -> Result<Rules, super::WireFault> {
    let mut pages = Pages::default();
    let next = pages.add(super::read_rules(body, None)?);
    assert_eq!(next, None);
    Ok(pages.into_rules(&HeaderSecrets::default()))
}

#[cfg(test)]
mod tests;
