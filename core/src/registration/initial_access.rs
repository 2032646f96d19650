//! Who may register a client at all: initial access tokens
//! ([RFC 7591 §1.2](https://www.rfc-editor.org/rfc/rfc7591#section-1.2)).

use std::future::Future;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use subtle::{Choice, ConstantTimeEq};

use crate::store::StoreError;

/// Knows the initial access tokens, as a port.
///
/// ```
/// use countersign::{registration::InitialAccess, store::StoreError};
///
/// struct TokensInTheDatabase;
///
/// impl InitialAccess for TokensInTheDatabase {
///     async fn admits(&self, token: &[u8; 32]) -> Result<bool, StoreError> {
///         Ok(false) // look the hash up; one that may be used once is used up here
///     }
/// }
/// ```
pub trait InitialAccess: Send + Sync + 'static {
    /// May the bearer of the token with this SHA-256 register a client now? Asked once for a registration, before
    /// anything in it is looked at. The token itself never gets this far, so there is nothing to compare in constant
    /// time: whoever measures how far a comparison of hashes got learns nothing of a token.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot answer. That becomes 503.
    fn admits(&self, token: &[u8; 32]) -> impl Future<Output = Result<bool, StoreError>> + Send;
}

/// The port with its future boxed.
pub(super) trait DynInitialAccess: Send + Sync {
    fn admits<'a>(&'a self, token: &'a [u8; 32]) -> BoxFuture<'a, Result<bool, StoreError>>;
}

impl<A: InitialAccess> DynInitialAccess for A {
    fn admits<'a>(&'a self, token: &'a [u8; 32]) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(InitialAccess::admits(self, token))
    }
}

/// Who may register.
#[derive(Clone)]
pub(super) enum Admission {
    Nobody,
    Anybody,
    Bearers(Arc<dyn DynInitialAccess>),
}

/// A fixed set of tokens, by their hashes.
pub(super) struct FixedTokens(pub(super) Vec<[u8; 32]>);

impl InitialAccess for FixedTokens {
    async fn admits(&self, token: &[u8; 32]) -> Result<bool, StoreError> {
        let any = self.0.iter().fold(Choice::from(0), |any, known| any | known.ct_eq(token));
        Ok(any.into())
    }
}
