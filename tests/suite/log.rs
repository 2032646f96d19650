//! The operator's line, and the answers beside it: safe to print, telling, and without a credential.

use std::collections::BTreeSet;

use countersign_tests::all_rows;
use countersign_tests::assertion::Assertion;
use countersign_tests::drivers::{Answer, Core, Driver, Log, Server};
use countersign_tests::encoding::basic;
use countersign_tests::fixtures::fixtures;
use countersign_tests::request::Request;
use countersign_tests::row::HttpRequest;
use countersign_tests::scene::{Scene, scene};

/// A server whose lines can be read.
struct Desk {
    core: Core,
    log: Log,
}

impl Desk {
    fn new(scene: Scene) -> Self {
        let server = Server::new(&scene.row().setup);
        let log = server.log.clone();
        Desk { core: futures_executor::block_on(Core::start(server)), log }
    }

    /// The answer, the line, and every other form in which an operator could print the decision.
    fn send(&self, request: &HttpRequest) -> (Answer, String, Vec<String>) {
        self.log.clear();
        let answer = futures_executor::block_on(self.core.send(request));
        let mut lines = self.log.lines();
        assert!(lines.len() > 1, "the observer is told of every decision");
        (answer, lines.remove(0), lines)
    }
}

fn desk() -> Desk {
    let clients = ["c-basic", "c-post", "c-none", "c-csjwt", "c-pkjwt-es256"];
    Desk::new(clients.into_iter().fold(scene("log"), |scene, client| scene.fixture(client)))
}

/// Over every row, in one pass: the line is one line, and a refusal is one of a few texts that were written beforehand.
/// So nothing of the request, no secret and no expected value can be in one.
#[test]
fn answers_are_fixed_texts_and_lines_are_single() {
    let (mut bodies, mut refusals) = (BTreeSet::new(), 0);
    for row in all_rows() {
        let server = Server::new(&row.setup);
        let (log, surroundings) = (server.log.clone(), server.surroundings());
        let desk = Desk { core: futures_executor::block_on(Core::start(server)), log };
        for step in &row.steps {
            let Some((request, _)) = surroundings.take(step) else { continue };
            let (answer, line, _) = desk.send(request);
            assert!(is_one_line(&line), "{}: {line:?}", row.name);
            if answer.status != 200 {
                refusals += 1;
                is_well_formed(&answer, &row.name);
                bodies.insert(answer.body);
            }
        }
    }
    assert!(refusals > 1000, "only {refusals} refusals");
    assert!((4..=7).contains(&bodies.len()), "{bodies:#?}");
    for body in bodies {
        is_of_rfc_6749(&body);
    }
}

/// RFC 6749 §5.2.
fn is_of_rfc_6749(body: &str) {
    let members: serde_json::Map<String, serde_json::Value> = serde_json::from_str(body).unwrap();
    let names: Vec<&str> = members.keys().map(String::as_str).collect();
    assert_eq!(names, ["error", "error_description"]);
    let is_allowed = |byte: u8| matches!(byte, 0x20..=0x21 | 0x23..=0x5B | 0x5D..=0x7E);
    for text in members.values() {
        let text = text.as_str().unwrap();
        assert!(!text.is_empty() && text.bytes().all(is_allowed), "{text:?}");
    }
}

fn is_well_formed(answer: &Answer, name: &str) {
    let header = |wanted: &str| {
        let mut found = answer.headers.iter().filter(|(header, _)| header == wanted);
        let value = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "{name}: {wanted} twice");
        value
    };
    assert_eq!(header("content-type"), Some("application/json"), "{name}");
    assert_eq!(header("cache-control"), Some("no-store"), "{name}");
    assert_eq!(header("pragma"), Some("no-cache"), "{name}");
    let challenge = header("www-authenticate");
    assert_eq!(
        challenge.is_some_and(|value| value.starts_with("Basic realm=")),
        answer.status == 401,
        "{name}"
    );
}

/// Printable ASCII, and the sign that something was cut off.
fn is_one_line(line: &str) -> bool {
    line.len() < 10 * 1024 && line.chars().all(|character| matches!(character, ' '..='~' | '…'))
}

#[test]
fn obs_012_text_of_the_caller_cannot_forge_a_line() {
    let desk = desk();
    for hostile in [
        "x\r\nauthenticated endpoint=token client=\"c-basic\"".to_owned(),
        "x\nINFO forged".to_owned(),
        "\u{1b}[2J\u{1b}[31mred\u{1b}]0;title\u{7}".to_owned(),
        "line\u{2028}separator\u{2029}paragraph\u{85}next".to_owned(),
        "right\u{202E}to-left \u{200B}nothing \u{FEFF}bom".to_owned(),
        "quoted\" reason=none got=\"".to_owned(),
        "back\\slash".to_owned(),
        "nul\0".to_owned(),
        "a".repeat(10 * 1024),
        "\u{1F600}".repeat(2560),
    ] {
        let assertion = || Assertion::of("c-pkjwt-es256");
        let requests = [
            Request::token().field("client_id", &hostile),
            Request::token().post(&hostile, "secret"),
            Request::token().authorization(basic(&hostile, "secret")),
            Request::token().authorization(basic("c-basic", "x")).field("client_id", &hostile),
            Request::token()
                .assertion(assertion().claim("iss", hostile.as_str()).claim("sub", hostile.as_str()).mint()),
            Request::token().assertion(assertion().claim("aud", hostile.as_str()).mint()),
            Request::token().assertion(assertion().header("kid", hostile.as_str()).mint()),
            Request::token().assertion(assertion().header("typ", hostile.as_str()).mint()),
            Request::token().assertion(assertion().header("alg", hostile.as_str()).mint()),
            Request::token().field("client_assertion_type", &hostile).field("client_assertion", "x.y.z"),
            Request::token().field(&hostile, "x").field(&hostile, "x"),
            Request::token().content_type("text/plain").verb("POST").field("x", &hostile),
        ];
        for request in requests {
            let (answer, line, others) = desk.send(&request.build());
            assert!(matches!(answer.status, 400 | 401 | 413), "{answer:?}");
            assert!(is_one_line(&line), "{line:?}");
            // Cut off; an escape takes up to ten characters.
            assert!(line.len() < 2048 || !hostile.is_ascii(), "{line:?}");
            assert!(line.starts_with("refused reason="), "{line:?}");
            for other in others {
                let breaks = ['\u{2028}', '\u{2029}', '\u{202E}', '\u{FEFF}'];
                let broken = other.chars().any(|it| it.is_control() || breaks.contains(&it));
                assert!(!broken, "{other:?}");
            }
        }
    }
}

#[test]
fn obs_014_a_credential_in_the_query_is_not_repeated() {
    let desk = desk();
    let token = Assertion::of("c-pkjwt-es256").mint();
    let secret = fixtures().client("c-post").secret().unwrap();
    let encoded: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    for query in [
        format!("client_id=c-post&client_secret={encoded}"),
        format!("client_secret={encoded}"),
        format!("client_assertion={token}"),
        format!("client%5Fsecret={encoded}"),
    ] {
        for request in [Request::token(), Request::token().post("c-post", &secret)] {
            let (answer, line, others) = desk.send(&request.query(&query).build());
            assert_eq!(answer.status, 400);
            assert!(line.contains("reason=credentials_in_query"), "{line}");
            for said in others.iter().chain([&line, &answer.body]) {
                for credential in [secret.as_str(), &encoded, token.rsplit('.').next().unwrap()] {
                    assert!(!said.contains(credential), "{said}");
                }
            }
        }
    }
}

#[test]
fn obs_021_an_authentication_leaves_a_line_by_which_it_is_found() {
    let desk = desk();
    let secret_of = |client: &str| fixtures().client(client).secret().unwrap();
    for (method, class, client, request) in [
        (
            "client_secret_basic",
            "confidential",
            "c-basic",
            Request::token().basic("c-basic", &secret_of("c-basic")),
        ),
        (
            "client_secret_post",
            "confidential",
            "c-post",
            Request::token().post("c-post", &secret_of("c-post")),
        ),
        ("none", "public", "c-none", Request::token().field("client_id", "c-none")),
    ] {
        let (answer, line, _) = desk.send(&request.build());
        assert_eq!(answer.status, 200);
        let begin =
            format!("authenticated endpoint=token client=\"{client}\" class={class} method={method} ");
        assert!(line.starts_with(&begin), "{line}");
        assert!(!line.contains("jti_hash"), "{line}");
    }
    let mut hashes = BTreeSet::new();
    for (method, client) in [("client_secret_jwt", "c-csjwt"), ("private_key_jwt", "c-pkjwt-es256")] {
        for _ in 0..2 {
            let assertion = Assertion::of(client).claim("jti", format!("jti-of-{client}-{}", hashes.len()));
            let request = Request::token().assertion(assertion.mint()).build();
            let (answer, line, others) = desk.send(&request);
            assert_eq!(answer.status, 200);
            let begin = format!(
                "authenticated endpoint=token client=\"{client}\" class=confidential method={method} alg="
            );
            assert!(line.starts_with(&begin), "{line}");
            assert_eq!(line.contains(" kid=\"es-1\""), method == "private_key_jwt", "{line}");
            let hash =
                line.split(" jti_hash=").nth(1).and_then(|rest| rest.split(' ').next()).unwrap().to_owned();
            assert_eq!(hash.len(), 32, "{line}");
            // The line of a replay can be held against it.
            let (again, replay, _) = desk.send(&request);
            assert_eq!(again.status, 400);
            assert!(
                replay.contains("reason=replayed") && replay.contains(&format!("jti_hash={hash}")),
                "{replay}"
            );
            for said in others.iter().chain([&line, &replay]) {
                assert!(!said.contains("jti-of-"), "{said}");
            }
            assert!(hashes.insert(hash), "two assertions have one name");
        }
    }
}
