//! `promenade serve`: the portal, from its config files.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::{CommandError, serve_app};
use crate::config::{Settings, variables_of_process};
use crate::diagnostic::Diagnostic;

const CONFIG: &str = "config/app-config.yaml";
const LOCAL_CONFIG: &str = "config/app-config.local.yaml";

pub async fn run(config: Vec<PathBuf>, listen: Option<SocketAddr>) -> Result<(), CommandError> {
    let files = if config.is_empty() { default_files() } else { config };
    let variable = |name: &str| std::env::var(name).ok();
    let read = Settings::read(&files, listen, &variable, &variables_of_process());
    let settings = Settings::without_faults(read).map_err(CommandError::Config)?;
    serve_app(settings, |_| ()).await
}

/// Those that are read when none is named.
pub fn default_files() -> Vec<PathBuf> {
    let local = PathBuf::from(LOCAL_CONFIG);
    let mut files = vec![PathBuf::from(CONFIG)];
    files.extend(local.exists().then_some(local));
    files
}

/// All faults of a config, a line each.
pub fn report(faults: &[Diagnostic]) -> String {
    let head = match faults.len() {
        1 => "promenade: the config has a fault\n".to_owned(),
        count => format!("promenade: the config has {count} faults\n"),
    };
    faults.iter().fold(head, |text, fault| text + &format!("  {fault}\n"))
}
