//! What is kept, and who waits for it.

use jiff::SignedDuration;

use super::*;
use crate::alertmanager::{AlertmanagerClient, AlertmanagerSettings};
use crate::metrics::Metrics;
use crate::store::weight::Weigh;
use crate::upstream::InstanceName;

/// A test's question: the fetch ends as it says, after it was released.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Scripted {
    text: String,
    end: ScriptedEnd,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum ScriptedEnd {
    /// An answer of so many bytes.
    Answer(usize),
    Failure(ErrorKind),
    Hang,
    Panic,
}

#[derive(Debug, PartialEq)]
struct Heavy(usize);

impl Weigh for Heavy {
    fn weight(&self) -> usize {
        self.0
    }
}

impl Weigh for Scripted {
    fn weight(&self) -> usize {
        self.text.len()
    }
}

impl Question for Scripted {
    type Source = AlertmanagerClient;
    type Value = Heavy;

    async fn fetch(&self, source: &AlertmanagerClient) -> Result<Heavy, UpstreamError> {
        match self.end {
            ScriptedEnd::Answer(bytes) => Ok(Heavy(bytes)),
            ScriptedEnd::Failure(kind) => Err(UpstreamError::new(source.who(), kind, "x")),
            ScriptedEnd::Hang => {
                std::future::pending::<[u8; 65_536]>().await;
                unreachable!()
            }
            ScriptedEnd::Panic => panic!("as a test"),
        }
    }

    fn lifetime(&self, _: &AlertmanagerClient, _: &Answer<Heavy>) -> Duration {
        Duration::from_secs(600)
    }

    fn origin(&self) -> Origin {
        Origin::AdHoc
    }

    fn family(&self) -> Option<Self> {
        Some(self.clone())
    }

    fn is_only_of_family(&self) -> bool {
        true
    }

    fn meanwhile(&self, _: &AlertmanagerClient) -> Option<Answer<Heavy>> {
        Some(Answer { rest_follows: true, ..Answer::of(Heavy(0), clock::now()) })
    }

    fn drawn_meanwhile(&self, _: &AlertmanagerClient) -> Option<Answer<Heavy>> {
        None
    }

    fn text(&self) -> &str {
        &self.text
    }
}

fn source() -> Arc<AlertmanagerClient> {
    source_named("a")
}

fn source_named(name: &str) -> Arc<AlertmanagerClient> {
    let url: url::Url = "http://h/".parse().unwrap();
    let settings = AlertmanagerSettings {
        ui_url: url.clone(),
        url,
        headers: Vec::new(),
        timeout: Duration::from_secs(1),
    };
    Arc::new(AlertmanagerClient::new(&settings, &InstanceName::new(name), &Metrics::new().upstream).unwrap())
}

async fn ask(cached: &Arc<Cached<Scripted>>, text: &str, end: ScriptedEnd) -> FetchResult<Heavy> {
    cached.get(&source(), Scope::Whole, Scripted { text: text.to_owned(), end }).await
}

fn cached(max_bytes: u64) -> Arc<Cached<Scripted>> {
    Cached::new(max_bytes, 0, &Metrics::new().store, &Generation::default())
}

#[tokio::test]
async fn distinct_long_questions_stay_within_the_bound() {
    const BOUND: u64 = 1 << 20;
    let cached = cached(BOUND);
    for i in 0..1_000 {
        let text = format!("x{i}{}", "y".repeat(8_000));
        ask(&cached, &text, ScriptedEnd::Answer(0)).await.unwrap();
        let failing = format!("z{i}{}", "y".repeat(8_000));
        ask(&cached, &failing, ScriptedEnd::Failure(ErrorKind::BadQuery)).await.unwrap_err();
    }
    let (answers, bytes) = cached.fill();
    assert!(bytes <= BOUND, "{bytes}");
    // Each holds a text of 8 kB, although it answers with nothing.
    assert!((100..=BOUND / 8_000).contains(&answers), "{answers}");
    let failures = cached.failures.fill().1;
    assert!(failures > 0 && failures <= BOUND / FAILURES_SHARE, "{failures}");
}

#[test]
fn metric_names_in_a_query_are_counted_too() {
    let name = "y".repeat(8_000);
    let query = crate::promql::PromQl::read(&name).0.unwrap();
    assert!(query.weight() >= 24_000, "{}: the text, and the name twice beside it", query.weight());
}

#[tokio::test]
async fn a_waiting_reader_holds_little_memory() {
    let (cached, source) = (cached(1 << 20), source());
    let question = Scripted { text: "up".to_owned(), end: ScriptedEnd::Hang };
    let waiting = cached.get(&source, Scope::Whole, question);
    let bytes = size_of_val(&waiting);
    assert!(bytes <= 1_024, "{bytes} B while another fetches");
}

#[tokio::test]
async fn a_fetch_that_panics_is_an_error_and_leaves_no_trace() {
    let cached = cached(1 << 20);
    let error = ask(&cached, "up", ScriptedEnd::Panic).await.unwrap_err();
    assert_eq!(error.detail, "the fetch was broken off");
    assert!(cached.in_flight().is_empty());
    assert_eq!(*ask(&cached, "up", ScriptedEnd::Answer(7)).await.unwrap().value, Heavy(7));
}

#[tokio::test]
async fn few_ad_hoc_fetches_of_an_instance_go_on_without_readers() {
    let cached = cached(1 << 20);
    let at_once = async |name, text: String, end| {
        cached.get_at_once(&source_named(name), Scope::Whole, Scripted { text, end }).await.unwrap()
    };
    for i in 0..MOST_AD_HOC_BEHIND {
        let shown = at_once("a", i.to_string(), ScriptedEnd::Hang).await;
        assert_eq!((&*shown.value, shown.rest_follows), (&Heavy(0), true));
    }
    assert_eq!(
        *at_once("a", "x".to_owned(), ScriptedEnd::Answer(7)).await.value,
        Heavy(7),
        "its reader waits"
    );
    assert_eq!(cached.in_flight().len(), MOST_AD_HOC_BEHIND);
    let other = at_once("b", "x".to_owned(), ScriptedEnd::Hang).await;
    assert_eq!((&*other.value, cached.in_flight().len()), (&Heavy(0), MOST_AD_HOC_BEHIND + 1));
}

#[tokio::test]
async fn a_check_makes_nothing_that_could_be_shown_meanwhile() {
    let (cached, source) = (cached(1 << 20), source());
    let question = Scripted { text: "up".to_owned(), end: ScriptedEnd::Hang };
    let key = CacheKey { source: source.name().clone(), scope: Scope::Whole, question: question.clone() };
    assert!(cached.get_at_once(&source, Scope::Whole, question).await.unwrap().rest_follows);
    assert!(cached.in_flight().contains_key(&key));
    assert!(cached.given(&source, &key).is_none());
}

#[tokio::test]
async fn an_ad_hoc_fetch_ends_with_its_last_reader() {
    let cached = cached(1 << 20);
    let waiting = tokio::time::timeout(Duration::from_millis(20), ask(&cached, "up", ScriptedEnd::Hang));
    waiting.await.unwrap_err();
    for _ in 0..100 {
        if cached.in_flight().is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("an ad-hoc fetch goes on without a reader");
}

#[tokio::test]
async fn an_answer_from_before_the_clock_was_set_back_is_not_current() {
    let cached = Cached::new(1 << 20, 1 << 20, &Metrics::new().store, &Generation::default());
    let (source, now) = (source(), clock::now());
    let young = |seconds: i64| {
        let text = seconds.to_string();
        let question = Scripted { text, end: ScriptedEnd::Answer(1) };
        let key = CacheKey { source: source.name().clone(), scope: Scope::Whole, question };
        let as_of = now + SignedDuration::from_secs(seconds);
        cached.keep(&key, Answer::of(Heavy(1), as_of), Duration::ZERO);
        assert!(cached.older(&key).is_some(), "it is kept for the time of a failure");
        [1, 2].map(|lifetimes| {
            let lifetime = |answer: &_| Some(key.question.lifetime(&source, answer) * lifetimes);
            Some(cached.good(&key, lifetime)?.until.duration_since(as_of).as_secs())
        })
    };
    assert_eq!([young(-10), young(0)], [[Some(600), Some(1_200)]; 2]);
    assert_eq!(young(-601), [None, Some(1_200)], "it has expired, lately");
    assert_eq!(young(3_600), [None; 2], "nobody knows how old it is");
}
