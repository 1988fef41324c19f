//! Settled settings: Backstage-shaped YAML in, every module's own settings out, all faults at once.

mod raw;
mod reader;
mod settle;
mod substitution;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::alertmanager::AlertmanagerSettings;
use crate::catalog::CatalogSettings;
use crate::monitoring::RoutingSettings;
use crate::prometheus::{InstanceName, InstanceSettings};
use crate::serving::ServingSettings;
use crate::store::StoreSettings;
use crate::web::WebSettings;

use raw::RawNode;
use reader::Reading;
use substitution::Substitution;

/// What the app is built from. Every value in it was checked.
#[derive(Clone, Debug)]
pub struct Settings {
    pub listen: SocketAddr,
    pub serving: ServingSettings,
    pub web: WebSettings,
    /// Never two of one name. May be empty: pages then say that no instance is configured.
    pub instances: Vec<InstanceSettings>,
    /// By the instance that sends its alerts to it.
    pub alertmanagers: BTreeMap<InstanceName, AlertmanagerSettings>,
    pub routing: RoutingSettings,
    pub catalog: CatalogSettings,
    pub store: StoreSettings,
}

/// One fault, told by its key path; holds no value that came from the environment or a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFault {
    /// `proxy.endpoints./prometheus/api.target`; empty for a fault of the file itself.
    pub key: String,
    pub message: String,
    pub file: Option<PathBuf>,
    pub line: Option<usize>,
    pub column: Option<usize>,
}

impl fmt::Display for ConfigFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{}:", file.display())?;
            for number in [self.line, self.column].into_iter().flatten() {
                write!(f, "{number}:")?;
            }
            f.write_str(" ")?;
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)
    }
}

impl Settings {
    /// Loads and merges the files in order. `env` looks up a variable. `listen` overrides the config's.
    pub fn load(
        files: &[PathBuf],
        listen: Option<SocketAddr>,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Vec<ConfigFault>> {
        match Self::read(files, listen, env) {
            (Some(settings), faults) if faults.is_empty() => Ok(settings),
            (_, faults) => Err(faults),
        }
    }

    /// All faults, and beside them the settings as far as they could be read: for those who judge a config.
    /// What has a fault is left out of them or has its default.
    pub fn read(
        files: &[PathBuf],
        listen: Option<SocketAddr>,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> (Option<Self>, Vec<ConfigFault>) {
        let substitution = Substitution { env };
        let (mut merged, mut faults) = (None::<RawNode>, Vec::new());
        for file in files {
            match raw::load(file, &substitution) {
                Ok(None) => {}
                Ok(Some(next)) => merged = Some(raw::merge(merged, next)),
                Err(fault) => faults.push(fault),
            }
        }
        // Without one of its files, the rest would be judged wrongly.
        if !faults.is_empty() {
            return (None, faults);
        }
        let reading = Reading::new(&substitution);
        let settings = settle::settle(&reading.root(merged.as_ref()), listen);
        (settings, reading.into_faults())
    }
}
