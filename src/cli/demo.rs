//! `promenade demo`: the whole portal, on a catalog and a Prometheus of its own.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use url::Url;

use super::{CommandError, serve_app};
use crate::catalog::CatalogSettings;
use crate::config::Settings;
use crate::demo::{CATALOG, DemoPrometheus};
use crate::monitoring::RoutingSettings;
use crate::page_params::PageDefaults;
use crate::prometheus::{InstanceName, InstanceSettings};
use crate::serving::ServingSettings;
use crate::store::StoreSettings;
use crate::web::WebSettings;

pub async fn run(listen: SocketAddr) -> Result<(), CommandError> {
    let failed =
        |error: io::Error| CommandError::Other(format!("cannot start the demo's Prometheus: {error}"));
    let prometheus = DemoPrometheus::start().map_err(failed)?;
    let refusing = prometheus.refusing_address().map_err(failed)?;
    let settings = settings(listen, prometheus.address(), refusing)?;
    let outcome = serve_app(settings, |address| print_address(&mut io::stdout().lock(), address)).await;
    prometheus.stop().await;
    outcome
}

/// Prints where to look. A closed output is no reason to stop.
fn print_address(to: &mut impl Write, listening: SocketAddr) {
    let _ = writeln!(to, "The demo is at {}", address_to_open(listening)).and_then(|()| to.flush());
}

/// An address that listens everywhere cannot be opened in a browser; loopback can.
fn address_to_open(listening: SocketAddr) -> String {
    let mut address = listening;
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
            SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        });
    }
    format!("http://{address}/")
}

/// What `serve` would read from files: one instance that answers, and one that does not.
fn settings(
    listen: SocketAddr,
    prometheus: SocketAddr,
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
            instance(InstanceName::DEFAULT, "/prometheus/api", prometheus)?,
            instance("warehouse", "/prometheus-warehouse/api", refusing)?,
        ],
        alertmanagers: BTreeMap::new(),
        routing: RoutingSettings::default(),
        catalog: CatalogSettings { embedded: vec![CATALOG], ..CatalogSettings::default() },
        store: StoreSettings { max_bytes: 64 * 1024 * 1024 },
    })
}

fn instance(name: &str, proxy_path: &str, address: SocketAddr) -> Result<InstanceSettings, CommandError> {
    let at = |path: &str| {
        Url::parse(&format!("http://{address}{path}"))
            .map_err(|error| CommandError::Other(format!("the demo's Prometheus has no address: {error}")))
    };
    Ok(InstanceSettings {
        name: InstanceName::new(name),
        proxy_path: proxy_path.to_owned(),
        api: at("/api/v1/")?,
        headers: Vec::new(),
        secure: true,
        ui_url: Some(at("/")?),
        scrape_interval: Duration::from_secs(15),
        max_concurrent: 8,
        timeout: Duration::from_secs(10),
    })
}

#[cfg(test)]
mod tests {
    use super::{address_to_open, print_address};

    #[test]
    fn the_address_to_open_can_be_opened() {
        let cases = [
            ("127.0.0.1:7080", "http://127.0.0.1:7080/"),
            ("0.0.0.0:80", "http://127.0.0.1:80/"),
            ("[::]:7080", "http://[::1]:7080/"),
            ("192.0.2.7:7080", "http://192.0.2.7:7080/"),
        ];
        for (listening, open) in cases {
            assert_eq!(address_to_open(listening.parse().expect("an address")), open);
        }
        let mut printed = Vec::new();
        print_address(&mut printed, "127.0.0.1:7080".parse().expect("an address"));
        assert_eq!(printed, b"The demo is at http://127.0.0.1:7080/\n");
    }
}
