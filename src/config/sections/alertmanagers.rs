//! `promenade.instances.<name>.alertmanager`: the Alertmanager that an instance sends its alerts to.

use std::collections::BTreeMap;

use super::headers;
use super::values::base_url;
use crate::alertmanager::AlertmanagerSettings;
use crate::config::key::ConfigKey;
use crate::prometheus::{InstanceName, InstanceSettings};

pub(super) fn read(
    own: &ConfigKey<'_>,
    instances: &[InstanceSettings],
) -> BTreeMap<InstanceName, AlertmanagerSettings> {
    let found = instances.iter().filter_map(|instance| {
        let read = own.get(instance.name.as_str()).get("alertmanager");
        if !read.is_present() {
            return None;
        }
        read.only(&["url", "uiUrl", "headers"], &[]);
        let url = read.get("url");
        if read.is_map() && !url.is_present() {
            url.fault("an Alertmanager needs a `url`");
        }
        let (url, ui_url) = (url.parse(base_url)?, read.get("uiUrl").parse(base_url));
        let ui_url = ui_url.unwrap_or_else(|| url.clone());
        let headers = headers::read(&read.get("headers"));
        Some((
            instance.name.clone(),
            AlertmanagerSettings { url, ui_url, headers, timeout: instance.timeout },
        ))
    });
    found.collect()
}
