//! Reads Backstage-shaped YAML into every module's own settings, and reports all faults at once.

mod key;
mod sections;
mod sources;
mod substitution;
mod variables;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::alertmanager::AlertmanagerSettings;
use crate::catalog::CatalogSettings;
use crate::diagnostic::Diagnostic;
use crate::monitoring::RoutingSettings;
use crate::prometheus::{InstanceName, InstanceSettings};
use crate::serving::ServingSettings;
use crate::store::StoreSettings;
use crate::web::WebSettings;

pub use sections::base_url;
pub use variables::variables_of_process;

use key::ConfigKey;
use sources::Sources;

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

impl Settings {
    /// Loads and merges the files in order. `env` looks up a variable. `listen` overrides the config's.
    pub fn load(
        files: &[PathBuf],
        listen: Option<SocketAddr>,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Vec<Diagnostic>> {
        Self::without_faults(Self::read(files, listen, env, &[]))
    }

    /// The same of the content of one file, whether it is written yet or not.
    pub fn of_text(
        file: &Path,
        text: &str,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Vec<Diagnostic>> {
        let mut sources = Sources::new(env);
        let root = sources.load_bytes(file, text.as_bytes()).map_err(|fault| vec![fault])?;
        let settings = sections::read(&ConfigKey::root(&sources, root.as_ref()), None);
        Self::without_faults((settings, sources.faults.into_inner()))
    }

    /// Settings that were read without any fault.
    pub fn without_faults(
        (settings, faults): (Option<Self>, Vec<Diagnostic>),
    ) -> Result<Self, Vec<Diagnostic>> {
        settings.filter(|_| faults.is_empty()).ok_or(faults)
    }

    /// All faults, and the settings as far as they can be read. What has a fault is left out or has its default.
    /// Those of `variables` that are named `APP_CONFIG_*` override the files.
    pub fn read(
        files: &[PathBuf],
        listen: Option<SocketAddr>,
        env: &dyn Fn(&str) -> Option<String>,
        variables: &[(String, String)],
    ) -> (Option<Self>, Vec<Diagnostic>) {
        let (mut sources, mut merged, mut faults) = (Sources::new(env), None, Vec::new());
        for file in files {
            match sources.load(file) {
                Ok(None) => {}
                Ok(Some(next)) => merged = Some(sources.merge(merged, next)),
                Err(fault) => faults.push(fault),
            }
        }
        // Without one of its files, the rest may be wrong.
        if !faults.is_empty() {
            return (None, faults);
        }
        if let Some(over) = variables::read(&mut sources, variables) {
            merged = Some(sources.merge(merged, over));
        }
        let settings = sections::read(&ConfigKey::root(&sources, merged.as_ref()), listen);
        (settings, sources.faults.into_inner())
    }
}
