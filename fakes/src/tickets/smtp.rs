//! A mail server of one kind of patience: takes letters over plain SMTP and keeps them.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What it says where.
#[derive(Debug, Clone, Default)]
pub struct Manner {
    /// The answer to RCPT TO in place of 250.
    pub recipient: Option<&'static str>,
    /// The answer to the letter in place of 250.
    pub letter: Option<&'static str>,
    /// Takes the letter and ends the link without an answer.
    pub cut: bool,
}

/// A letter as taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// MAIL FROM.
    pub from: String,
    /// RCPT TO.
    pub to: Vec<String>,
    /// Headers and body, dots unstuffed.
    pub text: String,
}

/// A running mail server.
#[derive(Clone)]
pub struct MailFake {
    /// Where it listens.
    pub address: SocketAddr,
    letters: Arc<Mutex<Vec<Letter>>>,
}

impl MailFake {
    /// Starts one; it runs until the runtime ends.
    pub async fn start(manner: Manner) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let fake = Self { address: listener.local_addr()?, letters: Arc::default() };
        let told = fake.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (told, manner) = (told.clone(), manner.clone());
                // A client that leaves in the middle is no fault of the server.
                tokio::spawn(async move { drop(told.serve(stream, &manner).await) });
            }
        });
        Ok(fake)
    }

    /// All letters.
    #[must_use]
    pub fn letters(&self) -> Vec<Letter> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn serve(&self, mut stream: TcpStream, manner: &Manner) -> std::io::Result<()> {
        let (read, mut write) = stream.split();
        let mut lines = BufReader::new(read).lines();
        let mut letter = Letter { from: String::new(), to: Vec::new(), text: String::new() };
        write.write_all(b"220 fake ESMTP\r\n").await?;
        while let Some(line) = lines.next_line().await? {
            let said = line.to_ascii_uppercase();
            let answer = match said.split([' ', ':']).next().unwrap_or_default() {
                "EHLO" => "250-fake\r\n250 8BITMIME",
                "HELO" | "RSET" | "NOOP" => "250 ok",
                "MAIL" => {
                    letter.from = line;
                    "250 ok"
                }
                "RCPT" => {
                    letter.to.push(line);
                    manner.recipient.unwrap_or("250 ok")
                }
                "DATA" => {
                    write.write_all(b"354 go on\r\n").await?;
                    while let Some(line) = lines.next_line().await? {
                        if line == "." {
                            break;
                        }
                        letter.text.push_str(line.strip_prefix('.').unwrap_or(&line));
                        letter.text.push_str("\r\n");
                    }
                    if manner.letter.is_none() {
                        self.letters.lock().unwrap_or_else(PoisonError::into_inner).push(letter.clone());
                    }
                    if manner.cut {
                        return Ok(());
                    }
                    manner.letter.unwrap_or("250 taken")
                }
                "QUIT" => {
                    write.write_all(b"221 bye\r\n").await?;
                    return Ok(());
                }
                _ => "502 what?",
            };
            write.write_all(answer.as_bytes()).await?;
            write.write_all(b"\r\n").await?;
        }
        Ok(())
    }
}
