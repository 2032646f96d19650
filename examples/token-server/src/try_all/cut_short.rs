//! A request whose body breaks off, which no HTTP client would send.

use std::io;

use bytes::Bytes;
use hyper::Response;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// Sends this and no more, and reads the answer, which must be the last of the connection.
pub(super) async fn exchange(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    begun: &str,
) -> io::Result<Response<Bytes>> {
    stream.write_all(begun.as_bytes()).await?;
    stream.shutdown().await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    read(&answer).ok_or_else(|| io::Error::new(io::ErrorKind::UnexpectedEof, "no answer"))
}

fn read(answer: &[u8]) -> Option<Response<Bytes>> {
    let end = answer.windows(END_OF_HEAD.len()).position(|octets| octets == END_OF_HEAD)?;
    let (head, body) = (answer.get(..end)?, answer.get(end + END_OF_HEAD.len()..)?);
    let mut lines = std::str::from_utf8(head).ok()?.split("\r\n");
    let mut response = Response::builder().status(lines.next()?.split(' ').nth(1)?);
    for line in lines {
        let (name, value) = line.split_once(':')?;
        response = response.header(name, value.trim());
    }
    response.body(Bytes::copy_from_slice(body)).ok()
}

const END_OF_HEAD: &[u8] = b"\r\n\r\n";
