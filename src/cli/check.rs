//! `promenade check`: reports what is wrong with a config and a catalog, as text or JSON.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use super::{CommandError, OutputFormat, log, serve};
use crate::catalog::source::FileScan;
use crate::catalog::{CatalogSettings, FileLocation};
use crate::check::{self, Finding, Report};
use crate::clock;
use crate::config::{Settings, variables_of_process};
use crate::diagnostic::{Diagnostic, Location};

/// Something is wrong with what was looked at.
const PROBLEMS: u8 = 1;
/// Something could not be looked at.
const COULD_NOT_RUN: u8 = 2;
/// What is read of a directory.
const IN_DIRECTORY: &str = "**/*.{yaml,yml}";

#[derive(clap::Args)]
pub struct Arguments {
    /// A config file; may repeat, and later files override earlier ones
    /// [default: config/app-config.yaml and config/app-config.local.yaml, those that exist]
    #[arg(long, value_name = "FILE")]
    config: Vec<PathBuf>,
    #[arg(long, value_enum, default_value = "text")]
    format: OutputFormat,
    /// Also asks the instances: alert names that match no rule, queries that return nothing, dimensions that
    /// no series has
    #[arg(long)]
    online: bool,
    /// Ends with status 0 when there is nothing worse than warnings
    #[arg(long)]
    allow_warnings: bool,
    /// Catalog files, directories (their .yaml and .yml files) or globs, instead of the config's locations
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
}

pub async fn run(arguments: Arguments) -> Result<ExitCode, CommandError> {
    let report = report(&arguments).await;
    let text = match arguments.format {
        OutputFormat::Text => check::text(&report),
        OutputFormat::Json => {
            let json = serde_json::to_string_pretty(&report);
            json.map_err(|error| CommandError::Other(format!("cannot write JSON: {error}")))? + "\n"
        }
    };
    // Standard output may be closed; the exit status still shows the result.
    let _ = io::stdout().lock().write_all(text.as_bytes());
    for failure in &report.failures {
        log::complain(&format!("promenade: {failure}\n"));
    }
    let warnings = if arguments.allow_warnings { 0 } else { report.summary.warnings };
    Ok(if !report.failures.is_empty() {
        ExitCode::from(COULD_NOT_RUN)
    } else if report.summary.errors + warnings > 0 {
        ExitCode::from(PROBLEMS)
    } else {
        ExitCode::SUCCESS
    })
}

async fn report(arguments: &Arguments) -> Report {
    let (mut report, settings) = read_config(arguments);
    let are_known = !report.findings.iter().any(is_about_instances);
    let (catalog, instances) = settings.map(|s| (s.catalog, (s.instances, s.routing))).unzip();
    let instances = instances.filter(|_| are_known);
    let from_paths = !arguments.paths.is_empty();
    if !from_paths && catalog.as_ref().is_some_and(|catalog| catalog.backstage.is_some()) {
        log::complain(
            "promenade: Backstage's catalog (promenade.catalog.backstage) is not asked: only files are checked\n",
        );
    }
    let catalog = if from_paths { Some(of_paths(&arguments.paths)) } else { catalog };
    let FileScan { entities, unmatched, mut content } = FileScan::of(catalog.unwrap_or_default());
    for location in &unmatched {
        let finding = finding_of_unmatched(location, &mut content.faults);
        if from_paths {
            report.failures.push(format!("no file to check: {}", named(location)));
        } else {
            report.findings.extend(finding);
        }
    }
    report.findings.extend(content.faults.into_iter().map(Finding::from));
    let routing = instances.as_ref().map(|(_, routing)| routing);
    report.findings.extend(routing.and_then(|routing| check::of_instances(&entities, routing)));
    report.add(check::of_entities(&entities, routing));
    match instances.filter(|_| arguments.online) {
        Some((instances, routing)) => {
            report.add(check::check_online(&entities, instances, &routing, clock::now()).await);
        }
        None if arguments.online => report
            .failures
            .push("no instance can be asked: there is no config that names them without a fault".to_owned()),
        None => {}
    }
    report.finish(content.files_read, entities.len(), arguments.online)
}

/// The fault of a location without any file, at its place in the config.
fn finding_of_unmatched(location: &FileLocation, faults: &mut Vec<Diagnostic>) -> Option<Finding> {
    let whole_file = Some(Location::of_file(&location.target));
    let fault = faults.extract_if(.., |fault| fault.location == whole_file).last()?;
    Some(Finding::of_config("catalog.locations", fault.message).at(location.place.clone()))
}

/// A location as it was named on the command line.
fn named(location: &FileLocation) -> String {
    let directory = location.bases.first().filter(|_| location.target == IN_DIRECTORY);
    directory.map_or_else(|| location.target.clone(), |directory| directory.display().to_string())
}

/// The settings as far as the config can be read, and a report of its faults.
fn read_config(arguments: &Arguments) -> (Report, Option<Settings>) {
    let mut files = arguments.config.clone();
    if files.is_empty() {
        files.extend(serve::default_files().into_iter().filter(|file| file.exists()));
    }
    if files.is_empty() {
        let missing = "there is no config here: name one with --config, or catalog files to check";
        let failures = if arguments.paths.is_empty() { vec![missing.to_owned()] } else { Vec::new() };
        return (Report { failures, ..Report::default() }, None);
    }
    let variable = |name: &str| std::env::var(name).ok();
    let (settings, faults) = Settings::read(&files, None, &variable, &variables_of_process());
    // A fault of a file as a whole: it cannot be opened, or not as text.
    let (unread, faults): (Vec<Diagnostic>, Vec<Diagnostic>) = faults.into_iter().partition(is_of_whole_file);
    let mut failures: Vec<String> = unread.iter().map(ToString::to_string).collect();
    if settings.is_none() && failures.is_empty() && arguments.paths.is_empty() {
        failures.push("the config's faults keep its catalog from being looked at".to_owned());
    }
    let findings = faults.into_iter().map(Finding::from).collect();
    (Report { findings, failures, ..Report::default() }, settings)
}

/// Whether a fault of the config keeps the instances from being known.
fn is_about_instances(finding: &Finding) -> bool {
    let keys = ["proxy", "prometheus", "promenade.instances", "promenade.routing"];
    finding.diagnostic.config_key().is_some_and(|own| keys.iter().any(|key| own.starts_with(key)))
}

fn is_of_whole_file(fault: &Diagnostic) -> bool {
    fault.config_key() == Some("") && fault.position().is_none()
}

/// Paths of the command line as locations, relative to where the command runs.
fn of_paths(paths: &[PathBuf]) -> CatalogSettings {
    let location = |path: &PathBuf| {
        if path.is_dir() {
            FileLocation { target: IN_DIRECTORY.to_owned(), bases: vec![path.clone()], place: None }
        } else {
            FileLocation {
                target: path.to_string_lossy().into_owned(),
                bases: vec![PathBuf::from(".")],
                place: None,
            }
        }
    };
    CatalogSettings { files: paths.iter().map(location).collect(), ..CatalogSettings::default() }
}
