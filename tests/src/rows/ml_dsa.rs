//! ML-DSA (RFC 9964): a policy that names it, keys of type AKP, and signatures larger than any other.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{es256, signed};
use crate::assertion::Assertion;
use crate::encoding::base64url;
use crate::fixtures::fixtures;
use crate::jwk::PrivateJwk;
use crate::mutate::Mutation;
use crate::registration::Registered;
use crate::request::Request;
use crate::row::{Endpoint, Expect, Row};
use crate::scene::{Scene, accepted, invalid_client, scene};

pub(super) fn rows() -> Vec<Row> {
    [policies(), parameter_sets(), keys(), choices(), signatures(), carriers()].concat()
}

const ID: &str = "c-throwaway";
const NAMES: [&str; 3] = ["ML-DSA-44", "ML-DSA-65", "ML-DSA-87"];

fn verified() -> Expect {
    accepted(ID, "private_key_jwt")
}

fn refused(reason: &str) -> Expect {
    invalid_client(400, reason)
}

fn key(algorithm: &str) -> Arc<PrivateJwk> {
    Arc::new(PrivateJwk::of_ml_dsa(algorithm, 7))
}

/// A client with this key, registered with its algorithm.
fn client(key: &Arc<PrivateJwk>) -> Registered {
    Registered::with_keys([key.public()], key.clone())
}

fn assertion(key: &Arc<PrivateJwk>) -> Assertion {
    Assertion::new(ID, key.clone(), key.algorithm())
}

/// A server that takes ES256 and these.
fn taking(name: impl Into<String>, algorithms: &[&str]) -> Scene {
    let algorithms = [&["ES256"], algorithms].concat();
    scene(name).policy(json!({"algorithms": algorithms}))
}

fn policies() -> Vec<Row> {
    let mut rows = Vec::new();
    for (position, name) in NAMES.into_iter().enumerate() {
        let key = key(name);
        let sent =
            |scene: Scene, expect| scene.client(client(&key).metadata).send(signed(&assertion(&key)), expect);
        rows.push(
            sent(taking(format!("{name} verifies where the policy names it"), &[name]), verified()).row(),
        );
        for preset in countersign::Policy::PRESETS {
            let scene = scene(format!("the preset {preset} does not take {name}")).preset(preset);
            rows.push(sent(scene, refused("alg_not_allowed")).row());
        }
        let others: Vec<&str> = NAMES.into_iter().filter(|other| *other != name).collect();
        let scene = taking(format!("a policy that names the other two does not take {name}"), &others);
        rows.push(sent(scene, refused("alg_not_allowed")).row());
        let other = self::key(NAMES[(position + 1) % 3]);
        rows.push(
            taking(format!("a client that registered {name} may not sign {}", other.algorithm()), &NAMES)
                .client(Registered::with_keys([key.public(), other.public()], key.clone()).metadata)
                .send(signed(&assertion(&other)), refused("alg_not_allowed"))
                .row(),
        );
    }
    rows.extend([
        taking("an ML-DSA assertion is used once", &NAMES)
            .client(client(&key("ML-DSA-65")).metadata)
            .send(signed(&assertion(&key("ML-DSA-65")).claim("jti", "once")), verified())
            .send(signed(&assertion(&key("ML-DSA-65")).claim("jti", "once")), refused("replayed"))
            .row(),
        taking("an ML-DSA assertion of nobody is refused like any other", &NAMES)
            .send(signed(&assertion(&key("ML-DSA-65"))), refused("unknown_client"))
            .row(),
        taking("a client whose keys cannot sign the ML-DSA it registered is not loaded", &NAMES)
            .client({
                let mut client = Registered::with_keys([es256().key().public()], key("ML-DSA-65")).metadata;
                client["token_endpoint_auth_signing_alg"] = "ML-DSA-65".into();
                client
            })
            .send(signed(&assertion(&key("ML-DSA-65"))), refused("unknown_client"))
            .row(),
        taking("no fourth parameter set is known", &NAMES)
            .client(client(&key("ML-DSA-65")).metadata)
            .send(
                signed(&assertion(&key("ML-DSA-65")).header("alg", "ML-DSA-128")),
                refused("alg_not_allowed"),
            )
            .row(),
    ]);
    rows
}

/// The algorithm is a part of the key.
fn parameter_sets() -> Vec<Row> {
    let mut rows = Vec::new();
    let mut unfit = |key: &Arc<PrivateJwk>, algorithm: &str| {
        rows.push(
            taking(format!("a key for {} does not fit {algorithm}", key.algorithm()), &NAMES)
                .client(client(key).of_any_algorithm().metadata)
                .send(signed(&assertion(key).header("alg", algorithm)), refused("key_unfit"))
                .row(),
        );
    };
    for name in NAMES {
        for other in NAMES.into_iter().filter(|other| *other != name) {
            unfit(&key(name), other);
        }
        unfit(&key(name), "ES256");
        unfit(&fixtures().key("c-pkjwt-es256"), name);
    }
    rows
}

fn keys() -> Vec<Row> {
    let good = key("ML-DSA-65");
    let public = |octets: &[u8]| json!({"pub": base64url(octets)});
    let octets = good.octets("pub");
    let with = |name: &str, changes: Value, expect: Expect| {
        let key = Arc::new(good.with(changes));
        let client = Registered::with_keys([key.public()], good.clone()).of_any_algorithm();
        taking(name, &NAMES).client(client.metadata).send(signed(&assertion(&good)), expect).row()
    };
    let without = |member: &str| {
        let mut key = good.public();
        key.as_object_mut().unwrap().remove(member);
        let client = Registered::with_keys([key], good.clone()).of_any_algorithm();
        taking(format!("an AKP key without {member} is not used"), &NAMES)
            .client(client.metadata)
            .send(signed(&assertion(&good)), refused("key_not_found"))
            .row()
    };
    let unusable = |name: &str, changes: Value| with(name, changes, refused("key_not_found"));
    let zeros = [&octets[..32], &vec![0; octets.len() - 32]].concat();
    vec![
        without("alg"),
        without("pub"),
        without("kty"),
        unusable("an AKP key whose alg is of another type is not used", json!({"alg": "ES256"})),
        unusable("an AKP key whose alg is unknown is not used", json!({"alg": "ML-DSA-66"})),
        unusable("an AKP key whose alg is a number is not used", json!({"alg": 65})),
        unusable(
            "an AKP key whose alg is of a smaller parameter set is not used",
            json!({"alg": "ML-DSA-44"}),
        ),
        unusable(
            "an AKP key whose alg is of a larger parameter set is not used",
            json!({"alg": "ML-DSA-87"}),
        ),
        unusable("an AKP key under kty OKP is not used", json!({"kty": "OKP"})),
        unusable("an ML-DSA key that is an octet short is not used", public(&octets[1..])),
        unusable("an ML-DSA key that is an octet long is not used", public(&[&octets[..], &[0]].concat())),
        unusable("an empty ML-DSA key is not used", public(&[])),
        unusable("an ML-DSA key of zeros is not used", public(&zeros)),
        unusable("a padded pub is not used", json!({"pub": format!("{}=", good.member("pub"))})),
        unusable("a pub in the standard alphabet is not used", json!({"pub": standard(&octets)})),
        unusable("a pub that is an array is not used", json!({"pub": octets})),
        with("an ML-DSA key for encryption does not fit", json!({"use": "enc"}), refused("key_unfit")),
        with(
            "an ML-DSA key that only signs does not fit",
            json!({"key_ops": ["sign"]}),
            refused("key_unfit"),
        ),
        with(
            "an ML-DSA key that may verify verifies",
            json!({"key_ops": ["verify"], "use": "sig"}),
            verified(),
        ),
        taking("a client that publishes its seed is not registered", &NAMES)
            .client(Registered::with_keys([good.private()], good.clone()).metadata)
            .send(signed(&assertion(&good)), refused("unknown_client"))
            .row(),
    ]
}

fn standard(octets: &[u8]) -> String {
    STANDARD.encode(octets).trim_end_matches('=').to_owned()
}

/// Beside keys of other types and of its own.
fn choices() -> Vec<Row> {
    let (first, second) = (key("ML-DSA-65"), Arc::new(PrivateJwk::of_ml_dsa("ML-DSA-65", 8)));
    let ec = fixtures().key("c-pkjwt-two");
    let client = Registered::with_keys([ec.public(), first.public(), second.public()], ec.clone());
    let client = client.of_any_algorithm().metadata;
    let sent = |name: &str, assertion: Assertion, expect: Expect| {
        taking(name, &NAMES).client(client.clone()).send(signed(&assertion), expect).row()
    };
    vec![
        sent("kid chooses an ML-DSA key", assertion(&second), verified()),
        sent(
            "without kid every ML-DSA key that fits is tried",
            assertion(&second).without_header("kid"),
            verified(),
        ),
        sent(
            "beside ML-DSA keys an EC key verifies without kid",
            assertion(&ec).without_header("kid"),
            verified(),
        ),
        sent(
            "the kid of an ML-DSA key rules the other one out",
            assertion(&second).header("kid", first.kid().unwrap()),
            refused("signature_invalid"),
        ),
        sent(
            "a foreign ML-DSA key verifies nothing",
            assertion(&Arc::new(PrivateJwk::of_ml_dsa("ML-DSA-65", 9))).without_header("kid"),
            refused("signature_invalid"),
        ),
    ]
}

fn signatures() -> Vec<Row> {
    let mut rows = Vec::new();
    for (name, octets) in [("ML-DSA-44", 2420), ("ML-DSA-65", 3309), ("ML-DSA-87", 4627)] {
        let key = key(name);
        let mut edited = |what: &str, mutation: Mutation, expect: Expect| {
            let assertion = assertion(&key);
            let token = mutation.apply(&assertion.mint(), &assertion);
            rows.push(
                taking(format!("{what} of {name}"), &NAMES)
                    .client(client(&key).metadata)
                    .send(Request::token().assertion(token), expect)
                    .row(),
            );
        };
        let bit = |bit: usize| Mutation::FlipSigBits { bits: vec![bit] };
        let mut invalid =
            |what: &str, mutation: Mutation| edited(what, mutation, refused("signature_invalid"));
        // c, z and h of FIPS 204 §7.2.
        invalid("a flipped bit in the challenge", bit(0));
        invalid("a flipped bit in the response", Mutation::FlipSigBit);
        invalid("a flipped bit in the hint", bit(octets * 8 - 1));
        invalid("a signature an octet short", Mutation::SigTruncate { len: octets - 1 });
        invalid("half a signature", Mutation::SigTruncate { len: octets / 2 });
        invalid("an octet behind the signature", Mutation::AppendSigByte);
        invalid("the signature twice", Mutation::SigDouble);
        invalid("no signature", Mutation::StripSig);
        invalid("a signature of arbitrary octets", Mutation::SigRandom { len: octets });
        invalid("the signature of another assertion", Mutation::SigFromOther);
        invalid("another payload under the old signature", Mutation::SwapPayload);
        invalid("another header under the old signature", Mutation::SwapHeader);
        edited("a second signature over the same assertion", Mutation::Resign, verified());
    }
    rows
}

/// The largest signature goes wherever an assertion may stand.
fn carriers() -> Vec<Row> {
    let key = key("ML-DSA-87");
    let taking = |name: &str, switch: &str| {
        scene(name).policy(json!({"algorithms": ["ML-DSA-87"], switch: true})).client(client(&key).metadata)
    };
    let large = |octets: usize| {
        let sized = |scope: usize| assertion(&key).claim("scope", "s".repeat(scope)).mint();
        let length = sized(0).len();
        // Base64 makes four characters of three.
        (0..4)
            .map(|more| sized((octets - length) / 4 * 3 - 3 + more))
            .find(|token| token.len() > octets - 4)
            .unwrap()
    };
    vec![
        taking("an ML-DSA-87 assertion fits into a Basic password", "assertion_as_basic_password")
            .send(Request::token().basic(ID, &assertion(&key).mint()), verified())
            .row(),
        taking("an ML-DSA-87 assertion fits into a bearer token", "bearer_assertion")
            .send(
                Request::to(Endpoint::Introspection)
                    .field("token", "t")
                    .authorization(format!("Bearer {}", assertion(&key).mint())),
                verified(),
            )
            .row(),
        taking("an ML-DSA-87 assertion leaves room for claims", "pkce_plain")
            .send(Request::token().assertion(large(16 * 1024)), verified())
            .row(),
    ]
}
