//! The config file that `promenade init` writes.

use std::fmt::{self, Formatter};
use std::time::Duration;

use url::Url;

use crate::check::FoundInterval;
use crate::page_params::in_one_unit;

/// The variable with the token for Backstage.
pub const BACKSTAGE_TOKEN: &str = "BACKSTAGE_TOKEN";
const HEAD: &str = "# Written by `promenade init`. Relative paths begin at the directory of this file.\n";

/// What the file says.
pub struct InitConfig {
    /// Where people open Prometheus. Its API is below.
    pub ui: Url,
    /// Names, and values with `${VAR}`.
    pub headers: Vec<(String, String)>,
    /// Of `catalog.locations`.
    pub targets: Vec<String>,
    pub backstage: Option<Url>,
    pub scrape_interval: Option<FoundInterval>,
}

impl InitConfig {
    /// The address without a slash at its end.
    pub fn address(&self) -> &str {
        self.ui.as_str().trim_end_matches('/')
    }

    fn write_catalog(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.targets.is_empty() {
            return Ok(());
        }
        f.write_str("\ncatalog:\n  locations:\n")?;
        let mut targets = self.targets.iter();
        targets.try_for_each(|target| write!(f, "    - type: file\n      target: {}\n", literal(target)))
    }

    fn write_backstage(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Some(url) = &self.backstage else { return Ok(()) };
        let base = url.as_str().trim_end_matches('/');
        write!(f, "  catalog:\n    backstage:\n      baseUrl: {base}\n      token: ${{{BACKSTAGE_TOKEN}}}\n")
    }

    fn write_interval(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Some(interval) = self.scrape_interval else {
            return f.write_str(
                "  # The scrape interval of Prometheus was not found. This is the default:\n  \
                 # instances:\n  #   default:\n  #     scrapeInterval: 15s\n",
            );
        };
        let source = match interval {
            FoundInterval::Configured(_) => "From the configuration of Prometheus",
            FoundInterval::Measured(_) => "Estimated from the number of samples in 5 minutes",
        };
        let (text, is_rounded) = written(interval);
        let rounded = if is_rounded { ", rounded" } else { "" };
        write!(f, "  instances:\n    default:\n      # {source}{rounded}.\n      scrapeInterval: {text}\n")
    }
}

impl fmt::Display for InitConfig {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(HEAD)?;
        let address = self.address();
        write!(f, "proxy:\n  endpoints:\n    /prometheus/api:\n      target: {address}/api/v1/\n")?;
        if !self.headers.is_empty() {
            f.write_str("      headers:\n")?;
        }
        for (name, value) in &self.headers {
            writeln!(f, "        {}: {}", quoted(name), quoted(value))?;
        }
        f.write_str(
            "\nprometheus:\n  # The address for links to Prometheus. Readers open it in their browsers.\n",
        )?;
        writeln!(f, "  uiUrl: {address}")?;
        self.write_catalog(f)?;
        f.write_str("\npromenade:\n")?;
        self.write_backstage(f)?;
        self.write_interval(f)
    }
}

/// An interval as the config has it, in whole seconds and a day at most; and whether it is rounded.
pub fn written(interval: FoundInterval) -> (String, bool) {
    let exact = interval.duration();
    let nearest = exact.saturating_add(Duration::from_millis(500)).as_secs();
    let rounded = Duration::from_secs(nearest.clamp(1, 86_400));
    (in_one_unit(rounded), rounded != exact)
}

/// A string of YAML, which has JSON's quotes.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The same of a text in which nothing is a variable.
fn literal(text: &str) -> String {
    quoted(&text.replace("${", "$${"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Settings;

    fn config() -> InitConfig {
        InitConfig {
            ui: "http://localhost:9090/".parse().unwrap(),
            headers: Vec::new(),
            targets: Vec::new(),
            backstage: None,
            scrape_interval: None,
        }
    }

    fn settings(config: &InitConfig) -> Settings {
        let variable = |name: &str| Some(format!("value-of-{name}"));
        Settings::of_text(Path::new("shop/app-config.yaml"), &config.to_string(), &variable)
            .unwrap_or_else(|faults| panic!("{faults:?} in {config}"))
    }

    #[test]
    fn every_file_can_be_read() {
        let plain = settings(&config());
        assert_eq!(plain.instances[0].api.as_str(), "http://localhost:9090/api/v1/");
        assert_eq!(plain.instances[0].scrape_interval, Duration::from_secs(15));
        assert_eq!(plain.instances[0].ui_url.as_ref().unwrap().as_str(), "http://localhost:9090/");
        let targets = ["./a b/**/*.{yaml,yml}", "${x} \"y\" #: é/*.yaml"];
        let full = settings(&InitConfig {
            ui: "https://mimir.example/prometheus".parse().unwrap(),
            headers: vec![("X-Scope-OrgID".to_owned(), "${TENANT}".to_owned())],
            targets: targets.map(str::to_owned).to_vec(),
            backstage: Some("https://backstage.example".parse().unwrap()),
            scrape_interval: Some(FoundInterval::Configured(Duration::from_secs(60))),
        });
        assert_eq!(full.instances[0].api.as_str(), "https://mimir.example/prometheus/api/v1/");
        assert_eq!(full.instances[0].headers.len(), 1);
        assert_eq!(full.instances[0].scrape_interval, Duration::from_secs(60));
        let read: Vec<&str> = full.catalog.files.iter().map(|file| file.target.as_str()).collect();
        assert_eq!(read, targets);
        assert!(full.catalog.backstage.is_some());
        let quick = InitConfig {
            scrape_interval: Some(FoundInterval::Measured(Duration::from_millis(200))),
            ..config()
        };
        assert_eq!(settings(&quick).instances[0].scrape_interval, Duration::from_secs(1));
        assert!(quick.to_string().contains("Estimated from the number of samples in 5 minutes, rounded.\n"));
        let of = |ms| written(FoundInterval::Configured(Duration::from_millis(ms)));
        assert_eq!(of(1_600), ("2s".to_owned(), true));
        assert_eq!(of(60_000), ("1m".to_owned(), false));
    }
}
