//! A connection on which the host can send only so much.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper_util::client::legacy::connect::{Connected, Connection};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::error::{FailureKind, FetchError};
use super::limits::MAX_WIRE_OCTETS;

/// Counts every octet below TLS and HTTP. Both have room for what never ends and is no part of a body:
/// session tickets, interim responses, a chunk's length with a million leading zeros.
pub(super) struct Metered {
    stream: TcpStream,
    left: usize,
}

impl Metered {
    pub(super) fn new(stream: TcpStream) -> Self {
        Metered { stream, left: MAX_WIRE_OCTETS }
    }
}

impl AsyncRead for Metered {
    fn poll_read(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(task, buffer))?;
        let came = buffer.filled().len() - before;
        match self.left.checked_sub(came) {
            Some(left) => {
                self.left = left;
                Poll::Ready(Ok(()))
            }
            None => {
                let error =
                    FetchError::new(FailureKind::TooLarge, "the host sends more than any key set needs");
                Poll::Ready(Err(io::Error::other(error)))
            }
        }
    }
}

impl AsyncWrite for Metered {
    fn poll_write(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(task, octets)
    }

    fn poll_flush(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(task)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(task)
    }
}

impl Connection for Metered {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}
