//! Single switches of the policy, each value over the preset that has the other one.

use serde_json::{Value, json};

use super::{
    by_basic, by_es256, by_none, by_post, es256, good_assertion, good_basic, good_none, good_post, secret_of,
    signed,
};
use crate::assertion::Assertion;
use crate::encoding::basic_pair;
use crate::request::Request;
use crate::row::{Endpoint, Expect, ISSUER, NOW, Row};
use crate::scene::{Scene, accepted, invalid_client, invalid_request, scene};

pub(super) fn rows() -> Vec<Row> {
    [audiences(), assertions(), times(), fence(), methods(), basic(), bodies(), carriers(), statuses()]
        .concat()
}

/// A preset with single switches on top.
fn over(preset: &str, switches: Value, what: &str) -> Scene {
    let name = format!("under {preset} with {switches} {what}");
    scene(name).preset(preset).policy(switches)
}

fn refused(reason: &str) -> Expect {
    invalid_client(400, reason)
}

const TOKEN: &str = Endpoint::Token.url();
const PAR: &str = Endpoint::PushedAuthorization.url();
const OLD: &str = "https://old.example.com";

fn audiences() -> Vec<Row> {
    let listed = |audiences: Value, audience: &str, expect: Expect| {
        over("default", json!({"audiences": audiences}), &format!("aud {audience:?}"))
            .send(signed(&es256().claim("aud", audience)), expect)
            .row()
    };
    let shaped = |preset: &str, shape: &str, audience: Value, expect: Expect| {
        over(preset, json!({"audience_shape": shape}), &format!("aud {audience}"))
            .send(signed(&es256().claim("aud", audience)), expect)
            .row()
    };
    let not_ours = || refused("aud_mismatch");
    let literals = || json!(["issuer", OLD, "https://old.example.com/token"]);
    vec![
        listed(literals(), ISSUER, by_es256()),
        listed(literals(), OLD, by_es256()),
        listed(literals(), "https://old.example.com/token", by_es256()),
        listed(literals(), "https://old.example.com/", not_ours()),
        listed(literals(), "https://OLD.example.com", not_ours()),
        listed(literals(), "https://old.example.com/token?x", not_ours()),
        listed(literals(), TOKEN, not_ours()),
        listed(json!(["base_url"]), ISSUER, by_es256()),
        listed(json!(["base_url"]), TOKEN, not_ours()),
        listed(json!(["base_url"]), "base_url", not_ours()),
        listed(json!(["issuer"]), "issuer", not_ours()),
        listed(json!(["urn:example:as"]), "urn:example:as", by_es256()),
        over("default", json!({"audiences": [OLD]}), "a typed assertion names the issuer alone")
            .send(signed(&es256().header("typ", "client-authentication+jwt").claim("aud", OLD)), not_ours())
            .send(signed(&es256().header("typ", "client-authentication+jwt")), by_es256())
            .row(),
        over("default", json!({"audiences": [OLD]}), "an array of literal URLs is ours")
            .send(signed(&es256().claim("aud", json!([OLD, OLD]))), by_es256())
            .send(signed(&es256().claim("aud", json!([OLD, ISSUER]))), not_ours())
            .row(),
        over("fapi2", json!({"audiences": ["receiving_endpoint"]}), "aud is the endpoint that receives it")
            .send(signed(&es256().claim("aud", PAR)).at(Endpoint::PushedAuthorization), by_es256())
            .send(signed(&es256().claim("aud", PAR)), not_ours())
            .row(),
        shaped("fapi2", "all_ours", json!([ISSUER]), by_es256()),
        shaped("fapi2", "all_ours", json!([ISSUER, ISSUER]), by_es256()),
        shaped("fapi2", "all_ours", json!([ISSUER, OLD]), not_ours()),
        shaped("fapi2", "string_or_single", json!([ISSUER]), by_es256()),
        shaped("fapi2", "contains_ours", json!([OLD, ISSUER]), by_es256()),
        shaped("default", "all_ours", json!([ISSUER, TOKEN]), by_es256()),
        shaped("default", "string", json!(TOKEN), by_es256()),
        shaped("default", "string", json!([TOKEN]), not_ours()),
        shaped("default", "string_or_single", json!([TOKEN]), by_es256()),
        shaped("default", "contains_ours", json!([TOKEN, OLD]), by_es256()),
    ]
}

fn assertions() -> Vec<Row> {
    let without_jti = es256().without_claim("jti");
    let typed = |typ: &str, expect: Expect| {
        over("default", json!({"require_typ": true}), &format!("typ {typ:?}"))
            .send(signed(&es256().header("typ", typ)), expect)
            .row()
    };
    vec![
        typed("client-authentication+jwt", by_es256()),
        typed("application/client-authentication+jwt", by_es256()),
        typed("Client-Authentication+JWT", by_es256()),
        typed("application/JWT", refused("typ_not_allowed")),
        typed("at+jwt", refused("typ_not_allowed")),
        typed("", refused("typ_not_allowed")),
        over("onewelcome", json!({"jti": "required"}), "an assertion needs a jti")
            .send(signed(&without_jti), refused("jti_missing"))
            .send(signed(&es256()), by_es256())
            .row(),
        over("fapi2", json!({"jti": "optional"}), "an assertion needs no jti")
            .send(signed(&without_jti), by_es256())
            .send(signed(&without_jti), by_es256())
            .row(),
        over("safewhere", json!({"algorithms": ["EdDSA"]}), "ES256 is not on the list")
            .send(good_assertion(), refused("alg_not_allowed"))
            .row(),
    ]
}

fn times() -> Vec<Row> {
    let text = es256().claim("exp", (NOW + 60).to_string());
    let iat = |seconds: i64| signed(&es256().claim("iat", NOW + seconds));
    let exp = |seconds: i64| signed(&es256().claim("exp", NOW + seconds));
    vec![
        over("onewelcome", json!({"numeric_strings": false}), "a time is a number")
            .send(signed(&text), refused("claim_wrong_type"))
            .send(good_assertion(), by_es256())
            .row(),
        over("fapi2", json!({"numeric_strings": true}), "a time may be a string")
            .send(signed(&text), by_es256())
            .row(),
        over("default", json!({"future_ceiling": 5}), "times lie five seconds ahead at most")
            .send(iat(5), by_es256())
            .send(iat(6), refused("not_yet_valid"))
            .row(),
        over(
            "default",
            json!({"leeway": 90, "future_ceiling": 80}),
            "times lie eighty seconds ahead at most",
        )
        .send(signed(&es256().claim("iat", NOW + 80).claim("exp", NOW + 140)), by_es256())
        .send(signed(&es256().claim("iat", NOW + 81).claim("exp", NOW + 141)), refused("not_yet_valid"))
        .row(),
        over("fapi2", json!({"max_lifetime": 3600}), "an hour of life is fine")
            .send(exp(3610), by_es256())
            .send(exp(3611), refused("lifetime_too_long"))
            .row(),
    ]
}

/// The server was started, and so lost its memory, ten seconds ago.
fn fence() -> Vec<Row> {
    let young = |preset: &str, fence: &str, what: &str| {
        over(preset, json!({"fence": fence}), what).started_at(NOW - 10)
    };
    let issued = |seconds: i64| signed(&es256().claim("iat", NOW + seconds));
    let undated = || signed(&es256().without_claim("iat"));
    let refused = || refused("before_restart_fence");
    vec![
        young("fapi2", "on", "a young server takes fresh and undated assertions")
            .send(issued(0), by_es256())
            .send(undated(), by_es256())
            .send(issued(-11), refused())
            .row(),
        young("fapi2", "off", "a young server takes old assertions").send(issued(-60), by_es256()).row(),
        young("onewelcome", "strict", "a young server takes what was issued beyond the leeway")
            .send(issued(20), refused())
            .send(undated(), refused())
            .send(issued(21), by_es256())
            .row(),
        young("onewelcome", "on", "a young server does not ask for jti, and still draws the fence")
            .send(signed(&es256().without_claim("jti").claim("iat", NOW - 11)), refused())
            .row(),
    ]
}

/// A server that runs one method grants the others to nobody.
fn methods() -> Vec<Row> {
    let not_run = |status: u16| invalid_client(status, "method_not_granted");
    let alone = |method: &str, sent: [Expect; 5]| {
        let [basic, post, signature, mac, none] = sent;
        over("default", json!({"methods": [method]}), "no other method is run")
            .fixture("c-csjwt")
            .send(good_basic(), basic)
            .send(good_post(), post)
            .send(good_assertion(), signature)
            .send(signed(&Assertion::of("c-csjwt")), mac)
            .send(good_none(), none)
            .row()
    };
    let by_mac = || accepted("c-csjwt", "client_secret_jwt");
    let rest = || not_run(400);
    // Where every assertion is a signature, a MAC is a wrong algorithm.
    let no_mac = || refused("alg_not_allowed");
    vec![
        alone("client_secret_basic", [by_basic(), rest(), rest(), rest(), rest()]),
        alone("client_secret_post", [not_run(401), by_post(), rest(), rest(), rest()]),
        alone("private_key_jwt", [not_run(401), rest(), by_es256(), no_mac(), rest()]),
        alone("client_secret_jwt", [not_run(401), rest(), rest(), by_mac(), rest()]),
        alone("none", [not_run(401), rest(), rest(), rest(), by_none()]),
        over("fapi2", json!({"methods": ["client_secret_basic"]}), "Basic is run")
            .send(good_basic(), by_basic())
            .row(),
    ]
}

fn basic() -> Vec<Row> {
    let plus = |decoding: &str| {
        over("default", json!({"basic_decoding": decoding}), "a plus in the secret")
            .client(json!({"client_id": "c", "client_secret": "a+b"}))
    };
    let (raw, encoded) = (basic_pair("c:a+b"), basic_pair("c:a%2Bb"));
    let sent = |pair: &str| Request::token().authorization(pair);
    let by_c = || accepted("c", "client_secret_basic");
    vec![
        plus("form")
            .send(sent(&encoded), by_c())
            .send(sent(&raw), invalid_client(401, "secret_mismatch"))
            .row(),
        plus("form_then_raw").send(sent(&encoded), by_c()).send(sent(&raw), by_c()).row(),
        over("default", json!({"basic_decoding": "form"}), "a pair that does not decode is malformed")
            .send(sent(&basic_pair("c-basic:50%")), invalid_client(401, "malformed_basic"))
            .row(),
    ]
}

fn bodies() -> Vec<Row> {
    let json_post = || {
        let body = json!({"client_id": "c-post", "client_secret": secret_of("c-post")});
        Request::token().content_type("application/json").body(body.to_string())
    };
    let unsupported = || invalid_request(400, "unsupported_media_type");
    vec![
        over("default", json!({"json_body": true}), "JSON is read beside forms")
            .send(json_post(), by_post())
            .send(good_post(), by_post())
            .row(),
        over("cloudentity", json!({"json_body": false}), "JSON is not read")
            .send(json_post(), unsupported())
            .send(good_post(), by_post())
            .row(),
    ]
}

fn carriers() -> Vec<Row> {
    let bearer = || Request::to(Endpoint::Introspection).authorization(format!("Bearer {}", es256().mint()));
    let password = || Request::token().basic("c-pkjwt-es256", &es256().mint());
    let no_credentials = || invalid_client(401, "no_credentials");
    vec![
        over("default", json!({"bearer_assertion": true}), "a bearer assertion is read")
            .send(bearer(), by_es256())
            .send(bearer().at(Endpoint::Token), no_credentials())
            .row(),
        over("onewelcome", json!({"bearer_assertion": false}), "a bearer assertion is an access token")
            .send(bearer(), no_credentials())
            .row(),
        over("default", json!({"assertion_as_basic_password": true}), "an assertion as password is read")
            .send(password(), by_es256())
            .row(),
        over(
            "identityserver4",
            json!({"assertion_as_basic_password": false}),
            "an assertion as password is a password",
        )
        .send(password(), invalid_client(401, "method_not_granted"))
        .row(),
        over(
            "default",
            json!({"assertion_as_basic_password": true, "bearer_assertion": true, "json_body": true}),
            "each special request is read",
        )
        .send(password(), by_es256())
        .send(bearer(), by_es256())
        .send(good_assertion(), by_es256())
        .row(),
    ]
}

fn statuses() -> Vec<Row> {
    let with_401 = |what: &str| over("default", json!({"body_failure_status": 401}), what);
    let forged = || signed(&es256().signed_by("attacker-ec"));
    vec![
        with_401("a forged assertion is answered with 401")
            .send(forged(), invalid_client(401, "signature_invalid"))
            .row(),
        with_401("an unknown public client is answered with 401")
            .send(Request::token().field("client_id", "nobody"), invalid_client(401, "unknown_client"))
            .row(),
        with_401("half an assertion stays at 400")
            .send(
                good_assertion().remove("client_assertion_type"),
                invalid_request(400, "assertion_incomplete"),
            )
            .row(),
        over(
            "default",
            json!({"body_failure_status": 400}),
            "a forged assertion is answered with 401 at introspection alone",
        )
        .send(forged(), invalid_client(400, "signature_invalid"))
        .send(forged().at(Endpoint::Introspection), invalid_client(401, "signature_invalid"))
        .row(),
    ]
}
