//! The bodies of the requests handed on and of the responses returned. Named types, so that nothing is boxed.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

pin_project! {
    /// The body of a request that is handed on: the bytes that were read, or the body as it came.
    #[derive(Debug)]
    pub struct RequestBody<B> {
        #[pin]
        kind: RequestKind<B>,
    }
}

pin_project! {
    #[project = RequestProjection]
    #[derive(Debug)]
    enum RequestKind<B> {
        Read { bytes: Option<Bytes> },
        Unread { #[pin] body: B },
    }
}

impl<B> RequestBody<B> {
    pub(crate) fn read(bytes: Bytes) -> Self {
        RequestBody { kind: RequestKind::Read { bytes: (!bytes.is_empty()).then_some(bytes) } }
    }

    pub(crate) fn unread(body: B) -> Self {
        RequestBody { kind: RequestKind::Unread { body } }
    }
}

impl<B: Body<Data = Bytes>> Body for RequestBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self.project().kind.project() {
            RequestProjection::Read { bytes } => {
                Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes))))
            }
            RequestProjection::Unread { body } => body.poll_frame(task),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            RequestKind::Read { bytes } => bytes.is_none(),
            RequestKind::Unread { body } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            RequestKind::Read { bytes } => exactly(bytes.as_ref()),
            RequestKind::Unread { body } => body.size_hint(),
        }
    }
}

pin_project! {
    /// The body of a response: the inner service's, or that of a refusal.
    #[derive(Debug)]
    pub struct ResponseBody<R> {
        #[pin]
        kind: ResponseKind<R>,
    }
}

pin_project! {
    #[project = ResponseProjection]
    #[derive(Debug)]
    enum ResponseKind<R> {
        Refusal { json: Option<Bytes> },
        Inner { #[pin] body: R },
    }
}

impl<R> ResponseBody<R> {
    pub(crate) fn refusal(json: &'static [u8]) -> Self {
        ResponseBody { kind: ResponseKind::Refusal { json: Some(Bytes::from_static(json)) } }
    }

    pub(crate) fn inner(body: R) -> Self {
        ResponseBody { kind: ResponseKind::Inner { body } }
    }
}

impl<R: Body<Data = Bytes>> Body for ResponseBody<R> {
    type Data = Bytes;
    type Error = R::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, R::Error>>> {
        match self.project().kind.project() {
            ResponseProjection::Refusal { json } => {
                Poll::Ready(json.take().map(|json| Ok(Frame::data(json))))
            }
            ResponseProjection::Inner { body } => body.poll_frame(task),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            ResponseKind::Refusal { json } => json.is_none(),
            ResponseKind::Inner { body } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            ResponseKind::Refusal { json } => exactly(json.as_ref()),
            ResponseKind::Inner { body } => body.size_hint(),
        }
    }
}

/// The body of an answer that is ready as a whole.
#[derive(Debug)]
pub struct WholeBody {
    bytes: Option<Bytes>,
}

impl WholeBody {
    pub(crate) fn new(bytes: Bytes) -> Self {
        WholeBody { bytes: (!bytes.is_empty()).then_some(bytes) }
    }
}

impl Body for WholeBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.bytes.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        exactly(self.bytes.as_ref())
    }
}

fn exactly(bytes: Option<&Bytes>) -> SizeHint {
    SizeHint::with_exact(bytes.map_or(0, |bytes| bytes.len() as u64))
}
