//! The clients of a file, those left out that a server would not load.

use std::fmt;

use serde_json::Value;

use crate::client::Client;
use crate::config_error::ConfigError;
use crate::metadata::ClientMetadata;
use crate::store::Clients;

/// A client that a server would not load.
pub(super) struct Refused {
    pub(super) client_id: String,
    pub(super) problem: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "client {:?} cannot be loaded: {}", self.client_id, self.problem)
    }
}

/// A registry, and what did not get into it.
pub(super) struct Loaded {
    pub(super) clients: Clients,
    pub(super) refused: Vec<Refused>,
}

/// # Errors
/// [`ConfigError`] when two clients have the same id.
pub(super) fn load(entries: &[Value]) -> Result<Loaded, ConfigError> {
    let (mut clients, mut refused) = (Vec::new(), Vec::new());
    for entry in entries {
        match read(entry) {
            Ok(client) => clients.push(client),
            Err(problem) => {
                let client_id = entry.get("client_id").and_then(Value::as_str).unwrap_or("(no client_id)");
                refused.push(Refused { client_id: client_id.to_owned(), problem });
            }
        }
    }
    Ok(Loaded { clients: Clients::new(clients)?, refused })
}

fn read(entry: &Value) -> Result<Client, String> {
    let metadata: ClientMetadata =
        serde_json::from_value(entry.clone()).map_err(|error| error.to_string())?;
    Client::from_stored(&metadata).map_err(|error| error.to_string())
}
