//! An address of the portal as a value: its path and its parameters, written once.

use std::borrow::Cow;
use std::fmt;

use url::form_urlencoded::byte_serialize;

/// A path, parameters and the part of a page. The path is percent-encoded, the parameters are not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    path: String,
    pairs: Vec<(Cow<'static, str>, String)>,
    anchor: Option<String>,
}

impl Link {
    pub(super) fn at(path: String) -> Self {
        Self { path, pairs: Vec::new(), anchor: None }
    }

    pub fn path(&self) -> &str {
        &self.path
    }

    /// With a parameter behind the others, in the place of all that have its name; None: without it.
    pub fn set(self, name: &'static str, value: Option<String>) -> Self {
        let mut link = self.without(&[name]);
        link.pairs.extend(value.map(|value| (Cow::Borrowed(name), value)));
        link
    }

    pub fn without(mut self, names: &[&str]) -> Self {
        self.pairs.retain(|(name, _)| !names.contains(&&**name));
        self
    }

    /// Without those values of a parameter that match.
    pub(super) fn without_value(mut self, name: &str, matches: impl Fn(&str) -> bool) -> Self {
        self.pairs.retain(|(own, value)| own != name || !matches(value));
        self
    }

    /// With further parameters, whatever is there already.
    pub(super) fn and<'p>(mut self, pairs: impl Iterator<Item = (&'p str, &'p str)>) -> Self {
        self.pairs.extend(pairs.map(|(name, value)| (Cow::Owned(name.to_owned()), value.to_owned())));
        self
    }

    pub(super) fn anchor(self, anchor: String) -> Self {
        Self { anchor: Some(anchor), ..self }
    }

    /// The path with an ending such as `.csv`.
    pub(super) fn ending(mut self, ending: &str) -> Self {
        self.path.push_str(ending);
        self
    }

    /// As a panel is drawn by the reader's script at a width; without one, the script appends the width.
    pub fn drawn(self, width: Option<u32>) -> Self {
        self.set("drawn", Some(width.map(|width| width.to_string()).unwrap_or_default()))
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        for (i, (name, value)) in self.pairs.iter().enumerate() {
            f.write_str(if i == 0 { "?" } else { "&" })?;
            byte_serialize(name.as_bytes()).try_for_each(|part| f.write_str(part))?;
            f.write_str("=")?;
            byte_serialize(value.as_bytes()).try_for_each(|part| f.write_str(part))?;
        }
        match &self.anchor {
            Some(anchor) => write!(f, "#{anchor}"),
            None => Ok(()),
        }
    }
}
