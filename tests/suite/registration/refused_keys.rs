//! Keys and certificate subjects that cannot be registered.

use countersign_tests::fixtures::fixtures;
use countersign_tests::registration::register;

use super::refusals::refused;
use super::*;

#[test]
fn keys_that_are_none() {
    let of = |method: &str, jwks: Value| {
        json!({"grant_types": ["client_credentials"], "token_endpoint_auth_method": method, "jwks": jwks})
            .to_string()
    };
    let signed = |recipe: &str| of("private_key_jwt", register(recipe).metadata["jwks"].clone());
    let ec = fixtures().key("attacker-ec").public();
    let both = json!({
        "grant_types": ["client_credentials"], "token_endpoint_auth_method": "private_key_jwt",
        "jwks": {"keys": [ec]}, "jwks_uri": "https://client.example/jwks",
    });
    let uri = |uri: &str| {
        json!({"grant_types": ["client_credentials"], "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": uri})
            .to_string()
    };
    refused(
        &bed(),
        &[
            (
                &format!(r#"{{{MACHINE}, "token_endpoint_auth_method": "private_key_jwt"}}"#),
                "jwks is missing",
                "add jwks",
            ),
            (
                &format!(r#"{{{MACHINE}, "token_endpoint_auth_method": "self_signed_tls_client_auth"}}"#),
                "jwks is missing",
                "add jwks",
            ),
            (&both.to_string(), "jwks_uri stands beside jwks", "keep one"),
            (&signed("jwks with d"), "jwks holds a private or symmetric key", "correct"),
            (&signed("jwks with oct"), "jwks holds a private or symmetric key", "correct"),
            (&signed("jwks keys not an array"), "jwks is not a JWK Set", "correct"),
            (&signed("jwks without keys"), "jwks is not a JWK Set", "correct"),
            (&signed("jwks empty"), "jwks holds no key that can sign here", "add a public key"),
            (&signed("rsa1024"), "jwks holds no key that can sign here: key 0", "add a public key"),
            (&signed("ec y^1"), "jwks holds no key that can sign here: key 0", "add a public key"),
            (&signed("use=enc"), "jwks holds no key that can sign here", "add a public key"),
            (&signed("secp256k1"), "jwks holds no key that can sign here: key 0", "add a public key"),
            (
                &of("private_key_jwt", json!({"keys": vec![&ec; 101]})),
                "jwks holds more than 100 keys",
                "correct",
            ),
            (&of("self_signed_tls_client_auth", json!({"keys": [ec]})), "jwks holds no certificate", "x5c"),
            (&uri("http://client.example/jwks"), "jwks_uri is not an https URL", "https"),
            (&uri("http://127.0.0.1:6379/"), "jwks_uri is not an https URL", "https"),
            (&uri("file:///etc/passwd"), "jwks_uri", "https"),
            (&uri("https://u:p@client.example/"), "jwks_uri holds user information", "https"),
            (&uri(""), "jwks_uri", "https"),
        ],
    );
    // Beside keys that this server does not know, a good one is enough.
    bed().registered(&signed("jwks noisy"));
    bed().registered(&uri("https://client.example/jwks"));
}

#[test]
fn a_jwks_uri_where_nothing_is_fetched() {
    let clients = MemoryRegistry::default();
    let auth = Authenticator::builder()
        .issuer(ISSUER)
        .clients(clients.clone())
        .endpoint(Endpoint::Token, format!("{ISSUER}/token"))
        .replay(MemoryReplayStore::new())
        .build()
        .unwrap();
    let registration = Registration::new(auth.clone(), clients.clone(), ENDPOINT).unwrap().open_to_anybody();
    let bed = Bed { auth, registration, clients, clock: SetClock::new(NOW) };
    let body =
        r#"{"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://client.example/jwks"}"#;
    refused(&bed, &[(body, "jwks_uri is not served here", "as jwks")]);
}

#[test]
fn certificate_subjects_that_are_none_or_too_many() {
    let of = |subjects: Value| {
        let mut metadata = metadata_for("tls_client_auth");
        metadata.as_object_mut().unwrap().remove("tls_client_auth_subject_dn");
        metadata.as_object_mut().unwrap().extend(subjects.as_object().unwrap().clone());
        metadata.to_string()
    };
    refused(
        &bed(),
        &[
            (&of(json!({})), "tls_client_auth_subject_dn is missing", "one of the five"),
            (
                &of(json!({"tls_client_auth_san_dns": "a.example", "tls_client_auth_san_ip": "192.0.2.1"})),
                "tls_client_auth_san_ip stands beside",
                "exactly one",
            ),
            (
                &of(json!({"tls_client_auth_san_ip": "192.0.2"})),
                "tls_client_auth_san_ip",
                "as the certificate",
            ),
            (
                &of(json!({"tls_client_auth_subject_dn": ""})),
                "tls_client_auth_subject_dn",
                "as the certificate",
            ),
        ],
    );
}
