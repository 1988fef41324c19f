//! How long an answer may be kept by those who get it, by name.

/// Every answer says one of these. The static files say their own (for ever, their names carry a hash).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CachePolicy {
    /// The state of now: a copy is a lie a minute later, also behind the browser's back button.
    Live,
    /// Where an address has moved to.
    Moved,
}

impl CachePolicy {
    pub fn header(self) -> &'static str {
        match self {
            Self::Live => "no-store",
            Self::Moved => "private, max-age=300",
        }
    }
}
