//! `identityserver4`: an assertion as the password of a Basic pair.

use serde_json::{Value, json};

use super::TOKEN;
use crate::assertion::{Assertion, fresh_jti};
use crate::encoding::{base64url, basic, basic_pair};
use crate::fixtures::fixtures;
use crate::request::{JWT_BEARER, Request};
use crate::row::{Endpoint, Expect, ISSUER, NOW, Row};
use crate::rows::{by_basic, by_none, by_post, good_basic, good_none, good_post, signed};
use crate::scene::{Scene, accepted, invalid_client, invalid_request, scene};

pub(super) fn rows() -> Vec<Row> {
    [requests(), names(), bad_assertions(), passwords(), carriers(), under_default()].concat()
}

fn under(name: impl Into<String>) -> Scene {
    scene(format!("under identityserver4 {}", name.into())).preset("identityserver4").client(client("c"))
}

/// A client with a key and several secrets, as that system keeps them.
fn client(client_id: &str) -> Value {
    json!({
        "client_id": client_id,
        "client_secrets": [
            {"label": "first", "secret": "the-first-secret"}, {"label": "second", "secret": "the-second-secret"},
        ],
        "jwks": {"keys": [fixtures().key("c-pkjwt-rs256").public()]},
        "auth_methods": [{"method": "private_key_jwt"}, {"method": "client_secret_basic"}],
    })
}

fn assertion() -> Assertion {
    assertion_of("c")
}

fn assertion_of(client_id: &str) -> Assertion {
    Assertion::new(client_id, fixtures().key("c-pkjwt-rs256"), "RS256")
        .header("typ", "JWT")
        .claim("aud", TOKEN)
}

/// The assertion as the password of the pair.
fn as_password(assertion: &Assertion) -> Request {
    Request::token().basic("c", &assertion.mint())
}

fn proved() -> Expect {
    accepted("c", "private_key_jwt")
}

fn requests() -> Vec<Row> {
    let (once, jti) = (as_password(&assertion()), fresh_jti());
    let with_jti = || assertion().claim("jti", jti.as_str());
    let raw = format!("c:{}", assertion().mint());
    let at = |endpoint: Endpoint| {
        under(format!("an assertion as password authenticates at {}", endpoint.path()))
            .send(as_password(&assertion()).at(endpoint), proved())
            .row()
    };
    let mut rows = vec![
        under("the secrets of a client work beside its assertions")
            .send(as_password(&assertion()), proved())
            .send(Request::token().basic("c", "the-first-secret"), accepted("c", "client_secret_basic"))
            .send(Request::token().basic("c", "the-second-secret"), accepted("c", "client_secret_basic"))
            .send(Request::token().basic("c", "another"), invalid_client(401, "secret_mismatch"))
            .row(),
        under("an assertion as password is used once")
            .send(once.clone(), proved())
            .send(once, invalid_client(401, "replayed"))
            .row(),
        under("a jti of the form is used up for passwords")
            .send(signed(&with_jti()), proved())
            .send(as_password(&with_jti()), invalid_client(401, "replayed"))
            .row(),
        under("the pair may come in base64url without padding")
            .send(Request::token().authorization(format!("Basic {}", base64url(&raw))), proved())
            .row(),
        under("the scheme of the pair is read in any case")
            .send(
                Request::token()
                    .authorization(basic_pair(format!("c:{}", assertion().mint())).replace("Basic", "bAsIc")),
                proved(),
            )
            .row(),
        under("the issuer is an audience, too")
            .send(as_password(&assertion().claim("aud", ISSUER)), proved())
            .row(),
        under("a MAC may be the password of its client")
            .fixture("c-csjwt")
            .send(
                Request::token().basic("c-csjwt", &Assertion::of("c-csjwt").mint()),
                accepted("c-csjwt", "client_secret_jwt"),
            )
            .row(),
    ];
    rows.extend(Endpoint::ALL.map(at));
    rows
}

/// Form, user and `sub` name one client.
fn names() -> Vec<Row> {
    let mismatch = || invalid_client(401, "client_id_mismatch");
    let odd = |id: &str, what: &str, pair: &dyn Fn(&str) -> String| {
        let token = assertion_of(id).mint();
        under(format!("a client_id with {what} is the user of the pair"))
            .client(client(id))
            .send(Request::token().authorization(pair(&token)), accepted(id, "private_key_jwt"))
            .row()
    };
    vec![
        under("an equal client_id in the form names one client")
            .send(as_password(&assertion()).field("client_id", "c"), proved())
            .row(),
        under("another client_id in the form names two clients")
            .send(as_password(&assertion()).field("client_id", "c-basic"), mismatch())
            .row(),
        under("another user than the sub names two clients")
            .send(Request::token().basic("c-basic", &assertion().mint()), mismatch())
            .send(Request::token().basic("nobody", &assertion().mint()), mismatch())
            .send(Request::token().basic("C", &assertion().mint()), mismatch())
            .row(),
        under("another user than the sub names two clients, whatever the form says")
            .send(Request::token().basic("c-basic", &assertion().mint()).field("client_id", "c"), mismatch())
            .send(
                Request::token().basic("c-basic", &assertion().mint()).field("client_id", "c-basic"),
                mismatch(),
            )
            .row(),
        under("a pair without a user is malformed")
            .send(Request::token().basic("", &assertion().mint()), invalid_client(401, "malformed_basic"))
            .row(),
        odd("an:identifier", "a colon", &|token| basic("an:identifier", token)),
        odd("a b/ü%41+", "all that is encoded", &|token| basic("a b/ü%41+", token)),
        odd("100%", "a percent sign that is sent raw", &|token| basic_pair(format!("100%:{token}"))),
        odd("a+b", "a plus that is sent raw", &|token| basic_pair(format!("a+b:{token}"))),
    ]
}

fn bad_assertions() -> Vec<Row> {
    let bad = |what: &str, assertion: &Assertion, reason: &str| {
        under(format!("{what} as password is refused"))
            .send(as_password(assertion), invalid_client(401, reason))
            .row()
    };
    let unknown = Assertion::new("nobody", fixtures().key("attacker-rsa"), "RS256");
    let of_basic = Assertion::new("c-basic", fixtures().key("attacker-rsa"), "RS256");
    vec![
        bad("an assertion of a forger", &assertion().signed_by("attacker-rsa"), "signature_invalid"),
        bad("an assertion that has expired", &assertion().claim("exp", NOW - 30), "expired"),
        bad("an assertion from the future", &assertion().claim("nbf", NOW + 31), "not_yet_valid"),
        bad(
            "an assertion for another server",
            &assertion().claim("aud", "https://other.test"),
            "aud_mismatch",
        ),
        bad("an assertion with another iss", &assertion().claim("iss", "x"), "iss_mismatch"),
        bad("an assertion without jti", &assertion().without_claim("jti"), "jti_missing"),
        bad("an assertion without sub", &assertion().without_claim("sub"), "claim_missing"),
        bad("an assertion with exp as a string", &assertion().claim("exp", "1800000060"), "claim_wrong_type"),
        bad("an assertion under another kid", &assertion().header("kid", "x"), "key_not_found"),
        bad(
            "an assertion without a signature algorithm",
            &assertion().header("alg", "none"),
            "alg_not_allowed",
        ),
        bad("a MAC of a client of private_key_jwt", &assertion().header("alg", "HS256"), "alg_not_allowed"),
        bad("an access token", &assertion().header("typ", "at+jwt"), "typ_not_allowed"),
        bad("a JWT whose payload is no JSON", &assertion().payload("x"), "assertion_malformed"),
        under("a password with two dots that begins like a JWT is a malformed one")
            .send(
                Request::token().basic("c", "eyJhbGciOiJub25lIn0.!.x"),
                invalid_client(401, "assertion_malformed"),
            )
            .row(),
        under("an assertion of nobody as password is refused")
            .send(Request::token().basic("nobody", &unknown.mint()), invalid_client(401, "unknown_client"))
            .row(),
        under("an assertion of a client of Basic alone as password is refused")
            .send(
                Request::token().basic("c-basic", &of_basic.mint()),
                invalid_client(401, "method_not_granted"),
            )
            .row(),
        under("an assertion of a disabled client as password is refused")
            .client(disabled())
            .send(
                Request::token().basic("off", &assertion_of("off").mint()),
                invalid_client(401, "client_disabled"),
            )
            .row(),
        under("a failed assertion as password does not burn the jti")
            .send(
                as_password(&assertion().claim("jti", "kept").signed_by("attacker-rsa")),
                invalid_client(401, "signature_invalid"),
            )
            .send(as_password(&assertion().claim("jti", "kept")), proved())
            .row(),
    ]
}

fn disabled() -> Value {
    let mut client = client("off");
    client["disabled"] = true.into();
    client
}

/// What is not shaped like a JWT is a password like any other.
fn passwords() -> Vec<Row> {
    let secret = |secret: &str| {
        under(format!("the secret {secret:?} is a password like any other"))
            .client(json!({"client_id": "plain", "client_secret": secret}))
            .send(Request::token().basic("plain", secret), accepted("plain", "client_secret_basic"))
            .row()
    };
    vec![
        secret("eyJhbGciOiJub25lIn0.e30"),
        secret("eyJhbGciOiJub25lIn0"),
        secret("one.two.three"),
        secret("..."),
        under("Basic, the body secret and public clients work as ever")
            .send(good_basic(), by_basic())
            .send(good_post(), by_post())
            .send(good_none(), by_none())
            .row(),
        under("a wrong password is a wrong secret")
            .send(Request::token().basic("c-basic", "wrong"), invalid_client(401, "secret_mismatch"))
            .row(),
        under("an assertion in the form works as ever").send(signed(&assertion()), proved()).row(),
    ]
}

fn carriers() -> Vec<Row> {
    let two = |what: &str, request: Request| {
        under(format!("{what} are two carriers"))
            .send(request, invalid_request(400, "multiple_methods"))
            .row()
    };
    let same = assertion().mint();
    vec![
        two(
            "an assertion as password and another in the form",
            as_password(&assertion()).assertion(assertion().mint()),
        ),
        two("one assertion in both places", Request::token().basic("c", &same).assertion(&same)),
        two(
            "an assertion as password and an assertion type",
            as_password(&assertion()).field("client_assertion_type", JWT_BEARER),
        ),
        two(
            "an assertion as password and a body secret",
            as_password(&assertion()).field("client_secret", "the-first-secret"),
        ),
        two(
            "an assertion as password and a second Authorization line",
            as_password(&assertion()).authorization("Bearer x"),
        ),
    ]
}

/// Without the preset the JWT is a password, and a wrong one.
fn under_default() -> Vec<Row> {
    let of_fixture = Assertion::of("c-pkjwt-rs256").claim("aud", TOKEN);
    vec![
        scene("under default an assertion as the password of a client of private_key_jwt is refused")
            .fixture("c-pkjwt-rs256")
            .send(
                Request::token().basic("c-pkjwt-rs256", &of_fixture.mint()),
                invalid_client(401, "method_not_granted"),
            )
            .row(),
        scene("under default an assertion as the password of a client of both methods is a wrong secret")
            .client(client("c"))
            .send(as_password(&assertion()), invalid_client(401, "secret_mismatch"))
            .send(Request::token().basic("c", "the-first-secret"), accepted("c", "client_secret_basic"))
            .row(),
        scene("under default an assertion as the password of nobody is refused")
            .send(as_password(&assertion()), invalid_client(401, "unknown_client"))
            .row(),
    ]
}
