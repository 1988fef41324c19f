//! Settled settings: Backstage-shaped YAML in, every module's own settings out, all faults at once.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::catalog::CatalogSettings;
use crate::prometheus::InstanceSettings;
use crate::store::StoreSettings;
use crate::web::WebSettings;

/// What the app is built from. Every value in it was checked.
#[derive(Clone, Debug)]
pub struct Settings {
    pub listen: SocketAddr,
    pub web: WebSettings,
    /// Never two of one name. May be empty: pages then say that no instance is configured.
    pub instances: Vec<InstanceSettings>,
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

impl Settings {
    /// Loads and merges the files in order. `env` looks up a variable. `listen` overrides the config's.
    pub fn load(
        files: &[PathBuf],
        listen: Option<SocketAddr>,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Vec<ConfigFault>> {
        let _ = (files, listen, env);
        todo!()
    }
}
