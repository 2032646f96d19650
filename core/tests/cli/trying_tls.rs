//! `try` over TLS, and with a client certificate.

use countersign::sign::SigningKey;
use rcgen::{BasicConstraints, ExtendedKeyUsagePurpose, IsCa, date_time_ymd};
use serde_json::json;

use crate::authority::{Authority, Issued, Wants};
use crate::bench::{Bench, ISSUER};
use crate::server::Server;

const TOKEN: &str = r#"{"access_token":"x"}"#;
const INVALID_CLIENT: &str = r#"{"error":"invalid_client"}"#;
const SECRET: &str = "wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq";

#[test]
fn a_private_authority_is_trusted_when_it_is_named() {
    let bench = Bench::new("tls");
    let authority = Authority::new("the right one");
    let issued = authority.issue("localhost", |_| {});
    bench.write("ca.pem", authority.pem());
    bench.write("other.pem", Authority::new("another one").pem());
    // Trusting the one certificate and no authority is a way too.
    let alone = Issued::self_signed("localhost", |_| {});
    bench.write("alone.pem", &alone.certificate);
    for versions in [[&rustls::version::TLS12], [&rustls::version::TLS13]] {
        for (issued, ca, trusted) in [
            (&issued, vec!["--ca", "ca.pem"], true),
            (&issued, vec!["--ca", "other.pem"], false),
            (&issued, vec![], false),
            (&alone, vec!["--ca", "alone.pem"], true),
            (&alone, vec![], false),
        ] {
            let server = Server::secure(issued.server_of(&versions, Wants::Nothing), 200, TOKEN);
            let arguments = ["try", &server.url, "--client", "a", "--secret", SECRET];
            let run = bench.run(&[arguments.as_slice(), &ca].concat());
            if trusted {
                assert!(run.ends(0).out.contains("✓ client_secret_basic: 200"));
                let request = server.request();
                assert!(request.starts_with("POST /token HTTP/1.1\r\nhost: localhost:"), "{request}");
                assert!(request.contains("authorization: Basic "), "{request}");
            } else {
                let run = run.ends(2);
                assert!(
                    run.err.contains("of no authority that is trusted here; ") && run.err.contains("--ca")
                );
                assert!(!run.err.contains(SECRET), "{}", run.err);
                assert!(server.heard().is_empty(), "the secret was sent to a server that nobody knows");
            }
        }
    }
}

#[test]
fn what_is_wrong_with_a_servers_certificate_is_said_with_its_cure() {
    let bench = Bench::new("tls-faults");
    let authority = Authority::new("authority");
    bench.write("ca.pem", authority.pem());
    let ca = |params: &mut rcgen::CertificateParams| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    for (issued, problem, cure) in [
        (
            authority.issue("as.example.com", |_| {}),
            "is not for localhost, but for",
            "have it issued for this one (subjectAltName)",
        ),
        (
            authority.issue("localhost", |params| params.not_after = date_time_ymd(2020, 1, 1)),
            "is not valid any more: ",
            "renew it",
        ),
        (
            authority.issue("localhost", |params| params.not_before = date_time_ymd(3000, 1, 1)),
            "is not valid yet: ",
            "set the clock",
        ),
        (
            authority.issue("localhost", |params| {
                params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
            }),
            "is not for servers",
            "serverAuth",
        ),
        (authority.issue("localhost", ca), "of an authority as its own", "CA:FALSE"),
    ] {
        let server = Server::secure(issued.server(Wants::Nothing), 200, TOKEN);
        let run = bench.run(&["try", &server.url, "--client", "a", "--ca", "ca.pem"]).ends(2);
        assert!(run.err.contains(problem) && run.err.contains(cure), "{problem}: {}", run.err);
        assert!(run.err.contains(&server.url), "{}", run.err);
        assert!(server.heard().is_empty());
    }
}

#[test]
fn the_wrong_scheme_is_noticed() {
    let bench = Bench::new("tls-scheme");
    let plain = Server::answering(200, TOKEN);
    let url = plain.url.replace("http:", "https:");
    let run = bench.run(&["try", &url, "--client", "a"]).ends(2);
    assert!(run.err.contains("does not speak TLS; if it speaks plain HTTP, begin the URL with http://"));
    let secure = Server::secure(
        Authority::new("authority").issue("localhost", |_| {}).server(Wants::Nothing),
        200,
        TOKEN,
    );
    let url = secure.url.replace("https:", "http:");
    let run = bench.run(&["try", &url, "--client", "a"]).ends(2);
    assert!(run.err.contains("begin the URL with https://"), "{}", run.err);
}

/// A private key in every form, and the certificate the server sees.
#[test]
fn a_client_certificate_is_shown_and_only_the_client_id_sent() {
    let bench = Bench::new("mtls");
    let authority = Authority::new("of the server");
    bench.write("ca.pem", authority.pem());
    let server = authority.issue("localhost", |_| {});
    let client = authority.issue("billing", |_| {});
    bench.write("client.crt", &client.certificate);
    bench.write("client.key", &client.key);
    bench.write("both.pem", format!("{}{}", client.key, client.certificate));
    bench.write("client.jwk", SigningKey::from_pem(&client.key).unwrap().to_jwk().unwrap().as_bytes());
    let files: [&[&str]; 3] = [
        &["--cert", "client.crt", "--key", "client.key"],
        &["--cert", "client.crt", "--key", "client.jwk"],
        &["--cert", "both.pem"],
    ];
    let methods: [&[&str]; 3] =
        [&[], &["--method", "tls_client_auth"], &["--method", "self_signed_tls_client_auth"]];
    for versions in [[&rustls::version::TLS12], [&rustls::version::TLS13]] {
        for (files, method) in files.iter().flat_map(|files| methods.map(|method| (files, method))) {
            let wants = Wants::CertificateOf(&authority);
            let server = Server::secure(server.server_of(&versions, wants), 200, TOKEN);
            let arguments = ["try", &server.url, "--client", "a b", "--ca", "ca.pem"];
            let run = bench.run(&[arguments.as_slice(), files, method].concat()).ends(0);
            let name = method.last().copied().unwrap_or("tls_client_auth");
            assert!(run.out.contains(&format!("✓ {name}: 200")), "{}", run.out);
            let heard = server.heard();
            assert_eq!(heard[0].certificate.as_deref(), Some(&*client.der));
            let (head, body) = heard[0].request.split_once("\r\n\r\n").unwrap();
            assert!(!head.to_lowercase().contains("authorization"), "{head}");
            assert_eq!(body, "grant_type=client_credentials&client_id=a+b");
        }
    }
}

/// Every type of key that `keygen` makes, against a server that names an authority and takes any certificate.
#[test]
fn a_self_signed_certificate_is_shown_whatever_authorities_the_server_names() {
    let bench = Bench::new("mtls-self-signed");
    let authority = Authority::new("of the server");
    bench.write("ca.pem", authority.pem());
    let issued = authority.issue("localhost", |_| {});
    for (name, kind) in [
        ("rsa", vec!["--kty", "RSA"]),
        ("p256", vec!["--curve", "P-256"]),
        ("p384", vec!["--curve", "P-384"]),
        ("p521", vec!["--curve", "P-521"]),
        ("ed25519", vec!["--curve", "Ed25519"]),
    ] {
        let (key, certificate) = (format!("{name}.key"), format!("{name}.crt"));
        let make = ["keygen", "--out", &key, "--certificate", &certificate, "--name", "billing"];
        bench.run(&[make.as_slice(), &kind].concat()).ends(0);
        let server = Server::secure(issued.server(Wants::AnyCertificate(&authority)), 200, TOKEN);
        let method = "self_signed_tls_client_auth";
        let arguments = ["try", &server.url, "--client", "billing", "--ca", "ca.pem", "--method", method];
        let run = bench.run(&[arguments.as_slice(), &["--cert", &certificate, "--key", &key]].concat());
        assert!(run.ends(0).out.contains(&format!("✓ {method}: 200")), "{name}");
        assert!(server.heard()[0].certificate.is_some(), "{name}");
    }
}

#[test]
fn a_certificate_that_the_server_refuses_is_told_from_one_it_never_saw() {
    let bench = Bench::new("mtls-refused");
    let (authority, other) = (Authority::new("of the server"), Authority::new("of somebody else"));
    bench.write("ca.pem", authority.pem());
    let stranger = other.issue("billing", |_| {});
    let expired = authority.issue("billing", |params| params.not_after = date_time_ymd(2020, 1, 1));
    let good = authority.issue("billing", |_| {});
    for (name, issued) in [("stranger", &stranger), ("expired", &expired), ("good", &good)] {
        bench.write(name, format!("{}{}", issued.certificate, issued.key));
    }
    let issued = authority.issue("localhost", |_| {});
    let run = |wants: Wants<'_>, version, answer: (u16, &str), options: &[&str], said: &str| {
        let server = Server::secure(issued.server_of(&[version], wants), answer.0, answer.1);
        let arguments = ["try", &server.url, "--client", "billing", "--ca", "ca.pem"];
        let plain = bench.run(&[arguments.as_slice(), options].concat()).ends(1);
        assert!(plain.out.contains(said), "{said}: {}{}", plain.out, plain.err);
        let json = bench.run(&[arguments.as_slice(), options, &["--json"]].concat()).ends(1).json();
        assert_eq!(json["authenticated"], false, "{json}");
        (json["tls_alert"].clone(), server.heard().len())
    };
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let wants = || Wants::CertificateOf(&authority);
        let refused = (json!("UnknownCA"), 0);
        let said = "does not believe the client certificate: it may not know its authority";
        assert_eq!(run(wants(), version, (200, TOKEN), &["--cert", "stranger"], said), refused);
        let refused = (json!("CertificateExpired"), 0);
        let said = "holds the client certificate for expired";
        assert_eq!(run(wants(), version, (200, TOKEN), &["--cert", "expired"], said), refused);
        let refused = (json!("CertificateRequired"), 0);
        let said = "wants a client certificate of everybody: give one with --cert";
        assert_eq!(run(wants(), version, (200, TOKEN), &["--secret", SECRET], said), refused);
        let said = "takes no signature that this one's key makes";
        assert_eq!(run(Wants::RsaCertificate, version, (200, TOKEN), &["--cert", "good"], said), refused);
        let said = "the certificate has not the registered subject DN";
        let answered = (json!(null), 2);
        assert_eq!(run(wants(), version, (401, INVALID_CLIENT), &["--cert", "good"], said), answered);
        let said = "not authenticated: it did not ask for a certificate";
        assert_eq!(run(Wants::Nothing, version, (401, INVALID_CLIENT), &["--cert", "good"], said), answered);
        let said = "the server took the client_id alone: it did not ask for a certificate";
        assert_eq!(run(Wants::Nothing, version, (200, TOKEN), &["--cert", "good"], said), answered);
    }
}

/// RFC 8705 §3: the token is bound to a certificate that is not what authenticates.
#[test]
fn another_method_can_show_a_certificate_too() {
    let bench = Bench::new("mtls-beside");
    let authority = Authority::new("of the server");
    bench.write("ca.pem", authority.pem());
    let issued = authority.issue("localhost", |_| {});
    let client = authority.issue("billing", |_| {});
    bench.write("client.crt", &client.certificate);
    bench.write("client.key", &client.key);
    bench.write("both.pem", format!("{}{}", client.certificate, client.key));
    bench.run(&["keygen", "--kty", "RSA", "--out", "signs.jwk"]).ends(0);
    let jwt = ["--method", "private_key_jwt", "--issuer", ISSUER, "--key"];
    for (options, method, alg) in [
        (vec!["--cert", "both.pem", "--secret", SECRET], "client_secret_basic", ""),
        ([jwt.as_slice(), &["signs.jwk", "--cert", "both.pem"]].concat(), "private_key_jwt", "RS256"),
        ([jwt.as_slice(), &["client.key", "--cert", "client.crt"]].concat(), "private_key_jwt", "ES256"),
    ] {
        let server = Server::secure(issued.server(Wants::CertificateOf(&authority)), 200, TOKEN);
        let arguments = ["try", &server.url, "--client", "billing", "--ca", "ca.pem"];
        let run = bench.run(&[arguments.as_slice(), &options].concat()).ends(0);
        assert!(
            run.out.contains(&format!("✓ {method}: 200")) && run.err.is_empty(),
            "{}{}",
            run.out,
            run.err
        );
        let heard = server.heard().remove(0);
        assert_eq!(heard.certificate.as_deref(), Some(&*client.der));
        let header = |alg: &str| {
            use base64::Engine as _;
            base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"{alg}""#))
        };
        assert!(alg.is_empty() || heard.request.contains(&header(alg)[..16]), "{alg}: {}", heard.request);
    }
    let server = Server::secure(issued.server(Wants::Nothing), 200, TOKEN);
    let arguments = ["try", &server.url, "--client", "billing", "--ca", "ca.pem", "--secret", SECRET];
    let run = bench.run(&[arguments.as_slice(), &["--cert", "both.pem"]].concat()).ends(0);
    assert!(run.err.contains("did not ask for the client certificate"), "{}", run.err);
}

#[test]
fn wrong_use_of_tls_sends_nothing_and_says_what_to_do() {
    let bench = Bench::new("mtls-usage");
    let authority = Authority::new("authority");
    let (one, two) = (authority.issue("one", |_| {}), authority.issue("two", |_| {}));
    bench.write("one.crt", &one.certificate);
    bench.write("one.key", &one.key);
    bench.write("two.key", &two.key);
    bench.write("chain.crt", format!("{}{}", authority.pem(), one.certificate));
    bench.write(
        "locked",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    );
    let server = Server::secure(authority.issue("localhost", |_| {}).server(Wants::Nothing), 200, TOKEN);
    let plain = Server::answering(200, TOKEN);
    let own = |method: &'static str| vec!["--method", method];
    for (url, options, said) in [
        (&server.url, own("tls_client_auth"), "tls_client_auth needs --cert"),
        (&server.url, own("self_signed_tls_client_auth"), "self_signed_tls_client_auth needs --cert"),
        (&plain.url, own("tls_client_auth"), "tls_client_auth needs an https URL"),
        (&plain.url, vec!["--cert", "one.crt", "--secret", "x"], "--cert needs an https URL"),
        (&plain.url, vec!["--ca", "one.crt"], "--ca needs an https URL"),
        (&server.url, vec!["--cert", "one.crt"], "one.crt: holds no private key beside the certificate"),
        (&server.url, vec!["--cert", "one.key"], "one.key: holds no certificate in PEM"),
        (&server.url, vec!["--cert", "none.crt"], "none.crt: No such file"),
        (&server.url, vec!["--cert", "one.crt", "--key", "two.key"], "is not that of the private key"),
        (&server.url, vec!["--cert", "chain.crt", "--key", "one.key"], "give the client's own first"),
        (&server.url, vec!["--cert", "one.crt", "--key", "locked"], "is encrypted; decrypt it first"),
        (&server.url, vec!["--ca", "one.key"], "one.key: extra_root_certificate: holds no certificate"),
        (&server.url, vec!["--ca", "none.pem"], "none.pem: No such file"),
    ] {
        let run = bench.run(&[["try", url, "--client", "a"].as_slice(), &options].concat()).ends(2);
        assert!(run.err.contains(said), "{options:?}: {}", run.err);
        assert!(run.out.is_empty(), "{}", run.out);
    }
    let run = bench.run(&["try", "https://a:hunter2@localhost/token", "--client", "a"]).ends(2);
    assert!(run.err.contains("user information") && !run.err.contains("hunter2"), "{}", run.err);
    assert!(server.heard().is_empty() && plain.heard().is_empty());
}
