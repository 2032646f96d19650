//! axum and actix-web give the same answers: status, header fields and body.

mod process;

use std::error::Error;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use std::{env, fs};

use self::process::TokenServer;

type Outcome<T> = Result<T, Box<dyn Error>>;

#[test]
fn the_frameworks_cannot_be_told_apart() -> Outcome<()> {
    let folder = folder("same-answers")?;
    let (axum, actix) = (Server::start(&folder, "axum")?, Server::start(&folder, "actix")?);
    for request in requests() {
        let (one, other) = (axum.answer(&request)?, actix.answer(&request)?);
        assert_eq!(one, other, "{}", request.lines().next().unwrap_or_default());
        assert!(one.starts_with("HTTP/1.1 "), "{one}");
    }
    fs::remove_dir_all(&folder)?;
    Ok(())
}

/// Nothing lists clients or secrets, nothing is there for debugging, and no path leads out of the routes.
#[test]
fn there_is_no_route_but_those_of_the_contract() -> Outcome<()> {
    let folder = folder("routes")?;
    for framework in ["axum", "actix"] {
        let server = Server::start(&folder, framework)?;
        for path in UNROUTED {
            for verb in ["GET", "POST"] {
                let answer = server.answer(&request(verb, path, &[], ""))?;
                let absent =
                    ["HTTP/1.1 404 ", "HTTP/1.1 405 "].iter().any(|status| answer.starts_with(status));
                assert!(absent, "{framework} {verb} {path}: {answer}");
            }
        }
        assert!(server.answer(&request("GET", "/health", &[], ""))?.starts_with("HTTP/1.1 200 "));
    }
    fs::remove_dir_all(&folder)?;
    Ok(())
}

fn folder(name: &str) -> Outcome<PathBuf> {
    let folder = env::temp_dir().join(format!("token-server-{name}-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("as.toml"), CONFIGURATION)?;
    fs::write(folder.join("clients.json"), CLIENTS)?;
    fs::write(folder.join("users.json"), USERS)?;
    Ok(folder)
}

fn requests() -> Vec<String> {
    let mut requests = Vec::new();
    let verbs = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW"];
    let targets = [
        "/token",
        "/token/",
        "//token",
        "/%74oken",
        "/introspect",
        "/revoke",
        "/par",
        "/authorize",
        "/authorize?a=1&a=2",
        "/authorize?response_type=code&client_id=web&state=a%20b",
        "/.well-known/oauth-authorization-server",
        "/health",
        "/nowhere",
    ];
    for target in targets {
        requests.extend(verbs.map(|verb| request(verb, target, &[], "")));
    }
    let basic = ("Authorization", "Basic d2ViOndDVEtVclo1cm15VXhBNk1HTVU4Z0JRUkd6Z3RTQmxx");
    let wrong = ("Authorization", "Basic d2ViOnd4");
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    let large = format!("a={}", "x".repeat(70 * 1024));
    let chunked = format!("{:x}\r\n{large}\r\n0\r\n\r\n", large.len());
    requests.extend([
        request("POST", "/token", &[form, wrong], "grant_type=client_credentials"),
        request("POST", "/token", &[form, basic], "grant_type=telepathy"),
        request("POST", "/token", &[form, basic, basic], "grant_type=client_credentials"),
        request("POST", "/token", &[form, form, basic], "grant_type=client_credentials"),
        request("POST", "/token", &[("Content-Type", "application/json"), basic], "{}"),
        request("POST", "/token", &[form, ("Content-Encoding", "gzip"), basic], "a=b"),
        request("POST", "/token", &[form, basic], "a=%zz"),
        request("POST", "/token?client_secret=x", &[form], "a=b"),
        request("POST", "/token", &[form, basic], &large),
        request("POST", "/introspect", &[form, basic], "token=x"),
        request("POST", "/revoke", &[form, basic], "token=x"),
        request("POST", "/par", &[form, basic], "client_id=web&response_type=token"),
        request("POST", "/authorize", &[form], "request=x&username=u&password=p"),
        request("POST", "/authorize", &[form], &large),
        format!("POST /token HTTP/1.1\r\nHost: as\r\nConnection: close\r\nContent-Type: {}\r\nTransfer-Encoding: chunked\r\n\r\n{chunked}", form.1),
    ]);
    requests
}

fn request(verb: &str, target: &str, headers: &[(&str, &str)], body: &str) -> String {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    format!(
        "{verb} {target} HTTP/1.1\r\nHost: as\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    )
}

/// A server in a process of its own, which ends with the test.
struct Server(TokenServer);

impl Server {
    fn start(folder: &Path, framework: &str) -> Outcome<Self> {
        Ok(Server(TokenServer::start(folder, "as.toml", framework, Stdio::null())?))
    }

    /// The answer with its header fields sorted, and without what is random or tells the time.
    fn answer(&self, request: &str) -> Outcome<String> {
        let mut stream = TcpStream::connect(&self.0.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        // A server may answer before it has read all of a body that is too large, and close.
        let _ = stream.write_all(request.as_bytes());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8(answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let mut fields: Vec<&str> =
            head.lines().skip(1).filter(|field| !field.starts_with("date:")).collect();
        fields.sort_unstable();
        let cookieless =
            fields.iter().map(|field| field.split("token_server_log_in=").next().unwrap_or_default());
        let fields = cookieless.collect::<Vec<_>>().join("\n");
        let body: Vec<&str> = body.lines().filter(|line| !line.contains("type=\"hidden\"")).collect();
        Ok(format!("{}\n{fields}\n\n{}", head.lines().next().unwrap_or_default(), body.join("\n")))
    }
}

/// What others were found to serve.
const UNROUTED: [&str; 32] = [
    "/admin",
    "/admin/clients",
    "/api/clients",
    "/api/v1/secrets",
    "/client",
    "/clients",
    "/clients.json",
    "/clients/web",
    "/config",
    "/configuration",
    "/debug",
    "/debug/pprof",
    "/debug/vars",
    "/env",
    "/actuator",
    "/actuator/env",
    "/actuator/heapdump",
    "/info",
    "/keys",
    "/list_secrets",
    "/metrics",
    "/oauth/applications",
    "/oauth/clients",
    "/secrets",
    "/status",
    "/stats",
    "/trace",
    "/users",
    "/users.json",
    "/as.toml",
    "/.env",
    "/.git/config",
];

const CONFIGURATION: &str =
    "issuer = \"https://as.example\"\nclients = \"clients.json\"\nusers = \"users.json\"\n";
const CLIENTS: &str = r#"[{"client_id": "web", "client_secret": "wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq",
    "redirect_uris": ["https://web.example/callback"]}]"#;
const USERS: &str = r#"[{"username": "alice", "password": "correct horse"}]"#;
