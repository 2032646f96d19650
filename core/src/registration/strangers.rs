//! How often, and how many, clients register that nobody has let in.

use std::net::IpAddr;

use super::Registration;
use super::event::Outcome;
use super::failure::Failure;
use super::initial_access::Admission;
use crate::request::Headers;
use crate::throttle::Attempted;

/// A registration without an initial access token.
pub(super) struct Stranger<'r> {
    registration: &'r Registration,
    /// As what it is limited; `None` where nothing is known of its source.
    counted: Option<Attempted<'r>>,
    source: Option<IpAddr>,
}

impl Registration {
    /// The caller, who has been admitted, if that was without a token.
    pub(super) fn stranger(&self, headers: &dyn Headers, peer: Option<IpAddr>) -> Option<Stranger<'_>> {
        if !matches!(self.admission, Admission::Anybody) {
            return None;
        }
        let nearest = peer.map(|peer| self.auth.inner().nearest(headers, peer));
        let counted = nearest.and_then(|nearest| nearest.limited_as);
        Some(Stranger {
            registration: self,
            counted: counted.map(|source| Attempted::new(&self.auth.inner().tenant, REGISTRATION, source)),
            source: nearest.map(|nearest| nearest.address),
        })
    }
}

impl Stranger<'_> {
    /// Before anything of the request is read.
    pub(super) async fn check(&self) -> Result<(), Failure> {
        let Some(counted) = &self.counted else { return Ok(()) };
        self.registration.throttle.check(counted).await.map_err(|refused| {
            let source = self.source.map_or_else(String::new, |source| format!("from {source}, "));
            let detail = format!("{source}expected a pause of {} s", refused.seconds());
            Failure::new(Outcome::Throttled, detail).with_retry_after(refused.seconds())
        })
    }

    /// When nothing but its writing is left to do: what makes no client does not count.
    pub(super) async fn enters(self) -> Result<(), Failure> {
        if let Some(counted) = &self.counted {
            self.registration.throttle.failed(counted).await;
        }
        let most = self.registration.most_strangers;
        if self.registration.registry.self_registered(most).await? >= most {
            let detail = format!("{most} clients have registered themselves, and there is room for no more");
            return Err(Failure::new(Outcome::NoRoom, detail).with_retry_after(FULL_FOR_SECONDS));
        }
        Ok(())
    }
}

/// In the place of a `client_id`: a client of this name, whose failures would be counted with it, cannot be.
const REGISTRATION: &str = "";

/// Room is made by an operator, not within a second.
const FULL_FOR_SECONDS: u64 = 3600;
