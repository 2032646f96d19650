//! The same decision at every endpoint, and the status of its refusals.

use serde_json::json;

use super::{
    by_basic, by_es256, by_none, by_post, es256, good_assertion, good_basic, good_none, good_post, status_at,
};
use crate::request::Request;
use crate::row::{Endpoint, Expect, Row};
use crate::scene::{invalid_client, invalid_request, scene};

pub(super) fn rows() -> Vec<Row> {
    [methods(), failure_status()].concat()
}

fn methods() -> Vec<Row> {
    let mut rows = Vec::new();
    for endpoint in Endpoint::ALL {
        let taken = |method: &str, request: Request, expect: Expect| {
            scene(format!("{method} is taken at {}", endpoint.path()))
                .send(request.at(endpoint), expect)
                .row()
        };
        rows.extend([
            taken("client_secret_basic", good_basic(), by_basic()),
            taken("client_secret_post", good_post(), by_post()),
            taken("private_key_jwt", good_assertion(), by_es256()),
        ]);
        rows.push(match endpoint {
            Endpoint::Introspection => scene("none is never taken at the introspection endpoint")
                .send(good_none().at(endpoint), invalid_client(401, "method_not_granted"))
                .row(),
            _ => taken("none", good_none(), by_none()),
        });
    }
    rows
}

fn failure_status() -> Vec<Row> {
    let mut rows = Vec::new();
    for endpoint in Endpoint::ALL {
        let status = status_at(endpoint);
        let path = endpoint.path();
        rows.extend([
            scene(format!("a wrong body secret is answered with {status} at {path}"))
                .send(
                    Request::to(endpoint).post("c-post", "wrong"),
                    invalid_client(status, "secret_mismatch"),
                )
                .row(),
            scene(format!("a wrong Basic secret is answered with 401 at {path}"))
                .send(Request::to(endpoint).basic("c-basic", "wrong"), invalid_client(401, "secret_mismatch"))
                .row(),
            scene(format!("an assertion for somebody else is answered with {status} at {path}"))
                .send(
                    Request::to(endpoint).assertion(es256().claim("aud", "https://other.test").mint()),
                    invalid_client(status, "aud_mismatch"),
                )
                .row(),
        ]);
    }
    let with_401 = |name: &str| scene(name).policy(json!({"body_failure_status": 401}));
    rows.extend([
        with_401("body_failure_status 401 answers a wrong body secret with 401")
            .send(Request::token().post("c-post", "wrong"), invalid_client(401, "secret_mismatch"))
            .row(),
        with_401("body_failure_status 401 answers a missing credential with 401")
            .send(Request::token(), invalid_client(401, "no_credentials"))
            .row(),
        with_401("body_failure_status 401 leaves malformed requests at 400")
            .send(Request::token().field("client_secret", "x"), invalid_request(400, "client_id_missing"))
            .row(),
    ]);
    rows
}
