//! What a flight keeps, and who waits for it.

use super::*;
use crate::prometheus::Window;
use crate::promql::PromQl;
use crate::store::{Question, RangeQuery, Scope};

/// An answer of so many bytes.
#[derive(Clone, Debug, PartialEq)]
struct Heavy(usize);

impl Weigh for Heavy {
    fn weight(&self) -> usize {
        self.0
    }
}

fn question(text: &str) -> Question {
    let query = RangeQuery {
        origin: Origin::AdHoc,
        query: PromQl::read(text).0.unwrap(),
        window: Window::aligned(0, 600_000, Duration::from_secs(15)).unwrap(),
    };
    Question { instance: InstanceName::new("a"), scope: Scope::Whole, query }
}

async fn ask(flight: &Flight<Question, Heavy>, text: &str, told: Result<usize, ErrorKind>) -> Landed<Heavy> {
    let question = question(text);
    let told = told
        .map(|bytes| Kept { value: Heavy(bytes), lives: Duration::from_secs(600) })
        .map_err(|kind| UpstreamError { kind, ..broken_off(&question) });
    flight.get(&question, || Ok(async move { told })).await
}

fn flight(max_bytes: u64) -> Flight<Question, Heavy> {
    Flight::new(max_bytes, crate::metrics::Metrics::new().store)
}

#[tokio::test]
async fn distinct_long_questions_stay_within_the_bound() {
    const BOUND: u64 = 1 << 20;
    let flight = flight(BOUND);
    for i in 0..1_000 {
        let text = format!("x{i}{{a=\"{}\"}}", "y".repeat(8_000));
        ask(&flight, &text, Ok(0)).await.unwrap();
        let failing = format!("z{i}{{a=\"{}\"}}", "y".repeat(8_000));
        ask(&flight, &failing, Err(ErrorKind::BadQuery)).await.unwrap_err();
    }
    let (answers, bytes) = flight.fill();
    assert!(bytes <= BOUND, "{bytes}");
    // Each holds a text of 8 kB, although it answers with nothing.
    assert!((100..=BOUND / 8_000).contains(&answers), "{answers}");
    let failures = flight.failures.weighted_size();
    assert!(failures > 0 && failures <= BOUND / FAILURES_SHARE, "{failures}");
}

#[tokio::test]
async fn metric_names_in_a_question_are_counted_too() {
    let flight = flight(1 << 20);
    for i in 0..500 {
        ask(&flight, &format!("x{i}{}", "y".repeat(8_000)), Ok(0)).await.unwrap();
    }
    let (answers, _) = flight.fill();
    assert!(answers <= (1 << 20) / 24_000, "{answers}: the text, and the name twice beside it");
}

#[tokio::test]
async fn who_waits_holds_little() {
    let flight = flight(1 << 20);
    let asked = question("up");
    let large = || {
        Ok(async {
            std::future::pending::<[u8; 65_536]>().await;
            unreachable!()
        })
    };
    let waiting = flight.get(&asked, large);
    let bytes = size_of_val(&waiting);
    assert!(bytes <= 512, "{bytes} B while another fetches");
}

#[tokio::test]
async fn a_fetch_that_panics_is_told_and_can_be_asked_anew() {
    let flight = flight(1 << 20);
    let asked = question("up");
    let start = || Ok(async { panic!("as a test") });
    let told = flight.get(&asked, start).await;
    assert_eq!(told.unwrap_err().detail, "the fetch was broken off");
    assert_eq!(ask(&flight, "up", Ok(7)).await.unwrap(), Heavy(7));
    assert!(flight.flying().is_empty());
}

#[tokio::test]
async fn nothing_is_left_behind_in_the_air() {
    let flight = flight(1 << 20);
    let asked = question("up");
    let hanging = || Ok(std::future::pending::<Result<Kept<Heavy>, UpstreamError>>());
    let waiting = tokio::time::timeout(Duration::from_millis(20), flight.get(&asked, hanging));
    waiting.await.unwrap_err();
    for _ in 0..100 {
        if flight.flying().is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("an ad-hoc fetch goes on without a reader");
}
