//! Listeners. Their connections are counted, watched, and closed by rules of our own.

mod answer;
mod closing;
mod connection;
mod connections;
mod files;
mod head;
mod pace;
mod refusal;
mod wire;

use std::future::ready;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_http::body::{BoxBody, MessageBody};
use actix_http::error::DispatchError;
use actix_http::{ConnectionType, HttpService, Payload, Protocol, Request, Response};
use actix_server::{GracefulShutdownSignal, Server, ServerBuilder, ServerHandle};
use actix_service::boxed::{self, BoxService, BoxServiceFactory};
use actix_service::{
    IntoServiceFactory, Service as _, ServiceFactory, ServiceFactoryExt as _, apply_fn_factory, fn_service,
    map_config,
};
use actix_web::dev::{AppConfig, ServiceRequest, ServiceResponse};
use futures_util::future::Either;
use socket2::{Domain, Protocol as Transport, Socket, Type};
use tokio::net::TcpStream;

pub use files::{connections_within, raise_file_limit};
pub use pace::Pace;
pub use refusal::Refusals;

use answer::{AnswerGuard, SLICE, Sliced};
use connection::Connection;
use connections::Connections;
use head::{MOST_HEAD, least_length};
use wire::Wire;

use crate::background::Task;
use crate::metrics::ConnectionMetrics;

/// A filter for the log at any level: a client could cause any number of these lines. `/metrics` counts refused
/// requests, except those behind an answer that is still being sent.
pub const NEVER_LOGGED: &str = "actix_http::h1::dispatcher=off";

/// For requests in flight to end, in seconds.
const DRAIN_SECS: u64 = 25;
/// Connections that the kernel holds until they are taken in.
const BACKLOG: i32 = 4_096;

/// How the portal is reached.
#[derive(Clone, Debug, Default)]
pub struct ServingSettings {
    /// `promenade.adminListen`: where operators are answered apart from readers.
    pub admin_listen: Option<SocketAddr>,
    /// Instead of what the limit of open files allows: for tests.
    pub most_connections: Option<usize>,
    pub pace: Pace,
}

/// One listener.
#[derive(Clone, Debug)]
pub struct ListenerSettings {
    pub address: SocketAddr,
    pub most_connections: usize,
    /// Threads that serve; None for one to a core.
    pub workers: Option<usize>,
    pub pace: Pace,
    pub refusals: Refusals,
    pub metrics: ConnectionMetrics,
}

/// A listener and what serves it.
#[must_use]
pub struct Listener {
    pub address: SocketAddr,
    server: Server,
    _deadlines: Task,
}

impl Listener {
    pub fn handle(&self) -> ServerHandle {
        self.server.handle()
    }

    /// Serves until its handle ends it.
    pub async fn run(self) -> io::Result<()> {
        self.server.await
    }

    /// Listens and begins to serve what `app` makes, once for each thread.
    pub fn open(
        settings: &ListenerSettings,
        app: impl Fn() -> AppFactory + Send + Clone + 'static,
    ) -> io::Result<Self> {
        let socket = bound(settings.address)?;
        let address = socket.local_addr()?;
        let connections =
            Arc::new(Connections::new(settings.most_connections, settings.pace, settings.metrics.clone()));
        let builder = builder(settings);
        let shutdown = builder.graceful_shutdown_signal();
        let (pace, refusals, list) = (settings.pace, settings.refusals.clone(), connections.clone());
        let service = move || {
            let http = http(app(), pace, address, shutdown.clone());
            accepting(list.clone(), refusals.clone()).and_then(http)
        };
        let server = builder.listen("promenade", socket, service)?.run();
        Ok(Self { address, server, _deadlines: Task::spawn(connections.keep()) })
    }
}

fn builder(settings: &ListenerSettings) -> ServerBuilder {
    let workers = settings.workers.unwrap_or_else(cores);
    // The list keeps the limit. Connections that are being closed come on top.
    let most = settings.most_connections.saturating_add(settings.most_connections / 8);
    Server::build()
        .shutdown_timeout(DRAIN_SECS)
        .disable_signals()
        .workers(workers)
        .max_concurrent_connections(most.div_ceil(workers).saturating_add(1))
}

/// A request's answer, good or bad.
type AppResponse = Response<BoxBody>;

/// Makes an app for each thread that serves.
pub type AppFactory = BoxServiceFactory<AppConfig, Request, AppResponse, AppResponse, ()>;

/// `known`: what answers some requests in front of the app.
pub fn boxed_app<T, B>(
    app: actix_web::App<T>,
    known: impl Fn(&mut Request) -> Option<AppResponse> + Clone + 'static,
) -> AppFactory
where
    T: ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<B>,
            Error = actix_web::Error,
            InitError = (),
        > + 'static,
    B: MessageBody + 'static,
{
    let app = app.into_factory().map(|answer| Response::from(answer).map_into_boxed_body());
    let app = app.map_err(|error: actix_web::Error| error.error_response().into());
    boxed::factory(apply_fn_factory(app, move |mut request: Request, app: &_| match known(&mut request) {
        Some(answer) => Either::Left(ready(Ok(answer))),
        None => Either::Right(app.call(request)),
    }))
}

/// A connection as the HTTP library takes it: its stream, its protocol, and the address of the other side.
type HttpConnection = (Wire, Protocol, Option<SocketAddr>);

/// Puts a TCP connection on the list, or drops it where the list is full.
fn accepting(
    list: Arc<Connections>,
    refusals: Refusals,
) -> impl ServiceFactory<
    TcpStream,
    Config = (),
    Response = HttpConnection,
    Error = DispatchError,
    InitError = (),
    Service: 'static,
    Future: 'static,
> {
    fn_service(move |stream: TcpStream| {
        let (permit, refusals) = (list.admit(), refusals.clone());
        async move {
            let peer = stream.peer_addr().ok();
            let refused = || DispatchError::Io(io::ErrorKind::ConnectionRefused.into());
            let permit = permit.ok_or_else(refused)?;
            Ok((Wire::new(stream, permit, refusals), Protocol::Http1, peer))
        }
    })
}

/// Reads requests from a connection, and writes what the app answers.
fn http(
    app: AppFactory,
    pace: Pace,
    address: SocketAddr,
    shutdown: GracefulShutdownSignal,
) -> impl ServiceFactory<HttpConnection, Config = (), Response = (), Error = DispatchError, InitError = ()> {
    HttpService::build()
        .graceful_shutdown_signal(move || {
            let shutdown = shutdown.clone();
            async move { shutdown.notified().await }
        })
        .keep_alive(pace.keep_alive)
        // The list looks at heads, of the first request and of later ones.
        .client_request_timeout(Duration::ZERO)
        .client_disconnect_timeout(pace.closing)
        // A viewer who leaves takes the handler along; what it fetches goes on in the store.
        .h1_allow_half_closed(false)
        .h1_write_buffer_size(SLICE)
        .local_addr(address)
        .on_connect_ext(|wire: &Wire, data| {
            data.insert(wire.connection().clone());
        })
        .finish(map_config(apply_fn_factory(app, answered), |_| AppConfig::default()))
}

/// Calls the app. Marks on the connection when the request begins and when its answer is whole.
fn answered(
    mut request: Request,
    app: &BoxService<Request, AppResponse, AppResponse>,
) -> impl Future<Output = Result<Response<Sliced>, AppResponse>> + use<> {
    let has_body = !matches!(request.payload(), Payload::None);
    let connection = request.conn_data::<Arc<Connection>>().cloned();
    if let Some(connection) = connection.as_ref().filter(|_| least_length(request.head()) > MOST_HEAD) {
        connection.meet_long_head();
    }
    // What the library read behind a connection's last request is not answered, nor is a head too long that came
    // while another request was answered; the connection ends.
    let is_behind =
        connection.as_ref().is_some_and(|connection| connection.is_last() || connection.has_long_head());
    let guard =
        connection.clone().filter(|_| !is_behind).map(|connection| AnswerGuard::begin(connection, has_body));
    let is_last = connection.is_some_and(|connection| connection.is_last());
    let answer = (!is_behind).then(|| app.call(request));
    async move {
        let Some(answer) = answer else { return std::future::pending().await };
        let mut answer = answer.await?;
        if is_last {
            answer.head_mut().set_connection_type(ConnectionType::Close);
        }
        Ok(answer.map_body(|_, body| Sliced::new(body, guard)))
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZeroUsize::get)
}

fn bound(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Transport::TCP))?;
    // A restart can bind the port at once.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}
