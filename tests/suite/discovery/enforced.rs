//! Whatever is advertised authenticates, and nothing else does.

use std::collections::BTreeSet;

use bytes::Bytes;
use countersign::certificate::{PeerCertificates, TrustAnchors};
use countersign::discovery::AuthorizationServerMetadata;
use countersign::method::{Attempt, Context, Method, Presented, Proof, Verification};
use countersign::replay::MemoryReplayStore;
use countersign::store::Clients;
use countersign::{AuthMethod, AuthRequest, Authenticator, Client, ClientClass, Endpoint, Policy, Reason};
use countersign_tests::drivers::SetClock;
use countersign_tests::row::{Endpoint as RowEndpoint, HttpRequest, ISSUER, NOW, STARTED_AT};
use countersign_tests::x509;
use serde_json::{Value, json};

use super::pairs::{Pair, clients, clients_under};

/// The server's side of mutual TLS.
#[derive(Clone, Copy, Debug)]
enum Certificates {
    Unseen,
    /// `tls_client_auth` runs where it is named, for clients with trust anchors of their own.
    SelfSignedAlone,
    OfAuthorities,
}

#[test]
fn every_advertised_pair_authenticates_and_every_other_is_refused() {
    use Certificates::{OfAuthorities, SelfSignedAlone, Unseen};
    let mut tried = [0, 0];
    for preset in Policy::PRESETS {
        for certificates in [Unseen, SelfSignedAlone, OfAuthorities] {
            hold_to_its_word(preset, json!({}), certificates, &mut tried);
        }
    }
    let signing = ["private_key_jwt", "client_secret_jwt"];
    for (preset, policy, certificates) in [
        ("default", json!({"methods": signing}), OfAuthorities),
        ("default", json!({"methods": ["private_key_jwt"]}), Unseen),
        ("default", json!({"methods": ["client_secret_jwt"]}), Unseen),
        ("default", json!({"methods": ["client_secret_jwt"], "algorithms": ["HS512"]}), Unseen),
        ("default", json!({"methods": signing, "algorithms": ["PS384", "HS256"]}), Unseen),
        ("default", json!({"methods": ["client_secret_basic"]}), OfAuthorities),
        ("default", json!({"methods": ["client_secret_post", "none"]}), Unseen),
        ("default", json!({"methods": ["none"]}), Unseen),
        ("default", json!({"methods": ["none", "tls_client_auth"]}), OfAuthorities),
        ("default", json!({"methods": ["none", "self_signed_tls_client_auth"]}), OfAuthorities),
        ("default", json!({"methods": ["client_secret_basic", "tls_client_auth"]}), Unseen),
        // A method of which the policy has no algorithm is not there.
        ("default", json!({"algorithms": ["ES256"]}), Unseen),
        ("default", json!({"algorithms": ["HS384"]}), Unseen),
        ("default", json!({"algorithms": []}), OfAuthorities),
        // One name of the two that an Ed25519 key has.
        ("default", json!({"algorithms": ["Ed25519"]}), Unseen),
        ("default", json!({"algorithms": ["EdDSA", "EdDSA"]}), Unseen),
        ("default", json!({"algorithms": ["ES512", "ML-DSA-44", "ML-DSA-87"]}), Unseen),
        ("fapi2", json!({"methods": null}), OfAuthorities),
        ("fapi2", json!({"algorithms": ["PS256", "ML-DSA-65"]}), Unseen),
    ] {
        hold_to_its_word(preset, policy, certificates, &mut tried);
    }
    let [taken, refused] = tried;
    assert!(taken > 1000 && refused > 3000, "{taken} taken, {refused} refused");
}

/// One server, at each of its endpoints.
fn hold_to_its_word(preset: &str, switches: Value, certificates: Certificates, tried: &mut [usize; 2]) {
    let clock = SetClock::new(STARTED_AT);
    let policy = Policy::preset(preset).unwrap();
    let policy = policy.with_switches(switches.as_object().unwrap().clone()).unwrap();
    let authorities = || TrustAnchors::from_der(x509::anchors()).unwrap();
    let (anchors, own) = match certificates {
        Certificates::Unseen => (None, None),
        Certificates::SelfSignedAlone => (Some(TrustAnchors::none()), Some(authorities())),
        Certificates::OfAuthorities => (Some(authorities()), None),
    };
    let mut builder = Authenticator::builder()
        .issuer(ISSUER)
        .policy(policy)
        .clients(clients_under(own))
        .replay(MemoryReplayStore::with_clock(clock.clone()))
        .clock(clock.clone());
    for (row, endpoint) in endpoints() {
        builder = builder.endpoint(endpoint, row.url());
    }
    if let Some(anchors) = anchors {
        builder = builder.mutual_tls(anchors);
    }
    let auth = builder.build().unwrap();
    clock.advance(NOW - STARTED_AT);
    let document = document(&auth);
    is_well_formed(&document);
    for (row, endpoint) in endpoints() {
        for pair in Pair::all() {
            let context = || format!("{preset} {switches} {certificates:?}: {pair:?} at {endpoint}");
            match (pair.is_advertised(&document, row), decide(&auth, endpoint, &pair.request(row))) {
                (true, Ok(method)) => {
                    assert_eq!(method.as_str(), pair.method, "{}", context());
                    tried[0] += 1;
                }
                (false, Err(Reason::MethodNotGranted | Reason::AlgNotAllowed)) => tried[1] += 1,
                (advertised, outcome) => {
                    panic!("{}: {outcome:?}, and advertised: {advertised}", context())
                }
            }
        }
    }
}

/// RFC 8414 §2 and §3.2, standards MD-5 and MD-6.
fn is_well_formed(document: &Value) {
    for endpoint in ["token", "introspection", "revocation"] {
        let list = |what: &str| document.get(format!("{endpoint}_endpoint_auth_{what}_supported"));
        let methods = list("methods").map(|list| list.as_array().unwrap().clone()).unwrap_or_default();
        let signs = methods.iter().any(|method| method.as_str().unwrap().ends_with("_jwt"));
        assert_eq!(list("signing_alg_values").is_some(), signs, "{document}");
        assert!(endpoint == "introspection" || !methods.is_empty(), "{document}");
        assert!(endpoint != "introspection" || !methods.contains(&json!("none")), "{document}");
    }
    for (name, value) in document.as_object().unwrap() {
        let Some(list) = value.as_array() else { continue };
        assert!(!list.is_empty(), "{name}");
        let once: BTreeSet<&str> = list.iter().filter_map(Value::as_str).collect();
        assert_eq!(once.len(), list.len(), "{name}: {list:?}");
        assert!(!name.contains("_alg_") || !list.contains(&json!("none")), "{name}");
    }
}

/// Without a memory of used assertions no assertion is taken.
#[test]
fn what_a_server_is_not_equipped_for_is_not_advertised() {
    let mut builder = Authenticator::builder().issuer(ISSUER).clients(clients());
    for (row, endpoint) in endpoints() {
        builder = builder.endpoint(endpoint, row.url());
    }
    let auth = builder.build().unwrap();
    let document = document(&auth);
    assert!(!document.to_string().contains("_jwt"), "{document}");
    for (row, endpoint) in endpoints() {
        for pair in Pair::all() {
            let outcome = decide(&auth, endpoint, &pair.request(row));
            assert_eq!(outcome.is_ok(), pair.is_advertised(&document, row), "{pair:?}: {outcome:?}");
        }
    }
}

/// A method of the application's own, of either class.
struct ByHeader(ClientClass);

impl Method for ByHeader {
    fn name(&self) -> AuthMethod {
        BY_HEADER
    }

    fn class(&self) -> ClientClass {
        self.0
    }

    fn attempt<'r>(&self, presented: &'r Presented<'r>) -> Option<Box<dyn Attempt + 'r>> {
        let mut present = false;
        presented.headers().each("x-client", &mut |_| present = true);
        present.then(|| Box::new(Named) as Box<dyn Attempt>)
    }
}

struct Named;

impl Attempt for Named {
    fn client_id(&self) -> &str {
        "c"
    }

    fn verify<'a>(&'a self, _: &'a Client, _: &'a Context<'a>) -> Verification<'a> {
        Verification::done(Ok(Proof::default()))
    }
}

const BY_HEADER: AuthMethod = AuthMethod::from_static("https://example.com/by-header");

#[test]
fn a_method_from_outside_is_advertised_where_it_is_enforced() {
    for class in [ClientClass::Public, ClientClass::Confidential, ClientClass::Attested] {
        for chosen in [true, false] {
            let client = Client::new("c").with_method(BY_HEADER);
            let mut builder = Authenticator::builder()
                .issuer(ISSUER)
                .clients(Clients::new([client]).unwrap())
                .method(ByHeader(class));
            if !chosen {
                builder = builder.methods([AuthMethod::CLIENT_SECRET_BASIC]);
            }
            for (row, endpoint) in endpoints() {
                builder = builder.endpoint(endpoint, row.url());
            }
            let auth = builder.build().unwrap();
            let document = document(&auth);
            let pair = Pair { method: "https://example.com/by-header", algorithm: None };
            for (row, endpoint) in endpoints() {
                let mut request = Pair { method: "none", algorithm: None }.request(row);
                request.body.clear();
                request.headers.push(("x-client".to_owned(), b"c".to_vec()));
                let outcome = decide(&auth, endpoint, &request);
                let expected = chosen && (class != ClientClass::Public || row != RowEndpoint::Introspection);
                assert_eq!(outcome.is_ok(), expected, "{class} at {endpoint}: {outcome:?}");
                assert_eq!(pair.is_advertised(&document, row), expected, "{class} at {endpoint}: {document}");
            }
        }
    }
}

#[test]
fn a_method_that_is_named_without_an_algorithm_for_it_is_a_mistake() {
    for (method, algorithms) in [("private_key_jwt", ["HS256"]), ("client_secret_jwt", ["ES256"])] {
        let policy = json!({"methods": [method, "client_secret_basic"], "algorithms": algorithms});
        let policy = Policy::default().with_switches(policy.as_object().unwrap().clone()).unwrap();
        let built = Authenticator::builder()
            .issuer(ISSUER)
            .endpoint(Endpoint::Token, RowEndpoint::Token.url())
            .clients(clients())
            .replay(MemoryReplayStore::new())
            .policy(policy)
            .build();
        let error = built.unwrap_err();
        assert_eq!(error.setting(), "algorithms");
        assert!(error.to_string().contains(method), "{error}");
    }
}

fn document(auth: &Authenticator) -> Value {
    serde_json::to_value(AuthorizationServerMetadata::of(auth).unwrap()).unwrap()
}

fn decide(auth: &Authenticator, endpoint: Endpoint, request: &HttpRequest) -> Result<AuthMethod, Reason> {
    let headers = request.headers.as_slice();
    let certificates = PeerCertificates::from_handshake(request.peer.certificates.iter().cloned());
    let body = Bytes::from(request.body.clone());
    let request =
        AuthRequest::new(endpoint, &request.verb, &headers, body).with_certificates(certificates.as_ref());
    match futures_executor::block_on(auth.authenticate(request)) {
        Ok(client) => Ok(client.method().clone()),
        Err(refusal) => Err(refusal.reason()),
    }
}

fn endpoints() -> impl Iterator<Item = (RowEndpoint, Endpoint)> {
    RowEndpoint::ALL.into_iter().zip(Endpoint::ALL.iter().copied())
}
