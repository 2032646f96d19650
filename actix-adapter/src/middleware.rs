//! The middleware: authenticates before the handler is called.

use std::future::{Ready, ready};
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::{Error, HttpMessage, ResponseError};
use countersign::{Authenticator, ConfigError, Endpoint, Reason, Routes};
use futures_util::future::LocalBoxFuture;

use crate::answer::RefusedRequest;
use crate::collect::collect;
use crate::request;

/// Authenticates the client of every covered request before the inner service sees it.
///
/// Fails closed: a covered request without credentials is refused. Put a CORS middleware outside of this one,
/// since a preflight is not a POST.
///
/// ```
/// use actix_web::{App, web};
/// use countersign::{AuthMethod, Authenticator, Client, Endpoint, secret::ClientSecret, store::Clients};
/// use countersign_actix::{ClientAuth, ClientAuthMiddleware};
///
/// async fn token(client: ClientAuth) -> String {
///     format!("a token for {}", client.client_id())
/// }
///
/// let billing = Client::new("billing")
///     .with_method(AuthMethod::CLIENT_SECRET_BASIC)
///     .with_secret(ClientSecret::generated("wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq"));
/// let auth = Authenticator::builder().issuer("https://as.example.com").clients(Clients::new([billing])?).build()?;
///
/// // Made out here, and cloned for each worker.
/// let guard = ClientAuthMiddleware::new(auth).routes([("/token", Endpoint::Token)])?;
/// let app = move || {
///     App::new()
///         .wrap(guard.clone())
///         .route("/token", web::post().to(token))
/// };
/// # let _ = app();
/// # Ok::<(), countersign::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ClientAuthMiddleware {
    auth: Authenticator,
    routes: Routes,
    optional: bool,
}

impl ClientAuthMiddleware {
    /// Covers every request: as one to the endpoint whose URL [`Authenticator`] was given, if its path is that URL's,
    /// else as one to the token endpoint. In front of anything but a token endpoint, say which it is: introspection,
    /// for one, is never open to public clients.
    pub fn new(auth: Authenticator) -> Self {
        ClientAuthMiddleware { routes: Routes::everywhere(&auth), auth, optional: false }
    }

    /// Covers every request, as one to this endpoint.
    pub fn endpoint(mut self, endpoint: Endpoint) -> Self {
        self.routes = Routes::every(endpoint);
        self
    }

    /// Covers these paths, and those of an earlier call, and lets all others through untouched.
    ///
    /// The path is the whole one, inside a `web::scope` too. (The tower adapter sees the rest after a `nest`.)
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

    /// Hands on a request that carries no client credential of any kind, without an extension, so that the
    /// handler can try something else: a bearer token at introspection. A credential that fails is still refused.
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }
}

impl<S, B> Transform<S, ServiceRequest> for ClientAuthMiddleware
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = ClientAuthService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(ClientAuthService { inner: Rc::new(inner), settings: Rc::new(self.clone()) }))
    }
}

/// An inner service behind a [`ClientAuthMiddleware`].
#[derive(Debug)]
pub struct ClientAuthService<S> {
    inner: Rc<S>,
    settings: Rc<ClientAuthMiddleware>,
}

impl<S, B> Service<ServiceRequest> for ClientAuthService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self::Response, Error>>;

    fn poll_ready(&self, task: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(task)
    }

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let inner = Rc::clone(&self.inner);
        let Some(endpoint) = request::endpoint(&self.settings.routes, request.request()) else {
            let response = inner.call(request);
            return Box::pin(async move { Ok(response.await?.map_into_left_body()) });
        };
        let settings = Rc::clone(&self.settings);
        Box::pin(async move {
            let (request, mut payload) = request.into_parts();
            let body = collect(&mut payload, request.headers(), settings.auth.max_body_bytes()).await;
            let bytes = body.clone().unwrap_or_default();
            match request::decide(&settings.auth, &request, endpoint, body).await {
                Ok(client) => {
                    request.extensions_mut().insert(client);
                }
                Err(refusal) if settings.optional && refusal.reason() == Reason::NoCredentials => {}
                Err(refusal) => {
                    // A response and not an error, so that outer middleware sees one.
                    let response = RefusedRequest(refusal).error_response();
                    return Ok(ServiceResponse::new(request, response).map_into_right_body());
                }
            }
            let request = ServiceRequest::from_parts(request, Payload::from(bytes));
            Ok(inner.call(request).await?.map_into_left_body())
        })
    }
}
