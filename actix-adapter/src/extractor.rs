//! The client as an extractor.

use std::fmt;
use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use actix_web::http::{StatusCode, Version};
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, ResponseError};
use bytes::Bytes;
use countersign::{AuthenticatedClient, Authenticator, ConfigError, Endpoint, Refusal, Routes};
use futures_channel::oneshot;
use futures_util::future::LocalBoxFuture;
use futures_util::{FutureExt, StreamExt};

use crate::answer::RefusedRequest;
use crate::collect::collect;
use crate::request;

/// The authenticated client of this request.
///
/// Behind a [`ClientAuthMiddleware`](crate::ClientAuthMiddleware) it is handed over. Without one this extractor does
/// the whole work, under the [`ClientAuthConfig`] in the application's data. Then it must be the first argument that
/// takes the body, and taken once; those after it (`web::Form`, `web::Bytes`) get the body as it came. `web::Form`
/// reads at most 16 KiB unless its own limit is raised.
///
/// Do not take `Option<ClientAuth>` without a middleware: actix makes every error of it `None`, a wrong secret too.
///
/// ```
/// use actix_web::{App, web};
/// use countersign::{AuthMethod, Authenticator, Client, secret::ClientSecret, store::Clients};
/// use countersign_actix::{ClientAuth, ClientAuthConfig};
///
/// async fn token(client: ClientAuth) -> String {
///     format!("a token for {}", client.client_id())
/// }
///
/// # let billing = Client::new("billing").with_method(AuthMethod::NONE);
/// let auth = Authenticator::builder().issuer("https://as.example.com").clients(Clients::new([billing])?).build()?;
/// let app = move || {
///     App::new().app_data(ClientAuthConfig::new(auth.clone())).route("/token", web::post().to(token))
/// };
/// # let _ = app();
/// # Ok::<(), countersign::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ClientAuth(pub AuthenticatedClient);

impl Deref for ClientAuth {
    type Target = AuthenticatedClient;

    fn deref(&self) -> &AuthenticatedClient {
        &self.0
    }
}

/// What the [`ClientAuth`] extractor needs when no middleware did the work.
#[derive(Clone, Debug)]
#[must_use]
pub struct ClientAuthConfig {
    auth: Authenticator,
    routes: Routes,
}

impl ClientAuthConfig {
    /// Every route is the endpoint whose URL [`Authenticator`] was given, else the token endpoint.
    pub fn new(auth: Authenticator) -> Self {
        ClientAuthConfig { routes: Routes::everywhere(&auth), auth }
    }

    /// Every route under this configuration is this endpoint.
    pub fn endpoint(mut self, endpoint: Endpoint) -> Self {
        self.routes = Routes::every(endpoint);
        self
    }

    /// These paths, and those of an earlier call, are these endpoints. On any other path the extractor answers 500.
    ///
    /// # Errors
    /// [`ConfigError`] for paths that would cover less than they seem to, see [`Routes::by_path`].
    pub fn routes<P: AsRef<str>>(
        mut self,
        routes: impl IntoIterator<Item = (P, Endpoint)>,
    ) -> Result<Self, ConfigError> {
        self.routes = self.routes.and(routes)?;
        Ok(self)
    }
}

impl FromRequest for ClientAuth {
    type Error = ClientAuthError;
    type Future = LocalBoxFuture<'static, Result<Self, ClientAuthError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if let Some(client) = request.extensions().get::<AuthenticatedClient>() {
            // A middleware outside may have taken the request for one to another endpoint.
            let own = request
                .app_data::<ClientAuthConfig>()
                .and_then(|own| request::endpoint(&own.routes, request));
            if own.is_some_and(|own| own != client.endpoint()) {
                return Box::pin(async { Err(ClientAuthError::EndpointMismatch) });
            }
            let client = client.clone();
            return Box::pin(async move { Ok(ClientAuth(client)) });
        }
        let Some(config) = request.app_data::<ClientAuthConfig>().cloned() else {
            return Box::pin(async { Err(ClientAuthError::NotConfigured) });
        };
        let Some(endpoint) = request::endpoint(&config.routes, request) else {
            return Box::pin(async { Err(ClientAuthError::NotConfigured) });
        };
        let mut own = payload.take();
        // An absent body and one that another extractor took look alike, but for what the headers announce.
        if matches!(own, Payload::None) && announces_a_body(request) {
            return Box::pin(async { Err(ClientAuthError::BodyTaken) });
        }
        let (give, given) = oneshot::channel();
        *payload = later(given);
        let request = request.clone();
        Box::pin(async move {
            let body = collect(&mut own, request.headers(), config.auth.max_body_bytes()).await;
            let bytes = body.clone().unwrap_or_default();
            let client = request::decide(&config.auth, &request, endpoint, body)
                .await
                .map_err(ClientAuthError::Refused)?;
            // Whoever takes the body next waits for this.
            let _ = give.send(bytes);
            Ok(ClientAuth(client))
        })
    }
}

/// A body that is there once the client is known, for the extractors after this one.
fn later(given: oneshot::Receiver<Bytes>) -> Payload {
    let stream = given.into_stream().map(|bytes| bytes.map_err(|_| PayloadError::Incomplete(None)));
    Payload::Stream {
        payload: Box::pin(stream.filter(|bytes| {
            let is_empty = matches!(bytes, Ok(bytes) if bytes.is_empty());
            std::future::ready(!is_empty)
        })),
    }
}

fn announces_a_body(request: &HttpRequest) -> bool {
    // Over HTTP/2 actix always has a payload, so that none means taken.
    if request.version() == Version::HTTP_2 {
        return true;
    }
    let headers = request.headers();
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    length.is_some_and(|length| length > 0) || headers.contains_key(TRANSFER_ENCODING)
}

/// Why [`ClientAuth`] could not be extracted.
#[derive(Debug)]
#[non_exhaustive]
pub enum ClientAuthError {
    /// The client was not authenticated. Answered as the refusal says.
    Refused(Refusal),
    /// No middleware covers the route, and the application's data has no [`ClientAuthConfig`] that does: a bug of
    /// the server, so 500.
    NotConfigured,
    /// A middleware authenticated the client for another endpoint than this extractor's [`ClientAuthConfig`] names: a
    /// bug of the server, so 500.
    EndpointMismatch,
    /// An extractor before this one took the body: a bug of the server, so 500.
    BodyTaken,
}

impl fmt::Display for ClientAuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClientAuthError::Refused(refusal) => refusal.fmt(f),
            ClientAuthError::NotConfigured => f.write_str(
                "ClientAuth was extracted on a route that neither a ClientAuthMiddleware nor a ClientAuthConfig covers: \
                 wrap the route, or add .app_data(ClientAuthConfig::new(auth))",
            ),
            ClientAuthError::EndpointMismatch => f.write_str(
                "ClientAuthMiddleware and ClientAuthConfig name different endpoints for this path: name it in one of them",
            ),
            ClientAuthError::BodyTaken => f.write_str(
                "ClientAuth was extracted after the body had been taken: make it the first argument of the handler",
            ),
        }
    }
}

impl std::error::Error for ClientAuthError {}

impl ResponseError for ClientAuthError {
    fn status_code(&self) -> StatusCode {
        match self {
            ClientAuthError::Refused(refusal) => RefusedRequest(refusal.clone()).status_code(),
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        match self {
            ClientAuthError::Refused(refusal) => RefusedRequest(refusal.clone()).error_response(),
            bug => HttpResponse::InternalServerError()
                .insert_header(("content-type", "application/json"))
                .insert_header(("cache-control", "no-store"))
                .body(format!(r#"{{"error":"server_error","error_description":"{bug}"}}"#)),
        }
    }
}
