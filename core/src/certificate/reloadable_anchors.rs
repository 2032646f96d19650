//! Trust anchors that are exchanged as a whole.

use std::sync::{Arc, PoisonError, RwLock};

use super::TrustAnchors;

/// The trust anchors of a server, replaced as a whole while it runs
/// ([RFC 8705 §2.1](https://www.rfc-editor.org/rfc/rfc8705#section-2.1)): a new authority comes beside an old one, and the
/// old one goes, without a restart.
///
/// Cheap to clone; all clones show the same anchors. Every request is judged by those of its moment, on whatever
/// connection it comes: a path that was found to other anchors counts no more, so one that leads to an anchor that has
/// been taken out is refused at the next request of an open connection, and of a resumed session too. Clients with
/// anchors [of their own](crate::Client::with_trust_anchors) are not touched.
///
/// Which methods run is settled when the authenticator is built. Whoever begins with [`TrustAnchors::none`] and means to
/// add anchors later names `tls_client_auth` in [`methods`](crate::AuthenticatorBuilder::methods).
///
/// ```no_run
/// use countersign::certificate::{ReloadableTrustAnchors, TrustAnchors};
///
/// let anchors = ReloadableTrustAnchors::new(TrustAnchors::from_pem(std::fs::read("ca.pem")?)?);
/// let builder = countersign::Authenticator::builder().mutual_tls(anchors.clone());
///
/// // later, on a signal or when the file changes: read, and so checked, before it takes the place of the old ones
/// match TrustAnchors::from_pem(std::fs::read("ca.pem")?) {
///     Ok(new) => drop(anchors.replace(new)),
///     Err(problem) => eprintln!("the old authorities stay: {problem}"),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ReloadableTrustAnchors(Arc<RwLock<TrustAnchors>>);

impl ReloadableTrustAnchors {
    /// Anchors to begin with.
    pub fn new(anchors: TrustAnchors) -> Self {
        ReloadableTrustAnchors(Arc::new(RwLock::new(anchors)))
    }

    /// Puts these in the place of all that were there, and returns those.
    pub fn replace(&self, anchors: TrustAnchors) -> TrustAnchors {
        std::mem::replace(&mut *self.0.write().unwrap_or_else(PoisonError::into_inner), anchors)
    }

    /// The anchors of this moment.
    pub fn current(&self) -> TrustAnchors {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Anchors that stay as they are.
impl From<TrustAnchors> for ReloadableTrustAnchors {
    fn from(anchors: TrustAnchors) -> Self {
        ReloadableTrustAnchors::new(anchors)
    }
}
