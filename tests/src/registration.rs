//! Throw-away clients with unusual key sets: the recipes of `cases/register_recipes.json`, and more of the kind.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::encoding::{base64url, from_hex};
use crate::fixtures::fixtures;
use crate::jwk::PrivateJwk;
use crate::x509::{certificate, jwk};

/// A client that is registered for one row.
#[derive(Debug)]
pub struct Registered {
    /// Its metadata in the format of `clients.json`.
    pub metadata: Value,
    /// What it signs with. Where the registered key cannot sign, a key that a fooled server would take.
    pub signer: Arc<PrivateJwk>,
    /// The algorithm it registered.
    pub algorithm: String,
}

impl Registered {
    /// A client `c-throwaway` with this value as its `jwks`.
    pub fn with_jwks(jwks: Value, signer: Arc<PrivateJwk>) -> Self {
        let algorithm = signer.algorithm().to_owned();
        let metadata = json!({
            "client_id": "c-throwaway",
            "token_endpoint_auth_method": "private_key_jwt",
            "token_endpoint_auth_signing_alg": algorithm,
            "jwks": jwks,
        });
        Registered { metadata, signer, algorithm }
    }

    /// A client `c-throwaway` with these keys.
    pub fn with_keys(keys: impl IntoIterator<Item = Value>, signer: Arc<PrivateJwk>) -> Self {
        Registered::with_jwks(json!({"keys": keys.into_iter().collect::<Vec<_>>()}), signer)
    }

    /// The same client under another id.
    #[must_use]
    pub fn named(mut self, client_id: &str) -> Self {
        self.metadata["client_id"] = client_id.into();
        self
    }

    /// The same client without a registered algorithm, which the loader would hold against its keys.
    #[must_use]
    pub fn of_any_algorithm(mut self) -> Self {
        self.metadata.as_object_mut().unwrap().remove("token_endpoint_auth_signing_alg");
        self
    }

    /// The `client_id`.
    pub fn client_id(&self) -> &str {
        self.metadata["client_id"].as_str().unwrap()
    }
}

/// Registers a client by a recipe.
pub fn register(recipe: &str) -> Registered {
    let (ec, rsa) = (fixtures().key("attacker-ec"), fixtures().key("attacker-rsa"));
    let ec_with = |changes: Value| Registered::with_keys([ec.with(changes).public()], ec.clone());
    let rsa_with = |changes: Value| Registered::with_keys([rsa.with(changes).public()], rsa.clone());
    match recipe {
        "rsa1024" | "rsa2047" | "rsa3072" | "rsa8192" | "rsa8200" | "rsa big e" => {
            let key = fixtures().key(recipe);
            Registered::with_keys([key.public()], key)
        }
        "rsa65536" => rsa_of_modulus(&[0xC1; 8192]),
        "rsa e=1" => rsa_of_exponents("AQ"),
        "rsa e=2" => rsa_of_exponents("Ag"),
        "rsa n=0" => rsa_with(json!({"n": "AA"})),
        "rsa n=1" => rsa_with(json!({"n": "AQ"})),
        "rsa n even" => rsa_with(json!({"n": flipped_last_bit(&rsa.octets("n"))})),
        "rsa n=00||n" => rsa_with(json!({"n": base64url([vec![0], rsa.octets("n")].concat())})),
        "rsa n padded" => rsa_with(json!({"n": format!("{}==", rsa.member("n"))})),
        "rsa n std alphabet" => rsa_with(json!({"n": rsa.member("n").replace('-', "+").replace('_', "/")})),
        "wycheproof group 5 key" => roca_key(),
        "ec y^1" => ec_with(json!({"y": flipped_last_bit(&ec.octets("y"))})),
        "ec x>=p" => ec_with(json!({"x": base64url(from_hex(P256_FIELD))})),
        "ec no y" => {
            let mut key = ec.public();
            key.as_object_mut().unwrap().remove("y");
            Registered::with_keys([key], ec)
        }
        "ec short coord" => {
            let key = fixtures().key("ec short x");
            let short = key.with(json!({"x": base64url(&key.octets("x")[1..])}));
            Registered::with_keys([short.public()], key)
        }
        "crv mismatch" => ec_with(json!({"crv": "P-384"})),
        "kty mismatch" => ec_with(json!({"kty": "RSA"})),
        "kid number" => ec_with(json!({"kid": 1})),
        "alg of another curve" => ec_with(json!({"alg": "ES384"})).of_any_algorithm(),
        "alg unknown" => ec_with(json!({"alg": "ES521"})),
        "use=enc" => ec_with(json!({"use": "enc"})).of_any_algorithm(),
        "use unknown" => ec_with(json!({"use": "sign"})).of_any_algorithm(),
        "key_ops" => {
            Registered::with_keys([without_use(&ec, json!({"key_ops": ["encrypt"]}))], ec).of_any_algorithm()
        }
        "key_ops verify" => Registered::with_keys([without_use(&ec, json!({"key_ops": ["verify"]}))], ec),
        "key_ops sign" => {
            Registered::with_keys([without_use(&ec, json!({"key_ops": ["sign"]}))], ec).of_any_algorithm()
        }
        "x5c mismatch" => ec_with(json!({"x5c": [STANDARD.encode(b"not the certificate of this key")]})),
        "secp256k1" => {
            let key = fixtures().key("secp256k1");
            Registered::with_keys([key.public()], key).of_any_algorithm()
        }
        "ed25519 small order" => ed25519_of(&[0; 32]),
        "okp len" => ed25519_of(&[7; 31]),
        "okp len 33" => ed25519_of(&[7; 33]),
        "dup kid" => {
            let (first, second) = (fixtures().key("c-pkjwt-two"), fixtures().key("c-pkjwt-two:2"));
            let named = |key: &PrivateJwk| Arc::new(key.with(json!({"kid": "same"})));
            let signer = named(&second);
            Registered::with_keys([named(&first).public(), signer.public()], signer)
        }
        "dup kid ec+rsa" => {
            let (ec, rsa) = (ec.with(json!({"kid": "same"})), rsa.with(json!({"kid": "same"})));
            Registered::with_keys([rsa.public(), ec.public()], Arc::new(ec))
        }
        "jwks noisy" => Registered::with_keys(noise().into_iter().chain([ec.public()]), ec),
        "jwks with d" => Registered::with_keys([ec.private()], ec),
        "jwks with oct" | "oct wrong alg" => {
            let algorithm = if recipe == "oct wrong alg" { "A256GCM" } else { "HS256" };
            let oct = json!({"kty": "oct", "k": base64url([7; 32]), "kid": "mac", "alg": algorithm});
            let mut client = Registered::with_keys([ec.public(), oct.clone()], ec);
            client.signer = Arc::new(PrivateJwk::new(&oct));
            client
        }
        "jwks with oct, honest signature" => Registered { signer: ec, ..register("jwks with oct") },
        "jwks keys not an array" => Registered::with_jwks(json!({"keys": "x"}), ec),
        "jwks without keys" => Registered::with_jwks(json!({}), ec),
        "pkjwt jwks with x5c" => {
            let signer = certificate("c-self").key().clone();
            Registered::with_keys([jwk("c-self")], signer)
        }
        "client a" => ec_with(json!({})).named("a"),
        "client a:b" => ec_with(json!({})).named("a:b"),
        "100 keys" => crowded(100),
        "1000 keys" => crowded(1000),
        "jwks empty" => Registered::with_jwks(json!({"keys": []}), ec),
        other => panic!("no recipe is called {other:?}"),
    }
}

/// A client with one Ed25519 key of these octets, which nobody has the private half of.
pub fn ed25519_of(public: &[u8]) -> Registered {
    let signer = fixtures().key("attacker-ed");
    Registered::with_keys([signer.with(json!({"x": base64url(public)})).public()], signer)
}

/// A client that signs with the last of this many keys.
fn crowded(keys: usize) -> Registered {
    let (others, signer) = (fixtures().key("c-pkjwt-two"), fixtures().key("attacker-ec"));
    let other = |number| others.with(json!({"kid": format!("other-{number}")})).public();
    Registered::with_keys((1..keys).map(other).chain([signer.public()]), signer)
}

const P256_FIELD: &str = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";

/// With `d = 1` the signature of an encoded message is the message itself, which is what an attacker would send.
fn rsa_of_exponents(public: &str) -> Registered {
    let key = fixtures().key("attacker-rsa").public();
    let key = Arc::new(PrivateJwk::new(&key).with(json!({"e": public, "d": "AQ", "alg": "RS256"})));
    Registered::with_keys([key.public()], key)
}

fn rsa_of_modulus(modulus: &[u8]) -> Registered {
    let key = fixtures().key("attacker-rsa").public();
    let key = Arc::new(PrivateJwk::new(&key).with(json!({"n": base64url(modulus), "d": "AQ"})));
    Registered::with_keys([key.public()], key)
}

fn roca_key() -> Registered {
    let file: Value =
        serde_json::from_str(include_str!("../cases/wycheproof/json_web_key_test.json")).unwrap();
    let key = Arc::new(PrivateJwk::new(&file["testGroups"][5]["private"]["keys"][0]));
    Registered::with_keys([key.public()], key)
}

fn without_use(key: &PrivateJwk, changes: Value) -> Value {
    let mut key = key.with(changes).public();
    key.as_object_mut().unwrap().remove("use");
    key
}

/// Keys that this server does not know or cannot read, beside which the good one must still work.
fn noise() -> Vec<Value> {
    vec![
        json!({"kty": "XYZ", "kid": "n1"}),
        json!({"kty": "EC", "crv": "P-999", "kid": "n2", "x": "AA", "y": "AA"}),
        json!({"kty": "RSA", "kid": "n3"}),
        json!({"kty": "AKP", "alg": "ML-DSA-65", "kid": "n4", "pub": "AA"}),
    ]
}

fn flipped_last_bit(octets: &[u8]) -> String {
    let mut octets = octets.to_vec();
    *octets.last_mut().unwrap() ^= 1;
    base64url(octets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::from_base64url;

    #[test]
    fn every_recipe_of_the_corpus_is_known() {
        let recipes: Value = serde_json::from_str(include_str!("../cases/register_recipes.json")).unwrap();
        let elsewhere = ["bad jwks", "rsa n variants", "padded n", "csjwt hashed secret"];
        for recipe in recipes.as_object().unwrap().keys() {
            if !elsewhere.contains(&recipe.as_str()) {
                assert_eq!(register(recipe).client_id(), "c-throwaway");
            }
        }
    }

    #[test]
    fn the_short_coordinate_is_short() {
        let key = register("ec short coord").metadata["jwks"]["keys"][0]["x"].as_str().unwrap().to_owned();
        assert_eq!(from_base64url(&key).len(), 31);
    }
}
