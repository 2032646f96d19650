//! OAuth 2.0 client authentication as a tower layer.
//!
//! [`ClientAuthLayer`] stands in front of a token, introspection, revocation, PAR, device or CIBA endpoint. A
//! request whose client proves itself goes on to the handler with an
//! [`AuthenticatedClient`](countersign::AuthenticatedClient) in its extensions and its body as it was; any other is
//! answered as [RFC 6749 §5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2) says.
//!
//! It works in front of anything that is a tower service over `http` 1: axum, bare hyper, tonic. What it decides is
//! decided in [`countersign`]; no OAuth rule lives here.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod body;
mod connection;
mod discovery;
mod future;
mod layer;
mod service;

#[cfg(feature = "axum")]
#[cfg_attr(docsrs, doc(cfg(feature = "axum")))]
pub mod axum;
#[cfg(feature = "rustls")]
#[cfg_attr(docsrs, doc(cfg(feature = "rustls")))]
pub mod tls;

pub use body::{RequestBody, ResponseBody, WholeBody};
pub use countersign;
pub use discovery::Discovery;
pub use future::ResponseFuture;
pub use layer::ClientAuthLayer;
pub use service::ClientAuthService;
