//! What a process that sends every campaign shows of itself over HTTP: whether it is well, how much of what there is, and
//! what each campaign does. Only for looking.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};

use crate::commands::exit::Failure;
use crate::delivery::state::State;
use crate::report::fleet::{FleetReport, Latency, Messages};
use crate::store::sqlite::Sqlite;
use crate::store::{Counts, Store};
use crate::world::clock::Clock;
use crate::world::gauges::{BOUNDS_MS, Gauges};
use crate::world::server::{Limits, Server, plain};

/// A loop that has not turned for so long is stuck.
const STUCK: Duration = Duration::from_secs(10);
/// For so long the counts of the last look will do.
const FRESH: Duration = Duration::from_secs(1);
const LIMITS: Limits = Limits { body: 1024, connections: 32, is_strict: true };

/// What the loop tells of itself.
#[derive(Debug, Default)]
pub struct Board {
    /// What all campaigns do, but for their messages.
    pub report: FleetReport,
    /// When the loop turned last.
    pub beat: Duration,
}

/// See the module.
#[derive(Debug)]
pub struct Monitor {
    board: Arc<Mutex<Board>>,
    store: Arc<Mutex<Option<Sqlite>>>,
    server: Server,
}

impl Drop for Monitor {
    /// The connection to the state is closed now, and not when the last page was written.
    fn drop(&mut self) {
        drop(self.store.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// When it was counted, and the counts of each campaign.
type Counted = (Option<Duration>, Vec<(String, Counts)>);

struct Pages {
    board: Arc<Mutex<Board>>,
    store: Arc<Mutex<Option<Sqlite>>>,
    /// What was counted, and when.
    counts: Mutex<Counted>,
    gauges: Arc<Gauges>,
    clock: Clock,
}

impl Monitor {
    /// Listens at an address, inside the current tokio runtime.
    pub fn start(
        address: SocketAddr,
        store: Sqlite,
        gauges: Arc<Gauges>,
        clock: Clock,
    ) -> Result<Self, Failure> {
        let board = Arc::new(Mutex::new(Board { beat: clock.now().elapsed, ..Board::default() }));
        let store = Arc::new(Mutex::new(Some(store)));
        let counts = Mutex::default();
        let pages = Pages { board: Arc::clone(&board), store: Arc::clone(&store), counts, gauges, clock };
        let answer = Arc::new(move |head: &Parts, _: &Bytes| pages.answer(head));
        let server = Server::start(address, LIMITS, answer);
        let server =
            server.map_err(|error| Failure::Input(format!("cannot listen at {address}: {error}")))?;
        Ok(Self { board, store, server })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The loop has turned.
    pub fn tell(&self, change: impl FnOnce(&mut Board)) {
        change(&mut self.board.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Pages {
    fn answer(&self, head: &Parts) -> Response<Full<Bytes>> {
        let mut answer = if head.method == Method::GET || head.method == Method::HEAD {
            self.page(head.uri.path())
        } else {
            let mut refused = plain(StatusCode::METHOD_NOT_ALLOWED, "only for looking\n");
            refused.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            refused
        };
        answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        answer
    }

    fn page(&self, path: &str) -> Response<Full<Bytes>> {
        let (kind, status, text) = match path {
            "/healthz" => {
                let (status, text) = self.health();
                ("text/plain; charset=utf-8", status, text)
            }
            "/metrics" => {
                let read = self.gauges.read();
                let bounds = BOUNDS_MS.iter().map(|bound| Duration::from_millis(*bound));
                let latency =
                    Latency { up_to: bounds.zip(read.up_to).collect(), count: read.count, sum: read.sum };
                let text = self.report().metrics(&latency, read.credentials);
                ("text/plain; version=0.0.4; charset=utf-8", StatusCode::OK, text)
            }
            "/status.json" => ("application/json", StatusCode::OK, self.report().json()),
            _ => {
                let text = "there are /healthz, /metrics and /status.json\n".to_owned();
                ("text/plain; charset=utf-8", StatusCode::NOT_FOUND, text)
            }
        };
        let mut answer = plain(status, &text);
        answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        answer
    }

    fn health(&self) -> (StatusCode, String) {
        let board = self.board.lock().unwrap_or_else(PoisonError::into_inner);
        let stuck = self.clock.now().elapsed.saturating_sub(board.beat);
        let ill = if stuck > STUCK {
            Some(format!("nothing has happened for {} s\n", stuck.as_secs()))
        } else {
            (!board.report.writable).then(|| "the state cannot be written\n".to_owned())
        };
        match ill {
            Some(why) => (StatusCode::SERVICE_UNAVAILABLE, why),
            None => (StatusCode::OK, "ok\n".to_owned()),
        }
    }

    fn report(&self) -> FleetReport {
        let mut report = self.board.lock().unwrap_or_else(PoisonError::into_inner).report.clone();
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now().elapsed;
        if counts.0.is_none_or(|looked| now >= looked + FRESH) {
            // Those of the last look, where the state cannot be read: that is told elsewhere.
            let store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(totals) = store.as_ref().and_then(|store| store.totals().ok()) {
                counts.1 = totals;
            }
            counts.0 = Some(now);
        }
        for line in &mut report.campaigns {
            if let Some((_, counts)) = counts.1.iter().find(|(name, _)| *name == line.campaign) {
                line.messages = messages(counts);
            }
        }
        report
    }
}

/// Intents of a live process are on their way.
fn messages(counts: &Counts) -> Messages {
    Messages {
        planned: counts.planned,
        pending: counts.of(State::Pending) + counts.of(State::Intent),
        accepted: counts.of(State::Accepted),
        rejected: counts.of(State::Rejected),
        unknown: counts.of(State::Unknown),
        held: counts.of(State::Held),
        suppressed: counts.of(State::Suppressed),
        expired: counts.of(State::Expired),
        delivered: counts.delivered,
        failed: counts.failed,
    }
}
