//! Every row of the case table, as its operator sees it.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use countersign_tests::all_rows;
use countersign_tests::assertion::Assertion;
use countersign_tests::drivers::{Core, Driver, Server};
use countersign_tests::encoding::{basic, sha256_hex};
use countersign_tests::fixtures::fixtures;
use countersign_tests::request::Request;
use countersign_tests::row::{Expect, HttpRequest};
use serde_json::Value;

use super::Everyone;

/// Who was let in, by what, and by which assertion: in the audit log and in `tracing` alike.
#[test]
fn every_authentication_is_told_in_full() {
    let mut everyone = Everyone::new();
    let ears = everyone.ears();
    let (mut accepted, mut by_jti) = (0, 0);
    let rows = async {
        for row in all_rows() {
            let server = Server::observed_by(everyone.observer(), &row.setup);
            let surroundings = server.surroundings();
            let core = Core::start(server).await;
            for step in &row.steps {
                let Some((request, expect)) = surroundings.take(step) else { continue };
                core.send(request).await;
                let told = everyone.ears().take();
                let lines = everyone.audit_lines();
                let ([told], [line]) = (told.as_slice(), lines.as_slice()) else {
                    panic!("{}: {told:?} {lines:?}", row.name);
                };
                let line: Value = serde_json::from_str(line).unwrap();
                let both = |name: &str| {
                    let (told, line) = (told.field(name), line[name].as_str());
                    assert_eq!(told, line, "{}: {name}", row.name);
                    line.map(str::to_owned)
                };
                for name in [
                    "result",
                    "endpoint",
                    "alg",
                    "kid",
                    "jkt",
                    "secret_label",
                    "weak_hash",
                    "expected",
                    "got",
                ] {
                    both(name);
                }
                match expect {
                    Expect::Refused { reason, .. } => assert_eq!(both("reason").as_ref(), Some(reason)),
                    Expect::Throttled { .. } => assert_eq!(both("reason").as_deref(), Some("throttled")),
                    Expect::Accepted { client_id, method, .. } => {
                        accepted += 1;
                        assert_eq!(both("result").as_deref(), Some("authenticated"));
                        let client_id: String = client_id.chars().flat_map(escaped).collect();
                        assert_eq!(
                            (both("client_id"), both("method")),
                            (Some(client_id), Some(method.clone()))
                        );
                        let hash =
                            jwt_id(request).map(|jwt_id| sha256_hex(jwt_id.as_bytes())[..32].to_owned());
                        by_jti += usize::from(hash.is_some());
                        assert_eq!(both("jti_hash"), hash, "{}", row.name);
                    }
                }
            }
        }
    };
    ears.listen(|| futures_executor::block_on(rows));
    assert!(accepted > 500 && by_jti > 200, "{accepted} were accepted, {by_jti} of them by a jti");
}

fn escaped(character: char) -> impl Iterator<Item = char> {
    let plain = (character == '\'').then_some(character);
    plain.into_iter().chain(character.escape_default().filter(move |_| plain.is_none()))
}

/// The `jti` of the assertion in the request, wherever it stands.
pub(crate) fn jwt_id(request: &HttpRequest) -> Option<String> {
    let compact = presented_assertion(request)?;
    let payload = URL_SAFE_NO_PAD.decode(compact.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&payload).ok()?;
    claims["jti"].as_str().filter(|jwt_id| !jwt_id.is_empty()).map(str::to_owned)
}

fn presented_assertion(request: &HttpRequest) -> Option<String> {
    let in_form = form_urlencoded::parse(&request.body).find(|(name, _)| name == "client_assertion");
    let in_json = serde_json::from_slice::<Value>(&request.body).ok();
    let in_json = in_json.and_then(|body| Some(body.get("client_assertion")?.as_str()?.to_owned()));
    in_form.map(|(_, value)| value.into_owned()).or(in_json).or_else(|| {
        let mut headers = request.headers.iter();
        let (_, value) = headers.find(|(name, _)| name.eq_ignore_ascii_case("authorization"))?;
        let credentials = std::str::from_utf8(value).ok()?.split_once(' ')?.1.trim();
        let pair = STANDARD.decode(credentials).ok().and_then(|pair| String::from_utf8(pair).ok());
        let password = pair.and_then(|pair| Some(pair.split_once(':')?.1.to_owned()));
        Some(password.unwrap_or_else(|| credentials.to_owned()))
    })
}

/// Whatever a row sends, nothing in the server breaks: it then answers as one that saw nothing, and a panic, which would
/// show as 500, is in no answer.
#[test]
fn no_request_breaks_the_next() {
    let secret = fixtures().client("c-basic").secret().unwrap();
    let mut accepted = 0;
    futures_executor::block_on(async {
        for row in all_rows() {
            let (server, other) = (Server::new(&row.setup), Server::new(&row.setup));
            let surroundings = [server.surroundings(), other.surroundings()];
            let (core, other) = (Core::start(server).await, Core::start(other).await);
            for step in &row.steps {
                let [request, _] = surroundings.each_ref().map(|around| around.take(step));
                let Some((request, _)) = request else { continue };
                let status = core.send(request).await.status;
                assert_ne!(status, 500, "{}", row.name);
            }
            let by_assertion = Assertion::of("c-pkjwt-es256").mint();
            for request in [
                Request::token().authorization(basic("c-basic", &secret)).build(),
                Request::token().assertion(by_assertion).build(),
            ] {
                let answer = core.send(&request).await;
                assert_eq!(answer, other.send(&request).await, "{}", row.name);
                accepted += usize::from(answer.status == 200);
            }
        }
    });
    assert!(accepted > 2 * 1500, "only {accepted} good requests were let in");
}
