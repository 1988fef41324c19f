//! A link with its text.

use super::Link;

/// A link of a page or panel.
#[derive(Clone, Debug)]
pub struct NavLink {
    pub text: String,
    pub href: Link,
    /// What a script fetches in place of the whole page: a part of it.
    pub source: Option<Link>,
    /// The page is what the link leads to.
    pub current: bool,
}

impl NavLink {
    pub fn new(text: impl Into<String>, href: Link, current: bool) -> Self {
        Self { text: text.into(), href, source: None, current }
    }
}
