//! What the library promises of itself, whatever the request.

use std::path::Path;

use countersign::clock::Clock;
use countersign::method::{Attempt, Method};
use countersign::observer::Observer;
use countersign::replay::MemoryReplayStore;
use countersign::store::Clients;
use countersign::{
    AuthMethod, AuthRequest, AuthenticatedClient, Authenticator, Client, ConfigError, Endpoint, Headers,
    Policy, Refusal,
};
use countersign_tests::all_rows;
use countersign_tests::drivers::{Core, Driver, Server};
use countersign_tests::fixtures::fixtures;
use countersign_tests::request::Request;
use countersign_tests::row::{HttpRequest, Row};
use countersign_tests::scene::scene;
use countersign_tower::ClientAuthLayer;
use serde_json::Value;
use tower::ServiceExt as _;

use crate::observers::{Everyone, jwt_id};

const fn shared<T: Send + Sync>() {}
const fn sent<T: Send>(_: &T) {}

/// Compiles or does not.
#[test]
fn public_types_cross_threads_and_ports_are_objects() {
    shared::<Authenticator>();
    shared::<AuthenticatedClient>();
    shared::<Client>();
    shared::<ConfigError>();
    shared::<Policy>();
    shared::<Refusal>();
    shared::<Box<dyn Method>>();
    shared::<Box<dyn Attempt>>();
    shared::<Box<dyn Clock>>();
    shared::<Box<dyn Observer>>();
    shared::<&dyn Headers>();
    shared::<countersign_tower::ClientAuthLayer>();
    shared::<countersign_actix::ClientAuthMiddleware>();
    shared::<countersign::discovery::AuthorizationServerMetadata>();
    shared::<countersign_tower::Discovery>();
    shared::<countersign_actix::Discovery>();
}

/// A multi-threaded runtime may move the decision between threads.
#[test]
fn the_decision_is_send() {
    let row = all_rows().into_iter().next().unwrap();
    let auth = Server::new(&row.setup).auth;
    let headers: &[(&str, &str)] = &[];
    sent(&auth.authenticate(AuthRequest::new(countersign::Endpoint::Token, "POST", &headers, "".into())));
}

/// Over every row and through every observer: neither what is registered nor what was sent shows in an answer, a log
/// line, a `Debug` or an error, and nothing shows that a terminal would not print as it is.
#[test]
fn no_secret_shows_anywhere() {
    let mut looked_at = 0;
    let mut everyone = Everyone::new();
    let ears = everyone.ears();
    let rows = async {
        for row in all_rows() {
            let registered = registered_secrets(&row);
            let server = Server::observed_by(everyone.observer(), &row.setup);
            let (log, surroundings) = (server.log.clone(), server.surroundings());
            let core = Core::start(server).await;
            for step in &row.steps {
                let Some((request, _)) = surroundings.take(step) else { continue };
                log.clear();
                let answer = core.send(request).await;
                let mut seen = everyone.texts();
                assert!(seen.len() > 10, "{}: {seen:?}", row.name);
                for text in &seen {
                    let is_harmless = |character| matches!(character, ' '..='~' | '…');
                    assert!(text.chars().all(is_harmless), "{}: {text:?}", row.name);
                }
                seen.extend(log.lines());
                seen.push(format!("{answer:?}"));
                let mut secrets: Vec<String> =
                    registered.iter().cloned().chain(presented_secrets(request)).collect();
                // Who writes a secret into the client_id has written it into the log.
                let client_id = form_urlencoded::parse(&request.body).find(|(name, _)| name == "client_id");
                secrets.retain(|secret| client_id.iter().all(|(_, id)| !id.contains(secret.as_str())));
                looked_at += secrets.len();
                for (line, secret) in seen.iter().flat_map(|line| secrets.iter().map(move |s| (line, s))) {
                    assert!(!line.contains(secret.as_str()), "{}: {secret:?} shows in {line}", row.name);
                }
            }
        }
    };
    ears.listen(|| futures_executor::block_on(rows));
    assert!(looked_at > 5000, "only {looked_at} secrets were looked for");
}

/// Whoever nobody named cannot be named by a request either: not by its Host, not by the path it came to.
#[test]
fn aud_043_a_server_without_an_identity_is_not_built() {
    let clients = || Clients::new([Client::new("c").with_method(AuthMethod::PRIVATE_KEY_JWT)]).unwrap();
    let nameless = || {
        Authenticator::builder()
            .endpoint(Endpoint::Token, "https://as.example.com/token")
            .clients(clients())
            .replay(MemoryReplayStore::new())
    };
    for builder in [nameless(), nameless().issuer(""), nameless().issuer("https://as.example.com/?a=b")] {
        assert_eq!(builder.build().unwrap_err().setting(), "issuer");
    }
    let mut nobody = Policy::default();
    nobody.audiences.clear();
    let unheard = nameless().issuer("https://as.example.com").policy(nobody).build();
    assert_eq!(unheard.unwrap_err().setting(), "audiences");
    assert!(nameless().issuer("https://as.example.com").build().is_ok());
}

/// Behind the layer there is what the application put there, and nothing else.
#[test]
fn cve_004_the_layer_adds_no_route() {
    let row = all_rows().into_iter().next().unwrap();
    let auth = Server::new(&row.setup).auth;
    let layer = ClientAuthLayer::new(auth).routes([("/token", Endpoint::Token)]).unwrap();
    let app = axum::Router::new().layer(layer);
    for path in [
        "/",
        "/debug",
        "/clients",
        "/secrets",
        "/admin",
        "/metrics",
        "/status",
        "/countersign",
        "/keys",
        "/jwks",
        "/token/debug",
        "/token/clients",
        "/.well-known/countersign",
    ] {
        for verb in ["GET", "POST", "OPTIONS", "TRACE"] {
            let request = http::Request::builder().method(verb).uri(path).body(axum::body::Body::empty());
            let answer = futures_executor::block_on(app.clone().oneshot(request.unwrap())).unwrap();
            assert_eq!(answer.status(), 404, "{verb} {path}");
            assert!(answer.extensions().get::<Refusal>().is_none());
        }
    }
}

/// What the fuzzers begin with, in every place where it could be read: no panic, no fault of the server's, and the next
/// request is served.
#[test]
fn obs_025_no_seed_of_the_fuzzers_is_a_fault_of_the_server() {
    let seeds = seeds(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus"));
    assert!(seeds.len() >= 20, "{} seeds", seeds.len());
    let clients = ["c-basic", "c-post", "c-none", "c-csjwt", "c-pkjwt-es256"];
    let scene = clients.into_iter().fold(scene("seeds"), |scene, client| scene.fixture(client));
    let server = Server::new(&scene.row().setup);
    let log = server.log.clone();
    let core = futures_executor::block_on(Core::start(server));
    let good = Request::token().basic("c-basic", &fixtures().client("c-basic").secret().unwrap()).build();
    for seed in seeds {
        let text = String::from_utf8_lossy(&seed).into_owned();
        let header = [b"Basic ".as_slice(), &seed].concat();
        for request in [
            Request::token().body(seed.clone()),
            Request::token().authorization(seed.clone()),
            Request::token().authorization(header),
            Request::token().assertion(&text),
            Request::token().field("client_id", &text),
            Request::token().post("c-post", &text),
            Request::token().query(&text),
            Request::token().content_type(&text),
        ] {
            let answer = futures_executor::block_on(core.send(&request.build()));
            assert!(matches!(answer.status, 200 | 400 | 401 | 413), "{answer:?}");
            assert_ne!(log.reason().as_deref(), Some("internal_error"));
            assert_eq!(futures_executor::block_on(core.send(&good)).status, 200);
        }
    }
}

fn seeds(folder: &Path) -> Vec<Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { seeds(&path) } else { vec![std::fs::read(path).unwrap()] })
        .collect()
}

/// Registered objects, printed.
#[test]
fn no_registered_secret_shows_in_debug() {
    for row in all_rows() {
        let secrets = registered_secrets(&row);
        for metadata in &row.setup.clients {
            let Ok(metadata) =
                serde_json::from_value::<countersign::metadata::ClientMetadata>(metadata.clone())
            else {
                continue;
            };
            let mut printed = format!("{metadata:?} {:?}", metadata.client_secrets);
            for client in [Client::try_from(&metadata), Client::from_stored(&metadata)] {
                match client {
                    Ok(client) => printed.push_str(&format!("{client:?} {:?}", client.secrets())),
                    Err(error) => printed.push_str(&format!("{error} {error:?}")),
                }
            }
            printed.push_str(&metadata.warnings().concat());
            for secret in &secrets {
                assert!(!printed.contains(secret.as_str()), "{}: {secret:?} shows in {printed}", row.name);
            }
        }
    }
}

fn registered_secrets(row: &Row) -> Vec<String> {
    let of = |value: &Value| value.as_str().map(str::to_owned);
    row.setup
        .clients
        .iter()
        .flat_map(|client| {
            let several = client["client_secrets"].as_array().into_iter().flatten();
            let several = several.flat_map(|entry| [of(&entry["secret"]), of(&entry["secret_hash"])]);
            [of(&client["client_secret"])].into_iter().chain(several).flatten().collect::<Vec<_>>()
        })
        .filter(|secret| is_telling(secret))
        .collect()
}

/// The passwords, assertions and `jti`s of a request, in every form in which they could be repeated.
fn presented_secrets(request: &HttpRequest) -> Vec<String> {
    let mut secrets: Vec<String> = jwt_id(request).into_iter().collect();
    for (name, value) in &request.headers {
        if let Ok(value) = std::str::from_utf8(value)
            && name.eq_ignore_ascii_case("authorization")
        {
            secrets.extend(value.split_whitespace().skip(1).map(str::to_owned));
        }
    }
    let query = request.query.as_deref().unwrap_or_default();
    for (name, value) in form_urlencoded::parse(&request.body).chain(form_urlencoded::parse(query.as_bytes()))
    {
        if ["client_secret", "client_assertion"].contains(&&*name) {
            secrets.extend(value.split('.').filter(|part| part.len() < 2000).map(str::to_owned));
        }
    }
    secrets.retain(|secret| is_telling(secret));
    secrets
}

/// Short words stand in log lines for reasons of their own.
fn is_telling(secret: &str) -> bool {
    secret.len() >= 12
}
