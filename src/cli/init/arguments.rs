//! The arguments of `promenade init`, and the config that they describe.

use std::path::{Path, PathBuf};

use clap::ArgGroup;
use url::Url;

use super::file::InitConfig;
use crate::catalog::source::FileScan;
use crate::catalog::{CatalogSettings, FileLocation};
use crate::cli::CommandError;
use crate::config::base_url;

/// Where the API of Prometheus begins, below its own pages.
const API: &str = "/api/v1";
/// What is read of a folder: the files of Backstage, if it has any, else all YAML.
const OF_BACKSTAGE: &str = "**/catalog-info.yaml";
const OF_ANY: &str = "**/*.{yaml,yml}";
/// What may be before a secret.
const SCHEMES: [&str; 3] = ["Bearer", "Basic", "Token"];
/// These characters make a path a glob.
const OF_GLOBS: [char; 4] = ['*', '?', '[', '{'];
/// A header whose value is no secret.
const TENANT: &str = "x-scope-orgid";

#[derive(clap::Args)]
#[command(group(ArgGroup::new("entities").required(true).multiple(true).args(["catalog", "backstage"])))]
pub struct InitArguments {
    /// The address of Prometheus, such as http://localhost:9090
    #[arg(long, value_name = "URL")]
    prometheus: String,
    /// A header for Prometheus, its secret in a variable: 'Authorization: Bearer ${PROMETHEUS_TOKEN}'; may repeat
    #[arg(long, value_name = "HEADER")]
    header: Vec<String>,
    /// A folder with the catalog files of entities, or a file, or a glob; may repeat
    #[arg(long, value_name = "PATH")]
    catalog: Vec<PathBuf>,
    /// The address of Backstage's backend, whose catalog is read; its token is the variable BACKSTAGE_TOKEN
    #[arg(long, value_name = "URL")]
    backstage: Option<String>,
    /// The file to write
    #[arg(long, value_name = "FILE", default_value = "app-config.yaml")]
    pub output: PathBuf,
    /// Replaces the file if there is one
    #[arg(long)]
    pub force: bool,
}

impl InitArguments {
    pub(super) fn config(&self) -> Result<InitConfig, CommandError> {
        let mut ui = address("--prometheus", &self.prometheus)?;
        let path = ui.path().trim_end_matches('/');
        let path = path.strip_suffix(API).unwrap_or(path).to_owned();
        ui.set_path(&path);
        let headers = self.header.iter().map(|text| header(text)).collect::<Result<_, _>>()?;
        let targets = self.catalog.iter().map(|path| target(path, &self.output)).collect::<Result<_, _>>()?;
        let backstage = self.backstage.as_deref().map(|text| address("--backstage", text)).transpose()?;
        Ok(InitConfig { ui, headers, targets, backstage, scrape_interval: None })
    }
}

/// An address, also without `http://`. The error does not show it: it may hold a password.
fn address(argument: &str, text: &str) -> Result<Url, CommandError> {
    let text = text.trim();
    let text = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let has_credentials =
        Url::parse(&text).is_ok_and(|url| !url.username().is_empty() || url.password().is_some());
    if has_credentials {
        let advice = "the address contains credentials, which would be in the file; write them as a header";
        let example = match argument {
            "--prometheus" => ": --header 'Authorization: Basic ${PROMETHEUS_CREDENTIALS}'",
            _ => "",
        };
        return Err(CommandError::Usage(format!("{argument}: {advice}{example}")));
    }
    base_url(&text).map_err(|end| CommandError::Usage(format!("{argument}: the address {end}")))
}

/// `Name: value`, with the secret of the value in a variable. The error does not show the value.
fn header(text: &str) -> Result<(String, String), CommandError> {
    let refused = |message: &str| Err(CommandError::Usage(format!("--header: {message}")));
    let Some((name, value)) = text.split_once(':') else {
        return refused("write the name, a colon and the value");
    };
    let (name, value) = (name.trim(), value.trim());
    if !is_variable(value) && !name.eq_ignore_ascii_case(TENANT) {
        return refused(
            "the value would be in the file; put all of it into one variable, as in 'Authorization: Bearer \
             ${PROMETHEUS_TOKEN}'",
        );
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// Whether a value is one variable without a default, behind a scheme at most. Anything else may be a secret.
fn is_variable(value: &str) -> bool {
    let is_scheme = |word: &str| SCHEMES.iter().any(|scheme| scheme.eq_ignore_ascii_case(word));
    let scheme = value.split_once(' ').filter(|(word, _)| is_scheme(word));
    let variable = scheme.map_or(value, |(_, rest)| rest.trim_start());
    let name = variable.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).unwrap_or_default();
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// The target of a location, relative to the config file.
fn target(path: &Path, output: &Path) -> Result<String, CommandError> {
    let shown = path.display();
    let is_glob = path.to_string_lossy().contains(OF_GLOBS);
    if !is_glob && !path.exists() {
        return Err(CommandError::Usage(format!("--catalog: {shown}: no such file or folder")));
    }
    let is_beside = output.parent().is_none_or(|parent| parent.as_os_str().is_empty());
    let absolute = if is_beside { Ok(path.to_owned()) } else { std::path::absolute(path) };
    let absolute = absolute.map_err(|error| CommandError::Usage(format!("--catalog: {shown}: {error}")))?;
    // The target would be read as a glob and match something else.
    if path.exists() && absolute.to_string_lossy().contains(OF_GLOBS) {
        let absolute = absolute.display();
        let why = "exists, but *, ?, [ and { make it a glob; rename it, or name a folder above it";
        return Err(CommandError::Usage(format!("--catalog: {absolute} {why}")));
    }
    let pattern = path.is_dir().then(|| if has_files(path, OF_BACKSTAGE) { OF_BACKSTAGE } else { OF_ANY });
    let target = pattern.map_or_else(|| absolute.clone(), |pattern| absolute.join(pattern));
    let text = target.to_str().map(str::to_owned);
    text.ok_or_else(|| CommandError::Usage(format!("--catalog: {shown} is not valid UTF-8")))
}

fn has_files(folder: &Path, pattern: &str) -> bool {
    let location = FileLocation { target: pattern.to_owned(), bases: vec![folder.to_owned()], place: None };
    let scan = FileScan::of(CatalogSettings { files: vec![location], ..CatalogSettings::default() });
    scan.content.files_read > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_has_one_variable_and_no_secret() {
        for value in ["${T}", "Bearer ${T_2}", "basic  ${T}", "TOKEN ${T}"] {
            assert!(header(&format!("Authorization: {value}")).is_ok(), "{value}");
        }
        for value in [
            "Bearer ${T:-hunter2}",
            "Bearer hunter2 ${X}",
            "Bearer hunter2$${X}",
            "hunter2 ${X}",
            "$${X}",
            "${}",
            "${X} ${Y}",
            "${X}hunter2",
            "",
        ] {
            let Err(CommandError::Usage(message)) = header(&format!("Authorization: {value}")) else {
                panic!("{value}");
            };
            assert!(!message.contains("hunter2"), "{message}");
        }
        assert!(header("X-Scope-OrgID: shop").is_ok());
    }
}
