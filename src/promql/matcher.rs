//! Label matchers: `severity="critical"`, `team!=x`, `path=~"a|b"`.

/// How a matcher compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MatchOp {
    Equal,
    NotEqual,
    Regex,
    NotRegex,
}

impl MatchOp {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Regex => "=~",
            Self::NotRegex => "!~",
        }
    }
}

/// A comparison of one label that is known to work: a regex in it compiles, anchored as in Prometheus.
#[derive(Clone, Debug)]
pub struct Matcher {
    pub name: String,
    pub op: MatchOp,
    pub value: String,
}

impl Matcher {
    /// Tests a label's value; an absent label counts as the empty text, as in Prometheus.
    pub fn matches(&self, value: Option<&str>) -> bool {
        let _ = value;
        todo!()
    }
}
