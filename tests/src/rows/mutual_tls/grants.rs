//! Which of the two methods a client may use, where and until when.

use serde_json::{Value, json};

use super::{
    ID, NAME, PKI, SELF_SIGNED, by_id, der, expired, mismatch, named, no_certificate, proved, recognised,
    server, showing, untrusted, with_named,
};
use crate::request::Request;
use crate::row::{Endpoint, NOW, Row};
use crate::scene::{accepted, invalid_client, scene};
use crate::x509;

pub(super) fn rows() -> Vec<Row> {
    [both(), single(), policy()].concat()
}

/// A client with a registered name, a registered certificate and these grants.
fn granted(grants: Value) -> Value {
    json!({
        "client_id": ID,
        "tls_client_auth_subject_dn": NAME,
        "jwks": {"keys": [x509::jwk("c-self")]},
        "auth_methods": grants,
    })
}

fn both() -> Vec<Row> {
    let (one, own) = (der("c-tls-dn"), der("c-self"));
    let both = granted(json!([{"method": PKI}, {"method": SELF_SIGNED}]));
    let turned = granted(json!([{"method": SELF_SIGNED}, {"method": PKI}]));
    let moving = granted(json!([{"method": PKI, "until": NOW + 60}, {"method": SELF_SIGNED}]));
    let apart = granted(json!([
        {"method": PKI, "endpoints": ["token"]},
        {"method": SELF_SIGNED, "endpoints": ["introspection"]},
    ]));
    let mut either: Vec<Row> = [("and", both), ("in turn and", turned)]
        .into_iter()
        .map(|(order, client)| {
            server(format!("a client with both methods of mutual TLS, {order} each works"))
                .client(client)
                .send(showing([one.clone()]), proved(&one))
                .send(showing([own.clone()]), recognised(&own))
                .send(showing([der("c-tls-dn2")]), mismatch())
                .send(by_id(), no_certificate())
                .row()
        })
        .collect();
    either.extend([
        server("a client that moves from one method of mutual TLS to the other")
            .client(moving)
            .send(showing([one.clone()]), proved(&one))
            .send(showing([own.clone()]), recognised(&own))
            .advance(60)
            .send(showing([own.clone()]), recognised(&own))
            .send(showing([one.clone()]), mismatch())
            .row(),
        server("a client with one method of mutual TLS at each endpoint")
            .client(apart)
            .send(showing([one.clone()]), proved(&one))
            .send(showing([own.clone()]), untrusted())
            .send(showing([own.clone()]).at(Endpoint::Introspection), recognised(&own))
            .send(
                showing([one.clone()]).at(Endpoint::Introspection),
                invalid_client(401, "certificate_mismatch"),
            )
            .send(showing([one.clone()]).at(Endpoint::Revocation), invalid_client(400, "method_not_granted"))
            .row(),
    ]);
    either
}

fn single() -> Vec<Row> {
    let (one, own) = (der("c-tls-dn"), der("c-self"));
    vec![
        server("a registered certificate is nothing to a client with tls_client_auth")
            .client(granted(json!([{"method": PKI}])))
            .send(showing([own.clone()]), untrusted())
            .row(),
        server("a registered name is nothing to a client with self_signed_tls_client_auth")
            .client(granted(json!([{"method": SELF_SIGNED}])))
            .send(showing([one.clone()]), mismatch())
            .row(),
        server("a grant of tls_client_auth has ended")
            .client(granted(json!([{"method": PKI, "until": NOW - 1}])))
            .send(showing([one.clone()]), invalid_client(400, "method_grant_expired"))
            .send(by_id(), invalid_client(400, "method_grant_expired"))
            .row(),
        server("tls_client_auth is granted elsewhere")
            .client(granted(json!([{"method": PKI, "endpoints": ["introspection"]}])))
            .send(showing([one.clone()]), invalid_client(400, "method_not_granted"))
            .send(showing([one.clone()]).at(Endpoint::Introspection), proved(&one))
            .row(),
        server("self_signed_tls_client_auth is granted elsewhere")
            .client(granted(json!([{"method": SELF_SIGNED, "endpoints": ["introspection"]}])))
            .send(showing([own.clone()]), invalid_client(400, "method_not_granted"))
            .send(showing([own.clone()]).at(Endpoint::Introspection), recognised(&own))
            .row(),
        server("none beside a method of mutual TLS is not registered")
            .client(granted(json!([{"method": PKI}, {"method": "none"}])))
            .send(showing([one.clone()]), invalid_client(400, "unknown_client"))
            .send(by_id(), invalid_client(400, "unknown_client"))
            .row(),
        server("what was trusted expires between two requests")
            .client(named())
            .send(showing([one.clone()]), proved(&one))
            .advance(25 * 3600)
            .send(showing([one.clone()]), expired())
            .row(),
    ]
}

/// What the server runs.
fn policy() -> Vec<Row> {
    let (one, own) = (der("c-tls-dn"), der("c-self"));
    let both = || granted(json!([{"method": PKI}, {"method": SELF_SIGNED}]));
    vec![
        server("a server that runs tls_client_auth alone")
            .policy(json!({"methods": [PKI]}))
            .client(both())
            .send(showing([one.clone()]), proved(&one))
            .send(showing([own.clone()]), untrusted())
            .row(),
        server("a server that runs self_signed_tls_client_auth alone")
            .policy(json!({"methods": [SELF_SIGNED]}))
            .client(both())
            .send(showing([own.clone()]), recognised(&own))
            .send(showing([one.clone()]), mismatch())
            .row(),
        with_named("a server that runs neither")
            .policy(json!({"methods": ["client_secret_basic", "none"]}))
            .send(showing([one.clone()]), invalid_client(400, "method_not_granted"))
            .send(Request::token().field("client_id", "c-none"), accepted("c-none", "none"))
            .row(),
        scene("a server without anchors knows self-signed certificates")
            .mutual_tls([])
            .client(both())
            .send(showing([own.clone()]), recognised(&own))
            .send(showing([one.clone()]), mismatch())
            .row(),
        scene("a server without anchors does not run tls_client_auth")
            .mutual_tls([])
            .client(named())
            .send(showing([one.clone()]), invalid_client(400, "method_not_granted"))
            .row(),
        scene("a server without anchors runs tls_client_auth for clients with their own")
            .mutual_tls([])
            .policy(json!({"methods": [PKI]}))
            .client(named())
            .own_anchors(ID, [der("CA-1")])
            .send(showing([one.clone()]), proved(&one))
            .send(showing([der("same-dn-ca2")]), untrusted())
            .row(),
        with_named("a client with anchors of its own has no others")
            .own_anchors(ID, [der("CA-2")])
            .send(showing([one.clone()]), untrusted())
            .send(showing([der("same-dn-ca2")]), proved(&der("same-dn-ca2")))
            .row(),
        with_named("anchors of one client are not another's")
            .client(json!({
                "client_id": "c-other", "token_endpoint_auth_method": PKI, "tls_client_auth_subject_dn": NAME,
            }))
            .own_anchors("c-other", [der("CA-X")])
            .send(
                Request::token().field("client_id", "c-other").certificates([der("forged-same-dn-other-ca")]),
                crate::scene::accepted_with("c-other", PKI, &der("forged-same-dn-other-ca")),
            )
            .send(showing([der("forged-same-dn-other-ca")]), untrusted())
            .row(),
        with_named("anchors of no client trust nobody")
            .own_anchors(ID, [])
            .send(showing([one.clone()]), untrusted())
            .row(),
    ]
}
