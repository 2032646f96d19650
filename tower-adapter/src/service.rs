//! The service: decides how a request is to be treated, and starts to.

use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use crate::body::{RequestBody, ResponseBody};
use crate::future::ResponseFuture;
use crate::layer::Settings;

/// An inner service behind a [`ClientAuthLayer`](crate::ClientAuthLayer).
#[derive(Clone, Debug)]
pub struct ClientAuthService<S> {
    inner: S,
    settings: Arc<Settings>,
}

impl<S> ClientAuthService<S> {
    pub(crate) fn new(inner: S, settings: Arc<Settings>) -> Self {
        ClientAuthService { inner, settings }
    }
}

impl<S, B, R> Service<Request<B>> for ClientAuthService<S>
where
    S: Service<Request<RequestBody<B>>, Response = Response<R>> + Clone,
    B: Body<Data = Bytes>,
{
    type Response = Response<ResponseBody<R>>;
    type Error = S::Error;
    type Future = ResponseFuture<S, B>;

    fn poll_ready(&mut self, task: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(task)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The instance that was polled ready is the one to call; its clone need not be ready.
        let clone = self.inner.clone();
        let inner = std::mem::replace(&mut self.inner, clone);
        match self.settings.routes.endpoint(request.uri().path()) {
            Some(endpoint) => ResponseFuture::covered(inner, request, endpoint, Arc::clone(&self.settings)),
            None => ResponseFuture::untouched(inner, request),
        }
    }
}
