//! A certificate is no credential by itself (RFC 8705 §4): what stands beside it, and what it needs beside it.

use serde_json::json;

use super::{
    ID, NAME, SELF_SIGNED, by_id, client, der, named, no_certificate, proved, server, showing, with_named,
};
use crate::request::Request;
use crate::row::{Endpoint, Row};
use crate::rows::{by_basic, by_es256, good_basic, good_none, good_post, status_at};
use crate::rows::{good_assertion, secret_of};
use crate::scene::{accepted_with, invalid_client, invalid_request, scene};

pub(super) fn rows() -> Vec<Row> {
    [client_id(), other_credentials(), other_clients(), endpoints()].concat()
}

/// RFC 8705 §2: the request names its client.
fn client_id() -> Vec<Row> {
    let one = der("c-tls-dn");
    vec![
        with_named("a certificate without client_id is malformed")
            .send(Request::token().certificates([one.clone()]), invalid_request(400, "client_id_missing"))
            .row(),
        with_named("an empty client_id beside a certificate is none")
            .send(
                Request::token().field("client_id", "").certificates([one.clone()]),
                invalid_request(400, "client_id_missing"),
            )
            .row(),
        with_named("a client_id in the query beside a certificate is malformed")
            .send(
                Request::token().query("client_id=c-mtls").certificates([one.clone()]),
                invalid_request(400, "credentials_in_query"),
            )
            .row(),
        with_named("two client_ids beside a certificate are malformed")
            .send(showing([one.clone()]).field("client_id", ID), invalid_request(400, "duplicate_parameter"))
            .row(),
        with_named("neither a certificate nor a client_id")
            .send(Request::token(), invalid_client(400, "no_credentials"))
            .row(),
        with_named("a client_id without a certificate")
            .send(by_id(), no_certificate())
            .send(showing([one.clone()]), proved(&one))
            .send(by_id(), no_certificate())
            .row(),
        with_named("a client_id is compared with case")
            .send(
                Request::token().field("client_id", "C-MTLS").certificates([one.clone()]),
                invalid_client(400, "unknown_client"),
            )
            .row(),
        with_named("an empty client_secret beside a certificate is none")
            .send(showing([one.clone()]).field("client_secret", ""), proved(&one))
            .row(),
        with_named("a DPoP proof beside a certificate is no credential")
            .send(showing([one.clone()]).header("DPoP", "e30.e30.AA"), proved(&one))
            .row(),
        scene("a server without mutual TLS does not read certificates")
            .client(named())
            .send(showing([one.clone()]), invalid_client(400, "method_not_granted"))
            .send(Request::token().certificates([one.clone()]), invalid_client(400, "no_credentials"))
            .row(),
        with_named("a failed certificate is answered 401 where the policy says so")
            .policy(json!({"body_failure_status": 401}))
            .send(by_id(), invalid_client(401, "no_certificate"))
            .send(showing([der("c-tls-dn2")]), invalid_client(401, "certificate_mismatch"))
            .row(),
        with_named("fapi2 takes certificates")
            .preset("fapi2")
            .send(showing([one.clone()]), proved(&one))
            .row(),
    ]
}

/// RFC 8705 §4: tokens can be bound to the certificate whatever the method is.
fn other_credentials() -> Vec<Row> {
    let (one, forged) = (der("c-tls-dn"), der("forged-same-dn-other-ca"));
    let seen = |client: &str, method: &str| accepted_with(client, method, &one);
    let beside = |request: Request| request.certificates([one.clone()]);
    vec![
        server("a certificate beside Basic")
            .send(beside(good_basic()), seen("c-basic", "client_secret_basic"))
            .row(),
        server("a certificate beside client_secret")
            .send(beside(good_post()), seen("c-post", "client_secret_post"))
            .row(),
        server("a certificate beside an assertion")
            .send(beside(good_assertion()), seen("c-pkjwt-es256", "private_key_jwt"))
            .row(),
        server("a certificate beside a public client")
            .send(beside(good_none()), seen("c-none", "none"))
            .row(),
        scene("a certificate beside Basic at a server without mutual TLS")
            .send(beside(good_basic()), seen("c-basic", "client_secret_basic"))
            .row(),
        server("whatever was shown in the handshake binds beside Basic")
            .send(
                good_basic().certificates([forged.clone()]),
                accepted_with("c-basic", "client_secret_basic", &forged),
            )
            .send(
                good_basic().certificates([b"no certificate".to_vec()]),
                accepted_with("c-basic", "client_secret_basic", b"no certificate"),
            )
            .send(good_basic(), by_basic())
            .row(),
        server("a certificate does not make up for a wrong secret")
            .client(json!({
                "client_id": ID, "client_secret": "the-secret-of-a-client-with-a-certificate",
                "tls_client_auth_subject_dn": NAME,
                "auth_methods": [{"method": "client_secret_post"}, {"method": "tls_client_auth"}],
            }))
            .send(showing([one.clone()]), proved(&one))
            .send(
                showing([one.clone()]).field("client_secret", "wrong"),
                invalid_client(400, "secret_mismatch"),
            )
            .send(
                showing([one.clone()]).field("client_secret", "the-secret-of-a-client-with-a-certificate"),
                seen(ID, "client_secret_post"),
            )
            .row(),
        with_named("a client with a certificate may not use a secret")
            .send(
                showing([one.clone()]).field("client_secret", "x"),
                invalid_client(400, "method_not_granted"),
            )
            .send(
                Request::token().basic(ID, "").certificates([one.clone()]),
                invalid_client(401, "method_not_granted"),
            )
            .row(),
        with_named("a client with a certificate names itself in the form alone")
            .send(
                beside(Request::token().basic("c-basic", &secret_of("c-basic"))).field("client_id", ID),
                invalid_client(401, "client_id_mismatch"),
            )
            .row(),
        with_named("an assertion beside a certificate is what counts")
            .send(beside(good_assertion()).field("client_id", ID), invalid_client(400, "client_id_mismatch"))
            .send(good_assertion(), by_es256())
            .row(),
        with_named("another scheme beside a certificate is no client credential, and hides none")
            .send(
                showing([one.clone()]).authorization("Bearer 2YotnFZFEjr1zCsicMWpAA"),
                invalid_client(401, "no_credentials"),
            )
            .row(),
    ]
}

fn other_clients() -> Vec<Row> {
    let one = der("c-tls-dn");
    let as_client = |id: &str| Request::token().field("client_id", id).certificates([one.clone()]);
    let mut disabled = named();
    disabled["disabled"] = true.into();
    vec![
        with_named("an unknown client with a good certificate")
            .send(as_client("c-unknown"), invalid_client(400, "unknown_client"))
            .row(),
        server("a disabled client with its certificate")
            .client(disabled)
            .send(showing([one.clone()]), invalid_client(400, "client_disabled"))
            .send(by_id(), invalid_client(400, "client_disabled"))
            .row(),
        with_named("a client of another method with a good certificate")
            .send(as_client("c-basic"), invalid_client(400, "method_not_granted"))
            .send(as_client("c-pkjwt-es256"), invalid_client(400, "method_not_granted"))
            .row(),
        with_named("another client's certificate")
            .client(json!({
                "client_id": "c-two", "token_endpoint_auth_method": "tls_client_auth",
                "tls_client_auth_subject_dn": "CN=client two,O=Example Ltd,C=DE",
            }))
            .send(as_client("c-two"), invalid_client(400, "certificate_mismatch"))
            .send(showing([der("c-tls-dn2")]), invalid_client(400, "certificate_mismatch"))
            .send(showing([one.clone()]), proved(&one))
            .row(),
        with_named("two clients may share a name, and still say who they are")
            .client(json!({
                "client_id": "c-twin", "token_endpoint_auth_method": "tls_client_auth",
                "tls_client_auth_subject_dn": NAME,
            }))
            .send(showing([one.clone()]), proved(&one))
            .send(as_client("c-twin"), accepted_with("c-twin", "tls_client_auth", &one))
            .row(),
        server("a client registered under no name is not registered")
            .client(json!({"client_id": ID, "token_endpoint_auth_method": "tls_client_auth"}))
            .send(showing([one.clone()]), invalid_client(400, "unknown_client"))
            .row(),
        server("a client registered under two names is not registered")
            .client(json!({
                "client_id": ID, "token_endpoint_auth_method": "tls_client_auth",
                "tls_client_auth_subject_dn": NAME, "tls_client_auth_san_dns": "c.example.com",
            }))
            .send(showing([one.clone()]), invalid_client(400, "unknown_client"))
            .row(),
        server("a self-signed client without a certificate is not registered")
            .client(json!({"client_id": ID, "token_endpoint_auth_method": SELF_SIGNED}))
            .send(showing([der("c-self")]), invalid_client(400, "unknown_client"))
            .row(),
        server("a client whose method is of mutual TLS may not come without any")
            .client(client("tls_client_auth_san_dns", "c.example.com"))
            .send(by_id(), no_certificate())
            .row(),
    ]
}

fn endpoints() -> Vec<Row> {
    let (one, two) = (der("c-tls-dn"), der("c-tls-dn2"));
    Endpoint::ALL
        .into_iter()
        .map(|endpoint| {
            with_named(format!("a certificate at {}", endpoint.path()))
                .send(showing([one.clone()]).at(endpoint), proved(&one))
                .send(
                    showing([two.clone()]).at(endpoint),
                    invalid_client(status_at(endpoint), "certificate_mismatch"),
                )
                .send(by_id().at(endpoint), invalid_client(status_at(endpoint), "no_certificate"))
                .row()
        })
        .collect()
}
