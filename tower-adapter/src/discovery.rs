//! The server's metadata as a service.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use bytes::Bytes;
use countersign::discovery::{AuthorizationServerMetadata, Document};
use http::header::CONTENT_LENGTH;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use tower_service::Service;

use crate::body::WholeBody;

/// Answers GET and HEAD with the server's metadata ([RFC 8414 §3](https://www.rfc-editor.org/rfc/rfc8414#section-3)), at
/// whatever path it is put; other verbs with 405. Every origin may read the document, and keep it for five minutes.
///
/// It belongs outside of a [`ClientAuthLayer`](crate::ClientAuthLayer) that covers every path.
///
/// ```
/// use countersign::discovery::AuthorizationServerMetadata;
/// use countersign_tower::Discovery;
///
/// # #[cfg(feature = "axum")]
/// # fn example(auth: &countersign::Authenticator) -> Result<axum::Router, countersign::ConfigError> {
/// let metadata = AuthorizationServerMetadata::of(auth)?.with("jwks_uri", "https://as.example.com/jwks")?;
/// let discovery = Discovery::new(&metadata);
/// let app = axum::Router::new()
///     .route_service(&metadata.oauth_authorization_server_path(), discovery.clone())
///     .route_service(&metadata.openid_configuration_path(), discovery);
/// # Ok(app)
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Discovery {
    document: Document,
}

impl Discovery {
    /// Serves this document.
    pub fn new(metadata: &AuthorizationServerMetadata) -> Self {
        Discovery { document: metadata.document() }
    }
}

impl<B> Service<Request<B>> for Discovery {
    type Response = Response<WholeBody>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        ready(Ok(answer(&self.document, request.method())))
    }
}

fn answer(document: &Document, verb: &Method) -> Response<WholeBody> {
    let answer = document.answer(verb.as_str());
    let length = answer.body.len();
    // Not every server leaves the body of an answer to HEAD out.
    let body = if verb == Method::HEAD { Bytes::new() } else { answer.body };
    let mut response = Response::new(WholeBody::new(body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in answer.headers {
        response.headers_mut().insert(*name, HeaderValue::from_static(value));
    }
    response.headers_mut().insert(CONTENT_LENGTH, length.into());
    response
}
