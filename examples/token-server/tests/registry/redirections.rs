//! Where the authorization endpoint sends a browser, and what it shows there
//! ([RFC 9700 §2.1](https://www.rfc-editor.org/rfc/rfc9700#section-2.1)).

use serde_json::json;

use crate::Outcome;
use crate::browser::{self, encoded, of_redirection};
use crate::http::{Connection, Registered};
use crate::node::{Folder, Node};

#[test]
fn a_browser_is_sent_where_the_client_registered_and_nowhere_else() -> Outcome<()> {
    on_each_framework(|connection| {
        for redirect_uri in ["https://web.example/callback", "http://127.0.0.1:3000/callback"] {
            let sent_back = browser::log_in(connection, &visit(redirect_uri, "code"), "correct horse")?;
            let location = sent_back.field("location").unwrap_or_default();
            assert!(location.starts_with(&format!("{redirect_uri}?code=")), "{sent_back:?}");
        }
        for redirect_uri in [
            "https://web.example/callback/",
            "https://web.example/callback?a=b",
            "https://web.example/Callback",
            "https://web.example:443/callback",
            "https://web.example/x/../callback",
            "https://web.example",
            "https://web.example.evil.example/callback",
            "http://127.0.0.1:3001/callback",
            "javascript:alert(1)",
        ] {
            let refused = connection.send("GET", &visit(redirect_uri, "code"), &[], "")?;
            assert_eq!((refused.status, refused.field("location")), (400, None), "{redirect_uri}");
            assert!(!refused.body.contains(redirect_uri), "{refused:?}");
        }
        Ok(())
    })
}

/// By 303, which makes no browser send the password on (RFC 9700 §4.12), and with `iss` against mix-up (RFC 9207).
#[test]
fn a_redirection_is_a_303_that_names_its_server() -> Outcome<()> {
    on_each_framework(|connection| {
        let visit = visit("https://web.example/callback", "code");
        let sent_back = browser::log_in(connection, &visit, "correct horse")?;
        assert_eq!(sent_back.status, 303, "{sent_back:?}");
        assert_eq!(of_redirection(&sent_back, "iss"), Some("https%3A%2F%2Fas.example"));
        assert_eq!(of_redirection(&sent_back, "state"), Some("s"));
        let wrong = browser::log_in(connection, &visit, "wrong")?;
        assert_eq!((wrong.status, wrong.field("location")), (400, None), "{wrong:?}");
        Ok(())
    })
}

#[test]
fn no_token_comes_by_the_browser() -> Outcome<()> {
    on_each_framework(|connection| {
        for response_type in ["token", "id_token", "code+token", "code+id_token", "none"] {
            let visit = visit("https://web.example/callback", response_type);
            let refused = connection.send("GET", &visit, &[], "")?;
            assert_eq!(refused.status, 303, "{response_type}: {refused:?}");
            assert_eq!(of_redirection(&refused, "error"), Some("unsupported_response_type"));
            assert_eq!(of_redirection(&refused, "iss"), Some("https%3A%2F%2Fas.example"));
        }
        Ok(())
    })
}

#[test]
fn the_log_in_page_is_framed_by_nobody_and_read_by_no_script() -> Outcome<()> {
    on_each_framework(|connection| {
        let origin = [("Origin", "https://evil.example")];
        let page = connection.send("GET", &visit("https://web.example/callback", "code"), &origin, "")?;
        assert_eq!(page.status, 200, "{page:?}");
        let policy = page.field("content-security-policy").unwrap_or_default();
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert_eq!(page.field("x-frame-options"), Some("DENY"));
        assert_eq!(page.field("referrer-policy"), Some("no-referrer"));
        assert_eq!(page.field("access-control-allow-origin"), None);
        Ok(())
    })
}

/// Whoever can register can push requests: what no user acts on fills this client's part alone.
#[test]
fn a_client_fills_its_own_part_of_the_pushed_requests_alone() -> Outcome<()> {
    on_each_framework(|connection| {
        let push = |connection: &mut Connection, client: &Registered, state: &str| {
            let form = format!("response_type=code&client_id={}&state={state}", client.client_id);
            connection.form("/par", client.basic(), &form)
        };
        let metadata = json!({ "redirect_uris": ["https://app.example/callback"] });
        let (client, other) = (connection.register(&metadata)?, connection.register(&metadata)?);
        let first = push(connection, &client, "s")?;
        assert_eq!(first.status, 201, "{first:?}");
        for _ in 1..2000 {
            assert_eq!(push(connection, &client, "s")?.status, 201);
        }
        let full = push(connection, &client, "s")?;
        assert_eq!((full.status, full.text("error")?.as_str()), (429, "temporarily_unavailable"));
        assert_eq!(full.field("retry-after"), Some("1"));
        assert_eq!(push(connection, &other, "s")?.status, 201);
        // Once a user has logged in there is room for another.
        let pushed = encoded(&first.text("request_uri")?);
        let visit = format!("/authorize?client_id={}&request_uri={pushed}", client.client_id);
        assert_eq!(browser::log_in(connection, &visit, "correct horse")?.status, 303);
        assert_eq!(push(connection, &client, "s")?.status, 201);
        assert_eq!(push(connection, &client, "s")?.status, 429);
        Ok(())
    })
}

fn on_each_framework(check: impl Fn(&mut Connection) -> Outcome<()>) -> Outcome<()> {
    let files = [("as.toml", CONFIGURATION), ("clients.json", CLIENTS), ("users.json", USERS)];
    let folder = Folder::with(&files)?;
    for framework in ["axum", "actix"] {
        check(&mut Node::start(&folder.0, framework)?.connect()?)?;
    }
    Ok(())
}

fn visit(redirect_uri: &str, response_type: &str) -> String {
    let redirect_uri = encoded(redirect_uri);
    format!("/authorize?response_type={response_type}&client_id=web&redirect_uri={redirect_uri}&state=s")
}

const CONFIGURATION: &str =
    "issuer = \"https://as.example\"\nclients = \"clients.json\"\nusers = \"users.json\"\n";
const CLIENTS: &str = r#"[{"client_id": "web", "client_secret": "wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq",
    "redirect_uris": ["https://web.example/callback", "http://127.0.0.1:3000/callback"]}]"#;
const USERS: &str = r#"[{"username": "alice", "password": "correct horse"}]"#;
