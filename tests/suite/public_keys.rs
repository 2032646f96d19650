//! What the operator is told about certificates and public keys at registration.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::Client;
use countersign::certificate::LeafCertificate;
use countersign::key::KeySet;
use countersign::metadata::ClientMetadata;
use countersign_tests::certificates::{bad_entries, base64, der, pem, x5t_s256};
use countersign_tests::fixtures::fixtures;
use serde_json::{Value, json};

fn load(metadata: Value) -> Result<Client, String> {
    let metadata: ClientMetadata = serde_json::from_value(metadata).unwrap();
    Client::try_from(&metadata).map_err(|error| {
        assert_eq!(error.to_string().split(' ').next(), Some(error.field()));
        error.to_string()
    })
}

fn with_entries(entries: &[String]) -> Result<Client, String> {
    load(json!({
        "client_id": "c", "token_endpoint_auth_method": "private_key_jwt", "public_keys": entries,
    }))
}

#[test]
fn a_bad_entry_is_named_by_its_position_and_never_repeated() {
    let cure =
        "give each certificate or public key an entry of its own, as PEM or as base64 of the certificate";
    for (what, entry, problem) in bad_entries() {
        let error = with_entries(&[pem("es256"), entry.clone()]).unwrap_err();
        assert_eq!(error, format!("public_keys entry 1 {problem}; {cure}"), "{what}");
    }
}

/// For an operator to see; no signature is judged by it.
#[test]
fn a_key_tells_when_its_certificate_ends() {
    let end = |entry: &str| {
        let client = with_entries(&[entry.to_owned()]).unwrap();
        let key = client.keys().keys().next().unwrap();
        (key.certificate_begins_at(), key.certificate_ends_at())
    };
    let (begins, ends) = end(&pem("es256"));
    let read = LeafCertificate::from_der(&der("es256")).unwrap();
    assert_eq!((begins, ends), (Some(read.not_before()), Some(read.not_after())));
    assert_eq!(end(&pem("es256 public")), (None, None));
}

#[test]
fn an_unfit_algorithm_is_held_against_all_keys() {
    let of = |jwk: &str, entry: &str, algorithm: &str| {
        load(json!({
            "client_id": "c", "token_endpoint_auth_method": "private_key_jwt",
            "token_endpoint_auth_signing_alg": algorithm, "public_keys": [pem(entry)],
            "jwks": {"keys": [fixtures().key(jwk).public()]},
        }))
    };
    assert!(of("c-pkjwt-es256", "rs256", "RS256").is_ok());
    assert!(of("c-pkjwt-es256", "rs256", "ES256").is_ok());
    assert_eq!(
        of("c-pkjwt-es256", "rs256", "ES384").unwrap_err(),
        "token_endpoint_auth_signing_alg is ES384, which none of the client's keys can sign; \
         register the algorithm of one of the keys"
    );
}

#[test]
fn public_keys_and_jwks_uri_exclude_each_other() {
    let error = load(json!({
        "client_id": "c", "token_endpoint_auth_method": "private_key_jwt",
        "jwks_uri": "https://client.example.com/jwks", "public_keys": [pem("es256")],
    }))
    .unwrap_err();
    assert!(error.contains("jwks_uri"), "{error}");
}

#[test]
fn a_client_has_at_most_a_hundred_keys_of_all_kinds() {
    let entries = vec![pem("es256"); 101];
    let with = |jwks: usize, entries: usize| {
        let keys = vec![fixtures().key("c-pkjwt-es256").public(); jwks];
        let set = KeySet::from_jwks(&json!({"keys": keys})).unwrap();
        set.with_public_keys(&vec![pem("es256"); entries]).map(|set| set.keys().count())
    };
    assert_eq!(with(40, 60), Ok(100));
    assert_eq!(with(40, 61).unwrap_err().position(), 60);
    assert!(with_entries(&entries).unwrap_err().contains("at most 100"));
}

#[test]
fn equal_keys_have_one_thumbprint_whatever_they_were_registered_as() {
    for (name, key) in [
        ("rs256", "c-pkjwt-rs256"),
        ("es256", "c-pkjwt-two"),
        ("es384", "c-pkjwt-es384"),
        ("es512", "c-pkjwt-es512"),
        ("ed25519", "c-pkjwt-eddsa"),
    ] {
        let jwks = json!({"keys": [fixtures().key(key).public()]});
        let set = KeySet::from_jwks(&jwks).unwrap();
        let set = set.with_public_keys(&[pem(name), pem(&format!("{name} public"))]).unwrap();
        let thumbprints: Vec<&str> = set.keys().map(|key| &**key.thumbprint()).collect();
        assert_eq!(thumbprints.len(), 3);
        assert!(thumbprints.iter().all(|thumbprint| *thumbprint == thumbprints[0]), "{name}");
    }
}

/// The whole certificate is what `self_signed_tls_client_auth` compares: never a thumbprint that a JWK only claims.
#[test]
fn only_a_certificate_that_was_shown_has_a_certificate_thumbprint() {
    let key = fixtures().key("c-pkjwt-two");
    let shown = key.with(json!({"x5c": [base64("es256")]})).public();
    let claimed = key.with(json!({"x5t#S256": x5t_s256("es256")})).public();
    let set = KeySet::from_jwks(&json!({"keys": [shown, claimed]})).unwrap();
    let set = set.with_public_keys(&[base64("es256 v1"), pem("es256 public")]).unwrap();
    let thumbprints: Vec<Option<&str>> = set.keys().map(|key| key.certificate_thumbprint()).collect();
    let (first, third) = (x5t_s256("es256"), x5t_s256("es256 v1"));
    assert_eq!(thumbprints, [Some(first.as_str()), None, Some(third.as_str()), None]);
}

#[test]
fn a_certificate_that_holds_another_key_is_reported() {
    let key = fixtures().key("c-pkjwt-two").with(json!({"x5c": [base64("attacker")]})).public();
    let set = KeySet::from_jwks(&json!({"keys": [key]})).unwrap();
    assert_eq!(set.keys().count(), 0);
    assert_eq!(
        set.problems().iter().map(ToString::to_string).collect::<Vec<_>>(),
        [r#"key 0 (kid "two-1") has an x5c whose first certificate holds another key (RFC 7517 §4.7)"#]
    );
}

/// A set may come from a stranger's server.
#[test]
fn no_octet_of_a_certificate_makes_its_reader_panic() {
    for name in ["es256", "es256 v1", "rs256"] {
        let der = der(name);
        let cut = (0..der.len()).map(|length| der[..length].to_vec());
        let changed = (0..der.len()).flat_map(|position| {
            let der = &der;
            [0x01, 0x80, 0xFF].map(move |bits| {
                let mut octets = der.clone();
                octets[position] ^= bits;
                octets
            })
        });
        let mut taken = 0;
        for octets in cut.chain(changed) {
            let key = fixtures().key("c-pkjwt-two").with(json!({"x5c": [STANDARD.encode(&octets)]}));
            KeySet::from_jwks(&json!({"keys": [key.public()]})).unwrap();
            taken += usize::from(KeySet::default().with_public_keys(&[STANDARD.encode(&octets)]).is_ok());
        }
        // What is neither a length nor the key may be anything.
        assert!(taken > der.len(), "{name}: {taken}");
    }
}
