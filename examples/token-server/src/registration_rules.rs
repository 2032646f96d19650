//! `[registration]`: who may register a client, and as what.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use countersign::registration::Registration;
use countersign::throttle::FailureLimits;
use countersign::{Authenticator, Client};

use crate::config::problem::Problem;
use crate::initial_access::InitialAccessTokens;
use crate::registry::Registry;
use crate::server::prepare;
use crate::state::State;

/// The values of `[registration]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RegistrationRules {
    /// Must a client show a token that an operator handed out?
    pub(crate) needs_token: bool,
    /// The scopes that a client may have.
    pub(crate) scopes: Vec<String>,
    /// Of those without a token: how many clients a source may register at once, and then within each hour.
    pub(crate) hourly: u32,
    /// How many clients there may be before those without a token are refused.
    pub(crate) most_clients: usize,
}

impl Default for RegistrationRules {
    fn default() -> Self {
        RegistrationRules {
            needs_token: false,
            scopes: DEFAULT_SCOPES.map(str::to_owned).into(),
            hourly: 60,
            most_clients: 10_000,
        }
    }
}

impl RegistrationRules {
    /// Registers clients by these rules.
    pub(crate) fn registrar(
        &self,
        auth: &Authenticator,
        state: &Arc<State>,
        registry: Registry,
        endpoint: &str,
        grant_types: Vec<String>,
    ) -> Result<Registration, Problem> {
        let registration = Registration::new(auth.clone(), registry, endpoint)?
            .grant_types(grant_types)
            .scopes(&self.scopes)
            .validated_by(|metadata| {
                prepare(metadata, Client::from_stored(metadata)?, None)?;
                Ok(())
            });
        Ok(match self.needs_token {
            true => registration.initial_access(InitialAccessTokens(Arc::clone(state))),
            false => {
                let then_one_in = Duration::from_secs(3600) / self.hourly.max(1);
                let limits = FailureLimits::new()
                    .at_a_client(self.hourly, then_one_in)
                    .in_all(self.hourly, then_one_in);
                registration.open_to_anybody().limited_by(limits).room_for_strangers(self.most_clients)
            }
        })
    }

    /// What strangers may do who reach one of these addresses.
    pub(crate) fn warning(&self, listens: impl IntoIterator<Item = SocketAddr>) -> Option<String> {
        let is_reached = listens.into_iter().any(|address| !address.ip().is_loopback());
        (is_reached && !self.needs_token).then(|| {
            "anybody can register clients here; [registration] initial_access_token = \"required\" asks for a token"
                .to_owned()
        })
    }
}

/// Those of the server's grant types that a client may register: a stranger's must not ask users for their passwords.
pub(crate) fn grant_types(served: &[&str]) -> Vec<String> {
    served.iter().filter(|grant_type| **grant_type != "password").map(|known| (*known).to_owned()).collect()
}

/// Those of OpenID Connect, none of which is a permission of this server.
const DEFAULT_SCOPES: [&str; 4] = ["openid", "profile", "email", "offline_access"];
