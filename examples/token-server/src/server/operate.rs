//! What an operator does with registered clients. Who may call these is decided by the listener they are served on.

use std::sync::Arc;

use countersign::store::{ClientRegistry as _, RegisteredClient};
use serde_json::{Map, Value, json};

use super::{OAuthError, Response, Server};
use crate::initial_access::{InitialAccessTokens, LIFE_SECONDS};

impl Server {
    /// A token by which somebody may register one client.
    pub(crate) async fn initial_access_token(&self) -> Response {
        match InitialAccessTokens(Arc::clone(&self.state)).issue().await {
            Some(token) => {
                (self.log)("registration operation=issue_initial_access_token outcome=done");
                let answer = json!({ "initial_access_token": token.expose(), "expires_in": LIFE_SECONDS });
                Response::json(201, &answer)
            }
            None => OAuthError::unavailable().response(),
        }
    }

    /// Registered clients in the order of their ids, after this one, without their secrets.
    pub(crate) async fn registered_clients(&self, after: &str, limit: usize) -> Response {
        match self.clients.registry.page(after, limit).await {
            Ok(page) => {
                // Where the page is not full, nothing comes after it.
                let last = page.last().filter(|_| page.len() >= limit);
                let next = last.map(|client| client.metadata.client_id.as_str());
                let clients: Vec<Value> = page.iter().map(without_secrets).collect();
                Response::json(200, &json!({ "clients": clients, "next": next }))
            }
            Err(error) => self.unanswered(&error).response(),
        }
    }

    /// Changes some members by a JSON merge patch.
    pub(crate) async fn patch_client(&self, client_id: &str, patch: &[u8]) -> Response {
        self.registered(self.registrar.patch(client_id, patch).await)
    }

    pub(crate) async fn rotate_secret(&self, client_id: &str) -> Response {
        self.registered(self.registrar.rotate_secret(client_id).await)
    }

    pub(crate) async fn renew_registration_access_token(&self, client_id: &str) -> Response {
        self.registered(self.registrar.renew_registration_access_token(client_id).await)
    }
}

/// Of a secret its label and its dates.
fn without_secrets(client: &RegisteredClient) -> Value {
    let Ok(Value::Object(mut members)) = serde_json::to_value(&client.metadata) else { return Value::Null };
    members.remove("client_secret");
    if let Some(Value::Array(secrets)) = members.get_mut("client_secrets") {
        for secret in secrets.iter_mut().filter_map(Value::as_object_mut) {
            keep(secret, &["label", "not_before", "expires_at"]);
        }
    }
    Value::Object(members)
}

fn keep(members: &mut Map<String, Value>, names: &[&str]) {
    members.retain(|name, _| names.contains(&name.as_str()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operator_sees_no_secret() {
        let metadata = serde_json::from_str(
            r#"{"client_id": "c", "client_secret": "hunter2", "client_secrets": [
                {"label": "2027", "secret": "hunter2", "expires_at": 7},
                {"secret_hash": "sha256:hunter2"}]}"#,
        )
        .unwrap();
        let shown = without_secrets(&RegisteredClient { metadata, ..Default::default() });
        assert_eq!(shown["client_secrets"], json!([{ "label": "2027", "expires_at": 7 }, {}]));
        assert!(!shown.to_string().contains("hunter2"));
    }
}
