//! OAuth 2.0 client authentication for actix-web.
//!
//! [`ClientAuthMiddleware`] stands in front of a token, introspection, revocation, PAR, device or CIBA endpoint. A
//! request whose client proves itself goes on to the handler with an
//! [`AuthenticatedClient`](countersign::AuthenticatedClient) in its extensions and its body as it was; any other is
//! answered as [RFC 6749 §5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2) says. [`ClientAuth`] is the
//! extractor: behind the middleware it hands over the client, and without it does the whole work by itself.
//!
//! actix builds the application once for each worker. Make the [`Authenticator`](countersign::Authenticator)
//! outside of that closure and clone it, or each worker has its own memory of used assertions.
//!
//! What is decided is decided in [`countersign`]; no OAuth rule lives here.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod answer;
mod collect;
mod discovery;
mod extractor;
mod middleware;
#[cfg(feature = "rustls")]
mod on_connect;
mod request;

pub use answer::RefusedRequest;
pub use countersign;
pub use discovery::Discovery;
pub use extractor::{ClientAuth, ClientAuthConfig, ClientAuthError};
pub use middleware::{ClientAuthMiddleware, ClientAuthService};
#[cfg(feature = "rustls")]
#[cfg_attr(docsrs, doc(cfg(feature = "rustls")))]
pub use on_connect::on_connect;
