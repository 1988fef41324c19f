//! `promenade demo`: the whole portal, on a catalog, a Prometheus and an Alertmanager of its own.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::{CommandError, browser, serve_app};
use crate::alertmanager::AlertmanagerSettings;
use crate::catalog::CatalogSettings;
use crate::config::Settings;
use crate::demo::{CATALOG, DemoPrometheus};
use crate::monitoring::RoutingSettings;
use crate::page_params::PageDefaults;
use crate::prometheus::{InstanceName, InstanceSettings, UNSTABLE_TAIL};
use crate::serving::ServingSettings;
use crate::store::StoreSettings;
use crate::web::WebSettings;

/// Pages to begin with, and what is to be seen there.
const TOUR: [(&str, &str); 5] = [
    ("catalog/default/component/payments", "a deploy broke it: its alerts, worst first, and its graphs"),
    ("catalog/default/component/gateway", "an instance is down, and one alert is silenced"),
    ("catalog/default/component/recommendations", "what mistakes in annotations look like"),
    ("go?alertname=PaymentsHighErrorRatio&zone=eu-west-1b", "where a link from chat lands"),
    (
        "graph?query=sum%20by%20(team)%20(ALERTS%7Balertstate%3D%22firing%22%7D)&range=3h&graphType=area",
        "a query of your own: the demo's Prometheus evaluates PromQL",
    ),
];

pub async fn run(listen: SocketAddr, open: bool) -> Result<(), CommandError> {
    let failed =
        |error: io::Error| CommandError::Other(format!("cannot start the demo's Prometheus: {error}"));
    let prometheus = DemoPrometheus::start().map_err(failed)?;
    let refusing = prometheus.refusing_address().map_err(failed)?;
    prometheus.ready().await;
    let settings = settings(listen, &prometheus, refusing)?;
    let ready = |address| {
        let portal = browser::address_to_open(address);
        print_tour(&mut io::stdout().lock(), &portal);
        if open {
            browser::open(portal);
        }
    };
    let outcome = serve_app(settings, ready).await;
    prometheus.stop().await;
    outcome
}

/// Prints where to look. A closed output is no reason to stop.
fn print_tour(to: &mut impl Write, portal: &str) {
    let mut text = format!("The demo is at {portal}\n\nWorth opening:\n");
    for (page, what) in TOUR {
        text.push_str(&format!("  {portal}{page}\n      {what}\n"));
    }
    let _ = to.write_all(text.as_bytes()).and_then(|()| to.flush());
}

/// What `serve` would read from files: one instance that answers, and one that does not.
fn settings(
    listen: SocketAddr,
    prometheus: &DemoPrometheus,
    refusing: SocketAddr,
) -> Result<Settings, CommandError> {
    Ok(Settings {
        listen,
        serving: ServingSettings::default(),
        web: WebSettings {
            title: "Promenade".to_owned(),
            base_url: None,
            frame_ancestors: Vec::new(),
            parent_origins: Vec::new(),
            defaults: PageDefaults::default(),
            ad_hoc: listen.ip().to_canonical().is_loopback(),
            demo: true,
            admin_apart: false,
        },
        instances: vec![
            instance(InstanceName::DEFAULT, "/prometheus/api", prometheus.address())?,
            instance("warehouse", "/prometheus-warehouse/api", refusing)?,
        ],
        alertmanagers: BTreeMap::from([(
            InstanceName::new(InstanceName::DEFAULT),
            alertmanager(prometheus.address(), prometheus.alertmanager_path())?,
        )]),
        routing: RoutingSettings::default(),
        catalog: CatalogSettings { embedded: vec![CATALOG], ..CatalogSettings::default() },
        store: StoreSettings { max_bytes: 64 * 1024 * 1024 },
    })
}

fn instance(name: &str, proxy_path: &str, address: SocketAddr) -> Result<InstanceSettings, CommandError> {
    Ok(InstanceSettings {
        name: InstanceName::new(name),
        proxy_path: proxy_path.to_owned(),
        api: url(address, "/api/v1/")?,
        headers: Vec::new(),
        secure: true,
        ui_url: Some(url(address, "/")?),
        scrape_interval: Duration::from_secs(15),
        max_concurrent: 8,
        timeout: Duration::from_secs(10),
        unstable_tail: UNSTABLE_TAIL,
        severities: Arc::default(),
    })
}

fn alertmanager(address: SocketAddr, path: &str) -> Result<AlertmanagerSettings, CommandError> {
    let url = url(address, path)?;
    Ok(AlertmanagerSettings {
        ui_url: url.clone(),
        url,
        headers: Vec::new(),
        timeout: Duration::from_secs(10),
    })
}

fn url(address: SocketAddr, path: &str) -> Result<Url, CommandError> {
    Url::parse(&format!("http://{address}{path}"))
        .map_err(|error| CommandError::Other(format!("the demo's Prometheus has no address: {error}")))
}

#[cfg(test)]
mod tests {
    use super::{TOUR, print_tour};

    #[test]
    fn the_tour_begins_with_the_address() {
        let mut printed = Vec::new();
        print_tour(&mut printed, "http://127.0.0.1:7080/");
        let printed = String::from_utf8(printed).expect("text");
        assert!(printed.starts_with("The demo is at http://127.0.0.1:7080/\n"), "{printed}");
        assert_eq!(printed.lines().count(), 3 + 2 * TOUR.len(), "{printed}");
    }
}
