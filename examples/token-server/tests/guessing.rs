//! Whoever guesses at secrets has to wait, by the address that a trusted proxy names; who is on this machine has not.

mod process;

use std::error::Error;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{env, fs};

use self::process::TokenServer;

type Outcome = Result<(), Box<dyn Error>>;

#[test]
fn guesses_are_limited_by_the_address_that_the_proxy_names() -> Outcome {
    for framework in ["axum", "actix"] {
        let server = Server::start(framework, CONFIGURATION)?;
        #[allow(clippy::disallowed_methods, reason = "the server under test runs on the system's clock")]
        let now = Instant::now;
        let from = |address: &str, basic: &str| {
            server
                .answer(&format!("X-Forwarded-For: 127.0.0.1, {address}\r\nAuthorization: Basic {basic}\r\n"))
        };
        // One more is free every six seconds: a busy machine may need another address, to ask for it sooner than that.
        let mut addresses = (7..27).map(|last| format!("198.51.100.{last}"));
        loop {
            let address = addresses.next().ok_or("always too late")?;
            for _ in 0..20 {
                let answer = from(&address, WRONG)?;
                assert!(answer.starts_with("HTTP/1.1 401 "), "{framework}: {answer}");
            }
            let mut wait = 0;
            while wait < 4 {
                let answer = from(&address, WRONG)?;
                wait = wait_told(&answer).unwrap_or(0);
                let is_free = answer.starts_with("HTTP/1.1 401 ");
                assert!(is_free || answer.starts_with("HTTP/1.1 429 ") && wait > 0, "{framework}: {answer}");
            }
            let told = now();
            let answer = from(&address, RIGHT)?;
            if told.elapsed() > Duration::from_secs(3) {
                continue;
            }
            assert!(answer.starts_with("HTTP/1.1 429 "), "{framework}: {answer}");
            assert!(wait_told(&answer).is_some(), "{framework}: {answer}");
            assert!(answer.contains(r#""error":"invalid_client""#), "{framework}: {answer}");
            break;
        }
        let answer = from("203.0.113.9", RIGHT)?;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{framework}: {answer}");
        let log = server.log()?;
        assert!(
            log.contains("reason=throttled") && log.contains("source=198.51.100.7"),
            "{framework}: {log}"
        );
    }
    Ok(())
}

/// How many seconds `Retry-After` says.
fn wait_told(answer: &str) -> Option<u64> {
    answer.lines().find_map(|line| line.strip_prefix("retry-after: "))?.parse().ok()
}

#[test]
fn from_this_machine_hundreds_of_guesses_are_answered_alike() -> Outcome {
    for framework in ["axum", "actix"] {
        let server = Server::start(framework, "clients = \"clients.json\"\n")?;
        let with = |basic: &str| server.answer(&format!("Authorization: Basic {basic}\r\n"));
        let first = with(WRONG)?;
        assert!(first.starts_with("HTTP/1.1 401 "), "{framework}: {first}");
        for _ in 0..300 {
            assert!(with(WRONG)?.starts_with("HTTP/1.1 401 "), "{framework}");
        }
        assert!(with(RIGHT)?.starts_with("HTTP/1.1 200 "), "{framework}");
    }
    Ok(())
}

/// A server in a process and a folder of its own, which end with the test.
struct Server {
    server: TokenServer,
    folder: PathBuf,
}

impl Server {
    fn start(framework: &str, configuration: &str) -> Result<Self, Box<dyn Error>> {
        let name =
            format!("token-server-guessing-{framework}-{}-{}", configuration.len(), std::process::id());
        let folder = env::temp_dir().join(name);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("as.toml"), configuration)?;
        fs::write(folder.join("clients.json"), CLIENTS)?;
        let log = fs::File::create(log_in(&folder))?;
        let server = TokenServer::start(&folder, "as.toml", framework, log)?;
        Ok(Server { server, folder })
    }

    fn answer(&self, headers: &str) -> Result<String, Box<dyn Error>> {
        let mut stream = TcpStream::connect(&self.server.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        let body = "grant_type=client_credentials";
        write!(
            stream,
            "POST /token HTTP/1.1\r\nHost: as\r\nConnection: close\r\nContent-Length: {}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\n{headers}\r\n{body}",
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    /// What its operator has seen so far.
    fn log(&self) -> Result<String, Box<dyn Error>> {
        Ok(fs::read_to_string(log_in(&self.folder))?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn log_in(folder: &Path) -> PathBuf {
    folder.join("log")
}

const CONFIGURATION: &str = r#"
issuer = "https://as.example"
clients = "clients.json"

[proxy]
trusted = ["127.0.0.1/32"]
header = "client-cert"
forwarded_for = "x-forwarded-for"
"#;

const CLIENTS: &str = r#"[{"client_id": "web", "client_secret": "wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq",
    "redirect_uris": ["https://web.example/callback"]}]"#;

/// `web` with its secret.
const RIGHT: &str = "d2ViOndDVEtVclo1cm15VXhBNk1HTVU4Z0JRUkd6Z3RTQmxx";

/// `web` with another.
const WRONG: &str = "d2ViOnd4";
