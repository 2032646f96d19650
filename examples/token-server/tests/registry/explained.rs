//! What the explain box of the operator's page judges, and what it does not: whoever reaches it could guess secrets by it.

use countersign::Algorithm;
use countersign::sign::{ClientAssertion, SigningKey};
use serde_json::json;

use crate::Outcome;
use crate::http::Connection;
use crate::node::{Folder, Node};

/// Read as a form it has an assertion that no secret signed; read as JSON it has a secret.
#[test]
fn a_secret_that_hides_in_json_is_not_explained() -> Outcome<()> {
    let configuration = "issuer = \"https://as.example\"\nclients = \"clients.json\"\n[admin]\nlisten = \"127.0.0.1:0\"\n\
                         [policy]\njson_body = true\n";
    let clients = json!([
        { "client_id": "mac", "token_endpoint_auth_method": "client_secret_jwt", "client_secret": secret() },
        { "client_id": "web", "token_endpoint_auth_method": "client_secret_post", "client_secret": secret() },
    ])
    .to_string();
    let folder = Folder::with(&[("as.toml", configuration), ("clients.json", &clients)])?;
    let node = Node::start(&folder.0, "axum")?;
    let mut operator = node.connect_as_operator()?;
    let decoy = assertion("web", &SigningKey::generate(Algorithm::ES256)?)?;
    let hides = format!("&client_assertion={decoy}&");
    let signed = assertion("mac", &SigningKey::from_secret(&secret())?.with_algorithm(Algorithm::HS256)?)?;
    let bodies = [
        json!({ "x": hides, "client_assertion_type": JWT_BEARER, "client_assertion": signed }),
        json!({ "x": hides, "client_id": "web", "client_secret": secret() }),
    ];
    for body in bodies {
        // Both are what a client may send to this server.
        let sent = node.connect()?.send("POST", "/token", &[("Content-Type", "application/json")], &{
            let mut body = body.clone();
            body["grant_type"] = json!("client_credentials");
            body.to_string()
        })?;
        assert_eq!(sent.status, 200, "{sent:?}");
        for media_type in ["application/json", "Application/JSON; charset=utf-8"] {
            let (status, said) = explained(&mut operator, &[media_type], &body.to_string())?;
            assert!(status == 400 && !said.contains("\"checks\""), "{media_type}: {status} {said}");
            // One of two that is a form makes none of the other.
            for both in [[media_type, FORM], [FORM, media_type]] {
                let (status, said) = explained(&mut operator, &both, &body.to_string())?;
                assert!(status == 400 && !said.contains("\"checks\""), "{both:?}: {status} {said}");
            }
        }
    }
    let form = format!("client_assertion_type={}&client_assertion={decoy}", JWT_BEARER.replace(':', "%3A"));
    for media_type in [FORM, "Application/X-WWW-Form-URLencoded ; charset=UTF-8"] {
        let (status, said) = explained(&mut operator, &[media_type], &form)?;
        assert!(status == 200 && said.contains("\"checks\""), "{media_type}: {status} {said}");
    }
    Ok(())
}

/// A whole request, pasted into the box.
fn explained(operator: &mut Connection, media_types: &[&str], body: &str) -> Outcome<(u16, String)> {
    let fields: String =
        media_types.iter().map(|media_type| format!("Content-Type: {media_type}\r\n")).collect();
    let request = format!("POST /token HTTP/1.1\r\nHost: as.example\r\n{fields}\r\n{body}");
    let question = json!({ "assertion": request, "endpoint": "token" }).to_string();
    let answer = operator.send("POST", "/explain", &[("Content-Type", "application/json")], &question)?;
    Ok((answer.status, answer.body))
}

fn assertion(client_id: &str, key: &SigningKey) -> Outcome<String> {
    let assertion = ClientAssertion::for_client(client_id).audience("https://as.example").sign(key)?;
    let [_, (_, jwt)] = assertion.form_fields();
    Ok(jwt.to_owned())
}

fn secret() -> String {
    "wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq".repeat(2)
}

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const FORM: &str = "application/x-www-form-urlencoded";
