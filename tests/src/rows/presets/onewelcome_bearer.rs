//! `onewelcome`: the same kind of JWT as a bearer token, at every endpoint but the token endpoint.

use super::onewelcome::{assertion, lives, under};
use crate::assertion::{Assertion, fresh_jti};
use crate::request::Request;
use crate::row::{Endpoint, Row};
use crate::rows::{by_es256, es256, signed, status_at};
use crate::scene::{accepted, invalid_client, invalid_request, scene};

pub(super) fn rows() -> Vec<Row> {
    [good(), bad(), under_default()].concat()
}

/// The JWT in place of an access token.
fn carried(endpoint: Endpoint, assertion: &Assertion) -> Request {
    with_token(endpoint, &assertion.mint())
}

fn with_token(endpoint: Endpoint, token: &str) -> Request {
    asking(endpoint).authorization(format!("Bearer {token}"))
}

/// A question about some access token.
fn asking(endpoint: Endpoint) -> Request {
    Request::to(endpoint).remove("grant_type").field("token", "E19C77561880BBF2")
}

const INTROSPECTION: Endpoint = Endpoint::Introspection;

fn good() -> Vec<Row> {
    let at = |endpoint: Endpoint| {
        under(format!("a bearer assertion authenticates at {}", endpoint.path()))
            .send(carried(endpoint, &assertion()), by_es256())
            .send(carried(endpoint, &lives(3600)), by_es256())
            .row()
    };
    let elsewhere = Endpoint::ALL.into_iter().filter(|endpoint| *endpoint != Endpoint::Token);
    let mut rows: Vec<_> = elsewhere.map(at).collect();
    let jti = fresh_jti();
    let with_jti = || lives(3600).claim("jti", jti.as_str());
    let once = carried(Endpoint::Revocation, &lives(60));
    let mac = Assertion::of("c-csjwt");
    rows.extend([
        under("a bearer assertion does not authenticate at the token endpoint")
            .send(carried(Endpoint::Token, &assertion()), invalid_client(401, "no_credentials"))
            .row(),
        under("a bearer assertion without jti authenticates again and again")
            .send(carried(INTROSPECTION, &assertion()), by_es256())
            .send(carried(INTROSPECTION, &assertion()), by_es256())
            .row(),
        under("a bearer assertion with jti is used once")
            .send(once.clone(), by_es256())
            .send(once, invalid_client(401, "replayed"))
            .row(),
        under("a jti of the form is used up for bearer assertions")
            .send(signed(&with_jti()), by_es256())
            .send(carried(INTROSPECTION, &with_jti()), invalid_client(401, "replayed"))
            .row(),
        under("the scheme of a bearer assertion is read in any case")
            .send(asking(INTROSPECTION).authorization(format!("bearer {}", assertion().mint())), by_es256())
            .send(asking(INTROSPECTION).authorization(format!("BEARER {}", assertion().mint())), by_es256())
            .row(),
        under("a bearer assertion for the endpoint that receives it is ours")
            .send(carried(INTROSPECTION, &assertion().claim("aud", INTROSPECTION.url())), by_es256())
            .row(),
        under("a bearer assertion with its client_id in the body names one client")
            .send(carried(INTROSPECTION, &assertion()).field("client_id", "c-pkjwt-es256"), by_es256())
            .row(),
        under("a bearer assertion may be a MAC")
            .fixture("c-csjwt")
            .send(carried(INTROSPECTION, &mac), accepted("c-csjwt", "client_secret_jwt"))
            .row(),
        under("an assertion in the form works at introspection, too")
            .send(asking(INTROSPECTION).assertion(assertion().mint()), by_es256())
            .row(),
    ]);
    rows
}

fn bad() -> Vec<Row> {
    let refused = |name: &str, request: Request, reason: &str| {
        under(name).send(request, invalid_client(401, reason)).row()
    };
    let bad = |name: &str, assertion: &Assertion, reason: &str| {
        refused(&format!("{name} is refused"), carried(INTROSPECTION, assertion), reason)
    };
    let opaque = |token: &str| {
        let name = format!("the opaque bearer token {token:?} is no client credential");
        refused(&name, with_token(INTROSPECTION, token), "no_credentials")
    };
    let two_carriers = |name: &str, request: Request| {
        under(name).send(request, invalid_request(400, "multiple_methods")).row()
    };
    let long = assertion().claim("pad", "x".repeat(16 * 1024));
    let mut rows = vec![
        opaque("E19C77561880BBF24F9E60B0D9051401FE2216A93F8683438A0DF2169CFE078F"),
        opaque("a.b.c"),
        opaque("ey"),
        opaque("eyJhbGciOiJFUzI1NiJ9.e30"),
        opaque("eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AA.AA.AA"),
        refused(
            "Bearer without a token is garbled, not absent",
            asking(INTROSPECTION).authorization("Bearer"),
            "malformed_basic",
        ),
        refused(
            "an assertion under the scheme DPoP is no client credential",
            asking(INTROSPECTION).authorization(format!("DPoP {}", assertion().mint())),
            "no_credentials",
        ),
        bad("a bearer assertion of a forger", &assertion().signed_by("attacker-ec"), "signature_invalid"),
        bad("a bearer assertion that has expired", &lives(-30), "expired"),
        bad(
            "a bearer assertion for another server",
            &assertion().claim("aud", "https://other.test"),
            "aud_mismatch",
        ),
        bad(
            "a bearer assertion of nobody",
            &assertion().claim("iss", "nobody").claim("sub", "nobody"),
            "unknown_client",
        ),
        bad(
            "a bearer assertion of a client of Basic",
            &assertion().claim("iss", "c-basic").claim("sub", "c-basic"),
            "method_not_granted",
        ),
        bad("an access token that is a JWT", &assertion().header("typ", "at+jwt"), "typ_not_allowed"),
        bad(
            "a bearer assertion without a signature algorithm",
            &assertion().header("alg", "none"),
            "alg_not_allowed",
        ),
        bad("a bearer assertion with a word for exp", &assertion().claim("exp", "never"), "claim_wrong_type"),
        bad("a bearer assertion whose payload is no JSON", &assertion().payload("x"), "assertion_malformed"),
        refused(
            "a bearer assertion with another client_id in the body names two clients",
            carried(INTROSPECTION, &assertion()).field("client_id", "c-basic"),
            "client_id_mismatch",
        ),
        two_carriers(
            "a bearer assertion and one in the form are two carriers",
            carried(INTROSPECTION, &assertion()).assertion(assertion().mint()),
        ),
        two_carriers(
            "a bearer assertion and a body secret are two carriers",
            carried(INTROSPECTION, &assertion()).post("c-post", "x"),
        ),
        two_carriers(
            "two bearer assertions are two carriers",
            carried(INTROSPECTION, &assertion()).authorization(format!("Bearer {}", assertion().mint())),
        ),
        under("a bearer assertion above 16 KiB is too large")
            .send(carried(INTROSPECTION, &long), invalid_request(413, "too_large"))
            .row(),
    ];
    rows.extend([Endpoint::Revocation, Endpoint::PushedAuthorization].map(|endpoint| {
        under(format!("a wrong bearer assertion is answered with 401 at {}", endpoint.path()))
            .send(
                carried(endpoint, &assertion().signed_by("attacker-ec")),
                invalid_client(401, "signature_invalid"),
            )
            .send(asking(endpoint), invalid_client(status_at(endpoint), "no_credentials"))
            .row()
    }));
    rows
}

fn under_default() -> Vec<Row> {
    let refused = |endpoint: Endpoint| {
        scene(format!("under default a bearer assertion is no client credential at {}", endpoint.path()))
            .send(carried(endpoint, &es256()), invalid_client(401, "no_credentials"))
            .row()
    };
    Endpoint::ALL.map(refused).to_vec()
}
