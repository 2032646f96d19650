//! An operator decides who registers, and changes what is registered.

use countersign::Algorithm;
use countersign::sign::{ClientAssertion, SigningKey};
use serde_json::{Value, json};
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use crate::Outcome;
use crate::browser;
use crate::http::Connection;
use crate::node::{Folder, LIMIT, Node, until};

#[test]
fn a_token_registers_one_client() -> Outcome<()> {
    for framework in ["axum", "actix"] {
        let folder = folder("[registration]\ninitial_access_token = \"required\"\n")?;
        let node = Node::start(&folder.0, framework)?;
        let (mut connection, mut operator) = (node.connect()?, node.connect_as_operator()?);
        let metadata = json!({ "grant_types": ["client_credentials"] }).to_string();
        let json = ("Content-Type", "application/json");
        let refused = connection.send("POST", "/register", &[json], &metadata)?;
        assert_eq!(refused.status, 401, "{refused:?}");
        assert!(refused.fields.contains(&"www-authenticate: Bearer".to_owned()), "{refused:?}");

        let issued = operator.send("POST", "/registration-tokens", &[json], "")?;
        assert_eq!((issued.status, &issued.json()?["expires_in"]), (201, &json!(3600)));
        let token = issued.text("initial_access_token")?;
        let bearer = format!("Bearer {token}");
        let authorized = [json, ("Authorization", bearer.as_str())];
        assert_eq!(connection.send("POST", "/register", &authorized, &metadata)?.status, 201);
        assert_eq!(connection.send("POST", "/register", &authorized, &metadata)?.status, 401, "once");
        assert!(!node.log().iter().any(|line| line.contains(&token)), "{:?}", node.log());
    }
    Ok(())
}

#[test]
fn an_operator_changes_what_is_registered() -> Outcome<()> {
    let folder = folder("")?;
    let node = Node::start(&folder.0, "axum")?;
    let (mut connection, mut operator) = (node.connect()?, node.connect_as_operator()?);
    let client = connection.register(&json!({ "grant_types": ["client_credentials"] }))?;
    let form = "grant_type=client_credentials";
    let path = format!("/clients/{}", client.client_id);
    let mut patch = |patch: Value| {
        let merge_patch = [("Content-Type", "application/merge-patch+json")];
        operator.send("PATCH", &path, &merge_patch, &patch.to_string())
    };

    // One that makes no client changes nothing.
    let refused = patch(json!({ "token_endpoint_auth_method": "private_key_jwt" }))?;
    assert_eq!((refused.status, refused.text("error")?.as_str()), (400, "invalid_client_metadata"));
    assert_eq!(connection.form("/token", client.basic(), form)?.status, 200);

    let changed = patch(json!({ "token_endpoint_auth_method": "client_secret_post" }))?;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(connection.form("/token", client.basic(), form)?.status, 401);
    let posted = format!("{form}&client_id={}&client_secret={}", client.client_id, client.secret);
    assert_eq!(connection.form("/token", None, &posted)?.status, 200);

    // A new secret beside the old one.
    let json_type = [("Content-Type", "application/json")];
    let rotated = operator.send("POST", &format!("{path}/secret"), &json_type, "")?;
    let secret = rotated.text("client_secret")?;
    for secret in [&secret, &client.secret] {
        let posted = format!("{form}&client_id={}&client_secret={secret}", client.client_id);
        assert_eq!(connection.form("/token", None, &posted)?.status, 200);
    }
    let renewed = operator.send("POST", &format!("{path}/registration-token"), &json_type, "")?;
    let token = renewed.text("registration_access_token")?;
    let own = |token: &str, connection: &mut Connection| -> Outcome<u16> {
        let bearer = format!("Bearer {token}");
        Ok(connection.send("GET", &client.path(), &[("Authorization", &bearer)], "")?.status)
    };
    assert_eq!((own(&token, &mut connection)?, own(&client.token, &mut connection)?), (200, 401));

    let listed = operator.send("GET", "/clients?limit=10", &[], "")?;
    assert_eq!(listed.json()?["clients"][0]["client_id"], client.client_id.as_str(), "{listed:?}");
    for secret in [&secret, &client.secret, &token] {
        assert!(!listed.body.contains(secret), "{listed:?}");
        assert!(!node.log().iter().any(|line| line.contains(secret)), "{:?}", node.log());
    }

    let merge_patch = [("Content-Type", "application/merge-patch+json")];
    let disabled = operator.send("PATCH", &path, &merge_patch, r#"{"disabled": true}"#)?;
    assert_eq!(disabled.status, 200, "{disabled:?}");
    assert_eq!(connection.form("/token", None, &posted)?.status, 400);
    let unknown = operator.send("PATCH", "/clients/nobody", &merge_patch, "{}")?;
    assert_eq!(unknown.status, 404, "{unknown:?}");
    let line = node.wait_for("operation=patch outcome=done")?;
    assert!(line.contains(&client.client_id), "{line}");
    Ok(())
}

/// A stranger's registration: a hundred keys, none of them any good.
#[test]
fn a_client_with_many_problems_shows_a_few() -> Outcome<()> {
    let folder = folder("")?;
    let node = Node::start(&folder.0, "axum")?;
    let (mut connection, mut operator) = (node.connect()?, node.connect_as_operator()?);
    let mut keys = vec![json!({ "kty": "unheard of" }); 50];
    keys.extend(SigningKey::generate(Algorithm::ES256)?.public_jwk());
    connection.register(&json!({
        "token_endpoint_auth_method": "private_key_jwt", "grant_types": ["client_credentials"],
        "jwks": { "keys": keys },
    }))?;
    let shown = operator.send("GET", "/overview", &[], "")?.json()?;
    let problems = &shown["clients"]["rows"][0]["problems"];
    assert_eq!(problems.as_array().map(Vec::len), Some(11), "{problems}");
    assert_eq!(problems[10], "and 40 more", "{problems}");
    Ok(())
}

/// Whoever reaches the listener could try secrets by it, without a limit and without a trace.
#[test]
fn an_assertion_that_a_secret_signed_is_not_explained() -> Outcome<()> {
    let folder = Folder::with(&[
        (
            "as.toml",
            "issuer = \"https://as.example\"\nclients = \"clients.json\"\n[admin]\nlisten = \"127.0.0.1:0\"\n",
        ),
        (
            "clients.json",
            r#"[{"client_id": "mac", "token_endpoint_auth_method": "client_secret_jwt",
                 "client_secret": "wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlqwCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq"}]"#,
        ),
    ])?;
    let node = Node::start(&folder.0, "axum")?;
    let mut operator = node.connect_as_operator()?;
    let mut explained = |key: &SigningKey| -> Outcome<(u16, String)> {
        let assertion = ClientAssertion::for_client("mac").audience("https://as.example").sign(key)?;
        let [_, (_, jwt)] = assertion.form_fields();
        let question = json!({ "assertion": jwt, "endpoint": "token" }).to_string();
        let answer = operator.send("POST", "/explain", &[("Content-Type", "application/json")], &question)?;
        Ok((answer.status, answer.body))
    };
    let secret = "wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq".repeat(2);
    for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
        let [right, wrong] = [secret.clone(), secret.to_uppercase()]
            .map(|secret| SigningKey::from_secret(&secret).and_then(|key| key.with_algorithm(algorithm)));
        let (status, said) = explained(&right?)?;
        assert!(status == 400 && said.contains("countersign explain"), "{algorithm}: {status} {said}");
        assert_eq!(explained(&wrong?)?, (status, said), "{algorithm}");
    }
    let (status, said) = explained(&SigningKey::generate(Algorithm::ES256)?)?;
    assert!(status == 200 && said.contains("\"checks\""), "{status} {said}");
    Ok(())
}

#[test]
fn a_disabled_client_is_disabled_everywhere() -> Outcome<()> {
    let folder = Folder::with(&[
        (
            "as.toml",
            "clients = \"clients.json\"\nusers = \"users.json\"\n[admin]\nlisten = \"127.0.0.1:0\"\n",
        ),
        ("clients.json", r#"[{"client_id": "api", "client_secret": "wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq"}]"#),
        ("users.json", r#"[{"username": "alice", "password": "correct horse"}]"#),
    ])?;
    for framework in ["axum", "actix"] {
        let node = Node::start(&folder.0, framework)?;
        let (mut connection, mut operator) = (node.connect()?, node.connect_as_operator()?);
        let client = connection.register(&json!({
            "grant_types": ["authorization_code", "client_credentials"],
            "redirect_uris": ["https://web.example/callback"],
        }))?;
        let issued = connection.form("/token", client.basic(), "grant_type=client_credentials")?;
        let token = format!("token={}", issued.text("access_token")?);
        let api = Some(("api", "wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq"));
        assert_eq!(connection.form("/introspect", api, &token)?.json()?["active"], true);
        let visit = format!("/authorize?response_type=code&client_id={}", client.client_id);
        let sent_back = browser::log_in(&mut connection, &visit, "correct horse")?;
        assert_eq!(sent_back.status, 303, "{sent_back:?}");
        let shown = connection.send("GET", &visit, &[], "")?;

        let merge_patch = [("Content-Type", "application/merge-patch+json")];
        let path = format!("/clients/{}", client.client_id);
        assert_eq!(operator.send("PATCH", &path, &merge_patch, r#"{"disabled": true}"#)?.status, 200);
        assert_eq!(connection.form("/introspect", api, &token)?.json()?, json!({ "active": false }));
        let refused = connection.send("GET", &visit, &[], "")?;
        assert_eq!((refused.status, refused.field("location")), (400, None), "{refused:?}");
        // The page that was shown before is worth nothing now.
        let refused = browser::fill_in(&mut connection, &shown, "correct horse")?;
        assert_eq!((refused.status, refused.field("location")), (400, None), "{refused:?}");
    }
    Ok(())
}

/// What a page of another site could have an operator's browser send.
#[test]
fn a_foreign_page_changes_nothing() -> Outcome<()> {
    let folder = folder("")?;
    let node = Node::start(&folder.0, "axum")?;
    let mut operator = node.connect_as_operator()?;
    for (fields, status) in [
        (vec![], 415),
        (vec![("Content-Type", "application/x-www-form-urlencoded")], 415),
        (vec![("Content-Type", "text/plain")], 415),
        (vec![("Content-Type", "application/json"), ("Origin", "https://evil.example")], 403),
        (vec![("Content-Type", "application/json"), ("Sec-Fetch-Site", "cross-site")], 403),
    ] {
        let answer = operator.send("POST", "/registration-tokens", &fields, "{}")?;
        assert_eq!(answer.status, status, "{fields:?}: {answer:?}");
    }
    assert_eq!(operator.send("GET", "/registration-tokens", &[], "")?.status, 405);
    // The operators' routes are none of the clients'.
    let clients = node.connect()?.send("GET", "/clients", &[], "")?;
    assert_eq!(clients.status, 404);
    Ok(())
}

/// With one method, so that the node is ready by that one alone.
#[test]
fn one_client_does_not_take_a_node_out_of_rotation() -> Outcome<()> {
    for framework in ["axum", "actix"] {
        let folder = Folder::with(&[
            (
                "as.toml",
                "issuer = \"https://as.example\"\nclients = \"clients.json\"\nregistry = \"sqlite://registry.db\"\n\
                 [policy]\nmethods = [\"private_key_jwt\"]\n[admin]\nlisten = \"127.0.0.1:0\"\n",
            ),
            (
                "clients.json",
                r#"[{"client_id": "dead", "token_endpoint_auth_method": "private_key_jwt",
                     "jwks_uri": "https://127.0.0.1:1/jwks"}]"#,
            ),
        ])?;
        let node = Node::start(&folder.0, framework)?;
        let (mut connection, mut operator) = (node.connect()?, node.connect_as_operator()?);
        let key = SigningKey::generate(Algorithm::ES256)?;
        let client = connection.register(&json!({
            "token_endpoint_auth_method": "private_key_jwt", "grant_types": ["client_credentials"],
            "jwks": { "keys": [key.public_jwk()] },
        }))?;
        let broken = client.client_id.as_str();
        // A change of the registry is seen within two seconds.
        let mut asked = |client_id: &str, expected: u16| -> Outcome<()> {
            let seen = until(LIMIT, || {
                let assertion =
                    ClientAssertion::for_client(client_id).audience("https://as.example").sign(&key)?;
                let [(first, kind), (second, jwt)] = assertion.form_fields();
                let kind = kind.replace(':', "%3A");
                let form = format!("grant_type=client_credentials&{first}={kind}&{second}={jwt}");
                Ok((connection.form("/token", None, &form)?.status == expected).then_some(()))
            })?;
            seen.ok_or_else(|| format!("{client_id} never gets {expected}: {:?}", node.log().last()).into())
        };
        let mut ready = || operator.send("GET", "/ready", &[], "");
        assert_eq!(ready()?.json()?["methods"], json!({ "private_key_jwt": "ok" }));

        // A host that does not answer, and a row that cannot be read, are one client's.
        asked(broken, 200)?;
        asked("dead", 503)?;
        assert_eq!(ready()?.status, 200);
        asked(broken, 200)?;
        let file = folder.0.join("registry.db");
        by_hand(&file, "UPDATE clients SET metadata = '{'")?;
        asked(broken, 503)?;
        assert_eq!(ready()?.status, 200);

        // A registry that does not answer is everybody's.
        by_hand(&file, "ALTER TABLE clients RENAME TO elsewhere")?;
        asked("anybody", 503)?;
        let answer = ready()?;
        assert_eq!(answer.status, 503, "{answer:?}");
        assert_eq!(answer.json()?["methods"], json!({ "private_key_jwt": "store_unavailable" }));
    }
    Ok(())
}

/// What somebody does to the database.
pub(crate) fn by_hand(file: &std::path::Path, statement: &'static str) -> Outcome<()> {
    tokio::runtime::Runtime::new()?.block_on(async {
        let options = SqliteConnectOptions::new().filename(file).busy_timeout(LIMIT);
        let mut connection = SqliteConnection::connect_with(&options).await?;
        sqlx::query(statement).execute(&mut connection).await?;
        connection.close().await?;
        Ok(())
    })
}

fn folder(more: &str) -> Outcome<Folder> {
    let configuration = format!("clients = \"clients.json\"\n[admin]\nlisten = \"127.0.0.1:0\"\n{more}");
    Folder::with(&[("as.toml", &configuration), ("clients.json", "[]")])
}
