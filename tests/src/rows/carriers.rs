//! Where a credential travels: exactly one carrier, at every endpoint.

use super::{
    by_basic, by_es256, by_post, es256, good_assertion, good_basic, good_none, good_post, secret_of,
    status_at,
};
use crate::request::{JWT_BEARER, Request};
use crate::row::{Endpoint, Row};
use crate::scene::{invalid_client, invalid_request, scene};

pub(super) fn rows() -> Vec<Row> {
    [several(), halves(), absent(), other_schemes(), two_names()].concat()
}

/// Puts a carrier onto a request; each is valid alone.
type Carrier = (&'static str, fn(Request) -> Request);

const CARRIERS: [Carrier; 4] = [
    ("Basic", |request| request.basic("c-basic", &secret_of("c-basic"))),
    ("a body secret", |request| request.post("c-post", &secret_of("c-post"))),
    ("an assertion", |request| request.assertion(es256().mint())),
    ("an attestation", |request| {
        request
            .header("OAuth-Client-Attestation", "e30.e30.AA")
            .header("OAuth-Client-Attestation-PoP", "e30.e30.AA")
    }),
];

fn several() -> Vec<Row> {
    let refused = invalid_request(400, "multiple_methods");
    let mut rows = Vec::new();
    for (position, (first, put_first)) in CARRIERS.iter().enumerate() {
        for (second, put_second) in &CARRIERS[position + 1..] {
            let both = |request| put_second(put_first(request));
            rows.extend([
                scene(format!("{first} and {second} are two carriers"))
                    .send(both(Request::token()), refused.clone())
                    .row(),
                scene(format!("{first} and {second} are two carriers at the introspection endpoint too"))
                    .send(both(Request::to(Endpoint::Introspection)), refused.clone())
                    .row(),
            ]);
        }
    }
    let lines = |first: &str, second: &str, what: &str| {
        scene(format!("two Authorization lines are refused: {what}"))
            .send(Request::token().authorization(first).authorization(second), refused.clone())
            .row()
    };
    let right = crate::encoding::basic("c-basic", &secret_of("c-basic"));
    rows.extend([
        lines(&right, &right, "twice the same"),
        lines(&right, "Bearer x", "Basic and Bearer"),
        lines("Bearer x", &right, "Bearer and Basic"),
        lines("Bearer x", "Bearer x", "Bearer twice"),
        scene("all three carriers at once are refused")
            .send(good_basic().post("c-post", "x").assertion(es256().mint()), refused.clone())
            .row(),
        scene("Basic and the same secret in the body are two carriers")
            .send(good_basic().post("c-basic", &secret_of("c-basic")), refused.clone())
            .row(),
        scene("Basic and a body secret without client_id are two carriers")
            .send(good_basic().field("client_secret", "x"), refused.clone())
            .row(),
        scene("Basic and an assertion type alone are two carriers")
            .send(good_basic().field("client_assertion_type", JWT_BEARER), refused.clone())
            .row(),
        scene("Basic and an assertion without its type are two carriers")
            .send(good_basic().field("client_assertion", "x"), refused.clone())
            .row(),
        scene("a secret and an assertion of another type are two carriers")
            .send(
                good_post().field("client_assertion_type", "urn:example:x").field("client_assertion", "x"),
                refused.clone(),
            )
            .row(),
        scene("Bearer beside a body secret counts as a carrier")
            .send(good_post().authorization("Bearer x"), refused.clone())
            .row(),
        scene("Bearer beside an assertion counts as a carrier")
            .send(good_assertion().authorization("Bearer x"), refused.clone())
            .row(),
        scene("undecodable Basic beside a right body secret counts as a carrier")
            .send(good_post().authorization("Basic !"), refused)
            .row(),
        scene("a DPoP header is no carrier")
            .send(good_basic().header("DPoP", "e30.e30.AA"), by_basic())
            .row(),
        scene("Proxy-Authorization is no carrier")
            .send(good_post().header("Proxy-Authorization", right), by_post())
            .row(),
        scene("a cookie is no carrier")
            .send(good_post().header("Cookie", "client_secret=x"), by_post())
            .row(),
    ]);
    rows
}

fn halves() -> Vec<Row> {
    let incomplete = invalid_request(400, "assertion_incomplete");
    let half = |endpoint: Endpoint| {
        scene(format!("an assertion without its type is half a credential at {}", endpoint.path()))
            .send(good_assertion().at(endpoint).remove("client_assertion_type"), incomplete.clone())
            .row()
    };
    let unsupported = |kind: &str| {
        scene(format!("the assertion type {kind:?} is not supported"))
            .send(
                good_assertion().set("client_assertion_type", kind),
                invalid_client(400, "assertion_type_unsupported"),
            )
            .row()
    };
    let mut rows: Vec<_> = Endpoint::ALL.map(half).into_iter().collect();
    rows.extend(
        [
            "urn:ietf:params:oauth:client-assertion-type:saml2-bearer",
            "urn:ietf:params:oauth:client-assertion-type:jwt-spiffe",
            "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "URN:IETF:PARAMS:OAUTH:CLIENT-ASSERTION-TYPE:JWT-BEARER",
            "jwt-bearer",
        ]
        .map(unsupported),
    );
    rows.extend([
        scene("an assertion type without an assertion is half a credential")
            .send(Request::token().field("client_assertion_type", JWT_BEARER), incomplete.clone())
            .row(),
        scene("an assertion type beside the client_id of a public client is half a credential")
            .send(good_none().field("client_assertion_type", JWT_BEARER), incomplete)
            .row(),
        scene("an unsupported type is told before the assertion is read")
            .send(
                Request::token()
                    .field(
                        "client_assertion_type",
                        "urn:ietf:params:oauth:client-assertion-type:saml2-bearer",
                    )
                    .field("client_assertion", "PHNhbWw+"),
                invalid_client(400, "assertion_type_unsupported"),
            )
            .row(),
        scene("a secret without client_id names no client")
            .send(Request::token().field("client_secret", "x"), invalid_request(400, "client_id_missing"))
            .row(),
        scene("a secret without client_id is malformed at the introspection endpoint too")
            .send(
                Request::to(Endpoint::Introspection).field("client_secret", "x"),
                invalid_request(400, "client_id_missing"),
            )
            .row(),
    ]);
    rows
}

fn absent() -> Vec<Row> {
    let nothing = |endpoint: Endpoint| {
        scene(format!("a request without any credential is refused at {}", endpoint.path()))
            .send(Request::to(endpoint), invalid_client(status_at(endpoint), "no_credentials"))
            .row()
    };
    Endpoint::ALL.map(nothing).into_iter().collect()
}

fn other_schemes() -> Vec<Row> {
    let scheme = |value: &str| {
        scene(format!("Authorization {value:?} is no client credential"))
            .send(Request::token().authorization(value), invalid_client(401, "no_credentials"))
            .row()
    };
    let mut rows: Vec<_> =
        ["Bearer x", "Digest username=\"x\"", "DPoP x", "Negotiate x", "Basic: x", "BasicAuth x"]
            .map(scheme)
            .into_iter()
            .collect();
    let garbled = |value: &str| {
        scene(format!("Authorization {value:?} is garbled, not absent"))
            .send(Request::token().authorization(value), invalid_client(401, "malformed_basic"))
            .row()
    };
    rows.extend(["Basicx", "YmlsbGluZzp4", "Basic\tYmlsbGluZzp4"].map(garbled));
    rows.extend([
        scene(
            "attestation headers are a credential, and a public client that sends them is no public client",
        )
        .send(
            good_none()
                .header("OAuth-Client-Attestation", "bogus")
                .header("OAuth-Client-Attestation-PoP", "x"),
            invalid_client(400, "method_not_granted"),
        )
        .row(),
        scene("Bearer at the introspection endpoint is no client credential")
            .send(
                Request::to(Endpoint::Introspection).authorization("Bearer x"),
                invalid_client(401, "no_credentials"),
            )
            .row(),
        scene("Bearer beside the client_id of a public client is no client credential")
            .send(good_none().authorization("Bearer x"), invalid_client(401, "no_credentials"))
            .row(),
    ]);
    rows
}

/// RFC 7521 §4.2: wherever the client is named, it is the same one.
fn two_names() -> Vec<Row> {
    let other = |request: Request, id: &str, status: u16, what: &str| {
        scene(format!("{what} with the client_id {id} in the body names two clients"))
            .send(request.field("client_id", id), invalid_client(status, "client_id_mismatch"))
            .row()
    };
    vec![
        other(good_basic(), "c-post", 401, "Basic"),
        other(good_basic(), "nobody", 401, "Basic"),
        other(good_basic(), "C-BASIC", 401, "Basic"),
        other(good_assertion(), "c-basic", 400, "an assertion"),
        other(good_assertion(), "nobody", 400, "an assertion"),
        other(good_assertion().at(Endpoint::Introspection), "c-basic", 401, "an assertion at introspection"),
        scene("Basic with its own client_id in the body names one client")
            .send(good_basic().field("client_id", "c-basic"), by_basic())
            .row(),
        scene("an assertion with its own client_id in the body names one client")
            .send(good_assertion().field("client_id", "c-pkjwt-es256"), by_es256())
            .row(),
        scene("a client_id of another client is found before a wrong secret")
            .send(
                Request::token().basic("c-basic", "wrong").field("client_id", "c-post"),
                invalid_client(401, "client_id_mismatch"),
            )
            .row(),
    ]
}
