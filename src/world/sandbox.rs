//! A gateway on loopback that answers as a profile's examples do, so that a campaign can take its true
//! request path with the real HTTP client, without credentials and without anything leaving the machine.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::HeaderValue;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use crate::provider::Profile;
use crate::provider::exchange;
use crate::provider::mimic::{Incoming as Asked, Mimic};
use crate::world::clock::Clock;

/// The largest request that is read, in bytes.
const MAX_REQUEST_BYTES: usize = 8 * 1024 * 1024;

/// The gateway; it stops, with all its connections, when this is dropped.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    mimic: Arc<Mimic>,
    server: JoinHandle<()>,
}

impl Sandbox {
    /// Starts a gateway for a profile, on a free port of 127.0.0.1, inside the current tokio runtime.
    ///
    /// # Errors
    /// No port, no runtime, or a profile without the examples it takes.
    pub fn start(profile: &Profile) -> io::Result<Self> {
        Self::serve(mimic(profile)?)
    }

    /// The same for questions about what an earlier one accepted: that one is gone, and with it what it knew.
    ///
    /// # Errors
    /// As [`Sandbox::start`].
    pub fn on_another_day(profile: &Profile) -> io::Result<Self> {
        Self::serve(mimic(profile)?.on_another_day())
    }

    fn serve(mimic: Mimic) -> io::Result<Self> {
        let runtime = tokio::runtime::Handle::try_current().map_err(io::Error::other)?;
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let _inside = runtime.enter();
        let listener = TcpListener::from_std(listener)?;
        let mimic = Arc::new(mimic);
        let server = runtime.spawn(accept(listener, Arc::clone(&mimic)));
        Ok(Self { address, mimic, server })
    }

    /// Where it is: give this to [`Profile::with`] as base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many messages it has accepted: recipients, not requests.
    pub fn accepted(&self) -> u64 {
        self.mimic.accepted()
    }

    /// How many requests it has answered, of whatever kind.
    pub fn requests(&self) -> u64 {
        self.mimic.requests()
    }
}

fn mimic(profile: &Profile) -> io::Result<Mimic> {
    Mimic::of(profile).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn accept(listener: TcpListener, mimic: Arc<Mimic>) {
    // Dropped with this task, and every connection with it.
    let mut connections = JoinSet::new();
    let clock = Clock::start();
    loop {
        tokio::select! {
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => {
                // A connection that failed to come about is its client's to report.
                let Ok((stream, _)) = accepted else { continue };
                let _ = stream.set_nodelay(true);
                let mimic = Arc::clone(&mimic);
                connections.spawn(async move {
                    let service = service_fn(move |request| answer(Arc::clone(&mimic), clock, request));
                    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                    // The other side hung up: nothing to do about it here.
                    let _ = connection.await;
                });
            }
        }
    }
}

async fn answer(
    mimic: Arc<Mimic>,
    clock: Clock,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, MAX_REQUEST_BYTES).collect().await else {
        return Ok(plain(413));
    };
    let body = body.to_bytes();
    let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let asked = Asked {
        method: head.method.as_str(),
        path: head.uri.path(),
        query: head.uri.query().unwrap_or_default(),
        header: &header,
        body: &body,
    };
    Ok(to_hyper(mimic.answer(&asked, clock.now().utc)))
}

fn to_hyper(response: exchange::Response) -> Response<Full<Bytes>> {
    let mut answer = plain(response.status);
    for (name, value) in &response.headers {
        let name = hyper::header::HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
            answer.headers_mut().append(name, value);
        }
    }
    *answer.body_mut() = Full::new(Bytes::from(response.body));
    answer
}

fn plain(status: u16) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::new(Bytes::new()));
    *answer.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
    answer
}
