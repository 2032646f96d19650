//! Who may register: initial access tokens.

use std::sync::{Arc, Mutex};

use countersign::registration::{InitialAccess, Outcome, generate_token};
use countersign::secret::sha256;
use countersign::store::StoreError;

use super::*;

fn post(bed: &Bed, authorization: Option<&str>) -> Answer {
    let mut headers = vec![JSON];
    headers.extend(authorization.map(|value| ("authorization", value)));
    block_on(bed.registration.register(&headers.as_slice(), format!("{{{MACHINE}}}").as_bytes(), None))
}

fn closed() -> Registration {
    Registration::new(bed().auth, MemoryRegistry::default(), ENDPOINT).unwrap()
}

#[test]
fn nobody_may_register_until_somebody_is_let_in() {
    let bed = bed().with(|_| closed());
    for authorization in [None, Some("Bearer x")] {
        let answer = post(&bed, authorization);
        assert_eq!((answer.status(), answer.event().outcome()), (401, Outcome::TokenWrong));
        assert!(answer.event().detail().unwrap().contains("nobody may register"));
    }
    let nobody: [&str; 0] = [];
    let bed = bed.with(|registration| registration.initial_access_tokens(nobody).unwrap());
    assert_eq!(post(&bed, Some("Bearer x")).status(), 401);
}

#[test]
fn a_token_of_the_set_registers_and_nothing_else_does() {
    let (one, other) = (generate_token().unwrap(), generate_token().unwrap());
    let bed =
        bed().with(|registration| registration.initial_access_tokens([one.hash(), sha256("other")]).unwrap());
    let token = one.expose();
    for right in [&format!("Bearer {token}"), &format!("bearer  {token}"), "Bearer other"] {
        assert_eq!(post(&bed, Some(right)).status(), 201, "{right}");
    }
    let missing = [
        None,
        Some(""),
        Some("Bearer"),
        Some("Bearer "),
        Some("Basic eDp5"),
        Some("Bearer a b"),
        Some("Bearer é"),
    ];
    let long = format!("Bearer {}", "a".repeat(1025));
    for authorization in missing.into_iter().chain([Some(&*long)]) {
        let answer = post(&bed, authorization);
        assert_eq!(
            (answer.status(), answer.event().outcome()),
            (401, Outcome::TokenMissing),
            "{authorization:?}"
        );
        assert_eq!(header(&answer, "www-authenticate"), Some("Bearer"));
        assert_eq!(refusal(&answer).1, "invalid_token");
    }
    let hash = one.hash();
    for wrong in [other.expose(), &token[..45], &hash[7..], "x"] {
        let answer = post(&bed, Some(&format!("Bearer {wrong}")));
        assert_eq!((answer.status(), answer.event().outcome()), (401, Outcome::TokenWrong), "{wrong}");
        assert_eq!(header(&answer, "www-authenticate"), Some("Bearer error=\"invalid_token\""));
    }
    let twice = format!("Bearer {token}");
    let headers = [JSON, ("authorization", twice.as_str()), ("Authorization", twice.as_str())];
    assert_eq!(block_on(bed.registration.register(&headers.as_slice(), b"{}", None)).status(), 401);
}

#[test]
fn the_set_is_given_as_hashes_never_as_tokens() {
    for wrong in ["token", "sha256:", "sha256:xyz", "$2b$10$abcdefghijklmnopqrstuu"] {
        let error = closed().initial_access_tokens([wrong]).unwrap_err();
        assert_eq!(error.setting(), "initial_access_tokens");
        assert!(!error.to_string().contains(wrong) || wrong == "sha256:" || wrong == "token", "{error}");
    }
}

/// Each token once.
#[derive(Clone)]
struct Once(Arc<Mutex<Vec<String>>>);

impl InitialAccess for Once {
    async fn admits(&self, token: &[u8; 32]) -> Result<bool, StoreError> {
        let hash: String = token.iter().map(|octet| format!("{octet:02x}")).collect();
        let mut left = self.0.lock().map_err(|_| StoreError::new("poisoned"))?;
        if left.is_empty() {
            return Err(StoreError::new("the tokens are gone"));
        }
        let found = left.iter().position(|known| *known == format!("sha256:{hash}"));
        Ok(found.map(|found| left.remove(found)).is_some())
    }
}

#[test]
fn a_port_can_use_tokens_up_and_its_outage_is_503() {
    let tokens = Once(Arc::new(Mutex::new(vec![sha256("one"), sha256("two")])));
    let bed = bed().with(|registration| registration.initial_access(tokens));
    assert_eq!(post(&bed, Some("Bearer one")).status(), 201);
    assert_eq!(post(&bed, Some("Bearer one")).status(), 401);
    assert_eq!(post(&bed, Some("Bearer two")).status(), 201);
    let answer = post(&bed, Some("Bearer three"));
    assert_eq!((answer.status(), header(&answer, "retry-after")), (503, Some("1")));
    assert_eq!(refusal(&answer).1, "temporarily_unavailable");
    assert!(!refusal(&answer).2.contains("gone"));
    assert!(answer.event().detail().unwrap().contains("the tokens are gone"));
}

#[test]
fn an_endpoint_is_a_whole_url() {
    for (url, fine) in [
        ("https://as.example.com/register", true),
        ("http://127.0.0.1:8080/register/", true),
        ("/register", false),
        ("https://as.example.com/register?x", false),
        ("https://as.example.com/register#x", false),
        ("https://as.example.com/re gister", false),
    ] {
        let registration = Registration::new(bed().auth, MemoryRegistry::default(), url);
        assert_eq!(registration.is_ok(), fine, "{url}");
        if let Ok(registration) = registration {
            assert_eq!(registration.client_uri("c"), format!("{}/c", url.trim_end_matches('/')));
        }
    }
}
