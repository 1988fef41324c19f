//! What the store caches: questions, each with its own rules for how long an answer lives and what can replace it.

use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::Answer;
use super::weight::Weigh;
use crate::alertmanager::AlertmanagerClient;
use crate::prometheus::{Instance, Origin, Outage};
use crate::upstream::{InstanceName, UpstreamError, Who};

/// How much of a query a log line repeats, in characters.
const LOGGED_CHARACTERS: usize = 200;
/// For so many of its lifetimes an answer may be given while the next one is fetched.
pub const RECENT: u32 = 2;

/// Who may see an answer. Part of every key, so that answers of different scopes never mix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Everybody sees the whole instance.
    Whole,
}

impl Scope {
    /// For operators.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Whole => "everybody",
        }
    }
}

/// A server that answers questions.
pub trait Source: Send + Sync + 'static {
    fn name(&self) -> &InstanceName;

    fn who(&self) -> Who;

    /// Whether it fails, so that it receives one question at a time.
    fn failing(&self, origin: Origin) -> Option<Outage>;

    /// The failure that keeps a question back now.
    fn blocked(&self, origin: Origin) -> Option<Arc<UpstreamError>>;
}

/// A question to a server. Equal questions to the same server have the same answer.
pub trait Question: Weigh + Clone + Hash + Eq + Send + Sync + 'static {
    type Source: Source;
    type Value: Weigh + Send + Sync + 'static;

    fn fetch(&self, source: &Self::Source)
    -> impl Future<Output = Result<Self::Value, UpstreamError>> + Send;

    /// How long the answer is shown without a new request.
    fn lifetime(&self, source: &Self::Source, answer: &Answer<Self::Value>) -> Duration;

    /// A fetch of known origin goes on when all who waited for it have left; others end then.
    fn origin(&self) -> Origin {
        Origin::Known
    }

    /// The equal question of known origin, whose answer serves too.
    fn as_known(&self) -> Option<Self> {
        None
    }

    /// The question under which its family is kept: questions of one family may show each other's answers while the
    /// server fails. None: no older answer is ever shown.
    fn family(&self) -> Option<Self> {
        None
    }

    /// Whether its family has no other question.
    fn is_only_of_family(&self) -> bool {
        false
    }

    /// How long a good answer of the family may be shown, without a wait, while this one is fetched. None: not at all.
    fn shown_meanwhile(&self, source: &Self::Source, older: &Answer<Self::Value>) -> Option<Duration> {
        // Another question of the family has another answer.
        self.is_only_of_family().then(|| self.lifetime(source, older) * RECENT)
    }

    /// Whether so much is missing of such an answer that its readers get this one as soon as it is there.
    fn is_far_ahead(&self, _older: &Self::Value) -> bool {
        false
    }

    /// Whether its answer is kept for the family.
    fn is_kept_for_family(&self) -> bool {
        true
    }

    /// What can be shown at once while the answer is fetched.
    fn meanwhile(&self, _source: &Self::Source) -> Option<Answer<Self::Value>> {
        None
    }

    /// The same if it was shown before. Only looks, and makes nothing.
    fn drawn_meanwhile(&self, source: &Self::Source) -> Option<Answer<Self::Value>> {
        self.meanwhile(source)
    }

    /// When the server gave the answer; None: just now.
    fn as_of(_value: &Self::Value) -> Option<Timestamp> {
        None
    }

    /// Whether an older answer of the family shows what is requested.
    fn accepts(&self, _older: &Self::Value) -> bool {
        true
    }

    /// Whether the family keeps its older answer all the same.
    fn prefers(&self, _older: &Self::Value, _newer: &Self::Value) -> bool {
        false
    }

    /// The failure that keeps the question back now.
    fn blocked(&self, source: &Self::Source) -> Option<Arc<UpstreamError>> {
        source.blocked(self.origin())
    }

    /// The value that replaces an error, with its lifetime; None: the error is the answer.
    fn default_for(_error: &UpstreamError) -> Option<(Self::Value, Duration)> {
        None
    }

    /// Its text in log lines.
    fn text(&self) -> &str;

    /// Logs a failed request: once for each request, not for each reader.
    fn log(&self, error: &UpstreamError) {
        let query: String = self.text().chars().take(LOGGED_CHARACTERS).collect();
        match error.kind {
            // The author made the mistake, and sees it on the page.
            kind if kind.is_of_query() => {
                tracing::info!(fault = %error, query, "an instance rejected a query")
            }
            _ => tracing::warn!(fault = %error, query, "a request failed"),
        }
    }
}

/// A question to one server, within a scope.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CacheKey<Q> {
    pub source: InstanceName,
    pub scope: Scope,
    pub question: Q,
}

impl<Q> CacheKey<Q> {
    /// Another question to the same server, within the same scope.
    pub fn with(&self, question: Q) -> Self {
        Self { source: self.source.clone(), scope: self.scope, question }
    }
}

/// Names of instances are few, and shared.
impl<Q: Weigh> Weigh for CacheKey<Q> {
    fn weight(&self) -> usize {
        self.question.weight()
    }
}

impl Source for Instance {
    fn name(&self) -> &InstanceName {
        self.name()
    }

    fn who(&self) -> Who {
        Who::Prometheus(self.name().clone())
    }

    fn failing(&self, origin: Origin) -> Option<Outage> {
        Instance::failing(self, origin)
    }

    fn blocked(&self, origin: Origin) -> Option<Arc<UpstreamError>> {
        Instance::blocked(self, origin)
    }
}

impl Source for AlertmanagerClient {
    fn name(&self) -> &InstanceName {
        &self.instance
    }

    fn who(&self) -> Who {
        Who::Alertmanager(self.instance.clone())
    }

    fn failing(&self, _: Origin) -> Option<Outage> {
        None
    }

    fn blocked(&self, _: Origin) -> Option<Arc<UpstreamError>> {
        None
    }
}
