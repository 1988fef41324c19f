//! What one instance says about an alert, and the state of the alert that follows from it.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Activity, AlertQuery, MOST_ROWS};
use crate::annotations::AlertSpec;
use crate::monitoring::alert_identity::same_alert;
use crate::monitoring::alerts::{chooses, is_named};
use crate::monitoring::{AlertRow, DoubtfulRule, Firing};
use crate::prometheus::{AlertState, AlertingRule, Rules};
use crate::store::Answer;

/// Everything that one instance says about an alert. Without an answer nothing is known.
#[derive(Default)]
pub(super) struct InstanceEvidence {
    /// The answer is the newest one.
    pub(super) is_fresh: bool,
    /// The answer contains every alert that is active now.
    pub(super) is_complete: bool,
    /// More than [`MOST_ROWS`] active alerts match.
    pub(super) is_truncated: bool,
    /// A rule has the alert's name.
    pub(super) has_rule: bool,
    /// The active alerts that match; at most [`MOST_ROWS`].
    pub(super) active: Vec<AlertRow>,
    /// The rules of that name that have no active alert; at most [`MOST_ROWS`].
    pub(super) inactive_rules: Vec<AlertRow>,
    /// The time of a stale answer.
    pub(super) stale_since: Option<Timestamp>,
    /// The last firing that the instance remembers.
    pub(super) last_firing: Option<Firing>,
}

impl InstanceEvidence {
    /// With `own`, only the rules and alerts that an entity's annotations select.
    pub(super) fn of(answer: &Answer<Rules>, alert: &AlertQuery, own: Option<&AlertSpec>) -> Self {
        let rules = &answer.value;
        let (mut has_rule, mut active, mut inactive_rules) = (false, Vec::new(), Vec::new());
        for (place, rule) in rules.rules.iter().enumerate().filter(|(_, rule)| alert.names(rule)) {
            has_rule |= own.is_none_or(|own| is_named(&own.names, rule));
            for row in AlertRow::all_of(rules, place) {
                match row.alert() {
                    Some(_) if active.len() <= MOST_ROWS && same_alert(&alert.labels, row.labels()) => {
                        active.push(row);
                    }
                    None if alert.name().is_some() && may_have(rule, alert) => inactive_rules.push(row),
                    _ => {}
                }
            }
        }
        let is_truncated = active.len() > MOST_ROWS;
        active.truncate(MOST_ROWS);
        active.retain(|row| own.is_none_or(|own| chooses(own, row)));
        inactive_rules.truncate(MOST_ROWS);
        Self {
            is_fresh: !answer.is_stale(),
            is_complete: is_complete(answer, alert),
            is_truncated,
            has_rule,
            active,
            inactive_rules,
            stale_since: answer.is_stale().then_some(answer.as_of),
            last_firing: None,
        }
    }

    /// The state of the alert. `shown`: the worst state among the rows that are the alert's.
    pub(super) fn activity(&self, shown: Option<AlertState>, now: Timestamp) -> Activity {
        let may_still_fire = self.last_firing.as_ref().is_some_and(|firing| firing.is_open(now));
        match (shown, self.lists_all(), self.has_rule, may_still_fire) {
            (Some(state), ..) => Activity::Active(state),
            // If the rule is gone, the state is unknown, not resolved.
            (None, true, true, false) => Activity::Resolved,
            (None, ..) => Activity::Unknown,
        }
    }

    /// Whether no other alert can be active now.
    pub(super) fn lists_all(&self) -> bool {
        self.is_complete && !self.is_truncated
    }
}

/// Whether the answer contains every alert that is active now: it is not stale, the instance did not warn, and no
/// rule that may have the alert is in doubt.
fn is_complete(answer: &Answer<Rules>, alert: &AlertQuery) -> bool {
    let rules: &Arc<Rules> = &answer.value;
    let in_doubt = |(place, rule): (usize, &AlertingRule)| {
        alert.names(rule) && may_have(rule, alert) && DoubtfulRule::of(rules, place, answer.as_of).is_some()
    };
    !answer.is_stale() && rules.warnings.is_empty() && !rules.rules.iter().enumerate().any(in_doubt)
}

/// Whether no label of the rule contradicts the alert's labels.
fn may_have(rule: &AlertingRule, alert: &AlertQuery) -> bool {
    rule.labels.iter().all(|(label, value)| {
        value.contains("{{") || alert.labels.get(label).is_none_or(|given| given == value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prometheus::Labels;

    /// Fields of an evidence as text: `complete`, `truncated`, `rule`, `ended` and `open` (the last firing).
    fn evidence(text: &str) -> InstanceEvidence {
        let has = |word: &str| text.split(' ').any(|given| given == word);
        let now = Timestamp::UNIX_EPOCH;
        let firing = |until| Firing { labels: Labels::default(), from: now, is_cut: false, until };
        let ended = has("ended").then(|| firing(Some(Timestamp::MIN)));
        InstanceEvidence {
            is_complete: has("complete"),
            is_truncated: has("truncated"),
            has_rule: has("rule"),
            last_firing: ended.or(has("open").then(|| firing(Some(now)))),
            ..InstanceEvidence::default()
        }
    }

    #[test]
    fn an_alert_is_resolved_only_when_no_other_state_is_possible() {
        use Activity::{Active, Resolved, Unknown};
        let (firing, pending) = (AlertState::Firing, AlertState::Pending);
        for (text, shown, activity) in [
            ("complete rule", None, Resolved),
            ("complete rule ended", None, Resolved),
            ("complete rule open", None, Unknown),
            ("complete", None, Unknown),
            ("complete ended", None, Unknown),
            ("rule", None, Unknown),
            ("complete truncated rule", None, Unknown),
            ("", None, Unknown),
            ("complete rule", Some(firing), Active(firing)),
            ("rule truncated", Some(pending), Active(pending)),
            ("", Some(firing), Active(firing)),
        ] {
            assert_eq!(evidence(text).activity(shown, Timestamp::UNIX_EPOCH), activity, "{text} {shown:?}");
        }
    }
}
