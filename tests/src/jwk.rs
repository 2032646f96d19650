//! Private JWKs and what they sign.

use std::sync::OnceLock;

use aws_lc_rs::encoding::AsBigEndian;
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, PqdsaKeyPair,
    PqdsaSigningAlgorithm, RsaKeyPair,
};
use aws_lc_rs::{digest, hmac, rand};
use serde_json::{Map, Value};

use crate::{der, encoding, rsa};

/// A private key in JWK form. Test-only: it signs with whatever it can, also where a library would refuse.
#[derive(Debug)]
pub struct PrivateJwk {
    members: Map<String, Value>,
    rsa: OnceLock<Option<RsaKeyPair>>,
}

impl PrivateJwk {
    /// Takes the JWK as it stands in a fixture file.
    pub fn new(jwk: &Value) -> Self {
        PrivateJwk { members: jwk.as_object().expect("a JWK is an object").clone(), rsa: OnceLock::new() }
    }

    /// A new key on P-256.
    pub fn generate() -> Self {
        let pair = EcdsaKeyPair::generate(&signature::ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let private = pair.private_key().as_be_bytes().unwrap();
        let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
        let [x, y, d] = [x, y, private.as_ref()].map(encoding::base64url);
        PrivateJwk::new(&serde_json::json!({"kty": "EC", "crv": "P-256", "x": x, "y": y, "d": d}))
    }

    /// A client secret, as the key of a MAC.
    pub fn of_secret(secret: &str) -> Self {
        PrivateJwk::new(&serde_json::json!({"kty": "oct", "k": encoding::base64url(secret)}))
    }

    /// The ML-DSA key of a seed of equal octets, whose `kid` is its algorithm and that number.
    pub fn of_ml_dsa(algorithm: &str, seed: u8) -> Self {
        let pair = PqdsaKeyPair::from_seed(ml_dsa(algorithm), &[seed; 32]).unwrap();
        PrivateJwk::new(&serde_json::json!({
            "kty": "AKP", "alg": algorithm, "kid": format!("{algorithm}:{seed}"),
            "pub": encoding::base64url(pair.public_key()), "priv": encoding::base64url([seed; 32]),
        }))
    }

    /// The same key with other members, for instance another `kid`.
    pub fn with(&self, changes: Value) -> Self {
        let mut members = self.members.clone();
        members.extend(changes.as_object().expect("an object of members").clone());
        PrivateJwk { members, rsa: OnceLock::new() }
    }

    /// The public half, as a client registers it.
    pub fn public(&self) -> Value {
        let is_public = |name: &str| !["d", "p", "q", "dp", "dq", "qi", "priv"].contains(&name);
        self.members.clone().into_iter().filter(|(name, _)| is_public(name)).collect::<Map<_, _>>().into()
    }

    /// The whole private JWK, as nobody should register it.
    pub fn private(&self) -> Value {
        self.members.clone().into()
    }

    /// The key's name.
    pub fn kid(&self) -> Option<&str> {
        self.members.get("kid").and_then(Value::as_str)
    }

    /// The algorithm the key is for, or one that it can do.
    pub fn algorithm(&self) -> &str {
        match (self.member("alg"), self.member("kty"), self.member("crv")) {
            ("", "EC", "P-256") => "ES256",
            ("", "EC", "P-384") => "ES384",
            ("", "EC", _) => "ES512",
            ("", "OKP", _) => "EdDSA",
            ("", _, _) => "RS256",
            (algorithm, _, _) => algorithm,
        }
    }

    /// Signs with the algorithm if the key can, else with the key's own.
    pub fn sign(&self, algorithm: &str, message: &[u8]) -> Vec<u8> {
        match self.member("kty") {
            "EC" => self.sign_ecdsa(message),
            "OKP" if self.member("crv") == "Ed25519" => {
                Ed25519KeyPair::from_seed_unchecked(&self.octets("d"))
                    .unwrap()
                    .sign(message)
                    .as_ref()
                    .to_vec()
            }
            // Ed448, which the signing library does not have: the length is right, the content is not.
            "OKP" => vec![0x5A; 114],
            "RSA" => self.sign_rsa(algorithm, message),
            "AKP" => {
                let own = ml_dsa(self.member("alg"));
                let mut signature = vec![0; own.signature_len()];
                let pair = PqdsaKeyPair::from_seed(own, &self.octets("priv")).unwrap();
                pair.sign(message, &mut signature).unwrap();
                signature
            }
            "oct" => hmac(algorithm, &self.octets("k"), message),
            other => panic!("no signer for kty {other:?}"),
        }
    }

    /// The decoded octets of a member.
    pub fn octets(&self, member: &str) -> Vec<u8> {
        encoding::from_base64url(self.member(member))
    }

    /// `04 || x || y`.
    pub fn uncompressed_point(&self) -> Vec<u8> {
        [vec![4], self.octets("x"), self.octets("y")].concat()
    }

    pub(crate) fn member(&self, name: &str) -> &str {
        self.members.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    fn sign_ecdsa(&self, message: &[u8]) -> Vec<u8> {
        let algorithm: &EcdsaSigningAlgorithm = match self.member("crv") {
            "P-256" => &signature::ECDSA_P256_SHA256_FIXED_SIGNING,
            "P-384" => &signature::ECDSA_P384_SHA384_FIXED_SIGNING,
            "P-521" => &signature::ECDSA_P521_SHA512_FIXED_SIGNING,
            "secp256k1" => &signature::ECDSA_P256K1_SHA256_FIXED_SIGNING,
            other => panic!("no signer for curve {other:?}"),
        };
        EcdsaKeyPair::from_private_key_and_public_key(
            algorithm,
            &self.octets("d"),
            &self.uncompressed_point(),
        )
        .expect("the key's halves belong together")
        .sign(&rand::SystemRandom::new(), message)
        .unwrap()
        .as_ref()
        .to_vec()
    }

    fn sign_rsa(&self, algorithm: &str, message: &[u8]) -> Vec<u8> {
        let encoding: &dyn signature::RsaEncoding = match algorithm {
            "RS384" => &signature::RSA_PKCS1_SHA384,
            "RS512" => &signature::RSA_PKCS1_SHA512,
            "PS256" => &signature::RSA_PSS_SHA256,
            "PS384" => &signature::RSA_PSS_SHA384,
            "PS512" => &signature::RSA_PSS_SHA512,
            _ => &signature::RSA_PKCS1_SHA256,
        };
        let Some(pair) = self.rsa_key_pair() else {
            return self.sign_rsa_of_forbidden_size(algorithm, message);
        };
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(encoding, &rand::SystemRandom::new(), message, &mut signature).unwrap();
        signature
    }

    /// `None` when the library refuses the key, which is then signed with by hand.
    fn rsa_key_pair(&self) -> Option<&RsaKeyPair> {
        let load = || RsaKeyPair::from_der(&der::rsa_private_key(self)).ok();
        self.rsa.get_or_init(|| self.has("p").then(load).flatten()).as_ref()
    }

    fn sign_rsa_of_forbidden_size(&self, algorithm: &str, message: &[u8]) -> Vec<u8> {
        let encoded = match algorithm {
            "PS256" => rsa::pss_sha256(message, rsa::modulus_bits(self), 32, &digest::SHA256),
            _ => rsa::pkcs1_sha256(message, rsa::modulus_octets(self)),
        };
        rsa::private_operation(self, &encoded)
    }
}

fn ml_dsa(algorithm: &str) -> &'static PqdsaSigningAlgorithm {
    match algorithm {
        "ML-DSA-44" => &signature::ML_DSA_44_SIGNING,
        "ML-DSA-65" => &signature::ML_DSA_65_SIGNING,
        "ML-DSA-87" => &signature::ML_DSA_87_SIGNING,
        other => panic!("no signer for {other:?}"),
    }
}

/// HMAC with SHA-256, under any key.
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    hmac("HS256", key, message)
}

fn hmac(algorithm: &str, key: &[u8], message: &[u8]) -> Vec<u8> {
    let hash = match algorithm {
        "HS384" => hmac::HMAC_SHA384,
        "HS512" => hmac::HMAC_SHA512,
        _ => hmac::HMAC_SHA256,
    };
    hmac::sign(&hmac::Key::new(hash, key), message).as_ref().to_vec()
}
