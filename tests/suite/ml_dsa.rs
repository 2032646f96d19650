//! ML-DSA, judged by the examples of [RFC 9964 Appendix A.1](https://www.rfc-editor.org/rfc/rfc9964#appendix-A.1) and by
//! what Python's cryptography 48 with OpenSSL 4.0 wrote.

use aws_lc_rs::encoding::AsRawBytes as _;
use aws_lc_rs::signature::{self, PqdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use countersign::Algorithm;
use countersign::key::{KeySet, VerificationKey};
use countersign::sign::{ClientAssertion, SigningKey};
use serde_json::{Value, json};

/// A private JWK, and a JWS under it.
struct Example {
    jwk: Value,
    jws: String,
}

impl Example {
    fn algorithm(&self) -> Algorithm {
        self.jwk["alg"].as_str().unwrap().parse().unwrap()
    }

    fn key_id(&self) -> &str {
        self.jwk["kid"].as_str().unwrap()
    }

    fn public(&self) -> VerificationKey {
        let mut jwk = self.jwk.clone();
        jwk.as_object_mut().unwrap().remove("priv");
        only(&KeySet::from_jwks(&json!({ "keys": [jwk] })).unwrap())
    }

    fn private(&self) -> SigningKey {
        SigningKey::from_jwk(&self.jwk.to_string()).unwrap()
    }
}

fn examples() -> Vec<Example> {
    let examples: Vec<Example> = file()["examples"]
        .as_array()
        .unwrap()
        .iter()
        .map(|example| Example {
            jwk: example["jwk"].clone(),
            jws: example["jws"].as_str().unwrap().to_owned(),
        })
        .collect();
    let algorithms: Vec<Algorithm> = examples.iter().map(Example::algorithm).collect();
    assert_eq!(algorithms, Algorithm::ML_DSA);
    examples
}

fn file() -> Value {
    serde_json::from_str(include_str!("../cases/rfc9964.json")).unwrap()
}

/// What was signed, and the signature.
fn parts(jws: &str) -> (&[u8], Vec<u8>) {
    let (signed, signature) = jws.rsplit_once('.').unwrap();
    (signed.as_bytes(), URL_SAFE_NO_PAD.decode(signature).unwrap())
}

#[test]
fn the_examples_of_the_rfc_verify() {
    for example in examples() {
        let key = example.public();
        let (signed, signature) = parts(&example.jws);
        for algorithm in Algorithm::ML_DSA.iter().chain(Algorithm::DEFAULT) {
            let own = *algorithm == example.algorithm();
            assert_eq!(key.verify(*algorithm, signed, &signature), own, "{algorithm}");
        }
        assert!(!key.verify(example.algorithm(), &signed[1..], &signature));
    }
}

/// RFC 9964 §6, in whose examples each `kid` is the thumbprint.
#[test]
fn the_thumbprints_are_those_of_the_rfc() {
    for example in examples() {
        assert_eq!(&**example.public().thumbprint(), example.key_id());
        assert_eq!(example.private().thumbprint().as_deref(), Some(example.key_id()));
    }
}

/// RFC 9964 §5: the context is empty. This one verifies under the context that it names.
#[test]
fn a_signature_with_a_context_does_not_verify() {
    let example = examples().remove(0);
    let file = file();
    let jws = file["signed_with_context"]["jws"].as_str().unwrap();
    assert_eq!(parts(jws).0, parts(&example.jws).0);
    let (signed, signature) = parts(jws);
    assert!(!example.public().verify(example.algorithm(), signed, &signature));
}

#[test]
fn a_seed_makes_the_key_of_the_rfc_and_is_written_back() {
    for example in examples() {
        let key = example.private();
        assert_eq!((key.algorithm(), key.key_id()), (example.algorithm(), Some(example.key_id())));
        let mut written: Value = serde_json::from_str(&key.to_jwk().unwrap()).unwrap();
        assert_eq!(written.as_object_mut().unwrap().remove("use"), Some(json!("sig")));
        assert_eq!(written, example.jwk);
        let assertion =
            ClientAssertion::for_client("c").audience("https://as.example.com").sign(&key).unwrap();
        let (signed, signature) = parts(assertion.as_str());
        assert!(example.public().verify(example.algorithm(), signed, &signature));
    }
}

/// The same key as PEM, private and public.
#[test]
fn another_implementation_writes_the_same_pem() {
    let example = examples().remove(0);
    let key = SigningKey::from_pem(FOREIGN_PRIVATE).unwrap();
    assert_eq!((key.algorithm(), key.key_id()), (Algorithm::MlDsa44, Some(example.key_id())));
    assert_eq!(key.to_pem().unwrap().as_str(), FOREIGN_PRIVATE);
    for example in examples() {
        let pem = example.private().public_pem().unwrap().unwrap();
        let set = KeySet::default().with_public_keys(&[&pem]).unwrap();
        assert_eq!(&**only(&set).thumbprint(), example.key_id());
        let der: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let der = STANDARD.decode(der).unwrap();
        // RFC 9881 §4: the raw key behind a head that others write octet by octet the same.
        let raw = URL_SAFE_NO_PAD.decode(example.jwk["pub"].as_str().unwrap()).unwrap();
        let (head, tail) = der.split_at(der.len() - raw.len());
        assert_eq!(tail, raw);
        assert_eq!(STANDARD.encode(head), foreign_public_head(example.algorithm()));
    }
}

#[test]
fn halves_that_are_not_one_key_do_not_sign() {
    let refused = |changes: Value| {
        let mut jwk = examples().remove(0).jwk;
        for (name, value) in changes.as_object().unwrap() {
            match value {
                Value::Null => jwk.as_object_mut().unwrap().remove(name),
                value => jwk.as_object_mut().unwrap().insert(name.clone(), value.clone()),
            };
        }
        SigningKey::from_jwk(&jwk.to_string()).unwrap_err().to_string()
    };
    let octets = |octets: &[u8]| URL_SAFE_NO_PAD.encode(octets);
    assert!(refused(json!({"priv": octets(&[1; 32])})).contains("not one key"));
    assert!(refused(json!({"pub": examples().remove(1).jwk["pub"]})).contains("not one key"));
    assert!(refused(json!({"alg": "ML-DSA-65"})).contains("not one key"));
    assert!(refused(json!({"priv": octets(&[0; 31])})).contains("32 octets"));
    assert!(refused(json!({"priv": octets(&[0; 2560])})).contains("32 octets"));
    assert!(refused(json!({"priv": null})).contains("it is a public key"));
    assert!(refused(json!({"pub": null})).contains("has no pub"));
    assert!(refused(json!({"alg": null})).contains("has no alg of ML-DSA"));
    assert!(refused(json!({"alg": "EdDSA"})).contains("has no alg of ML-DSA"));
}

/// Of the forms of RFC 9881 §6, the expanded key alone does not say what a JWK must hold.
#[test]
fn an_expanded_private_key_without_its_seed_is_refused() {
    let pair = PqdsaKeyPair::from_seed(&signature::ML_DSA_44_SIGNING, &[0; 32]).unwrap();
    let expanded = pair.private_key().as_raw_bytes().unwrap();
    let element = |tag: u8, content: &[u8]| {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[tag, 0x82], length.as_slice(), content].concat()
    };
    let algorithm = b"\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x11".as_slice();
    let pem = |key: &[u8]| {
        let info = [b"\x02\x01\x00", algorithm, &element(0x04, key)].concat();
        let text = STANDARD.encode(element(0x30, &info));
        format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
    };
    let expanded = element(0x04, expanded.as_ref());
    let error = SigningKey::from_pem(&pem(&expanded)).unwrap_err().to_string();
    assert!(error.contains("without its seed"), "{error}");
    // With the seed beside it, it is the key of the first example.
    let seed = [b"\x04\x20".as_slice(), &[0; 32]].concat();
    let both = SigningKey::from_pem(&pem(&element(0x30, &[seed, expanded.clone()].concat()))).unwrap();
    assert_eq!(both.key_id(), Some(examples()[0].key_id()));
    let other_seed = [b"\x04\x20".as_slice(), &[1; 32]].concat();
    assert!(SigningKey::from_pem(&pem(&element(0x30, &[other_seed, expanded].concat()))).is_err());
}

fn only(set: &KeySet) -> VerificationKey {
    assert!(set.problems().is_empty(), "{:?}", set.problems());
    let mut keys = set.keys();
    let key = keys.next().unwrap().clone();
    assert!(keys.next().is_none());
    key
}

fn foreign_public_head(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::MlDsa44 => "MIIFMjALBglghkgBZQMEAxEDggUhAA==",
        Algorithm::MlDsa65 => "MIIHsjALBglghkgBZQMEAxIDggehAA==",
        _ => "MIIKMjALBglghkgBZQMEAxMDggohAA==",
    }
}

/// The seed of the first example.
const FOREIGN_PRIVATE: &str = "-----BEGIN PRIVATE KEY-----
MDQCAQAwCwYJYIZIAWUDBAMRBCKAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
AAAAAAAA
-----END PRIVATE KEY-----
";
