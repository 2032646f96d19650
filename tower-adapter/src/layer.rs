//! The layer: which endpoints are covered, and how.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use countersign::{Authenticator, ConfigError, Endpoint, Routes};
use http::Extensions;
use tower_layer::Layer;

use crate::connection;
use crate::service::ClientAuthService;

/// Authenticates the client of every covered request before the inner service sees it.
///
/// Fails closed: a covered request without credentials is refused. Put a CORS layer outside of this one, since a
/// preflight is not a POST.
///
/// ```
/// use countersign::{AuthMethod, Authenticator, Client, Endpoint, secret::ClientSecret, store::Clients};
/// use countersign_tower::ClientAuthLayer;
///
/// let billing = Client::new("billing")
///     .with_method(AuthMethod::CLIENT_SECRET_BASIC)
///     .with_secret(ClientSecret::generated("wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq"));
/// let auth = Authenticator::builder().issuer("https://as.example.com").clients(Clients::new([billing])?).build()?;
///
/// // one route
/// let layer = ClientAuthLayer::new(auth.clone());
/// // or a whole router
/// let layer = ClientAuthLayer::new(auth)
///     .routes([("/token", Endpoint::Token), ("/introspect", Endpoint::Introspection)])?;
/// # Ok::<(), countersign::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ClientAuthLayer {
    pub(crate) settings: Arc<Settings>,
}

#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) auth: Authenticator,
    pub(crate) routes: Routes,
    pub(crate) optional: bool,
    pub(crate) headers_only: bool,
    pub(crate) source: Source,
}

/// Where the source address of a request is found.
#[derive(Clone)]
pub(crate) struct Source(Arc<FindSource>);

type FindSource = dyn Fn(&Extensions) -> Option<IpAddr> + Send + Sync;

impl Source {
    pub(crate) fn of(&self, extensions: &Extensions) -> Option<IpAddr> {
        (self.0)(extensions)
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Source")
    }
}

impl ClientAuthLayer {
    /// Covers every request: as one to the endpoint whose URL [`Authenticator`] was given, if its path is that URL's,
    /// else as one to the token endpoint. In front of anything but a token endpoint, say which it is: introspection,
    /// for one, is never open to public clients.
    pub fn new(auth: Authenticator) -> Self {
        ClientAuthLayer {
            settings: Arc::new(Settings {
                routes: Routes::everywhere(&auth),
                auth,
                optional: false,
                headers_only: false,
                source: Source(Arc::new(connection::source)),
            }),
        }
    }

    /// Covers every request, as one to this endpoint.
    pub fn endpoint(self, endpoint: Endpoint) -> Self {
        self.with(|settings| settings.routes = Routes::every(endpoint))
    }

    /// Covers these paths, and those of an earlier call, and lets all others through untouched.
    ///
    /// The path is the one this layer sees: inside axum's `nest` that is the rest after the prefix. (The actix adapter
    /// sees the whole path.)
    ///
    /// # Errors
    /// [`ConfigError`] for paths that would cover less than they seem to, see [`Routes::by_path`].
    pub fn routes<P: AsRef<str>>(
        self,
        routes: impl IntoIterator<Item = (P, Endpoint)>,
    ) -> Result<Self, ConfigError> {
        let routes = self.settings.routes.clone().and(routes)?;
        Ok(self.with(|settings| settings.routes = routes))
    }

    /// Hands on a request that carries no client credential of any kind, without an extension, so that the
    /// handler can try something else: a bearer token at introspection. A credential that fails is still refused.
    pub fn optional(self) -> Self {
        self.with(|settings| settings.optional = true)
    }

    /// Does not look at the body, which is no form (gRPC). Only methods that travel in header fields or in the TLS
    /// handshake can authenticate such a request.
    pub fn headers_only(self) -> Self {
        self.with(|settings| settings.headers_only = true)
    }

    /// Where the address of whoever made the connection is found: a function from the request's extensions, where the
    /// server put it. For limits on failed attempts, which without this call there are none
    /// ([`countersign::throttle`]); for the operator's log; and to tell a trusted proxy from others: without this call no
    /// connection comes from one.
    ///
    /// With axum's `into_make_service_with_connect_info::<SocketAddr>()` it is
    /// `|extensions| extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip())`. Not needed
    /// behind the listener of the feature `rustls`.
    pub fn source(self, source: impl Fn(&Extensions) -> Option<IpAddr> + Send + Sync + 'static) -> Self {
        self.with(|settings| settings.source = Source(Arc::new(source)))
    }

    fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.settings));
        self
    }
}

impl<S> Layer<S> for ClientAuthLayer {
    type Service = ClientAuthService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ClientAuthService::new(inner, Arc::clone(&self.settings))
    }
}
