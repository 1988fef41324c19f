//! The specification that an entity's annotations add up to.

use super::alert::{self, AlertNames};
use super::labels::{self, Matchers};
use super::misspelled_keys::{has_misspelled, misspelled};
use super::rule::{self, GraphSpec};
use super::template::Templates;
use super::{
    ALERT, ASKING, KNOWN, LABELS, MAX_ANNOTATION_BYTES, PARAMS, RULE, SERVICE_NAME, is_requested, mistaken,
    params,
};
use crate::catalog::{About, Entity, EntityFault};
use crate::diagnostic::{Diagnostic, Severity, Span};
use crate::promql::Matcher;

/// All that an entity's annotations request. Reading never fails: what cannot be read is a problem in its place.
#[derive(Clone, Debug, Default)]
pub struct MonitoringSpec {
    /// In the annotation's order; the page numbers them from 1. A broken query keeps its place.
    pub graphs: Vec<GraphSpec>,
    /// None: neither an alert nor a labels annotation.
    pub alerts: Option<AlertSpec>,
    /// The places of the names in `alerts`, in the alert annotation's value.
    pub alert_spans: Vec<Span>,
    /// `prometheus.io/service-name`, trimmed; None when missing or empty.
    pub service_name: Option<String>,
    /// An annotation could not be read, so an entity without `alerts` may request some.
    pub unread: bool,
    /// Every problem of every annotation, those of `graphs` included.
    pub problems: Vec<Diagnostic>,
}

/// Which alerts an entity shows: both conditions hold.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertSpec {
    pub names: AlertNames,
    pub matchers: Matchers,
    /// A part of the annotations could not be read, so there may be more alerts than those that are chosen.
    pub broken: bool,
}

impl AlertSpec {
    /// Whether it selects no alert at all, because its names or matchers could not be read.
    pub fn chooses_nothing(&self) -> bool {
        let has_no_name = matches!(&self.names, AlertNames::Named(names) if names.is_empty());
        has_no_name || self.matchers.known().is_none()
    }

    /// The matchers with a value that hardly any alert has, such as a pattern or a placeholder.
    pub fn mistaken_matchers(&self) -> impl Iterator<Item = &Matcher> {
        let all = self.matchers.known().unwrap_or_default();
        all.iter().filter(|matcher| mistaken::is_mistaken_value(matcher))
    }
}

impl MonitoringSpec {
    pub fn of(entity: &Entity) -> Self {
        let mut spec = Self::of_service_name(entity);
        spec.problems = entity.faults.iter().map(problem).chain(misspelled(entity)).collect();
        if let Some(value) = spec.value(entity, RULE) {
            let (graphs, problems) = rule::read(value, &Templates::of(entity));
            spec.add(RULE, graphs.iter().flat_map(|graph| graph.problems.clone()).chain(problems).collect());
            spec.graphs = graphs;
        }
        spec.alerts = spec.alerts_of(entity);
        if let Some(value) = spec.value(entity, PARAMS) {
            spec.add(PARAMS, params::read(value).1);
        }
        spec
    }

    /// The parts that select alerts and the instance; no query is read.
    pub fn of_alerts(entity: &Entity) -> Self {
        let mut spec = Self::of_service_name(entity);
        spec.alerts = spec.alerts_of(entity);
        spec
    }

    /// The parts that select the instance.
    pub fn of_service_name(entity: &Entity) -> Self {
        Self { service_name: service_name(entity), unread: is_unread(entity), ..Self::default() }
    }

    /// Whether the entity requests nothing, and no fault hides a request.
    pub fn is_empty(&self) -> bool {
        let is_ours = |problem: &Diagnostic| {
            problem.is_error() || problem.annotation().is_some_and(|key| KNOWN.contains(&key))
        };
        let is_silent = !self.unread && !self.problems.iter().any(is_ours);
        self.graphs.is_empty() && self.alerts.is_none() && is_silent
    }

    fn alerts_of(&mut self, entity: &Entity) -> Option<AlertSpec> {
        let is_there = |key| entity.annotations.contains_key(key) || entity.has_lost(key);
        if !is_requested(entity, ALERT) && !is_requested(entity, LABELS) {
            return None;
        }
        let errors_before = self.errors();
        let names = match self.value(entity, ALERT) {
            Some(value) => {
                let (names, problems) = alert::read(value, &mut self.alert_spans);
                self.add(ALERT, problems);
                names
            }
            None if is_there(ALERT) => AlertNames::Named(Vec::new()),
            None => AlertNames::Unnamed,
        };
        let matchers = match self.value(entity, LABELS) {
            Some(value) => {
                let (matchers, problems) = labels::read(value);
                self.add(LABELS, problems);
                matchers
            }
            None if is_there(LABELS) => Matchers::Unreadable,
            None => Matchers::All(Vec::new()),
        };
        // Without the matchers of a misspelt key, more alerts are shown, not fewer.
        let misspelt =
            if names == AlertNames::Unnamed { &[SERVICE_NAME][..] } else { &[ALERT, SERVICE_NAME] };
        let is_lost = entity.has_lost(ALERT)
            || entity.has_lost(LABELS)
            || entity.has_rival()
            || has_misspelled(entity, misspelt);
        Some(AlertSpec { names, matchers, broken: is_lost || self.errors() > errors_before })
    }

    /// The annotation's value, if it is there and not too long to be read; that of an alert or labels annotation
    /// may be empty.
    fn value<'e>(&mut self, entity: &'e Entity, key: &str) -> Option<&'e str> {
        let value = entity.annotations.get(key)?.value.as_str();
        if value.is_empty() && ![ALERT, LABELS].contains(&key) {
            return None;
        }
        if value.len() <= MAX_ANNOTATION_BYTES {
            return Some(value);
        }
        let message = format!("the annotation is longer than {MAX_ANNOTATION_BYTES} bytes and was not read");
        self.add(key, vec![Diagnostic::error(Span::whole(value), message)]);
        None
    }

    fn add(&mut self, annotation: &str, problems: Vec<Diagnostic>) {
        self.problems.extend(problems.into_iter().map(|problem| problem.of_annotation(annotation)));
    }

    fn errors(&self) -> usize {
        self.problems.iter().filter(|problem| problem.is_error()).count()
    }
}

fn service_name(entity: &Entity) -> Option<String> {
    let name = entity.annotation(SERVICE_NAME)?.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// A fault of the catalog as a problem. One with another tool's annotation is a warning.
fn problem(fault: &EntityFault) -> Diagnostic {
    let is_warning = match &fault.about {
        About::Annotation(key) => !KNOWN.contains(&&**key),
        About::Annotations => false,
        About::Second { is_alike } => *is_alike,
    };
    let severity = if is_warning { Severity::Warning } else { Severity::Error };
    let problem = Diagnostic::new(severity, fault.message.as_str()).of_annotation(fault.key());
    Diagnostic { location: fault.place.clone(), ..problem }
}

/// Whether something could not be read that may choose alerts, or whose alerts are shown. A misspelt key is such a
/// thing.
fn is_unread(entity: &Entity) -> bool {
    let is_too_long = |key| entity.annotation(key).is_some_and(|value| value.len() > MAX_ANNOTATION_BYTES);
    let is_lost = ASKING.iter().any(|key| entity.has_lost(key) || is_too_long(key)) || entity.has_rival();
    is_lost || has_misspelled(entity, &ASKING)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::annotations::is_available;
    use crate::catalog::EntityRef;

    /// Also what templates are filled from.
    pub(in crate::annotations) fn entity(annotations: &[(&str, &str)]) -> Entity {
        let reference = EntityRef::new("component", "default", "payments").unwrap();
        let spec =
            serde_json::json!({"lifecycle": "production", "owner": "team-a", "size": 2.0, "empty": null});
        Entity {
            annotations: annotations.iter().map(|(key, value)| (*key, (*value).to_owned())).collect(),
            spec: spec.into(),
            ..Entity::new(reference, "Component", "backstage.io/v1alpha1", "payments".to_owned())
        }
    }

    /// Names and matchers of the alerts, `none` where no matcher can hold, `?` where a part is broken; None
    /// without alerts.
    fn alerts(annotations: &[(&str, &str)]) -> Option<String> {
        let alerts = MonitoringSpec::of(&entity(annotations)).alerts?;
        let names = match alerts.names {
            AlertNames::All => "all".to_owned(),
            AlertNames::Unnamed => "any".to_owned(),
            AlertNames::Named(names) => names.join(","),
        };
        let matchers = match alerts.matchers {
            Matchers::All(all) => all.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
            Matchers::Unreadable => "none".to_owned(),
        };
        Some(format!("{names} {matchers}{}", if alerts.broken { "?" } else { "" }))
    }

    #[test]
    fn alerts_need_an_alert_or_a_labels_annotation() {
        for (annotations, wanted) in [
            (&[][..], None),
            (&[(RULE, "up"), (ALERT, "")], None),
            (&[(ALERT, "A, B")], Some("A,B ")),
            (&[(ALERT, "all"), (LABELS, "severity=page")], Some("all severity=\"page\"")),
            (&[(LABELS, "severity=page")], Some("any severity=\"page\"")),
            (&[(ALERT, "all,B")], Some("all ")),
            (&[(ALERT, "A,\"B"), (LABELS, "a=b")], Some("A a=\"b\"?")),
            (&[(ALERT, "A"), (LABELS, "a")], Some("A none?")),
            (&[(ALERT, "A"), (LABELS, "a=~\"(\",b=c")], Some("A none?")),
            (&[(ALERT, "A"), ("prometheus.io/alerts", "B")], Some("A ?")),
            (&[(LABELS, "a=b"), ("prometheus.io/alerts", "B")], Some("any a=\"b\"")),
            (&[(ALERT, "A"), ("prometheus.io/lables", "a=b")], Some("A ")),
            (&[(LABELS, "a=b"), ("prometheus.io/servicename", "x")], Some("any a=\"b\"?")),
            (&[(LABELS, " ")], Some("any none?")),
            (&[(LABELS, "")], Some("any none?")),
            (&[(ALERT, "A"), (LABELS, "")], Some("A none?")),
            (&[(ALERT, ""), (LABELS, "a=b")], Some(" a=\"b\"?")),
            (&[(LABELS, &"a=b,".repeat(MAX_ANNOTATION_BYTES))], Some("any none?")),
        ] {
            assert_eq!(alerts(annotations).as_deref(), wanted, "{annotations:?}");
        }
        assert_eq!(alerts(&[(ALERT, &"a,".repeat(MAX_ANNOTATION_BYTES))]).as_deref(), Some(" ?"));
    }

    #[test]
    fn every_problem_is_told_with_its_annotation() {
        let spec = MonitoringSpec::of(&entity(&[
            (RULE, "up,sum(up|job"),
            (ALERT, "\"A"),
            (LABELS, "a"),
            (SERVICE_NAME, " staging "),
            (PARAMS, "step=1m&stepp=2m"),
        ]));
        assert_eq!(spec.service_name.as_deref(), Some("staging"));
        assert_eq!(spec.graphs.iter().map(|g| g.problems.len()).collect::<Vec<_>>(), [0, 1]);
        let message: Vec<_> = spec
            .problems
            .iter()
            .map(|p| (p.annotation().unwrap(), p.span.unwrap().start, p.span.unwrap().end))
            .collect();
        assert_eq!(message, [(RULE, 6, 7), (ALERT, 0, 2), (LABELS, 0, 1), (PARAMS, 8, 13)]);
    }

    #[test]
    fn a_fault_of_the_catalog_is_a_problem_and_chooses_nothing() {
        let lost = |annotations: &[(&str, &str)], about: About| {
            let fault = EntityFault { about, message: "told".to_owned(), place: None };
            let entity = Entity { faults: vec![fault], ..entity(annotations) };
            let spec = MonitoringSpec::of(&entity);
            let errors = spec.problems.iter().filter(|problem| problem.is_error()).count();
            let alerts = spec.alerts.as_ref().map(|alerts| (alerts.chooses_nothing(), alerts.broken));
            assert_eq!(MonitoringSpec::of_alerts(&entity).unread, spec.unread);
            (alerts, errors, spec.unread, is_available(&entity), spec.is_empty())
        };
        let of = |key: &str| About::Annotation(key.into());
        let nothing = Some((true, true));
        assert_eq!(lost(&[], of(ALERT)), (nothing, 1, true, true, false));
        assert_eq!(lost(&[], of(LABELS)), (nothing, 1, true, true, false));
        assert_eq!(lost(&[], About::Annotations), (nothing, 1, true, true, false));
        assert_eq!(lost(&[(ALERT, "A")], of(LABELS)), (nothing, 1, true, true, false));
        assert_eq!(lost(&[(LABELS, "a=b")], of(ALERT)), (nothing, 1, true, true, false));
        assert_eq!(lost(&[], of(RULE)), (None, 1, true, true, false));
        assert_eq!(lost(&[(ALERT, "A")], of(RULE)), (Some((false, false)), 1, true, true, false));
        assert_eq!(lost(&[], of(SERVICE_NAME)), (None, 1, true, true, false));
        assert_eq!(lost(&[], of(PARAMS)), (None, 1, false, false, false));
        assert_eq!(lost(&[], of("acme.io/cell")), (None, 0, false, false, true));
        assert_eq!(
            lost(&[(ALERT, "A")], About::Second { is_alike: false }),
            (Some((false, true)), 1, true, true, false)
        );
        assert_eq!(lost(&[], About::Second { is_alike: true }), (None, 0, false, false, true));
    }

    #[test]
    fn one_annotation_makes_an_entity_available() {
        for key in [RULE, ALERT, LABELS, SERVICE_NAME] {
            assert!(is_available(&entity(&[(key, "x")])));
            assert_eq!(is_available(&entity(&[(key, "")])), key == LABELS, "{key}");
        }
        assert!(!is_available(&entity(&[("prometheus.io/other", "x")])));
    }
}
