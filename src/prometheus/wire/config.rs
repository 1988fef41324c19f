//! Reads external labels and scrape interval from an instance's configuration, and nothing else.

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use super::envelope::{Opened, WireFault, open};
use crate::prometheus::{ExternalLabels, Labels};
use crate::promql::parse_duration;
use crate::yaml::{self, Budget, Node, Value};

#[derive(Deserialize)]
struct Config {
    yaml: String,
}

/// The body of `/status/config`. None: this instance sends no alerts to an Alertmanager, so its external labels are on
/// no alert.
pub fn read_external_labels(body: &[u8]) -> Result<Option<ExternalLabels>, WireFault> {
    let Opened { data, .. } = open::<Config>(body)?;
    let alerting = section(&data.yaml, "alerting")?;
    let alertmanagers = alerting.as_ref().and_then(|alerting| alerting.get("alertmanagers")?.as_list());
    let Some(alertmanagers) = alertmanagers.filter(|all| !all.is_empty()) else { return Ok(None) };
    let relabels = |node: &Node| node.get("alert_relabel_configs").is_some_and(|all| !all.is_null());
    let is_relabelled = alerting.iter().chain(alertmanagers).any(relabels);
    let global = section(&data.yaml, "global")?;
    let labels = global.as_ref().and_then(|global| global.get("external_labels"));
    let labels = labels.filter(|labels| !labels.is_null()).map_or(Some(Labels::default()), read_labels);
    let labels = labels.ok_or_else(|| damaged("external_labels"))?;
    Ok(Some(ExternalLabels { labels, is_relabelled }))
}

/// The interval of all scrapes that have none of their own, from the body of `/status/config`. None: it is not there.
pub fn read_scrape_interval(body: &[u8]) -> Result<Option<Duration>, WireFault> {
    let Opened { data, .. } = open::<Config>(body)?;
    let global = section(&data.yaml, "global")?;
    let interval = global.as_ref().and_then(|global| text(global.get("scrape_interval")?));
    Ok(interval.and_then(|interval| parse_duration(interval).ok()))
}

/// A label without a value is none.
fn read_labels(node: &Node) -> Option<Labels> {
    let labels = node.as_map()?.iter().map(|label| Some((label.key.as_str(), text(&label.value)?)));
    labels.filter(|label| !matches!(label, Some((_, "")))).collect()
}

/// The value of a key at the left edge. The rest of the text is not read: it may be megabytes of scrape configs.
fn section(text: &str, key: &str) -> Result<Option<Node>, WireFault> {
    let begins = |line: &&str| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':'));
    let is_inside = |line: &&str| line.starts_with([' ', '-', '#', '\n', '\r']);
    let mut lines = text.split_inclusive('\n').skip_while(|line| !begins(line));
    let Some(first) = lines.next() else { return Ok(None) };
    let own: String = std::iter::once(first).chain(lines.take_while(is_inside)).collect();
    let read = yaml::documents(&own, &Path::new("prometheus.yml").into(), &Budget::CONFIG).into_iter().next();
    match read {
        Some(Ok(node)) => Ok(node.get(key).cloned()),
        Some(Err(_)) => Err(damaged(key)),
        None => Ok(None),
    }
}

fn text(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Text { value: text, .. } | Value::Number(text) => Some(text),
        Value::Bool(true) => Some("true"),
        Value::Bool(false) => Some("false"),
        Value::Null => Some(""),
        Value::List(_) | Value::Map(_) => None,
    }
}

fn damaged(what: &str) -> WireFault {
    WireFault::Incomplete(format!("`{what}` of the instance's configuration cannot be read"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(yaml: &str) -> Result<Option<ExternalLabels>, WireFault> {
        read_external_labels(json!({"status": "success", "data": {"yaml": yaml}}).to_string().as_bytes())
    }

    fn external(labels: &[(&str, &str)], is_relabelled: bool) -> Option<ExternalLabels> {
        Some(ExternalLabels { labels: labels.iter().copied().collect(), is_relabelled })
    }

    const ALERTING: &str = "alerting:\n  alertmanagers:\n  - follow_redirects: true\n    static_configs:\n    - targets:\n      - 127.0.0.1:9093\n";

    #[test]
    fn external_labels_are_read_of_an_instance_that_sends_alerts() {
        let global = "global:\n  scrape_interval: 1m\n  external_labels:\n    cluster: eu & us\n    n: \"1\"\n    \"no\": \"\"\n    \"on\": \"true\"\n";
        let scrapes = "scrape_configs:\n- job_name: x\n  params:\n    alert_relabel_configs: [\n";
        let wanted = [("cluster", "eu & us"), ("n", "1"), ("on", "true")];
        assert_eq!(read(&format!("{global}{ALERTING}{scrapes}")), Ok(external(&wanted, false)));
        assert_eq!(read(&format!("{scrapes}{global}{ALERTING}")), Ok(external(&wanted, false)));
        assert_eq!(read(ALERTING), Ok(external(&[], false)));
        assert_eq!(read(&format!("global:\n  external_labels: {{}}\n{ALERTING}")), Ok(external(&[], false)));
        let relabelled = ALERTING.replace(
            "alerting:\n",
            "alerting:\n  alert_relabel_configs:\n  - regex: replica\n    action: labeldrop\n",
        );
        assert_eq!(read(&format!("{global}{relabelled}")), Ok(external(&wanted, true)));
        let one =
            format!("{ALERTING}    alert_relabel_configs:\n    - regex: replica\n      action: labeldrop\n");
        assert_eq!(read(&one), Ok(external(&[], true)));
    }

    #[test]
    fn an_instance_that_sends_no_alerts_has_no_external_labels() {
        for yaml in [
            "",
            "global:\n  external_labels:\n    a: b\n",
            "alerting:\n  alertmanagers: []\n",
            "alerting: {}\n",
        ] {
            assert_eq!(read(yaml), Ok(None), "{yaml}");
        }
    }

    #[test]
    fn a_damaged_configuration_is_a_fault() {
        for global in [
            "global:\n  external_labels: [a]\n",
            "global:\n  external_labels:\n    a: [b]\n",
            "global:\n  {\n",
            "global: {a: 'b\n",
        ] {
            assert!(read(&format!("{global}{ALERTING}")).is_err(), "{global}");
        }
        for body in
            ["{}", "<html>", r#"{"status":"success","data":{}}"#, r#"{"status":"success","data":"yaml"}"#]
        {
            assert!(read_external_labels(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn the_scrape_interval_is_the_global_one() {
        let read = |yaml: &str| {
            read_scrape_interval(json!({"status": "success", "data": {"yaml": yaml}}).to_string().as_bytes())
        };
        let scrapes = "scrape_configs:\n- job_name: x\n  scrape_interval: 5s\n";
        let global = format!("global:\n  scrape_interval: 1m30s\n  scrape_timeout: 10s\n{scrapes}");
        assert_eq!(read(&global), Ok(Some(Duration::from_secs(90))));
        assert_eq!(read(scrapes), Ok(None));
        assert_eq!(read("global:\n  scrape_interval: soon\n"), Ok(None));
        assert!(read("global:\n  {\n").is_err());
    }
}
