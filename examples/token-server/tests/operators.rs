//! What an operator sees and does while the server runs: figures, readiness, and files that are edited.

use std::error::Error;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;
use std::{env, fs, process, thread};

use serde_json::Value;

type Outcome<T> = Result<T, Box<dyn Error>>;

#[test]
fn clients_are_exchanged_while_the_server_runs() -> Outcome<()> {
    for framework in ["axum", "actix"] {
        let server = Server::start(framework, r#"[{"client_id":"old","client_secret":"secret-of-old"}]"#)?;
        assert_eq!(server.token("old")?, 200, "{framework}");
        assert_eq!(server.token("new")?, 401, "{framework}");

        server.write_clients(r#"[{"client_id":"new","client_secret":"secret-of-new"}]"#)?;
        server.wait_for("reloaded ")?;
        assert_eq!((server.token("new")?, server.token("old")?), (200, 401), "{framework}");

        // Half a file: what there was stays, and the line says where it is broken.
        server.write_clients("[\n{\"client_id\": \"new\", \"client_secert\": \"x\"}]")?;
        let line = server.wait_for("kept the clients there were")?;
        assert!(line.contains("clients.json:2:") && line.contains("client_secert"), "{line}");
        assert_eq!(server.token("new")?, 200, "{framework}");

        // The same by signal, though nothing changed.
        server.signal("HUP")?;
        server.wait_for("kept the clients there were")?;
        assert_eq!(server.token("new")?, 200, "{framework}");
    }
    Ok(())
}

/// One writer puts whole files into place, another writes into the file that is there and takes its time.
#[test]
fn requests_are_answered_while_others_write_the_clients() -> Outcome<()> {
    let registry = |more: &str| format!(r#"[{{"client_id":"old","client_secret":"secret-of-old"}}{more}]"#);
    let server = Server::start("axum", &registry(""))?;
    let file = server.folder.join("clients.json");
    // From now on it listens to the signal.
    server.write_clients(&registry(r#",{"client_id":"first","client_secret":"secret-of-first"}"#))?;
    server.wait_for("reloaded ")?;
    let (mut reloaded, mut kept) = (0, 0);
    thread::scope(|scope| -> Outcome<()> {
        let (over, is_over) = mpsc::channel::<()>();
        let (folder, process, registry) = (&server.folder, server.process.id(), &registry);
        let writer = scope.spawn(move || -> Result<usize, String> {
            let mut written = 0;
            while is_over.try_recv() == Err(mpsc::TryRecvError::Empty) {
                written += 1;
                let more =
                    format!(r#",{{"client_id":"c-{written}","client_secret":"secret-of-c-{written}"}}"#);
                let text = registry(&more);
                if written % 3 == 0 {
                    put_clients(folder, &text).map_err(|error| error.to_string())?;
                } else {
                    // Truncated, then half of it, then the rest.
                    let (start, end) = text.split_at(text.len() / 2);
                    let mut opened = fs::File::create(&file).map_err(|error| error.to_string())?;
                    opened.write_all(start.as_bytes()).map_err(|error| error.to_string())?;
                    thread::sleep(Duration::from_millis(15));
                    opened.write_all(end.as_bytes()).map_err(|error| error.to_string())?;
                }
                signal(process, "HUP").map_err(|error| error.to_string())?;
            }
            Ok(written)
        });
        #[allow(clippy::disallowed_methods, reason = "how long a write is in the way")]
        let began = std::time::Instant::now();
        let mut statuses = Vec::new();
        // Until it has come upon whole files and upon broken ones, however seldom a busy machine lets it.
        while began.elapsed() < Duration::from_secs(2)
            || began.elapsed() < LIMIT && (reloaded == 0 || kept == 0)
        {
            statuses.push(server.token("old")?);
            for line in server.lines.try_iter() {
                reloaded += usize::from(line.contains("reloaded "));
                kept += usize::from(line.contains("kept the clients there were"));
            }
        }
        drop(over);
        let written = writer.join().map_err(|_| "the writer panicked")??;
        assert!(written > 2 && statuses.len() > 2, "{written} {}", statuses.len());
        assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
        Ok(())
    })?;
    server.write_clients(&registry(r#",{"client_id":"last","client_secret":"secret-of-last"}"#))?;
    server.signal("HUP")?;
    while server.token("last")? != 200 {
        server.lines.recv_timeout(LIMIT)?;
    }
    assert!(reloaded > 0 && kept > 0, "{reloaded} whole files, {kept} broken ones");
    Ok(())
}

#[test]
fn a_client_is_pinned_to_what_it_uses() -> Outcome<()> {
    let server = Server::start(
        "axum",
        r#"[{"client_id":"old","client_secret":"secret-of-old","any_secret_method":true},
            {"client_id":"rare","client_secret":"secret-of-rare","any_secret_method":true}]"#,
    )?;
    assert_eq!((server.token("old")?, server.token("old")?, server.token("nobody")?), (200, 200, 401));
    let (status, report) = server.operators("/methods")?;
    let report: Value = serde_json::from_str(&report)?;
    let [old, rare] = [&report["clients"][0], &report["clients"][1]];
    assert_eq!((status, &report["complete"], &old["pinned"]), (200, &true.into(), &false.into()), "{report}");
    assert_eq!(old["used"][0]["method"], "client_secret_basic", "{report}");
    assert_eq!(
        (&old["used"][0]["endpoint"], &old["used"][0]["times"]),
        (&"token".into(), &2.into()),
        "{report}"
    );
    assert_eq!(old["pin_to"], serde_json::json!(["client_secret_basic"]), "{report}");
    assert_eq!((&rare["client_id"], &rare["pin_to"]), (&"rare".into(), &serde_json::json!([])), "{report}");
    assert!(!report.to_string().contains("secret-of-") && !report.to_string().contains("nobody"), "{report}");

    server.write_clients(
        r#"[{"client_id":"old","client_secret":"secret-of-old","token_endpoint_auth_method":"client_secret_post"}]"#,
    )?;
    server.wait_for("reloaded ")?;
    assert_eq!(server.token("old")?, 401);
    let (_, report) = server.operators("/methods")?;
    let report: Value = serde_json::from_str(&report)?;
    assert_eq!(report["clients"][0]["refused"][0]["reason"], "method_not_granted", "{report}");
    assert_eq!(report["clients"].as_array().map(Vec::len), Some(1), "{report}");
    Ok(())
}

#[test]
fn an_operator_sees_figures_events_and_what_can_be_served() -> Outcome<()> {
    for framework in ["axum", "actix"] {
        let server = Server::start(framework, r#"[{"client_id":"old","client_secret":"secret-of-old"}]"#)?;
        let (status, ready) = server.operators("/ready")?;
        let ready: Value = serde_json::from_str(&ready)?;
        assert_eq!((status, &ready["ready"]), (200, &true.into()), "{framework}: {ready}");
        assert_eq!(ready["methods"]["client_secret_basic"], "ok", "{framework}: {ready}");
        assert_eq!(ready["methods"]["private_key_jwt"], "ok", "{framework}: {ready}");
        assert_eq!(server.operators("/health")?.0, 200);

        assert_eq!((server.token("old")?, server.token("nobody")?), (200, 401));
        let (_, figures) = server.operators("/metrics")?;
        for line in [
            r#"client_auth_total{endpoint="token",method="client_secret_basic",result="authenticated",reason=""} 1"#,
            r#"client_auth_total{endpoint="token",method="client_secret_basic",result="refused",reason="unknown_client"} 1"#,
            "client_auth_duration_seconds_bucket",
            "client_auth_replay_entries 0",
            "client_auth_replay_capacity 1000000",
            "client_auth_key_set_fetches 0",
            "client_auth_key_set_joined 0",
            "client_auth_key_set_served_stale 0",
            "client_auth_key_set_cooled_down 0",
            "client_auth_key_set_refused_addresses 0",
        ] {
            assert!(figures.contains(line), "{framework}: {line} in\n{figures}");
        }
        let (_, events) = server.operators("/events")?;
        let events: Value = serde_json::from_str(&events)?;
        assert_eq!(events[0]["reason"], "unknown_client", "{framework}: {events}");
        assert_eq!(events[1]["client_id"], "old", "{framework}: {events}");
        assert!(!events.to_string().contains("secret-of-"), "{framework}: {events}");
        assert_eq!(server.operators("/token")?.0, 404, "the operators' listener serves no clients");
        for (request, status) in [
            (
                "POST /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 3\r\nConnection: close\r\n\r\na=b"
                    .to_owned(),
                405,
            ),
            (
                format!("GET /{} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", "x".repeat(70 * 1024)),
                414,
            ),
            ("GET / HTTP/1.1\r\nHost: ops.example:8081\r\nConnection: close\r\n\r\n".to_owned(), 200),
            ("GET / HTTP/1.1\r\nHost: rebound.example\r\nConnection: close\r\n\r\n".to_owned(), 421),
            (
                "GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://evil.example\r\nConnection: close\r\n\r\n"
                    .to_owned(),
                403,
            ),
            ("GET /../clients.json HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".to_owned(), 404),
        ] {
            assert_eq!(exchange(&server.operators, &request)?.0, status, "{framework}");
        }
        let address = server.operators.as_str();
        let answers: Vec<_> = thread::scope(|scope| {
            let callers: Vec<_> = (0..100)
                .map(|_| scope.spawn(|| ask(address, "/ready").map(|answer| answer.0).ok()))
                .collect();
            callers.into_iter().map(|caller| caller.join().ok().flatten()).collect()
        });
        assert!(answers.iter().all(|status| *status == Some(200)), "{framework}: {answers:?}");
    }
    Ok(())
}

/// A server process, and what it says. It ends with this value.
struct Server {
    process: Child,
    folder: PathBuf,
    address: String,
    operators: String,
    lines: Receiver<String>,
}

impl Server {
    fn start(framework: &str, clients: &str) -> Outcome<Self> {
        static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let folder = env::temp_dir().join(format!("token-server-operators-{}-{number}", process::id()));
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("clients.json"), clients)?;
        fs::write(
            folder.join("as.toml"),
            "clients = \"clients.json\"\nlisten = \"127.0.0.1:0\"\n[admin]\nlisten = \"127.0.0.1:0\"\nhosts = [\"ops.example\"]\n",
        )?;
        let mut process = Command::new(env!("CARGO_BIN_EXE_token-server"))
            .args(["--config", "as.toml", "--framework", framework])
            .current_dir(&folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (say, lines) = mpsc::channel();
        for stream in [
            process.stdout.take().map(|stream| Box::new(stream) as Box<dyn std::io::Read + Send>),
            process.stderr.take().map(|stream| Box::new(stream) as Box<dyn std::io::Read + Send>),
        ]
        .into_iter()
        .flatten()
        {
            let say = say.clone();
            thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    if say.send(line).is_err() {
                        return;
                    }
                }
            });
        }
        let mut server = Server { process, folder, address: String::new(), operators: String::new(), lines };
        let after = |line: &str, mark: &str| -> String {
            let rest = line.split(mark).nth(1).unwrap_or_default();
            rest.split(' ').next().unwrap_or_default().to_owned()
        };
        // The two lines come by two streams, in either order.
        while server.address.is_empty() || server.operators.is_empty() {
            let line = server.lines.recv_timeout(LIMIT)?;
            if line.contains("listening on http://") {
                server.address = after(&line, "listening on http://");
            } else if line.contains("operators: http://") {
                server.operators = after(&line, "operators: http://");
            }
        }
        Ok(server)
    }

    /// The status that a client with its own name in its secret gets.
    fn token(&self, client: &str) -> Outcome<u16> {
        let form = "grant_type=client_credentials";
        let pair = base64(&format!("{client}:secret-of-{client}"));
        let request = format!(
            "POST /token HTTP/1.1\r\nHost: as\r\nAuthorization: Basic {pair}\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            form.len()
        );
        Ok(exchange(&self.address, &request)?.0)
    }

    fn operators(&self, path: &str) -> Outcome<(u16, String)> {
        ask(&self.operators, path)
    }

    fn write_clients(&self, text: &str) -> Outcome<()> {
        Ok(put_clients(&self.folder, text)?)
    }

    fn signal(&self, name: &str) -> Outcome<()> {
        Ok(signal(self.process.id(), name)?)
    }

    fn wait_for(&self, text: &str) -> Outcome<String> {
        loop {
            // A server that goes on saying something else is stopped by the runner's own limit.
            let line = self.lines.recv_timeout(LIMIT)?;
            if line.contains(text) {
                return Ok(line);
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// In one step, as an editor does it.
fn put_clients(folder: &Path, text: &str) -> io::Result<()> {
    let draft = folder.join("clients.json.new");
    fs::write(&draft, text)?;
    fs::rename(draft, folder.join("clients.json"))
}

fn signal(process: u32, name: &str) -> io::Result<()> {
    let status = Command::new("kill").args(["-s", name, &process.to_string()]).status()?;
    assert!(status.success());
    Ok(())
}

fn ask(address: &str, path: &str) -> Outcome<(u16, String)> {
    exchange(address, &format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"))
}

fn exchange(address: &str, request: &str) -> Outcome<(u16, String)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let status = answer.split(' ').nth(1).unwrap_or_default().parse()?;
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default();
    Ok((status, body))
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

const LIMIT: Duration = Duration::from_secs(120);
