//! `self_signed_tls_client_auth` ([RFC 8705 §2.2](https://www.rfc-editor.org/rfc/rfc8705#section-2.2)): the registered
//! certificate, octet by octet.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{
    ID, NAME, PKI, SELF_SIGNED, by_id, der, expired, mismatch, named, no_certificate, proved, recognised,
    server, showing, untrusted,
};
use crate::certificates::{self, pem};
use crate::fixtures::fixtures;
use crate::request::Request;
use crate::row::{Expect, Row};
use crate::scene::{Scene, accepted_with, invalid_client};
use crate::x509::{Draft, Extension, certificate, dn, jwk};

pub(super) fn rows() -> Vec<Row> {
    [registered(), kinds(), dates(), x5c(), public_keys(), remote(), refused_remote()].concat()
}

fn client(jwks: &[Value]) -> Value {
    json!({"client_id": ID, "token_endpoint_auth_method": SELF_SIGNED, "jwks": {"keys": jwks}})
}

fn with_keys(name: impl Into<String>, jwks: &[Value]) -> Scene {
    server(name).client(client(jwks))
}

/// A server that knows `c-self`'s certificate.
fn with_one(name: impl Into<String>) -> Scene {
    with_keys(name, &[jwk("c-self")])
}

fn registered() -> Vec<Row> {
    let own = der("c-self");
    let mut longer = own.clone();
    longer.push(0);
    let with_old = [jwk("same-key-new-cert"), jwk("c-self"), fixtures().key("attacker-ec").public()];
    vec![
        with_one("the registered certificate").send(showing([own.clone()]), recognised(&own)).row(),
        with_one("the registered certificate beside others")
            .send(showing([own.clone(), der("CA-1"), b"no certificate".to_vec()]), recognised(&own))
            .row(),
        with_one("a self-signed client without a certificate").send(by_id(), no_certificate()).row(),
        with_one("a new certificate for the registered key").send(showing([der("same-key-new-cert")]), mismatch()).row(),
        with_one("the registered key, certified by an authority")
            .send(showing([der("ca-issued-same-key")]), mismatch())
            .row(),
        with_one("the same names and numbers over another key")
            .send(showing([der("self-signed lookalike")]), mismatch())
            .row(),
        with_one("a good certificate of somebody else")
            .send(showing([der("c-tls-dn")]), mismatch())
            .send(showing([der("c-self-uri")]), mismatch())
            .row(),
        with_one("the registered certificate in second place")
            .send(showing([der("attacker-leaf"), own.clone()]), mismatch())
            .row(),
        with_one("the registered certificate with an octet behind it").send(showing([longer]), mismatch()).row(),
        with_one("no certificate at all in place of the registered one")
            .send(showing([Vec::new()]), mismatch())
            .send(showing([b"c-self".to_vec()]), mismatch())
            .row(),
        with_keys("each of several registered certificates", &with_old)
            .send(showing([own.clone()]), recognised(&own))
            .send(showing([der("same-key-new-cert")]), recognised(&der("same-key-new-cert")))
            .send(showing([der("self-signed lookalike")]), mismatch())
            .row(),
        with_keys("a registered key without its certificate", &[certificate("c-self").key().public()])
            .send(showing([own.clone()]), mismatch())
            .row(),
        with_keys("no registered key at all", &[]).send(showing([own.clone()]), mismatch()).row(),
        with_one("two clients may register one certificate, and still say who they are")
            .client(json!({
                "client_id": "c-twin", "token_endpoint_auth_method": SELF_SIGNED, "jwks": {"keys": [jwk("c-self")]},
            }))
            .send(showing([own.clone()]), recognised(&own))
            .send(
                Request::token().field("client_id", "c-twin").certificates([own.clone()]),
                accepted_with("c-twin", SELF_SIGNED, &own),
            )
            .row(),
        server("the certificate of a private_key_jwt client is no credential")
            .client(json!({
                "client_id": ID, "token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [jwk("c-self")]},
            }))
            .send(showing([own]), invalid_client(400, "method_not_granted"))
            .row(),
        server("a self-signed certificate with the name of a client with tls_client_auth")
            .client(named())
            .send(showing([der("selfsigned-same-dn")]), untrusted())
            .row(),
    ]
}

/// Nothing but its dates is looked at in a registered certificate.
fn kinds() -> Vec<Row> {
    let subject = || dn("CN=self,O=Self");
    [
        ("of version 1", Draft::bare(subject()).version_1()),
        ("of an authority, as openssl req -x509 makes it", Draft::authority(subject())),
        ("for servers", Draft::bare(subject()).with(Extension::purposes(&[1]))),
        ("that may not sign", Draft::bare(subject()).with(Extension::key_usage(0x20))),
        (
            "with an extension that nobody knows",
            Draft::client(subject()).with(Extension::critical_and_unknown()),
        ),
        ("without a subject", Draft::client(dn(""))),
    ]
    .into_iter()
    .map(|(what, draft)| {
        let own = draft.self_signed();
        with_keys(format!("a registered certificate {what}"), &[own.jwk()])
            .send(showing([own.der.clone()]), recognised(&own.der))
            .row()
    })
    .chain([{
        let own = Draft::client(dn(NAME)).issued_by(&certificate("CA-X"));
        with_keys("a registered certificate by whatever authority", &[own.jwk()])
            .send(showing([own.der.clone()]), recognised(&own.der))
            .row()
    }])
    .collect()
}

/// Not regulated by RFC 8705; refused outside of its validity.
fn dates() -> Vec<Row> {
    let until_now = Draft::client(dn("CN=self")).valid(-60, 0).self_signed();
    vec![
        with_keys("a registered certificate that has expired", &[jwk("c-self-expired")])
            .send(showing([der("c-self-expired")]), expired())
            .row(),
        with_keys("a registered certificate of tomorrow", &[jwk("c-self-future")])
            .send(showing([der("c-self-future")]), expired())
            .row(),
        with_keys("a registered certificate in its last second, and after it", &[until_now.jwk()])
            .send(showing([until_now.der.clone()]), recognised(&until_now.der))
            .advance(1)
            .send(showing([until_now.der.clone()]), expired())
            .row(),
        with_one("an expired certificate that is not registered")
            .send(showing([der("expired")]), mismatch())
            .row(),
    ]
}

fn x5c() -> Vec<Row> {
    let own = certificate("c-self");
    let with_x5c = |x5c: Value| {
        let mut key = own.key().public();
        key["x5c"] = x5c;
        key
    };
    let text = |recipe: &str| STANDARD.encode(der(recipe));
    let mut claimed = own.key().public();
    claimed["x5t#S256"] = crate::encoding::base64url(crate::encoding::sha256(&own.der)).into();
    let foreign = Draft::client(dn("CN=self")).self_signed();
    let mut of_another_key = own.jwk();
    of_another_key["x5c"] = json!([STANDARD.encode(&foreign.der)]);
    vec![
        with_keys("the first certificate of x5c", &[with_x5c(json!([text("c-self"), text("CA-1")]))])
            .send(showing([own.der.clone()]), recognised(&own.der))
            .send(showing([der("CA-1")]), mismatch())
            .row(),
        with_keys(
            "the second certificate of x5c",
            &[with_x5c(json!([text("c-self"), text("same-key-new-cert")]))],
        )
        .send(showing([der("same-key-new-cert")]), mismatch())
        .row(),
        with_keys("a claimed thumbprint without its certificate", &[claimed])
            .send(showing([own.der.clone()]), mismatch())
            .row(),
        with_keys("a certificate of another key in x5c", &[of_another_key])
            .send(showing([foreign.der.clone()]), mismatch())
            .send(showing([own.der.clone()]), mismatch())
            .row(),
        with_keys("an x5c with line breaks", &[with_x5c(json!([text("c-self") + "\n"]))])
            .send(showing([own.der.clone()]), recognised(&own.der))
            .row(),
        with_keys("an empty x5c", &[with_x5c(json!([]))]).send(showing([own.der.clone()]), mismatch()).row(),
    ]
}

/// Certificates in PEM, made by OpenSSL.
fn public_keys() -> Vec<Row> {
    let client = |entries: &[String]| json!({"client_id": ID, "token_endpoint_auth_method": SELF_SIGNED, "public_keys": entries});
    let mut rows: Vec<Row> =
        ["rs256", "es256", "es256 v1", "es384", "es512", "ed25519", "es256 issued", "ca"]
            .into_iter()
            .map(|name| {
                let own = certificates::der(name);
                server(format!("a certificate in public_keys: {name}"))
                    .client(client(&[pem(name)]))
                    .send(showing([own.clone()]), recognised(&own))
                    .row()
            })
            .collect();
    for name in ["rs256 expired", "rs256 not yet"] {
        rows.push(
            server(format!("a certificate in public_keys, outside its validity: {name}"))
                .client(client(&[pem(name)]))
                .send(showing([certificates::der(name)]), expired())
                .row(),
        );
    }
    rows.push(
        server("a public key in public_keys is no certificate")
            .client(client(&[pem("es256 public")]))
            .send(showing([certificates::der("es256")]), mismatch())
            .row(),
    );
    rows.push(
        server("one certificate in public_keys is not another of the same key")
            .client(client(&[pem("rs256")]))
            .send(showing([certificates::der("rs256 expired")]), mismatch())
            .row(),
    );
    rows
}

const URI: &str = "https://client.example.com/jwks.json";

fn with_uri(name: &str) -> Scene {
    server(name).client(json!({"client_id": ID, "token_endpoint_auth_method": SELF_SIGNED, "jwks_uri": URI}))
}

fn set(recipes: &[&str]) -> Value {
    json!({"keys": recipes.iter().map(|recipe| jwk(recipe)).collect::<Vec<_>>()})
}

fn remote() -> Vec<Row> {
    let (own, new) = (der("c-self"), der("same-key-new-cert"));
    vec![
        with_uri("a certificate that is published at jwks_uri")
            .publish(URI, set(&["c-self"]))
            .send(showing([own.clone()]), recognised(&own))
            .send(showing([new.clone()]), mismatch())
            .send(showing([own.clone()]), recognised(&own))
            .row(),
        with_uri("a certificate that is published later is found")
            .publish(URI, set(&["c-self"]))
            .send(showing([own.clone()]), recognised(&own))
            .publish(URI, set(&["c-self", "same-key-new-cert"]))
            .send(showing([new.clone()]), recognised(&new))
            .send(showing([own.clone()]), recognised(&own))
            .row(),
        with_uri("a certificate that is not published any more is refused once that is known")
            .publish(URI, set(&["c-self"]))
            .send(showing([own.clone()]), recognised(&own))
            .publish(URI, set(&["same-key-new-cert"]))
            .send(showing([own.clone()]), recognised(&own))
            .send(showing([new.clone()]), recognised(&new))
            .send(showing([own.clone()]), mismatch())
            .row(),
        with_uri("a published certificate that has expired")
            .publish(URI, set(&["c-self-expired"]))
            .send(showing([der("c-self-expired")]), expired())
            .row(),
        with_uri("a published key without its certificate")
            .publish(URI, json!({"keys": [certificate("c-self").key().public()]}))
            .send(showing([own.clone()]), mismatch())
            .row(),
        with_uri("nothing is asked for without a certificate")
            .publish("https://client.example.org/elsewhere.json", set(&["c-self"]))
            .send(by_id(), no_certificate())
            .row(),
    ]
}

/// Trouble with the host is never a wrong certificate.
fn refused_remote() -> Vec<Row> {
    let unavailable = || Expect::Refused {
        status: 503,
        error: "temporarily_unavailable".to_owned(),
        reason: "jwks_unavailable".to_owned(),
    };
    let own = || der("c-self");
    vec![
        with_uri("a jwks_uri where nobody answers")
            .publish("https://client.example.org/elsewhere.json", set(&["c-self"]))
            .send(showing([own()]), unavailable())
            .row(),
        with_uri("a jwks_uri with something else than keys")
            .publish(URI, json!("keys"))
            .send(showing([own()]), unavailable())
            .row(),
        with_uri("a jwks_uri at a server that fetches none").send(showing([own()]), unavailable()).row(),
        server("a client with both methods of mutual TLS and a jwks_uri where nobody answers")
            .client(json!({
                "client_id": ID, "tls_client_auth_subject_dn": NAME, "jwks_uri": URI,
                "auth_methods": [{"method": SELF_SIGNED}, {"method": PKI}],
            }))
            .send(showing([der("c-tls-dn")]), proved(&der("c-tls-dn")))
            .send(showing([own()]), unavailable())
            .row(),
        server("a client with tls_client_auth and a jwks_uri is judged by its name")
            .client(json!({
                "client_id": ID, "token_endpoint_auth_method": "tls_client_auth",
                "tls_client_auth_subject_dn": NAME, "jwks_uri": URI,
            }))
            .send(showing([der("c-tls-dn")]), proved(&der("c-tls-dn")))
            .row(),
    ]
}
