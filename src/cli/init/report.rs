//! What `promenade init` says that it found, and what to run next.

use std::fmt::{self, Formatter};
use std::path::Path;

use super::CatalogCounts;
use super::file::{BACKSTAGE_TOKEN, InitConfig};
use crate::check::{FoundInterval, InstanceDescription};
use crate::page_params::in_one_unit;
use crate::web::panels::counted;

pub struct InitReport<'a> {
    pub output: &'a Path,
    pub config: InitConfig,
    pub description: InstanceDescription,
    /// None: the config names no files.
    pub files: Option<CatalogCounts>,
    /// Or why it could not be read. None: it was not requested, for lack of a token or of an address.
    pub backstage: Option<Result<CatalogCounts, String>>,
}

impl InitReport<'_> {
    fn write_prometheus(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "Prometheus {}", self.config.address())?;
        let version = self.description.build.as_ref().map(|build| {
            let application = build.application.as_ref().map(|name| format!(" ({name})"));
            format!("{}{}", build.version, application.unwrap_or_default())
        });
        writeln!(f, "  version          {}", version.as_deref().unwrap_or("not found"))?;
        writeln!(f, "  rules            {}", self.rules())?;
        writeln!(f, "  scrape interval  {}", self.interval())
    }

    fn rules(&self) -> String {
        match &self.description.rules {
            Ok(rules) => {
                let groups = rules.groups.iter().filter(|group| !group.rules.is_empty()).count();
                let rules = counted(rules.rules.len(), "alerting rule", "alerting rules");
                format!("{rules} in {}", counted(groups, "group", "groups"))
            }
            Err(_) if self.description.is_without_rules() => {
                "none: this server has no /rules. Graphs work, alerts are unknown".to_owned()
            }
            Err(failure) => format!("not found: {}", failure.said.as_deref().unwrap_or(&failure.detail)),
        }
    }

    fn interval(&self) -> String {
        match self.description.scrape_interval {
            Some(FoundInterval::Configured(interval)) => {
                format!("{} (from its configuration)", in_one_unit(interval))
            }
            Some(FoundInterval::Measured(interval)) => {
                format!("{} (from the distance of samples)", in_one_unit(interval))
            }
            None => "not found; the default is 15s. Set scrapeInterval if yours differs".to_owned(),
        }
    }

    fn write_catalog(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(counts) = &self.files {
            writeln!(f, "\nCatalog {}", self.config.targets.join(", "))?;
            counts.write(f)?;
        }
        let Some(url) = &self.config.backstage else { return Ok(()) };
        writeln!(f, "\nCatalog of Backstage {}", url.as_str().trim_end_matches('/'))?;
        match &self.backstage {
            Some(Ok(counts)) => counts.write(f),
            Some(Err(failure)) => writeln!(f, "  not read         {failure}"),
            None => writeln!(f, "  not read         {BACKSTAGE_TOKEN} is not set"),
        }
    }
}

impl CatalogCounts {
    fn write(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { entities, monitored, files, faults } = self;
        let of_files = if *files == 0 { "" } else { &format!(" in {}", counted(*files, "file", "files")) };
        writeln!(f, "  entities         {}{of_files}", counted(*entities, "entity", "entities"))?;
        let hint = if *monitored == 0 { "; add prometheus.io/rule or prometheus.io/alert" } else { "" };
        writeln!(f, "  with annotations {monitored} (prometheus.io/...){hint}")?;
        match faults {
            0 => Ok(()),
            _ => writeln!(f, "  faults           {faults}: /status lists them"),
        }
    }
}

impl fmt::Display for InitReport<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let output = self.output.display();
        self.write_prometheus(f)?;
        self.write_catalog(f)?;
        writeln!(f, "\nWrote {output}. Next:\n")?;
        if self.config.backstage.is_some() && self.backstage.is_none() {
            writeln!(f, "  export {BACKSTAGE_TOKEN}=...   # a static token of Backstage's backend")?;
        }
        writeln!(f, "  promenade check --online --config {output}")?;
        writeln!(f, "  promenade serve --config {output}")
    }
}
