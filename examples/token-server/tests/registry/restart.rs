//! What was registered outlives the process.

use std::time::Duration;
use std::{fs, thread};

use serde_json::json;
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use crate::Outcome;
use crate::node::{Folder, LIMIT, Node, until};

#[test]
fn the_demonstration_knows_its_clients_again() -> Outcome<()> {
    let folder = Folder::with(&[])?;
    let client = Node::start_demonstration(&folder.0, "axum")?
        .connect()?
        .register(&json!({ "grant_types": ["client_credentials"], "client_name": "Kept" }))?;
    let again = Node::start_demonstration(&folder.0, "actix")?;
    let mut connection = again.connect()?;
    let form = "grant_type=client_credentials";
    assert_eq!(connection.form("/token", client.basic(), form)?.status, 200);
    let read = connection.send("GET", &client.path(), &[("Authorization", &client.bearer())], "")?;
    assert_eq!((read.status, read.text("client_name")?.as_str()), (200, "Kept"));
    Ok(())
}

#[test]
fn nothing_is_lost_with_a_file() -> Outcome<()> {
    let folder = Folder::with(&[
        (
            "as.toml",
            "issuer = \"https://as.example\"\nclients = \"clients.json\"\nusers = \"users.json\"\nregistry = \"sqlite://registry.db\"\nreplay = \"sqlite://replay.db\"\n",
        ),
        ("clients.json", CLIENTS),
        ("users.json", r#"[{"username": "alice", "password": "correct horse"}]"#),
    ])?;
    let first = Node::start(&folder.0, "axum")?;
    let mut connection = first.connect()?;
    let password = "grant_type=password&username=alice&password=correct+horse&scope=openid";
    let tokens = connection.form("/token", WEB, password)?;
    let (access, refresh) = (tokens.text("access_token")?, tokens.text("refresh_token")?);
    let keys = connection.send("GET", "/jwks", &[], "")?.body;
    let gone = connection.register(&json!({ "grant_types": ["client_credentials"] }))?;
    let deleted = connection.send("DELETE", &gone.path(), &[("Authorization", &gone.bearer())], "")?;
    assert_eq!((deleted.status, deleted.body.as_str()), (204, ""));
    first.end()?;

    let again = Node::start(&folder.0, "axum")?;
    let mut connection = again.connect()?;
    assert_eq!(connection.send("GET", "/jwks", &[], "")?.body, keys);
    let state = connection.form("/introspect", WEB, &format!("token={access}"))?;
    assert_eq!(state.json()?["active"], true, "{state:?}");
    let next =
        connection.form("/token", WEB, &format!("grant_type=refresh_token&refresh_token={refresh}"))?;
    assert_eq!(next.status, 200, "{next:?}");
    // Used twice: all of the grant ends.
    let used =
        connection.form("/token", WEB, &format!("grant_type=refresh_token&refresh_token={refresh}"))?;
    assert_eq!((used.status, used.text("error")?.as_str()), (400, "invalid_grant"));
    let refused = connection.form("/token", gone.basic(), "grant_type=client_credentials")?;
    assert_eq!((refused.status, refused.text("error")?.as_str()), (401, "invalid_client"));
    again.end()?;

    let third = Node::start(&folder.0, "axum")?;
    let state = third.connect()?.form("/introspect", WEB, &format!("token={access}"))?;
    assert_eq!(state.json()?, json!({ "active": false }), "its grant was taken back before the restart");
    let files = ["registry.db", "replay.db"].map(|file| fs::read(folder.0.join(file)).unwrap_or_default());
    let holds = |text: &str| {
        files.iter().any(|file| file.windows(text.len()).any(|window| window == text.as_bytes()))
    };
    let secret = refresh.split('.').nth(1).unwrap_or_default();
    for kept in [secret, &gone.secret, &gone.token, &access] {
        assert!(!kept.is_empty() && !holds(kept), "{kept} stands in a file");
    }
    Ok(())
}

#[test]
fn a_database_that_is_down_is_told_at_the_start() -> Outcome<()> {
    for (key, url) in [
        ("registry", "postgres://as:hunter2@127.0.0.1:1/as"),
        ("replay", "postgres://as:hunter2@127.0.0.1:1/as"),
        ("replay", "redis://:hunter2@127.0.0.1:1"),
    ] {
        let configuration = format!("clients = \"clients.json\"\n{key} = {url:?}\n");
        let folder = Folder::with(&[("as.toml", &configuration), ("clients.json", CLIENTS)])?;
        let said = Node::refused(&folder.0)?;
        assert!(said.contains(&format!("token-server: {key} = ")), "{said}");
        assert!(said.contains("start that server") && !said.contains("hunter2"), "{said}");
    }
    let configuration = "clients = \"clients.json\"\nregistry = \"sqlite://nowhere/registry.db\"\n";
    let folder = Folder::with(&[("as.toml", configuration), ("clients.json", CLIENTS)])?;
    let said = Node::refused(&folder.0)?;
    assert!(said.contains("nowhere/registry.db") && said.contains("its folder must exist"), "{said}");
    Ok(())
}

/// It has read `clients.json` when it comes to the database.
#[test]
fn what_changes_while_it_waits_for_its_database_is_read_again() -> Outcome<()> {
    let clients = CLIENTS.replace("wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq", "the-secret-that-came-meanwhile");
    let folder = Folder::with(&[
        ("as.toml", "clients = \"clients.json\"\nregistry = \"sqlite://registry.db\"\n"),
        ("clients.json", CLIENTS),
        ("clients.new", &clients),
    ])?;
    // Makes the file.
    drop(Node::start(&folder.0, "axum")?);
    let runtime = tokio::runtime::Runtime::new()?;
    let options = SqliteConnectOptions::new().filename(folder.0.join("registry.db"));
    let mut other = runtime.block_on(SqliteConnection::connect_with(&options))?;
    runtime.block_on(sqlx::query("BEGIN IMMEDIATE").execute(&mut other))?;
    let node = thread::scope(|scope| -> Outcome<Node> {
        let starting = scope.spawn(|| Node::start(&folder.0, "axum").map_err(|problem| problem.to_string()));
        thread::sleep(Duration::from_secs(2));
        assert!(!starting.is_finished(), "it does not wait");
        fs::rename(folder.0.join("clients.new"), folder.0.join("clients.json"))?;
        runtime.block_on(sqlx::query("ROLLBACK").execute(&mut other))?;
        Ok(starting.join().map_err(|_| "panicked")??)
    })?;
    let mut connection = node.connect()?;
    let form = "grant_type=client_credentials";
    let is_read = until(LIMIT, || {
        let answer = connection.form("/token", Some(("web", "the-secret-that-came-meanwhile")), form)?;
        Ok((answer.status == 200).then_some(()))
    })?;
    assert!(is_read.is_some(), "{:?}", node.log());
    assert_eq!(connection.form("/token", WEB, form)?.status, 401);
    Ok(())
}

/// The operator's word counts, and the operator is told.
#[test]
fn a_client_of_the_file_cannot_be_taken_over() -> Outcome<()> {
    let files = [
        ("as.toml", "clients = \"clients.json\"\nregistry = \"sqlite://registry.db\"\n"),
        ("clients.json", CLIENTS),
    ];
    let folder = Folder::with(&files)?;
    let first = Node::start(&folder.0, "axum")?;
    let client = first.connect()?.register(&json!({ "grant_types": ["client_credentials"] }))?;
    first.end()?;
    let entry = json!([{ "client_id": client.client_id, "client_secret": "the-operators-own-secret" }]);
    fs::write(folder.0.join("clients.json"), entry.to_string())?;
    let again = Node::start(&folder.0, "axum")?;
    again.wait_for("is in the file and in the registry")?;
    let mut connection = again.connect()?;
    let form = "grant_type=client_credentials";
    assert_eq!(connection.form("/token", client.basic(), form)?.status, 401);
    let own = Some((client.client_id.as_str(), "the-operators-own-secret"));
    assert_eq!(connection.form("/token", own, form)?.status, 200);
    Ok(())
}

const CLIENTS: &str = r#"[{"client_id": "web", "client_secret": "wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq"}]"#;
const WEB: Option<(&str, &str)> = Some(("web", "wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq"));
