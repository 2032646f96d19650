//! Which key of a client verifies, and which keys never do.

use std::sync::Arc;

use serde_json::{Value, json};

use super::signed;
use crate::assertion::Assertion;
use crate::fixtures::fixtures;
use crate::jwk::PrivateJwk;
use crate::registration::{Registered, register};
use crate::row::{Expect, Row};
use crate::scene::{accepted, invalid_client, scene};

pub(super) fn rows() -> Vec<Row> {
    [recipes(), misfits(), by_kid(), by_thumbprint(), crowds()].concat()
}

const ID: &str = "c-throwaway";

fn verified() -> Expect {
    accepted(ID, "private_key_jwt")
}

/// The client of a recipe sends an assertion that its key signed.
fn recipe(name: &str, recipe: &str, expect: Expect) -> Row {
    let client = register(recipe);
    let assertion = Assertion::new(ID, client.signer, &client.algorithm);
    scene(name).client(client.metadata).send(signed(&assertion), expect).row()
}

fn recipes() -> Vec<Row> {
    let accepted = |name: &str, of: &str| recipe(name, of, verified());
    let unusable = |name: &str, of: &str| recipe(name, of, invalid_client(400, "key_not_found"));
    let unfit = |name: &str, of: &str| recipe(name, of, invalid_client(400, "key_unfit"));
    let unregistered = |name: &str, of: &str| recipe(name, of, invalid_client(400, "unknown_client"));
    vec![
        accepted("an RSA key of 3072 bits verifies", "rsa3072"),
        accepted("an RSA key of 8192 bits verifies", "rsa8192"),
        accepted("an RSA modulus with a leading zero octet verifies", "rsa n=00||n"),
        accepted("a key whose key_ops allow to verify verifies", "key_ops verify"),
        accepted("keys of unknown and broken kinds do not disturb the good one", "jwks noisy"),
        accepted("of two keys of one kid both are tried", "dup kid"),
        accepted("of two keys of one kid the one of the right kind verifies", "dup kid ec+rsa"),
        unusable("an RSA key of 1024 bits is not used", "rsa1024"),
        unusable("an RSA key of 2047 bits is not used", "rsa2047"),
        unusable("an RSA key with exponent 1 is not used", "rsa e=1"),
        unusable("an RSA key with exponent 2 is not used", "rsa e=2"),
        unusable("an RSA key with an exponent above 64 bits is not used", "rsa big e"),
        unusable("an RSA modulus of 0 is not used", "rsa n=0"),
        unusable("an RSA modulus of 1 is not used", "rsa n=1"),
        unusable("an even RSA modulus is not used", "rsa n even"),
        unusable("a padded RSA modulus is not used", "rsa n padded"),
        unusable("an RSA modulus in the standard alphabet is not used", "rsa n std alphabet"),
        unusable("an EC key without y is not used", "ec no y"),
        unusable("an EC key beside its curve is not used", "ec y^1"),
        unusable("an EC key whose x is no field element is not used", "ec x>=p"),
        unusable("an EC key with a short coordinate is not used", "ec short coord"),
        unusable("an EC key under the name of another curve is not used", "crv mismatch"),
        unusable("an EC key under kty RSA is not used", "kty mismatch"),
        unusable("a key whose kid is a number is not used", "kid number"),
        unusable("a key whose alg is no algorithm is not used", "alg unknown"),
        unusable("an Ed25519 key of 31 octets is not used", "okp len"),
        unusable("an Ed25519 key of 33 octets is not used", "okp len 33"),
        unusable("a client with an empty key set has no key", "jwks empty"),
        unfit("a key for encryption does not fit", "use=enc"),
        unfit("a key for an unknown use does not fit", "use unknown"),
        unfit("a key whose key_ops do not allow to verify does not fit", "key_ops"),
        unfit("a key whose key_ops allow to sign alone does not fit", "key_ops sign"),
        unfit("a key whose alg is of another curve does not fit", "alg of another curve"),
        unregistered("a client that publishes its private key is not registered", "jwks with d"),
        unregistered("a client with a symmetric key is not registered", "jwks with oct, honest signature"),
        unregistered("a client whose keys are no array is not registered", "jwks keys not an array"),
        unregistered("a client whose key set has no keys member is not registered", "jwks without keys"),
    ]
}

/// A named key must be of the kind that the algorithm needs.
fn misfits() -> Vec<Row> {
    let with = |key: &str, algorithm: &str| {
        let key = fixtures().key(key);
        let kind = key.algorithm().to_owned();
        let client = Registered::with_keys([key.public()], key.clone()).of_any_algorithm();
        let assertion = Assertion::new(ID, key, algorithm);
        scene(format!("a key for {kind} does not fit {algorithm}"))
            .client(client.metadata)
            .send(signed(&assertion), invalid_client(400, "key_unfit"))
            .row()
    };
    vec![
        with("c-pkjwt-es256", "ES384"),
        with("c-pkjwt-es256", "RS256"),
        with("c-pkjwt-es256", "EdDSA"),
        with("c-pkjwt-es384", "ES256"),
        with("c-pkjwt-es512", "ES256"),
        with("c-pkjwt-eddsa", "ES256"),
        with("c-pkjwt-eddsa", "PS256"),
        with("c-pkjwt-ps384", "PS256"),
        with("c-pkjwt-ps384", "RS384"),
        with("c-pkjwt-rs256", "ES256"),
    ]
}

fn by_kid() -> Vec<Row> {
    let (one, two) = (fixtures().key("c-pkjwt-two"), fixtures().key("c-pkjwt-two:2"));
    let both = [one.public(), two.public()];
    let sent = |name: &str, keys: &[Value], kid: Option<&str>, signer: &Arc<PrivateJwk>, expect: Expect| {
        let client = Registered::with_keys(keys.iter().cloned(), signer.clone());
        let assertion = Assertion::new(ID, signer.clone(), "ES256").without_header("kid");
        let assertion = kid.map_or(assertion.clone(), |kid| assertion.header("kid", kid));
        scene(name).client(client.metadata).send(signed(&assertion), expect).row()
    };
    let invalid = || invalid_client(400, "signature_invalid");
    let not_found = || invalid_client(400, "key_not_found");
    let nameless = {
        let mut key = two.public();
        key.as_object_mut().unwrap().remove("kid");
        key
    };
    let half_named = [one.public(), nameless.clone()];
    vec![
        sent("a kid chooses the first key", &both, Some("two-1"), &one, verified()),
        sent("a kid chooses the second key", &both, Some("two-2"), &two, verified()),
        sent("a kid rules the other key out", &both, Some("two-1"), &two, invalid()),
        sent("without kid the first key is tried", &both, None, &one, verified()),
        sent("without kid the second key is tried", &both, None, &two, verified()),
        sent(
            "without kid a foreign key verifies nothing",
            &both,
            None,
            &fixtures().key("attacker-ec"),
            invalid(),
        ),
        sent("a kid that no key has is not found", &both, Some("two-3"), &one, not_found()),
        sent("an empty kid is a kid that no key has", &both, Some(""), &one, not_found()),
        sent(
            "a kid that no key has may mean the key without a kid",
            &half_named,
            Some("x"),
            &two,
            verified(),
        ),
        sent("a kid that no key has never means a key with a kid", &half_named, Some("x"), &one, invalid()),
        sent(
            "a kid that a key has rules the key without a kid out",
            &half_named,
            Some("two-1"),
            &two,
            invalid(),
        ),
        sent("a key without a kid is found without one", &[nameless], None, &two, verified()),
        scene("the key of another client is not found by its kid")
            .send(
                signed(&super::es256().header("kid", "es-b").signed_by("c-pkjwt-es256b")),
                invalid_client(400, "key_not_found"),
            )
            .row(),
        scene("two clients may share a key")
            .fixture("c-shared-a")
            .fixture("c-shared-b")
            .send(signed(&Assertion::of("c-shared-a")), accepted("c-shared-a", "private_key_jwt"))
            .send(signed(&Assertion::of("c-shared-b")), accepted("c-shared-b", "private_key_jwt"))
            .row(),
    ]
}

fn by_thumbprint() -> Vec<Row> {
    let (one, two) = (fixtures().key("c-pkjwt-two"), fixtures().key("c-pkjwt-two:2"));
    let keys = [
        one.with(json!({"x5t#S256": "AAAA", "x5t": "CCCC"})).public(),
        two.with(json!({"x5t#S256": "BBBB", "x5t": "DDDD"})).public(),
    ];
    let sent = |name: &str, hints: &[(&str, &str)], signer: &Arc<PrivateJwk>, expect: Expect| {
        let client = Registered::with_keys(keys.iter().cloned(), signer.clone());
        let assertion = Assertion::new(ID, signer.clone(), "ES256").without_header("kid");
        let assertion =
            hints.iter().fold(assertion, |assertion, (name, value)| assertion.header(name, *value));
        scene(name).client(client.metadata).send(signed(&assertion), expect).row()
    };
    let invalid = || invalid_client(400, "signature_invalid");
    let not_found = || invalid_client(400, "key_not_found");
    vec![
        sent("x5t#S256 chooses a key", &[("x5t#S256", "BBBB")], &two, verified()),
        sent("x5t#S256 rules the other key out", &[("x5t#S256", "BBBB")], &one, invalid()),
        sent("x5t#S256 that no key has is not found", &[("x5t#S256", "EEEE")], &one, not_found()),
        sent("padding of x5t#S256 is ignored", &[("x5t#S256", "BBBB==")], &two, verified()),
        sent("x5t chooses a key", &[("x5t", "CCCC")], &one, verified()),
        sent("x5t that no key has is not found", &[("x5t", "EEEE")], &one, not_found()),
        sent("x5t#S256 goes before x5t", &[("x5t", "CCCC"), ("x5t#S256", "BBBB")], &two, verified()),
        sent("kid goes before x5t#S256", &[("kid", "two-1"), ("x5t#S256", "BBBB")], &one, verified()),
        sent(
            "kid goes before x5t#S256 also when the latter is right",
            &[("kid", "two-1"), ("x5t#S256", "BBBB")],
            &two,
            invalid(),
        ),
    ]
}

/// At most four keys are tried, so that a large set is no lever.
fn crowds() -> Vec<Row> {
    let crowd = |name: &str, position: usize, size: usize, with_kid: bool, expect: Expect| {
        let (others, signer) = (fixtures().key("c-pkjwt-two"), fixtures().key("attacker-ec"));
        let key = |number: usize| match number {
            number if number == position => signer.public(),
            number => others.with(json!({"kid": format!("other-{number}")})).public(),
        };
        let client = Registered::with_keys((1..=size).map(key), signer.clone());
        let assertion = Assertion::new(ID, signer.clone(), "ES256");
        let assertion = if with_kid { assertion } else { assertion.without_header("kid") };
        scene(name).client(client.metadata).send(signed(&assertion), expect).row()
    };
    let invalid = || invalid_client(400, "signature_invalid");
    vec![
        crowd("without kid the fourth of four keys is tried", 4, 4, false, verified()),
        crowd("without kid the fifth key is not tried", 5, 5, false, invalid()),
        crowd("without kid the last of a hundred keys is not tried", 100, 100, false, invalid()),
        crowd("a kid finds the last of a hundred keys", 100, 100, true, verified()),
    ]
}
