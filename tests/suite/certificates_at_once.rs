//! Certificates from many connections at the same moment, and with what they depend on down.

use std::sync::{Arc, Barrier};

use bytes::Bytes;
use countersign::certificate::{CertificateSubject, PeerCertificates, TrustAnchors};
use countersign::key_source::{KeySource, KeySourceError};
use countersign::store::{ClientStore, Clients};
use countersign::{
    AuthMethod, AuthRequest, AuthenticatedClient, Authenticator, Client, Endpoint, Reason, Refusal,
};
use countersign_tests::drivers::SetClock;
use countersign_tests::request::Request;
use countersign_tests::row::{ISSUER, NOW};
use countersign_tests::x509;

use crate::ports::{Mood, Registry};

const AT_ONCE: usize = 100;

/// The first certificate and the second are those of two clients by one authority; the third is nobody's.
const RECIPES: [&str; 3] = ["c-tls-dn", "c-tls-dn2", "selfsigned-same-dn"];

fn clients() -> Clients {
    let named = |id: &str, name: &str| {
        Client::new(id)
            .with_method(AuthMethod::TLS_CLIENT_AUTH)
            .with_certificate_subject(CertificateSubject::dn(name).unwrap())
    };
    Clients::new([
        named("c-tls-dn", "CN=client one,O=Example Ltd,C=DE"),
        named("c-tls-dn2", "CN=client two,O=Example Ltd,C=DE"),
        Client::new("c-remote")
            .with_method(AuthMethod::SELF_SIGNED_TLS_CLIENT_AUTH)
            .with_jwks_uri("https://client.example/jwks"),
    ])
    .unwrap()
}

/// Where key sets come from that cannot be had.
struct NoKeys;

impl KeySource for NoKeys {
    async fn keys(&self, _: &str) -> Result<Arc<countersign::key::KeySet>, KeySourceError> {
        Err(KeySourceError::new("the key set's host is down"))
    }

    async fn refreshed(
        &self,
        uri: &str,
        _: &Arc<countersign::key::KeySet>,
    ) -> Result<Arc<countersign::key::KeySet>, KeySourceError> {
        self.keys(uri).await
    }
}

fn server(clients: impl ClientStore) -> Authenticator {
    Authenticator::builder()
        .issuer(ISSUER)
        .clients(clients)
        .key_source(NoKeys)
        .mutual_tls(TrustAnchors::from_der(x509::anchors()).unwrap())
        .clock(SetClock::new(NOW))
        .build()
        .unwrap()
}

fn send(auth: &Authenticator, client_id: &str, shown: &str) -> Result<AuthenticatedClient, Refusal> {
    let request = Request::token().field("client_id", client_id).build();
    let certificates = PeerCertificates::from_handshake(x509::chain(shown));
    let headers = request.headers.as_slice();
    let request = AuthRequest::new(Endpoint::Token, "POST", &headers, Bytes::from(request.body.clone()))
        .with_certificates(certificates.as_ref());
    futures_executor::block_on(auth.authenticate(request))
}

fn at_once<T: Send>(call: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(AT_ONCE);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..AT_ONCE)
            .map(|number| {
                let (barrier, call) = (&barrier, &call);
                scope.spawn(move || {
                    barrier.wait();
                    call(number)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// What is remembered of one certificate never speaks for another, however they race for the first look.
#[test]
fn of_a_hundred_connections_each_is_judged_by_its_own_certificate() {
    for recipe in RECIPES {
        x509::certificate(recipe);
    }
    for _ in 0..5 {
        let auth = server(clients());
        let outcomes = at_once(|number| {
            let (claimed, shown) = (["c-tls-dn", "c-tls-dn2"][number % 2], RECIPES[number % 3]);
            (claimed, shown, send(&auth, claimed, shown))
        });
        let mut proved = 0;
        for (claimed, shown, outcome) in outcomes {
            match outcome {
                Ok(client) => {
                    proved += 1;
                    assert_eq!((client.client_id(), claimed), (shown, shown));
                }
                Err(refusal) if shown == "selfsigned-same-dn" => {
                    assert_eq!(refusal.reason(), Reason::CertificateUntrusted);
                }
                Err(refusal) => {
                    assert_ne!(claimed, shown);
                    assert_eq!(refusal.reason(), Reason::CertificateMismatch);
                }
            }
        }
        // Of each six in a row the first two claim what they show.
        assert_eq!(proved, 34);
    }
}

#[test]
fn a_registry_that_is_down_is_503_for_certificates() {
    let auth = server(Registry(clients(), Mood::Down));
    for outcome in at_once(|number| send(&auth, "c-tls-dn", RECIPES[number % 3])) {
        let refusal = outcome.unwrap_err();
        assert_eq!((refusal.status(), refusal.reason()), (503, Reason::StoreUnavailable));
    }
}

/// A key set that cannot be had says nothing about the certificate.
#[test]
fn a_key_set_that_is_down_is_503_for_its_client_alone() {
    let auth = server(clients());
    let outcomes = at_once(|number| {
        let id = ["c-remote", "c-tls-dn"][number % 2];
        (id, send(&auth, id, "c-tls-dn"))
    });
    for (id, outcome) in outcomes {
        match outcome {
            Ok(client) => assert_eq!((client.client_id(), id), ("c-tls-dn", "c-tls-dn")),
            Err(refusal) => {
                assert_eq!((id, refusal.status()), ("c-remote", 503));
                assert_eq!(refusal.reason(), Reason::JwksUnavailable);
            }
        }
    }
}
