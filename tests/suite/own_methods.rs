//! Methods of the application's own, beside ours and without what they ask for; and clients that are built in code.

use bytes::Bytes;
use countersign::method::{Attempt, Context, Method, Presented, Proof, Verification};
use countersign::replay::MemoryReplayStore;
use countersign::secret::ClientSecret;
use countersign::store::Clients;
use countersign::{
    AuthMethod, AuthRequest, AuthenticatedClient, Authenticator, AuthenticatorBuilder, Client, Endpoint,
    Reason, Refusal,
};
use countersign_tests::assertion::Assertion;
use countersign_tests::drivers::SetClock;
use countersign_tests::encoding::sha256_hex;
use countersign_tests::jwk::PrivateJwk;
use countersign_tests::request::Request;
use countersign_tests::row::{Endpoint as RowEndpoint, ISSUER, NOW};

const SECRET: &str = "wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq";
const ONE: AuthMethod = AuthMethod::from_static("https://example.com/one");
const OTHER: AuthMethod = AuthMethod::from_static("https://example.com/other");

/// Reads a header field, and uses up what stands in it.
struct Ticket(AuthMethod, &'static str);

impl Method for Ticket {
    fn name(&self) -> AuthMethod {
        self.0.clone()
    }

    fn attempt<'r>(&self, presented: &'r Presented<'r>) -> Option<Box<dyn Attempt + 'r>> {
        let mut present = false;
        presented.headers().each(self.1, &mut |_| present = true);
        present.then(|| Box::new(Used) as Box<dyn Attempt>)
    }
}

struct Used;

impl Attempt for Used {
    fn client_id(&self) -> &str {
        "c"
    }

    fn verify<'a>(&'a self, client: &'a Client, context: &'a Context<'a>) -> Verification<'a> {
        Verification::later(async move {
            let used =
                context.claim_once(client.id(), "the ticket", std::time::Duration::from_secs(60)).await;
            let mut proof = Proof::default();
            proof.claimed = Some(used?);
            Ok(proof)
        })
    }
}

fn builder(client: Client) -> AuthenticatorBuilder {
    Authenticator::builder()
        .issuer(ISSUER)
        .endpoint(Endpoint::Token, RowEndpoint::Token.url())
        .clients(Clients::new([client]).unwrap())
        .clock(SetClock::new(NOW))
}

fn with_tickets() -> AuthenticatorBuilder {
    let client = Client::new("c")
        .with_method(ONE)
        .with_method(OTHER)
        .with_method(AuthMethod::CLIENT_SECRET_BASIC)
        .with_secret(ClientSecret::generated(SECRET));
    builder(client).method(Ticket(ONE, "x-one")).method(Ticket(OTHER, "x-other"))
}

fn replay() -> MemoryReplayStore {
    MemoryReplayStore::with_clock(SetClock::new(NOW - 86_400))
}

fn send(auth: &Authenticator, request: Request) -> Result<AuthenticatedClient, Refusal> {
    let request = request.build();
    let headers = request.headers.as_slice();
    let body = Bytes::from(request.body.clone());
    futures_executor::block_on(auth.authenticate(AuthRequest::new(Endpoint::Token, "POST", &headers, body)))
}

#[test]
fn credentials_of_two_methods_are_refused_whoever_reads_them() {
    let auth = with_tickets().replay(replay()).build().unwrap();
    let both = [
        Request::token().header("x-one", "a").header("x-other", "a"),
        Request::token().header("x-one", "a").basic("c", SECRET),
        Request::token().header("x-other", "a").post("c", SECRET),
    ];
    for request in both {
        let refusal = send(&auth, request).unwrap_err();
        assert_eq!((refusal.status(), refusal.reason()), (400, Reason::MultipleMethods), "{refusal:?}");
        assert!(String::from_utf8_lossy(refusal.body()).contains("invalid_request"));
    }
    assert_eq!(
        *send(&auth, Request::token().basic("c", SECRET)).unwrap().method(),
        AuthMethod::CLIENT_SECRET_BASIC
    );
    assert_eq!(*send(&auth, Request::token().header("x-one", "a")).unwrap().method(), ONE);
    let again = send(&auth, Request::token().header("x-one", "a")).unwrap_err();
    assert_eq!((again.status(), again.reason()), (400, Reason::Replayed), "{again:?}");
}

/// Our own methods are not enabled without one.
#[test]
fn what_cannot_be_remembered_is_not_used() {
    let auth = with_tickets().build().unwrap();
    for _ in 0..2 {
        let refusal = send(&auth, Request::token().header("x-one", "a")).unwrap_err();
        assert_eq!((refusal.status(), refusal.reason()), (500, Reason::InternalError), "{refusal:?}");
        assert_eq!(refusal.expected(), Some("a replay store"));
    }
}

/// The loader refuses such a client; one that was built in code proves nothing.
#[test]
fn a_hash_is_the_key_of_no_mac() {
    let hash = format!("sha256:{}", sha256_hex(SECRET.as_bytes()));
    for (secret, reason) in
        [(ClientSecret::hashed(&hash).unwrap(), Some(Reason::KeyNotFound)), (ClientSecret::raw(SECRET), None)]
    {
        let client = Client::new("c").with_method(AuthMethod::CLIENT_SECRET_JWT).with_secret(secret);
        let auth = builder(client).replay(replay()).build().unwrap();
        for key in [SECRET, hash.as_str(), &hash[7..]] {
            let key_is_right = key == SECRET;
            let assertion = Assertion::new("c", PrivateJwk::of_secret(key).into(), "HS256");
            let outcome = send(&auth, Request::token().assertion(assertion.mint()));
            let expected = if key_is_right { reason } else { reason.or(Some(Reason::SignatureInvalid)) };
            assert_eq!(outcome.err().map(|refusal| refusal.reason()), expected, "{key}");
        }
    }
}

/// A server that fetches no keys cannot tell, which is not the client's fault.
#[test]
fn keys_elsewhere_need_a_source() {
    let client = Client::new("c-pkjwt-es256")
        .with_method(AuthMethod::PRIVATE_KEY_JWT)
        .with_jwks_uri("https://client.example/jwks");
    let auth = builder(client).replay(replay()).build().unwrap();
    let refusal = send(&auth, Request::token().assertion(Assertion::of("c-pkjwt-es256").mint())).unwrap_err();
    assert_eq!((refusal.status(), refusal.reason()), (503, Reason::JwksUnavailable), "{refusal:?}");
    assert!(refusal.got().unwrap().contains("fetches none"), "{:?}", refusal.got());
}
