//! `--try-all` passes, on both frameworks, from a folder where nothing was ever started, and says so where it cannot.

use std::collections::BTreeSet;
use std::error::Error;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::{env, fs, process};

use countersign::Reason;

type Outcome = Result<(), Box<dyn Error>>;

/// On axum at an address of the command line, and on actix-web by a configuration.
#[test]
fn every_line_is_as_expected() -> Outcome {
    let folder = Folder::new("try-all")?;
    fs::write(
        folder.0.join("as.toml"),
        "clients = \"countersign-demo/clients.json\"\nframework = \"actix\"\n",
    )?;
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
    for (framework, arguments, listens) in [
        ("axum", ["--try-all", "--listen", &address], format!("http://{address} ")),
        ("actix", ["--try-all", "--config", "as.toml"], "http://127.0.0.1:".to_owned()),
    ] {
        let run = folder.run(&arguments)?;
        let said = String::from_utf8_lossy(&run.stdout);
        let differing: Vec<&str> = said.lines().filter(|line| line.starts_with('✗')).collect();
        assert!(run.status.success() && differing.is_empty(), "{framework}: {differing:?} {run:?}");
        assert!(said.starts_with(&format!("{framework} on {listens}")), "{said}");
        let passed: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("✓ ")).collect();
        assert!(passed.len() > 100, "{said}");
        for (case, name) in OF_THE_CORPUS {
            assert!(
                passed.iter().any(|line| line.starts_with(name)),
                "{framework}: {case}: no line {name:?}"
            );
        }
        every_reason_is_tried_or_listed(&said, &passed);
    }
    other_settings_are_named(&folder)
}

/// In the output, and in the README, which lists those that are not tried.
fn every_reason_is_tried_or_listed(said: &str, passed: &[&str]) {
    // … status, error, reason, time, ms
    let tried: BTreeSet<&str> =
        passed.iter().filter_map(|line| line.split_whitespace().nth_back(2)).collect();
    let listed: BTreeSet<&str> =
        said.lines().filter_map(|line| line.strip_prefix("- ")?.split_whitespace().next()).collect();
    for reason in Reason::ALL.iter().map(|reason| reason.code()) {
        assert!(tried.contains(reason) != listed.contains(reason), "{reason}: {said}");
    }
    for code in listed {
        assert!(include_str!("../README.md").contains(&format!("\n- `{code}`: ")), "{code}");
    }
}

/// Nothing of a configuration is passed over in silence.
fn other_settings_are_named(folder: &Folder) -> Outcome {
    let taken = TcpListener::bind("127.0.0.1:0")?;
    let same = "clients = \"countersign-demo/clients.json\"\nusers = \"countersign-demo/users.json\"\n\
         issuer = \"https://as.example\"\nlisten = \"0.0.0.0:80\"\nregistry = \"sqlite://countersign-demo/registry.db\"\n";
    let sections = "[admin]\n[tls]\ncert = \"countersign-demo/server.pem\"\nkey = \"countersign-demo/server-key.pem\"\n\
         client_ca = \"countersign-demo/ca.pem\"\n";
    let address = taken.local_addr()?.to_string();
    fs::write(folder.0.join("as.toml"), format!("{same}{sections}"))?;
    let run = folder.run(&["--try-all", "--config", "as.toml", "--listen", &address])?;
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(said.contains("another program has that port"), "the configuration is not taken: {said}");
    for (more, name) in [
        ("preset = \"fapi2\"", "preset or [policy]"),
        ("[policy]\nleeway = 5", "preset or [policy]"),
        ("replay = \"sqlite://replay.db\"", "replay"),
        ("[registration]\nmax_clients = 5", "[registration]"),
        ("[peppers]\n2026 = \"pepper.bin\"", "[peppers]"),
        ("[fetch]\ndanger_allow_loopback = true", "[fetch]"),
        ("[tls]\ncert = \"s.pem\"\nkey = \"s-key.pem\"", "[tls]"),
        ("[proxy]\ntrusted = [\"127.0.0.2\"]\nforwarded_for = \"forwarded\"", "[proxy]"),
        ("[endpoints]\ntoken = \"https://as.example/t\"", "[endpoints]"),
    ] {
        fs::write(folder.0.join("as.toml"), format!("{same}{more}\n"))?;
        folder.is_refused(
            ["--config", "as.toml"],
            &format!("as.toml: {name} is not as in the demonstration"),
        )?;
    }
    for (of_same, other, name) in [
        ("countersign-demo/users.json", "users.json", "users"),
        ("sqlite://countersign-demo/registry.db", "sqlite://registry.db", "registry"),
    ] {
        fs::write(folder.0.join("as.toml"), same.replace(of_same, other))?;
        folder.is_refused(
            ["--config", "as.toml"],
            &format!("as.toml: {name} is not as in the demonstration"),
        )?;
    }
    Ok(())
}

#[test]
fn what_cannot_be_tried_is_refused_with_the_cure() -> Outcome {
    let folder = Folder::new("try-nothing")?;
    let demo = folder.0.join("countersign-demo");
    fs::create_dir(&demo)?;
    for file in [folder.0.join("clients.json"), demo.join("clients.json")] {
        fs::write(file, r#"[{"client_id": "billing", "client_secret": "x"}]"#)?;
    }
    let taken = TcpListener::bind("127.0.0.1:0")?;
    let port_taken = taken.local_addr()?.to_string();
    fs::write(folder.0.join("slip.toml"), "clinets = \"clients.json\"")?;
    fs::write(folder.0.join("own.toml"), "clients = \"clients.json\"")?;
    fs::write(folder.0.join("demo.toml"), "clients = \"countersign-demo/clients.json\"")?;
    for (option, value, problem) in [
        ("--listen", "0.0.0.0:0", "choose --listen 127.0.0.1:PORT"),
        ("--listen", "[::1]:0", "choose --listen 127.0.0.1:PORT"),
        ("--listen", port_taken.as_str(), "another program has that port; "),
        ("--config", "slip.toml", "slip.toml:1: unknown key \"clinets\", did you mean \"clients\"?"),
        ("--config", "own.toml", "not beside clients.json; leave --config out, or name "),
        ("--config", "demo.toml", "not beside countersign-demo/clients.json; leave --config out, or name "),
    ] {
        folder.is_refused([option, value], problem)?;
    }
    Ok(())
}

/// A folder that ends with the test, and what is run in it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> std::io::Result<Self> {
        let folder = env::temp_dir().join(format!("token-server-{name}-{}", process::id()));
        fs::create_dir_all(&folder)?;
        Ok(Folder(folder))
    }

    fn run(&self, arguments: &[&str]) -> std::io::Result<Output> {
        Command::new(env!("CARGO_BIN_EXE_token-server")).args(arguments).current_dir(&self.0).output()
    }

    /// `--try-all` with these ends before it serves anything.
    fn is_refused(&self, [option, value]: [&str; 2], problem: &str) -> Outcome {
        let run = self.run(&["--try-all", option, value])?;
        let said = String::from_utf8_lossy(&run.stderr);
        assert!(!run.status.success() && run.stdout.is_empty(), "{option} {value}: {run:?}");
        assert!(said.starts_with("token-server: ") && said.contains(problem), "{option} {value}: {said}");
        Ok(())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The lines that are cases of the corpus.
const OF_THE_CORPUS: [(&str, &str); 9] = [
    ("OIDF-030", "the request_uri of another client "),
    ("OIDF-034", "the refresh token of another client "),
    ("OIDF-038", "a pushed request with plain PKCE and no code_challenge "),
    ("OIDF-038", "a pushed request with plain PKCE "),
    ("OIDF-038", "a pushed request by a public client without PKCE "),
    ("JWSF-077", "the assertion of another client as a grant "),
    ("PUB-003", "client_credentials by a public client "),
    ("PUB-011", "a code_verifier nobody asked for "),
    ("PUB-011", "/authorize by a public client without PKCE "),
];
