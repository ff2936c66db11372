//! A gateway on loopback that answers as a profile's examples do, so that a campaign can take its true
//! request path with the real HTTP client, without credentials and without anything leaving the machine.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::HeaderValue;
use hyper::http::request::Parts;
use hyper::{Response, StatusCode};

use crate::provider::Profile;
use crate::provider::exchange;
use crate::provider::mimic::{Incoming as Asked, Mimic};
use crate::world::clock::Clock;
use crate::world::server::{Limits, Server, plain};

/// The largest request that is read, in bytes.
const MAX_REQUEST_BYTES: usize = 8 * 1024 * 1024;
/// Our own client, and nobody else.
const LIMITS: Limits = Limits { body: MAX_REQUEST_BYTES, connections: usize::MAX, is_strict: false };

/// The gateway; it stops, with all its connections, when this is dropped.
#[derive(Debug)]
pub struct Sandbox {
    mimic: Arc<Mimic>,
    server: Server,
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
        let mimic = Arc::new(mimic);
        let (asked, clock) = (Arc::clone(&mimic), Clock::start());
        let answer = move |head: &Parts, body: &Bytes| answer(&asked, clock, head, body);
        let server = Server::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), LIMITS, Arc::new(answer))?;
        Ok(Self { mimic, server })
    }

    /// Where it is: give this to [`Profile::with`] as base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.server.address())
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

fn answer(mimic: &Mimic, clock: Clock, head: &Parts, body: &Bytes) -> Response<Full<Bytes>> {
    let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let asked = Asked {
        method: head.method.as_str(),
        path: head.uri.path(),
        query: head.uri.query().unwrap_or_default(),
        header: &header,
        body,
    };
    to_hyper(mimic.answer(&asked, clock.now().utc))
}

fn to_hyper(response: exchange::Response) -> Response<Full<Bytes>> {
    let status = StatusCode::from_u16(response.status).unwrap_or_default();
    let mut answer = plain(status, "");
    for (name, value) in &response.headers {
        let name = hyper::header::HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
            answer.headers_mut().append(name, value);
        }
    }
    *answer.body_mut() = Full::new(Bytes::from(response.body));
    answer
}
