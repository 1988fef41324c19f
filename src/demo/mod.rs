//! The Prometheus inside `promenade demo`: real HTTP on loopback, answers from closed-form functions of time.

mod figures;
mod http;
mod queries;
mod rules;
mod steps;
mod waves;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use actix_web::dev::ServerHandle;

pub use waves::Story;

use crate::clock;
use crate::prometheus::Rules;
use crate::yaml::{self, Budget, Node};
use queries::DemoQuery;

/// The catalog that the demo Prometheus has answers for: a name for messages, and its YAML.
pub const CATALOG: (&str, &str) = ("demo/catalog.yaml", include_str!("../../config/demo/catalog.yaml"));

/// A Prometheus that listens on loopback, and beside it an address that refuses every connection.
pub struct DemoPrometheus {
    address: SocketAddr,
    /// Bound and never listening: connections are refused, and nobody else can take the port.
    refusing: tokio::net::TcpSocket,
    server: ServerHandle,
}

impl DemoPrometheus {
    /// Starts it on a free port, in the runtime that calls. An embedded file that cannot be read is an error.
    pub fn start() -> io::Result<Self> {
        let answers = DemoAnswers::read().map_err(io::Error::other)?;
        let refusing = tokio::net::TcpSocket::new_v4()?;
        refusing.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let began = clock::now().as_second();
        #[expect(clippy::cast_precision_loss, reason = "seconds of this age of the world fit")]
        let (address, server) = http::serve(Story::beginning(began as f64), answers)?;
        let handle = server.handle();
        tokio::spawn(server);
        Ok(Self { address, refusing, server: handle })
    }

    /// The address of the HTTP API.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// An address that refuses connections.
    pub fn refusing_address(&self) -> io::Result<SocketAddr> {
        self.refusing.local_addr()
    }

    pub async fn stop(self) {
        self.server.stop(false).await;
    }
}

/// What the demo Prometheus answers from.
struct DemoAnswers {
    queries: Vec<DemoQuery>,
    /// Before their first evaluation.
    rules: Rules,
}

impl DemoAnswers {
    fn read() -> Result<Self, String> {
        Ok(Self { queries: queries::read()?, rules: rules::read()? })
    }
}

/// The first document of one of the demo's files.
fn document(name: &str, text: &str) -> Result<Node, String> {
    match yaml::documents(text, &Path::new(name).into(), &Budget::CONFIG).into_iter().next() {
        Some(Ok(document)) => Ok(document),
        Some(Err(error)) => Err(format!("{name}: {}", error.message)),
        None => Err(format!("{name} is empty")),
    }
}
