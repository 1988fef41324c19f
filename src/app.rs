//! The roof: wires every part once. Tests call it too.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_server::ServerHandle;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::web;
use tokio::task::AbortHandle;
use tracing_actix_web::TracingLogger;

use crate::catalog::Catalog;
use crate::catalog::source::{BackstageSource, FileSource, FileWatch, SourceMerger};
use crate::clock;
use crate::config::Settings;
use crate::metrics::Metrics;
use crate::monitoring::{AlertIndexer, Expressions, Monitoring, with_rule_targets};
use crate::prometheus::Instances;
use crate::serving::{Listener, OpenFiles, Opening, Refusals, ServingSettings};
use crate::store::{Alertmanagers, Store};
use crate::web::health::Leaving;
use crate::web::observe::{RequestSpan, observe};
use crate::web::page_error::render;
use crate::web::security::{SecurityHeaders, protect};
use crate::web::{Audience, Rendered, WebSettings, routes};

/// Few clients use the operators' listener.
const ADMIN_CONNECTIONS: usize = 64;
/// Between saying "not ready" and refusing connections, so that balancers hear of it in time.
const FAREWELL: Duration = Duration::from_secs(2);

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
    _watch: Option<FileWatch>,
    _backstage: Option<BackstageSource>,
    reload: Option<Reload>,
    _following: Task,
}

/// A task that ends when this is dropped.
struct Task(AbortHandle);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Ends an app from elsewhere.
#[derive(Clone)]
pub struct AppHandle {
    readers: ServerHandle,
    operators: Option<ServerHandle>,
    leaving: web::Data<Leaving>,
}

/// Everything that handlers share, built once and not once per worker.
#[derive(Clone)]
struct Parts {
    catalog: web::Data<Catalog>,
    monitoring: web::Data<Monitoring>,
    owners: web::Data<AlertIndexer>,
    expressions: web::Data<Expressions>,
    settings: web::Data<WebSettings>,
    metrics: web::Data<Metrics>,
    security: web::Data<SecurityHeaders>,
    leaving: web::Data<Leaving>,
    rendered: web::Data<Rendered>,
}

impl App {
    /// Reads the catalog, binds the address and begins to serve.
    pub async fn start(settings: Settings) -> Result<Self, StartError> {
        let metrics = Metrics::new();
        let instances =
            Instances::new(settings.instances, &metrics.upstream).map_err(StartError::Instance)?;
        let instances = with_rule_targets(instances, &settings.routing).map_err(StartError::Instance)?;
        let instances = Arc::new(instances);
        let store = Store::new(instances.clone(), &settings.store, metrics.store.clone());
        let alertmanagers =
            Alertmanagers::new(settings.alertmanagers, &settings.store, &metrics.upstream, &metrics.store);
        let store = store.with_alertmanagers(alertmanagers.map_err(StartError::Instance)?);
        let security = SecurityHeaders::new(&settings.web.frame_ancestors);
        let security = security.map_err(|_| StartError::FrameAncestors)?;
        let catalog = metrics.catalog.clone();
        let backstage = settings.catalog.backstage.clone();
        let merger = if backstage.is_some() {
            SourceMerger::with_backstage(catalog)
        } else {
            SourceMerger::alone(catalog)
        };
        let source = FileSource::beside(settings.catalog, merger.clone(), clock::now());
        let backstage = backstage.map(|from| BackstageSource::start(from, merger, metrics.backstage.clone()));
        let backstage = backstage.transpose().map_err(StartError::Backstage)?;
        let watch = source.watch();
        if let Err(fault) = &watch {
            // SIGHUP still works.
            tracing::warn!("{fault}");
        }
        let parts = Parts {
            catalog: web::Data::from(source.catalog()),
            monitoring: web::Data::new(Monitoring::new(store, instances, settings.routing)),
            owners: web::Data::new(AlertIndexer::new(source.catalog())),
            expressions: web::Data::default(),
            settings: web::Data::new(settings.web),
            metrics: web::Data::new(metrics),
            security: web::Data::new(security),
            leaving: web::Data::new(Leaving::default()),
            rendered: web::Data::default(),
        };
        let leaving = parts.leaving.clone();
        let following = Task(tokio::spawn(AlertIndexer::clone(&parts.owners).follow()).abort_handle());
        let (readers, operators) = listen(settings.listen, &settings.serving, &parts)?;
        let handle = AppHandle {
            readers: readers.handle(),
            operators: operators.as_ref().map(Listener::handle),
            leaving,
        };
        let reload = Reload::on_hangup(source, backstage.as_ref());
        Ok(Self {
            readers,
            operators,
            handle,
            _watch: watch.ok(),
            _backstage: backstage,
            reload,
            _following: following,
        })
    }

    /// The address that is listened on: with port 0 in the settings, the port that was found.
    pub fn address(&self) -> SocketAddr {
        self.readers.address
    }

    /// The one for operators, if they have one of their own.
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.operators.as_ref().map(|listener| listener.address)
    }

    pub fn handle(&self) -> AppHandle {
        self.handle.clone()
    }

    /// Serves until SIGINT, SIGTERM or the handle ends it, and lets requests in flight end.
    pub async fn run(self) -> io::Result<()> {
        let farewell = tokio::spawn(farewell(self.handle.clone()));
        // Operators are answered until readers are gone, and then no more.
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
        farewell.abort();
        drop(self.reload);
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

/// Opens the listener of readers, and that of operators if there is one.
fn listen(
    address: SocketAddr,
    settings: &ServingSettings,
    parts: &Parts,
) -> Result<(Listener, Option<Listener>), StartError> {
    let files = OpenFiles::raised();
    let most_connections = settings.most_connections.unwrap_or(files.connections);
    tracing::info!(open_files = files.limit, most_connections, "the limit of connections");
    let connections = &parts.metrics.connections;
    let readers = Opening {
        address,
        most_connections,
        workers: None,
        pace: settings.pace,
        refusals: Refusals::new(parts.security.lines()),
        metrics: connections.clone(),
    };
    let operators = settings.admin_listen.map(|address| Opening {
        address,
        most_connections: ADMIN_CONNECTIONS,
        // Not one of those that serve readers, so that it answers while they are busy.
        workers: Some(1),
        metrics: connections.beside("admin"),
        ..readers.clone()
    });
    let whose = if operators.is_some() { Audience::Readers } else { Audience::All };
    let open = |opening: &Opening, audience| {
        let failed = |source| StartError::Listen { address: opening.address, source };
        let parts = parts.clone();
        Listener::open(opening, move || app(&parts, audience)).map_err(failed)
    };
    let operators = operators.map(|opening| open(&opening, Audience::Operators)).transpose()?;
    Ok((open(&readers, whose)?, operators))
}

/// What answers an audience, for one thread.
fn app(
    parts: &Parts,
    audience: Audience,
) -> actix_web::App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody + use<>>,
        Error = actix_web::Error,
        InitError = (),
    > + use<>,
> {
    let parts = parts.clone();
    let prefix = parts.settings.prefix().to_owned();
    actix_web::App::new()
        .app_data(parts.catalog)
        .app_data(parts.monitoring)
        .app_data(parts.owners)
        .app_data(parts.expressions)
        .app_data(parts.settings)
        .app_data(parts.metrics)
        .app_data(parts.security)
        .app_data(parts.leaving)
        .app_data(parts.rendered)
        .configure(routes(&prefix, audience))
        .wrap(from_fn(render))
        .wrap(from_fn(protect))
        .wrap(from_fn(observe))
        .wrap(TracingLogger::<RequestSpan>::new())
}

/// On the first signal to end: not ready, a moment for balancers, then the drain. A second one ends at once.
async fn farewell(handle: AppHandle) {
    let patient = signal_to_end().await;
    handle.leaving.leave();
    tracing::info!("shutting down");
    if patient {
        tokio::select! {
            () = tokio::time::sleep(FAREWELL) => {}
            _ = signal_to_end() => {}
        }
    }
    tokio::select! {
        () = handle.readers.stop(true) => {}
        _ = signal_to_end() => handle.readers.stop(false).await,
    }
}

/// True for SIGTERM, which balancers send; false for SIGINT, behind which somebody waits at a keyboard.
#[cfg(unix)]
async fn signal_to_end() -> bool {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        tracing::warn!("signals cannot be listened to");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => false,
        _ = terminate.recv() => true,
    }
}

#[cfg(not(unix))]
async fn signal_to_end() -> bool {
    if tokio::signal::ctrl_c().await.is_err() {
        return std::future::pending().await;
    }
    false
}

/// The task that reads the catalog again on SIGHUP; ends when dropped.
struct Reload(AbortHandle);

impl Reload {
    #[cfg(unix)]
    fn on_hangup(source: FileSource, backstage: Option<&BackstageSource>) -> Option<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut hangups = signal(SignalKind::hangup()).ok()?;
        let backstage = backstage.map(BackstageSource::waker);
        let task = tokio::spawn(async move {
            while hangups.recv().await.is_some() {
                if let Some(backstage) = &backstage {
                    backstage.notify_one();
                }
                source.reload_aside(clock::now()).await;
            }
        });
        Some(Self(task.abort_handle()))
    }

    #[cfg(not(unix))]
    fn on_hangup(_: FileSource, _: Option<&BackstageSource>) -> Option<Self> {
        None
    }
}

impl Drop for Reload {
    fn drop(&mut self) {
        self.0.abort();
    }
}
