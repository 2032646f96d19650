use std::fs;
use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair};

use super::*;

/// The certificate of an authority with this name, in PEM.
fn authority(name: &str) -> String {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.self_signed(&KeyPair::generate().unwrap()).unwrap().pem()
}

fn files_in(folder: &Path) -> (Tls, Proxy) {
    let tls = Tls {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        cert: folder.join("server.pem"),
        key: folder.join("server-key.pem"),
        client_ca: Some(folder.join("of-tls.pem")),
    };
    let proxy = Proxy {
        trusted: vec!["127.0.0.1/32".to_owned()],
        passes_on: PassesOn::Certificate(CertificateHeader::nginx(), Some(SourceHeader::XForwardedFor)),
        client_ca: Some(folder.join("of-proxy.pem")),
    };
    (tls, proxy)
}

/// They count together, so that none of them can change alone.
#[test]
fn of_two_files_a_mistake_in_one_leaves_both() {
    let folder = std::env::temp_dir().join(format!("token-server-authorities-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let (tls, proxy) = files_in(&folder);
    let [of_tls, of_proxy] = ["of-tls.pem", "of-proxy.pem"].map(|name| folder.join(name));
    let [one, two, three] = ["one", "two", "three"].map(authority);
    fs::write(&of_tls, &one).unwrap();
    fs::write(&of_proxy, format!("{two}{three}")).unwrap();
    let authorities = Authorities::open(Some(&tls), Some(&proxy)).unwrap().unwrap();
    assert_eq!(authorities.files, [of_tls.clone(), of_proxy.clone()]);
    let known = || format!("{:?}", authorities.anchors.current());
    assert_eq!(known(), "TrustAnchors(3)");

    let all = format!("{one}{two}{three}");
    let cut = &two[..two.len() / 2];
    for (right, wrong) in [(&of_tls, &of_proxy), (&of_proxy, &of_tls)] {
        fs::write(right, &all).unwrap();
        for mistake in ["", "no PEM", cut, &format!("{one}{cut}")] {
            fs::write(wrong, mistake).unwrap();
            let problem = authorities.reload().unwrap_err().to_string();
            assert!(problem.starts_with(&format!("{}: ", wrong.display())), "{mistake:?}: {problem}");
            assert_eq!(known(), "TrustAnchors(3)", "{mistake:?}");
        }
        fs::remove_file(wrong).unwrap();
        let problem = authorities.reload().unwrap_err().to_string();
        assert!(problem.starts_with(&format!("{}: ", wrong.display())), "{problem}");
        assert_eq!(known(), "TrustAnchors(3)");
    }
    for file in [&of_tls, &of_proxy] {
        fs::write(file, &all).unwrap();
    }
    authorities.reload().unwrap();
    assert_eq!(known(), "TrustAnchors(6)");
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_proxy_that_names_nobody_is_warned_of() {
    let (_, mut proxy) = files_in(Path::new("nowhere"));
    assert_eq!(proxy.warning(), None);
    proxy.passes_on = PassesOn::Address(SourceHeader::Forwarded);
    assert_eq!(proxy.warning(), None);
    proxy.passes_on = PassesOn::Certificate(CertificateHeader::nginx(), None);
    assert!(proxy.warning().unwrap().contains("forwarded_for"));
}
