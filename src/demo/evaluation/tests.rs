//! The story of the demo as its rules tell it.

use std::sync::atomic::AtomicBool;

use super::RuleEvaluation;
use crate::demo::DemoAnswers;
use crate::demo::waves::Story;
use crate::engine::{Engine, Evaluated};
use crate::prometheus::{AlertState, AlertingRule, RuleHealth, Rules};

const NOW: f64 = 1_795_400_000.0;
const NOW_MS: i64 = 1_795_400_000_000;
const MINUTE: i64 = 60_000;
const INTERVAL: i64 = 15_000;

/// The demo so many minutes after its start, evaluated since it began.
struct RunningStory {
    engine: Engine,
    evaluation: RuleEvaluation,
}

impl RunningStory {
    fn at_the_start() -> Self {
        let (answers, evaluation) = DemoAnswers::read(Story::beginning(NOW)).expect("the embedded files");
        let mut demo = Self { engine: answers.engine, evaluation };
        demo.go_on(0);
        demo
    }

    fn go_on(&mut self, minutes: i64) -> Rules {
        let now = NOW_MS + minutes * MINUTE;
        self.evaluation.advance(&self.engine, now, &AtomicBool::new(false));
        self.evaluation.rules()
    }
}

fn rule<'r>(rules: &'r Rules, name: &str) -> &'r AlertingRule {
    rules.rules.iter().find(|rule| rule.name == name).unwrap_or_else(|| panic!("no rule {name}"))
}

/// The letter of each alert's state: `F` or `p`, in the order of the labels.
fn letters(rules: &Rules, name: &str) -> String {
    let letter = |state| if state == AlertState::Firing { 'F' } else { 'p' };
    rule(rules, name).alerts.iter().map(|alert| letter(alert.state)).collect()
}

#[test]
fn the_story_is_as_it_should_be() {
    let mut demo = RunningStory::at_the_start();
    let rules = demo.go_on(0);
    let expected = [
        ("PaymentsHighErrorRatio", "FFF"),
        ("PaymentsSlow", "F"),
        ("PaymentsQueueBacklog", "pF"),
        ("PaymentsMemoryGrows", "FFF"),
        ("PaymentsUnusualRefunds", "p"),
        ("PaymentsNoTraffic", ""),
        ("CheckoutSlow", "F"),
        ("CheckoutStrangeClients", "FFFF"),
        ("SearchIndexStale", "p"),
        ("SearchHitRatioUndefined", "F"),
        ("GatewayCertificateExpires", "FF"),
        ("GatewayInstanceDown", "F"),
        ("GatewayHighCpu", ""),
        ("OrdersDbDiskFills", "F"),
        ("OrdersDbReplicationLag", ""),
        ("OrdersDbBackupMissing", ""),
        ("ShopOrdersDrop", "p"),
        ("RecommendationsStale", "F"),
    ];
    for (name, states) in expected {
        assert_eq!(letters(&rules, name), states, "{name}");
    }
    let retries = letters(&rules, "GatewayUpstreamRetries");
    assert_eq!(retries.len(), 24);
    assert!(retries.contains('p') && retries.contains('F'), "{retries}");
    assert_eq!(rule(&rules, "OrdersDbBackupMissing").state, AlertState::Unknown);
    let broken = rule(&rules, "OrdersDbReplicationLag");
    assert_eq!((broken.state, &broken.health), (AlertState::Inactive, &RuleHealth::Err));
    assert!(broken.last_error.as_ref().is_some_and(|error| error.contains("many-to-many")), "{broken:?}");
    let undefined = &rule(&rules, "SearchHitRatioUndefined").alerts;
    assert!(undefined.iter().all(|alert| alert.value.is_some_and(f64::is_nan)));
    let fails = &rule(&rules, "PaymentsHighErrorRatio").alerts;
    let summary = fails.first().and_then(|alert| alert.annotations.get("summary")).unwrap_or_default();
    assert!(summary.ends_with("% of payments requests fail in eu-west-1a"), "{summary}");
    let disk = &rule(&rules, "OrdersDbDiskFills").alerts;
    let since = disk.first().and_then(|alert| alert.active_at.as_ref()?.at()).expect("a time");
    assert!(since.as_millisecond() <= NOW_MS - 24 * 60 * MINUTE, "{since}");

    let later = demo.go_on(14);
    assert_eq!(letters(&later, "ShopOrdersDrop"), "F", "it was close to firing");
    assert_eq!(letters(&later, "PaymentsUnusualRefunds"), "", "it comes and goes");
    assert_eq!(letters(&later, "CheckoutSlow"), "", "it flaps");
    let begun = |rules: &Rules| rule(rules, "PaymentsHighErrorRatio").alerts[0].active_at.clone();
    assert_eq!(begun(&rules), begun(&later), "an alert keeps its beginning");
}

#[test]
fn alerts_of_a_day_are_read_from_what_was_kept() {
    let demo = RunningStory::at_the_start();
    let engine = demo.engine.clone().with(demo.evaluation.series());
    let steps = (NOW_MS - 24 * 60 * MINUTE, NOW_MS, INTERVAL);
    let flaps = engine.range("ALERTS{alertname=\"CheckoutSlow\",alertstate=\"firing\"}", steps, NOW_MS);
    let Ok(Evaluated::Matrix(series)) = flaps else { panic!("{flaps:?}") };
    let points = &series.first().expect("a series").1;
    let gaps = points.windows(2).filter(|pair| pair[1].at_ms - pair[0].at_ms > INTERVAL).count();
    assert!(gaps > 50, "it fires every twenty minutes, and there are {gaps} gaps");
    let since =
        engine.instant("time() - ALERTS_FOR_STATE{alertname=\"GatewayInstanceDown\"}", NOW_MS, NOW_MS);
    let Ok(Evaluated::Vector(since)) = since else { panic!("{since:?}") };
    assert!(since.iter().all(|(_, seconds)| (1400.0..1600.0).contains(seconds)), "{since:?}");
}
