//! OAuth 2.0 client authentication for authorization servers: which registered client is calling this endpoint,
//! and can it prove it?
//!
//! This crate makes the whole decision and knows no framework: bytes in, a decision out, or a status, headers and
//! a JSON body. Use it through `countersign-tower` (axum, hyper, tonic) or `countersign-actix`, or call
//! [`Authenticator::authenticate`] yourself.
//!
//! It is the server's half. It issues no tokens and knows no users.
//!
//! Begin with the quick starts of the [`manual`].
//!
//! # Features
//!
//! None is on by default. Secrets, assertions by registered keys, and all that is in memory, are there without any.
//!
//! | feature | adds |
//! | --- | --- |
//! | `fetch` | keys behind a `jwks_uri` |
//! | `mtls` | `tls_client_auth` and `self_signed_tls_client_auth` |
//! | `rustls` | a rustls server that asks its clients for certificates |
//! | `x509` | certificates and PEM keys at registration |
//! | `ml-dsa` | ML-DSA keys and signatures, for a policy that names them |
//! | `bcrypt` | secrets under bcrypt hashes, which come from other systems |
//! | `sqlite`, `postgres` | registered clients and used assertions in a file, or in a database that many nodes share |
//! | `redis` | used assertions and the limits on failures in Redis or Valkey |
//! | `cache` | a cache in front of your own database of clients |
//! | `tracing`, `metrics` | decisions as spans and events, and as counts and times |
//! | `explain` | what a server says to a request, check by check |
//! | `sign` | client assertions: the client's half |
//! | `cli` | the command `countersign` |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod algorithm;
mod assertion;
mod attempts;
mod auth_method;
mod authenticated;
mod authenticator;
mod basic;
mod builder;
mod client;
mod config_error;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod deadline;
mod decision;
mod decoy;
mod endpoint;
#[cfg(feature = "explain")]
mod form_encoding;
mod grant;
mod json;
mod json_form;
mod jwks_uri;
mod media_type;
mod methods;
mod policy;
mod presented;
mod query;
mod reason;
mod refusal;
mod request;
mod routes;
#[cfg(feature = "sqlite")]
mod sqlite_file;
mod sync;

pub mod certificate;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
pub mod clock;
pub mod discovery;
#[cfg(feature = "explain")]
#[cfg_attr(docsrs, doc(cfg(feature = "explain")))]
pub mod explain;
#[cfg(feature = "fetch")]
#[cfg_attr(docsrs, doc(cfg(feature = "fetch")))]
pub mod fetch;
pub mod form;
pub mod forwarded;
#[cfg(all(fuzzing, feature = "fetch"))]
#[doc(hidden)]
pub mod fuzzing;
pub mod key;
pub mod key_source;
/// Its programs need the adapters, so that the project's tests compile them, and not this crate's.
#[cfg(any(test, all(doc, not(doctest))))]
pub mod manual;
pub mod metadata;
pub mod method;
pub mod observer;
pub mod pkce;
#[cfg(feature = "redis")]
#[cfg_attr(docsrs, doc(cfg(feature = "redis")))]
pub mod redis;
pub mod registration;
pub mod replay;
pub mod secret;
#[cfg(feature = "sign")]
#[cfg_attr(docsrs, doc(cfg(feature = "sign")))]
pub mod sign;
pub mod store;
pub mod throttle;
#[cfg(feature = "rustls")]
#[cfg_attr(docsrs, doc(cfg(feature = "rustls")))]
pub mod tls;

/// The values of the switches of [`Policy`].
pub mod switches {
    pub use crate::policy::{Audience, AudienceShape, BasicDecoding, BodyFailureStatus, Fence, JtiRule};
}

pub use algorithm::Algorithm;
pub use auth_method::{AuthMethod, ClientClass};
pub use authenticated::AuthenticatedClient;
pub use authenticator::Authenticator;
pub use builder::AuthenticatorBuilder;
pub use client::Client;
pub use config_error::ConfigError;
pub use endpoint::{Endpoint, EndpointSet};
pub use grant::MethodGrant;
pub use policy::Policy;
pub use reason::{Reason, RefusalKind};
pub use refusal::Refusal;
pub use request::{AuthRequest, Headers};
pub use routes::Routes;
