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
    pub config: &'a InitConfig,
    pub description: &'a InstanceDescription,
    /// None: the config names no files.
    pub catalog: Option<&'a CatalogCounts>,
    /// The variable with Backstage's token is not set.
    pub lacks_token: bool,
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
        if let Some(CatalogCounts { entities, monitored, files, faults }) = self.catalog {
            writeln!(f, "\nCatalog {}", self.config.targets.join(", "))?;
            let entities = counted(*entities, "entity", "entities");
            writeln!(f, "  entities         {entities} in {}", counted(*files, "file", "files"))?;
            let hint = if *monitored == 0 { "; add prometheus.io/rule or prometheus.io/alert" } else { "" };
            writeln!(f, "  with annotations {monitored} (prometheus.io/...){hint}")?;
            if *faults > 0 {
                writeln!(f, "  faults           {faults}: `promenade check` lists them")?;
            }
        }
        if let Some(url) = &self.config.backstage {
            writeln!(f, "\nCatalog of Backstage {}", url.as_str().trim_end_matches('/'))?;
            f.write_str("  not asked yet: `promenade serve` reads it with the token\n")?;
        }
        Ok(())
    }
}

impl fmt::Display for InitReport<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let output = self.output.display();
        self.write_prometheus(f)?;
        self.write_catalog(f)?;
        writeln!(f, "\nWrote {output}. Next:\n")?;
        if self.lacks_token {
            writeln!(f, "  export {BACKSTAGE_TOKEN}=...   # a static token of Backstage's backend")?;
        }
        writeln!(f, "  promenade check --online --config {output}")?;
        writeln!(f, "  promenade serve --config {output}")
    }
}
