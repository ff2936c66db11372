//! A small HTTP server: what it answers is somebody else's to say. The sandbox is one, and the pages about a process that
//! sends for ever.

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::task::{AbortHandle, JoinHandle, JoinSet};

/// How long a client may take to say what it wants, where it must be quick.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long to wait when the system gives no connection, so that it is not asked for all the time.
const BREATH: Duration = Duration::from_millis(100);

/// What a request is answered with: its head and its body.
pub type Answer = dyn Fn(&Parts, &Bytes) -> Response<Full<Bytes>> + Send + Sync;

/// What is accepted from clients.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The largest body, in bytes.
    pub body: usize,
    /// The most connections at once; others wait.
    pub connections: usize,
    /// Whether a client must be quick to say what it wants, and is sent away when others come and it has not said it.
    pub is_strict: bool,
}

/// It stops, with all its connections, when this is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Server {
    /// Listens at an address, inside the current tokio runtime.
    ///
    /// # Errors
    /// The system's, and none where there is no runtime.
    pub fn start(address: SocketAddr, limits: Limits, answer: Arc<Answer>) -> io::Result<Self> {
        let runtime = tokio::runtime::Handle::try_current().map_err(io::Error::other)?;
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let task = runtime.spawn(accept(listener, limits, answer));
        Ok(Self { address, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A connection.
struct Guest {
    task: AbortHandle,
    /// Whether it has said what it wants.
    is_heard: Arc<AtomicBool>,
}

/// The connection that is silent for longest.
fn silent(guests: &[Guest]) -> Option<usize> {
    guests.iter().position(|one| !one.is_heard.load(Ordering::Relaxed))
}

async fn accept(listener: tokio::net::TcpListener, limits: Limits, answer: Arc<Answer>) {
    // Dropped with this task, and every connection with it.
    let mut connections = JoinSet::new();
    let mut guests: Vec<Guest> = Vec::new();
    loop {
        let is_room = guests.len() < limits.connections || limits.is_strict && silent(&guests).is_some();
        tokio::select! {
            Some(_) = connections.join_next() => guests.retain(|one| !one.task.is_finished()),
            accepted = listener.accept(), if is_room => {
                // A connection that failed to come about is its client's to report.
                let Ok((stream, _)) = accepted else {
                    tokio::time::sleep(BREATH).await;
                    continue;
                };
                if guests.len() >= limits.connections && let Some(at) = silent(&guests) {
                    guests.remove(at).task.abort();
                }
                let is_heard = Arc::<AtomicBool>::default();
                let talk = talk(stream, limits, Arc::clone(&answer), Arc::clone(&is_heard));
                guests.push(Guest { task: connections.spawn(talk), is_heard });
            }
        }
    }
}

async fn talk(stream: tokio::net::TcpStream, limits: Limits, answer: Arc<Answer>, is_heard: Arc<AtomicBool>) {
    let _ = stream.set_nodelay(true);
    let service =
        service_fn(move |request| serve(Arc::clone(&answer), limits, Arc::clone(&is_heard), request));
    let mut http = http1::Builder::new();
    if limits.is_strict {
        http.timer(TokioTimer::new()).header_read_timeout(PATIENCE).keep_alive(false).max_buf_size(16 * 1024);
    }
    // The other side hung up: nothing to do about it here.
    let _ = http.serve_connection(TokioIo::new(stream), service).await;
}

async fn serve(
    answer: Arc<Answer>,
    limits: Limits,
    is_heard: Arc<AtomicBool>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let read = Limited::new(body, limits.body).collect();
    let read = if limits.is_strict {
        tokio::time::timeout(PATIENCE, read).await.ok().and_then(Result::ok)
    } else {
        read.await.ok()
    };
    is_heard.store(true, Ordering::Relaxed);
    Ok(match read {
        Some(body) => answer(&head, &body.to_bytes()),
        None => plain(StatusCode::PAYLOAD_TOO_LARGE, ""),
    })
}

/// An answer of a status and a text.
pub fn plain(status: StatusCode, text: &str) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::new(Bytes::from(text.to_owned())));
    *answer.status_mut() = status;
    answer
}
