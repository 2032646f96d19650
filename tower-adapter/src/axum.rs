//! The client as an axum extractor.

use std::fmt;
use std::ops::Deref;

use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use axum_core::response::{IntoResponse, Response};
use countersign::AuthenticatedClient;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderValue, StatusCode};

use crate::future::NoClient;

/// The client that [`ClientAuthLayer`](crate::ClientAuthLayer) authenticated.
///
/// Behind an [`optional`](crate::ClientAuthLayer::optional) layer, take `Option<ClientAuth>`.
///
/// ```
/// use countersign_tower::axum::ClientAuth;
///
/// async fn token(client: ClientAuth) -> String {
///     format!("a token for {}", client.client_id())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct ClientAuth(pub AuthenticatedClient);

impl Deref for ClientAuth {
    type Target = AuthenticatedClient;

    fn deref(&self) -> &AuthenticatedClient {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for ClientAuth {
    type Rejection = MissingLayer;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, MissingLayer> {
        parts.extensions.get().cloned().map(ClientAuth).ok_or(MissingLayer)
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for ClientAuth {
    type Rejection = MissingLayer;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, MissingLayer> {
        match (parts.extensions.get().cloned(), parts.extensions.get::<NoClient>()) {
            (Some(client), _) => Ok(Some(ClientAuth(client))),
            (None, Some(NoClient)) => Ok(None),
            (None, None) => Err(MissingLayer),
        }
    }
}

/// The handler's route has no [`ClientAuthLayer`](crate::ClientAuthLayer), or one that does not cover this path: a
/// bug of the server, so 500.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissingLayer;

impl fmt::Display for MissingLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "ClientAuth was extracted on a route that no ClientAuthLayer covers: \
             add .layer(ClientAuthLayer::new(auth)) to it, or its path to .routes(...)",
        )
    }
}

impl std::error::Error for MissingLayer {}

impl IntoResponse for MissingLayer {
    fn into_response(self) -> Response {
        let body = format!(r#"{{"error":"server_error","error_description":"{self}"}}"#);
        let mut response = (StatusCode::INTERNAL_SERVER_ERROR, body).into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}
