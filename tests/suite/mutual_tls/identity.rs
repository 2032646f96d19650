//! Certificates with their keys: the server's, and those that clients show.

use std::sync::{Arc, Mutex};

use countersign::certificate::PeerCertificates;
use countersign::sign::SigningKey as PemKey;
use countersign_tests::certificates::der;
use countersign_tests::fixtures::fixtures;
use rcgen::{CertificateParams, KeyPair};
use tokio_rustls::rustls::client::ResolvesClientCert;
use tokio_rustls::rustls::crypto::aws_lc_rs::sign::any_supported_type;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::{CertifiedKey, SigningKey};
use tokio_rustls::rustls::{RootCertStore, SignatureScheme};

/// A server's certificate for `localhost`, self-signed.
pub(super) struct ServerIdentity {
    pub(super) certificate: String,
    pub(super) key: String,
    der: CertificateDer<'static>,
}

impl ServerIdentity {
    pub(super) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
        ServerIdentity {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
            der: certificate.der().clone(),
        }
    }

    /// What a client trusts that knows this server and no other.
    pub(super) fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).unwrap();
        roots
    }
}

/// What a client shows, and what it signs with. The two need not belong together.
#[derive(Clone)]
pub(super) struct Identity {
    pub(super) name: &'static str,
    chain: Vec<CertificateDer<'static>>,
    key: Arc<dyn SigningKey>,
}

/// Certificates of the tables and the fixture keys they were made of: each kind of key, self-signed, self-signed of
/// version 1, expired, and issued.
const IDENTITIES: [(&str, &str); 8] = [
    ("rs256", "c-pkjwt-rs256"),
    ("rs256 expired", "c-pkjwt-rs256"),
    ("es256", "c-pkjwt-two"),
    ("es256 v1", "c-pkjwt-two:2"),
    ("es384", "c-pkjwt-es384"),
    ("es512", "c-pkjwt-es512"),
    ("ed25519", "c-pkjwt-eddsa"),
    ("es256 issued", "c-pkjwt-two"),
];

impl Identity {
    pub(super) fn all() -> impl Iterator<Item = Identity> {
        IDENTITIES.into_iter().map(|(name, key)| Identity {
            name,
            chain: vec![CertificateDer::from(der(name))],
            key: fixture_key(key),
        })
    }

    /// Octets that cannot be read as a certificate, with the key that would be theirs.
    pub(super) fn malformed() -> impl Iterator<Item = Identity> {
        let whole = der("es256");
        [
            ("cut off", whole[..whole.len() - 1].to_vec()),
            ("with an octet behind", [&whole[..], &[0]].concat()),
            ("of version 1 with an octet behind", [&der("es256 v1")[..], &[0]].concat()),
            ("text", b"certificate".to_vec()),
        ]
        .into_iter()
        .map(|(name, octets)| Identity {
            name,
            chain: vec![CertificateDer::from(octets)],
            key: fixture_key("c-pkjwt-two"),
        })
    }

    pub(super) fn named(name: &str) -> Self {
        Identity::all().find(|identity| identity.name == name).unwrap()
    }

    /// With another certificate behind its own.
    pub(super) fn and(mut self, name: &str) -> Self {
        self.chain.push(CertificateDer::from(der(name)));
        self
    }

    /// The same certificate in the hands of somebody with another key.
    pub(super) fn signing_with(mut self, key: Arc<dyn SigningKey>) -> Self {
        self.key = key;
        self
    }

    pub(super) fn key(&self) -> Arc<dyn SigningKey> {
        Arc::clone(&self.key)
    }

    /// `x5t#S256` of the leaf.
    pub(super) fn thumbprint(&self) -> String {
        PeerCertificates::from_handshake([self.chain[0].to_vec()]).unwrap().thumbprint().to_owned()
    }
}

pub(super) fn fixture_key(name: &str) -> Arc<dyn SigningKey> {
    let pem = PemKey::from_jwk(&fixtures().key(name).private().to_string()).unwrap().to_pem().unwrap();
    any_supported_type(&PrivateKeyDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap()
}

/// Shows the identity whatever the server asks for, and keeps what it asked for.
#[derive(Debug)]
pub(super) struct Shows {
    key: Arc<CertifiedKey>,
    asked: Mutex<Option<Asked>>,
}

/// What a server said when it asked for a certificate.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) authorities: usize,
    pub(super) schemes: Vec<SignatureScheme>,
}

impl Shows {
    pub(super) fn new(identity: &Identity) -> Arc<Self> {
        let key = CertifiedKey::new(identity.chain.clone(), Arc::clone(&identity.key));
        Arc::new(Shows { key: Arc::new(key), asked: Mutex::default() })
    }

    /// `None` when it was not asked.
    pub(super) fn asked(&self) -> Option<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

impl ResolvesClientCert for Shows {
    fn resolve(&self, authorities: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let asked = Asked { authorities: authorities.len(), schemes: schemes.to_vec() };
        *self.asked.lock().unwrap() = Some(asked);
        Some(Arc::clone(&self.key))
    }

    fn has_certs(&self) -> bool {
        true
    }
}
