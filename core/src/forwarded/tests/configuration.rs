use super::*;
use crate::config_error::ConfigError;

const NAMES: [&str; 7] = ["client-cert", "xfcc", "nginx", "haproxy", "traefik", "aws-alb", "aws-alb-verify"];

fn error(header: CertificateHeader) -> ConfigError {
    TrustedProxy::new([PROXY], header).unwrap_err()
}

#[test]
fn every_format_has_a_name() {
    let headers: [fn() -> CertificateHeader; 7] = [
        CertificateHeader::client_cert,
        CertificateHeader::xfcc,
        CertificateHeader::nginx,
        CertificateHeader::haproxy,
        CertificateHeader::traefik,
        CertificateHeader::aws_alb,
        CertificateHeader::aws_alb_verify,
    ];
    for (name, header) in NAMES.into_iter().zip(headers) {
        let parsed: CertificateHeader = name.parse().unwrap();
        assert_eq!(parsed.format(), name);
        assert_eq!(header().to_string(), name);
        assert_eq!((parsed.name(), parsed.chain_name()), (header().name(), header().chain_name()));
        assert!(TrustedProxy::new([PROXY], parsed).is_ok());
    }
}

#[test]
fn an_unknown_format_names_the_known_ones() {
    for name in ["", "Nginx", "x-arr-clientcert", "auto"] {
        let error = name.parse::<CertificateHeader>().unwrap_err();
        assert_eq!(error.setting(), "proxy.header");
        for known in NAMES {
            assert!(error.to_string().contains(known), "{error}");
        }
    }
}

#[test]
fn nobody_trusted_is_an_error() {
    let nobody: [&str; 0] = [];
    let error = TrustedProxy::new(nobody, CertificateHeader::nginx()).unwrap_err();
    assert_eq!(error.setting(), "proxy.trusted");
    assert!(error.to_string().contains("is empty"));
    for wrong in ["", "*", "::/0"] {
        assert!(TrustedProxy::new([PROXY, wrong], CertificateHeader::nginx()).is_err(), "{wrong}");
    }
}

#[test]
fn names_that_no_field_can_have() {
    for name in ["", "x y", "x:y", "x\r\nClient-Cert", "é", "x-client-cert:"] {
        assert_eq!(error(CertificateHeader::nginx().named(name)).setting(), "proxy.header");
        assert_eq!(error(CertificateHeader::haproxy().chain_named(name)).setting(), "proxy.header");
    }
    assert!(TrustedProxy::new([PROXY], CertificateHeader::nginx().named("X_Client.Cert-1")).is_ok());
}

#[test]
fn a_chain_needs_a_field_of_its_own() {
    assert!(error(CertificateHeader::nginx().chain_named("x")).to_string().contains("no second field"));
    assert!(error(CertificateHeader::haproxy().named("X-SSL-Client-Chain")).to_string().contains("both"));
}
