//! A registered client, as the decision needs it.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use crate::algorithm::Algorithm;
use crate::auth_method::AuthMethod;
#[cfg(feature = "mtls")]
use crate::certificate::{CertificateSubject, TrustAnchors};
use crate::grant::MethodGrant;
use crate::key::KeySet;
use crate::secret::ClientSecret;

/// A registered client: its id, its methods and what they verify against.
///
/// Built from [`ClientMetadata`](crate::metadata::ClientMetadata), or by hand. Keys are parsed here, once; a store
/// should keep the client and not the text it came from.
///
/// ```
/// use countersign::{AuthMethod, Client, secret::ClientSecret};
///
/// let client = Client::new("billing")
///     .with_method(AuthMethod::CLIENT_SECRET_BASIC)
///     .with_secret(ClientSecret::generated("6r2ZkYqXw3m1lV0cHq8b1pJx9nFf4tGm"))
///     .with_app("what the application knows about it");
/// assert_eq!(client.app::<&str>(), Some(&"what the application knows about it"));
/// ```
#[derive(Clone)]
pub struct Client {
    id: Box<str>,
    grants: Vec<MethodGrant>,
    secrets: Vec<ClientSecret>,
    keys: KeySet,
    jwks_uri: Option<Arc<str>>,
    signing_algorithm: Option<Algorithm>,
    #[cfg(feature = "mtls")]
    certificate: Option<Box<ExpectedCertificate>>,
    any_secret_method: bool,
    assertion_reuse: bool,
    disabled: bool,
    decoy: bool,
    #[cfg(feature = "cache")]
    metadata_octets: usize,
    app: Option<Arc<dyn Any + Send + Sync>>,
}

impl Client {
    /// A client that may not authenticate by any method yet.
    pub fn new(client_id: impl Into<String>) -> Self {
        Client {
            id: client_id.into().into_boxed_str(),
            grants: Vec::new(),
            secrets: Vec::new(),
            keys: KeySet::default(),
            jwks_uri: None,
            signing_algorithm: None,
            #[cfg(feature = "mtls")]
            certificate: None,
            any_secret_method: false,
            assertion_reuse: false,
            disabled: false,
            decoy: false,
            #[cfg(feature = "cache")]
            metadata_octets: 0,
            app: None,
        }
    }

    /// May authenticate by this method, everywhere and for ever.
    #[must_use]
    pub fn with_method(self, method: AuthMethod) -> Self {
        self.with_grant(MethodGrant::new(method))
    }

    /// May authenticate as the grant says.
    #[must_use]
    pub fn with_grant(mut self, grant: MethodGrant) -> Self {
        self.grants.push(grant);
        self
    }

    /// May authenticate by whichever method proves its secret: `any_secret_method`. For a client of a server that did
    /// not look at the method, until it is [pinned](crate::metadata::ClientMetadata::pin) to those that it uses.
    ///
    /// They are `client_secret_basic` and `client_secret_post`, and `client_secret_jwt` where one of its secrets is kept
    /// [in the clear](ClientSecret::raw) and has 32 octets. Never `none`, and never a method of another kind.
    #[must_use]
    pub fn with_any_secret_method(mut self) -> Self {
        self.any_secret_method = true;
        self.with_method(AuthMethod::CLIENT_SECRET_BASIC)
            .with_method(AuthMethod::CLIENT_SECRET_POST)
            .with_mac_if_it_has_a_key()
    }

    /// One more secret. Any of them authenticates, within its dates.
    #[must_use]
    pub fn with_secret(mut self, secret: ClientSecret) -> Self {
        self.secrets.push(secret);
        self.with_mac_if_it_has_a_key()
    }

    /// The public keys of `private_key_jwt`.
    #[must_use]
    pub fn with_keys(mut self, keys: KeySet) -> Self {
        self.keys = keys;
        self
    }

    /// `jwks_uri`: where its public keys are published. Needs a [`KeySource`](crate::key_source::KeySource). A client
    /// has keys of its own or this, not both (RFC 7591 §2).
    #[must_use]
    pub fn with_jwks_uri(mut self, uri: impl Into<Arc<str>>) -> Self {
        self.jwks_uri = Some(uri.into());
        self
    }

    /// Lets an assertion be used again until it expires: `assertion_reuse = "until_exp"`. For Microsoft's client
    /// libraries, which send one assertion for ten minutes. Whoever sees such an assertion can use it, too.
    #[must_use]
    pub fn danger_reuse_assertions(mut self, reuse: bool) -> Self {
        self.assertion_reuse = reuse;
        self
    }

    /// `token_endpoint_auth_signing_alg`: the one algorithm its assertions are signed with.
    #[must_use]
    pub fn with_signing_algorithm(mut self, algorithm: Algorithm) -> Self {
        self.signing_algorithm = Some(algorithm);
        self
    }

    /// The subject its certificate has, for `tls_client_auth`. A client has one.
    #[cfg(feature = "mtls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "mtls")))]
    #[must_use]
    pub fn with_certificate_subject(mut self, subject: CertificateSubject) -> Self {
        self.certificate.get_or_insert_default().subject = Some(subject);
        self
    }

    /// The only authorities that vouch for its certificate, in place of the server's
    /// ([RFC 8705 §7.4](https://www.rfc-editor.org/rfc/rfc8705#section-7.4)).
    #[cfg(feature = "mtls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "mtls")))]
    #[must_use]
    pub fn with_trust_anchors(mut self, anchors: TrustAnchors) -> Self {
        self.certificate.get_or_insert_default().anchors = Some(anchors);
        self
    }

    /// Registered, and refused.
    #[must_use]
    pub fn disabled(mut self, disabled: bool) -> Self {
        self.disabled = disabled;
        self
    }

    /// The application's own data about this client, which the handler reads back by [`Client::app`].
    #[must_use]
    pub fn with_app<T: Any + Send + Sync>(mut self, data: T) -> Self {
        self.app = Some(Arc::new(data));
        self
    }

    /// How long the metadata is that it was built from.
    #[cfg(feature = "cache")]
    pub(crate) fn of_metadata(mut self, octets: usize) -> Self {
        self.metadata_octets = octets;
        self
    }

    /// The third method of an unpinned client, once it has a secret that can be the key of one.
    fn with_mac_if_it_has_a_key(self) -> Self {
        let is_granted = |grant: &MethodGrant| *grant.method() == AuthMethod::CLIENT_SECRET_JWT;
        let mut keys = self.secrets.iter().filter_map(ClientSecret::mac_key);
        if self.any_secret_method
            && !self.grants.iter().any(is_granted)
            && keys.any(|key| key.fits(Algorithm::HS256))
        {
            return self.with_method(AuthMethod::CLIENT_SECRET_JWT);
        }
        self
    }

    /// A client that stands in for one that does not exist, so that its verification costs the same. Nobody holds
    /// its credentials.
    pub(crate) fn decoy(secret: ClientSecret, keys: KeySet) -> Self {
        Client { decoy: true, ..Client::new("").with_secret(secret).with_keys(keys) }
    }

    /// The client's own id; a decoy takes the id that was claimed, so that it fails where a real client would.
    pub(crate) fn id_or_claimed<'c>(&'c self, claimed: &'c str) -> &'c str {
        if self.decoy { claimed } else { &self.id }
    }

    /// Is it no client at all?
    pub(crate) fn is_decoy(&self) -> bool {
        self.decoy
    }

    /// How long the metadata is that it was built from, of which the application may keep as much.
    #[cfg(feature = "cache")]
    pub(crate) fn metadata_octets(&self) -> usize {
        self.metadata_octets
    }

    /// The client_id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The methods it may use.
    pub fn grants(&self) -> &[MethodGrant] {
        &self.grants
    }

    /// Do its grants say by which method it authenticates? Not where it
    /// [may use any that proves its secret](Client::with_any_secret_method).
    pub fn is_pinned(&self) -> bool {
        !self.any_secret_method
    }

    /// Its secrets, expired ones included.
    pub fn secrets(&self) -> &[ClientSecret] {
        &self.secrets
    }

    /// Its public keys.
    pub fn keys(&self) -> &KeySet {
        &self.keys
    }

    /// Where its public keys are published, if they are.
    pub fn jwks_uri(&self) -> Option<&Arc<str>> {
        self.jwks_uri.as_ref()
    }

    /// May an assertion of this client be used again until it expires?
    pub fn reuses_assertions(&self) -> bool {
        self.assertion_reuse
    }

    /// The one algorithm its assertions are signed with, where it registered one.
    pub fn signing_algorithm(&self) -> Option<Algorithm> {
        self.signing_algorithm
    }

    /// The subject of its certificate, where one is registered.
    #[cfg(feature = "mtls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "mtls")))]
    pub fn certificate_subject(&self) -> Option<&CertificateSubject> {
        self.certificate.as_ref()?.subject.as_ref()
    }

    /// The anchors of its own.
    #[cfg(feature = "mtls")]
    pub(crate) fn trust_anchors(&self) -> Option<&TrustAnchors> {
        self.certificate.as_ref()?.anchors.as_ref()
    }

    /// Is it refused whatever it proves?
    pub fn is_disabled(&self) -> bool {
        self.disabled
    }

    /// The application's own data, where it is of this type.
    pub fn app<T: Any>(&self) -> Option<&T> {
        self.app.as_deref().and_then(|data| data.downcast_ref())
    }
}

/// What `tls_client_auth` compares with.
#[cfg(feature = "mtls")]
#[derive(Clone, Default)]
struct ExpectedCertificate {
    subject: Option<CertificateSubject>,
    anchors: Option<TrustAnchors>,
}

/// Shows the id and the methods, never a secret.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("id", &self.id)
            .field("grants", &self.grants)
            .field("secrets", &self.secrets.len())
            .field("keys", &self.keys)
            .field("disabled", &self.disabled)
            .finish_non_exhaustive()
    }
}
