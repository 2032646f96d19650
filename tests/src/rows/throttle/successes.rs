//! A source that succeeded as a client is not refused as that client.

use serde_json::json;

use super::{ELSEWHERE, HERE, mismatch, not_granted, post_client_by_basic, wrong};
use crate::request::Request;
use crate::row::Row;
use crate::rows::{by_basic, by_none, by_post, good_basic, good_none, good_post};
use crate::scene::{Scene, accepted, scene, throttled};

pub(super) fn rows() -> Vec<Row> {
    let mut rows = remembered();
    rows.extend(public());
    rows.push(probing());
    rows
}

fn remembered() -> Vec<Row> {
    vec![
        scene("a client that succeeded is not blocked by the failures of its neighbours")
            .send(good_basic().from(HERE), by_basic())
            .failures_from(HERE, 100)
            .send(good_basic().from(HERE), by_basic())
            .send(good_post().from(HERE), throttled(1))
            .row(),
        scene("a client that succeeded is not blocked by failures in its own name")
            .send(good_basic().from(HERE), by_basic())
            .send_times(101, &wrong().from(HERE), &mismatch())
            .send(good_basic().from(HERE), by_basic())
            .send(good_post().from(HERE), by_post())
            .row(),
        scene("it helps nobody elsewhere that a client succeeded")
            .send(good_basic().from(HERE), by_basic())
            .send_times(20, &wrong().from(ELSEWHERE), &mismatch())
            .send(good_basic().from(ELSEWHERE), throttled(6))
            .send(good_basic().from(HERE), by_basic())
            .row(),
        scene("it helps no other client that one succeeded")
            .send(good_post().from(HERE), by_post())
            .send_times(20, &wrong().from(HERE), &mismatch())
            .send(good_basic().from(HERE), throttled(6))
            .row(),
        scene("a success is remembered for an hour")
            .send(good_basic().from(HERE), by_basic())
            .advance(3599)
            .send_times(30, &wrong().from(HERE), &mismatch())
            .advance(1)
            .send_times(20, &wrong().from(HERE), &mismatch())
            .send(good_basic().from(HERE), throttled(6))
            .row(),
        scene("a later success is remembered in place of an earlier one")
            .send(good_basic().from(HERE), by_basic())
            .advance(3000)
            .send(good_basic().from(HERE), by_basic())
            .advance(3000)
            .send_times(30, &wrong().from(HERE), &mismatch())
            .row(),
    ]
}

/// Anybody can be accepted by a public client's name.
fn public() -> Vec<Row> {
    vec![
        scene("a public client that was accepted is not blocked by its neighbours")
            .send(good_none().from(HERE), by_none())
            .failures_from(HERE, 100)
            .send(good_none().from(HERE), by_none())
            .row(),
        scene("a public client that is new waits with its neighbours")
            .failures_from(HERE, 100)
            .send(good_none().from(HERE), throttled(1))
            .advance(1)
            .send(good_none().from(HERE), by_none())
            .row(),
    ]
}

/// As golang.org/x/oauth2 finds out what a server wants: Basic first, then the form. The room that is left is for one
/// failure and a half of this, and more than one client makes use of it.
fn probing() -> Row {
    let clients: Vec<String> = (1..=5).map(|number| format!("c-probing-{number}")).collect();
    let secret = "its own secret";
    let registered = clients.iter().fold(
        scene("a library that tries Basic first and the form after it is not punished"),
        |scene, id| {
            scene.client(json!({
                "client_id": id, "client_secret": secret, "token_endpoint_auth_method": "client_secret_post",
            }))
        },
    );
    let begun = registered
        .send(post_client_by_basic().from(HERE), not_granted())
        .send(good_post().from(HERE), by_post())
        .failures_from(HERE, 98);
    let probe = |scene: Scene, id: &String| {
        scene
            .send(Request::token().basic(id, secret).from(HERE), not_granted())
            .send(Request::token().post(id, secret).from(HERE), accepted(id, "client_secret_post"))
    };
    clients.iter().fold(begun, probe).row()
}
