//! The reference that names an entity.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use super::shared_text::SharedText;

/// `kind:namespace/name` in canonical lower case, within Backstage's grammar. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EntityRef {
    text: Arc<str>,
    /// Where the kind ends, and where the namespace does.
    ends: (u8, u8),
}

impl EntityRef {
    pub const DEFAULT_NAMESPACE: &'static str = "default";

    /// None when a part is outside Backstage's grammar (63 characters, ASCII).
    pub fn new(kind: &str, namespace: &str, name: &str) -> Option<Self> {
        if !is_kind(kind) || !is_namespace(namespace) || !is_name(name) {
            return None;
        }
        let mut text = format!("{kind}:{namespace}/{name}");
        text.make_ascii_lowercase();
        let ends = (u8::try_from(kind.len()).ok()?, u8::try_from(kind.len() + 1 + namespace.len()).ok()?);
        Some(Self { text: text.into(), ends })
    }

    /// Reads `[kind:][namespace/]name`; what is left out is taken from the defaults.
    pub fn parse_with(text: &str, default_kind: &str, default_namespace: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(':').unwrap_or((default_kind, text));
        let (namespace, name) = rest.split_once('/').unwrap_or((default_namespace, rest));
        Self::new(kind, namespace, name)
    }

    /// Reads `kind:[namespace/]name`. None without a kind, or outside the grammar.
    pub fn parse(text: &str) -> Option<Self> {
        Self::parse_with(text, "", Self::DEFAULT_NAMESPACE)
    }

    /// The same reference, in memory once for all that have it.
    pub(super) fn shared(self) -> Self {
        Self { text: SharedText::from(&*self.text).into(), ..self }
    }

    fn parts(&self) -> (&str, &str, &str) {
        (self.kind(), self.namespace(), self.name())
    }

    /// `kind:namespace/name`
    pub fn as_str(&self) -> &str {
        &self.text
    }
    pub fn kind(&self) -> &str {
        self.text.get(..usize::from(self.ends.0)).unwrap_or_default()
    }
    pub fn namespace(&self) -> &str {
        self.text.get(usize::from(self.ends.0) + 1..usize::from(self.ends.1)).unwrap_or_default()
    }
    pub fn name(&self) -> &str {
        self.text.get(usize::from(self.ends.1) + 1..).unwrap_or_default()
    }
}

/// By kind, then namespace, then name.
impl Ord for EntityRef {
    fn cmp(&self, other: &Self) -> Ordering {
        self.parts().cmp(&other.parts())
    }
}

impl PartialOrd for EntityRef {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The longest part of a reference, by Backstage's rules.
const MAX_PART: usize = 63;

/// A letter, then letters and digits.
fn is_kind(text: &str) -> bool {
    text.len() <= MAX_PART
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric())
}

/// A DNS label: letters, digits, and dashes inside.
fn is_namespace(text: &str) -> bool {
    is_bounded(text) && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// Letters, digits, and `-`, `_`, `.` inside.
fn is_name(text: &str) -> bool {
    is_bounded(text) && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

fn is_bounded(text: &str) -> bool {
    let outer = |c: char| c.is_ascii_alphanumeric();
    (1..=MAX_PART).contains(&text.len()) && text.starts_with(outer) && text.ends_with(outer)
}

impl fmt::Display for EntityRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for EntityRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_canonical_or_refused() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(EntityRef::parse(text).map(|r| r.to_string()).as_deref(), expected, "{text:?}");
        };
        let long = "x".repeat(63);
        check("component:default/payments", Some("component:default/payments"));
        check("Component:payments", Some("component:default/payments"));
        check("API:Team-A/Pay_ments.v2", Some("api:team-a/pay_ments.v2"));
        check("component:default/x.json", Some("component:default/x.json"));
        check(&format!("component:{long}"), Some(&format!("component:default/{long}")));
        for bad in [
            "payments",
            "default/payments",
            ":x",
            "component:",
            "component:/x",
            "component:default/",
            "a:b/c/d",
            "component:default/..",
            "component:default/.x",
            "component:default/x.",
            "component:default/x y",
            "component:default/\u{e9}",
            "component:de.fault/x",
            "component:-a/x",
            "1kind:x",
            "my-kind:x",
            "a:b:c",
            "component:x\n",
            "component:x\0",
            "component:%2e",
            &format!("component:{long}x"),
            "",
        ] {
            check(bad, None);
        }
    }
}
