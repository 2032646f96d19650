//! What a server says to a request, check by check, in its own order.
//!
//! It asks the server: [`explain`] builds an [`Authenticator`](crate::Authenticator) and has it decide, with a replay store that remembers
//! nothing, so that looking at an assertion does not use it up. The list of checks is drawn around that decision and
//! never has a say in it.

mod checks;
mod clients;
mod command;
mod explanation;
mod facts;
mod json;
mod phase;
mod remote_keys;
mod request;
mod situation;
mod text;

#[cfg(test)]
mod tests;

pub(super) use self::command::Arguments;
pub use self::explanation::{Check, Explanation, State};
pub use self::remote_keys::RemoteKeys;
pub use self::request::HttpRequest;
pub use self::situation::Situation;
pub use super::pepper_file::PepperFile;

use crate::config_error::ConfigError;

/// What the server of this situation says to the request, and why.
///
/// Needs a tokio runtime where key sets are [fetched](RemoteKeys::Fetched).
///
/// # Errors
/// [`ConfigError`] when the situation makes no server.
pub async fn explain(situation: &Situation, request: &HttpRequest) -> Result<Explanation, ConfigError> {
    let server = situation.server()?;
    let outcome = server.auth.authenticate(request.as_auth_request()).await;
    let phase = phase::reached(&server, request, &outcome);
    Ok(Explanation::new(&server, request, phase, outcome))
}
