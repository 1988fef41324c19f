//! What `promenade init` says that it found, and what to run next.

use std::fmt::{self, Formatter};
use std::path::Path;

use super::CatalogCounts;
use super::file::{BACKSTAGE_TOKEN, InitConfig, written};
use crate::chart::format::cut;
use crate::check::{FoundInterval, InstanceDescription, plain};
use crate::web::panels::counted;

/// Further faults are counted.
const MOST_FAULTS: usize = 10;
/// The most characters of a version and of an application.
const MOST_OF_VERSION: usize = 60;
/// The most characters of what a server says.
const MOST_OF_MESSAGE: usize = 400;

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
            let shown = |text: &str| in_one_line(text, MOST_OF_VERSION);
            let application = build.application.as_ref().map(|name| format!(" ({})", shown(name)));
            format!("{}{}", shown(&build.version), application.unwrap_or_default())
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
            Err(failure) => {
                format!("not found: {}", message(failure.said.as_deref().unwrap_or(&failure.detail)))
            }
        }
    }

    fn interval(&self) -> String {
        let Some(interval) = self.description.scrape_interval else {
            return "not found; the default is 15s. Set scrapeInterval if yours differs".to_owned();
        };
        let source = match interval {
            FoundInterval::Configured(_) => "from its configuration",
            FoundInterval::Measured(_) => "estimated from the number of samples in 5 minutes",
        };
        let (text, is_rounded) = written(interval);
        format!("{text} ({source}{})", if is_rounded { ", rounded" } else { "" })
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
            Some(Err(failure)) => writeln!(f, "  not read         {}", message(failure)),
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
        if !faults.is_empty() {
            writeln!(f, "  faults           {}", faults.len())?;
        }
        faults
            .iter()
            .take(MOST_FAULTS)
            .try_for_each(|fault| writeln!(f, "    {}", message(&fault.to_string())))?;
        match faults.len().saturating_sub(MOST_FAULTS) {
            0 => Ok(()),
            more => writeln!(f, "    and {more} more, which promenade check lists"),
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
        let config = in_shell(self.output);
        writeln!(f, "  promenade check --online --config {config}")?;
        writeln!(f, "  promenade serve --config {config}")
    }
}

/// What a server says, which must not control a terminal.
pub fn message(text: &str) -> String {
    in_one_line(text, MOST_OF_MESSAGE)
}

fn in_one_line(text: &str, most: usize) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    cut(&plain(&words.join(" ")), most)
}

/// A path as an argument in a shell.
fn in_shell(path: &Path) -> String {
    let text = path.display().to_string();
    let is_word = |c: char| c.is_alphanumeric() || "/._-+,:@%=".contains(c);
    if text.chars().all(is_word) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_argument() {
        for (path, shown) in [
            ("shop/app-config.yaml", "shop/app-config.yaml"),
            ("my shop/it's.yaml", r"'my shop/it'\''s.yaml'"),
            ("$HOME.yaml", "'$HOME.yaml'"),
        ] {
            assert_eq!(in_shell(Path::new(path)), shown);
        }
    }

    #[test]
    fn what_a_server_says_is_one_line_without_control_characters() {
        assert_eq!(message("no\u{1b}[2J\n rules\u{7}"), "no\u{fffd}[2J rules\u{fffd}");
        assert_eq!(message(&"x".repeat(1_000)).chars().count(), MOST_OF_MESSAGE);
    }
}
