//! Trust anchors that are exchanged while requests come.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use countersign::certificate::{CertificateSubject, PeerCertificates, ReloadableTrustAnchors, TrustAnchors};
use countersign::store::Clients;
use countersign::{
    AuthMethod, AuthRequest, AuthenticatedClient, Authenticator, Client, Endpoint, Reason, Refusal,
};
use countersign_tests::drivers::SetClock;
use countersign_tests::request::Request;
use countersign_tests::row::{ISSUER, NOW};
use countersign_tests::x509;
use tokio::time::Instant;

const ID: &str = "c-tls-dn";
const LIMIT: Duration = Duration::from_secs(120);

fn anchors(names: &[&str]) -> TrustAnchors {
    TrustAnchors::from_der(names.iter().map(|name| x509::certificate(name).der.clone())).unwrap()
}

fn server(anchors: &ReloadableTrustAnchors, own: Option<TrustAnchors>) -> Authenticator {
    let client = Client::new(ID)
        .with_method(AuthMethod::TLS_CLIENT_AUTH)
        .with_certificate_subject(CertificateSubject::dn("CN=client one,O=Example Ltd,C=DE").unwrap());
    let client = match own {
        Some(own) => client.with_trust_anchors(own),
        None => client,
    };
    Authenticator::builder()
        .issuer(ISSUER)
        .clients(Clients::new([client]).unwrap())
        .mutual_tls(anchors.clone())
        .clock(SetClock::new(NOW))
        .build()
        .unwrap()
}

/// The one connection of all its requests, whose certificate CA-1 has issued.
fn connection() -> PeerCertificates {
    PeerCertificates::from_handshake(x509::chain(ID)).unwrap()
}

fn send(auth: &Authenticator, connection: &PeerCertificates) -> Result<AuthenticatedClient, Refusal> {
    let request = Request::token().field("client_id", ID).build();
    let headers = request.headers.as_slice();
    let request = AuthRequest::new(Endpoint::Token, "POST", &headers, Bytes::from(request.body.clone()))
        .with_certificates(Some(connection));
    futures_executor::block_on(auth.authenticate(request))
}

/// What was found out about a path is remembered, and holds for the anchors it was found to.
#[test]
fn an_open_connection_is_judged_by_the_anchors_of_the_moment() {
    let current = ReloadableTrustAnchors::new(anchors(&["CA-1"]));
    let (auth, connection) = (server(&current, None), connection());
    let refused = |auth: &Authenticator| {
        let refusal = send(auth, &connection).unwrap_err();
        assert_eq!(refusal.reason(), Reason::CertificateUntrusted);
        assert_eq!(refusal.got(), Some("one whose issuer is not among them"));
    };
    for _ in 0..2 {
        assert_eq!(send(&auth, &connection).unwrap().client_id(), ID);
    }

    let before = current.replace(anchors(&["CA-2"]));
    refused(&auth);
    // One of the same name, with another key.
    current.replace(anchors(&["CA-1b"]));
    assert_eq!(send(&auth, &connection).unwrap_err().reason(), Reason::CertificateUntrusted);
    current.replace(TrustAnchors::none());
    refused(&auth);
    current.replace(anchors(&["CA-2", "CA-1"]));
    assert!(send(&auth, &connection).is_ok());
    current.replace(anchors(&["CA-2"]));
    refused(&auth);
    current.replace(before);
    assert!(send(&auth, &connection).is_ok());
}

#[test]
fn anchors_of_a_clients_own_stay_when_the_servers_are_exchanged() {
    let current = ReloadableTrustAnchors::new(anchors(&["CA-2"]));
    let (auth, connection) = (server(&current, Some(anchors(&["CA-1"]))), connection());
    assert!(send(&auth, &connection).is_ok());
    current.replace(anchors(&["CA-X"]));
    assert!(send(&auth, &connection).is_ok());
}

/// A request sees the old anchors or the new ones: all of these trust CA-1, so none is ever refused; and what another
/// thread has remembered of the old ones is worth nothing afterwards.
#[test]
fn no_request_falls_between_the_old_anchors_and_the_new() {
    let current = ReloadableTrustAnchors::new(anchors(&["CA-1"]));
    let (auth, connection, over) = (server(&current, None), connection(), AtomicBool::new(false));
    let asked = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    assert!(send(&auth, &connection).is_ok());
                    asked.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let started = Instant::now();
        let mut number = 0;
        // A busy machine lets the others wait: until they have come in between.
        while number < 300 || asked.load(Ordering::Relaxed) < 300 && started.elapsed() < LIMIT {
            let others: &[&str] = if number % 2 == 0 { &["CA-1", "CA-2"] } else { &["CA-X", "CA-1"] };
            current.replace(anchors(others));
            number += 1;
        }
        over.store(true, Ordering::Relaxed);
    });
    assert!(asked.into_inner() >= 300);
    current.replace(anchors(&["CA-2"]));
    assert_eq!(send(&auth, &connection).unwrap_err().reason(), Reason::CertificateUntrusted);
}

#[test]
fn a_file_that_is_broken_is_told_by_the_certificate() {
    let pem = |names: &[&str]| -> String {
        names.iter().map(|name| x509::pem(&x509::certificate(name).der)).collect()
    };
    let whole = pem(&["CA-1", "CA-2"]);
    assert_eq!(format!("{:?}", TrustAnchors::from_pem(&whole).unwrap()), "TrustAnchors(2)");
    let garbled = pem(&["CA-1"]) + &x509::pem(b"octets that are no certificate");
    for (file, problem) in [
        ("", "holds no certificate"),
        (&whole[..whole.len() - 40], "certificate 2 is no PEM, or was cut off"),
        (&garbled, "certificate 2 cannot be an anchor"),
    ] {
        let error = TrustAnchors::from_pem(file).unwrap_err().to_string();
        assert!(error.starts_with("client_ca: ") && error.contains(problem), "{problem}: {error}");
    }
}
