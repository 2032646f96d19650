//! Three nodes over one PostgreSQL and one Redis.

use std::sync::{Barrier, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{env, thread};

use countersign::Algorithm;
use countersign::sign::{ClientAssertion, SigningKey};
use countersign_tests::servers::postgres::Postgres;
use countersign_tests::servers::redis::RedisServer;
use serde_json::json;

use crate::Outcome;
use crate::http::{Answer, Connection, Registered};
use crate::node::{Folder, LIMIT, Node, until};

/// The three, and what they share.
struct Cluster {
    nodes: Vec<Node>,
    folder: Folder,
    _redis: RedisServer,
    /// One at a time: nine servers at once are too much for a small machine.
    _turn: MutexGuard<'static, ()>,
}

impl Cluster {
    /// Two lines more than one node has.
    fn start() -> Outcome<Self> {
        static TURN: Mutex<()> = Mutex::new(());
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let redis = RedisServer::start();
        let configuration = format!(
            "issuer = \"https://as.example\"\nclients = \"clients.json\"\nusers = \"users.json\"\n\
             registry = {:?}\nreplay = {:?}\n",
            Postgres::shared().url_of_new_database(),
            redis.url(),
        );
        let folder = Folder::with(&[
            ("as.toml", &configuration),
            ("clients.json", CLIENTS),
            ("users.json", r#"[{"username": "alice", "password": "correct horse"}]"#),
        ])?;
        // All at once, as a deployment starts them: they make the tables and the keys together.
        let nodes = thread::scope(|scope| {
            let starting: Vec<_> = ["axum", "actix", "axum"]
                .into_iter()
                .map(|framework| {
                    let folder = &folder.0;
                    scope.spawn(move || Node::start(folder, framework).map_err(|error| error.to_string()))
                })
                .collect();
            starting
                .into_iter()
                .map(|node| node.join().map_err(|_| "a panic".to_owned()).and_then(|node| node))
                .collect::<Result<Vec<_>, _>>()
        })?;
        Ok(Cluster { nodes, folder, _redis: redis, _turn: turn })
    }

    fn connections(&self) -> Outcome<Vec<Connection>> {
        self.nodes.iter().map(connect).collect()
    }
}

#[test]
fn an_assertion_is_accepted_once_wherever_it_is_sent() -> Outcome<()> {
    let cluster = Cluster::start()?;
    let (client, key) = with_a_key(&mut connect(&cluster.nodes[0])?)?;
    for connection in &mut cluster.connections()? {
        use_of(&client, &key, connection)?;
    }
    let tries: usize = env::var(TRIES).ok().and_then(|tries| tries.parse().ok()).unwrap_or(10_000);
    let mut connections: Vec<Connection> = cluster.nodes.iter().map(Node::connect).collect::<Outcome<_>>()?;
    let mut answers: Vec<Vec<u16>> = vec![Vec::new(); connections.len()];
    // Signed just before they are sent, of which each lives long enough.
    for begin in (0..tries).step_by(AT_ONCE) {
        let forms: Vec<String> = (begin..tries.min(begin + AT_ONCE))
            .map(|_| form_with(&client.client_id, &key))
            .collect::<Outcome<_>>()?;
        for (of_node, more) in answers.iter_mut().zip(send_to_all(&mut connections, &forms)?) {
            of_node.extend(more);
        }
    }
    let mut without_answer = 0;
    for number in 0..tries {
        let of_this: Vec<u16> = answers.iter().map(|of_node| of_node[number]).collect();
        let counted = |status: u16| of_this.iter().filter(|of_node| **of_node == status).count();
        let (accepted, refused, unavailable) = (counted(200), counted(400), counted(503));
        assert_eq!(accepted + refused + unavailable, 3, "try {number}: {of_this:?}");
        // A claim without an answer may have been the one that counts: on a machine that is very busy.
        assert!(accepted == 1 || accepted == 0 && unavailable > 0, "try {number}: {of_this:?}");
        without_answer += unavailable;
    }
    println!("{tries} tries at three nodes, {without_answer} answers were 503");
    assert!(without_answer * 4 <= tries, "{without_answer} of {tries} without an answer");
    // Each node wins some, or they were not sent at once.
    for of_node in &answers {
        let won = of_node.iter().filter(|status| **status == 200).count();
        assert!(won > 0, "none of {tries}");
    }
    let refused = cluster.nodes[1].log().iter().filter(|line| line.contains("reason=replayed")).count();
    assert!(refused > 0);
    Ok(())
}

/// Each form at all of them at once, and what each answers.
fn send_to_all(connections: &mut [Connection], forms: &[String]) -> Outcome<Vec<Vec<u16>>> {
    let at_once = Barrier::new(connections.len());
    thread::scope(|scope| {
        let senders: Vec<_> = connections
            .iter_mut()
            .map(|connection| {
                let at_once = &at_once;
                scope.spawn(move || {
                    let mut send =
                        |form| connection.form("/token", None, form).map_or(0, |answer| answer.status);
                    forms
                        .iter()
                        .map(|form| {
                            at_once.wait();
                            send(form)
                        })
                        .collect()
                })
            })
            .collect();
        let answers = senders.into_iter().map(|sender| sender.join().map_err(|_| "a panic"));
        Ok(answers.collect::<Result<_, _>>()?)
    })
}

#[test]
fn what_one_node_learns_all_know() -> Outcome<()> {
    let cluster = Cluster::start()?;
    let mut connections = cluster.connections()?;
    let keys = connections[0].send("GET", "/jwks", &[], "")?.body;
    for connection in &mut connections {
        assert_eq!(connection.send("GET", "/jwks", &[], "")?.body, keys);
    }

    // Registered at one, served by all, at once: an id that nobody had asked for is remembered nowhere.
    let client = connections[0].register(&json!({ "grant_types": ["client_credentials"] }))?;
    for connection in &mut connections {
        let answer = connection.form("/token", client.basic(), GRANT)?;
        assert_eq!(answer.status, 200, "{answer:?}");
        // A token of one is a token of all.
        let token = answer.text("access_token")?;
        for node in &cluster.nodes {
            let state = connect(node)?.form("/introspect", WEB, &format!("token={token}"))?;
            assert_eq!(state.json()?["active"], true, "{state:?}");
        }
    }

    // Changed at one, and by the client itself at another.
    let update = json!({
        "client_id": client.client_id, "grant_types": ["client_credentials"],
        "token_endpoint_auth_method": "client_secret_post",
    });
    let (path, bearer) = (client.path(), client.bearer());
    let own = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let updated = connections[1].send("PUT", &path, &own, &update.to_string())?;
    assert_eq!(updated.status, 200, "{updated:?}");
    let posted = format!("{GRANT}&client_id={}&client_secret={}", client.client_id, client.secret);
    for node in &cluster.nodes {
        eventually(node, |connection| Ok(connection.form("/token", None, &posted)?.status == 200))?;
    }

    // Deleted at the third, refused by all. Those that nobody used in the meantime may be closed.
    connections = cluster.connections()?;
    assert_eq!(connections[2].send("DELETE", &path, &own, "")?.status, 204);
    for node in &cluster.nodes {
        eventually(node, |connection| Ok(connection.form("/token", None, &posted)?.status == 400))?;
        assert_eq!(connect(node)?.send("GET", &path, &own, "")?.status, 401);
    }

    // A grant that began at one goes on at the next, and ends everywhere.
    connections = cluster.connections()?;
    let password = "grant_type=password&username=alice&password=correct+horse";
    let tokens = connections[0].form("/token", WEB, password)?;
    let refresh = format!("grant_type=refresh_token&refresh_token={}", tokens.text("refresh_token")?);
    let next = connections[1].form("/token", WEB, &refresh)?;
    assert_eq!(next.status, 200, "{next:?}");
    let revoke = format!("token={}", next.text("refresh_token")?);
    assert_eq!(connections[2].form("/revoke", WEB, &revoke)?.status, 200);
    for token in [tokens.text("access_token")?, next.text("access_token")?] {
        let state = connections[0].form("/introspect", WEB, &format!("token={token}"))?;
        assert_eq!(state.json()?, json!({ "active": false }));
    }
    Ok(())
}

#[test]
fn a_rolling_restart_loses_nothing() -> Outcome<()> {
    let mut cluster = Cluster::start()?;
    let mut connection = connect(&cluster.nodes[0])?;
    let (client, key) = with_a_key(&mut connection)?;
    let (used, answer) = use_of(&client, &key, &mut connection)?;
    let token = answer.text("access_token")?;
    let password = "grant_type=password&username=alice&password=correct+horse";
    let refresh = connection.form("/token", WEB, password)?.text("refresh_token")?;
    drop(connection);
    for number in 0..cluster.nodes.len() {
        let again = Node::start(&cluster.folder.0, "axum")?;
        std::mem::replace(&mut cluster.nodes[number], again).end()?;
        // Meanwhile the service goes on.
        let began = Instant::now();
        for connection in &mut cluster.connections()? {
            use_of(&client, &key, connection)?;
        }
        assert!(began.elapsed() < LIMIT / 4, "{:?} until all three served", began.elapsed());
    }
    let mut connection = connect(&cluster.nodes[2])?;
    let replayed = connection.form("/token", None, &used)?;
    assert_eq!((replayed.status, replayed.text("error")?.as_str()), (400, "invalid_client"));
    cluster.nodes[2].wait_for("reason=replayed")?;
    let state = connection.form("/introspect", WEB, &format!("token={token}"))?;
    assert_eq!(state.json()?["active"], true, "{state:?}");
    let next =
        connection.form("/token", WEB, &format!("grant_type=refresh_token&refresh_token={refresh}"))?;
    assert_eq!(next.status, 200, "{next:?}");
    let path = client.path();
    let read = connection.send("GET", &path, &[("Authorization", &client.bearer())], "")?;
    assert_eq!((read.status, &read.json()?["client_id"]), (200, &client.told["client_id"]));
    Ok(())
}

/// Long before what a node remembers would be forgotten, which takes a minute: two seconds, on a machine that is not busy.
fn eventually(node: &Node, is_so: impl Fn(&mut Connection) -> Outcome<bool>) -> Outcome<()> {
    let seen = until(LIMIT / 4, || Ok(is_so(&mut connect(node)?)?.then_some(())))?;
    Ok(seen.ok_or("not seen in time")?)
}

fn connect(node: &Node) -> Outcome<Connection> {
    Ok(node.connect()?.patient())
}

fn with_a_key(connection: &mut Connection) -> Outcome<(Registered, SigningKey)> {
    let key = SigningKey::generate(Algorithm::ES256)?;
    let client = connection.register(&json!({
        "grant_types": ["client_credentials"],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": { "keys": [key.public_jwk()] },
    }))?;
    Ok((client, key))
}

/// Uses an assertion. One that was sent in vain may be used up all the same: the next try is with another.
fn use_of(client: &Registered, key: &SigningKey, connection: &mut Connection) -> Outcome<(String, Answer)> {
    let used = until(LIMIT, || {
        let form = form_with(&client.client_id, key)?;
        let answer = connection.form("/token", None, &form)?;
        Ok((answer.status == 200).then_some((form, answer)))
    })?;
    Ok(used.ok_or("not accepted in time")?)
}

/// A token request with a fresh assertion.
fn form_with(client_id: &str, key: &SigningKey) -> Outcome<String> {
    let assertion = ClientAssertion::for_client(client_id).audience("https://as.example");
    // For as long as all that are signed together may take.
    let assertion = assertion.lifetime(Duration::from_secs(600)).sign(key)?;
    let [(first, kind), (second, jwt)] = assertion.form_fields();
    Ok(format!("{GRANT}&{first}={}&{second}={jwt}", kind.replace(':', "%3A")))
}

const GRANT: &str = "grant_type=client_credentials";
const CLIENTS: &str = r#"[{"client_id": "web", "client_secret": "wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq"}]"#;
const WEB: Option<(&str, &str)> = Some(("web", "wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq"));

/// How many assertions are sent to all three; 10,000 unless told.
const TRIES: &str = "COUNTERSIGN_TRIES";
/// So many are signed together.
const AT_ONCE: usize = 500;
