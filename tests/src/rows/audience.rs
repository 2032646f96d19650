//! Whom an assertion is meant for.

use serde_json::{Value, json};

use super::{by_es256, es256, signed, status_at};
use crate::row::{Endpoint, Expect, ISSUER, Row};
use crate::scene::{Scene, invalid_client, scene};

pub(super) fn rows() -> Vec<Row> {
    [matrix(), spellings(), arrays(), typed(), presets()].concat()
}

const TOKEN: &str = Endpoint::Token.url();
const PAR: &str = Endpoint::PushedAuthorization.url();
const OTHER: &str = "https://other.test";

fn not_ours() -> Expect {
    invalid_client(400, "aud_mismatch")
}

/// Every audience at every endpoint.
fn matrix() -> Vec<Row> {
    let mut rows = Vec::new();
    for endpoint in Endpoint::ALL {
        let sent = |audience: &str, expect: Expect| {
            scene(format!("aud {audience} at {}", endpoint.path()))
                .send(signed(&es256().claim("aud", audience)).at(endpoint), expect)
                .row()
        };
        rows.push(sent(ISSUER, by_es256()));
        for named in Endpoint::ALL {
            let ours = named == endpoint || named == Endpoint::Token;
            let refused = invalid_client(status_at(endpoint), "aud_mismatch");
            rows.push(sent(named.url(), if ours { by_es256() } else { refused }));
        }
    }
    rows
}

/// rfc7523bis §4: plain string comparison.
fn spellings() -> Vec<Row> {
    [
        "",
        "https://as.example.com/",
        "https://as.example.com:443",
        "https://AS.example.com",
        "HTTPS://as.example.com",
        "http://as.example.com",
        "as.example.com",
        "https://as.example.com.",
        "https://as.example.co",
        "https://as.example.com.attacker.test",
        "https://attacker.test/?https://as.example.com",
        "https://as.example.com@attacker.test",
        "https://as.example.com?",
        "https://as.example.com#",
        "https://as.example.com/tenant-b",
        "https://as.example.com/./",
        "https://%61s.example.com",
        " https://as.example.com",
        "https://as.example.com\n",
        "https://as.example.com https://other.test",
        "https://as.example.com,https://other.test",
        "https://as.example.com\0",
        "https://аs.example.com",
        "https://as.example.com/token/",
        "https://as.example.com/TOKEN",
        "https://as.example.com/token?x=1",
        "*",
        "c-pkjwt-es256",
    ]
    .map(|audience| {
        scene(format!("aud {audience:?} is not this server"))
            .send(signed(&es256().claim("aud", audience)), not_ours())
            .row()
    })
    .to_vec()
}

fn arrays() -> Vec<Row> {
    let default = |audience: Value, expect: Expect| shaped("default", json!({}), audience, expect);
    let shape = |shape: &str, audience: Value, expect: Expect| {
        shaped(&format!("audience_shape {shape}"), json!({"audience_shape": shape}), audience, expect)
    };
    let mut rows = vec![
        default(json!([ISSUER]), by_es256()),
        default(json!([TOKEN]), by_es256()),
        default(json!([ISSUER, TOKEN]), by_es256()),
        default(json!([ISSUER, ISSUER]), by_es256()),
        default(json!([]), not_ours()),
        default(json!([""]), not_ours()),
        default(json!([OTHER]), not_ours()),
        default(json!([ISSUER, OTHER]), not_ours()),
        default(json!([OTHER, ISSUER]), not_ours()),
        default(json!([ISSUER, PAR]), not_ours()),
        shape("string", json!(ISSUER), by_es256()),
        shape("string", json!([ISSUER]), not_ours()),
        shape("string_or_single", json!(ISSUER), by_es256()),
        shape("string_or_single", json!([ISSUER]), by_es256()),
        shape("string_or_single", json!([]), not_ours()),
        shape("string_or_single", json!([ISSUER, ISSUER]), not_ours()),
        shape("string_or_single", json!([ISSUER, TOKEN]), not_ours()),
        shape("contains_ours", json!([ISSUER, OTHER]), by_es256()),
        shape("contains_ours", json!([OTHER, TOKEN]), by_es256()),
        shape("contains_ours", json!([OTHER]), not_ours()),
        shape("contains_ours", json!([]), not_ours()),
        shape("contains_ours", json!(OTHER), not_ours()),
    ];
    rows.push(
        scene("an array of the issuer and the receiving endpoint is ours at that endpoint")
            .send(
                signed(&es256().claim("aud", json!([ISSUER, PAR]))).at(Endpoint::PushedAuthorization),
                by_es256(),
            )
            .row(),
    );
    rows
}

/// A JWT typed `client-authentication+jwt` names the issuer alone, whatever the policy allows others.
fn typed() -> Vec<Row> {
    let sent = |policy: Value, audience: Value, expect: Expect| {
        let name = format!("a typed assertion with aud {audience} under {policy}");
        let assertion = es256().header("typ", "client-authentication+jwt").claim("aud", audience);
        scene(name).policy(policy).send(signed(&assertion), expect).row()
    };
    let lax = json!({"audience_shape": "contains_ours", "audiences": ["issuer", "token_endpoint", OTHER]});
    vec![
        sent(json!({}), json!(ISSUER), by_es256()),
        sent(json!({}), json!([ISSUER]), by_es256()),
        sent(json!({}), json!(TOKEN), not_ours()),
        sent(json!({}), json!([TOKEN]), not_ours()),
        sent(json!({}), json!([ISSUER, TOKEN]), not_ours()),
        sent(json!({}), json!([ISSUER, ISSUER]), not_ours()),
        sent(json!({}), json!([]), not_ours()),
        sent(lax.clone(), json!(OTHER), not_ours()),
        sent(lax.clone(), json!([ISSUER, OTHER]), not_ours()),
        sent(lax, json!(ISSUER), by_es256()),
        scene("a typed assertion with the receiving endpoint as aud is refused there")
            .send(
                signed(&es256().header("typ", "client-authentication+jwt").claim("aud", PAR))
                    .at(Endpoint::PushedAuthorization),
                not_ours(),
            )
            .row(),
    ]
}

fn presets() -> Vec<Row> {
    let fapi2 = |audience: Value, expect: Expect| {
        scene(format!("under fapi2 aud {audience}"))
            .preset("fapi2")
            .send(signed(&es256().claim("aud", audience)), expect)
            .row()
    };
    let listed = |audiences: Value, audience: &str, expect: Expect| {
        shaped(&format!("audiences {audiences}"), json!({"audiences": audiences}), json!(audience), expect)
    };
    let mut rows = vec![
        fapi2(json!(ISSUER), by_es256()),
        fapi2(json!([ISSUER]), not_ours()),
        fapi2(json!(TOKEN), not_ours()),
        fapi2(json!([ISSUER, TOKEN]), not_ours()),
        listed(json!(["issuer"]), ISSUER, by_es256()),
        listed(json!(["issuer"]), TOKEN, not_ours()),
        listed(json!(["token_endpoint"]), TOKEN, by_es256()),
        listed(json!(["token_endpoint"]), ISSUER, not_ours()),
        listed(json!(["https://as.example.com/"]), "https://as.example.com/", by_es256()),
        listed(json!(["https://as.example.com/"]), ISSUER, not_ours()),
        listed(json!(["receiving_endpoint"]), TOKEN, by_es256()),
        listed(json!(["receiving_endpoint"]), PAR, not_ours()),
    ];
    rows.extend([
        scene("with receiving_endpoint alone the token endpoint is not ours elsewhere")
            .policy(json!({"audiences": ["receiving_endpoint"]}))
            .send(signed(&es256().claim("aud", TOKEN)).at(Endpoint::PushedAuthorization), not_ours())
            .row(),
        scene("under fapi2 the receiving endpoint is not ours")
            .preset("fapi2")
            .send(signed(&es256().claim("aud", PAR)).at(Endpoint::PushedAuthorization), not_ours())
            .row(),
        scene("headers of a proxy do not name the server")
            .send(
                signed(&es256().claim("aud", OTHER))
                    .header("Host", "other.test")
                    .header("X-Forwarded-Host", "other.test")
                    .header("Forwarded", "host=other.test;proto=https"),
                not_ours(),
            )
            .row(),
    ]);
    rows
}

fn shaped(what: &str, policy: Value, audience: Value, expect: Expect) -> Row {
    let scene: Scene = scene(format!("under {what} aud {audience}")).policy(policy);
    scene.send(signed(&es256().claim("aud", audience)), expect).row()
}
