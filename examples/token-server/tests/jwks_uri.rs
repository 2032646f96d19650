//! A client that publishes its keys, and a server that was told where it may fetch them.

mod process;

use std::error::Error;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::time::{Duration, SystemTime};
use std::{env, fs, thread};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use self::process::TokenServer;

type Outcome<T> = Result<T, Box<dyn Error>>;

#[test]
fn keys_are_fetched_from_where_the_configuration_allows() -> Outcome<()> {
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
    let host = host(&key)?;
    let folder = env::temp_dir().join(format!("token-server-jwks-uri-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    fs::write(
        folder.join("clients.json"),
        json!([{"client_id": "reports", "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": host}])
            .to_string(),
    )?;
    let base = "issuer = \"https://as.example\"\nclients = \"clients.json\"\n";
    fs::write(folder.join("strict.toml"), base)?;
    fs::write(folder.join("loopback.toml"), format!("{base}[fetch]\ndanger_allow_loopback = true\n"))?;
    for framework in ["axum", "actix"] {
        let answer =
            ask(&TokenServer::start(&folder, "strict.toml", framework, Stdio::null())?, &assertion(&key)?)?;
        assert!(answer.starts_with("HTTP/1.1 503 "), "{framework}: {answer}");
        assert!(answer.contains(r#""temporarily_unavailable""#), "{framework}: {answer}");
        let server = TokenServer::start(&folder, "loopback.toml", framework, Stdio::null())?;
        // A busy machine may not get the keys in time at first.
        let mut tries = 60;
        while tries > 0 && ask(&server, &assertion(&key)?)?.starts_with("HTTP/1.1 503 ") {
            tries -= 1;
            thread::sleep(Duration::from_secs(1));
        }
        for _ in 0..3 {
            let answer = ask(&server, &assertion(&key)?)?;
            assert!(answer.starts_with("HTTP/1.1 200 "), "{framework}: {answer}");
        }
    }
    fs::remove_dir_all(&folder)?;
    Ok(())
}

/// Where the client publishes its key.
fn host(key: &EcdsaKeyPair) -> Outcome<String> {
    let point = key.public_key().as_ref().get(1..).unwrap_or_default();
    let (x, y) = point.split_at(32);
    let jwk = json!({
        "kty": "EC", "crv": "P-256", "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
    });
    let document = json!({"keys": [jwk]}).to_string();
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}/jwks.json", listener.local_addr()?);
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.read(&mut [0; 4096]);
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", document.len());
            let _ = stream.write_all((head + &document).as_bytes());
        }
    });
    Ok(url)
}

fn assertion(key: &EcdsaKeyPair) -> Outcome<String> {
    #[allow(clippy::disallowed_methods, reason = "the server under test runs on the system's clock")]
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let claims = json!({
        "iss": "reports", "sub": "reports", "aud": "https://as.example", "iat": now.as_secs(),
        "exp": now.as_secs() + 60, "jti": now.as_nanos().to_string(),
    });
    let encode = |part: Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let input = format!("{}.{}", encode(json!({"alg": "ES256"})), encode(claims));
    let signature = key.sign(&SystemRandom::new(), input.as_bytes())?;
    Ok(format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

fn ask(server: &TokenServer, assertion: &str) -> Outcome<String> {
    let body = format!(
        "grant_type=client_credentials&client_assertion={assertion}&client_assertion_type=\
         urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
    );
    let mut stream = TcpStream::connect(&server.address)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    write!(
        stream,
        "POST /token HTTP/1.1\r\nHost: as\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
