//! The server's own certificate: what is read, and how it is exchanged.

use countersign::tls::{ReloadableCertificate, server_config};
use countersign_tests::certificates::pem;
use rcgen::KeyPair;

use super::client::{Client, VERSIONS};
use super::identity::{Identity, ServerIdentity};
use super::on_tokio;
use super::server::Server;

#[test]
fn a_new_certificate_is_shown_from_the_next_handshake_on() {
    on_tokio(async {
        for version in VERSIONS {
            let (old, new) = (ServerIdentity::new(), ServerIdentity::new());
            let certificate = ReloadableCertificate::new(&old.certificate, &old.key).unwrap();
            let config = certificate.server_config().unwrap();
            let identity = Identity::named("es256");
            for server in Server::all(&config).await {
                certificate.reload(&old.certificate, &old.key).unwrap();
                // Each with sessions of its own: resumed ones do not look at the certificate.
                let knows = |server: &ServerIdentity| Client::new(version, server.roots(), Some(&identity));
                let mut before = knows(&old).connect(server.address).await.unwrap();
                assert_eq!(before.ask().await, identity.thumbprint());
                assert!(knows(&new).refused(server.address).await.contains("InvalidCertificate("));

                // A key of another certificate, half a file, none: what was there stays.
                for (chain, key) in [
                    (new.certificate.as_str(), old.key.as_str()),
                    (&new.certificate[..100], &new.key),
                    (&new.certificate, &new.key[..60]),
                    ("", ""),
                ] {
                    certificate.reload(chain, key).unwrap_err();
                    assert_eq!(knows(&old).ask(server.address).await, identity.thumbprint());
                }

                certificate.reload(&new.certificate, &new.key).unwrap();
                assert_eq!(knows(&new).ask(server.address).await, identity.thumbprint());
                assert!(knows(&old).refused(server.address).await.contains("InvalidCertificate("));
                assert_eq!(before.ask().await, identity.thumbprint());
            }
        }
    });
}

#[test]
fn what_is_wrong_is_said_and_no_key_shown() {
    let own = ServerIdentity::new();
    let (chain, key) = (own.certificate.as_str(), own.key.as_str());
    let other = KeyPair::generate().unwrap().serialize_pem();
    let secret = key.lines().nth(1).unwrap();
    let garbled = key.replace(secret, "AAAA");
    for (chain, key, problem) in [
        ("", key, "holds no certificate"),
        (key, key, "holds no certificate"),
        (&chain[..100], key, "not PEM, or was cut off"),
        (chain, "", "private key is missing"),
        (chain, chain, "private key is missing"),
        (chain, &key[..60], "private key is not PEM, or was cut off"),
        (chain, &garbled, "cannot be used"),
        (chain, &other, "belongs to another certificate"),
        (chain, &pem("private encrypted"), "is encrypted"),
        // Version 1, which clients would not take.
        (&pem("es256 v1"), key, "first certificate of the chain cannot be used"),
    ] {
        let error = server_config(chain, key).unwrap_err();
        assert!(error.to_string().contains(problem), "{problem}: {error}");
        assert!(!format!("{error} {error:?}").contains(secret));
    }
    let certificate = ReloadableCertificate::new(chain, key).unwrap();
    assert_eq!(format!("{certificate:?}"), "ReloadableCertificate { certificates: 1 }");
}

#[test]
fn one_text_may_hold_both_and_more() {
    let own = ServerIdentity::new();
    let both = format!("# mine\n{}{}{}", own.key, own.certificate, pem("ca"));
    server_config(&both, &both).unwrap();
    // The server's own comes first.
    let turned = format!("{}{}", pem("ca"), own.certificate);
    assert!(server_config(turned, &own.key).unwrap_err().to_string().contains("another certificate"));
}

#[test]
fn only_http_1_1_is_offered_and_no_early_data() {
    let own = ServerIdentity::new();
    let config = server_config(&own.certificate, &own.key).unwrap();
    assert_eq!(config.alpn_protocols, [b"http/1.1"]);
    assert_eq!(config.max_early_data_size, 0);
}
