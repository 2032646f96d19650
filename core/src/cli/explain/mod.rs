//! What a server would say to a request: one that is made for the question, from the files that it would have.

mod clients;
mod command;
mod json;
mod remote_keys;
mod situation;
mod text;

#[cfg(test)]
mod tests;

pub(super) use self::command::Arguments;
pub use self::remote_keys::RemoteKeys;
pub use self::situation::Situation;
pub use super::pepper_file::PepperFile;
pub use crate::explain::{Check, Explanation, HttpRequest, State};

use crate::config_error::ConfigError;

/// What the server of this situation says to the request, and why.
///
/// Needs a tokio runtime where key sets are [fetched](RemoteKeys::Fetched).
///
/// # Errors
/// [`ConfigError`] when the situation makes no server.
pub async fn explain(situation: &Situation, request: &HttpRequest) -> Result<Explanation, ConfigError> {
    let (auth, refused) = situation.server()?;
    let mut explanation = auth.explain(request).await;
    let of_this_client =
        refused.iter().filter(|refused| explanation.client_id.as_ref() == Some(&refused.client_id));
    explanation.notes.extend(of_this_client.map(ToString::to_string));
    Ok(explanation)
}
