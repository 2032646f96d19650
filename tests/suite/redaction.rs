//! What `Debug` shows of the types that hold a credential.

use std::sync::{Arc, Mutex};

use countersign::method::{Attempt, Method, Presented};
use countersign::observer::{Decision, Observer};
use countersign::replay::{MemoryReplayStore, ReplayKey};
use countersign::secret::{ClientSecret, MacKey};
use countersign::sign::{ClientAssertion, SigningKey};
use countersign::store::{Clients, StoreError};
use countersign::{
    Algorithm, AuthMethod, AuthRequest, Authenticator, Client, Endpoint, form::Form, metadata::ClientMetadata,
};
use countersign_tests::encoding::{base64url, basic};
use countersign_tests::request::Request;
use countersign_tests::row::{Endpoint as RowEndpoint, ISSUER};
use serde_json::json;

const SECRET: &str = "c0rrect-h0rse-battery-staple-0123456789";
const WRONG: &str = "wr0ng-h0rse-battery-staple-0123456789-x";
const JTI: &str = "an-id-that-was-used-once-0123456789";

/// Everything that was printed.
#[derive(Clone, Default)]
struct Printed(Arc<Mutex<Vec<String>>>);

impl Printed {
    fn add(&self, printed: impl Into<String>) {
        self.0.lock().unwrap().push(printed.into());
    }
}

impl Observer for Printed {
    fn decided(&self, decision: &Decision<'_>) {
        self.add(format!("{decision:?} {decision:#?} {decision}"));
    }
}

/// A method that reads nothing and prints what it is shown.
struct Curious(Printed);

impl Method for Curious {
    fn name(&self) -> AuthMethod {
        AuthMethod::from_static("https://example.com/curious")
    }

    fn attempt<'r>(&self, presented: &'r Presented<'r>) -> Option<Box<dyn Attempt + 'r>> {
        self.0.add(format!("{presented:?} {presented:#?} {:?}", presented.credential()));
        None
    }
}

#[test]
fn obs_011_no_type_shows_a_credential() {
    let printed = Printed::default();
    let key = SigningKey::generate(Algorithm::ES256).unwrap();
    let pem = key.to_pem().unwrap();
    let jwks = json!({"keys": [key.public_jwk()]});
    let clients = registered(&printed, &jwks);
    let auth = Authenticator::builder()
        .issuer(ISSUER)
        .endpoint(Endpoint::Token, RowEndpoint::Token.url())
        .clients(clients)
        .replay(MemoryReplayStore::new())
        .observer(printed.clone())
        .method(Curious(printed.clone()))
        .build()
        .unwrap();
    printed.add(format!("{auth:?}"));

    let mac_key = SigningKey::from_secret(SECRET).unwrap();
    let signed = |client: &str, key: &SigningKey| {
        let unsigned = ClientAssertion::for_client(client).audience(ISSUER).claim("jti", JTI);
        let assertion = unsigned.sign(key).unwrap();
        printed.add(format!("{assertion:?} {key:?}"));
        assertion.as_str().to_owned()
    };
    let (by_key, by_mac) = (signed("p-key", &key), signed("p-mac", &mac_key));
    let mut accepted = 0;
    for request in [
        Request::token().basic("p-basic", SECRET),
        Request::token().basic("p-basic", WRONG),
        Request::token().post("p-post", SECRET),
        Request::token().post("p-post", WRONG),
        Request::token().post("nobody", WRONG),
        Request::token().assertion(&by_key),
        Request::token().assertion(&by_key),
        Request::token().assertion(&by_mac),
        Request::token().assertion(format!("{by_key}x")),
        Request::token().authorization(format!("Bearer {SECRET}")),
        Request::token().post("p-post", SECRET).header("Authorization", basic("p-basic", SECRET)),
        Request::token().query(&format!("client_secret={SECRET}")),
    ] {
        let request = request.build();
        let (headers, body) = (request.headers.as_slice(), bytes::Bytes::from(request.body.clone()));
        if let Ok(form) = Form::parse(body.clone()) {
            printed.add(format!("{form:?}"));
        }
        let request =
            AuthRequest::new(Endpoint::Token, "POST", &headers, body).with_query(request.query.as_deref());
        printed.add(format!("{request:?}"));
        match futures_executor::block_on(auth.authenticate(request)) {
            Ok(client) => {
                accepted += 1;
                printed.add(format!("{client:?} {:?} {:?}", client.client(), client.form()));
            }
            Err(refusal) => printed.add(format!("{refusal:?} {refusal}")),
        }
    }
    assert_eq!(accepted, 4);

    let mut secrets: Vec<String> =
        [SECRET, WRONG, JTI].iter().flat_map(|secret| [(*secret).to_owned(), base64url(secret)]).collect();
    secrets.extend([&by_key, &by_mac].iter().flat_map(|token| token.split('.').map(str::to_owned)));
    secrets.extend(pem.lines().filter(|line| !line.starts_with("-----")).map(str::to_owned));
    secrets.extend([basic("p-basic", SECRET)[6..30].to_owned()]);
    let printed = printed.0.lock().unwrap();
    assert!(printed.len() > 50, "{}", printed.len());
    for text in printed.iter() {
        for secret in &secrets {
            assert!(!text.contains(secret.as_str()), "{secret} shows in {text}");
        }
    }
}

/// Clients with each kind of credential, and everything on the way to them.
fn registered(printed: &Printed, jwks: &serde_json::Value) -> Clients {
    let of = |id: &str, method: &str, more: serde_json::Value| {
        let mut metadata = json!({"client_id": id, "token_endpoint_auth_method": method});
        metadata.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let metadata: ClientMetadata = serde_json::from_value(metadata).unwrap();
        printed.add(format!("{metadata:?} {:?}", metadata.client_secrets));
        let client = Client::try_from(&metadata).unwrap();
        printed.add(format!("{client:?} {:#?} {:?} {:?}", client, client.secrets(), client.keys()));
        client
    };
    let clients = Clients::new([
        of(
            "p-basic",
            "client_secret_basic",
            json!({"client_secrets": [{"label": "first", "secret": SECRET}]}),
        ),
        of("p-post", "client_secret_post", json!({"client_secret": SECRET})),
        of("p-mac", "client_secret_jwt", json!({"client_secret": SECRET})),
        of("p-key", "private_key_jwt", json!({"jwks": jwks})),
    ]);
    let clients = clients.unwrap();
    printed.add(format!("{clients:?}"));

    for secret in [ClientSecret::generated(SECRET), ClientSecret::raw(SECRET).with_label("one")] {
        printed.add(format!("{secret:?} {secret:#?}"));
    }
    printed.add(format!("{:?}", MacKey::new(SECRET)));
    printed.add(format!("{:?} {:?}", ReplayKey::new("", "p-key", JTI), MemoryReplayStore::new()));
    // What is no hash, no key and no client says so without repeating it.
    let no_hash = ClientSecret::hashed(SECRET).unwrap_err();
    printed.add(format!("{no_hash:?} {no_hash}"));
    for no_key in [SigningKey::from_pem(SECRET), SigningKey::from_jwk(SECRET), SigningKey::from_secret("")] {
        let error = no_key.unwrap_err();
        printed.add(format!("{error:?} {error}"));
    }
    let short: ClientMetadata = serde_json::from_value(json!({
        "client_id": "p-short", "token_endpoint_auth_method": "client_secret_jwt",
        "token_endpoint_auth_signing_alg": "HS512", "client_secret": SECRET,
    }))
    .unwrap();
    let no_client = Client::try_from(&short).unwrap_err();
    printed.add(format!("{no_client:?} {no_client}"));
    printed.add(format!("{:?}", StoreError::new("down")));
    clients
}
