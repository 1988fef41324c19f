//! Which labels a rule's alerts could have, by the rule alone and not by the alerts that it has now.

use std::cell::OnceCell;

use crate::annotations::Matchers;
use crate::prometheus::AlertingRule;
use crate::promql::Matcher;
use crate::promql::ResultLabels;

/// The alerts that a rule could have. Its expression is read at most once, and only where it decides.
#[derive(Debug)]
pub struct PossibleAlerts<'a> {
    rule: &'a AlertingRule,
    series: OnceCell<ResultLabels>,
}

impl<'a> PossibleAlerts<'a> {
    pub fn of(rule: &'a AlertingRule) -> Self {
        Self { rule, series: OnceCell::new() }
    }

    /// Whether an alert could satisfy all matchers. In doubt it could, but matchers that cannot be read choose nothing.
    pub fn may_match(&self, matchers: &Matchers) -> bool {
        matchers.known().is_some_and(|all| all.iter().all(|matcher| self.may_carry(matcher)))
    }

    /// Whether an alert could satisfy the matcher. As in Prometheus' `AlertingRule.Eval`: the name is the rule's, a
    /// label of the rule wins over one of the series, and an empty one removes it; the metric's name is never there.
    pub fn may_carry(&self, matcher: &Matcher) -> bool {
        match matcher.name.as_str() {
            "alertname" => return matcher.matches(Some(&self.rule.name)),
            "__name__" => return matcher.matches(None),
            _ => {}
        }
        match self.rule.labels.get(&matcher.name) {
            // A template makes any text, also none.
            Some(value) if value.contains("{{") => true,
            Some(value) => matcher.matches(Some(value)),
            // vmalert adds the name of the group.
            None if matcher.name == "alertgroup" && matcher.matches(Some(&self.rule.group)) => true,
            None => self.series().values(&matcher.name).admits(matcher),
        }
    }

    fn series(&self) -> &ResultLabels {
        self.series.get_or_init(|| ResultLabels::of(&self.rule.query))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prometheus::{AlertState, Labels, RuleHealth};

    fn rule(query: &str, labels: &[(&str, &str)]) -> AlertingRule {
        AlertingRule {
            group: "tills".to_owned(),
            file: "f".to_owned(),
            name: "TillDown".to_owned(),
            query: query.to_owned(),
            duration: 0.0,
            interval: 60.0,
            keep_firing_for: 0.0,
            labels: labels.iter().copied().collect(),
            annotations: Labels::default(),
            state: AlertState::Unknown,
            health: RuleHealth::Unknown,
            last_error: None,
            evaluation_time: 0.0,
            last_evaluation: None,
            alerts: Vec::new(),
        }
    }

    #[test]
    fn a_label_of_the_rule_wins_over_one_of_its_series() {
        for (query, labels, matcher, wanted) in [
            ("up == 0", &[][..], "job=till", true),
            ("up{job=\"shop\"} == 0", &[], "job=till", false),
            ("up{job=\"shop\"} == 0", &[("job", "till")], "job=till", true),
            ("up{job=\"till\"} == 0", &[("job", "shop")], "job=till", false),
            ("up{job=\"till\"} == 0", &[("job", "")], "job=till", false),
            ("up{job=\"till\"} == 0", &[("job", "")], "job=", true),
            ("up{job=\"shop\"} == 0", &[("job", "{{ $labels.team }}")], "job=till", true),
            ("sum(up)", &[("severity", "page")], "severity=page", true),
            ("sum(up)", &[("severity", "page")], "severity=warning", false),
            ("sum(up)", &[], "job=till", false),
            ("sum(up)", &[], "job!=till", true),
            ("not a query", &[], "job=till", true),
            ("up", &[("alertname", "x")], "alertname=TillDown", true),
            ("up", &[], "alertname=x", false),
            ("up", &[], "__name__=up", false),
            ("sum(up)", &[], "alertgroup=tills", true),
            ("sum(up)", &[], "alertgroup=x", false),
            ("up{job=\"till\"}", &[], "job=till,job!=shop", true),
            ("up{job=\"till\"}", &[], "job=till,alertname=x", false),
        ] {
            let (matchers, problems) = Matcher::read_list(matcher);
            assert_eq!(problems, []);
            let rule = rule(query, labels);
            assert_eq!(
                PossibleAlerts::of(&rule).may_match(&Matchers::All(matchers)),
                wanted,
                "{query} {labels:?} {matcher}"
            );
        }
    }
}
