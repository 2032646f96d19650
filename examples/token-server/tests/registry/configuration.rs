//! What else a configuration can say about clients and where they come from.

use countersign::secret::Pepper;
use serde_json::json;

use crate::Outcome;
use crate::node::{Folder, Node};

#[test]
fn a_secret_is_known_by_a_hash_under_a_pepper() -> Outcome<()> {
    let pepper = "0123456789abcdef0123456789abcdef";
    let hash = Pepper::new("2026", pepper.as_bytes())?.hash("wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq");
    let clients = json!([{ "client_id": "web", "client_secrets": [{ "secret_hash": hash }] }]).to_string();
    let with = |peppers: &str| {
        let configuration = format!("clients = \"clients.json\"\n{peppers}");
        Folder::with(&[
            ("as.toml", &configuration),
            ("clients.json", &clients),
            ("pepper.bin", pepper),
            ("short.bin", "short"),
        ])
    };
    for (peppers, status) in [("[peppers]\n2026 = \"pepper.bin\"\n", 200), ("", 401)] {
        let folder = with(peppers)?;
        let node = Node::start(&folder.0, "axum")?;
        assert_eq!(node.connect()?.form("/token", WEB, GRANT)?.status, status, "{peppers:?}");
    }
    let said = Node::refused(&with("[peppers]\n2026 = \"short.bin\"\n")?.0)?;
    assert!(said.contains("short.bin: pepper: 2026 has 5 octets"), "{said}");
    Ok(())
}

#[test]
fn a_proxy_that_passes_on_no_certificates_is_believed_an_address() -> Outcome<()> {
    let folder = Folder::with(&[
        (
            "as.toml",
            "clients = \"clients.json\"\n[proxy]\ntrusted = [\"127.0.0.1/32\"]\nforwarded_for = \"x-forwarded-for\"\n",
        ),
        ("clients.json", r#"[{"client_id": "web", "client_secret": "wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq"}]"#),
    ])?;
    let node = Node::start(&folder.0, "actix")?;
    let mut connection = node.connect()?;
    let mut guess = |source: &str| {
        let fields = [("Content-Type", "application/x-www-form-urlencoded"), ("X-Forwarded-For", source)];
        let form = format!("{GRANT}&client_id=web&client_secret=guessed");
        connection.send("POST", "/token", &fields, &form).map(|answer| answer.status)
    };
    let mut statuses = Vec::new();
    for _ in 0..30 {
        statuses.push(guess("192.0.2.7")?);
    }
    assert_eq!((statuses.first(), statuses.last()), (Some(&400), Some(&429)), "{statuses:?}");
    assert_eq!(guess("192.0.2.8")?, 400, "another source has a budget of its own");
    node.wait_for("source=192.0.2.8")?;
    Ok(())
}

const GRANT: &str = "grant_type=client_credentials";
const WEB: Option<(&str, &str)> = Some(("web", "wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq"));
