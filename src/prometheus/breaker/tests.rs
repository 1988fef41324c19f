//! How a breaker opens, is probed and closes.

use proptest::prelude::*;

use super::*;
use crate::upstream::{InstanceName, Who};

fn breaker() -> Arc<Breaker> {
    Breaker::new("a", &crate::metrics::Metrics::new().upstream)
}

fn error(kind: ErrorKind, status: Option<u16>) -> UpstreamError {
    let said = Some("of one query".to_owned());
    UpstreamError { said, status, ..UpstreamError::new(Who::Prometheus(InstanceName::new("a")), kind, "x") }
}

/// Asks `times` times, and each ends so.
fn end(breaker: &Arc<Breaker>, origin: Origin, times: u32, error: &UpstreamError, now: Instant) {
    for _ in 0..times {
        let permit = breaker.enter(origin, now).map_err(|_| "it is open").unwrap();
        permit.end::<()>(Err(error), now);
    }
}

fn succeed(breaker: &Arc<Breaker>, origin: Origin, now: Instant) {
    breaker.enter(origin, now).map_err(|_| "it is open").unwrap().end(Ok(&()), now);
}

fn is_open(breaker: &Arc<Breaker>, origin: Origin) -> bool {
    breaker.failing(origin).is_some()
}

#[test]
fn each_end_of_a_question_counts_as_it_should() {
    use ErrorKind as K;
    for (kind, status, known, ad_hoc) in [
        (K::Unreachable, None, true, true),
        (K::NotTheApi, Some(200), true, true),
        (K::NotTheApi, Some(404), true, true),
        (K::Incomplete, Some(200), true, true),
        (K::Upstream, Some(500), true, true),
        (K::Upstream, Some(502), true, true),
        (K::Overloaded, Some(503), true, true),
        (K::Timeout, None, true, false),
        (K::Timeout, Some(503), true, false),
        (K::BadQuery, Some(422), false, false),
        (K::TooManySamples, Some(422), false, false),
        (K::TooManyPoints, Some(400), false, false),
        (K::Unauthorized, Some(403), false, false),
        (K::Upstream, Some(404), false, false),
        (K::Overloaded, Some(429), false, false),
        (K::Overloaded, None, false, false),
        (K::TooLarge, Some(200), false, false),
    ] {
        for (origin, opens) in [(Origin::Known, known), (Origin::AdHoc, ad_hoc)] {
            let (breaker, now) = (breaker(), clock::stopwatch());
            end(&breaker, origin, OPENS_AFTER, &error(kind, status), now);
            assert_eq!(is_open(&breaker, origin), opens, "{kind:?} {status:?} {origin:?}");
        }
    }
}

#[test]
fn a_success_between_failures_keeps_it_closed() {
    let (breaker, now) = (breaker(), clock::stopwatch());
    let failure = error(ErrorKind::Upstream, Some(500));
    for _ in 0..10 {
        end(&breaker, Origin::Known, OPENS_AFTER - 1, &failure, now);
        succeed(&breaker, Origin::Known, now);
    }
    assert!(!is_open(&breaker, Origin::Known));
}

#[test]
fn slow_questions_close_no_instance_that_answers_others() {
    let (breaker, now) = (breaker(), clock::stopwatch());
    let late = error(ErrorKind::Timeout, None);
    let slow: Vec<Permit> =
        (0..20).map(|_| breaker.enter(Origin::Known, now).map_err(|_| ()).unwrap()).collect();
    succeed(&breaker, Origin::Known, now + Duration::from_secs(1));
    for permit in slow {
        permit.end::<()>(Err(&late), now + Duration::from_secs(10));
    }
    assert!(!is_open(&breaker, Origin::Known));
    end(&breaker, Origin::Known, OPENS_AFTER, &late, now + Duration::from_secs(11));
    assert!(is_open(&breaker, Origin::Known), "nothing else was answered since");
}

#[test]
fn while_open_one_probe_goes_at_a_time_and_a_success_closes_it() {
    let (breaker, now) = (breaker(), clock::stopwatch());
    let failure = error(ErrorKind::Unreachable, None);
    end(&breaker, Origin::Known, OPENS_AFTER, &failure, now);
    let probe = breaker.enter(Origin::Known, now).map_err(|_| ()).unwrap();
    let failure = breaker.enter(Origin::Known, now).err().unwrap();
    assert_eq!((failure.kind, failure.said.clone(), failure.was_sent), (ErrorKind::Unreachable, None, false));
    assert!(breaker.enter(Origin::AdHoc, now).is_err(), "known failures count for all");
    probe.end::<()>(Err(&error(ErrorKind::Upstream, Some(502))), now);
    let failure = breaker.enter(Origin::Known, clock::stopwatch()).err().unwrap();
    assert_eq!(failure.kind, ErrorKind::Upstream, "it is the newest failure");
    let later = clock::stopwatch() + PAUSE;
    drop(breaker.enter(Origin::Known, later).map_err(|_| "the pause is over").unwrap());
    assert!(is_open(&breaker, Origin::Known), "a probe that was given up says nothing");
    let later = clock::stopwatch() + PAUSE;
    succeed(&breaker, Origin::Known, later);
    for origin in [Origin::Known, Origin::AdHoc] {
        assert!(!is_open(&breaker, origin));
        end(&breaker, origin, OPENS_AFTER - 1, &failure, later);
        assert!(!is_open(&breaker, origin), "it counts anew");
        succeed(&breaker, origin, later);
    }
}

#[test]
fn ad_hoc_failures_open_it_for_ad_hoc_queries_only() {
    let (breaker, now) = (breaker(), clock::stopwatch());
    end(&breaker, Origin::AdHoc, OPENS_AFTER, &error(ErrorKind::Upstream, Some(500)), now);
    assert!(is_open(&breaker, Origin::AdHoc) && !is_open(&breaker, Origin::Known));
    let strangers = breaker.enter(Origin::AdHoc, now).map_err(|_| ()).unwrap();
    succeed(&breaker, Origin::Known, now);
    assert!(!is_open(&breaker, Origin::AdHoc), "what a page learned holds for all");
    drop(strangers);
    // A stranger's probe that hangs keeps no page from its own.
    end(&breaker, Origin::Known, OPENS_AFTER, &error(ErrorKind::Upstream, Some(500)), now);
    let _strangers = breaker.enter(Origin::AdHoc, now).map_err(|_| ()).unwrap();
    let _pages = breaker.enter(Origin::Known, now).map_err(|_| "a stranger's probe is in the way").unwrap();
}

#[test]
fn a_probe_of_an_earlier_failure_is_still_the_only_one() {
    let (breaker, now) = (breaker(), clock::stopwatch());
    let (failure, before) = (error(ErrorKind::Unreachable, None), breaker.enter(Origin::Known, now));
    end(&breaker, Origin::Known, OPENS_AFTER, &failure, now);
    let probe = breaker.enter(Origin::Known, now).map_err(|_| ()).unwrap();
    before.map_err(|_| ()).unwrap().end(Ok(&()), now);
    assert!(!is_open(&breaker, Origin::Known), "an older question was answered");
    end(&breaker, Origin::Known, OPENS_AFTER, &failure, now);
    assert!(breaker.enter(Origin::Known, now).is_err(), "the probe is still out");
    drop(probe);
    assert!(breaker.enter(Origin::Known, clock::stopwatch() + PAUSE).is_ok());
}

#[test]
fn the_metrics_count_what_is_open() {
    let metrics = crate::metrics::Metrics::new();
    let breaker = Breaker::new("rule/*", &metrics.upstream);
    let other = Breaker::new("rule/*", &metrics.upstream);
    let count = |n: i64| {
        let line = format!("promenade_upstream_failing{{instance=\"rule/*\",questions=\"known\"}} {n}\n");
        assert!(metrics.encode().contains(&line), "{line} is not in\n{}", metrics.encode());
    };
    let (failure, now) = (error(ErrorKind::Unreachable, None), clock::stopwatch());
    for breaker in [&breaker, &other] {
        end(breaker, Origin::Known, OPENS_AFTER, &failure, now);
    }
    count(2);
    succeed(&breaker, Origin::Known, now);
    count(1);
    drop(other);
    count(0);
}

proptest! {
    /// However questions end, in whatever order: never more than one probe of pages is out while it is open.
    #[test]
    fn never_two_probes(ends in proptest::collection::vec((0_u8..4, any::<bool>(), 0_u64..2_000), 1..200)) {
        let breaker = breaker();
        let mut now = clock::stopwatch();
        let mut out: Vec<Permit> = Vec::new();
        for (end, known, later_ms) in ends {
            now += Duration::from_millis(later_ms);
            let origin = if known { Origin::Known } else { Origin::AdHoc };
            if let Ok(permit) = breaker.enter(origin, now) {
                prop_assert!(!permit.is_probe || is_open(&breaker, origin));
                out.push(permit);
            }
            let probes = out.iter().filter(|p| p.is_probe && p.origin == Origin::Known).count();
            prop_assert!(probes <= 1, "{} probes", probes);
            if end > 0 && !out.is_empty() {
                let permit = out.remove(0);
                match end {
                    1 => permit.end(Ok(&()), now),
                    2 => permit.end::<()>(Err(&error(ErrorKind::Upstream, Some(500))), now),
                    _ => drop(permit),
                }
            }
        }
    }
}
