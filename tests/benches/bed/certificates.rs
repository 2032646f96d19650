//! A server of mutual TLS, and what one keep-alive connection to it shows.

use bytes::Bytes;
use countersign::certificate::{CertificateSubject, PeerCertificates, TrustAnchors};
use countersign::secret::ClientSecret;
use countersign::store::Clients;
use countersign::{AuthMethod, AuthRequest, AuthenticatedClient, Authenticator, Client, Endpoint};
use countersign_tests::encoding::basic;
use countersign_tests::request::Request;
use countersign_tests::row::{HttpRequest, ISSUER};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

/// The server, and the certificates of two clients: one by an authority, one self-signed.
pub(crate) struct MutualTls {
    pub(crate) auth: Authenticator,
    issued: Vec<u8>,
    self_signed: Vec<u8>,
}

/// The methods of it that are compared.
pub(crate) const METHODS: [&str; 3] =
    ["client_secret_basic", "tls_client_auth", "self_signed_tls_client_auth"];

impl MutualTls {
    pub(crate) fn new() -> Self {
        let authority_key = KeyPair::generate().unwrap();
        let mut authority = CertificateParams::default();
        authority.distinguished_name.push(DnType::CommonName, "CA");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let anchors = TrustAnchors::from_der([authority.self_signed(&authority_key).unwrap().der()]).unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CountryName, "DE");
        params.distinguished_name.push(DnType::OrganizationName, "Example Ltd");
        params.distinguished_name.push(DnType::CommonName, "client one");
        let key = KeyPair::generate().unwrap();
        let issued = params.signed_by(&key, &Issuer::new(authority, authority_key)).unwrap();
        let self_signed = params.self_signed(&key).unwrap();
        let clients = [
            Client::new("basic")
                .with_method(AuthMethod::CLIENT_SECRET_BASIC)
                .with_secret(ClientSecret::generated(SECRET)),
            Client::new("tls").with_method(AuthMethod::TLS_CLIENT_AUTH).with_certificate_subject(
                CertificateSubject::dn("CN=client one,O=Example Ltd,C=DE").unwrap(),
            ),
            Client::new("self").with_method(AuthMethod::SELF_SIGNED_TLS_CLIENT_AUTH).with_keys(
                countersign::key::KeySet::default()
                    .with_public_keys(&[countersign_tests::x509::pem(self_signed.der())])
                    .unwrap(),
            ),
        ];
        let auth = Authenticator::builder()
            .issuer(ISSUER)
            .clients(Clients::new(clients).unwrap())
            .mutual_tls(anchors)
            .build()
            .unwrap();
        MutualTls { auth, issued: issued.der().to_vec(), self_signed: self_signed.der().to_vec() }
    }

    /// What a client sends by this method, and what it showed when it connected.
    pub(crate) fn connection(&self, method: &str) -> (HttpRequest, Option<PeerCertificates>) {
        let named = |id: &str| Request::token().field("client_id", id).build();
        let shown = |der: &[u8]| PeerCertificates::from_handshake([der.to_vec()]);
        match method {
            "tls_client_auth" => (named("tls"), shown(&self.issued)),
            "self_signed_tls_client_auth" => (named("self"), shown(&self.self_signed)),
            _ => (Request::token().authorization(basic("basic", SECRET)).build(), None),
        }
    }

    /// The whole decision, through the core.
    pub(crate) fn authenticate(
        &self,
        request: &HttpRequest,
        body: &Bytes,
        certificates: Option<&PeerCertificates>,
    ) -> AuthenticatedClient {
        let headers = request.headers.as_slice();
        let request =
            AuthRequest::new(Endpoint::Token, "POST", &headers, body.clone()).with_certificates(certificates);
        futures_executor::block_on(self.auth.authenticate(request)).unwrap()
    }
}

const SECRET: &str = "wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq";
