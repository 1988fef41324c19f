//! `promenade.catalog`: Backstage's own catalog as a source.

use std::time::Duration;

use secrecy::SecretString;

use super::values::{base_url, seconds};
use crate::catalog::BackstageSettings;
use crate::config::key::ConfigKey;

const INTERVAL: Duration = Duration::from_secs(60);

/// None when Backstage is no source, or its address is at fault.
pub(super) fn read(catalog: &ConfigKey<'_>) -> Option<BackstageSettings> {
    catalog.only(&["backstage"], &[]);
    let backstage = catalog.get("backstage");
    backstage.only(&["baseUrl", "token", "interval"], &[]);
    let address = backstage.get("baseUrl");
    if backstage.is_map() && !address.is_present() {
        address.fault("missing; write the address of Backstage's backend, such as `http://backstage:7007`");
    }
    let token = token(&backstage.get("token"));
    let interval = backstage.get("interval").parse(|text| seconds(text, 1..=86_400)).unwrap_or(INTERVAL);
    Some(BackstageSettings { base_url: address.parse(base_url)?, token, interval })
}

/// A secret: its faults do not show it.
fn token(token: &ConfigKey<'_>) -> Option<SecretString> {
    let text = token.text()?.value;
    if text.is_empty() {
        token.fault("is empty");
        return None;
    }
    if !text.chars().all(|c| c.is_ascii_graphic()) {
        token.fault(
            "the token (not shown) contains white space or other characters that a header cannot have",
        );
        return None;
    }
    Some(text.into())
}
