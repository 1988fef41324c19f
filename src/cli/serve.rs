//! `promenade serve`: the portal, from its config files.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::{CommandError, serve_app};
use crate::config::{Settings, variables_of_process};
use crate::diagnostic::Diagnostic;

const CONFIG: &str = "config/app-config.yaml";
const LOCAL_CONFIG: &str = "config/app-config.local.yaml";

/// What a first config looks like.
const FIRST_CONFIG: &str = "proxy:
  endpoints:
    /prometheus/api:
      target: http://localhost:9090/api/v1/
catalog:
  locations:
    - type: file
      target: services/**/catalog-info.yaml
";

pub async fn run(config: Vec<PathBuf>, listen: Option<SocketAddr>) -> Result<(), CommandError> {
    if config.is_empty() && !Path::new(CONFIG).exists() {
        return Err(CommandError::Usage(without_config()));
    }
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

/// How to get a config.
fn without_config() -> String {
    let example = FIRST_CONFIG.lines().map(|line| format!("  {line}\n")).collect::<String>();
    format!(
        "there is no {CONFIG} here. Name a file with --config, or write one from your Prometheus:\n\n  \
         promenade init --prometheus http://localhost:9090 --catalog ./services\n  \
         promenade serve --config app-config.yaml\n\n\
         A small config is enough, and an app-config.yaml of Backstage works too:\n\n{example}\n\
         `promenade demo` needs no config."
    )
}

/// All faults of a config, a line each.
pub fn report(faults: &[Diagnostic]) -> String {
    let head = match faults.len() {
        1 => "promenade: the config has a fault\n".to_owned(),
        count => format!("promenade: the config has {count} faults\n"),
    };
    faults.iter().fold(head, |text, fault| text + &format!("  {fault}\n"))
}
