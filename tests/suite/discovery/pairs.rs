//! Every method with every algorithm, each by a registered client that really holds what it signs with.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use countersign::certificate::TrustAnchors;
use countersign::store::Clients;
use countersign::{Algorithm, Client};
use countersign_tests::assertion::Assertion;
use countersign_tests::fixtures::fixtures;
use countersign_tests::jwk::PrivateJwk;
use countersign_tests::request::Request;
use countersign_tests::row::{Endpoint, HttpRequest};
use countersign_tests::x509::certificate;
use serde_json::{Value, json};

/// A method, and the algorithm of its assertion where it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) method: &'static str,
    pub(super) algorithm: Option<&'static str>,
}

impl Pair {
    /// All that the crate knows, across families too, and the one algorithm that it never takes.
    pub(super) fn all() -> Vec<Pair> {
        let plain = [BASIC, POST, NONE, TLS, SELF_SIGNED].map(|method| Pair { method, algorithm: None });
        let known = Algorithm::DEFAULT.iter().chain(Algorithm::ML_DSA);
        let algorithms = known.map(|algorithm| algorithm.as_str()).chain(["none"]);
        let signed = algorithms.flat_map(|algorithm| {
            [PRIVATE_KEY, SECRET_JWT].map(|method| Pair { method, algorithm: Some(algorithm) })
        });
        plain.into_iter().chain(signed).collect()
    }

    /// Does this document say that the endpoint takes it? PAR, device and CIBA endpoints have the token endpoint's lists.
    pub(super) fn is_advertised(&self, document: &Value, endpoint: Endpoint) -> bool {
        let prefix = match endpoint {
            Endpoint::Introspection => "introspection",
            Endpoint::Revocation => "revocation",
            _ => "token",
        };
        let lists = |what: &str, value: &str| {
            let list = document[format!("{prefix}_endpoint_auth_{what}_supported")].as_array();
            list.is_some_and(|list| list.iter().any(|entry| entry == value))
        };
        lists("methods", self.method)
            && self.algorithm.is_none_or(|algorithm| {
                lists("signing_alg_values", algorithm)
                    && algorithm.starts_with("HS") == (self.method == SECRET_JWT)
            })
    }

    /// A request that is right in all but what the server may not take.
    pub(super) fn request(&self, endpoint: Endpoint) -> HttpRequest {
        let (request, id) = (Request::to(endpoint), self.method);
        match self.algorithm {
            Some(algorithm) => request.assertion(assertion(id, algorithm)),
            None if id == BASIC => request.basic(id, SECRET),
            None if id == POST => request.post(id, SECRET),
            None if id == NONE => request.field("client_id", id),
            None => request.field("client_id", id).certificates([certificate(recipe(id)).der.clone()]),
        }
        .build()
    }
}

/// One client for each method, of that name. Those of assertions have a secret and a key of every type.
pub(super) fn clients() -> Clients {
    clients_under(None)
}

/// The same, the one of `tls_client_auth` with trust anchors of its own.
pub(super) fn clients_under(own: Option<TrustAnchors>) -> Clients {
    let members = |method: &str| match method {
        NONE => json!({}),
        BASIC | POST => json!({"client_secret": SECRET}),
        TLS => json!({"tls_client_auth_subject_dn": "CN=client one,O=Example Ltd,C=DE"}),
        SELF_SIGNED => json!({"jwks": {"keys": [certificate(recipe(SELF_SIGNED)).jwk()]}}),
        _ => json!({"client_secret": SECRET, "jwks": {"keys": keys()}}),
    };
    let client = |method: &str| {
        let mut metadata = json!({"client_id": method, "token_endpoint_auth_method": method});
        metadata.as_object_mut().unwrap().extend(members(method).as_object().unwrap().clone());
        let client = Client::try_from(&serde_json::from_value(metadata).unwrap()).unwrap();
        match own.clone().filter(|_| method == TLS) {
            Some(own) => client.with_trust_anchors(own),
            None => client,
        }
    };
    Clients::new([BASIC, POST, NONE, TLS, SELF_SIGNED, PRIVATE_KEY, SECRET_JWT].map(client)).unwrap()
}

fn keys() -> Vec<Value> {
    let mut algorithms: Vec<&str> = ["RS256", "ES256", "ES384", "ES512", "Ed25519"].into();
    algorithms.extend(Algorithm::ML_DSA.iter().map(|algorithm| algorithm.as_str()));
    algorithms.into_iter().map(|algorithm| key(algorithm).public()).collect()
}

/// A key that can sign with this algorithm, and says nothing of which ones it is for unless its type asks for that.
fn key(algorithm: &str) -> Arc<PrivateJwk> {
    static KEYS: LazyLock<Mutex<HashMap<String, Arc<PrivateJwk>>>> = LazyLock::new(Mutex::default);
    let mut keys = KEYS.lock().unwrap();
    Arc::clone(keys.entry(algorithm.to_owned()).or_insert_with(|| Arc::new(made_for(algorithm))))
}

fn made_for(algorithm: &str) -> PrivateJwk {
    let (fixture, kid) = match algorithm {
        "ES256" => ("attacker-ec", "P-256"),
        "ES384" => ("attacker-p384", "P-384"),
        "ES512" => ("c-pkjwt-es512", "P-521"),
        "Ed25519" | "EdDSA" => ("attacker-ed", "Ed25519"),
        "HS256" | "HS384" | "HS512" => return PrivateJwk::of_secret(SECRET),
        "ML-DSA-44" | "ML-DSA-65" | "ML-DSA-87" => return PrivateJwk::of_ml_dsa(algorithm, 7),
        _ => ("attacker-rsa", "RSA"),
    };
    let mut jwk = fixtures().key(fixture).private();
    jwk.as_object_mut().unwrap().remove("alg");
    jwk["kid"] = kid.into();
    PrivateJwk::new(&jwk)
}

fn assertion(client_id: &str, algorithm: &str) -> String {
    let token = Assertion::new(client_id, key(algorithm), algorithm).mint();
    match algorithm {
        "none" => token.rsplit_once('.').unwrap().0.to_owned() + ".",
        _ => token,
    }
}

fn recipe(method: &str) -> &'static str {
    if method == TLS { "c-tls-dn" } else { "c-self" }
}

/// Long enough for HS512.
const SECRET: &str = "Jwfzmcq31MrRezUwgizLqbeLdulZkvYNmvuF3npamJBuD89xfdu2dExsOZK6OwpE";

const BASIC: &str = "client_secret_basic";
const POST: &str = "client_secret_post";
const NONE: &str = "none";
const TLS: &str = "tls_client_auth";
const SELF_SIGNED: &str = "self_signed_tls_client_auth";
const PRIVATE_KEY: &str = "private_key_jwt";
const SECRET_JWT: &str = "client_secret_jwt";
