//! Certificates and addresses that a proxy passes on, with certificates that OpenSSL made: in each format, and through
//! each adapter.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Barrier, Mutex};

use actix_web::{App, HttpResponse, test as actix, web};
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::routing::post;
use countersign::certificate::{CertificateOrigin, PeerCertificates};
use countersign::forwarded::{CertificateHeader, SourceHeader, TrustedProxy};
use countersign::method::{Attempt, Context, Method, Presented, Proof, Verification};
use countersign::observer::{Decision, Observer};
use countersign::secret::ClientSecret;
use countersign::store::Clients;
use countersign::{
    AuthMethod, AuthRequest, AuthenticatedClient, Authenticator, Client, Endpoint, Reason, Refusal,
    RefusalKind,
};
use countersign_actix::ClientAuthMiddleware;
use countersign_tests::certificates::{base64, der, fingerprint, pem, x5t_s256};
use countersign_tests::encoding::basic_pair;
use countersign_tower::ClientAuthLayer;
use countersign_tower::axum::ClientAuth;
use http::Request;
use http_body_util::BodyExt;
use tower::ServiceExt;

const PROXY: &str = "192.0.2.1";
const STRANGER: &str = "192.0.2.2";
const CLIENT: &str = "203.0.113.7";
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

type Headers = Vec<(&'static str, String)>;

fn url_escaped(text: &str) -> String {
    let escaped: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
    escaped.replace('+', "%20")
}

fn sha256(name: &str) -> String {
    fingerprint(name, "sha256").replace(':', "").to_lowercase()
}

/// The leaf "es256 issued", and with it its issuer where the format carries a chain.
fn every_format() -> Vec<(CertificateHeader, Headers, usize)> {
    let (leaf, issuer) = ("es256 issued", "ca");
    let (leaf_pem, issuer_pem) = (url_escaped(&pem(leaf)), url_escaped(&pem(issuer)));
    let aws = |pem: &str| pem.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=");
    let hash = sha256(leaf);
    vec![
        (
            CertificateHeader::client_cert(),
            vec![
                ("client-cert", format!(":{}:", base64(leaf))),
                ("client-cert-chain", format!(":{}:", base64(issuer))),
            ],
            2,
        ),
        (
            CertificateHeader::xfcc(),
            vec![(
                "x-forwarded-client-cert",
                format!("Hash={hash};Cert=\"{leaf_pem}\";Chain=\"{leaf_pem}{issuer_pem}\";Subject=\"\""),
            )],
            2,
        ),
        (CertificateHeader::nginx(), vec![("x-ssl-client-cert", leaf_pem.clone())], 1),
        (
            CertificateHeader::haproxy(),
            vec![("x-ssl-client-cert", base64(leaf)), ("x-ssl-client-chain", base64(issuer))],
            2,
        ),
        (
            CertificateHeader::traefik(),
            vec![("x-forwarded-tls-client-cert", format!("{},{}", base64(leaf), base64(issuer)))],
            2,
        ),
        (
            CertificateHeader::aws_alb(),
            vec![("x-amzn-mtls-clientcert", format!("{}{}", aws(&leaf_pem), aws(&issuer_pem)))],
            2,
        ),
        (CertificateHeader::aws_alb_verify(), vec![("x-amzn-mtls-clientcert-leaf", aws(&leaf_pem))], 1),
    ]
}

/// A method that needs a certificate, and takes any.
struct AnyCertificate;

const ANY_CERTIFICATE: AuthMethod = AuthMethod::from_static("https://example.com/any-certificate");

struct Shown<'r>(&'r Presented<'r>);

impl Method for AnyCertificate {
    fn name(&self) -> AuthMethod {
        ANY_CERTIFICATE
    }

    fn is_chosen_by_registration(&self) -> bool {
        true
    }

    fn attempt<'r>(&self, presented: &'r Presented<'r>) -> Option<Box<dyn Attempt + 'r>> {
        presented.client_id().map(|_| Box::new(Shown(presented)) as Box<dyn Attempt + 'r>)
    }
}

impl Attempt for Shown<'_> {
    fn client_id(&self) -> &str {
        self.0.client_id().unwrap()
    }

    fn verify<'a>(&'a self, _: &'a Client, _: &'a Context<'a>) -> Verification<'a> {
        Verification::done(match self.0.certificates() {
            Ok(Some(_)) => Ok(Proof::default()),
            Ok(None) => Err(Reason::NoCertificate.into()),
            Err(failure) => Err(failure),
        })
    }
}

/// Remembers where the last request came from.
#[derive(Clone, Default)]
struct LastSource(Arc<Mutex<Option<IpAddr>>>);

impl Observer for LastSource {
    fn decided(&self, decision: &Decision<'_>) {
        *self.0.lock().unwrap() = decision.source;
    }
}

fn server(proxy: Option<TrustedProxy>) -> (Authenticator, LastSource) {
    let seen = LastSource::default();
    let secret = Client::new("by-secret")
        .with_method(AuthMethod::CLIENT_SECRET_BASIC)
        .with_secret(ClientSecret::generated("wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq"));
    let certificate = Client::new("by-certificate").with_method(ANY_CERTIFICATE);
    let mut builder = Authenticator::builder()
        .issuer("https://as.example.com")
        .clients(Clients::new([secret, certificate]).unwrap())
        .method(AnyCertificate)
        .observer(seen.clone());
    if let Some(proxy) = proxy {
        builder = builder.trusted_proxy(proxy);
    }
    (builder.build().unwrap(), seen)
}

fn behind(header: CertificateHeader) -> Authenticator {
    server(Some(TrustedProxy::new([PROXY], header).unwrap())).0
}

fn send(
    auth: &Authenticator,
    client: &str,
    headers: &[(&'static str, String)],
    peer: Option<&str>,
    handshake: Option<&PeerCertificates>,
) -> Result<AuthenticatedClient, Refusal> {
    let mut headers = headers.to_vec();
    headers.push((FORM.0, FORM.1.to_owned()));
    let body = match client {
        "by-secret" => {
            headers.push(("authorization", basic_pair("by-secret:wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq")));
            "grant_type=client_credentials".to_owned()
        }
        _ => format!("grant_type=client_credentials&client_id={client}"),
    };
    let headers = headers.as_slice();
    let request = AuthRequest::new(Endpoint::Token, "POST", &headers, body.into())
        .with_source(peer.map(|peer| peer.parse().unwrap()))
        .with_certificates(handshake);
    futures_executor::block_on(auth.authenticate(request))
}

#[track_caller]
fn assert_refused(answer: Result<AuthenticatedClient, Refusal>, reason: Reason, got: Option<&str>) {
    let refusal = answer.unwrap_err();
    assert_eq!((refusal.status(), refusal.kind()), (400, RefusalKind::NotAuthenticated));
    assert_eq!((refusal.reason(), refusal.got()), (reason, got));
}

#[test]
fn every_format_carries_the_certificate_octet_by_octet() {
    for (header, headers, length) in every_format() {
        let auth = behind(header.clone());
        for client in ["by-secret", "by-certificate"] {
            let client = send(&auth, client, &headers, Some(PROXY), None).unwrap();
            let certificates = client.certificates().unwrap();
            assert_eq!(certificates.leaf(), der("es256 issued"), "{header}");
            assert_eq!(client.certificate_thumbprint(), Some(&*x5t_s256("es256 issued")), "{header}");
            assert_eq!(certificates.origin(), CertificateOrigin::Proxy);
            let chain: Vec<&[u8]> = certificates.intermediates().collect();
            assert_eq!(chain, [der("ca")][..length - 1], "{header}");
        }
    }
}

#[test]
fn without_a_trusted_proxy_no_header_is_read() {
    let (auth, _) = server(None);
    for (_, headers, _) in every_format() {
        for peer in [Some(PROXY), None] {
            assert!(send(&auth, "by-secret", &headers, peer, None).unwrap().certificates().is_none());
            assert_refused(send(&auth, "by-certificate", &headers, peer, None), Reason::NoCertificate, None);
        }
    }
}

#[test]
fn a_format_is_not_read_as_another() {
    for (header, _, _) in every_format() {
        let auth = behind(header.clone());
        for (other, headers, _) in every_format() {
            if other.format() == header.format() {
                continue;
            }
            let answer = send(&auth, "by-certificate", &headers, Some(PROXY), None);
            let reason = answer.map(|_| ()).unwrap_err().reason();
            let same_field = header.name() == other.name();
            let expected =
                if same_field { Reason::ForwardedCertificateRefused } else { Reason::NoCertificate };
            assert_eq!(reason, expected, "{header} reads {other}");
        }
    }
}

#[test]
fn a_header_of_a_stranger_is_refused_where_a_certificate_is_needed() {
    for (header, headers, _) in every_format() {
        let auth = behind(header);
        let own = PeerCertificates::from_handshake([der("attacker")]).unwrap();
        for (peer, got) in [(Some(STRANGER), STRANGER), (None, "an unknown address")] {
            for handshake in [None, Some(&own)] {
                let answer = send(&auth, "by-certificate", &headers, peer, handshake);
                assert_refused(answer, Reason::ForwardedCertificateRefused, Some(got));
                let client = send(&auth, "by-secret", &headers, peer, handshake).unwrap();
                assert!(client.certificates().is_none(), "and bound to nothing");
            }
            let client = send(&auth, "by-certificate", &[], peer, Some(&own)).unwrap();
            assert_eq!(client.certificates().unwrap().leaf(), der("attacker"));
        }
    }
}

#[test]
fn an_unreadable_header_of_the_proxy_is_refused_where_a_certificate_is_needed() {
    for (header, headers, _) in every_format() {
        let auth = behind(header);
        let handshake = PeerCertificates::from_handshake([der("attacker")]).unwrap();
        let twice = [headers.clone(), headers[..1].to_vec()].concat();
        let answer = send(&auth, "by-certificate", &twice, Some(PROXY), Some(&handshake));
        assert_refused(answer, Reason::ForwardedCertificateRefused, Some("several lines"));
        let client = send(&auth, "by-secret", &twice, Some(PROXY), Some(&handshake)).unwrap();
        assert!(client.certificates().is_none());
    }
}

#[test]
fn the_proxys_own_certificate_authenticates_nobody() {
    let auth = behind(CertificateHeader::client_cert());
    let proxys = PeerCertificates::from_handshake([der("es256")]).unwrap();
    for headers in [vec![], vec![("client-cert", String::new())], vec![("client-cert", "(null)".to_owned())]]
    {
        let answer = send(&auth, "by-certificate", &headers, Some(PROXY), Some(&proxys));
        assert_refused(answer, Reason::NoCertificate, None);
        let client = send(&auth, "by-secret", &headers, Some(PROXY), Some(&proxys)).unwrap();
        assert!(client.certificates().is_none());
    }
}

#[test]
fn the_operator_sees_the_clients_address() {
    let proxy = TrustedProxy::new([PROXY], CertificateHeader::nginx()).unwrap();
    let (auth, seen) = server(Some(proxy.forwarded_for(SourceHeader::XForwardedFor)));
    let headers = [("x-forwarded-for", format!("198.51.100.1, {CLIENT}"))];
    for (client, accepted) in [("by-secret", true), ("by-certificate", false)] {
        for (peer, source) in [(Some(PROXY), Some(CLIENT)), (Some(STRANGER), Some(STRANGER)), (None, None)] {
            assert_eq!(send(&auth, client, &headers, peer, None).is_ok(), accepted);
            let source: Option<IpAddr> = source.map(|source| source.parse().unwrap());
            assert_eq!(*seen.0.lock().unwrap(), source);
        }
    }
}

/// Of every decision, where the request came from.
#[derive(Clone, Default)]
struct AllSources(Arc<Mutex<Vec<Option<IpAddr>>>>);

impl Observer for AllSources {
    fn decided(&self, decision: &Decision<'_>) {
        self.0.lock().unwrap().push(decision.source);
    }
}

/// The certificate of one never speaks for another, nor does the address.
#[test]
fn of_a_hundred_callers_at_once_each_has_its_own_headers() {
    const SHOWN: [Option<&str>; 3] = [Some("es256 issued"), Some("attacker"), None];
    SHOWN.iter().flatten().for_each(|name| drop(der(name)));
    let seen = AllSources::default();
    let proxy = TrustedProxy::new([PROXY], CertificateHeader::client_cert()).unwrap();
    let auth = Authenticator::builder()
        .issuer("https://as.example.com")
        .clients(Clients::new([Client::new("by-certificate").with_method(ANY_CERTIFICATE)]).unwrap())
        .method(AnyCertificate)
        .observer(seen.clone())
        .without_throttle()
        .trusted_proxy(proxy.forwarded_for(SourceHeader::XForwardedFor))
        .build()
        .unwrap();
    let barrier = Barrier::new(100);
    std::thread::scope(|scope| {
        for number in 0..100_usize {
            let (auth, barrier) = (&auth, &barrier);
            scope.spawn(move || {
                let (shown, is_proxy) = (SHOWN[number % SHOWN.len()], number % 10 != 0);
                let mut headers = vec![("x-forwarded-for", format!("203.0.113.{number}"))];
                headers.extend(shown.map(|name| ("client-cert", format!(":{}:", base64(name)))));
                barrier.wait();
                for _ in 0..20 {
                    let peer = if is_proxy { PROXY } else { STRANGER };
                    let answer = send(auth, "by-certificate", &headers, Some(peer), None);
                    match (shown, is_proxy) {
                        (Some(name), true) => {
                            assert_eq!(answer.unwrap().certificates().unwrap().leaf(), der(name));
                        }
                        (Some(_), false) => {
                            assert_refused(answer, Reason::ForwardedCertificateRefused, Some(STRANGER));
                        }
                        (None, _) => assert_refused(answer, Reason::NoCertificate, None),
                    }
                }
            });
        }
    });
    let mut expected: Vec<Option<IpAddr>> = Vec::new();
    for number in 0..100 {
        let source = if number % 10 == 0 { STRANGER.to_owned() } else { format!("203.0.113.{number}") };
        expected.extend([Some(source.parse().unwrap()); 20]);
    }
    let mut sources = seen.0.lock().unwrap().clone();
    sources.sort();
    expected.sort();
    assert_eq!(sources, expected);
}

/// What the handlers answer: the certificate that they see.
fn echo(client: &AuthenticatedClient) -> String {
    client.certificate_thumbprint().unwrap_or("none").to_owned()
}

#[test]
fn the_tower_layer_knows_the_peer() {
    async fn token(client: ClientAuth) -> String {
        echo(&client)
    }
    let (_, headers, _) = every_format().swap_remove(0);
    let layer = ClientAuthLayer::new(behind(CertificateHeader::client_cert()));
    let told = layer
        .clone()
        .source(|extensions| extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip()));
    let answer = |layer: ClientAuthLayer, peer: &str| {
        let mut request = Request::post("/token").header(FORM.0, FORM.1);
        for (name, value) in &headers {
            request = request.header(*name, value);
        }
        let mut request = request.body(Body::from("client_id=by-certificate")).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 4711)));
        let app = Router::new().route("/token", post(token)).layer(layer);
        futures_executor::block_on(async {
            let response = app.oneshot(request).await.unwrap();
            let reason = response.extensions().get::<Refusal>().map(Refusal::reason);
            let body = response.into_body().collect().await.unwrap().to_bytes();
            reason.ok_or_else(|| String::from_utf8(body.to_vec()).unwrap())
        })
    };
    assert_eq!(answer(told.clone(), PROXY), Err(x5t_s256("es256 issued")));
    assert_eq!(answer(told, STRANGER), Ok(Reason::ForwardedCertificateRefused));
    assert_eq!(answer(layer, PROXY), Ok(Reason::ForwardedCertificateRefused), "nobody told it");
}

#[actix_web::test]
async fn actix_knows_the_peer() {
    async fn token(client: web::ReqData<AuthenticatedClient>) -> HttpResponse {
        HttpResponse::Ok().body(echo(&client))
    }
    let (_, headers, _) = every_format().swap_remove(0);
    let auth = behind(CertificateHeader::client_cert());
    let app = App::new().wrap(ClientAuthMiddleware::new(auth)).route("/token", web::post().to(token));
    let app = actix::init_service(app).await;
    for (peer, status, expected) in [(PROXY, 200, x5t_s256("es256 issued")), (STRANGER, 400, String::new())] {
        let mut request = actix::TestRequest::post()
            .uri("/token")
            .peer_addr(SocketAddr::new(peer.parse().unwrap(), 4711))
            .insert_header(FORM)
            // Which actix would take for the peer if it were asked for the "real" address.
            .insert_header(("x-forwarded-for", PROXY))
            .insert_header(("forwarded", format!("for={PROXY}")));
        for (name, value) in &headers {
            request = request.append_header((*name, value.as_str()));
        }
        let response =
            actix::call_service(&app, request.set_payload("client_id=by-certificate").to_request()).await;
        assert_eq!(response.status().as_u16(), status);
        if status == 200 {
            assert_eq!(actix::read_body(response).await, expected);
        }
    }
}
