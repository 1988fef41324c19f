//! `promenade serve`: the portal, from its config files.

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use super::{Failure, serve_app};
use crate::config::{ConfigFault, Settings};

const CONFIG: &str = "config/app-config.yaml";
const LOCAL_CONFIG: &str = "config/app-config.local.yaml";

#[derive(clap::Args)]
pub struct Arguments {
    /// A config file; may repeat, and later files override earlier ones
    /// [default: config/app-config.yaml, then config/app-config.local.yaml if it exists]
    #[arg(long, value_name = "FILE")]
    config: Vec<PathBuf>,
    /// Where to listen, instead of what the config says [default: 127.0.0.1:7080]
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
}

pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    let files = if arguments.config.is_empty() { default_files() } else { arguments.config };
    let variable = |name: &str| std::env::var(name).ok();
    let settings = Settings::load(&files, arguments.listen, &variable).map_err(Failure::Config)?;
    serve_app(settings, |_| ()).await
}

fn default_files() -> Vec<PathBuf> {
    let local = PathBuf::from(LOCAL_CONFIG);
    let mut files = vec![PathBuf::from(CONFIG)];
    files.extend(local.exists().then_some(local));
    files
}

/// All faults of a config, a line each: place, key, what is wrong.
pub fn report(faults: &[ConfigFault]) -> String {
    let mut text = match faults.len() {
        1 => "promenade: the config has a fault\n".to_owned(),
        count => format!("promenade: the config has {count} faults\n"),
    };
    for fault in faults {
        text.push_str("  ");
        if let Some(file) = &fault.file {
            text.push_str(&file.to_string_lossy());
            for number in [fault.line, fault.column].into_iter().map_while(|number| number) {
                // Writing to a String cannot fail.
                let _ = write!(text, ":{number}");
            }
            text.push_str(": ");
        }
        if !fault.key.is_empty() {
            text.push_str(&fault.key);
            text.push_str(": ");
        }
        text.push_str(&fault.message);
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{ConfigFault, report};

    #[test]
    fn faults_are_told_by_place_and_key_each_on_its_line() {
        let fault = |key: &str, file: Option<&str>, line, column| ConfigFault {
            key: key.to_owned(),
            message: "is wrong".to_owned(),
            file: file.map(Into::into),
            line,
            column,
        };
        let cases = [
            (fault("a.b", None, None, None), "  a.b: is wrong\n"),
            (fault("a.b", Some("x.yaml"), None, None), "  x.yaml: a.b: is wrong\n"),
            (fault("a", Some("x.yaml"), Some(3), None), "  x.yaml:3: a: is wrong\n"),
            (fault("", Some("x.yaml"), Some(3), Some(7)), "  x.yaml:3:7: is wrong\n"),
        ];
        for (fault, line) in cases {
            let told = report(std::slice::from_ref(&fault));
            assert_eq!(told, format!("promenade: the config has a fault\n{line}"));
            assert!(report(&[fault.clone(), fault]).starts_with("promenade: the config has 2 faults\n"));
        }
    }
}
