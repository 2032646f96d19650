//! The one result of a successful authentication.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use crate::algorithm::Algorithm;
use crate::auth_method::{AuthMethod, ClientClass};
use crate::certificate::PeerCertificates;
use crate::client::Client;
use crate::endpoint::Endpoint;
use crate::form::Form;
use crate::method::Proof;
use crate::secret::WeakHash;
use crate::store::StoreError;

/// A client that was authenticated, for the handler.
///
/// Made by the [`Authenticator`](crate::Authenticator) alone; there is no half-authenticated form of it. Holds
/// neither the secret nor the assertion.
#[derive(Clone)]
pub struct AuthenticatedClient(Arc<Facts>);

/// What is known about it.
pub(crate) struct Facts {
    pub(crate) client: Arc<Client>,
    pub(crate) method: AuthMethod,
    pub(crate) class: ClientClass,
    pub(crate) endpoint: Endpoint,
    pub(crate) proof: Proof,
    pub(crate) certificates: Option<PeerCertificates>,
    pub(crate) form: Form,
}

impl AuthenticatedClient {
    /// The only place where one is made.
    pub(crate) fn new(facts: Facts) -> Self {
        AuthenticatedClient(Arc::new(facts))
    }

    /// The client_id.
    pub fn client_id(&self) -> &str {
        self.0.client.id()
    }

    /// The registered client.
    pub fn client(&self) -> &Client {
        &self.0.client
    }

    /// The application's own data about the client, see [`Client::with_app`].
    pub fn app<T: Any>(&self) -> Option<&T> {
        self.0.client.app()
    }

    /// The method that proved it.
    pub fn method(&self) -> &AuthMethod {
        &self.0.method
    }

    /// Whether anything was proved: a [`Public`](ClientClass::Public) client is only named.
    pub fn class(&self) -> ClientClass {
        self.0.class
    }

    /// The endpoint the request was sent to.
    pub fn endpoint(&self) -> Endpoint {
        self.0.endpoint
    }

    /// The algorithm of the assertion that proved it.
    pub fn algorithm(&self) -> Option<Algorithm> {
        self.0.proof.algorithm
    }

    /// The `kid` of the key that proved it.
    pub fn key_id(&self) -> Option<&str> {
        self.0.proof.key_id.as_deref()
    }

    /// The JWK thumbprint ([RFC 7638](https://www.rfc-editor.org/rfc/rfc7638), SHA-256) of the key that proved it.
    pub fn key_thumbprint(&self) -> Option<&str> {
        self.0.proof.key_thumbprint.as_deref()
    }

    /// The certificates of the TLS connection the request came on, whichever method proved the client: a token can be
    /// bound to them beside any method ([RFC 8705 §3](https://www.rfc-editor.org/rfc/rfc8705#section-3)).
    pub fn certificates(&self) -> Option<&PeerCertificates> {
        self.0.certificates.as_ref()
    }

    /// The `x5t#S256` of the certificate, for the `cnf` claim of a token that is bound to it. Holds for every method:
    /// where one of mutual TLS proved the client, it is the certificate that did.
    pub fn certificate_thumbprint(&self) -> Option<&str> {
        self.certificates().map(PeerCertificates::thumbprint)
    }

    /// The label of the secret that matched.
    pub fn secret_label(&self) -> Option<&str> {
        self.0.proof.secret_label.as_deref()
    }

    /// What is weak about the stored hash of that secret, so that it should be replaced: a
    /// [`ClientStore`](crate::store::ClientStore::rehash) may do so by itself.
    pub fn weak_hash(&self) -> Option<WeakHash> {
        self.0.proof.weak_hash
    }

    /// Gives the assertion's `jti` back, so that the client may send the same assertion once more. For the one case
    /// in which the server itself asks for that: a DPoP nonce challenge
    /// ([RFC 9449 §8](https://www.rfc-editor.org/rfc/rfc9449#section-8)). Without this call it stays used, whatever
    /// becomes of the request. Does nothing for a client that used no `jti`.
    ///
    /// # Errors
    /// [`StoreError`] when the replay store cannot answer; the assertion then stays used.
    pub async fn release_for_retry(&self) -> Result<(), StoreError> {
        match &self.0.proof.claimed {
            Some(claimed) => claimed.0.release(self.client_id()).await,
            None => Ok(()),
        }
    }

    /// The form, as it was read for the decision, without its credential parameters. A handler that reads it here
    /// and not from the body again sees what was checked.
    pub fn form(&self) -> &Form {
        &self.0.form
    }
}

impl fmt::Debug for AuthenticatedClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthenticatedClient")
            .field("client_id", &self.client_id())
            .field("method", self.method())
            .field("class", &self.class())
            .field("endpoint", &self.endpoint())
            .field("proof", &self.0.proof)
            .field("form", self.form())
            .finish()
    }
}
