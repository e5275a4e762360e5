//! A link that fails: passes bytes on to a real server, and for a share of the writes lets the request through, waits for
//! the first byte of the answer, and ends both sides.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A proxy.
#[derive(Clone)]
pub struct FaultProxy {
    upstream: SocketAddr,
    share: f64,
    dice: Arc<Mutex<StdRng>>,
    cuts: Arc<AtomicUsize>,
}

impl FaultProxy {
    /// Cuts this share of the writes to `upstream`, drawn by seed.
    #[must_use]
    pub fn new(upstream: SocketAddr, share: f64, seed: u64) -> Self {
        let dice = Arc::new(Mutex::new(StdRng::seed_from_u64(seed)));
        Self { upstream, share, dice, cuts: Arc::default() }
    }

    /// Links cut so far, each after the other side had begun to answer, so after it had accepted.
    #[must_use]
    pub fn cuts(&self) -> usize {
        self.cuts.load(Ordering::SeqCst)
    }

    /// Serves until the listener fails.
    pub async fn serve(&self, listener: TcpListener) -> std::io::Result<()> {
        loop {
            let (client, _) = listener.accept().await?;
            let proxy = self.clone();
            // Broken links are what this is for.
            tokio::spawn(async move { drop(proxy.pass(client).await) });
        }
    }

    fn cuts_now(&self, request: &[u8]) -> bool {
        let writes = request.starts_with(b"POST ") || request.starts_with(b"PUT ");
        writes && self.dice.lock().unwrap_or_else(PoisonError::into_inner).random_bool(self.share)
    }

    async fn pass(&self, mut client: TcpStream) -> std::io::Result<()> {
        let mut server = TcpStream::connect(self.upstream).await?;
        let (mut up, mut down) = ([0; 16 * 1024], [0; 16 * 1024]);
        let mut doomed = false;
        loop {
            tokio::select! {
                read = client.read(&mut up) => {
                    let read = read?;
                    if read == 0 {
                        return Ok(());
                    }
                    doomed |= self.cuts_now(&up[..read]);
                    server.write_all(&up[..read]).await?;
                }
                read = server.read(&mut down) => {
                    let read = read?;
                    if read == 0 {
                        return Ok(());
                    }
                    if doomed {
                        self.cuts.fetch_add(1, Ordering::SeqCst);
                        return Ok(());
                    }
                    client.write_all(&down[..read]).await?;
                }
            }
        }
    }
}
