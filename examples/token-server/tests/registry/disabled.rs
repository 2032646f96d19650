//! What a disabled client holds is worth nothing, and worth the same again once it is enabled.

use serde_json::{Value, json};

use crate::Outcome;
use crate::browser::{self, encoded};
use crate::http::{Connection, Registered};
use crate::node::{Folder, Node};

#[test]
fn what_a_disabled_client_holds_waits_until_it_is_enabled() -> Outcome<()> {
    let folder = Folder::with(&[
        (
            "as.toml",
            "clients = \"clients.json\"\nusers = \"users.json\"\n[admin]\nlisten = \"127.0.0.1:0\"\n",
        ),
        ("clients.json", "[]"),
        ("users.json", r#"[{"username": "alice", "password": "correct horse"}]"#),
    ])?;
    for framework in ["axum", "actix"] {
        let node = Node::start(&folder.0, framework)?;
        let (mut connection, mut operator) = (node.connect()?, node.connect_as_operator()?);
        let client = connection.register(&json!({
            "grant_types": ["authorization_code", "refresh_token"],
            "redirect_uris": ["https://web.example/callback"],
        }))?;
        let push = format!("response_type=code&client_id={}", client.client_id);
        let visit = format!("/authorize?{push}");
        let redeem = |code: &str| format!("grant_type=authorization_code&code={code}");
        let first = code(&mut connection, &visit)?;
        let tokens = connection.form("/token", client.basic(), &redeem(&first))?;
        let token = format!("token={}", tokens.text("access_token")?);
        let refresh = format!("grant_type=refresh_token&refresh_token={}", tokens.text("refresh_token")?);
        let code_form = redeem(&code(&mut connection, &visit)?);
        let pushed = connection.form("/par", client.basic(), &push)?.text("request_uri")?;
        let pushed = format!("/authorize?client_id={}&request_uri={}", client.client_id, encoded(&pushed));

        disable(&mut operator, &client, true)?;
        let calls = [
            ("/token", &code_form),
            ("/token", &refresh),
            ("/par", &push),
            ("/revoke", &token),
            ("/introspect", &token),
        ];
        for (path, form) in calls {
            let refused = connection.form(path, client.basic(), form)?;
            let said = (refused.status, &*refused.text("error")?);
            assert_eq!(said, (401, "invalid_client"), "{framework}: {path} {form}: {refused:?}");
        }
        let refused = connection.send("GET", &pushed, &[], "")?;
        assert_eq!((refused.status, refused.field("location")), (400, None), "{framework}: {refused:?}");
        assert!(!refused.body.contains("name=\"password\""), "{framework}: {refused:?}");

        disable(&mut operator, &client, false)?;
        let state = connection.form("/introspect", client.basic(), &token)?;
        assert_eq!(state.json()?["active"], true, "{framework}: it was not revoked: {state:?}");
        for form in [&code_form, &refresh, &redeem(&code(&mut connection, &pushed)?)] {
            let answer = connection.form("/token", client.basic(), form)?;
            assert_eq!(answer.status, 200, "{framework}: {form}: {answer:?}");
        }
    }
    Ok(())
}

fn disable(operator: &mut Connection, client: &Registered, disabled: bool) -> Outcome<()> {
    let merge_patch = [("Content-Type", "application/merge-patch+json")];
    let path = format!("/clients/{}", client.client_id);
    let patch: Value = json!({ "disabled": disabled });
    let answer = operator.send("PATCH", &path, &merge_patch, &patch.to_string())?;
    assert_eq!(answer.status, 200, "{answer:?}");
    Ok(())
}

/// What a log-in there brings.
fn code(connection: &mut Connection, visit: &str) -> Outcome<String> {
    let sent_back = browser::log_in(connection, visit, "correct horse")?;
    Ok(browser::of_redirection(&sent_back, "code").ok_or_else(|| format!("{sent_back:?}"))?.to_owned())
}
