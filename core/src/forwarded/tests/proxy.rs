//! Who is believed.

use super::*;

const FIELD: (&str, &str) = ("Client-Cert", ":MAMCAQA=:");
const LEAF: [u8; 5] = [0x30, 0x03, 0x02, 0x01, 0x00];

fn proxy() -> TrustedProxy {
    TrustedProxy::new([PROXY, "10.0.0.0/8", "2001:db8::/64"], CertificateHeader::client_cert()).unwrap()
}

fn handshake() -> PeerCertificates {
    PeerCertificates::from_handshake([der(9)]).unwrap()
}

fn ask(lines: &[(&str, &str)], peer: Option<&str>) -> Result<Option<PeerCertificates>, Failure> {
    let peer = peer.map(|peer| peer.parse::<IpAddr>().unwrap());
    proxy().certificates(&lines, peer, Some(&handshake()))
}

#[test]
fn a_listed_address_is_believed() {
    for peer in [PROXY, "10.255.0.1", "2001:db8::42", "::ffff:192.0.2.1", "::ffff:10.0.0.1"] {
        let certificates = ask(&[FIELD], Some(peer)).unwrap().unwrap();
        assert_eq!(certificates.leaf(), LEAF, "{peer}");
        assert_eq!(certificates.origin(), CertificateOrigin::Proxy);
    }
}

#[test]
fn the_proxys_own_certificate_is_never_the_clients() {
    assert!(ask(&[], Some(PROXY)).unwrap().is_none());
    assert!(ask(&[("Client-Cert", "")], Some(PROXY)).unwrap().is_none());
    assert!(ask(&[("Client-Cert", "NONE")], Some(PROXY)).is_err());
}

#[test]
fn anyone_else_is_refused_however_little_the_header_says() {
    let others = ["192.0.2.2", "11.0.0.1", "2001:db8:0:1::42", "::192.0.2.1", "127.0.0.1", "::1"];
    for lines in
        [&[FIELD][..], &[("client-cert", "")], &[("CLIENT-CERT-CHAIN", "x")], &[("Client-Cert", "NONE")]]
    {
        for peer in others {
            let failure = ask(lines, Some(peer)).unwrap_err();
            assert_eq!(failure.reason(), Reason::ForwardedCertificateRefused);
            let address = peer.parse::<IpAddr>().unwrap();
            let expected = Failure::new(Reason::ForwardedCertificateRefused)
                .expected("a trusted proxy's address")
                .got(address.to_string());
            assert_eq!(failure, expected);
        }
        let failure = ask(lines, None).unwrap_err();
        assert!(format!("{failure:?}").contains("an unknown address"));
    }
}

#[test]
fn a_direct_connection_has_its_own_certificate() {
    for peer in [Some("192.0.2.2"), None] {
        let certificates =
            ask(&[("X-SSL-Client-Cert", "x"), ("x-forwarded-for", PROXY)], peer).unwrap().unwrap();
        assert_eq!(all(&certificates), all(&handshake()));
        assert_eq!(certificates.origin(), CertificateOrigin::Handshake);
    }
}
