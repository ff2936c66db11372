//! A gateway on loopback that speaks MobiConnect, or a dialect that a test gives it, over real sockets. It
//! remembers whom it accepted, and misbehaves where a test tells it to.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Instant;

use serde_json::{Value, json};

/// A request as it came in.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub authorization: String,
    pub headers: Vec<String>,
    pub body: Value,
    /// The body as it came.
    pub raw: String,
    /// When it was read.
    pub at: Instant,
    /// Which send request this is, from 1; 0 for others.
    pub send: u32,
}

impl Request {
    pub fn recipients(&self) -> Vec<String> {
        let list = self.body["recipients"].as_array().cloned().unwrap_or_default();
        list.iter().map(|one| one.as_str().unwrap().to_owned()).collect()
    }
}

/// What a test makes the gateway do in place of its usual answer.
pub enum Reply {
    /// This status and JSON.
    Json(u16, Value),
    /// These bytes, then close.
    Raw(Vec<u8>),
    /// These bytes, a whole answer; the connection stays.
    Whole(Vec<u8>),
    /// The usual answer (the messages are accepted), then what the closure does.
    UsualThen(Box<dyn FnOnce() + Send>),
    /// Accept the messages, then close without a byte.
    AcceptAndClose,
    /// Wait for [`Loopback::release`], then answer as usual.
    Wait,
    /// Wait for [`Loopback::release`], then give this whole answer.
    WaitThen(Vec<u8>),
}

/// Somebody who is asked for in a request.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The digits of the number.
    pub digits: String,
    pub text: String,
    /// The key, where the request has one.
    pub key: String,
}

/// How requests and answers look at another gateway than the usual one.
pub trait Dialect: Send + Sync {
    /// Whom a request asks for.
    fn asked(&self, request: &Request) -> Vec<Asked>;

    /// The whole answer that accepts these, with their ids.
    fn accepts(&self, all: &[(Asked, String)]) -> Vec<u8>;
}

type Hook = dyn Fn(&Request) -> Option<Reply> + Send + Sync;

struct Shared {
    hook: Box<Hook>,
    dialect: Option<Box<dyn Dialect>>,
    accepted: Mutex<BTreeMap<String, u32>>,
    texts: Mutex<BTreeMap<String, String>>,
    requests: Mutex<Vec<Request>>,
    tokens: Mutex<BTreeSet<String>>,
    issued: AtomicU32,
    ids: AtomicU32,
    sends: AtomicU32,
    gate: (Mutex<bool>, Condvar),
    waiting: (Mutex<u32>, Condvar),
    closed: AtomicBool,
}

/// The gateway; it stops taking connections when dropped.
pub struct Loopback {
    shared: Arc<Shared>,
    address: std::net::SocketAddr,
}

impl Loopback {
    /// A gateway that does nothing wrong.
    pub fn start() -> Self {
        Self::with(|_| None)
    }

    /// A gateway with a hook on every request.
    pub fn with(hook: impl Fn(&Request) -> Option<Reply> + Send + Sync + 'static) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").unwrap(), hook)
    }

    /// One of another dialect, with a hook.
    pub fn of(
        dialect: impl Dialect + 'static,
        hook: impl Fn(&Request) -> Option<Reply> + Send + Sync + 'static,
    ) -> Self {
        Self::listening(TcpListener::bind("127.0.0.1:0").unwrap(), Some(Box::new(dialect)), hook)
    }

    /// The same on a listener that is open already.
    pub fn on(
        listener: TcpListener,
        hook: impl Fn(&Request) -> Option<Reply> + Send + Sync + 'static,
    ) -> Self {
        Self::listening(listener, None, hook)
    }

    fn listening(
        listener: TcpListener,
        dialect: Option<Box<dyn Dialect>>,
        hook: impl Fn(&Request) -> Option<Reply> + Send + Sync + 'static,
    ) -> Self {
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            hook: Box::new(hook),
            dialect,
            accepted: Mutex::default(),
            texts: Mutex::default(),
            requests: Mutex::default(),
            tokens: Mutex::default(),
            issued: AtomicU32::new(0),
            ids: AtomicU32::new(0),
            sends: AtomicU32::new(0),
            gate: (Mutex::new(false), Condvar::new()),
            waiting: (Mutex::new(0), Condvar::new()),
            closed: AtomicBool::new(false),
        });
        let server = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if server.closed.load(Ordering::SeqCst) {
                    return;
                }
                let connection = Arc::clone(&server);
                std::thread::spawn(move || stream.map(|stream| connection.serve(stream)));
            }
        });
        Self { shared, address }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How often each recipient was accepted.
    pub fn accepted(&self) -> BTreeMap<String, u32> {
        self.shared.accepted.lock().unwrap().clone()
    }

    /// Fails unless nobody was accepted twice; answers how many were.
    pub fn accepted_once(&self) -> u64 {
        let accepted = self.accepted();
        let twice: Vec<_> = accepted.iter().filter(|(_, times)| **times > 1).collect();
        assert!(twice.is_empty(), "accepted more than once: {twice:?}");
        accepted.len() as u64
    }

    pub fn text_of(&self, recipient: &str) -> Option<String> {
        self.shared.texts.lock().unwrap().get(recipient).cloned()
    }

    pub fn requests(&self) -> Vec<Request> {
        self.shared.requests.lock().unwrap().clone()
    }

    pub fn count(&self, path: &str) -> usize {
        self.requests().iter().filter(|request| request.path == path).count()
    }

    /// Lets everything that waits go on, now and from now on.
    pub fn release(&self) {
        *self.shared.gate.0.lock().unwrap() = true;
        self.shared.gate.1.notify_all();
    }

    /// Blocks until so many requests wait at the gate.
    pub fn until_waiting(&self, many: u32) {
        let (count, changed) = &self.shared.waiting;
        let _ready = changed.wait_while(count.lock().unwrap(), |count| *count < many).unwrap();
    }

    /// Whether a request waits at the gate.
    pub fn is_waited_at(&self) -> bool {
        *self.shared.waiting.0.lock().unwrap() > 0
    }

    /// A handle that makes every token issued so far worthless.
    pub fn forget_tokens(&self) {
        self.shared.tokens.lock().unwrap().clear();
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        self.release();
        self.shared.closed.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream.try_clone()?);
        let mut writer = stream;
        while let Some(mut request) = read(&mut reader)? {
            if !request.path.starts_with("/api/auth") {
                request.send = self.sends.fetch_add(1, Ordering::SeqCst) + 1;
            }
            self.requests.lock().unwrap().push(request.clone());
            let (reply, then): (_, Option<Box<dyn FnOnce() + Send>>) = match (self.hook)(&request) {
                None => (self.usual(&request), None),
                Some(Reply::Json(status, body)) => (answer(status, &body), None),
                Some(Reply::Raw(bytes)) => return writer.write_all(&bytes),
                Some(Reply::Whole(bytes)) => (bytes, None),
                Some(Reply::UsualThen(then)) => (self.usual(&request), Some(then)),
                Some(Reply::AcceptAndClose) => {
                    self.usual(&request);
                    return Ok(());
                }
                Some(Reply::WaitThen(bytes)) => {
                    self.wait();
                    (bytes, None)
                }
                Some(Reply::Wait) => {
                    self.wait();
                    (self.usual(&request), None)
                }
            };
            writer.write_all(&reply)?;
            if let Some(then) = then {
                then();
            }
        }
        Ok(())
    }

    fn wait(&self) {
        *self.waiting.0.lock().unwrap() += 1;
        self.waiting.1.notify_all();
        let _open = self.gate.1.wait_while(self.gate.0.lock().unwrap(), |open| !*open).unwrap();
    }

    fn usual(&self, request: &Request) -> Vec<u8> {
        match request.path.as_str() {
            "/api/auth" | "/api/auth/refresh" => {
                let token = format!("token-{}", self.issued.fetch_add(1, Ordering::SeqCst));
                self.tokens.lock().unwrap().insert(format!("Bearer {token}"));
                answer(200, &granted(&token))
            }
            _ if self.wants_token(request)
                && !self.tokens.lock().unwrap().contains(&request.authorization) =>
            {
                answer(401, &json!({"status": "error", "data": null, "message": "Unauthorized"}))
            }
            _ => match &self.dialect {
                None => answer(200, &self.accept(request)),
                Some(dialect) => self.accept_in(dialect.as_ref(), request),
            },
        }
    }

    /// Other dialects want one only where they have given one.
    fn wants_token(&self, request: &Request) -> bool {
        self.dialect.is_none() || request.authorization.starts_with("Bearer ")
    }

    fn accept_in(&self, dialect: &dyn Dialect, request: &Request) -> Vec<u8> {
        let accepted = dialect.asked(request).into_iter().map(|asked| {
            *self.accepted.lock().unwrap().entry(asked.digits.clone()).or_default() += 1;
            self.texts.lock().unwrap().insert(asked.digits.clone(), asked.text.clone());
            let id = format!("m-{}", self.ids.fetch_add(1, Ordering::SeqCst) + 1);
            (asked, id)
        });
        dialect.accepts(&accepted.collect::<Vec<_>>())
    }

    fn accept(&self, request: &Request) -> Value {
        let text = request.body["message"].as_str().unwrap().to_owned();
        let records = request.recipients().into_iter().map(|recipient| {
            *self.accepted.lock().unwrap().entry(recipient.clone()).or_default() += 1;
            self.texts.lock().unwrap().insert(recipient.clone(), text.clone());
            json!({"id": self.ids.fetch_add(1, Ordering::SeqCst) + 1, "recipient": recipient, "message": text,
                   "status": null, "processedStatus": "NEW", "attempts": 0, "sentResponseStatus": "200 OK"})
        });
        // In the reverse order: results are matched by address, never by position.
        let mut records: Vec<Value> = records.collect();
        records.reverse();
        json!({"status": "success", "data": records, "message": "Sms scheduled successfully!"})
    }
}

/// A log-in's answer.
pub fn granted(token: &str) -> Value {
    json!({"status": "success", "message": "Successfully authenticated the user", "data": {
        "access_token": token, "expires_in": 3600, "refresh_token": format!("refresh-of-{token}"),
        "refresh_expires_in": 1800, "token_type": "bearer"}})
}

/// A whole HTTP answer.
pub fn answer(status: u16, body: &Value) -> Vec<u8> {
    answer_with(status, "", body)
}

/// The same with more headers, each with its line break.
pub fn answer_with(status: u16, headers: &str, body: &Value) -> Vec<u8> {
    whole(status, &format!("Content-Type: application/json\r\n{headers}"), &body.to_string())
}

/// The same with any body.
pub fn whole(status: u16, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

fn read(reader: &mut BufReader<TcpStream>) -> std::io::Result<Option<Request>> {
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let line = line.trim_end().to_owned();
        if line.is_empty() {
            break;
        }
        head.push(line);
    }
    let value = |name: &str| {
        head.iter().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    };
    let length: usize = value("content-length").map_or(0, |text| text.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some(Request {
        method: head[0].split(' ').next().unwrap().to_owned(),
        path: head[0].split(' ').nth(1).unwrap().to_owned(),
        authorization: value("authorization").unwrap_or_default(),
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
        raw: String::from_utf8_lossy(&body).into_owned(),
        at: Instant::now(),
        headers: head,
        send: 0,
    }))
}
