//! `promenade init`: writes a config from the address of a Prometheus and a catalog, and says what they have.

mod arguments;
mod file;
mod report;

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

pub use self::arguments::InitArguments;
use self::file::{BACKSTAGE_TOKEN, InitConfig};
use self::report::{InitReport, message};
use super::CommandError;
use crate::annotations;
use crate::catalog::source::{FileScan, SourceContent, read_backstage_once};
use crate::check::InstanceDescription;
use crate::clock;
use crate::config::Settings;
use crate::diagnostic::Diagnostic;
use crate::metrics::Metrics;
use crate::prometheus::{Instance, InstanceSettings};
use crate::upstream::{ErrorKind, UpstreamError};

/// What a source of entities has.
struct CatalogCounts {
    entities: usize,
    /// Those with annotations of the portal.
    monitored: usize,
    files: usize,
    faults: Vec<Diagnostic>,
}

impl CatalogCounts {
    fn of(content: SourceContent) -> Self {
        let monitored = content.entities.iter().filter(|entity| annotations::is_available(entity)).count();
        let SourceContent { entities, faults, files_read, .. } = content;
        Self { entities: entities.len(), monitored, files: files_read, faults }
    }
}

/// Nothing is written unless Prometheus answers.
pub async fn run(arguments: InitArguments) -> Result<(), CommandError> {
    let output = &arguments.output;
    if output.exists() && !arguments.force {
        let shown = output.display();
        return Err(CommandError::Usage(format!("{shown} exists; name another --output, or add --force")));
    }
    let mut config = arguments.config()?;
    let settings = settings_of(output, &config)?;
    let [instance] = <[InstanceSettings; 1]>::try_from(settings.instances)
        .map_err(|_| CommandError::Other("the config names no instance".to_owned()))?;
    let metrics = Metrics::new();
    let instance = Instance::new(instance, &metrics.upstream).map_err(CommandError::Other)?;
    let description = InstanceDescription::ask(&instance, clock::now()).await;
    let description = description.map_err(|failure| CommandError::Other(refusal(&config, &failure)))?;
    config.scrape_interval = description.scrape_interval;
    let backstage = match settings.catalog.backstage.as_ref().filter(|_| token().is_some()) {
        Some(settings) => Some(read_backstage_once(settings, metrics.backstage).await),
        None => None,
    };
    let backstage = backstage.map(|read| read.map(CatalogCounts::of));
    let has_files = !config.targets.is_empty();
    let files = has_files.then(|| CatalogCounts::of(FileScan::of(settings.catalog).content));
    write(output, &config.to_string(), arguments.force)
        .map_err(|error| CommandError::Other(format!("cannot write {}: {error}", output.display())))?;
    let report = InitReport { output, config, description, files, backstage };
    // Standard output may be closed; the file is written.
    let _ = io::stdout().lock().write_all(report.to_string().as_bytes());
    Ok(())
}

/// The settings of a config that is not written yet. The token of Backstage may be missing.
fn settings_of(output: &Path, config: &InitConfig) -> Result<Settings, CommandError> {
    let variable = |name: &str| match name {
        BACKSTAGE_TOKEN => Some(token().unwrap_or_else(|| "none".to_owned())),
        _ => std::env::var(name).ok(),
    };
    Settings::of_text(output, &config.to_string(), &variable).map_err(CommandError::Config)
}

/// For Backstage's catalog.
fn token() -> Option<String> {
    std::env::var(BACKSTAGE_TOKEN).ok().filter(|token| !token.trim().is_empty())
}

/// Why nothing was written, and what to do.
fn refusal(config: &InitConfig, failure: &UpstreamError) -> String {
    let advice = match failure.kind {
        ErrorKind::Unreachable => "Is Prometheus running, and is the address right?",
        ErrorKind::Timeout | ErrorKind::Overloaded => "Try again, or check the address.",
        ErrorKind::Unauthorized if config.headers.is_empty() => {
            "It needs credentials: add a header with a variable, as in \
             --header 'Authorization: Bearer ${PROMETHEUS_TOKEN}', and set the variable."
        }
        ErrorKind::Unauthorized => "Check the values of the variables in --header.",
        ErrorKind::Upstream => "Look into the log of Prometheus or of the proxy before it, and try again.",
        ErrorKind::TooLarge => "It was asked for one value. Is something else at this address?",
        ErrorKind::Certificate | ErrorKind::Tls => "Check the scheme, the port and the certificate.",
        _ => {
            "Use the address of Prometheus itself, as for its own pages. If a login page is in between, add a header \
             with --header."
        }
    };
    let why = message(&reason(config, failure));
    let why = why.trim_end_matches('.');
    format!("cannot use {} as a Prometheus: {why}.\n{advice} Nothing was written.", config.address())
}

fn reason(config: &InitConfig, failure: &UpstreamError) -> String {
    let own = match (failure.kind, failure.status) {
        (ErrorKind::Unauthorized, _) if config.headers.is_empty() => "it asks for credentials".to_owned(),
        (ErrorKind::Upstream, Some(status)) => format!("it answered with the status {status}"),
        (ErrorKind::TooLarge, _) => format!("it sent too much data: {}", failure.detail),
        _ => return failure.said.as_ref().unwrap_or(&failure.detail).clone(),
    };
    match failure.said.as_ref().or(failure.heard.as_ref()) {
        Some(said) => format!("{own}; the answer says: {said}"),
        None => own,
    }
}

/// Never replaces a file unless told.
fn write(path: &Path, text: &str, force: bool) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).create_new(!force);
    options.open(path)?.write_all(text.as_bytes())
}
