//! Every algorithm, every way in and every way out, judged by the core's own verifier. OpenSSL judges the same in the
//! suite.

use serde_json::{Value, json};

use super::*;
use crate::algorithm::Algorithm;
use crate::key::KeySet;

fn parts(assertion: &SignedAssertion) -> (Value, Value, Vec<u8>, String) {
    let (signed, signature) = assertion.as_str().rsplit_once('.').unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
    let json = |part: &str| serde_json::from_slice(&decode(part)).unwrap();
    (json(header), json(claims), decode(signature), signed.to_owned())
}

fn usual() -> ClientAssertion {
    ClientAssertion::for_client("billing").audience("https://as.example.com")
}

/// By the public part of the key, as a server has it.
fn verifies(key: &SigningKey, assertion: &SignedAssertion) -> bool {
    let (_, _, signature, signed) = parts(assertion);
    let set = KeySet::from_jwks(&json!({ "keys": [key.public_jwk().unwrap()] })).unwrap();
    assert!(set.problems().is_empty(), "{:?}", set.problems());
    set.keys().any(|public| public.verify(key.algorithm(), signed.as_bytes(), &signature))
}

#[test]
fn every_asymmetric_algorithm_verifies_and_survives_being_written_down() {
    for algorithm in Algorithm::known().filter(|algorithm| !algorithm.is_symmetric()) {
        let key = SigningKey::generate(algorithm).unwrap();
        let assertion = usual().sign(&key).unwrap();
        assert!(verifies(&key, &assertion), "{algorithm}");
        let from_jwk = SigningKey::from_jwk(&key.to_jwk().unwrap()).unwrap();
        let from_pem =
            SigningKey::from_pem(&key.to_pem().unwrap()).unwrap().with_algorithm(algorithm).unwrap();
        for again in [from_jwk, from_pem] {
            assert_eq!(again.algorithm(), algorithm);
            assert_eq!(again.key_id(), key.key_id());
            assert!(verifies(&key, &usual().sign(&again).unwrap()), "{algorithm}");
        }
    }
}

#[test]
fn a_secret_signs_with_the_three_macs() {
    use aws_lc_rs::hmac;

    let secret = "s".repeat(64);
    for (algorithm, mac) in [
        (Algorithm::HS256, hmac::HMAC_SHA256),
        (Algorithm::HS384, hmac::HMAC_SHA384),
        (Algorithm::HS512, hmac::HMAC_SHA512),
    ] {
        let key = SigningKey::from_secret(&secret).unwrap().with_algorithm(algorithm).unwrap();
        let again = SigningKey::from_jwk(&key.to_jwk().unwrap()).unwrap();
        for key in [key, again] {
            let (header, _, tag, signed) = parts(&usual().sign(&key).unwrap());
            hmac::verify(&hmac::Key::new(mac, secret.as_bytes()), signed.as_bytes(), &tag).unwrap();
            assert_eq!(header, json!({ "alg": algorithm.as_str(), "typ": "client-authentication+jwt" }));
        }
    }
}

#[test]
fn the_defaults_are_those_of_rfc7523bis() {
    let key = SigningKey::generate(Algorithm::ES256).unwrap();
    let time = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_800_000_000);
    let (header, mut claims, ..) = parts(&usual().issued_at(time).sign(&key).unwrap());
    assert_eq!(
        header,
        json!({ "alg": "ES256", "typ": "client-authentication+jwt", "kid": key.thumbprint().unwrap() })
    );
    let jwt_id = claims.as_object_mut().unwrap().remove("jti").unwrap();
    assert_eq!(URL_SAFE_NO_PAD.decode(jwt_id.as_str().unwrap()).unwrap().len(), 16);
    assert_eq!(
        claims,
        json!({
            "iss": "billing", "sub": "billing", "aud": "https://as.example.com",
            "iat": 1_800_000_000, "exp": 1_800_000_060,
        })
    );
}

#[test]
fn a_wrong_one_can_be_made() {
    let key = SigningKey::generate(Algorithm::ES256).unwrap().without_key_id();
    let wrong = usual()
        .typ("at+jwt")
        .header("alg", "none")
        .header("crit", json!(["exp"]))
        .claim("aud", json!(["a", "b"]))
        .claim("exp", "tomorrow")
        .without_claim("jti")
        .without_claim("iat");
    let (header, claims, ..) = parts(&wrong.sign(&key).unwrap());
    assert_eq!(header, json!({ "alg": "none", "typ": "at+jwt", "crit": ["exp"] }));
    assert_eq!(claims, json!({ "iss": "billing", "sub": "billing", "aud": ["a", "b"], "exp": "tomorrow" }));
}

#[test]
fn what_cannot_sign_says_why() {
    let refused = |result: Result<SigningKey, SignError>| result.unwrap_err().to_string();
    assert!(refused(SigningKey::from_secret("short")).contains("needs 32"));
    let ec = SigningKey::generate(Algorithm::ES256).unwrap();
    let (public, public_pem) = (ec.public_jwk().unwrap(), ec.public_pem().unwrap().unwrap());
    assert!(refused(SigningKey::from_pem(&public_pem)).contains("only PUBLIC KEY"));
    assert!(refused(SigningKey::from_jwk(&public.to_string())).contains("public key"));
    assert!(refused(ec.with_algorithm(Algorithm::PS256)).contains("does not sign with PS256"));
    assert!(refused(SigningKey::from_pem("hunter2")).starts_with("is not PEM"));
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMII=\n-----END ENCRYPTED PRIVATE KEY-----\n";
    assert!(refused(SigningKey::from_pem(encrypted)).contains("encrypted"));
    assert!(refused(SigningKey::from_jwk(r#"{"kty":"oct","k":"c2hvcnQ"}"#)).contains("needs 32"));
    let key = SigningKey::generate(Algorithm::ES256).unwrap();
    assert!(ClientAssertion::for_client("billing").sign(&key).unwrap_err().to_string().contains("audience"));
}

#[test]
fn debug_shows_nothing_secret() {
    let secret = "hunter2hunter2hunter2hunter2hunter2";
    let key = SigningKey::from_secret(secret).unwrap();
    let assertion = usual().sign(&key).unwrap();
    let shown = format!("{key:?} {assertion:?}");
    assert!(!shown.contains("hunter2") && !shown.contains("eyJ"), "{shown}");
    assert!(!shown.contains(&format!("{:?}", secret.as_bytes())), "{shown}");
}
