//! The client information response
//! ([RFC 7591 §3.2.1](https://www.rfc-editor.org/rfc/rfc7591#section-3.2.1),
//! [RFC 7592 §3](https://www.rfc-editor.org/rfc/rfc7592#section-3)).

use serde_json::{Map, Value, json};

use super::Registration;
use super::secrets::current_end;
use crate::metadata::ClientMetadata;

impl Registration {
    /// Everything that is registered, but for what is the operator's alone. `issued` is a secret that was made just now:
    /// it is shown here and never again. `token` is the one that this client holds: only its hash is kept, so it is either
    /// new or what the client has sent.
    pub(super) fn information(
        &self,
        metadata: &ClientMetadata,
        issued: Option<&str>,
        token: Option<&str>,
    ) -> Map<String, Value> {
        let mut members = members(metadata);
        for hidden in ["auth_methods", "any_secret_method", "public_keys", "assertion_reuse", "disabled"] {
            members.remove(hidden);
        }
        members.remove("client_secrets");
        self.add_issued(&mut members, metadata, issued, token);
        members
    }

    /// The same for an operator, who sees which secrets there are and what else was set.
    pub(super) fn information_for_operator(
        &self,
        metadata: &ClientMetadata,
        issued: Option<&str>,
        token: Option<&str>,
    ) -> Map<String, Value> {
        let mut members = members(metadata);
        if let Some(Value::Array(secrets)) = members.get_mut("client_secrets") {
            for secret in secrets.iter_mut().filter_map(Value::as_object_mut) {
                secret.retain(|name, _| matches!(name.as_str(), "label" | "not_before" | "expires_at"));
            }
        }
        self.add_issued(&mut members, metadata, issued, token);
        members
    }

    fn add_issued(
        &self,
        members: &mut Map<String, Value>,
        metadata: &ClientMetadata,
        issued: Option<&str>,
        token: Option<&str>,
    ) {
        members.remove("client_secret");
        // RFC 7591 §3.2.1: required with a secret, and 0 is never.
        match current_end(metadata) {
            Some(end) => members.insert("client_secret_expires_at".to_owned(), json!(end)),
            None => members.remove("client_secret_expires_at"),
        };
        if let Some(secret) = issued {
            members.insert("client_secret".to_owned(), secret.into());
        }
        if let Some(token) = token {
            members.insert("registration_access_token".to_owned(), token.into());
        }
        let uri = self.client_uri(&metadata.client_id);
        members.insert("registration_client_uri".to_owned(), uri.into());
    }
}

/// The metadata as JSON.
pub(super) fn members(metadata: &ClientMetadata) -> Map<String, Value> {
    match serde_json::to_value(metadata) {
        Ok(Value::Object(members)) => members,
        // A struct of names and values always is an object.
        _ => Map::new(),
    }
}
