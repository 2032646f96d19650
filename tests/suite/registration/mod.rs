//! Clients that register themselves and change themselves, and an operator who changes them; and how they authenticate
//! then, with the authenticator whose registry that is.

mod admission;
mod authentication;
mod management;
mod operator;
mod patches;
mod races;
mod refusals;
mod refused_keys;
mod secret_ends;
mod secrets;
mod strangers;
mod told;

use bytes::Bytes;
use countersign::certificate::{PeerCertificates, TrustAnchors};
use countersign::registration::{Answer, Registration};
use countersign::replay::MemoryReplayStore;
use countersign::store::{ClientRegistry, ClientStore, MemoryRegistry};
use countersign::{AuthRequest, AuthenticatedClient, Authenticator, AuthenticatorBuilder, Endpoint, Reason};
use countersign_tests::drivers::{RemoteKeys, SetClock};
use countersign_tests::request::Request;
use countersign_tests::row::{ISSUER, NOW};
use countersign_tests::x509;
use futures_executor::block_on;
use serde_json::{Value, json};

const ENDPOINT: &str = "https://as.example.com/register";
const JSON: (&str, &str) = ("content-type", "application/json");
const MACHINE: &str = r#""grant_types": ["client_credentials"]"#;

/// An authenticator that serves every method, and what registers clients for it.
struct Bed<R = MemoryRegistry> {
    auth: Authenticator,
    registration: Registration,
    clients: R,
    clock: SetClock,
}

fn bed() -> Bed {
    bed_on(MemoryRegistry::default(), |builder| builder)
}

fn bed_on<R: ClientRegistry + ClientStore + Clone>(
    clients: R,
    change: impl FnOnce(AuthenticatorBuilder) -> AuthenticatorBuilder,
) -> Bed<R> {
    let clock = SetClock::new(NOW);
    let mut builder = Authenticator::builder()
        .issuer(ISSUER)
        .clients(clients.clone())
        .endpoint(Endpoint::Token, format!("{ISSUER}/token"))
        .replay(MemoryReplayStore::with_clock(SetClock::new(NOW - 86_400)))
        .key_source(RemoteKeys::default())
        .mutual_tls(TrustAnchors::from_der(x509::anchors()).unwrap())
        .clock(clock.clone());
    builder = change(builder);
    let auth = builder.build().unwrap();
    let registration = Registration::new(auth.clone(), clients.clone(), ENDPOINT).unwrap().open_to_anybody();
    Bed { auth, registration, clients, clock }
}

impl<R> Bed<R> {
    fn with(mut self, change: impl FnOnce(Registration) -> Registration) -> Self {
        self.registration = change(self.registration);
        self
    }

    fn register(&self, body: &str) -> Answer {
        block_on(self.registration.register(&[JSON].as_slice(), body.as_bytes(), None))
    }

    /// Registers a client that must be fine.
    #[track_caller]
    fn registered(&self, body: &str) -> Value {
        let answer = self.register(body);
        assert_eq!(answer.status(), 201, "{body}: {answer:?} {:?}", answer.body());
        document(&answer)
    }

    fn read(&self, client: &Value) -> Answer {
        block_on(self.registration.read(id(client), &[authorization(client)].as_slice()))
    }

    /// Sends this as the whole of its metadata, with its id.
    fn update(&self, client: &Value, metadata: &Value) -> Answer {
        let mut body = metadata.clone();
        body["client_id"] = client["client_id"].clone();
        self.put(client, &body.to_string())
    }

    fn put(&self, client: &Value, body: &str) -> Answer {
        let headers = [(JSON.0, JSON.1.to_owned()), authorization(client)];
        block_on(self.registration.update(id(client), &headers.as_slice(), body.as_bytes()))
    }

    fn delete(&self, client: &Value) -> Answer {
        block_on(self.registration.delete(id(client), &[authorization(client)].as_slice()))
    }

    fn patch(&self, client: &Value, patch: &Value) -> Answer {
        block_on(self.registration.patch(id(client), patch.to_string().as_bytes()))
    }

    fn rotate(&self, client: &Value) -> Answer {
        block_on(self.registration.rotate_secret(id(client)))
    }

    fn authenticate(&self, request: Request) -> Result<AuthenticatedClient, Reason> {
        let request = request.build();
        let headers = request.headers.as_slice();
        let certificates = PeerCertificates::from_handshake(request.peer.certificates.iter().cloned());
        let body = Bytes::from(request.body.clone());
        let sent = AuthRequest::new(Endpoint::Token, "POST", &headers, body)
            .with_certificates(certificates.as_ref());
        block_on(self.auth.authenticate(sent)).map_err(|refusal| refusal.reason())
    }

    /// By Basic with this secret; the label of the one that matched.
    fn by_basic(&self, client: &Value, secret: &Value) -> Result<Option<String>, Reason> {
        let request = Request::token().basic(id(client), secret.as_str().unwrap());
        self.authenticate(request).map(|client| client.secret_label().map(str::to_owned))
    }
}

impl Bed {
    fn stored(&self, client: &Value) -> Option<countersign::store::RegisteredClient> {
        block_on(ClientRegistry::read(&self.clients, id(client))).unwrap()
    }
}

fn id(client: &Value) -> &str {
    client["client_id"].as_str().unwrap()
}

fn authorization(client: &Value) -> (&'static str, String) {
    ("authorization", format!("Bearer {}", client["registration_access_token"].as_str().unwrap()))
}

fn document(answer: &Answer) -> Value {
    serde_json::from_slice(answer.body()).unwrap()
}

fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.headers().find(|(candidate, _)| *candidate == name).map(|(_, value)| value)
}

/// The status, the `error` and its description.
fn refusal(answer: &Answer) -> (u16, String, String) {
    let body = document(answer);
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    (answer.status(), text("error"), text("error_description"))
}

/// A registration of this method that can work, for every method that is served.
fn metadata_for(method: &str) -> Value {
    let key = countersign_tests::fixtures::fixtures().key("attacker-ec");
    let mut metadata = json!({"token_endpoint_auth_method": method, "grant_types": ["client_credentials"]});
    let more = match method {
        "private_key_jwt" => {
            json!({"jwks": {"keys": [key.public()]}, "token_endpoint_auth_signing_alg": "ES256"})
        }
        "client_secret_jwt" => json!({"token_endpoint_auth_signing_alg": "HS512"}),
        "tls_client_auth" => json!({"tls_client_auth_subject_dn": "CN=client one,O=Example Ltd,C=DE"}),
        "self_signed_tls_client_auth" => json!({"jwks": {"keys": [x509::jwk("c-self")]}}),
        "none" => json!({"grant_types": ["authorization_code"], "redirect_uris": ["https://app.example/cb"]}),
        _ => json!({}),
    };
    metadata.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    metadata
}
