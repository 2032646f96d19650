//! What the OpenID conformance suite sends to authenticate a client, by the names of its test modules.
//!
//! Of the plans for authorization servers those modules are here that turn on client authentication, each with the
//! preset it is run against. The suite takes 400 or 401 with `invalid_client` or `invalid_request` for a refusal; the
//! rows say which. Its modules of PKCE need authorization codes: they are in
//! `examples/token-server/tests/registry/conformance.rs`.

use serde_json::json;

use super::{by_es256, es256, signed};
use crate::assertion::Assertion;
use crate::encoding::base64url;
use crate::request::Request;
use crate::row::{Endpoint, Expect, ISSUER, NOW, Row};
use crate::scene::{Scene, accepted, accepted_with, invalid_client, invalid_request, scene};
use crate::x509::{self, certificate};

pub(super) fn rows() -> Vec<Row> {
    [fapi2_private_key(), fapi2_invalid_assertions(), fapi2_mutual_tls(), fapi1_advanced(), ciba(), connect()]
        .concat()
}

const TOKEN: &str = Endpoint::Token.url();
const PAR: &str = Endpoint::PushedAuthorization.url();

/// `fapi2-security-profile-final-test-plan`, `client_auth_type=private_key_jwt`.
fn fapi2_private_key() -> Vec<Row> {
    let at_par = |module: &str, assertion: &Assertion, expect: Expect| {
        fapi2(module).send(signed(assertion).at(Endpoint::PushedAuthorization), expect).row()
    };
    let refused = |reason: &str| invalid_client(400, reason);
    vec![
        fapi2("ensure-signed-client-assertion-with-RS256-fails")
            .fixture("c-pkjwt-rs256")
            .send(signed(&Assertion::of("c-pkjwt-rs256")), refused("alg_not_allowed"))
            .row(),
        fapi2("ensure-client-assertion-in-token-endpoint")
            .send(Request::token().field("client_id", "c-pkjwt-es256"), refused("method_not_granted"))
            .row(),
        fapi2("ensure-client-assertion-with-exp-is-5-minutes-in-past-fails")
            .send(signed(&es256().claim("iat", NOW - 360).claim("exp", NOW - 300)), refused("expired"))
            .row(),
        fapi2("ensure-client-assertion-with-wrong-aud-fails")
            .send(signed(&es256().claim("aud", "https://other.test")), refused("aud_mismatch"))
            .row(),
        fapi2("ensure-client-assertion-with-no-sub-fails")
            .send(signed(&es256().without_claim("sub")), refused("claim_missing"))
            .row(),
        fapi2("ensure-client-id-in-token-endpoint")
            .send(signed(&es256()).field("client_id", "c-pkjwt-es256b"), refused("client_id_mismatch"))
            .row(),
        at_par(
            "par-test-array-as-audience-fails",
            &es256().claim("aud", json!([ISSUER, "other"])),
            refused("aud_mismatch"),
        ),
        at_par(
            "par-test-par-endpoint-url-as-audience-fails",
            &es256().claim("aud", PAR),
            refused("aud_mismatch"),
        ),
        at_par(
            "par-test-token-endpoint-url-as-audience-fails",
            &es256().claim("aud", TOKEN),
            refused("aud_mismatch"),
        ),
        at_par(
            "par-ensure-jwt-client-assertions-nbf-8-seconds-in-the-future-is-accepted",
            &es256().claim("iat", NOW + 8).claim("nbf", NOW + 8),
            by_es256(),
        ),
        at_par(
            "par-ensure-jwt-client-assertions-nbf-over-60-seconds-in-the-future-fails",
            &es256().claim("iat", NOW + 62).claim("nbf", NOW + 62).claim("exp", NOW + 122),
            refused("not_yet_valid"),
        ),
        fapi2("par-attempt-invalid-http-method")
            .send(
                signed(&es256()).at(Endpoint::PushedAuthorization).verb("PUT"),
                invalid_request(405, "wrong_verb"),
            )
            .row(),
        fapi2("refresh-token, of which each redemption authenticates anew")
            .send(signed(&es256()).set("grant_type", "refresh_token"), by_es256())
            .send(
                Request::token().set("grant_type", "refresh_token").field("client_id", "c-pkjwt-es256"),
                refused("method_not_granted"),
            )
            .row(),
        replayed(),
    ]
}

/// No module of the suite sends an assertion twice; FAPI 2.0 asks for it all the same.
fn replayed() -> Row {
    let once = signed(&es256());
    fapi2("happy-flow, with an assertion that is sent again")
        .send(once.clone(), by_es256())
        .send(once, invalid_client(400, "replayed"))
        .row()
}

/// `…-ensure-invalid-client-assertions-fail`: one request for each way of being invalid, and a good one at the end.
fn fapi2_invalid_assertions() -> Vec<Row> {
    const MODULE: &str = "ensure-invalid-client-assertions-fail";
    let refused = |reason: &str| invalid_client(400, reason);
    let later = NOW + 62;
    let unsigned = {
        let assertion = es256().header("alg", "none");
        format!("{}.{}.", base64url(assertion.header_octets()), base64url(assertion.payload_octets()))
    };
    let cases = [
        (
            "no client assertion",
            Request::token().field("client_id", "c-pkjwt-es256"),
            refused("method_not_granted"),
        ),
        (
            "client_assertion_type missing",
            signed(&es256()).remove("client_assertion_type"),
            invalid_request(400, "assertion_incomplete"),
        ),
        (
            "client_assertion_type wrong",
            signed(&es256())
                .set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"),
            refused("assertion_type_unsupported"),
        ),
        ("sub missing", signed(&es256().without_claim("sub")), refused("claim_missing")),
        ("sub wrong", signed(&es256().claim("sub", "nobody")), refused("unknown_client")),
        ("iss missing", signed(&es256().without_claim("iss")), refused("claim_missing")),
        ("iss wrong", signed(&es256().claim("iss", "nobody")), refused("iss_mismatch")),
        ("aud missing", signed(&es256().without_claim("aud")), refused("claim_missing")),
        (
            "aud an unrelated URL",
            signed(&es256().claim("aud", "https://unrelated.test")),
            refused("aud_mismatch"),
        ),
        ("aud the PAR endpoint", signed(&es256().claim("aud", PAR)), refused("aud_mismatch")),
        ("aud the token endpoint", signed(&es256().claim("aud", TOKEN)), refused("aud_mismatch")),
        (
            "aud an array of the issuer",
            signed(&es256().claim("aud", json!([ISSUER]))),
            refused("aud_mismatch"),
        ),
        (
            "exp in the past",
            signed(&es256().claim("exp", NOW - 300).claim("iat", NOW - 360)),
            refused("expired"),
        ),
        (
            "iat and nbf more than 60 seconds ahead",
            signed(&es256().claim("iat", later).claim("nbf", later).claim("exp", later + 60)),
            refused("not_yet_valid"),
        ),
        ("alg none", Request::token().assertion(unsigned), refused("alg_not_allowed")),
        ("invalid signature", signed(&es256().signed_by("c-pkjwt-es256b")), refused("signature_invalid")),
    ];
    let rows = cases.into_iter().flat_map(|(what, request, expect)| {
        [Endpoint::Token, Endpoint::PushedAuthorization].map(|endpoint| {
            fapi2(&format!("{MODULE}: {what}, at {}", endpoint.path()))
                .send(request.clone().at(endpoint), expect.clone())
                .send(signed(&es256()).at(endpoint), by_es256())
                .row()
        })
    });
    rows.collect()
}

/// `fapi2-security-profile-final-test-plan`, `client_auth_type=mtls`.
fn fapi2_mutual_tls() -> Vec<Row> {
    let server = |module: &str| {
        fapi2(module).mutual_tls(x509::anchors()).client(json!({
            "client_id": "c-mtls",
            "token_endpoint_auth_method": "tls_client_auth",
            "tls_client_auth_subject_dn": "CN=client one,O=Example Ltd,C=DE",
        }))
    };
    let by_id = || Request::token().field("client_id", "c-mtls");
    let (own, other) = (certificate("c-tls-dn").der.clone(), certificate("c-tls-dn2").der.clone());
    vec![
        server("happy-flow, with client_auth_type mtls")
            .send(by_id().certificates([own.clone()]), accepted_with("c-mtls", "tls_client_auth", &own))
            .row(),
        server("ensure-holder-of-key-required").send(by_id(), invalid_client(400, "no_certificate")).row(),
        server("ensure-authorization-code-is-bound-to-client, with the certificate of another client")
            .send(by_id().certificates([other]), invalid_client(400, "certificate_mismatch"))
            .row(),
    ]
}

/// `fapi1-advanced-final-test-plan` with `private_key_jwt` and pushed requests. It sends the token endpoint and the PAR
/// endpoint as audience, which `default` takes, and asks that an array of the issuer and another value passes: that
/// needs `audience_shape = "contains_ours"`.
fn fapi1_advanced() -> Vec<Row> {
    let at_par = |module: &str, assertion: &Assertion, expect: Expect| {
        let name = format!("fapi1-advanced-final-{module}");
        scene(name).send(signed(assertion).at(Endpoint::PushedAuthorization), expect).row()
    };
    let refused = |reason: &str| invalid_client(400, reason);
    let both = es256().claim("aud", json!([ISSUER, "https://other1.example.com"]));
    vec![
        at_par(
            "par-ensure-client-assertion-with-wrong-aud-fails",
            &es256().claim("aud", "https://other.test"),
            refused("aud_mismatch"),
        ),
        at_par(
            "par-ensure-client-assertion-with-wrong-iss-fails",
            &es256().claim("iss", "nobody"),
            refused("iss_mismatch"),
        ),
        at_par(
            "par-ensure-client-assertion-with-wrong-sub-fails",
            &es256().claim("sub", "nobody"),
            refused("unknown_client"),
        ),
        at_par(
            "par-token-endpoint-url-as-audience-for-client-JWT-assertion",
            &es256().claim("aud", TOKEN),
            by_es256(),
        ),
        at_par(
            "par-test-pushed-authorization-url-as-audience-for-client-JWT-assertion",
            &es256().claim("aud", PAR),
            by_es256(),
        ),
        at_par(
            "par-test-array-as-audience-for-client-JWT-assertion, under default",
            &both,
            refused("aud_mismatch"),
        ),
        scene(
            "fapi1-advanced-final-par-test-array-as-audience-for-client-JWT-assertion, under contains_ours",
        )
        .policy(json!({"audience_shape": "contains_ours"}))
        .send(signed(&both).at(Endpoint::PushedAuthorization), by_es256())
        .row(),
    ]
}

/// `fapi-ciba-id1-test-plan` with `private_key_jwt`: the token endpoint is the audience, RS256 is not taken.
fn ciba() -> Vec<Row> {
    let policy = json!({"algorithms": ["PS256", "ES256"]});
    let sent = |module: &str, endpoint: Endpoint| {
        let rs256 = Assertion::of("c-pkjwt-rs256").claim("aud", TOKEN);
        scene(format!("fapi-ciba-id1-{module}"))
            .policy(policy.clone())
            .fixture("c-pkjwt-rs256")
            .send(signed(&rs256).at(endpoint), invalid_client(400, "alg_not_allowed"))
            .send(signed(&es256().claim("aud", TOKEN)).at(endpoint), by_es256())
            .row()
    };
    vec![
        sent(
            "ensure-client-assertion-signature-algorithm-in-token-endpoint-request-is-RS256-fails",
            Endpoint::Token,
        ),
        sent(
            "ensure-client-assertion-signature-algorithm-in-backchannel-authorization-request-is-RS256-fails",
            Endpoint::BackchannelAuthentication,
        ),
    ]
}

/// The plans of OpenID Connect.
fn connect() -> Vec<Row> {
    let secret = super::secret_of("c-post");
    vec![
        scene("oidcc-ensure-client-assertion-with-iss-aud-succeeds").send(signed(&es256()), by_es256()).row(),
        scene("oidcc-server, with client_auth_type private_key_jwt and the token endpoint as audience")
            .send(signed(&es256().claim("aud", TOKEN)), by_es256())
            .row(),
        scene("oidcc-server-client-secret-post")
            .send(Request::token().post("c-post", &secret), accepted("c-post", "client_secret_post"))
            .row(),
    ]
}

fn fapi2(module: &str) -> Scene {
    scene(format!("fapi2-security-profile-final-{module}")).preset("fapi2")
}
