//! Where the straight line meets the throttle.

use std::net::IpAddr;

use super::attempted::Attempted;
use super::port::Port;
use crate::auth_method::ClientClass;
use crate::decision::Proved;
use crate::reason::Reason;
use crate::refusal::Failure;

/// The attempt of one request, or the two of a Basic pair that can be read as two clients.
pub(crate) struct Guard<'r> {
    throttle: &'r Port,
    first: Attempted<'r>,
    second: Option<Attempted<'r>>,
}

impl<'r> Guard<'r> {
    pub(crate) fn new(
        throttle: &'r Port,
        tenant: &'r str,
        source: IpAddr,
        client_ids: (&'r str, Option<&'r str>),
        name_alone: bool,
    ) -> Self {
        let attempted = |client_id| {
            let attempt = Attempted::new(tenant, client_id, source);
            if name_alone { attempt.with_name_alone() } else { attempt }
        };
        let (first, second) = client_ids;
        Guard { throttle, first: attempted(first), second: second.map(attempted) }
    }

    /// Before the client is looked for.
    pub(crate) async fn check(&self) -> Result<(), Failure> {
        for attempt in self.attempts() {
            self.throttle.check(attempt).await.map_err(|refused| {
                Failure::new(Reason::Throttled)
                    .expected(format!("a pause of {} s", refused.seconds()))
                    .got(refused.because())
                    .with_retry_after(refused.seconds())
            })?;
        }
        Ok(())
    }

    /// After the decision. Every failure about the credential counts alike: which one it was depends on what is
    /// registered, and nobody may see that. Trouble with a dependency is no guess.
    pub(crate) async fn decided(&self, proved: &Result<Proved, Failure>) {
        match proved {
            // A name that was accepted as it stands says nothing about who guesses at the same client's secret.
            Ok(proved) if proved.class == ClientClass::Public && !self.first.has_name_alone() => {}
            Ok(proved) => {
                if let Some(attempt) =
                    self.attempts().find(|attempt| attempt.client_id() == proved.client.id())
                {
                    self.throttle.succeeded(attempt).await;
                }
            }
            Err(failure) if failure.is_about_the_credential() => {
                for attempt in self.attempts() {
                    self.throttle.failed(attempt).await;
                }
            }
            Err(_) => {}
        }
    }

    fn attempts(&self) -> impl Iterator<Item = &Attempted<'r>> {
        std::iter::once(&self.first).chain(&self.second)
    }
}
