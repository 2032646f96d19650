//! Whole JWS: the format, the JWK and the signature, without any claims.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign::Algorithm;
use countersign::key::{KeySet, KeySetError};
use countersign::secret::MacKey;
use countersign_tests::encoding::from_base64url;
use serde_json::{Value, json};

use super::{Tally, groups, number, read, text};

#[test]
fn every_jws_verifies_or_not_as_its_strict_label_says() {
    let mut tallies: BTreeMap<&str, Tally> = BTreeMap::new();
    for vector in vectors() {
        if NOT_OURS.contains(&(vector.file, vector.number)) {
            continue;
        }
        assert_eq!(vector.verifies(), vector.valid, "{} {}", vector.file, vector.name());
        tallies.entry(vector.file).or_default().count(vector.valid);
    }
    let expected = [
        ("json_web_crypto_test", Tally { accepted: 5, refused: 44 }),
        ("json_web_key_test", Tally { accepted: 6, refused: 17 }),
        ("json_web_signature_test", Tally { accepted: 42, refused: 359 }),
    ];
    assert_eq!(tallies, expected.into());
}

/// They set rules for symmetric JWKs: one `kid` for two of them, and an `alg` of encryption. Here a MAC is keyed by a
/// client's secret, which is no JWK, and a set that holds a symmetric one is refused as a whole.
const NOT_OURS: [(&str, u64); 3] =
    [("json_web_key_test", 4), ("json_web_key_test", 25), ("json_web_key_test", 26)];

#[test]
fn a_symmetric_key_refuses_the_whole_set() {
    let symmetric = vectors().into_iter().filter(|vector| vector.public.is_none());
    assert_eq!(symmetric.map(|vector| assert!(vector.whole_set().is_err())).count(), 75);
}

/// A JWS of a file, its keys and its verdict.
pub(super) struct Vector {
    pub(super) file: &'static str,
    pub(super) group: usize,
    pub(super) number: u64,
    pub(super) comment: String,
    pub(super) jws: String,
    /// By `labels_strict.json`.
    pub(super) valid: bool,
    /// Has its group any vector that is valid? Else the key itself is the fault.
    pub(super) of_a_sound_group: bool,
    /// The public JWKs, if the group's keys have a public half.
    pub(super) public: Option<Vec<Value>>,
    pub(super) private: Vec<Value>,
}

/// Every JWS of the three files.
pub(super) fn vectors() -> Vec<Vector> {
    let labels = read("labels_strict");
    let mut valid: BTreeMap<(String, u64), bool> = BTreeMap::new();
    for label in labels["vectors"].as_array().unwrap() {
        let id = (text(&label["file"]).to_owned(), number(&label["tcId"]));
        valid.insert(id, label["strict"] == "valid");
    }
    let mut vectors = Vec::new();
    for file in ["json_web_signature_test", "json_web_key_test", "json_web_crypto_test"] {
        for (group, of) in groups(file).iter().enumerate() {
            let tests = || super::tests(of).filter(|test| !test["jws"].is_null());
            let is_valid = |test: &Value| valid[&(file.to_owned(), number(&test["tcId"]))];
            let of_a_sound_group = tests().any(is_valid);
            vectors.extend(tests().map(|test| Vector {
                file,
                group,
                number: number(&test["tcId"]),
                comment: text(&test["comment"]).to_owned(),
                jws: test["jws"].as_str().map_or_else(|| test["jws"].to_string(), str::to_owned),
                valid: is_valid(test),
                of_a_sound_group,
                public: jwks(&of["public"]),
                private: jwks(&of["private"]).unwrap(),
            }));
        }
    }
    assert_eq!(vectors.len(), valid.len(), "every label has its vector");
    vectors
}

/// A JWK or a set of them.
fn jwks(value: &Value) -> Option<Vec<Value>> {
    match (value.is_null(), value["keys"].as_array()) {
        (true, _) => None,
        (_, Some(keys)) => Some(keys.clone()),
        (_, None) => Some(vec![value.clone()]),
    }
}

impl Vector {
    pub(super) fn name(&self) -> String {
        format!("{} {}: {}", self.file.trim_end_matches("_test"), self.number, self.comment)
    }

    /// Header, payload and signature, if all are strict base64url and the header is a JSON object.
    pub(super) fn header(&self) -> Option<Value> {
        let parts: Vec<&str> = self.jws.split('.').collect();
        let decoded: Vec<Vec<u8>> =
            parts.iter().map(|part| URL_SAFE_NO_PAD.decode(part)).collect::<Result<_, _>>().ok()?;
        let [header, _, _] = decoded.as_slice() else { return None };
        serde_json::from_slice(header).ok().filter(Value::is_object)
    }

    fn whole_set(&self) -> Result<KeySet, KeySetError> {
        KeySet::from_jwks(&json!({"keys": self.public.as_ref().unwrap_or(&self.private)}))
    }

    fn verifies(&self) -> bool {
        let Some(header) = self.header() else { return false };
        let Some(algorithm) = header["alg"].as_str().and_then(|name| name.parse::<Algorithm>().ok()) else {
            return false;
        };
        let (input, signature) = self.jws.rsplit_once('.').unwrap();
        let (input, signature) = (input.as_bytes(), from_base64url(signature));
        let is_named = |own: Option<&str>| header["kid"].as_str().is_none_or(|kid| own == Some(kid));
        let mixed = || self.private.iter().any(|jwk| jwk["kty"] != "oct");
        match &self.public {
            Some(_) => {
                let set = self.whole_set().unwrap();
                let mut keys = set.keys().filter(|key| is_named(key.key_id().map(|kid| &**kid)));
                keys.any(|key| key.verify(algorithm, input, &signature))
            }
            None if mixed() => false,
            None => {
                self.private.iter().filter(|jwk| is_named(jwk["kid"].as_str())).any(|jwk| {
                    MacKey::new(from_base64url(text(&jwk["k"]))).verify(algorithm, input, &signature)
                })
            }
        }
    }
}
