//! What else a configuration can say about clients and where they come from.

use std::fs;
use std::io::Write as _;

use countersign::secret::Pepper;
use serde_json::json;

use crate::Outcome;
use crate::node::{Folder, LIMIT, Node, until};

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

/// Whoever comes through it has no source, so none has a budget.
#[test]
fn of_a_proxy_that_names_nobody_the_operator_is_told() -> Outcome<()> {
    for (more, is_told) in [("", true), ("forwarded_for = \"forwarded\"\n", false)] {
        let configuration = format!(
            "clients = \"clients.json\"\n[proxy]\ntrusted = [\"127.0.0.1/32\"]\nheader = \"nginx\"\n{more}"
        );
        let folder = Folder::with(&[("as.toml", &configuration), ("clients.json", "[]")])?;
        let node = Node::start(&folder.0, "axum")?;
        let warning = "warning: [proxy] names nobody's address: ";
        if is_told {
            assert!(node.wait_for(warning)?.contains("forwarded_for"));
        }
        // Everything that is told at the start stands before this.
        assert_eq!(node.connect()?.form("/token", WEB, GRANT)?.status, 401);
        node.wait_for("client=\"web\"")?;
        assert_eq!(node.log().iter().any(|line| line.contains(warning)), is_told, "{:?}", node.log());
    }
    Ok(())
}

/// The files of an image that can be built again have one date, all of them, and what copies files keeps their dates.
#[test]
fn a_file_of_the_same_length_and_date_is_read_when_it_is_another() -> Outcome<()> {
    let secrets = ["wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq", "qlBStgzGRQBg8UMGM6AxUymr5ZrUKTCw"];
    let clients = |secret: &str| json!([{ "client_id": "web", "client_secret": secret }]).to_string();
    let [old, new] = secrets.map(clients);
    assert_eq!(old.len(), new.len());
    let folder = Folder::with(&[
        ("as.toml", "clients = \"clients.json\"\n"),
        ("clients.json", &old),
        ("clients.new", &new),
    ])?;
    let [file, draft] = ["clients.json", "clients.new"].map(|name| folder.0.join(name));
    let node = Node::start(&folder.0, "axum")?;
    let mut connection = node.connect()?;
    assert_eq!(connection.form("/token", WEB, GRANT)?.status, 200);
    let date = fs::metadata(&file)?.modified()?;
    let mut is_read = |secret: &str| -> Outcome<()> {
        assert_eq!(fs::metadata(&file)?.modified()?, date);
        let is_read = until(LIMIT, || {
            let answer = connection.form("/token", Some(("web", secret)), GRANT)?;
            Ok((answer.status == 200).then_some(()))
        })?;
        assert!(is_read.is_some(), "{:?}", node.log());
        Ok(())
    };
    fs::File::options().write(true).open(&draft)?.set_modified(date)?;
    fs::rename(&draft, &file)?;
    is_read(secrets[1])?;
    // In its place, as `cp -p` does.
    let mut in_place = fs::File::options().write(true).open(&file)?;
    in_place.write_all(old.as_bytes())?;
    in_place.set_modified(date)?;
    is_read(secrets[0])?;
    assert_eq!(connection.form("/token", Some(("web", secrets[1])), GRANT)?.status, 401);
    Ok(())
}

const GRANT: &str = "grant_type=client_credentials";
const WEB: Option<(&str, &str)> = Some(("web", "wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq"));
