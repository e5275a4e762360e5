//! A server that answers with given bytes, and guards that may reach it.

use connectors::guard::Lookup;
use connectors::{Guard, Limits, Policy};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Installs the process's TLS provider, as main does.
pub fn tls() {
    drop(rustls::crypto::ring::default_provider().install_default());
}

/// What a scripted server does with one request.
pub enum Reply {
    /// Writes these bytes and closes.
    Bytes(Vec<u8>),
    /// Writes these bytes, then nothing, with the link open.
    ThenSilence(Vec<u8>),
    /// Closes at once.
    Cut,
}

/// An answer with a length.
pub fn http(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Reply {
    let body = body.as_ref();
    let mut bytes =
        format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n", body.len())
            .into_bytes();
    bytes.extend_from_slice(body);
    Reply::Bytes(bytes)
}

/// A JSON answer.
pub fn json(status: &str, body: &str) -> Reply {
    http(status, "content-type: application/json\r\n", body)
}

/// A server on loopback that counts its connections and keeps the requests.
#[derive(Clone)]
pub struct Server {
    pub address: SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Answers the n-th request (from 0) by script.
    pub async fn start(script: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Self {
        Self::at("127.0.0.1:0".parse().unwrap(), script).await
    }

    pub async fn at(address: SocketAddr, script: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            connections: Arc::default(),
            requests: Arc::default(),
        };
        let (told, script) = (server.clone(), Arc::new(script));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                told.connections.fetch_add(1, Ordering::SeqCst);
                let (told, script) = (told.clone(), script.clone());
                tokio::spawn(async move { told.answer(stream, script.as_ref()).await });
            }
        });
        server
    }

    async fn answer(&self, mut stream: TcpStream, script: &(impl Fn(usize) -> Reply + ?Sized)) {
        let Some(request) = read(&mut stream).await else { return };
        let number = {
            let mut requests = self.requests.lock().unwrap();
            requests.push(request);
            requests.len() - 1
        };
        match script(number) {
            Reply::Cut => {}
            Reply::Bytes(bytes) => {
                drop(stream.write_all(&bytes).await);
                drop(stream.shutdown().await);
            }
            Reply::ThenSilence(bytes) => {
                drop(stream.write_all(&bytes).await);
                std::future::pending::<()>().await;
            }
        }
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    pub fn url(&self, path: &str) -> url::Url {
        url::Url::parse(&format!("http://{}{path}", self.address)).unwrap()
    }

    /// A guard that may reach this server only, as if it were allowed by an operator.
    pub fn guard(&self) -> Guard {
        guard(Policy::allowing([self.address.ip().to_string()]).unwrap(), HashMap::new())
    }
}

async fn read(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok()
            });
            if body.len() >= length.unwrap_or(0) {
                return Some(text);
            }
        }
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => bytes.extend_from_slice(&piece[..read]),
        }
    }
}

/// Names that lead where a test says: each look-up takes the next of its answers, the last one for ever.
pub struct Names {
    answers: HashMap<String, Vec<Vec<IpAddr>>>,
    pub asked: Mutex<Vec<String>>,
}

impl Names {
    pub fn new(answers: HashMap<&str, Vec<Vec<&str>>>) -> Arc<Self> {
        let parse = |ips: Vec<&str>| ips.into_iter().map(|ip| ip.parse().unwrap()).collect();
        let answers = answers
            .into_iter()
            .map(|(name, answers)| (name.to_owned(), answers.into_iter().map(parse).collect()))
            .collect();
        Arc::new(Self { answers, asked: Mutex::default() })
    }
}

#[async_trait::async_trait]
impl Lookup for Names {
    async fn lookup(&self, host: &str) -> std::io::Result<Vec<IpAddr>> {
        let mut asked = self.asked.lock().unwrap();
        let before = asked.iter().filter(|name| *name == host).count();
        asked.push(host.to_owned());
        let answers = self
            .answers
            .get(host)
            .ok_or_else(|| std::io::Error::other(format!("{host} is not known here")))?;
        Ok(answers[before.min(answers.len() - 1)].clone())
    }
}

pub fn limits() -> Limits {
    Limits {
        total: Duration::from_secs(20),
        connect: Duration::from_secs(5),
        answer: 64 * 1024,
        redirects: 3,
    }
}

pub fn guard(policy: Policy, names: HashMap<&str, Vec<Vec<&str>>>) -> Guard {
    tls();
    Guard::with_lookup(policy, limits(), Duration::from_secs(30), Names::new(names)).unwrap()
}
