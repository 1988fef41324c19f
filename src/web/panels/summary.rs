//! The sentence at the top of an entity's page: the states of its alerts, on which instance, as of when.

use std::sync::Arc;

use serde::Serialize;

use super::remarks::doubtful;
use super::times::Moment;
use super::{LOADING, counted};
use crate::monitoring::{AlertTable, Doubt, Evidence, Failure, StateCounts, Verdict};
use crate::prometheus::AlertState;
use crate::web::params::PageParams;

/// `2 firing`, with the state that colours it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateText {
    pub state: &'static str,
    pub text: String,
}

impl StateText {
    pub fn new(state: &'static str, text: impl Into<String>) -> Self {
        Self { state, text: text.into() }
    }

    /// How many alerts are in each state and how many are suppressed, none of zero.
    pub fn counts(counts: StateCounts, unknown: usize) -> Vec<Self> {
        let states = [("firing", counts.firing), ("pending", counts.pending), ("unknown", unknown)];
        let some = states.into_iter().filter(|(_, n)| *n > 0);
        let some = some.map(|(state, n)| Self::new(state, format!("{n} {state}")));
        let suppressed = counts.suppressed_parts();
        some.chain(suppressed.map(|(word, n)| Self::new("silenced", format!("{n} {word}")))).collect()
    }
}

/// Counts of four states, for places without room for more. An error, or a missing rule, is unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FourCounts {
    pub firing: usize,
    pub pending: usize,
    pub unknown: usize,
    pub inactive: usize,
}

impl FourCounts {
    pub fn of(evidence: &Evidence) -> Self {
        let StateCounts { firing, pending, inactive, .. } = evidence.counts;
        Self { firing, pending, unknown: evidence.unknown(), inactive }
    }

    /// The message for a page that frames this one.
    pub fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Counts `n` more in this state.
    pub fn add(&mut self, state: AlertState, n: usize) {
        *match state {
            AlertState::Firing => &mut self.firing,
            AlertState::Pending => &mut self.pending,
            AlertState::Error | AlertState::Unknown => &mut self.unknown,
            AlertState::Inactive => &mut self.inactive,
        } += n;
    }
}

/// The word of pages (`data-state`) for a verdict.
pub fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Firing => "firing",
        Verdict::Pending => "pending",
        Verdict::Unknown => "unknown",
        Verdict::Quiet => "ok",
        Verdict::None => "plain",
    }
}

/// The sentence, and the one word that the tab's icon shows.
#[derive(Clone, Debug)]
pub struct StateSummary {
    pub parts: Vec<StateText>,
    pub instance: Option<String>,
    pub as_of: Option<Moment>,
    pub stale: bool,
    /// `firing`, `pending`, `unknown` or `ok`; `loading` without an answer, `plain` on a page without alerts.
    pub state: &'static str,
    /// The counts for a page that frames this one. None while they are unknown.
    pub counts: Option<FourCounts>,
}

impl StateSummary {
    /// The summary of a page that shows no alerts.
    pub fn without_alerts(instance: Option<String>) -> Self {
        Self { parts: Vec::new(), instance, as_of: None, stale: false, state: "plain", counts: None }
    }

    /// The summary of a page whose alerts could not be read.
    pub fn unknown(instance: Option<String>) -> Self {
        let parts = vec![StateText::new("unknown", "alerts unknown")];
        let counts = Some(FourCounts { unknown: 1, ..FourCounts::default() });
        Self { parts, state: "unknown", counts, ..Self::without_alerts(instance) }
    }

    pub fn loading(instance: Option<String>) -> Self {
        let parts = vec![StateText::new("unknown", "alerts loading")];
        Self { parts, state: LOADING, ..Self::without_alerts(instance) }
    }

    pub fn of(
        answer: &Result<Arc<AlertTable>, Failure>,
        instance: Option<String>,
        params: &PageParams,
    ) -> Self {
        let Ok(table) = answer else {
            return Self::unknown(instance);
        };
        let evidence = table.evidence();
        let as_of = Moment::of(&table.as_of, params);
        Self {
            parts: parts(table, &evidence),
            instance: Some(table.instance.to_string()),
            as_of: Some(as_of),
            stale: table.failure.is_some(),
            state: word(evidence.verdict()),
            counts: Some(FourCounts::of(&evidence)),
        }
    }

    /// `2 firing, 1 pending`
    fn short(&self) -> String {
        self.parts.iter().map(|p| p.text.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// The document's title: `Payments: 2 firing`; of an older answer `(14:02:15 UTC) Payments: 2 firing`, because a tab shows
    /// only the beginning.
    pub fn title(&self, name: &str) -> String {
        let short = self.short();
        let title = if short.is_empty() { name.to_owned() } else { format!("{name}: {short}") };
        match self.as_of.as_ref().filter(|_| self.stale) {
            Some(as_of) => format!("({}) {title}", as_of.text),
            None => title,
        }
    }

    /// The state that the tab's icon shows. An older answer says nothing about now.
    pub fn icon(&self) -> &'static str {
        if self.stale { "unknown" } else { self.state }
    }
}

/// "Nothing firing" only of a quiet table.
fn parts(table: &AlertTable, evidence: &Evidence) -> Vec<StateText> {
    let counts = evidence.counts;
    let unknown = |text: &str| StateText::new("unknown", text);
    let mut parts = StateText::counts(counts, counts.unknown);
    parts.extend(of_rules(table, counts.unknown));
    let missing = table.unmatched_names.len();
    parts.extend((missing > 0).then(|| unknown(&counted(missing, "rule not found", "rules not found"))));
    let others = [
        (Doubt::BrokenSelector, "selector broken"),
        (Doubt::MistakenMatcher, "selector matches nothing"),
        (Doubt::Warned, "answer incomplete"),
    ];
    let others = others.into_iter().filter(|(doubt, _)| evidence.doubts.has(*doubt));
    parts.extend(others.map(|(_, text)| unknown(text)));
    if evidence.doubts.has(Doubt::Stale) && counts.firing + counts.pending == 0 {
        parts.insert(0, unknown("nothing was firing"));
    }
    let says_nothing = parts.is_empty();
    match evidence.verdict() {
        // Suppressed alerts do not make up for an unknown state.
        Verdict::Unknown if parts.iter().all(|part| part.state != "unknown") => {
            parts.insert(0, unknown("alerts unknown"));
        }
        Verdict::Firing | Verdict::Pending if says_nothing => parts.push(unknown("alerts unknown")),
        Verdict::None if says_nothing => parts.push(unknown("no rule selected")),
        Verdict::Quiet if says_nothing => parts.push(StateText::new("inactive", "nothing firing")),
        _ => {}
    }
    parts
}

/// How many rules are in doubt. Those that are rows of the table are among its unknown rows.
fn of_rules(table: &AlertTable, unknown_rows: usize) -> impl Iterator<Item = StateText> {
    let doubts = [
        (Doubt::FailingRule, "rule in error", "rules in error"),
        (Doubt::UnevaluatedRule, "rule not evaluated yet", "rules not evaluated yet"),
        (Doubt::LateRule, "rule evaluated late", "rules evaluated late"),
        (Doubt::UnknownState, "rule in unknown state", "rules in unknown state"),
    ];
    doubts.into_iter().filter_map(move |(doubt, one, many)| {
        let may_be_rows = matches!(doubt, Doubt::UnevaluatedRule | Doubt::UnknownState);
        let counted_rows = if may_be_rows { unknown_rows } else { 0 };
        let n = doubtful(table, doubt).count().saturating_sub(counted_rows);
        (n > 0).then(|| StateText::new("unknown", counted(n, one, many)))
    })
}
