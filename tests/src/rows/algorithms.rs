//! `alg`: the server's list, the client's registration.

use serde_json::json;

use super::assertion_header::header;
use super::{es256, signed};
use crate::assertion::{Assertion, Signing};
use crate::fixtures::fixtures;
use crate::registration::Registered;
use crate::row::Row;
use crate::scene::{accepted, invalid_client, scene};

pub(super) fn rows() -> Vec<Row> {
    [algorithms(), registered()].concat()
}

fn algorithms() -> Vec<Row> {
    let refused = |algorithm: &str, assertion: Assertion| {
        header(
            format!("alg {algorithm:?} is refused"),
            &assertion.header("alg", algorithm),
            "alg_not_allowed",
        )
    };
    let mut rows: Vec<_> = [
        "none", "None", "NONE", "nOnE", "es256", "ES256 ", "ES256K", "ESP256", "Ed448", "RS1", "HS1",
        "A128KW", "dir", "",
    ]
    .map(|algorithm| refused(algorithm, es256()))
    .into_iter()
    .collect();
    for algorithm in ["HS256", "HS384", "HS512"] {
        let public_key = es256().key().uncompressed_point();
        rows.push(refused(algorithm, es256().signing(Signing::Hmac(public_key))));
    }
    for (client, algorithm) in [
        ("c-pkjwt-rs256", "RS256"),
        ("c-pkjwt-es384", "ES384"),
        ("c-pkjwt-es512", "ES512"),
        ("c-pkjwt-ps384", "PS384"),
    ] {
        rows.push(
            scene(format!("the preset fapi2 refuses {algorithm}"))
                .preset("fapi2")
                .fixture(client)
                .send(signed(&Assertion::of(client)), invalid_client(400, "alg_not_allowed"))
                .row(),
        );
    }
    for client in ["c-pkjwt-es256", "c-pkjwt-ps256", "c-pkjwt-eddsa", "c-pkjwt-ed25519-fs"] {
        rows.push(
            scene(format!("the preset fapi2 accepts the algorithm of {client}"))
                .preset("fapi2")
                .fixture(client)
                .send(signed(&Assertion::of(client)), accepted(client, "private_key_jwt"))
                .row(),
        );
    }
    let only = |name: &str| scene(name).policy(json!({"algorithms": ["PS256"]})).fixture("c-pkjwt-ps256");
    rows.extend([
        only("a server's own list of algorithms refuses the others")
            .send(signed(&es256()), invalid_client(400, "alg_not_allowed"))
            .row(),
        only("a server's own list of algorithms accepts those on it")
            .send(signed(&Assertion::of("c-pkjwt-ps256")), accepted("c-pkjwt-ps256", "private_key_jwt"))
            .row(),
    ]);
    rows
}

/// The client's own registration narrows the server's list.
fn registered() -> Vec<Row> {
    let other = |client: &str, algorithm: &str| {
        scene(format!("{client} may not sign {algorithm}"))
            .fixture(client)
            .send(signed(&Assertion::of(client).algorithm(algorithm)), invalid_client(400, "alg_not_allowed"))
            .row()
    };
    let mut rows = vec![
        other("c-pkjwt-rs256", "RS384"),
        other("c-pkjwt-rs256", "PS256"),
        other("c-pkjwt-ps256", "RS256"),
        other("c-pkjwt-ps256", "PS512"),
        other("c-pkjwt-es256", "ES384"),
        other("c-pkjwt-es256", "EdDSA"),
        other("c-pkjwt-eddsa", "ES256"),
    ];
    let key = fixtures().key("c-pkjwt-rs256");
    for algorithm in ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"] {
        let client = Registered::with_keys([key.public()], key.clone()).of_any_algorithm();
        let assertion = Assertion::new(client.client_id(), key.clone(), algorithm);
        rows.push(
            scene(format!("an RSA key without alg serves {algorithm} when no algorithm is registered"))
                .client(client.metadata.clone())
                .send(signed(&assertion), accepted(client.client_id(), "private_key_jwt"))
                .row(),
        );
    }
    for (client, algorithm) in [("c-pkjwt-eddsa", "Ed25519"), ("c-pkjwt-ed25519-fs", "EdDSA")] {
        rows.push(
            scene(format!("{client} may call its algorithm {algorithm}"))
                .fixture(client)
                .send(
                    signed(&Assertion::of(client).header("alg", algorithm)),
                    accepted(client, "private_key_jwt"),
                )
                .row(),
        );
    }
    rows
}
