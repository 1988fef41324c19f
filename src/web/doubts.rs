//! What is missing of an answer about alerts, in sentences: for the panel, the data forms and the first row of a sheet.

use crate::monitoring::{AlertTable, Doubt, DoubtfulRule, Failure, Silences};
use crate::prometheus::PrometheusError;
use crate::web::page_error::{alertmanager_says, tell};
use crate::web::panels::counted;

/// So many rules are named in one sentence; the others are counted.
const MOST_NAMED: usize = 20;

/// Everything that keeps a table from being complete, worst first, a sentence each.
pub fn sentences(table: &AlertTable) -> Vec<String> {
    let mut told: Vec<String> =
        table.failure.as_deref().map(|failure| stale(table.as_of, failure)).into_iter().collect();
    if table.broken {
        told.push("A part of what chooses the alerts cannot be read, so some may be missing.".to_owned());
    }
    let missing = table.unmatched_names.iter().map(String::as_str).collect();
    told.extend(named(missing, |names, n| match n {
        1 => format!("No alerting rule of {} is called {names}.", table.instance),
        n => format!("{n} names are those of no alerting rule of {}: {names}.", table.instance),
    }));
    let rules = [
        (Doubt::FailingRule, "1 rule cannot be evaluated", "rules cannot be evaluated"),
        (Doubt::UnevaluatedRule, "1 rule was not evaluated yet", "rules were not evaluated yet"),
        (
            Doubt::LateRule,
            "1 rule is not known to be evaluated within three intervals",
            "rules are not known to be evaluated within three intervals",
        ),
        (
            Doubt::UnlistedAlert,
            "1 rule does not list the alerts that it has",
            "rules do not list the alerts that they have",
        ),
        (Doubt::UnknownState, "The state of 1 rule is not known", "rules are in states that are not known"),
    ];
    for (doubt, one, many) in rules {
        let names = doubtful(table, doubt).map(|rule| rule.row.name()).collect();
        told.extend(named(names, |names, n| match n {
            1 => format!("{one}: {names}."),
            n => format!("{n} {many}: {names}."),
        }));
    }
    let evidence = table.evidence();
    let is_told =
        evidence.doubts.has(Doubt::UnevaluatedRule) || doubtful(table, Doubt::UnknownState).next().is_some();
    if evidence.doubts.has(Doubt::UnknownState) && !is_told {
        told.push("The state of some alerts is not known.".to_owned());
    }
    if evidence.doubts.has(Doubt::UnsureSilences) {
        told.extend(silences(&table.silences));
    }
    told.extend(table.warnings.iter().cloned());
    told
}

/// The rules of a table about which there is this doubt.
pub fn doubtful(table: &AlertTable, doubt: Doubt) -> impl Iterator<Item = &DoubtfulRule> {
    table.doubtful.iter().filter(move |rule| rule.doubts.has(doubt))
}

/// Why what is silenced is not known, or not as it is now.
pub fn silences(silences: &Silences) -> Option<String> {
    match silences {
        Silences::NotAsked | Silences::Known { failure: None, undecided: 0, .. } => None,
        Silences::Known { failure: None, undecided, .. } => {
            let alerts = counted(*undecided, "alert that may be", "alerts that may be");
            Some(format!(
                "Alertmanager holds back {alerts} this instance's or another's: this instance is not known to add \
                 the labels that it has. Here all of it counts as firing."
            ))
        }
        Silences::Known { failure: Some(failure), .. } => {
            Some(format!("Silences are those of a while ago: {}.", alertmanager_says(failure.kind)))
        }
        Silences::Unknown { failure: Some(failure), .. } => {
            Some(format!("Silences are unknown: {}.", alertmanager_says(failure.kind)))
        }
        Silences::Unknown { failure: None, .. } => {
            Some("Silences are unknown: Alertmanager has not answered yet.".to_owned())
        }
    }
}

/// What an older answer says of itself, with its time in UTC.
pub fn stale(as_of: jiff::Timestamp, failure: &PrometheusError) -> String {
    let why = tell(&Failure::Prometheus(std::sync::Arc::new(failure.clone()))).title;
    format!("This is the state of {}, not checked since: {why}.", as_of.strftime("%Y-%m-%d %H:%M:%S UTC"))
}

/// A sentence about some names, in quotes; None without any.
fn named(names: Vec<&str>, sentence: impl FnOnce(&str, usize) -> String) -> Option<String> {
    let beyond = names.len().saturating_sub(MOST_NAMED);
    let mut text =
        names.iter().take(MOST_NAMED).map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
    if beyond > 0 {
        text.push_str(&format!(" and {beyond} more"));
    }
    (!names.is_empty()).then(|| sentence(&text, names.len()))
}
