//! A scripted gateway on loopback: each connection meets the next act of the script. It misbehaves in
//! every way that gateways and networks do.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// What happens to one connection.
#[derive(Debug, Clone)]
pub enum Act {
    /// Reads the request and sends these bytes, then closes.
    Answer(Vec<u8>),
    /// Closes without reading a byte.
    Close,
    /// Reads the first byte of the request and resets the connection with the rest unread.
    Reset,
    /// Reads the request, sends these bytes, then stays silent until the gateway is dropped.
    Silence(Vec<u8>),
    /// Sends these bytes whatever the other side says, then closes.
    Blurt(Vec<u8>),
}

/// An answer of status and content type with a body and its true length.
pub fn http(status: u16, content_type: &str, headers: &str, body: &[u8]) -> Act {
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n{headers}\r\n",
        body.len()
    );
    Act::Answer([head.as_bytes(), body].concat())
}

/// A JSON answer.
pub fn json(status: u16, body: &str) -> Act {
    http(status, "application/json", "", body.as_bytes())
}

/// The gateway; stops when dropped.
pub struct Gateway {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    // Dropping it ends every silence.
    hold: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Gateway {
    /// Starts with a script; connections beyond its end are closed.
    pub fn start(script: impl IntoIterator<Item = Act>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (hold, held) = channel();
        let script: Vec<Act> = script.into_iter().collect();
        let seen = Arc::clone(&requests);
        let thread = std::thread::spawn(move || play(&listener, script, &seen, &held));
        Self { address, requests, hold: Some(hold), thread: Some(thread) }
    }

    /// Its base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its base URL for a client that believes in TLS.
    pub fn https(&self) -> String {
        format!("https://{}", self.address)
    }

    /// The requests that were read whole, heads and bodies.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.hold.take();
        // Wakes the listener, which then finds nobody holding it.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn play(listener: &TcpListener, script: Vec<Act>, seen: &Mutex<Vec<String>>, held: &Receiver<()>) {
    let mut script = script.into_iter();
    let mut silent = Vec::new();
    while let Ok((stream, _)) = listener.accept() {
        if matches!(held.try_recv(), Err(std::sync::mpsc::TryRecvError::Disconnected)) {
            return;
        }
        match script.next() {
            Some(Act::Silence(bytes)) => {
                let mut stream = stream;
                seen.lock().unwrap().extend(read_request(&mut stream));
                let _ = stream.write_all(&bytes);
                silent.push(stream);
            }
            Some(act) => perform(act, stream, seen),
            None => {}
        }
    }
}

fn perform(act: Act, mut stream: TcpStream, seen: &Mutex<Vec<String>>) {
    match act {
        Act::Answer(bytes) => {
            seen.lock().unwrap().extend(read_request(&mut stream));
            let _ = stream.write_all(&bytes);
        }
        Act::Reset => {
            // What is left unread makes the close a reset.
            let _ = stream.read(&mut [0]);
        }
        Act::Blurt(bytes) => {
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(&bytes);
        }
        Act::Close | Act::Silence(_) => {}
    }
}

/// Head and body of a request with a content length.
fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
            });
            if body.len() >= length.unwrap_or(0usize) {
                return Some(text);
            }
        }
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
        }
    }
}
