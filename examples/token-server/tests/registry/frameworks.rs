//! axum and actix-web answer a registration alike, byte for byte but for what is random.

use serde_json::{Value, json};

use crate::Outcome;
use crate::http::{Answer, Connection};
use crate::node::{Folder, Node};

#[test]
fn the_frameworks_cannot_be_told_apart() -> Outcome<()> {
    let folder = Folder::with(&[
        ("as.toml", "issuer = \"https://as.example\"\nclients = \"clients.json\"\nusers = \"users.json\"\n"),
        ("clients.json", "[]"),
        ("users.json", "[]"),
    ])?;
    let axum = told(&Node::start(&folder.0, "axum")?)?;
    let actix = told(&Node::start(&folder.0, "actix")?)?;
    assert_eq!(axum.len(), actix.len());
    for (one, other) in axum.iter().zip(&actix) {
        assert_eq!(one, other);
    }
    Ok(())
}

/// Every answer, without what is random.
fn told(node: &Node) -> Outcome<Vec<String>> {
    let mut told = Vec::new();
    let json = ("Content-Type", "application/json");
    let large = format!("{{\"client_name\": \"{}\"}}", "x".repeat(70 * 1024));
    type Sent<'s> = (&'s str, &'s str, &'s [(&'s str, &'s str)], &'s str, u16);
    let requests: [Sent<'_>; 13] = [
        ("POST", "/register", &[json], r#"{"grant_types": ["client_credentials"]}"#, 201),
        ("POST", "/register", &[json], r#"{"redirect_uris": ["https://a.example/c"], "unknown": 1}"#, 201),
        ("POST", "/register", &[json], r#"{"redirect_uris": ["https://a.example/#c"]}"#, 400),
        ("POST", "/register", &[json], r#"{"token_endpoint_auth_method": "private_key_jwt"}"#, 400),
        ("POST", "/register", &[json], r#"{"grant_types": ["password"]}"#, 400),
        ("POST", "/register", &[json], r#"{"scope": "a", "scope": "b"}"#, 400),
        ("POST", "/register", &[], "{}", 415),
        ("POST", "/register", &[json], &large, 413),
        ("GET", "/register", &[], "", 405),
        ("GET", "/register/nobody", &[], "", 401),
        ("PATCH", "/register/nobody", &[json], "{}", 405),
        ("DELETE", "/register/nobody", &[("Authorization", "Bearer cr_unknown")], "", 401),
        ("GET", "/openapi.json", &[], "", 200),
    ];
    for (verb, path, fields, body, status) in requests {
        // A server may close after a body that is too large.
        let answer = node.connect()?.send(verb, path, fields, body)?;
        assert_eq!(answer.status, status, "{verb} {path}: {answer:?}");
        told.push(format!("{verb} {path} {}", constant(&answer)));
    }
    let mut connection = node.connect()?;
    told.extend(a_life(&mut connection)?);
    Ok(told)
}

/// Registered, read, changed, deleted.
fn a_life(connection: &mut Connection) -> Outcome<Vec<String>> {
    let metadata = json!({ "grant_types": ["client_credentials"], "client_name": "One" });
    let client = connection.register(&metadata)?;
    let (path, bearer) = (client.path(), client.bearer());
    let own = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let mut told = Vec::new();
    // Two are one too many, whatever is in the second.
    let twice = [("Authorization", bearer.as_str()), ("Authorization", "Bearer \u{e9}")];
    for fields in [twice, [twice[1], twice[0]]] {
        let answer = connection.send("GET", &path, &fields, "")?;
        assert_eq!(answer.status, 401, "{answer:?}");
        told.push(constant(&answer));
    }
    let update = json!({
        "client_id": client.client_id, "client_name": "Two", "grant_types": ["client_credentials"],
        "token_endpoint_auth_method": "client_secret_post",
    });
    for (verb, body, status) in [
        ("GET", String::new(), 200),
        ("PUT", update.to_string(), 200),
        ("PUT", json!({ "client_id": "another" }).to_string(), 400),
        ("PUT", "[]".to_owned(), 400),
        ("GET", String::new(), 200),
        ("DELETE", String::new(), 204),
        ("GET", String::new(), 401),
    ] {
        let answer = connection.send(verb, &path, &own, &body)?;
        assert_eq!(answer.status, status, "{verb}: {answer:?}");
        told.push(format!("{verb} {}", constant(&answer)));
    }
    Ok(told)
}

fn constant(answer: &Answer) -> String {
    let fields: Vec<&String> =
        answer.fields.iter().filter(|field| !field.starts_with("connection:")).collect();
    let body = match answer.json() {
        Ok(Value::Object(mut members)) => {
            for (name, random) in [
                ("client_id", "c_"),
                ("client_secret", "cs_"),
                ("registration_access_token", "cr_"),
                ("registration_client_uri", "https://as.example/register/c_"),
            ] {
                if let Some(Value::String(text)) = members.get_mut(name) {
                    assert!(text.starts_with(random), "{text}");
                    text.truncate(random.len());
                }
            }
            if let Some(issued_at) = members.get_mut("client_id_issued_at") {
                *issued_at = 0.into();
            }
            Value::Object(members).to_string()
        }
        _ => answer.body.clone(),
    };
    format!("{} {fields:?} {body}", answer.status)
}
