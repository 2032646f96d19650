//! What an operator is told of used assertions and of key sets, now and not as it was at the start.

use std::thread;

use countersign::Algorithm;
use countersign::sign::{ClientAssertion, SigningKey};
use countersign_tests::servers::postgres::Postgres;
use countersign_tests::servers::redis::RedisServer;
use serde_json::{Value, json};

use crate::Outcome;
use crate::http::Connection;
use crate::node::{Folder, LIMIT, Node, until};

#[test]
fn the_gauges_follow_the_replay_store_and_the_fetcher() -> Outcome<()> {
    let postgres = Postgres::shared().url_of_new_database();
    for (framework, replay) in [("axum", "memory"), ("actix", "sqlite://replay.db"), ("axum", &postgres)] {
        let key = SigningKey::generate(Algorithm::ES256)?;
        let folder = folder(replay, &key)?;
        let node = Node::start(&folder.0, framework)?;
        // On connections of their own: one that waits for a reload may be closed.
        let reaches = |name: &str, least: f64| -> Outcome<()> {
            let mut operator = node.connect_as_operator()?;
            let seen = until(LIMIT, || Ok(gauge(&mut operator, name)?.filter(|value| *value >= least)))?;
            seen.map(drop).ok_or_else(|| format!("{replay}: {name} is never {least}").into())
        };
        reaches("client_auth_replay_entries", 0.0)?;
        reaches("client_auth_replay_capacity", 1_000_000.0)?;
        for entries in [1.0, 2.0] {
            let mut connection = node.connect()?;
            // A host that does not answer.
            connection.form("/token", None, &form_with("dead", &key)?)?;
            reaches("client_auth_key_set_fetches", 1.0)?;
            reaches("client_auth_key_set_failures{kind=\"connect\"}", 1.0)?;
            let accepted = until(LIMIT, || {
                let answer = connection.form("/token", None, &form_with("app", &key)?)?;
                Ok((answer.status == 200).then_some(()))
            })?;
            accepted.ok_or("not accepted in time")?;
            reaches("client_auth_replay_entries", entries)?;
            // Clients that are exchanged take neither away.
            std::fs::write(folder.0.join("clients.json"), clients(&key).to_string())?;
            node.wait_for("reloaded ")?;
        }
    }
    Ok(())
}

/// It does not know how full it is, and has no gauge. The fetcher has its own all the same.
#[test]
fn a_redis_that_is_flushed_remembers_since_then() -> Outcome<()> {
    let mut redis = RedisServer::start();
    let key = SigningKey::generate(Algorithm::ES256)?;
    let folder = folder(&redis.url(), &key)?;
    let node = Node::start(&folder.0, "axum")?;
    let (mut connection, mut operator) = (node.connect()?, node.connect_as_operator()?);
    assert_eq!(gauge(&mut operator, "client_auth_replay_entries")?, None);
    assert_eq!(gauge(&mut operator, "client_auth_key_set_fetches")?, Some(0.0));

    let mut shown = || -> Outcome<[Option<u64>; 2]> {
        let overview = operator.send("GET", "/overview", &[], "")?.json()?;
        assert_eq!(overview["replay"]["kind"], "redis", "{overview}");
        Ok([&overview["replay"]["memory_lost_at"], &overview["now"]].map(Value::as_u64))
    };
    let [started_at, _] = shown()?;
    // In another second, since what is shown is whole ones.
    let flushed_at = until(LIMIT, || Ok(shown()?[1].filter(|now| Some(*now) > started_at)))?;
    redis.ask::<()>(["FLUSHALL"]);
    let lost_at = until(LIMIT, || {
        // The claim that finds it out, and others if that one had no answer. A loss makes it 400 or 503.
        connection.form("/token", None, &form_with("app", &key)?)?;
        Ok(shown()?[0].filter(|lost_at| Some(*lost_at) > started_at))
    })?;
    assert!(started_at.is_some() && lost_at >= flushed_at, "{started_at:?} {flushed_at:?} {lost_at:?}");

    // What an operator asks for when it is down, and so do all the others.
    redis.kill();
    thread::scope(|scope| {
        let askers: Vec<_> = (0..100)
            .map(|number| {
                let node = &node;
                let path = if number % 2 == 0 { "/metrics" } else { "/overview" };
                scope.spawn(move || {
                    Some(node.connect_as_operator().ok()?.send("GET", path, &[], "").ok()?.status)
                })
            })
            .collect();
        for asker in askers {
            assert_eq!(asker.join().ok().flatten(), Some(200));
        }
    });
    Ok(())
}

/// A figure of `/metrics`.
fn gauge(operator: &mut Connection, name: &str) -> Outcome<Option<f64>> {
    let figures = operator.send("GET", "/metrics", &[], "")?.body;
    let value = figures.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    Ok(value.map(str::parse).transpose()?)
}

fn form_with(client_id: &str, key: &SigningKey) -> Outcome<String> {
    let assertion = ClientAssertion::for_client(client_id).audience("https://as.example").sign(key)?;
    let [(first, kind), (second, jwt)] = assertion.form_fields();
    Ok(format!("grant_type=client_credentials&{first}={}&{second}={jwt}", kind.replace(':', "%3A")))
}

fn folder(replay: &str, key: &SigningKey) -> Outcome<Folder> {
    let configuration = format!(
        "issuer = \"https://as.example\"\nclients = \"clients.json\"\nreplay = {replay:?}\n\
         [admin]\nlisten = \"127.0.0.1:0\"\n[fetch]\ndanger_allow_loopback = true\n"
    );
    Folder::with(&[("as.toml", &configuration), ("clients.json", &clients(key).to_string())])
}

fn clients(key: &SigningKey) -> Value {
    json!([
        {
            "client_id": "app", "token_endpoint_auth_method": "private_key_jwt",
            "jwks": { "keys": [key.public_jwk()] },
        },
        {
            "client_id": "dead", "token_endpoint_auth_method": "private_key_jwt",
            "jwks_uri": "https://127.0.0.1:1/jwks",
        },
    ])
}
