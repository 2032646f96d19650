//! The authorization server, without any web framework: a request in, an answer out.

mod authorization_request;
mod authorize;
mod binding;
mod codes;
mod grants;
mod health;
mod introspect;
mod jwks;
mod log_in;
mod metadata;
mod oauth_error;
mod open_api;
mod operate;
mod par;
mod prepare;
mod register;
mod registration;
mod request;
mod response;
mod revoke;
mod routes;
mod server_keys;
mod token;
mod tokens;
mod users;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use countersign::clock::{Clock, SystemClock};
use countersign::registration::Registration as Registrar;
use countersign::store::{ClientStore as _, StoreError};
use countersign::{AuthenticatedClient, Authenticator, Endpoint};

use self::authorization_request::PkceRules;
pub(crate) use self::authorize::percent_encoded;
use self::grants::Grants;
use self::log_in::LogIn;
pub(crate) use self::oauth_error::OAuthError;
pub(crate) use self::prepare::prepare;
pub(crate) use self::registration::{Registration, Registrations};
pub(crate) use self::request::Request;
pub(crate) use self::response::{BodyFault, Response};
pub(crate) use self::routes::{Route, Routes};
pub(crate) use self::server_keys::ServerKeys;
use self::token::grant_types;
use self::tokens::Tokens;
pub(crate) use self::users::{User, UserEntry, Users};
use crate::config::problem::Problem;
use crate::jose::Failed;
use crate::known_clients::KnownClients;
use crate::log::Log;
use crate::registration_rules::{self, RegistrationRules};
use crate::state::{Quota, State};

/// A running authorization server's state and rules.
pub(crate) struct Server {
    issuer: String,
    routes: Routes,
    clients: KnownClients,
    registrar: Registrar,
    people: Option<People>,
    tokens: Tokens,
    state: Arc<State>,
    grants: Grants,
    pushed_requests: Quota,
    revocations: Quota,
    log_in: LogIn,
    pkce: PkceRules,
    metadata: Bytes,
    jwk_set: Bytes,
    open_api: Bytes,
    clock: SystemClock,
    log: Log,
}

/// What a server is made of, besides its authenticator.
pub(crate) struct Parts {
    pub(crate) routes: Routes,
    pub(crate) clients: KnownClients,
    pub(crate) registration: RegistrationRules,
    pub(crate) state: Arc<State>,
    pub(crate) people: Option<People>,
    pub(crate) keys: ServerKeys,
    /// Must every client send a `code_challenge`, and not the public ones alone?
    pub(crate) demands_pkce: bool,
    /// Do clients show certificates, to this process or to a proxy before it?
    pub(crate) sees_certificates: bool,
    pub(crate) log: Log,
}

/// Those who can log in.
pub(crate) struct People {
    pub(crate) users: Users,
    /// The user that everybody at `/authorize` is taken for. The demonstration alone sets it.
    pub(crate) signed_in: Option<String>,
}

impl People {
    fn signed_in(&self) -> Option<&User> {
        self.users.find(self.signed_in.as_deref()?)
    }
}

impl Server {
    pub(crate) fn new(parts: Parts, auth: &Authenticator) -> Result<Self, Problem> {
        let issuer = auth.issuer().to_owned();
        let log_in = LogIn::new(parts.routes.url(Route::Authorize), &parts.keys.secret()?);
        let tokens = Tokens::new(issuer.clone(), parts.keys)?;
        let jwk_set = serde_json::to_vec(&tokens.jwk_set()).map_err(|_| Failed)?;
        let grant_types = registration_rules::grant_types(grant_types(parts.people.is_some()));
        let open_api = open_api::document(auth, &grant_types)?;
        let registrar = parts.registration.registrar(
            auth,
            &parts.state,
            parts.clients.registry.clone(),
            parts.routes.url(Route::Register),
            grant_types,
        )?;
        let mut server = Server {
            issuer,
            log_in,
            routes: parts.routes,
            clients: parts.clients,
            registrar,
            people: parts.people,
            tokens,
            grants: Grants(Arc::clone(&parts.state)),
            state: parts.state,
            pushed_requests: par::quota(),
            revocations: revoke::quota(),
            pkce: PkceRules { plain: auth.policy().pkce_plain, of_everybody: parts.demands_pkce },
            metadata: Bytes::new(),
            jwk_set: jwk_set.into(),
            open_api,
            clock: SystemClock::default(),
            log: parts.log,
        };
        let sees_certificates = parts.sees_certificates;
        let metadata =
            metadata::document(auth, &server.routes, server.grant_types(), sees_certificates, &server.log)?;
        server.metadata = metadata.to_json().into();
        Ok(server)
    }

    /// What the authentication layer must cover: each path with the endpoint it is.
    pub(crate) fn covered(&self) -> Vec<(String, Endpoint)> {
        self.routes.covered()
    }

    /// Does an answer need the body? At the endpoints that authenticate clients the layer has read it.
    pub(crate) fn reads_body(&self, verb: &str, path: &str) -> bool {
        let route = self.routes.find(path);
        matches!(
            (verb, route),
            ("POST", Some(Route::Authorize | Route::Register)) | ("PUT", Some(Route::ClientConfiguration))
        )
    }

    /// Answers a request. Every answer but a refused authentication is made here, whatever the framework.
    pub(crate) async fn handle(&self, request: Request) -> Response {
        let Some(route) = self.routes.find(&request.path) else { return no_such_endpoint() };
        if route.covered().is_some() {
            return self.answer_client(route, request.client).await;
        }
        match (route, request.verb.as_str()) {
            (Route::Authorize, "GET" | "HEAD") => self.authorize(&request).await,
            (Route::Authorize, "POST") => self.log_in(&request).await,
            (Route::Authorize, _) => wrong_verb("GET, HEAD, POST"),
            (Route::Register, _) => self.register(&request).await,
            (Route::ClientConfiguration, _) => {
                let client_id = self.routes.client_id_in(&request.path).unwrap_or_default();
                self.client_configuration(client_id, &request).await
            }
            (Route::Jwks, "GET" | "HEAD") => self.jwks(),
            (Route::OAuthMetadata | Route::OpenIdConfiguration, "GET" | "HEAD") => self.metadata(),
            (Route::OpenApi, "GET" | "HEAD") => self.open_api(),
            (Route::Health, "GET" | "HEAD") => self.health(),
            _ => wrong_verb("GET, HEAD"),
        }
    }

    /// The layer let the request pass, so it is a POST of an authenticated client. Without one the layer is
    /// not there, and nobody is served.
    async fn answer_client(&self, route: Route, client: Option<AuthenticatedClient>) -> Response {
        let Some(client) = client else { return OAuthError::server_error().response() };
        let answer = match route {
            Route::Introspect => self.introspect(&client).await,
            Route::Revoke => self.revoke(&client).await,
            Route::Par => self.par(&client).await,
            Route::Token => self.token(&client).await,
            _ => Err(OAuthError::server_error()),
        };
        answer.unwrap_or_else(|error| {
            self.note(client.endpoint().as_str(), Some(client.client_id()), error);
            error.response()
        })
    }

    /// One line for the operator about an error of a handler.
    fn note(&self, endpoint: &str, client_id: Option<&str>, error: OAuthError) {
        let OAuthError { status, error, description } = error;
        let client = client_id.map(|client_id| format!(" client={client_id:?}")).unwrap_or_default();
        (self.log)(&format!(
            "answered status={status} error={error} endpoint={endpoint}{client} why={description:?}"
        ));
    }

    /// One line for the operator about a client that never got as far as a request.
    pub(crate) fn note_handshake(&self, address: SocketAddr, error: &std::io::Error) {
        (self.log)(&format!("TLS handshake failed source={} why={:?}", address.ip(), error.to_string()));
    }

    /// What is registered now about a client, whether or not it is the one that calls. About one that is disabled nothing
    /// is: it gets no code, and its tokens are not active.
    async fn registration_of(&self, client_id: &str) -> Result<Option<Arc<Registration>>, OAuthError> {
        let found = self.clients.find(client_id).await.map_err(|error| self.unanswered(&error))?;
        Ok(found
            .filter(|client| !client.is_disabled())
            .and_then(|client| client.app::<Arc<Registration>>().cloned()))
    }

    /// A store that cannot answer says neither yes nor no.
    fn unanswered(&self, error: &StoreError) -> OAuthError {
        (self.log)(&format!("registry: {error}"));
        OAuthError::unavailable()
    }

    /// Unix seconds.
    fn now(&self) -> u64 {
        self.clock.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
    }
}

fn no_such_endpoint() -> Response {
    let error =
        OAuthError { status: 404, error: "invalid_request", description: "there is no such endpoint" };
    error.response()
}

fn wrong_verb(allowed: &'static str) -> Response {
    let error = OAuthError {
        status: 405,
        error: "invalid_request",
        description: "the verb is not one of this endpoint",
    };
    error.response().with("allow", allowed)
}

/// How long an access token and an ID token live.
const ACCESS_TOKEN_SECONDS: u64 = 3600;
