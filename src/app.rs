//! Wires all parts of the portal together and starts it. Tests start it the same way.

mod handler_data;
mod signals;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use actix_server::ServerHandle;
use actix_web::web::Data;

use crate::alertmanager::Alertmanagers;
use crate::background::Task;
use crate::catalog::source::{BackstageSource, FileSource, FileWatch, SourceMerger};
use crate::catalog::{Catalog, CatalogSettings};
use crate::clock;
use crate::config::Settings;
use crate::metrics::Metrics;
use crate::monitoring::{AlertIndexer, Monitoring, with_rule_targets};
use crate::prometheus::Instances;
use crate::serving::{
    Listener, ListenerSettings, Refusals, ServingSettings, connections_within, raise_file_limit,
};
use crate::store::{Store, StoreSettings};
use crate::web::health::Leaving;
use crate::web::security::SecurityHeaders;
use crate::web::{Audience, KeptReplies};
use handler_data::HandlerData;

/// Few clients use the operators' listener.
const ADMIN_CONNECTIONS: usize = 64;

/// Why the portal cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("cannot listen on {address}: {source}")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("{0}")]
    Instance(String),
    #[error("promenade.catalog.backstage: {0}")]
    Backstage(String),
    #[error("promenade.embedding.frameAncestors holds what no header can carry")]
    FrameAncestors,
}

/// The portal, listening.
#[must_use]
pub struct App {
    readers: Listener,
    operators: Option<Listener>,
    handle: AppHandle,
    /// These end with the app.
    _sources: CatalogSources,
    _behind: [Task; 3],
}

/// Where the catalog comes from, and what keeps it current.
struct CatalogSources {
    _watch: Option<FileWatch>,
    _backstage: Option<BackstageSource>,
    _reload: Option<Task>,
}

/// Ends an app from elsewhere.
#[derive(Clone)]
pub struct AppHandle {
    readers: ServerHandle,
    operators: Option<ServerHandle>,
    leaving: Data<Leaving>,
}

impl App {
    /// Reads the catalog, binds the address and begins to serve.
    pub async fn start(settings: Settings) -> Result<Self, StartError> {
        let metrics = Metrics::new();
        let monitoring = monitoring(&settings, &metrics)?;
        let security = SecurityHeaders::new(&settings.web.frame_ancestors);
        let security = security.map_err(|_| StartError::FrameAncestors)?;
        let (catalog, sources) = CatalogSources::start(settings.catalog, &metrics)?;
        let kept = kept_replies(settings.store.max_bytes, &catalog, &monitoring, &metrics);
        let owners = AlertIndexer::new(catalog.clone());
        let overviews = monitoring.clone().keep_overviews(catalog.clone());
        let (leaving, ahead) = (Data::new(Leaving::default()), monitoring.clone().keep_ahead());
        let ahead = until_leaving(leaving.clone(), ahead);
        let behind = [Task::spawn(owners.clone().follow()), Task::spawn(overviews), Task::spawn(ahead)];
        let data = HandlerData {
            catalog: Data::from(catalog),
            monitoring: Data::new(monitoring),
            owners: Data::new(owners),
            expressions: Data::default(),
            settings: Data::new(settings.web),
            metrics: Data::new(metrics),
            security: Data::new(security),
            leaving,
            rendered: Data::default(),
            kept: Data::new(kept),
        };
        let (readers, operators) = listen(settings.listen, &settings.serving, &data)?;
        let handle = AppHandle {
            readers: readers.handle(),
            operators: operators.as_ref().map(Listener::handle),
            leaving: data.leaving,
        };
        Ok(Self { readers, operators, handle, _sources: sources, _behind: behind })
    }

    /// The address of the listener. If the settings have port 0, this one has the port that the system chose.
    pub fn address(&self) -> SocketAddr {
        self.readers.address
    }

    /// The address of the operators' own listener, if there is one.
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.operators.as_ref().map(|listener| listener.address)
    }

    pub fn handle(&self) -> AppHandle {
        self.handle.clone()
    }

    /// Serves until SIGINT, SIGTERM or the handle ends it, and lets requests in flight end.
    pub async fn run(self) -> io::Result<()> {
        let signals = tokio::spawn(signals::shut_down(self.handle.clone()));
        // Operators get answers until the readers' listener has ended.
        let readers = async {
            let outcome = self.readers.run().await;
            if let Some(operators) = self.handle.operators {
                operators.stop(false).await;
            }
            outcome
        };
        let operators = async {
            match self.operators {
                Some(operators) => operators.run().await,
                None => Ok(()),
            }
        };
        let outcome = tokio::try_join!(readers, operators).map(|_| ());
        signals.abort();
        outcome
    }
}

impl AppHandle {
    /// Says "not ready", stops listening, and waits for requests in flight.
    pub async fn stop(&self) {
        self.leaving.leave();
        self.readers.stop(true).await;
    }
}

impl CatalogSources {
    /// Reads the catalog once, and from then on in tasks of its own.
    fn start(settings: CatalogSettings, metrics: &Metrics) -> Result<(Arc<Catalog>, Self), StartError> {
        let (backstage, figures) = (settings.backstage.clone(), metrics.catalog.clone());
        let merger = if backstage.is_some() {
            SourceMerger::with_backstage(figures)
        } else {
            SourceMerger::alone(figures)
        };
        let files = FileSource::open(settings, merger.clone(), clock::now());
        let backstage = backstage.map(|from| BackstageSource::start(from, merger, metrics.backstage.clone()));
        let backstage = backstage.transpose().map_err(StartError::Backstage)?;
        let catalog = files.catalog();
        let watch = files.watch();
        if let Err(fault) = &watch {
            // SIGHUP still works.
            tracing::warn!("{fault}");
        }
        let reload = signals::reload_on_hangup(files, backstage.as_ref());
        Ok((catalog, Self { _watch: watch.ok(), _backstage: backstage, _reload: reload }))
    }
}

/// Work for readers to come: none is begun while the portal shuts down.
async fn until_leaving(leaving: Data<Leaving>, work: impl Future<Output = ()>) {
    tokio::select! {
        () = leaving.begins() => {}
        () = work => {}
    }
}

fn monitoring(settings: &Settings, metrics: &Metrics) -> Result<Monitoring, StartError> {
    let Settings { instances, alertmanagers, routing, store, .. } = settings;
    let instances = Instances::new(instances.clone(), &metrics.upstream).map_err(StartError::Instance)?;
    let instances = Arc::new(with_rule_targets(instances, routing).map_err(StartError::Instance)?);
    let alertmanagers = Alertmanagers::new(alertmanagers.clone(), &metrics.upstream);
    let max_bytes = store.max_bytes - KeptReplies::share(store.max_bytes);
    let store = Store::new(&StoreSettings { max_bytes }, metrics.store.clone())
        .with_alertmanagers(alertmanagers.map_err(StartError::Instance)?);
    Ok(Monitoring::new(store, instances, routing.clone()))
}

fn kept_replies(
    max_bytes: u64,
    catalog: &Arc<Catalog>,
    monitoring: &Monitoring,
    metrics: &Metrics,
) -> KeptReplies {
    let routed = monitoring.routing().headers().into_iter().map(str::to_owned).collect();
    let (generation, metrics) = (monitoring.generation().clone(), metrics.kept.clone());
    KeptReplies::new(KeptReplies::share(max_bytes), catalog.clone(), generation, routed, metrics)
}

/// Opens the listener of readers, and that of operators if there is one.
fn listen(
    address: SocketAddr,
    settings: &ServingSettings,
    data: &HandlerData,
) -> Result<(Listener, Option<Listener>), StartError> {
    let open_files = raise_file_limit();
    let most_connections = settings.most_connections.unwrap_or_else(|| connections_within(open_files));
    tracing::info!(open_files, most_connections, "the limit of connections");
    let connections = &data.metrics.connections;
    let readers = ListenerSettings {
        address,
        most_connections,
        workers: None,
        pace: settings.pace,
        refusals: Refusals::new(data.security.lines()),
        metrics: connections.clone(),
    };
    let operators = settings.admin_listen.map(|address| ListenerSettings {
        address,
        most_connections: ADMIN_CONNECTIONS,
        // Not one of those that serve readers, so that it answers while they are busy.
        workers: Some(1),
        metrics: connections.beside("admin"),
        ..readers.clone()
    });
    let audience = if operators.is_some() { Audience::Readers } else { Audience::All };
    let open = |settings: &ListenerSettings, audience| {
        let failed = |source| StartError::Listen { address: settings.address, source };
        let data = data.clone();
        Listener::open(settings, move || data.clone().service(audience)).map_err(failed)
    };
    let operators = operators.map(|settings| open(&settings, Audience::Operators)).transpose()?;
    Ok((open(&readers, audience)?, operators))
}
