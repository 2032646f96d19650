//! Any octets as client metadata from a file or a database, as a stored hash, and as a request for registration. What is
//! registered can authenticate, and nothing shows a secret.
#![no_main]

use countersign::metadata::ClientMetadata;
use countersign::secret::ClientSecret;
use countersign::{AuthMethod, Client};
use countersign_fuzz::RegisteringServer;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|input: &[u8]| {
    if let Ok(text) = std::str::from_utf8(input) {
        let hash = text.trim();
        let _ = ClientSecret::hashed(hash);
        let stored = ClientSecret::stored(hash);
        assert_eq!(
            format!("{stored:?}"),
            format!("{:?}", ClientSecret::stored("another")),
            "a hash is shown"
        );
        // What cannot be read is kept, and matches nothing.
        let client = Client::new("c").with_method(AuthMethod::CLIENT_SECRET_BASIC).with_secret(stored);
        assert_eq!(client.secrets().len(), 1);
    }
    if let Ok(metadata) = serde_json::from_slice::<ClientMetadata>(input) {
        let built = Client::try_from(&metadata);
        if let Err(error) = &built {
            assert!(!error.field().is_empty() && error.to_string().len() > error.field().len());
        }
        let stored = Client::from_stored(&metadata);
        assert!(built.is_err() || stored.is_ok(), "a client that is registered cannot be loaded");
        // Whatever the secret is, the same is shown.
        if let Some(secret) = &metadata.client_secret {
            let mut other = metadata.clone();
            other.client_secret = Some("x".repeat(secret.len()));
            assert_eq!(format!("{metadata:?}"), format!("{other:?}"), "a secret is shown");
            if let (Ok(client), Ok(other)) = (&built, Client::try_from(&other)) {
                assert_eq!(format!("{client:?}"), format!("{other:?}"), "a secret is shown");
            }
        }
        let written = serde_json::to_string(&metadata).expect("JSON");
        let again: ClientMetadata = serde_json::from_str(&written).expect("what was written");
        assert_eq!(built.is_ok(), Client::try_from(&again).is_ok(), "{written}");
    }
    register(input);
});

fn register(body: &[u8]) {
    let server = RegisteringServer::shared();
    let answer = server.register(body);
    match answer.status() {
        201 => {
            let client: Value = serde_json::from_slice(answer.body()).expect("JSON");
            let client_id = client["client_id"].as_str().expect("a client_id");
            let method = client["token_endpoint_auth_method"].as_str().expect("a method");
            if let Some(secret) = client["client_secret"].as_str() {
                assert!(client["client_secret_expires_at"].is_number(), "{client}");
                // The third method with a secret does not send it.
                if method != "client_secret_jwt" {
                    assert!(server.authenticates(method, client_id, secret), "{client}");
                    assert!(!server.authenticates(method, client_id, "wrong"), "{client}");
                }
            }
        }
        400 => {
            let error: Value = serde_json::from_slice(answer.body()).expect("JSON");
            let code = error["error"].as_str().expect("a code");
            assert!(
                matches!(code, "invalid_client_metadata" | "invalid_redirect_uri" | "invalid_request"),
                "{error}"
            );
        }
        status => assert!(matches!(status, 413), "{status}"),
    }
}
