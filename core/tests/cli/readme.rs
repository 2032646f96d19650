//! The lines of the README about the command, pasted into a shell.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use crate::authority::{Authority, Wants};
use crate::bench::Bench;
use crate::server::Server;

#[test]
fn the_lines_of_the_readme_do_what_they_say() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md")).unwrap();
    let (_, section) = readme.split_once("## countersign, the command").unwrap();
    let (_, block) = section.split_once("```sh\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    let bench = Bench::new("readme");

    bench.write("imported.json", IMPORTED);
    bench.write("methods.json", METHODS);

    // What stands for the demonstration, and for a server of one's own.
    let (plain, secure) = servers(&bench);
    let block = block.replace("http://127.0.0.1:8080/token", &plain.url);
    let block = block.replace("https://as.example.com/token", &secure.url);

    let folder = Path::new(env!("CARGO_BIN_EXE_countersign")).parent().unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let commands = commands(&block);
    for command in commands.iter().filter(|command| !command.starts_with("cargo install ")) {
        let output = Command::new("sh")
            .args(["-c", command])
            .current_dir(bench.path("."))
            .env("PATH", &path)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        let is_refused = command.contains("elsewhere.example");
        assert_eq!(output.status.code(), Some(i32::from(is_refused)), "{command}\n{said}");
        assert_eq!(said.contains("refused: aud_mismatch"), is_refused, "{command}\n{said}");
    }
    let subcommands: BTreeSet<&str> =
        commands.iter().filter_map(|line| line.strip_prefix("countersign ")?.split(' ').next()).collect();
    let all = ["assert", "check-config", "explain", "hash-secret", "keygen", "pin", "try"];
    assert!(subcommands.into_iter().eq(all), "{commands:#?}");
    assert!(plain.request().contains("client_assertion=ey"));
    let shown = secure.heard().remove(0);
    assert!(shown.certificate.is_some() && shown.request.ends_with("client_id=billing"), "{}", shown.request);
}

fn servers(bench: &Bench) -> (Server, Server) {
    std::fs::create_dir(bench.path("countersign-demo")).unwrap();
    bench.run(&["keygen", "--out", "countersign-demo/demo-es256.pem"]).ends(0);
    let authority = Authority::new("authority");
    bench.write("ca.pem", authority.pem());
    let config = authority.issue("localhost", |_| {}).server(Wants::AnyCertificate(&authority));
    (Server::answering(200, "{}"), Server::secure(config, 200, "{}"))
}

/// One for each command, however many lines it has.
fn commands(block: &str) -> Vec<String> {
    let mut commands: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in block.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match commands.last_mut().filter(|_| goes_on) {
            Some(command) => command.extend(["\n", line]),
            None => commands.push(line.to_owned()),
        }
        goes_on = line.ends_with('\\') || line.ends_with('|');
    }
    commands
}

/// A client from before methods were pinned, and what a server says of it.
const IMPORTED: &str = r#"[{"client_id": "billing", "client_secret": "s", "any_secret_method": true}]"#;
const METHODS: &str = r#"{"since": "2026-11-01T00:00:00Z", "complete": true, "clients": [{"client_id": "billing",
    "pinned": false, "used": [], "refused": [], "pin_to": ["client_secret_post"]}]}"#;
