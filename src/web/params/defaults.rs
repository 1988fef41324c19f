//! What stands in place of a parameter that the address does not give.

use std::time::Duration;

use crate::annotations::params::{Defaults, read_refresh};
use crate::promql::parse_duration;

/// `promenade.defaults`, or these with an entity's own over them.
#[derive(Clone, Debug)]
pub struct PageDefaults {
    pub range: Duration,
    /// Of a page whose window ends now.
    pub refresh: Option<Duration>,
    /// IANA name, `utc` or `browser`.
    pub tz: String,
    /// Of other parameters, by their names; each value is one that an address could have.
    pub others: Defaults,
}

impl PageDefaults {
    /// An hour, refreshed every half minute, in the reader's own zone.
    pub fn new() -> Self {
        Self {
            range: Duration::from_secs(3600),
            refresh: Some(Duration::from_secs(30)),
            tz: "browser".to_owned(),
            others: Defaults::new(),
        }
    }

    /// These, where an entity's own do not stand over them.
    pub fn under(&self, own: Defaults) -> Self {
        let mut defaults = self.clone();
        for (name, value) in own {
            match name.as_str() {
                "range" => defaults.range = parse_duration(&value).unwrap_or(self.range),
                "refresh" => {
                    let refresh = read_refresh(&value).map(|secs| secs.map(Duration::from_secs));
                    defaults.refresh = refresh.unwrap_or(self.refresh);
                }
                "tz" => defaults.tz = value,
                _ => {
                    defaults.others.retain(|(known, _)| *known != name);
                    defaults.others.push((name, value));
                }
            }
        }
        defaults
    }
}

impl Default for PageDefaults {
    fn default() -> Self {
        Self::new()
    }
}
