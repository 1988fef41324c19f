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
use crate::yaml::{self, Budget, Node};

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
    /// Starts it on a free port, in the runtime that calls.
    pub fn start() -> io::Result<Self> {
        let refusing = tokio::net::TcpSocket::new_v4()?;
        refusing.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let began = clock::now().as_second();
        #[expect(clippy::cast_precision_loss, reason = "seconds of this age of the world fit")]
        let (address, server) = http::serve(Story::beginning(began as f64))?;
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

/// The first document of one of the demo's files; None if it is not valid.
fn document(text: &str) -> Option<Node> {
    yaml::documents(text, &Path::new("demo").into(), &Budget::CONFIG).into_iter().next()?.ok()
}
