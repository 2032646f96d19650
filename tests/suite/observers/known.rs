//! What is known about a decision.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use countersign::certificate::PeerCertificates;
use countersign::observer::{Decision, Event, Observer};
use countersign::{AuthRequest, ClientClass, Endpoint, Reason};
use countersign_tests::assertion::Assertion;
use countersign_tests::encoding::{basic, sha256_hex};
use countersign_tests::fixtures::fixtures;
use countersign_tests::request::Request;
use countersign_tests::row::NOW;
use serde_json::{Value, json};

use super::{naming, send, server};

/// Keeps what it was told.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<(Event, String, bool)>>>);

impl Observer for Heard {
    fn decided(&self, decision: &Decision<'_>) {
        let heard = (Event::from(decision), decision.to_string(), decision.is_of_registered_client());
        self.0.lock().unwrap().push(heard);
    }
}

impl Heard {
    fn last(&self) -> (Event, String, bool) {
        self.0.lock().unwrap().pop().unwrap()
    }
}

#[test]
fn a_client_by_assertion() {
    let heard = Heard::default();
    let auth = server(heard.clone());
    let assertion = Assertion::of("c-pkjwt-es256").claim("jti", "one-of-a-kind");
    let request = Request::token().assertion(assertion.mint()).build();
    let client = send(&auth, &request).unwrap();
    let (event, line, registered) = heard.last();
    assert_eq!(event.time, SystemTime::UNIX_EPOCH + Duration::from_secs(NOW.unsigned_abs()));
    assert!(event.is_authenticated() && registered);
    assert_eq!(event.client_id.as_deref(), Some("c-pkjwt-es256"));
    assert_eq!(event.class, Some(ClientClass::Confidential));
    assert_eq!(event.method.as_deref(), Some("private_key_jwt"));
    assert_eq!(event.key_id.as_deref(), client.key_id());
    assert_eq!(event.key_thumbprint.as_deref(), client.key_thumbprint());
    let hash = &sha256_hex(b"one-of-a-kind")[..32];
    assert_eq!(event.jwt_id_hash.as_deref(), Some(hash));
    assert!(line.starts_with("authenticated endpoint=token client=\"c-pkjwt-es256\" class=confidential "));
    assert!(line.contains(&format!(" jti_hash={hash} ")), "{line}");

    // Used again: the same hash, so that the two can be put together.
    assert_eq!(send(&auth, &request).unwrap_err().reason(), Reason::Replayed);
    let (event, line, registered) = heard.last();
    assert_eq!((event.reason, registered), (Some(Reason::Replayed), true));
    assert_eq!((event.class, event.key_thumbprint), (None, None));
    assert_eq!(event.jwt_id_hash.as_deref(), Some(hash));
    assert!(line.contains(&format!(" jti_hash={hash} ")), "{line}");
    assert!(!line.contains("one-of-a-kind"), "{line}");
}

#[test]
fn a_client_by_secret_and_one_by_name() {
    let heard = Heard::default();
    let auth = server(heard.clone());
    let secret = fixtures().client("c-basic").secret().unwrap();
    let request = Request::token().authorization(basic("c-basic", &secret)).build();
    send(&auth, &request).unwrap();
    let (event, line, _) = heard.last();
    assert_eq!(event.secret_label.as_deref(), Some("2026"));
    assert_eq!((event.jwt_id_hash, event.certificate_thumbprint, event.algorithm), (None, None, None));
    assert!(line.contains(" secret=\"2026\" "), "{line}");

    send(&auth, &naming("pub")).unwrap();
    assert_eq!(heard.last().0.class, Some(ClientClass::Public));
}

#[test]
fn who_is_registered_is_told_from_who_only_says_so() {
    let heard = Heard::default();
    let auth = server(heard.clone());
    let secret = |id: &str| Request::token().basic(id, "wrong").build();
    for (request, reason, registered) in [
        (secret("c-basic"), Reason::SecretMismatch, true),
        (secret("nobody"), Reason::UnknownClient, false),
        (secret("pub"), Reason::MethodNotGranted, true),
        (naming("c-basic"), Reason::MethodNotGranted, true),
        (naming("nobody"), Reason::UnknownClient, false),
        (Request::token().post("c-basic", "").build(), Reason::MethodNotGranted, true),
        (
            Request::token().assertion("x").field("client_id", "any").build(),
            Reason::AssertionMalformed,
            false,
        ),
    ] {
        assert_eq!(send(&auth, &request).unwrap_err().reason(), reason, "{request:?}");
        assert_eq!(heard.last().2, registered, "{request:?}");
    }
}

/// The certificate of the connection, whoever was proved by what.
#[test]
fn the_certificate_of_the_connection_is_named_by_its_hash() {
    let heard = Heard::default();
    let auth = server(heard.clone());
    let certificates = PeerCertificates::from_handshake([b"DER of a certificate".to_vec()]).unwrap();
    for client_id in ["pub", "nobody"] {
        let request = naming(client_id);
        let headers = request.headers.as_slice();
        let request = AuthRequest::new(Endpoint::Token, "POST", &headers, request.body.clone().into());
        let request = request.with_certificates(Some(&certificates));
        let result = futures_executor::block_on(auth.authenticate(request));
        assert_eq!(result.is_ok(), client_id == "pub");
        let (event, line, _) = heard.last();
        assert_eq!(event.certificate_thumbprint.as_deref(), Some(certificates.thumbprint()));
        assert!(line.contains(&format!(" certificate={} ", certificates.thumbprint())), "{line}");
    }
}

#[test]
fn an_event_is_a_flat_object() {
    let heard = Heard::default();
    let auth = server(heard.clone());
    let request = naming("no\"body\n");
    let headers = request.headers.as_slice();
    let request = AuthRequest::new(Endpoint::Token, "POST", &headers, request.body.clone().into());
    let request = request.with_source(Some([192, 0, 2, 7].into()));
    futures_executor::block_on(auth.authenticate(request)).unwrap_err();
    let event: Value = serde_json::to_value(heard.last().0).unwrap();
    let expected = json!({
        "time": "2027-01-15T08:00:00.000000Z",
        "result": "refused",
        "reason": "unknown_client",
        "endpoint": "token",
        "client_id": r#"no\"body\n"#,
        "method": "none",
        "source": "192.0.2.7",
        "expected": "a registered client_id",
        "got": r#"no\"body\n"#,
        "duration_us": 0,
    });
    assert_eq!(event, expected);
}
