//! Reads what an instance knows about metrics by name, and about itself.

use std::collections::HashMap;

use serde::Deserialize;

use super::envelope::{Opened, WireFault, open};
use crate::prometheus::{BuildInfo, Metadata, MetricNames};

#[derive(Deserialize)]
struct MetadataEntry {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    unit: String,
}

/// The metadata of one metric; empty if the answer does not have it.
pub fn read_metadata(body: &[u8], metric: &str) -> Result<Metadata, WireFault> {
    let Opened { data, .. } = open::<HashMap<String, Vec<MetadataEntry>>>(body)?;
    let entries = data.get(metric).map_or(&[][..], Vec::as_slice);
    let first = entries.iter().map(|entry| entry.unit.trim()).find(|unit| !unit.is_empty());
    let unit =
        first.filter(|first| entries.iter().all(|e| e.unit.trim().is_empty() || e.unit.trim() == *first));
    let counts = |entry: &MetadataEntry| matches!(entry.kind.as_str(), "counter" | "histogram" | "summary");
    Ok(Metadata {
        unit: unit.map(str::to_owned),
        is_counter: !entries.is_empty() && entries.iter().all(counts),
    })
}

/// The names in the answer to a request for at most `most`.
pub fn read_names(body: &[u8], most: usize) -> Result<MetricNames, WireFault> {
    let Opened { data, warnings, .. } = open::<Vec<Box<str>>>(body)?;
    if data.len() > most {
        // The instance ignores limits; so many names are not worth their memory.
        return Ok(MetricNames::default());
    }
    let is_complete = data.len() < most && warnings.is_empty();
    Ok(MetricNames::of(data, is_complete))
}

#[derive(Deserialize)]
struct SentBuildInfo {
    #[serde(default)]
    application: String,
    version: String,
}

pub fn read_build_info(body: &[u8]) -> Result<BuildInfo, WireFault> {
    let Opened { data, .. } = open::<SentBuildInfo>(body)?;
    let application = Some(data.application).filter(|name| !name.is_empty());
    Ok(BuildInfo { application, version: data.version })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_that_differ_say_nothing() {
        let read = |entries: &str| {
            let body = format!(r#"{{"status":"success","data":{{"x":{entries},"y":[{{"unit":"z"}}]}}}}"#);
            read_metadata(body.as_bytes(), "x").unwrap()
        };
        let metadata =
            |unit: Option<&str>, is_counter| Metadata { unit: unit.map(str::to_owned), is_counter };
        assert_eq!(read("[]"), Metadata::default());
        let counter = r#"{"type":"counter","help":"h","unit":"bytes"}"#;
        assert_eq!(read(&format!("[{counter}]")), metadata(Some("bytes"), true));
        assert_eq!(
            read(&format!(r#"[{counter},{{"type":"gauge","unit":""}}]"#)),
            metadata(Some("bytes"), false)
        );
        assert_eq!(read(&format!(r#"[{counter},{{"type":"counter","unit":"s"}}]"#)), metadata(None, true));
        assert_eq!(read(r#"[{"type":"gauge"}]"#), metadata(None, false));
        assert!(read_metadata(br#"{"status":"success","data":[]}"#, "x").is_err());
    }

    #[test]
    fn a_full_list_may_lack_names() {
        let body = br#"{"status":"success","data":["b","a"]}"#;
        let all = read_names(body, 3).unwrap();
        assert_eq!((all.has("a"), all.has("c")), (Some(true), Some(false)));
        let some = read_names(body, 2).unwrap();
        assert_eq!((some.has("a"), some.has("c")), (Some(true), None));
        assert_eq!(some.iter().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(read_names(body, 1).unwrap(), MetricNames::default());
        let warned = br#"{"status":"success","data":[],"warnings":["one store is gone"]}"#;
        assert_eq!(read_names(warned, 2).unwrap().has("a"), None);
    }

    #[test]
    fn an_instance_says_what_it_is() {
        let read = |data: &str| {
            let body = format!(r#"{{"status":"success","data":{data}}}"#);
            read_build_info(body.as_bytes()).map(|info| (info.application, info.version))
        };
        assert_eq!(read(r#"{"version":"3.5.0","revision":"x"}"#), Ok((None, "3.5.0".to_owned())));
        let mimir = (Some("Grafana Mimir".to_owned()), "2.14".to_owned());
        assert_eq!(read(r#"{"application":"Grafana Mimir","version":"2.14","features":{}}"#), Ok(mimir));
        assert!(read("{}").is_err());
    }
}
