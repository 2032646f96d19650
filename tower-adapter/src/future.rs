//! The response future: collect the body, authenticate, call the inner service.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use countersign::{AuthRequest, AuthenticatedClient, Endpoint, Headers, Reason, Refusal};
use http::header::{CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Request, Response, StatusCode};
use http_body::Body;
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::body::{RequestBody, ResponseBody};
use crate::connection;
use crate::layer::Settings;

pin_project! {
    /// The response of a [`ClientAuthService`](crate::ClientAuthService).
    ///
    /// Dropped at any point it leaves nothing behind, but for a `jti` that was claimed: that stays used.
    pub struct ResponseFuture<S, B>
    where
        S: Service<Request<RequestBody<B>>>,
    {
        service: Option<S>,
        #[pin]
        state: State<S::Future, B>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F, B> {
        Collecting { covered: Option<Covered>, collected: Collected, #[pin] body: B },
        // `unread` was never polled, so it need not stay where it is.
        Authenticating { decision: Decision, unread: Option<B> },
        Inner { #[pin] response: F },
        Refused { refusal: Option<Refusal> },
    }
}

type Decision = Pin<Box<dyn Future<Output = Decided> + Send>>;

/// An optional layer saw this request and handed it on without a client: not the same as no layer at all.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoClient;

/// The request, and what was decided about it: `None` where an optional layer hands it on.
struct Decided {
    parts: Parts,
    body: Bytes,
    outcome: Result<Option<AuthenticatedClient>, Refusal>,
}

impl<S, B> ResponseFuture<S, B>
where
    S: Service<Request<RequestBody<B>>>,
    B: Body<Data = Bytes>,
{
    pub(crate) fn untouched(mut service: S, request: Request<B>) -> Self {
        let response = service.call(request.map(RequestBody::unread));
        ResponseFuture { service: None, state: State::Inner { response } }
    }

    pub(crate) fn covered(
        service: S,
        request: Request<B>,
        endpoint: Endpoint,
        settings: Arc<Settings>,
    ) -> Self {
        let (parts, body) = request.into_parts();
        let covered = Covered { parts, endpoint, settings };
        let state = if covered.settings.headers_only {
            State::Authenticating { decision: covered.decide(None), unread: Some(body) }
        } else if covered.announces_too_much() {
            State::Refused { refusal: Some(covered.refuse(Reason::TooLarge)) }
        } else {
            State::Collecting { covered: Some(covered), collected: Collected::default(), body }
        };
        ResponseFuture { service: Some(service), state }
    }
}

impl<S, B, R> Future for ResponseFuture<S, B>
where
    S: Service<Request<RequestBody<B>>, Response = Response<R>>,
    B: Body<Data = Bytes>,
{
    type Output = Result<Response<ResponseBody<R>>, S::Error>;

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let next = match this.state.as_mut().project() {
                StateProjection::Collecting { covered, collected, body } => {
                    let Some(most) = covered.as_ref().map(Covered::max_body_bytes) else {
                        return Poll::Pending;
                    };
                    let read = ready!(collected.poll(body, most, task));
                    let Some(covered) = covered.take() else { return Poll::Pending };
                    match read {
                        Ok(bytes) => {
                            State::Authenticating { decision: covered.decide(Some(bytes)), unread: None }
                        }
                        Err(reason) => State::Refused { refusal: Some(covered.refuse(reason)) },
                    }
                }
                StateProjection::Authenticating { decision, unread } => {
                    let Decided { mut parts, body, outcome } = ready!(decision.as_mut().poll(task));
                    let body = unread.take().map_or_else(|| RequestBody::read(body), RequestBody::unread);
                    match (outcome, this.service.take()) {
                        (Ok(client), Some(mut service)) => {
                            match client {
                                Some(client) => parts.extensions.insert(client).is_some(),
                                None => parts.extensions.insert(NoClient).is_some(),
                            };
                            State::Inner { response: service.call(Request::from_parts(parts, body)) }
                        }
                        (Err(refusal), _) => State::Refused { refusal: Some(refusal) },
                        (Ok(_), None) => return Poll::Pending,
                    }
                }
                StateProjection::Inner { response } => {
                    return response.poll(task).map_ok(|response| response.map(ResponseBody::inner));
                }
                StateProjection::Refused { refusal } => {
                    return match refusal.take() {
                        Some(refusal) => Poll::Ready(Ok(answer(refusal))),
                        None => Poll::Pending,
                    };
                }
            };
            this.state.set(next);
        }
    }
}

/// A request to a covered endpoint, without its body.
struct Covered {
    parts: Parts,
    endpoint: Endpoint,
    settings: Arc<Settings>,
}

impl Covered {
    fn max_body_bytes(&self) -> usize {
        self.settings.auth.max_body_bytes()
    }

    /// Refused before a byte is read, where the length says so.
    fn announces_too_much(&self) -> bool {
        let length =
            self.parts.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        length.is_some_and(|length| length > self.max_body_bytes() as u64)
    }

    fn refuse(&self, reason: Reason) -> Refusal {
        let headers = Fields(&self.parts.headers);
        self.settings.auth.refuse(&self.request(&headers, Some(Bytes::new())), reason)
    }

    /// The decision, with everything it needs.
    fn decide(self, body: Option<Bytes>) -> Decision {
        Box::pin(async move {
            let headers = Fields(&self.parts.headers);
            let outcome = self.settings.auth.authenticate(self.request(&headers, body.clone())).await;
            let outcome = match outcome {
                Ok(client) => Ok(Some(client)),
                Err(refusal) if self.settings.optional && refusal.reason() == Reason::NoCredentials => {
                    Ok(None)
                }
                Err(refusal) => Err(refusal),
            };
            Decided { parts: self.parts, body: body.unwrap_or_default(), outcome }
        })
    }

    fn request<'r>(&'r self, headers: &'r Fields<'r>, body: Option<Bytes>) -> AuthRequest<'r> {
        let verb = self.parts.method.as_str();
        let request = match body {
            Some(body) => AuthRequest::new(self.endpoint, verb, headers, body),
            None => AuthRequest::headers_only(self.endpoint, verb, headers),
        };
        request
            .with_query(self.parts.uri.query())
            .with_source(self.settings.source.of(&self.parts.extensions))
            .with_certificates(connection::certificates(&self.parts.extensions))
    }
}

/// The header fields of `http` 1, as the core reads them.
struct Fields<'r>(&'r HeaderMap);

impl Headers for Fields<'_> {
    fn each<'h>(&'h self, name: &str, visit: &mut dyn FnMut(&'h [u8])) {
        for value in self.0.get_all(name) {
            visit(value.as_bytes());
        }
    }
}

/// The body so far. Copied only when it comes in several frames.
#[derive(Default)]
struct Collected {
    first: Bytes,
    rest: BytesMut,
}

impl Collected {
    fn poll<B: Body<Data = Bytes>>(
        &mut self,
        mut body: Pin<&mut B>,
        most: usize,
        task: &mut Context<'_>,
    ) -> Poll<Result<Bytes, Reason>> {
        loop {
            match ready!(body.as_mut().poll_frame(task)) {
                None => return Poll::Ready(Ok(self.take())),
                Some(Err(_)) => return Poll::Ready(Err(Reason::BodyUnreadable)),
                Some(Ok(frame)) => {
                    // Trailers carry nothing that a form endpoint reads.
                    if let Ok(data) = frame.into_data() {
                        if self.first.len() + self.rest.len() + data.len() > most {
                            return Poll::Ready(Err(Reason::TooLarge));
                        }
                        self.push(data);
                    }
                }
            }
        }
    }

    fn push(&mut self, data: Bytes) {
        if self.first.is_empty() && self.rest.is_empty() {
            self.first = data;
        } else {
            if self.rest.is_empty() {
                self.rest.extend_from_slice(&self.first);
                self.first = Bytes::new();
            }
            self.rest.extend_from_slice(&data);
        }
    }

    fn take(&mut self) -> Bytes {
        if self.rest.is_empty() { std::mem::take(&mut self.first) } else { self.rest.split().freeze() }
    }
}

/// The public answer. The reason stays beside it in the extensions, for layers outside of this one.
fn answer<R>(refusal: Refusal) -> Response<ResponseBody<R>> {
    let mut response = Response::new(ResponseBody::refusal(refusal.body()));
    *response.status_mut() =
        StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in refusal.headers() {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    response.extensions_mut().insert(refusal);
    response
}
