//! A table that is not there for a while.

use serde_json::json;

use crate::Outcome;
use crate::node::{Folder, Node};
use crate::operators::by_hand;

/// What was not written takes no room of the client's.
#[test]
fn pushes_that_fail_use_up_nothing() -> Outcome<()> {
    let clients = json!([{
        "client_id": "web", "client_secret": "wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq",
        "redirect_uris": ["https://web.example/callback"],
    }]);
    let folder = Folder::with(&[
        (
            "as.toml",
            "clients = \"clients.json\"\nusers = \"users.json\"\nregistry = \"sqlite://registry.db\"\n",
        ),
        ("clients.json", &clients.to_string()),
        ("users.json", r#"[{"username": "alice", "password": "correct horse"}]"#),
    ])?;
    let file = folder.0.join("registry.db");
    let node = Node::start(&folder.0, "axum")?;
    let mut connection = node.connect()?;
    let mut push = || {
        let client = Some(("web", "wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq"));
        connection.form("/par", client, "response_type=code&client_id=web")
    };
    assert_eq!(push()?.status, 201);
    by_hand(&file, "ALTER TABLE token_server_state RENAME TO elsewhere")?;
    // More than a client's part, which is 2,000.
    for number in 0..2_100 {
        let answer = push()?;
        assert_eq!(answer.status, 503, "{number}: {answer:?}");
    }
    by_hand(&file, "ALTER TABLE elsewhere RENAME TO token_server_state")?;
    let answer = push()?;
    assert_eq!(answer.status, 201, "{answer:?}");
    Ok(())
}
