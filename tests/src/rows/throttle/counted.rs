//! Which failures count: all in which a client was looked for, alike, and no others.

use serde_json::json;

use super::{HERE, mismatch, not_granted, post_client_by_basic, wrong};
use crate::assertion::Assertion;
use crate::encoding::basic_pair;
use crate::fixtures::fixtures;
use crate::request::Request;
use crate::row::{Expect, NOW, Row};
use crate::rows::{by_es256, by_post, es256, good_assertion, good_post, signed};
use crate::scene::{Scene, invalid_client, invalid_request, scene, throttled};

pub(super) fn rows() -> Vec<Row> {
    let mut rows = alike();
    rows.extend(free());
    rows.push(two_readings());
    rows
}

/// Whoever sends the same thing 21 times learns nothing from the answers: not whether the client exists.
fn alike() -> Vec<Row> {
    let disabled = json!({"client_id": "c-off", "client_secret": "its own secret", "disabled": true});
    let ended = json!({
        "client_id": "c-ended", "client_secret": "its own secret",
        "auth_methods": [{"method": "client_secret_basic", "until": NOW - 1}],
    });
    let expired = json!({
        "client_id": "c-expired", "client_secret": "its own secret", "client_secret_expires_at": NOW - 1,
    });
    let counted = |name: &str, request: Request, reason: &str, status: u16| {
        scene(format!("{name} counts"))
            .client(disabled.clone())
            .client(ended.clone())
            .client(expired.clone())
            .send_times(20, &request.clone().from(HERE), &invalid_client(status, reason))
            .send(request.from(HERE), throttled(6))
            .row()
    };
    let basic = |client_id: &str| Request::token().basic(client_id, "its own secret");
    let old = es256().claim("exp", NOW - 3600).claim("iat", NOW - 7200);
    let forged = es256().signed_by("attacker-ec");
    let stranger = Assertion::new("nobody", fixtures().key("attacker-ec"), "ES256");
    vec![
        counted("a wrong secret", wrong(), "secret_mismatch", 401),
        counted("a client that does not exist", basic("nobody"), "unknown_client", 401),
        counted("a disabled client", basic("c-off"), "client_disabled", 401),
        counted("a method of others", post_client_by_basic(), "method_not_granted", 401),
        counted("a method whose time is over", basic("c-ended"), "method_grant_expired", 401),
        counted("a secret whose time is over", basic("c-expired"), "secret_expired", 401),
        counted("an expired assertion", signed(&old), "expired", 400),
        counted("a forged signature", signed(&forged), "signature_invalid", 400),
        counted("an assertion of nobody", signed(&stranger), "unknown_client", 400),
        counted("another client_id in the form", wrong().field("client_id", "c"), "client_id_mismatch", 401),
        counted("a name alone", Request::token().field("client_id", "nobody"), "unknown_client", 400),
    ]
}

/// Nothing was looked for, so nothing was guessed.
fn free() -> Vec<Row> {
    let free = |name: &str, scene: Scene, request: Request, expect: Expect| {
        let scene = Scene::send_times(scene, 101, &request.from(HERE), &expect);
        (name.to_owned(), scene)
    };
    let without_assertions = scene("").policy(json!({"methods": ["client_secret_post"]}));
    [
        free("no credential", scene(""), Request::token(), invalid_client(400, "no_credentials")),
        free(
            "a garbled pair",
            scene(""),
            Request::token().authorization("Basic *"),
            invalid_client(401, "malformed_basic"),
        ),
        free(
            "two credentials",
            scene(""),
            wrong().field("client_secret", "another guess"),
            invalid_request(400, "multiple_methods"),
        ),
        free("a method that the server does not run", without_assertions, wrong(), not_granted()),
        free(
            "an assertion that is none",
            scene(""),
            Request::token().assertion("e30.e30."),
            invalid_client(400, "assertion_malformed"),
        ),
    ]
    .map(|(name, scene)| {
        let mut row = scene.send(good_post().from(HERE), by_post()).row();
        row.name = format!("{name} does not count");
        row
    })
    .into_iter()
    .chain([scene("assertions that pass count for nothing")
        .send_all((0..25).map(|_| (good_assertion().from(HERE), by_es256())))])
    .collect()
}

impl Scene {
    fn send_all(self, requests: impl IntoIterator<Item = (Request, Expect)>) -> Row {
        requests.into_iter().fold(self, |scene, (request, expect)| scene.send(request, expect)).row()
    }
}

/// A pair that names two clients is a guess at both.
fn two_readings() -> Row {
    let client = |id: &str| json!({"client_id": id, "client_secret": "its own secret"});
    let pair = |pair: &str| Request::token().authorization(basic_pair(pair)).from(HERE);
    scene("a pair that can be read as two clients counts for both")
        .client(client("a%41"))
        .client(client("aA"))
        .send_times(20, &pair("a%41:a guess"), &mismatch())
        .send(pair("aA:its own secret"), throttled(6))
        .send(pair("a%2541:its own secret"), throttled(6))
        .row()
}
