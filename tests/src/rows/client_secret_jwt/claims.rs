//! A MAC proves no more than its claims: the same checks as for a signature, and a single use.

use std::sync::Arc;

use serde_json::json;

use super::{by_own, known, own};
use crate::assertion::{Assertion, fresh_jti};
use crate::jwk::PrivateJwk;
use crate::row::{Endpoint, ISSUER, NOW, Row};
use crate::rows::signed;
use crate::scene::{invalid_client, scene};

pub(super) fn rows() -> Vec<Row> {
    [checks(), single_use()].concat()
}

fn refused(name: impl Into<String>, assertion: &Assertion, reason: &str) -> Row {
    known(name).send(signed(assertion), invalid_client(400, reason)).row()
}

fn checks() -> Vec<Row> {
    let wrong = |what: &str, edit: &dyn Fn(Assertion) -> Assertion, reason: &str| {
        refused(format!("a MAC over {what} is refused"), &edit(own()), reason)
    };
    let right = |what: &str, assertion: &Assertion| {
        known(format!("a MAC over {what} is accepted")).send(signed(assertion), by_own()).row()
    };
    let token = Endpoint::Token.url();
    vec![
        right("an assertion without kid, typ and nbf", &own()),
        right("the token endpoint as aud", &own().claim("aud", token)),
        right("issuer and token endpoint as aud", &own().claim("aud", json!([ISSUER, token]))),
        right("an hour of life", &own().claim("exp", NOW + 3600)),
        right("the typ client-authentication+jwt", &own().header("typ", "client-authentication+jwt")),
        wrong("a foreign aud", &|it| it.claim("aud", "https://other.test"), "aud_mismatch"),
        wrong(
            "a foreign aud among ours",
            &|it| it.claim("aud", json!([ISSUER, "https://other.test"])),
            "aud_mismatch",
        ),
        wrong(
            "a typed assertion for the token endpoint",
            &|it| it.header("typ", "client-authentication+jwt").claim("aud", token),
            "aud_mismatch",
        ),
        wrong("another iss", &|it| it.claim("iss", ISSUER), "iss_mismatch"),
        wrong("an unknown sub", &|it| it.claim("sub", "nobody"), "unknown_client"),
        wrong("no sub", &|it| it.without_claim("sub"), "claim_missing"),
        wrong("no exp", &|it| it.without_claim("exp"), "claim_missing"),
        wrong("no jti", &|it| it.without_claim("jti"), "jti_missing"),
        wrong("an exp that has passed", &|it| it.claim("exp", NOW - 30), "expired"),
        wrong("a day of life", &|it| it.claim("exp", NOW + 86_400), "lifetime_too_long"),
        wrong("an nbf ahead", &|it| it.claim("nbf", NOW + 31), "not_yet_valid"),
        wrong("an iat ahead", &|it| it.claim("iat", NOW + 31), "not_yet_valid"),
        wrong("an exp that is a string", &|it| it.claim("exp", "1800000060"), "claim_wrong_type"),
        wrong("the typ at+jwt", &|it| it.header("typ", "at+jwt"), "typ_not_allowed"),
        wrong("a crit", &|it| it.header("crit", json!(["exp"])), "crit_not_understood"),
        wrong("a payload that is no JSON", &|it| it.payload("foo"), "assertion_malformed"),
        scene("a MAC from before the start of the server is refused")
            .started_at(NOW - 10)
            .fixture("c-csjwt")
            .send(signed(&own().claim("iat", NOW - 11)), invalid_client(400, "before_restart_fence"))
            .send(signed(&own()), by_own())
            .row(),
    ]
}

fn single_use() -> Vec<Row> {
    let replayed = || invalid_client(400, "replayed");
    let (once, elsewhere, jti) = (signed(&own()), signed(&own()), fresh_jti());
    let forged = own().claim("jti", jti.as_str()).signed_with(Arc::new(PrivateJwk::of_secret("x")));
    vec![
        known("a MAC is used once")
            .send(once.clone(), by_own())
            .send(once.clone(), replayed())
            .advance(89)
            .send(once.clone(), replayed())
            .advance(1)
            .send(once, invalid_client(400, "expired"))
            .row(),
        known("a MAC that was used at one endpoint is used at every endpoint")
            .send(elsewhere.clone().at(Endpoint::Revocation), by_own())
            .send(elsewhere.clone(), replayed())
            .send(elsewhere.at(Endpoint::Introspection), invalid_client(401, "replayed"))
            .row(),
        known("a wrong MAC does not burn the jti")
            .send(signed(&forged), invalid_client(400, "signature_invalid"))
            .send(signed(&own().claim("jti", jti.as_str())), by_own())
            .send(signed(&own().claim("jti", jti.as_str())), replayed())
            .row(),
    ]
}
