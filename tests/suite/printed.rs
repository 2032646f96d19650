//! What `Debug` shows of the library's own types: never a secret, an assertion or a `jti`.

use std::sync::{Arc, Mutex};

use countersign::fetch::KeySetFetcher;
use countersign::key::KeySet;
use countersign::metadata::ClientMetadata;
use countersign::method::{Attempt, Credential, Method, Presented};
use countersign::observer::{AuditLog, Decision, Event, Observer, RingBuffer};
use countersign::replay::{MemoryReplayStore, ReplayKey};
use countersign::secret::ClientSecret;
use countersign::sign::{ClientAssertion, SigningKey};
use countersign::store::Clients;
use countersign::{AuthMethod, AuthRequest, Authenticator, Client, Endpoint};
use countersign_tests::fixtures::fixtures;
use countersign_tests::request::Request;
use countersign_tests::row::{Endpoint as RowEndpoint, HttpRequest, ISSUER};
use serde_json::{Value, json};

use crate::observers::Folder;

const SECRET: &str = "wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq";
const WRONG: &str = "Zr8fQ0mTq7YcVh2LbXw5NsKdPj4GeRu9";
const JWT_ID: &str = "a-jti-of-this-test-alone";

/// What was printed, and by what.
#[derive(Clone, Default)]
struct Printed(Arc<Mutex<Vec<String>>>);

impl Printed {
    fn add(&self, what: &dyn std::fmt::Debug) {
        let mut printed = self.0.lock().unwrap();
        printed.push(format!("{what:?}"));
        printed.push(format!("{what:#?}"));
    }
}

/// Prints what a method from outside the crate sees, and attempts nothing.
impl Method for Printed {
    fn name(&self) -> AuthMethod {
        AuthMethod::from_static("https://example.com/printing")
    }

    fn attempt<'r>(&self, presented: &'r Presented<'r>) -> Option<Box<dyn Attempt + 'r>> {
        self.add(presented);
        self.add(presented.form());
        self.add(presented.credential());
        match presented.credential() {
            Credential::Basic(pair) => {
                self.add(pair);
                self.add(pair.first());
                self.add(&pair.second());
            }
            Credential::Assertion(assertion) => self.add(assertion),
            _ => {}
        }
        None
    }
}

impl Observer for Printed {
    fn decided(&self, decision: &Decision<'_>) {
        self.add(decision);
        self.add(&Event::from(decision));
        self.add(&decision.outcome);
    }
}

#[test]
fn no_secret_shows_in_the_debug_of_a_public_type() {
    let printed = Printed::default();
    let metadata: ClientMetadata = serde_json::from_value(json!({
        "client_id": "by-secret",
        "token_endpoint_auth_method": "client_secret_post",
        "client_secrets": [{"label": "first", "secret": SECRET}],
    }))
    .unwrap();
    printed.add(&metadata);
    printed.add(&metadata.client_secrets);
    let secret = ClientSecret::generated(SECRET);
    printed.add(&secret);
    let by_basic = Client::new("by-basic").with_method(AuthMethod::CLIENT_SECRET_BASIC).with_secret(secret);
    let private = fixtures().key_of("c-pkjwt-es256").private();
    let (key, jwks) = signing_key(&private);
    let by_key = Client::new("by-key").with_method(AuthMethod::PRIVATE_KEY_JWT).with_keys(jwks);
    let by_post = Client::try_from(&metadata).unwrap();
    for client in [&by_basic, &by_key, &by_post] {
        printed.add(client);
        printed.add(&client.secrets());
    }
    let clients = Clients::new([by_basic, by_key, by_post]).unwrap();
    printed.add(&clients);

    printed.add(&key);
    let assertion = ClientAssertion::for_client("by-key").audience(ISSUER).claim("jti", JWT_ID);
    let signed = assertion.sign(&key).unwrap();
    printed.add(&signed);
    printed.add(&ReplayKey::new("", "by-key", JWT_ID));

    let folder = Folder::new();
    let audit = Arc::new(AuditLog::open(folder.file()).unwrap());
    let (replay, ring) = (Arc::new(MemoryReplayStore::new()), Arc::new(RingBuffer::new(10)));
    let auth = Authenticator::builder()
        .issuer(ISSUER)
        .endpoint(Endpoint::Token, RowEndpoint::Token.url())
        .clients(clients)
        .replay(Arc::clone(&replay))
        .method(printed.clone())
        .observer((printed.clone(), Arc::clone(&ring), Arc::clone(&audit)))
        .build()
        .unwrap();
    for (request, is_accepted) in requests(signed.as_str()) {
        let headers = request.headers.as_slice();
        let body = bytes::Bytes::from(request.body.clone());
        let request =
            AuthRequest::new(Endpoint::Token, "POST", &headers, body).with_query(request.query.as_deref());
        printed.add(&request);
        let result = futures_executor::block_on(auth.authenticate(request));
        assert_eq!(result.is_ok(), is_accepted, "{result:?}");
        printed.add(&result);
        if let Ok(client) = &result {
            printed.add(client.client());
            printed.add(client.form());
        }
    }
    printed.add(&auth);
    printed.add(&ring);
    printed.add(&audit);
    printed.add(&replay);
    printed.add(&KeySetFetcher::new());
    printed.add(&countersign_tower::ClientAuthLayer::new(auth));

    let mut secrets: Vec<&str> = vec![SECRET, WRONG, JWT_ID, private["d"].as_str().unwrap()];
    let basic = countersign_tests::encoding::basic("by-basic", SECRET);
    secrets.push(basic.split_once(' ').unwrap().1);
    secrets.extend(signed.as_str().split('.').skip(1));
    let printed = printed.0.lock().unwrap();
    assert!(printed.len() > 100, "only {} were printed", printed.len());
    for secret in secrets {
        assert!(secret.len() > 20, "{secret}");
        for text in printed.iter() {
            assert!(!text.contains(secret), "{secret} shows in {text}");
        }
    }
}

fn signing_key(private: &Value) -> (SigningKey, KeySet) {
    let key = SigningKey::from_jwk(&private.to_string()).unwrap();
    let public = fixtures().key_of("c-pkjwt-es256").public();
    (key, KeySet::from_jwks(&json!({ "keys": [public] })).unwrap())
}

/// Credentials that are right, wrong, used, and in places where they have no business.
fn requests(assertion: &str) -> Vec<(HttpRequest, bool)> {
    let post = |client_id, secret| Request::token().post(client_id, secret);
    vec![
        (Request::token().basic("by-basic", SECRET).build(), true),
        (Request::token().basic("by-basic", WRONG).build(), false),
        (Request::token().basic("nobody", SECRET).build(), false),
        (post("by-secret", SECRET).build(), true),
        (post("by-secret", WRONG).build(), false),
        (post("by-basic", SECRET).build(), false),
        (Request::token().assertion(assertion).build(), true),
        (Request::token().assertion(assertion).build(), false),
        (Request::token().assertion(format!("{assertion}A")).build(), false),
        (Request::token().assertion(assertion).set("client_assertion_type", "other").build(), false),
        (Request::token().assertion(assertion).basic("by-basic", SECRET).build(), false),
        (post("by-secret", SECRET).basic("by-basic", WRONG).build(), false),
        (Request::token().query(&format!("client_id=by-secret&client_secret={SECRET}")).build(), false),
        (Request::token().authorization(SECRET).build(), false),
        (Request::token().authorization(format!("Bearer {assertion}")).build(), false),
        (Request::token().content_type("text/plain").post("by-secret", SECRET).build(), false),
    ]
}
