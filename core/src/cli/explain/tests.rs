//! The list of checks, judged by the server it describes.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::*;
use crate::algorithm::Algorithm;
use crate::endpoint::Endpoint;
use crate::explain::ROWS;
use crate::reason::Reason;
use crate::sign::{ClientAssertion, SigningKey};

const NOW: u64 = 1_800_000_000;
const ISSUER: &str = "https://as.example.com";

#[test]
fn there_is_a_check_in_words_for_every_reason() {
    for reason in Reason::ALL {
        assert!(ROWS.iter().any(|row| row.reason == *reason), "no check is about {reason}");
    }
}

/// Everything that makes up a request, so that two faults can be put into one.
#[derive(Clone)]
struct Parts {
    verb: &'static str,
    query: Option<&'static str>,
    media_type: &'static str,
    authorization: bool,
    form: String,
    assertion: ClientAssertion,
    broken: bool,
    key: usize,
    algorithm: Algorithm,
    client: Value,
    policy: Value,
    body_bytes: usize,
}

type Fault = (Reason, &'static str, fn(&mut Parts));

/// Faults that a request can have beside one another, in the order in which the server sees them.
const FAULTS: &[Fault] = &[
    (Reason::WrongVerb, "HTTP method", |parts| parts.verb = "GET"),
    (Reason::CredentialsInQuery, "no credentials in the query string", |parts| {
        parts.query = Some("client_id=a")
    }),
    (Reason::UnsupportedMediaType, "media type of the body", |parts| parts.media_type = "text/plain"),
    (Reason::TooLarge, "size of the body", |parts| parts.body_bytes = 70_000),
    (Reason::DuplicateParameter, "no parameter twice", |parts| parts.form.push_str("&scope=a&scope=b")),
    (Reason::MultipleMethods, "one credential and no second", |parts| parts.authorization = true),
    (Reason::AssertionMalformed, "compact JWS with a readable header", |parts| parts.broken = true),
    (Reason::CritNotUnderstood, "no critical extensions", |parts| {
        parts.assertion = parts.assertion.clone().header("crit", json!(["exp"]));
    }),
    (Reason::TypNotAllowed, "typ", |parts| parts.assertion = parts.assertion.clone().typ("at+jwt")),
    (Reason::AlgNotAllowed, "algorithm on the server's list", |parts| {
        parts.policy["algorithms"] = json!(["PS512"]);
    }),
    (Reason::ClaimWrongType, "types of the claims", |parts| {
        parts.assertion = parts.assertion.clone().claim("iss", 7);
    }),
    (Reason::MethodNotGranted, "method that this server runs", |parts| {
        parts.policy["methods"] = json!(["client_secret_basic"]);
    }),
    (Reason::ClientIdMismatch, "client_id names the same client", |parts| {
        parts.form.push_str("&client_id=someone");
    }),
    (Reason::UnknownClient, "client is registered", |parts| parts.client["client_id"] = json!("another")),
    (Reason::ClientDisabled, "client is enabled", |parts| parts.client["disabled"] = json!(true)),
    (Reason::MethodGrantExpired, "method is still the client's", |parts| {
        parts.client["auth_methods"] = json!([{ "method": "private_key_jwt", "until": NOW - 1 }]);
    }),
    (Reason::AlgNotAllowed, "algorithm is the client's", |parts| parts.algorithm = Algorithm::RS384),
    (Reason::IssMismatch, "issuer of the assertion (iss)", |parts| {
        // Once only: another fault may have given it another type.
        parts.assertion = ClientAssertion::claim(parts.assertion.clone(), "iss", "someone");
    }),
    (Reason::AudMismatch, "audience (aud)", |parts| {
        parts.assertion = parts.assertion.clone().audience("https://elsewhere.example");
    }),
    (Reason::Expired, "expiry (exp)", |parts| {
        parts.assertion = parts.assertion.clone().claim("exp", NOW - 100)
    }),
    (Reason::NotYetValid, "not from the future (nbf, iat)", |parts| {
        parts.assertion = parts.assertion.clone().claim("nbf", NOW + 100);
    }),
    (Reason::LifetimeTooLong, "lifetime", |parts| {
        parts.assertion = parts.assertion.clone().claim("exp", NOW + 100_000);
    }),
    (Reason::JtiMissing, "jti is there", |parts| {
        parts.assertion = parts.assertion.clone().without_claim("jti")
    }),
    (Reason::KeyNotFound, "key", |parts| {
        parts.assertion = parts.assertion.clone().header("kid", "unknown");
    }),
    (Reason::SignatureInvalid, "signature", |parts| parts.key = 1),
];

/// Of two faults the server reports the one that is listed first. So what stands above the failing check was made.
#[test]
fn checks_are_listed_in_the_order_in_which_the_server_makes_them() {
    let keys =
        [SigningKey::generate(Algorithm::RS256).unwrap(), SigningKey::generate(Algorithm::RS256).unwrap()];
    let keys = keys.map(|key| key.to_pem().unwrap());
    let position = |fault: &Fault| {
        let found = ROWS.iter().position(|row| row.reason == fault.0 && row.name == fault.1);
        found.unwrap_or_else(|| panic!("no check is called {:?}", fault.1))
    };
    assert!(FAULTS.is_sorted_by_key(|fault| position(fault)));
    assert!(asked(&keys, &[]).outcome.is_ok(), "{:?}", asked(&keys, &[]).outcome);
    for (number, first) in FAULTS.iter().enumerate() {
        let alone = asked(&keys, &[first]);
        assert_eq!(alone.failed().map(|check| (check.reason, check.name)), Some((first.0, first.1)));
        for second in FAULTS.iter().skip(number + 1) {
            if overwrite(first, second) {
                continue;
            }
            let both = asked(&keys, &[first, second]);
            let failed = both.failed().map(|check| (check.reason, check.name));
            assert_eq!(failed, Some((first.0, first.1)), "{:?} and {:?}", first.1, second.1);
            let other = both.checks.iter().find(|check| check.name == second.1);
            assert!(
                other.is_none_or(|check| check.state == State::NotReached),
                "{:?}, {:?}",
                first.1,
                second.1
            );
            // The other way round: what is shown as passed is not what is wrong.
            assert!(both.checks.iter().all(|check| check.state != State::Passed || check.name != second.1));
        }
    }
}

/// Two faults that set the same thing cannot be had together.
fn overwrite(first: &Fault, second: &Fault) -> bool {
    let same = |names: &[&str]| names.contains(&first.1) && names.contains(&second.1);
    same(&["types of the claims", "issuer of the assertion (iss)"]) || same(&["expiry (exp)", "lifetime"])
}

fn asked(keys: &[zeroize::Zeroizing<String>; 2], faults: &[&Fault]) -> Explanation {
    let key = |number: usize| SigningKey::from_pem(&keys[number]).unwrap();
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
    let mut public = key(0).public_jwk().unwrap();
    public.as_object_mut().unwrap().remove("alg");
    let mut parts = Parts {
        verb: "POST",
        query: None,
        media_type: "application/x-www-form-urlencoded",
        authorization: false,
        form: "grant_type=client_credentials".to_owned(),
        assertion: ClientAssertion::for_client("billing").audience(ISSUER).issued_at(now),
        broken: false,
        key: 0,
        algorithm: Algorithm::RS256,
        client: json!({
            "client_id": "billing",
            "token_endpoint_auth_method": "private_key_jwt",
            "token_endpoint_auth_signing_alg": "RS256",
            "jwks": { "keys": [public] },
        }),
        policy: json!({}),
        body_bytes: 0,
    };
    faults.iter().for_each(|(_, _, put)| put(&mut parts));
    let key_id = key(0).key_id().unwrap().to_owned();
    let signing = key(parts.key).with_key_id(key_id).with_algorithm(parts.algorithm).unwrap();
    let mut compact = parts.assertion.sign(&signing).unwrap().as_str().to_owned();
    if parts.broken {
        compact.insert(0, '!');
    }
    let mut body = format!(
        "{}&client_assertion_type={}&client_assertion={}",
        parts.form,
        crate::form_encoding::encode_text(crate::assertion::JWT_BEARER),
        crate::form_encoding::encode_text(&compact),
    );
    if body.len() < parts.body_bytes {
        body.push_str("&padding=");
        body.push_str(&"x".repeat(parts.body_bytes));
    }
    let mut headers = vec![("content-type".to_owned(), parts.media_type.as_bytes().to_vec())];
    if parts.authorization {
        headers.push(("authorization".to_owned(), b"Basic YTpi".to_vec()));
    }
    let mut situation = Situation::new(ISSUER, now);
    situation.clients = vec![parts.client];
    situation.policy = situation.policy.with_switches(parts.policy.as_object().unwrap().clone()).unwrap();
    let request = HttpRequest {
        endpoint: Endpoint::Token,
        verb: parts.verb.to_owned(),
        query: parts.query.map(str::to_owned),
        headers,
        body: body.into_bytes(),
        certificates: None,
        source: None,
        arrived_at: None,
    };
    crate::cli::runtime::block_on(explain(&situation, &request)).unwrap().unwrap()
}

#[test]
fn what_was_captured_is_read() {
    let jwt = HttpRequest::read(b"eyJhbGciOiJub25lIn0.e30.\n", None).unwrap();
    assert!(
        jwt.body.starts_with(b"client_assertion_type=urn%3Aietf"),
        "{:?}",
        String::from_utf8_lossy(&jwt.body)
    );
    assert!(jwt.body.ends_with(b"&client_assertion=eyJhbGciOiJub25lIn0.e30."));
    let form = HttpRequest::read(b"grant_type=a&client_id=b\r\n", Some(Endpoint::Revocation)).unwrap();
    assert_eq!(
        (form.body.as_slice(), form.endpoint),
        (b"grant_type=a&client_id=b".as_slice(), Endpoint::Revocation)
    );
    let message = "POST /oauth/par?x=1 HTTP/1.1\r\nHost: as\r\nAuthorization: Basic YTpi\r\n\r\na=b\n";
    let curl = "> POST /oauth/par?x=1 HTTP/1.1\n> Host: as\n> Authorization: Basic YTpi\n>\na=b\n";
    for captured in [message, curl] {
        let request = HttpRequest::read(captured.as_bytes(), None).unwrap();
        assert_eq!((request.verb.as_str(), request.query.as_deref()), ("POST", Some("x=1")));
        assert_eq!(request.endpoint, Endpoint::PushedAuthorization);
        assert_eq!(request.headers[1], ("Authorization".to_owned(), b"Basic YTpi".to_vec()));
        assert_eq!(request.body, b"a=b");
    }
    let counted = b"POST / HTTP/1.1\nContent-Length: 4\n\na=b\n\n";
    assert_eq!(HttpRequest::read(counted, None).unwrap().body, b"a=b\n");
    assert!(
        HttpRequest::read(b"POST / HTTP/1.1\nContent-Length: 9\n\na=b", None)
            .unwrap_err()
            .contains("cut off")
    );
    assert!(HttpRequest::read(b" \n", None).is_err());
}
