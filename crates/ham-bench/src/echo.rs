//! The server of the session bench and of the comparison of WebSocket crates: it answers each request by its own body,
//! with as little work as can be, so that what is measured is the client.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::envelope;
use crate::upgrade;

/// An echo server on a thread and runtime of its own. Ends with the process.
#[derive(Debug)]
pub struct EchoServer {
    address: SocketAddr,
}

impl EchoServer {
    /// Starts it on a free loopback port.
    ///
    /// # Panics
    /// When the machine gives no port or thread.
    #[must_use]
    pub fn start() -> Self {
        let (told, address) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
                told.send(listener.local_addr().expect("a bound socket")).expect("the starter waits");
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::runtime::Handle::current().spawn(serve(stream));
                }
            });
        });
        Self { address: address.recv().expect("the server starts") }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

async fn serve(mut stream: TcpStream) -> io::Result<()> {
    upgrade::accept(&mut stream).await?;
    let mut input = Vec::with_capacity(CHUNK);
    let mut output = Vec::with_capacity(CHUNK);
    loop {
        let mut used = 0;
        while let Some(frame) = ClientFrame::parse(&input[used..]) {
            let payload = used + frame.header..used + frame.header + frame.length;
            used = payload.end;
            unmask(&mut input[payload.clone()], frame.mask);
            match frame.opcode {
                BINARY => answer(&input[payload], &mut output),
                PING => {
                    output.extend_from_slice(&[
                        0x80 | PONG,
                        u8::try_from(frame.length).expect("a control frame"),
                    ]);
                    output.extend_from_slice(&input[payload]);
                }
                CLOSE => {
                    output.extend_from_slice(&[0x80 | CLOSE, 0]);
                    stream.write_all(&output).await?;
                    return stream.shutdown().await;
                }
                _ => {}
            }
            if output.len() >= CHUNK {
                stream.write_all(&output).await?;
                output.clear();
            }
        }
        input.drain(..used);
        if !output.is_empty() {
            stream.write_all(&output).await?;
            output.clear();
        }
        input.reserve(CHUNK);
        if stream.read_buf(&mut input).await? == 0 {
            return Ok(());
        }
    }
}

fn answer(request: &[u8], output: &mut Vec<u8>) {
    let length = request.len() + envelope::GROWTH;
    output.push(0x80 | BINARY);
    match length {
        0..126 => output.push(u8::try_from(length).expect("below 126")),
        126..65536 => {
            output.push(126);
            output.extend_from_slice(&u16::try_from(length).expect("below 65536").to_be_bytes());
        }
        _ => {
            output.push(127);
            output.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    assert!(envelope::answer_to(request, output), "a client sent something else than a request");
}

/// A complete frame from a client at the start of a buffer.
struct ClientFrame {
    opcode: u8,
    header: usize,
    length: usize,
    mask: [u8; 4],
}

impl ClientFrame {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let (length, at) = match bytes.get(1)? & 0x7f {
            126 => (usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?)), 4),
            127 => (usize::try_from(u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)).ok()?, 10),
            length => (usize::from(length), 2),
        };
        let mask = bytes.get(at..at + 4)?.try_into().ok()?;
        let header = at + 4;
        (bytes.len() >= header + length).then_some(Self { opcode: bytes[0] & 0x0f, header, length, mask })
    }
}

fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    let word = u64::from(u32::from_ne_bytes(mask));
    let word = word << 32 | word;
    let mut words = payload.chunks_exact_mut(8);
    for chunk in &mut words {
        let masked = u64::from_ne_bytes((&*chunk).try_into().expect("eight bytes"));
        chunk.copy_from_slice(&(masked ^ word).to_ne_bytes());
    }
    for (byte, key) in words.into_remainder().iter_mut().zip(mask) {
        *byte ^= key;
    }
}

const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// What is read or written at once.
const CHUNK: usize = 256 << 10;
