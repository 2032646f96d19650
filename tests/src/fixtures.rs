//! The corpus's clients and keys (`cases/fixtures.json`), in the formats the library reads.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value, json};

use crate::jwk::PrivateJwk;
use crate::row::NOW;
use crate::x509;

/// The fixture file, read once.
pub fn fixtures() -> &'static Fixtures {
    static FIXTURES: OnceLock<Fixtures> = OnceLock::new();
    FIXTURES.get_or_init(Fixtures::read)
}

/// Clients and keys by name.
#[derive(Debug)]
pub struct Fixtures {
    server: Value,
    clients: Vec<Client>,
    keys: HashMap<String, Arc<PrivateJwk>>,
}

impl Fixtures {
    fn read() -> Self {
        let file: Value = serde_json::from_str(include_str!("../cases/fixtures.json")).unwrap();
        let odd: Value = serde_json::from_str(include_str!("../cases/odd_keys.json")).unwrap();
        let mut keys: HashMap<_, _> = [&file["private_keys"], &odd["keys"]]
            .into_iter()
            .flat_map(|keys| keys.as_object().unwrap())
            .map(|(name, jwk)| (name.clone(), Arc::new(PrivateJwk::new(jwk))))
            .collect();
        keys.insert(TEMPLATE_CLIENT.to_owned(), Arc::new(PrivateJwk::new(&template_jwk())));
        let clients = file["clients"].as_array().unwrap().iter().map(Client::read).collect();
        Fixtures { server: file["server"].clone(), clients, keys }
    }

    /// A client by its `client_id` or its alias.
    pub fn client(&self, name: &str) -> &Client {
        self.clients
            .iter()
            .find(|client| client.id() == name || client.alias.as_deref() == Some(name))
            .unwrap_or_else(|| panic!("no fixture client is called {name:?}"))
    }

    /// A private key by its name.
    pub fn key(&self, name: &str) -> Arc<PrivateJwk> {
        self.find_key(name).unwrap_or_else(|| panic!("no fixture key is called {name:?}"))
    }

    /// The private key of a client. The two clients `c-shared-…` have one between them.
    pub fn key_of(&self, client_id: &str) -> Arc<PrivateJwk> {
        if let Some(client) = self.clients.iter().find(|client| client.id() == client_id)
            && client.method() == "client_secret_jwt"
        {
            return Arc::new(PrivateJwk::of_secret(&client.secret().expect("a client with a secret")));
        }
        let shared = || client_id.starts_with("c-shared-").then(|| self.key("c-shared"));
        self.find_key(client_id).or_else(shared).unwrap_or_else(|| panic!("{client_id} has no private key"))
    }

    /// A value of the server's metadata, such as `par_endpoint`.
    pub fn server(&self, name: &str) -> &str {
        self.server[name].as_str().unwrap_or_else(|| panic!("the server has no {name:?}"))
    }

    /// Clients that are registered in every row, so that naming another client names one that exists.
    pub fn bystanders(&self) -> Vec<Value> {
        ["c-basic", "c-post", "c-none", "c-pkjwt-es256", "c-pkjwt-es256b"]
            .map(|name| self.client(name).metadata.clone())
            .to_vec()
    }

    fn find_key(&self, name: &str) -> Option<Arc<PrivateJwk>> {
        self.keys.get(name).cloned()
    }
}

/// A fixture client.
#[derive(Debug)]
pub struct Client {
    /// Its metadata in the format of `clients.json`.
    pub metadata: Value,
    alias: Option<String>,
}

impl Client {
    fn read(fixture: &Value) -> Self {
        let mut metadata = fixture.as_object().unwrap().clone();
        let alias = metadata.remove("alias").map(|alias| alias.as_str().unwrap().to_owned());
        for ours_alone in ["note", "confidential", "trust_anchor"] {
            metadata.remove(ours_alone);
        }
        metadata.retain(|_, value| !value.is_null());
        rotate_secrets(&mut metadata);
        if let Some(expiry) = metadata.get_mut("client_secret_expires_at") {
            *expiry = relative_time(expiry);
        }
        let kept = |name: &str| {
            Some(match name {
                "c-self" | "c-self-expired" => x509::jwk(name),
                "c-self-nox5c" => x509::certificate("c-self").key().public(),
                _ => return None,
            })
        };
        if let Some(jwk) = kept(metadata["client_id"].as_str().unwrap()) {
            metadata.insert("jwks".to_owned(), json!({"keys": [jwk]}));
        }
        if metadata["client_id"] == TEMPLATE_CLIENT {
            metadata.insert("jwks".to_owned(), json!({"keys": [PrivateJwk::new(&template_jwk()).public()]}));
        }
        Client { metadata: metadata.into(), alias }
    }

    /// The `client_id`.
    pub fn id(&self) -> String {
        self.text("client_id").unwrap()
    }

    /// The secret that is to be sent.
    pub fn secret(&self) -> Option<String> {
        let newest = || self.metadata["client_secrets"][0]["secret"].as_str().map(str::to_owned);
        self.text("client_secret").or_else(newest)
    }

    /// The registered method.
    pub fn method(&self) -> String {
        self.text("token_endpoint_auth_method").unwrap_or_else(|| "client_secret_basic".to_owned())
    }

    /// The registered algorithm.
    pub fn signing_algorithm(&self) -> String {
        self.text("token_endpoint_auth_signing_alg").expect("a client that signs")
    }

    fn text(&self, member: &str) -> Option<String> {
        self.metadata[member].as_str().map(str::to_owned)
    }
}

/// The client whose key goes with `wycheproof/derived_rs256_em_templates.json`.
const TEMPLATE_CLIENT: &str = "c-pkjwt-rs256-wyche";

fn template_jwk() -> Value {
    let file: Value =
        serde_json::from_str(include_str!("../cases/wycheproof/json_web_signature_test.json")).unwrap();
    file["testGroups"][2]["private"].clone()
}

fn rotate_secrets(metadata: &mut Map<String, Value>) {
    let Some(previous) = metadata.remove("previous_client_secret") else { return };
    let until = relative_time(&metadata.remove("previous_valid_until").unwrap());
    let newest = metadata.remove("client_secret").unwrap();
    let secrets = json!([
        {"label": "new", "secret": newest},
        {"label": "old", "secret": previous, "expires_at": until},
    ]);
    metadata.insert("client_secrets".to_owned(), secrets);
}

/// `@now-10` as Unix seconds.
fn relative_time(value: &Value) -> Value {
    let offset = value.as_str().and_then(|text| text.strip_prefix("@now")).expect("a time relative to @now");
    json!(NOW + offset.parse::<i64>().unwrap())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::{Endpoint, ISSUER};

    #[test]
    fn the_server_is_the_one_of_the_fixture_file() {
        assert_eq!(fixtures().server("issuer"), ISSUER);
        for (name, endpoint) in [
            ("token_endpoint", Endpoint::Token),
            ("par_endpoint", Endpoint::PushedAuthorization),
            ("revocation_endpoint", Endpoint::Revocation),
            ("introspection_endpoint", Endpoint::Introspection),
            ("backchannel_authentication_endpoint", Endpoint::BackchannelAuthentication),
        ] {
            assert_eq!(fixtures().server(name), endpoint.url());
        }
    }

    #[test]
    fn nothing_of_the_fixture_language_reaches_the_library() {
        for client in &fixtures().clients {
            let text = client.metadata.to_string();
            assert!(!text.contains('@') || text.contains("Ops@example.com"), "{text}");
        }
    }
}
