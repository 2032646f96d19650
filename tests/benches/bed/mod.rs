//! What the benchmarks measure: one client for each method, and a request of each.
#![allow(dead_code, reason = "each benchmark uses a part of it")]

pub(crate) mod certificates;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use aws_lc_rs::signature::{self, ParsedPublicKey, VerificationAlgorithm};
use bytes::Bytes;
use countersign::metadata::ClientMetadata;
use countersign::replay::MemoryReplayStore;
use countersign::store::Clients;
use countersign::{AuthRequest, AuthenticatedClient, Authenticator, Client, Endpoint};
use countersign_tests::assertion::Assertion;
use countersign_tests::encoding::{basic, from_base64url};
use countersign_tests::fixtures::fixtures;
use countersign_tests::request::{FORM, Request};
use countersign_tests::row::{Endpoint as RowEndpoint, HttpRequest, ISSUER};
use countersign_tests::scene::scene;

/// The algorithms of `private_key_jwt` and the fixture client that signs with each.
pub(crate) const SIGNERS: [(&str, &str); 6] = [
    ("RS256", "c-pkjwt-rs256"),
    ("PS256", "c-pkjwt-ps256"),
    ("ES256", "c-pkjwt-es256"),
    ("ES384", "c-pkjwt-es384"),
    ("ES512", "c-pkjwt-es512"),
    ("EdDSA", "c-pkjwt-eddsa"),
];

/// The methods that no signature belongs to.
pub(crate) const SECRETS: [&str; 3] = ["client_secret_basic", "client_secret_post", "none"];

/// An authenticator that knows the fixture clients.
pub(crate) fn authenticator() -> Authenticator {
    let scene = SIGNERS.iter().fold(scene("bench"), |scene, (_, client)| scene.fixture(client));
    let scene =
        ["c-basic", "c-post", "c-none"].into_iter().fold(scene, |scene, client| scene.fixture(client));
    let clients = scene.row().setup.clients.into_iter().filter_map(|client| {
        let metadata: ClientMetadata = serde_json::from_value(client).ok()?;
        Client::try_from(&metadata).ok()
    });
    let mut builder = Authenticator::builder()
        .issuer(ISSUER)
        .clients(Clients::new(clients).unwrap())
        .replay(MemoryReplayStore::new().with_capacity(20_000_000, 20_000_000));
    builder = builder.endpoint(Endpoint::Token, RowEndpoint::Token.url());
    builder.build().unwrap()
}

/// A request by a method that has no signature.
pub(crate) fn by_secret(method: &str) -> HttpRequest {
    let secret = |client: &str| fixtures().client(client).secret().unwrap();
    match method {
        "client_secret_basic" => Request::token().authorization(basic("c-basic", &secret("c-basic"))).build(),
        "client_secret_post" => Request::token().post("c-post", &secret("c-post")).build(),
        _ => Request::token().field("client_id", "c-none").build(),
    }
}

/// So many requests by assertions, each with its own `jti`.
pub(crate) fn by_assertions(client: &str, count: usize) -> Vec<HttpRequest> {
    (0..count)
        .map(|_| Request::token().field("client_id", client).assertion(assertion(client)).build())
        .collect()
}

/// A fresh assertion of the client.
pub(crate) fn assertion(client: &str) -> String {
    #[allow(clippy::disallowed_methods, reason = "the server under test runs on the system's clock")]
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    Assertion::of(client).claim("iat", now).claim("exp", now + 600).mint()
}

/// The whole decision, through the core.
pub(crate) fn authenticate(auth: &Authenticator, request: &HttpRequest, body: &Bytes) -> AuthenticatedClient {
    let headers = request.headers.as_slice();
    let source = request.peer.address;
    let request = AuthRequest::new(Endpoint::Token, "POST", &headers, body.clone()).with_source(source);
    futures_executor::block_on(auth.authenticate(request)).unwrap()
}

/// The signature check alone: signing input, signature, and the parsed key.
pub(crate) struct Bare {
    key: ParsedPublicKey,
}

impl Bare {
    /// The client's key, parsed once.
    pub(crate) fn new(client: &str) -> Self {
        let jwk = fixtures().key_of(client).public();
        let member = |name: &str| from_base64url(jwk[name].as_str().unwrap());
        let algorithm: &'static dyn VerificationAlgorithm =
            match fixtures().client(client).signing_algorithm().as_str() {
                "ES256" => &signature::ECDSA_P256_SHA256_FIXED,
                "ES384" => &signature::ECDSA_P384_SHA384_FIXED,
                "ES512" => &signature::ECDSA_P521_SHA512_FIXED,
                "EdDSA" => &signature::ED25519,
                rsa => {
                    let components = signature::RsaPublicKeyComponents { n: member("n"), e: member("e") };
                    let parameters = match rsa {
                        "RS256" => &signature::RSA_PKCS1_2048_8192_SHA256,
                        _ => &signature::RSA_PSS_2048_8192_SHA256,
                    };
                    return Bare { key: components.to_parsed_public_key(parameters).unwrap() };
                }
            };
        let octets =
            if jwk["kty"] == "OKP" { member("x") } else { [vec![4], member("x"), member("y")].concat() };
        Bare { key: ParsedPublicKey::new(algorithm, octets).unwrap() }
    }

    /// Verifies.
    pub(crate) fn verify(&self, signed: &Signed) {
        self.key.verify_sig(signed.input.as_bytes(), &signed.signature).unwrap();
    }
}

/// An assertion, taken apart beforehand.
pub(crate) struct Signed {
    input: String,
    signature: Vec<u8>,
}

impl Signed {
    /// The assertion of a request made by [`by_assertions`].
    pub(crate) fn of(client: &str) -> Self {
        let token = assertion(client);
        let (input, signature) = token.rsplit_once('.').unwrap();
        Signed { input: input.to_owned(), signature: from_base64url(signature) }
    }
}

/// Hands out prepared requests, each once.
pub(crate) struct Prepared {
    requests: Vec<(HttpRequest, Bytes)>,
    next: AtomicUsize,
}

impl Prepared {
    /// So many requests of a client.
    pub(crate) fn new(client: &str, count: usize) -> Self {
        let requests = by_assertions(client, count)
            .into_iter()
            .map(|request| {
                let body = Bytes::from(request.body.clone());
                (request, body)
            })
            .collect();
        Prepared { requests, next: AtomicUsize::new(0) }
    }

    /// The next one.
    pub(crate) fn next(&self) -> (&HttpRequest, &Bytes) {
        let (request, body) = &self.requests[self.next.fetch_add(1, Ordering::Relaxed)];
        (request, body)
    }

    /// How many are left.
    pub(crate) fn left(&self) -> usize {
        self.requests.len() - self.next.load(Ordering::Relaxed)
    }
}

/// The media type of every request.
pub(crate) const MEDIA_TYPE: &str = FORM;
