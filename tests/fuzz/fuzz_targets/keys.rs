//! Any octets as a JWK Set, as one JWK, and as an entry of `public_keys`. Nothing panics, no private or symmetric key gets
//! in, and what is read is read alike each time.
#![no_main]

use countersign::key::{KeySet, MAX_KEYS};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

fuzz_target!(|input: &[u8]| {
    if let Ok(document) = serde_json::from_slice::<Value>(input) {
        check(&document);
        check(&json!({ "keys": [document] }));
    }
    if let Ok(text) = std::str::from_utf8(input)
        && let Ok(keys) = KeySet::default().with_public_keys(&[text])
    {
        assert!(!text.contains("PRIVATE KEY-----"), "a private key is registered");
        check_keys(&keys);
    }
});

fn check(document: &Value) {
    let Ok(keys) = KeySet::from_jwks(document) else { return };
    check_keys(&keys);
    let again = KeySet::from_jwks(document).expect("what was read before");
    assert!(keys.keys().map(|key| key.thumbprint()).eq(again.keys().map(|key| key.thumbprint())));
    let members = document["keys"].as_array().expect("an array of keys");
    assert!(keys.keys().count() <= members.len());
    for jwk in members {
        for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"] {
            assert!(jwk.get(private).is_none(), "{private} of a private or symmetric key: {jwk}");
        }
    }
}

fn check_keys(keys: &KeySet) {
    assert!(keys.keys().count() <= MAX_KEYS);
    for key in keys.keys() {
        assert_eq!(key.thumbprint().len(), 43);
        for algorithm in countersign::Algorithm::DEFAULT.iter().filter(|algorithm| key.fits(**algorithm)) {
            assert!(!algorithm.is_symmetric(), "a public key as the key of a MAC");
            assert!(!key.verify(*algorithm, b"message", &[0; 64]), "a signature of zeros");
        }
    }
}
