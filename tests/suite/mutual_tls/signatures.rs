//! A certificate is public; who shows one must hold its key.

use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P521_SHA384_ASN1_SIGNING, EcdsaKeyPair};
use countersign::tls;
use countersign_tests::fixtures::fixtures;
use tokio_rustls::rustls::sign::{Signer, SigningKey};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{Error, SignatureAlgorithm, SignatureScheme};

use super::client::{Client, VERSIONS};
use super::identity::{Identity, ServerIdentity, fixture_key};
use super::on_tokio;
use super::server::Server;

#[test]
fn a_certificate_without_its_key_gets_no_connection() {
    on_tokio(async {
        let own = ServerIdentity::new();
        let config = tls::server_config(&own.certificate, &own.key).unwrap();
        for server in Server::all(&config).await {
            for version in VERSIONS {
                for identity in impostors() {
                    let client = Client::new(version, own.roots(), Some(&identity));
                    let error = client.refused(server.address).await;
                    let context = format!("{}, {version:?}, {}: {error}", server.name, identity.name);
                    assert!(error.contains("AlertReceived(DecryptError)"), "{context}");
                }
                // The server goes on.
                let honest = Identity::named("es256");
                let seen = Client::new(version, own.roots(), Some(&honest)).ask(server.address).await;
                assert_eq!(seen, honest.thumbprint());
            }
            if server.name != "actix" {
                let failures = server.failures();
                assert_eq!(failures.len(), 2 * impostors().count(), "{}", server.name);
                assert!(failures.iter().all(|failure| failure.contains("BadSignature")), "{failures:?}");
            }
        }
    });
}

/// Somebody else's key of the same kind, and the right key under a signature that was touched.
fn impostors() -> impl Iterator<Item = Identity> {
    let other_key = [
        ("rs256", "attacker-rsa"),
        ("es256", "attacker-ec"),
        ("es256 v1", "attacker-ec"),
        ("es256 issued", "attacker-ec"),
        ("es384", "attacker-p384"),
        ("ed25519", "attacker-ed"),
    ]
    .map(|(certificate, key)| Identity::named(certificate).signing_with(fixture_key(key)));
    let touched = ["rs256", "es256", "es256 v1", "es512", "ed25519"].map(|name| {
        let identity = Identity::named(name);
        let key = identity.key();
        identity.signing_with(Arc::new(Touched(key)))
    });
    other_key.into_iter().chain(touched)
}

/// In TLS 1.3 a scheme names the curve (RFC 8446 §4.2.3), in TLS 1.2 the hash alone (RFC 8422 §5.1.1).
#[test]
fn tls_1_3_holds_a_scheme_to_its_curve() {
    on_tokio(async {
        let own = ServerIdentity::new();
        let config = tls::server_config(&own.certificate, &own.key).unwrap();
        let identity = Identity::named("es512").signing_with(Arc::new(P521WithSha384));
        for server in Server::all(&config).await {
            let client = |version| Client::new(version, own.roots(), Some(&identity));
            assert_eq!(client(&TLS12).ask(server.address).await, identity.thumbprint());
            let error = client(&TLS13).refused(server.address).await;
            assert!(error.contains("AlertReceived"), "{error}");
        }
    });
}

/// What is not a certificate has no key to hold.
#[test]
fn octets_that_are_no_certificate_get_no_connection() {
    on_tokio(async {
        let own = ServerIdentity::new();
        let config = tls::server_config(&own.certificate, &own.key).unwrap();
        for server in Server::all(&config).await {
            for version in VERSIONS {
                for identity in Identity::malformed() {
                    let client = Client::new(version, own.roots(), Some(&identity));
                    let error = client.refused(server.address).await;
                    assert!(error.contains("AlertReceived"), "{}, {}: {error}", server.name, identity.name);
                }
            }
        }
    });
}

/// Flips a bit of each signature.
#[derive(Debug)]
struct Touched(Arc<dyn SigningKey>);

impl SigningKey for Touched {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        Some(Box::new(TouchedSigner(self.0.choose_scheme(offered)?)))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.0.algorithm()
    }
}

#[derive(Debug)]
struct TouchedSigner(Box<dyn Signer>);

impl Signer for TouchedSigner {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let mut signature = self.0.sign(message)?;
        *signature.last_mut().unwrap() ^= 1;
        Ok(signature)
    }

    fn scheme(&self) -> SignatureScheme {
        self.0.scheme()
    }
}

/// A genuine signature by the P-521 key, under the scheme of P-384.
#[derive(Debug)]
struct P521WithSha384;

impl SigningKey for P521WithSha384 {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        assert!(offered.contains(&self.scheme()));
        Some(Box::new(P521WithSha384))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }
}

impl Signer for P521WithSha384 {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let key = fixtures().key("c-pkjwt-es512");
        let pair = EcdsaKeyPair::from_private_key_and_public_key(
            &ECDSA_P521_SHA384_ASN1_SIGNING,
            &key.octets("d"),
            &key.uncompressed_point(),
        )
        .unwrap();
        Ok(pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec())
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::ECDSA_NISTP384_SHA384
    }
}
