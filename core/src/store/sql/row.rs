//! A client as it stands in a table.

use serde_json::error::Category;

use super::super::{RegisteredClient, StoreError};
use super::MOST_ID_OCTETS;
use crate::client::Client;
use crate::metadata::ClientMetadata;

pub(in super::super) struct Row {
    pub(in super::super) client_id: String,
    /// JSON.
    pub(in super::super) metadata: String,
    pub(in super::super) registration_access_token: Option<Vec<u8>>,
    /// What each of its slow hashes costs; written, and not read back.
    pub(in super::super) slow_hashes: Option<String>,
    pub(in super::super) revision: i64,
}

impl Row {
    /// The row of a client that was built from this metadata.
    ///
    /// # Errors
    /// [`StoreError`] for an id that is too long.
    pub(super) fn new(registered: &RegisteredClient, client: &Client) -> Result<Self, StoreError> {
        let client_id = registered.metadata.client_id.clone();
        if client_id.len() > MOST_ID_OCTETS {
            return Err(StoreError::new(format!("a client_id has {MOST_ID_OCTETS} octets at most")));
        }
        let mut costs: Vec<String> =
            client.secrets().iter().filter_map(|secret| secret.slow_cost()).collect();
        costs.sort_unstable();
        Ok(Row {
            client_id,
            metadata: serde_json::to_string(&registered.metadata).map_err(StoreError::new)?,
            registration_access_token: registered.registration_access_token.map(Vec::from),
            slow_hashes: (!costs.is_empty()).then(|| costs.join(" ")),
            revision: i64::try_from(registered.revision).unwrap_or(i64::MAX),
        })
    }

    /// # Errors
    /// [`StoreError`] that names the client and what is wrong with its row.
    pub(super) fn registered(&self) -> Result<RegisteredClient, StoreError> {
        let unfit = |problem: &str| unfit(&self.client_id, problem);
        let metadata: ClientMetadata =
            serde_json::from_str(&self.metadata).map_err(|error| unfit(&json_problem(&error)))?;
        if metadata.client_id != self.client_id {
            return Err(unfit("its metadata is that of another client_id"));
        }
        let token = self.registration_access_token.as_deref().map(<[u8; 32]>::try_from).transpose();
        Ok(RegisteredClient {
            metadata,
            registration_access_token: token
                .map_err(|_| unfit("the hash of its registration access token has not 32 octets"))?,
            revision: u64::try_from(self.revision).map_err(|_| unfit("its revision is negative"))?,
        })
    }
}

/// The error of one row.
pub(in super::super) fn unfit(client_id: &str, problem: &str) -> StoreError {
    StoreError::new(format!("the client {client_id:?} cannot be read: {problem}")).of_one_client()
}

/// What is wrong with JSON, without what stands in it: that can be a secret.
fn json_problem(error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    let what = match error.classify() {
        Category::Data => {
            let text = error.to_string();
            let names_a_member = ["unknown field", "missing field", "duplicate field"];
            match names_a_member.iter().any(|start| text.starts_with(start)) {
                true => return text,
                false => "a member has a value of the wrong kind",
            }
        }
        _ => "its metadata is not JSON",
    };
    format!("{what} at line {line} column {column}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_cannot_be_read_says_why_and_shows_no_secret() {
        let row = |metadata: &str| Row {
            client_id: "a".to_owned(),
            metadata: metadata.to_owned(),
            registration_access_token: None,
            slow_hashes: None,
            revision: 1,
        };
        for (metadata, expected) in [
            (r#"{"client_id": "a", "client_secrets": "dO5mwDJv"}"#, "a member has a value of the wrong kind"),
            (r#"{"client_id": "a", "client_secret": "dO5mwDJv"#, "is not JSON"),
            (r#"{"client_id": "a", "client_secre": "dO5mwDJv"}"#, "unknown field `client_secre`"),
            (r#"{"client_id": "b", "client_secret": "dO5mwDJv"}"#, "another client_id"),
        ] {
            let error = row(metadata).registered().map(drop).unwrap_err();
            for text in [error.to_string(), format!("{error:?}")] {
                // The second is a text in quotation marks, with those within escaped.
                let named = text.replace('\\', "").contains(r#"the client "a""#);
                assert!(text.contains(expected) && named, "{text}");
                assert!(!text.contains("dO5mwDJv"), "{text}");
            }
        }
    }
}
