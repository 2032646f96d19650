//! Bare signatures and MACs: a key, a message, and whether it verifies.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::Algorithm;
use countersign::key::{KeySet, VerificationKey};
use countersign::secret::MacKey;
use countersign_tests::encoding::from_hex;
use serde_json::Value;

use super::{Tally, groups, number, set_of, tests, text};

#[test]
fn ecdsa() {
    for (file, algorithm, accepted, refused) in [
        ("ecdsa_secp256r1_sha256_p1363_test", Algorithm::ES256, 173, 89),
        ("ecdsa_secp384r1_sha384_p1363_test", Algorithm::ES384, 193, 87),
        ("ecdsa_secp521r1_sha512_p1363_test", Algorithm::ES512, 231, 87),
    ] {
        assert_eq!(signatures(file, algorithm), Tally { accepted, refused }, "{file}");
    }
}

#[test]
fn ed25519() {
    let tally = signatures("ed25519_test", Algorithm::Ed25519);
    assert_eq!(tally, Tally { accepted: 88, refused: 63 });
}

/// `acceptable`, a missing NULL in the DigestInfo, counts as invalid: RFC 8017 §9.2 leaves the encoding no choice.
#[test]
fn rsa_pkcs1() {
    for (file, algorithm, accepted, refused) in [
        ("rsa_signature_2048_sha256_test", Algorithm::RS256, 9, 250),
        ("rsa_signature_2048_sha384_test", Algorithm::RS384, 7, 251),
        ("rsa_signature_2048_sha512_test", Algorithm::RS512, 8, 251),
    ] {
        assert_eq!(signatures(file, algorithm), Tally { accepted, refused }, "{file}");
    }
}

#[test]
fn rsa_pss() {
    for (file, algorithm, accepted, refused) in [
        ("rsa_pss_2048_sha256_mgf1_32_test", Algorithm::PS256, 63, 45),
        ("rsa_pss_2048_sha384_mgf1_48_test", Algorithm::PS384, 95, 46),
        ("rsa_pss_4096_sha384_mgf1_48_test", Algorithm::PS384, 95, 46),
        ("rsa_pss_4096_sha512_mgf1_64_test", Algorithm::PS512, 132, 47),
    ] {
        assert_eq!(signatures(file, algorithm), Tally { accepted, refused }, "{file}");
    }
}

/// Sound signatures under other parameters. RFC 7518 §3.5 fixes all of them, so three of 150 verify.
#[test]
fn rsa_pss_of_other_parameters() {
    let mut tally = Tally::default();
    for group in groups("rsa_pss_misc_test") {
        let set = KeySet::default().with_public_keys(&[text(&group["publicKeyPem"])]).unwrap();
        let key = only(&set);
        let salt = number(&group["sLen"]);
        let meant = [
            ("SHA-256", 32, Algorithm::PS256),
            ("SHA-384", 48, Algorithm::PS384),
            ("SHA-512", 64, Algorithm::PS512),
        ]
        .into_iter()
        .find(|(hash, length, _)| group["sha"] == *hash && group["mgfSha"] == *hash && salt == *length)
        .map(|(_, _, algorithm)| algorithm);
        for test in tests(&group) {
            assert_eq!(test["result"], "valid");
            assert_eq!(verifies_under(key, test), meant.into_iter().collect::<Vec<_>>(), "{}", test["tcId"]);
            tally.count(meant.is_some());
        }
    }
    assert_eq!(tally, Tally { accepted: 3, refused: 147 });
}

/// Curves that are not taken make no key at all, whatever the signature is worth.
#[test]
fn other_curves() {
    for (file, refused) in [("ecdsa_secp256k1_sha256_p1363_test", 252), ("ed448_test", 87)] {
        let mut tally = Tally::default();
        for group in groups(file) {
            let set =
                Some(&group["publicKeyJwk"]).filter(|jwk| jwk.is_object()).map(set_of).unwrap_or_default();
            assert_eq!(set.keys().count(), 0, "{file}");
            assert!(set.with_public_keys(&[text(&group["publicKeyPem"])]).is_err(), "{file}");
            tests(&group).for_each(|_| tally.count(false));
        }
        assert_eq!(tally, Tally { accepted: 0, refused }, "{file}");
    }
}

/// A tag is as long as its hash, and so is the key at least (RFC 7518 §3.2).
#[test]
fn hmac() {
    for (file, algorithm, octets, accepted, refused) in [
        ("hmac_sha256_test", Algorithm::HS256, 32, 30, 144),
        ("hmac_sha384_test", Algorithm::HS384, 48, 30, 144),
        ("hmac_sha512_test", Algorithm::HS512, 64, 30, 144),
    ] {
        let mut tally = Tally::default();
        for group in groups(file) {
            let long_enough =
                number(&group["keySize"]) >= octets * 8 && number(&group["tagSize"]) == octets * 8;
            for test in tests(&group) {
                let key = MacKey::new(from_hex(text(&test["key"])));
                let (message, tag) = (from_hex(text(&test["msg"])), from_hex(text(&test["tag"])));
                let expected = test["result"] == "valid" && long_enough;
                assert_eq!(key.verify(algorithm, &message, &tag), expected, "{file} {}", test["tcId"]);
                tally.count(expected);
            }
        }
        assert_eq!(tally, Tally { accepted, refused }, "{file}");
    }
}

/// Each key as a JWK, as PEM and, where it is RSA, as PKCS#1: one key, and the same verdicts.
fn signatures(file: &str, algorithm: Algorithm) -> Tally {
    let mut tally = Tally::default();
    for group in groups(file) {
        let mut pem = vec![text(&group["publicKeyPem"]).to_owned()];
        pem.extend(group["publicKeyAsn"].as_str().map(pkcs1_pem));
        // Some keys come without a JWK.
        let jwk = [&group["keyJwk"], &group["publicKeyJwk"]].into_iter().find(|jwk| jwk.is_object());
        let set = jwk.map(set_of).unwrap_or_default().with_public_keys(&pem).unwrap();
        let keys: Vec<&VerificationKey> = set.keys().collect();
        assert_eq!(keys.len(), usize::from(jwk.is_some()) + pem.len(), "{file} {:?}", set.problems());
        assert!(keys.iter().all(|key| key.thumbprint() == keys[0].thumbprint()), "{file}");
        for test in tests(&group) {
            let valid = test["result"] == "valid";
            for key in &keys {
                let under = verifies_under(key, test);
                // Some invalid ones are sound under another hash, which a bare key serves as well.
                let as_expected = if valid { under == [algorithm] } else { !under.contains(&algorithm) };
                assert!(as_expected, "{file} {}: {under:?}", test["tcId"]);
            }
            tally.count(valid);
        }
    }
    tally
}

/// The algorithms under which the key takes the signature; the two names of Ed25519 count as one.
fn verifies_under(key: &VerificationKey, test: &Value) -> Vec<Algorithm> {
    let (message, signature) = (from_hex(text(&test["msg"])), from_hex(text(&test["sig"])));
    Algorithm::DEFAULT
        .iter()
        .copied()
        .filter(|algorithm| *algorithm != Algorithm::EdDSA)
        .filter(|algorithm| key.verify(*algorithm, &message, &signature))
        .collect()
}

fn only(set: &KeySet) -> &VerificationKey {
    let mut keys = set.keys();
    match (keys.next(), keys.next()) {
        (Some(key), None) => key,
        _ => panic!("there is one key"),
    }
}

fn pkcs1_pem(hex: &str) -> String {
    let text = STANDARD.encode(from_hex(hex));
    format!("-----BEGIN RSA PUBLIC KEY-----\n{text}\n-----END RSA PUBLIC KEY-----\n")
}
