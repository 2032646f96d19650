//! Strangers register so often, and so many of them.

use serde_json::{Value, json};

use crate::Outcome;
use crate::http::{Answer, Connection};
use crate::node::{Folder, Node};

#[test]
fn strangers_are_limited_by_their_source_and_in_all() -> Outcome<()> {
    for (framework, registry) in [("axum", "sqlite://registry.db"), ("actix", "memory")] {
        let folder =
            folder(&format!("registry = \"{registry}\"\n"), "per_source_per_hour = 3\nmax_clients = 5\n")?;
        let node = Node::start(&folder.0, framework)?;
        let mut connection = node.connect()?;
        for _ in 0..3 {
            assert_eq!(register(&mut connection, "192.0.2.7")?.status, 201, "{framework}");
        }
        let refused = register(&mut connection, "192.0.2.7")?;
        assert_eq!(refused.status, 429, "{framework}: {refused:?}");
        let limited = json!({
            "error": "temporarily_unavailable",
            "error_description": "too many registrations from your address, try again later",
        });
        assert_eq!(refused.json()?, limited);
        assert!(seconds(&refused).is_some_and(|seconds| (1100..=1200).contains(&seconds)), "{refused:?}");
        node.wait_for("registration operation=register outcome=throttled detail=\"from 192.0.2.7, expected a pause of 1")?;

        for _ in 0..2 {
            assert_eq!(register(&mut connection, "192.0.2.8")?.status, 201, "{framework}: another source");
        }
        let full = register(&mut connection, "192.0.2.8")?;
        assert_eq!((full.status, seconds(&full)), (503, Some(3600)), "{framework}: {full:?}");
        assert_eq!(full.text("error")?, "temporarily_unavailable");
        node.wait_for(
            "outcome=no_room detail=\"5 clients have registered themselves, and there is room for no more",
        )?;
    }
    Ok(())
}

/// Not by octets that are no text either, which a proxy passes on.
#[test]
fn nobody_hides_where_they_come_from() -> Outcome<()> {
    for framework in ["axum", "actix"] {
        let folder = folder("", "per_source_per_hour = 2\n")?;
        let node = Node::start(&folder.0, framework)?;
        let mut connection = node.connect()?;
        let mut status = |source| register(&mut connection, source).map(|answer| answer.status);
        // All of them are one source.
        for garbled in ["\u{fc}", "\u{fd}, 192.0.2.7"] {
            assert_eq!(status(garbled)?, 201, "{framework}: {garbled}");
        }
        for garbled in ["\u{fe}", "\u{ff}, 192.0.2.8"] {
            assert_eq!(status(garbled)?, 429, "{framework}: {garbled}");
        }
        assert_eq!(status("192.0.2.8")?, 201, "{framework}");
    }
    Ok(())
}

#[test]
fn who_brings_a_token_is_not_limited_and_neither_is_this_machine() -> Outcome<()> {
    let keys = "per_source_per_hour = 1\nmax_clients = 0\ninitial_access_token = \"required\"\n";
    let folder = folder("", &format!("{keys}[admin]\nlisten = \"127.0.0.1:0\"\n"))?;
    let node = Node::start(&folder.0, "axum")?;
    let (mut connection, mut operator) = (node.connect()?, node.connect_as_operator()?);
    for _ in 0..3 {
        let issued = operator.send("POST", "/registration-tokens", &[JSON], "")?;
        let bearer = format!("Bearer {}", issued.text("initial_access_token")?);
        let fields = [JSON, ("X-Forwarded-For", "192.0.2.7"), ("Authorization", bearer.as_str())];
        assert_eq!(connection.send("POST", "/register", &fields, CLIENT)?.status, 201);
    }
    let plain = Folder::with(&[
        ("as.toml", "clients = \"clients.json\"\n[registration]\nper_source_per_hour = 1\n"),
        ("clients.json", "[]"),
    ])?;
    let node = Node::start(&plain.0, "actix")?;
    let mut connection = node.connect()?;
    for _ in 0..3 {
        assert_eq!(connection.send("POST", "/register", &[JSON], CLIENT)?.status, 201);
    }
    Ok(())
}

#[test]
fn the_limits_are_described_and_a_wrong_one_is_refused() -> Outcome<()> {
    let node = Node::start(&folder("", "")?.0, "axum")?;
    let document: Value = node.connect()?.send("GET", "/openapi.json", &[], "")?.json()?;
    let answers = &document["paths"]["/register"]["post"]["responses"];
    assert_eq!(answers["429"]["$ref"], "#/components/responses/TooMany");
    let answer = &document["components"]["responses"]["TooMany"];
    assert_eq!(answer["headers"]["Retry-After"]["required"], true, "{answer}");
    for (keys, said) in [
        ("per_source_per_hour = 0", "as.toml:6: per_source_per_hour is not a number of clients"),
        ("max_clients = -1", "as.toml:6: max_clients is not a number of clients"),
        ("max_clients = \"many\"", "as.toml:6: max_clients is not a number of clients"),
        ("max_client = 5", "max_clients"),
    ] {
        let refused = Node::refused(&folder("", keys)?.0)?;
        assert!(refused.contains(said), "{keys}: {refused}");
    }
    Ok(())
}

/// As from this source, before the trusted proxy that this test is.
fn register(connection: &mut Connection, source: &str) -> Outcome<Answer> {
    connection.send("POST", "/register", &[JSON, ("X-Forwarded-For", source)], CLIENT)
}

/// Of `Retry-After`.
fn seconds(answer: &Answer) -> Option<u32> {
    answer.field("retry-after")?.parse().ok()
}

fn folder(top: &str, registration: &str) -> Outcome<Folder> {
    let configuration = format!(
        "clients = \"clients.json\"\n{top}[proxy]\ntrusted = [\"127.0.0.1/32\"]\n\
         forwarded_for = \"x-forwarded-for\"\n[registration]\n{registration}"
    );
    Folder::with(&[("as.toml", &configuration), ("clients.json", "[]")])
}

const JSON: (&str, &str) = ("Content-Type", "application/json");
const CLIENT: &str = r#"{"grant_types": ["client_credentials"]}"#;
