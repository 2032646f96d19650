//! The certificates of the rows are what they are said to be, and nobody follows the URLs in them.

use std::io::Write as _;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use countersign_tests::corpus::corpus_rows;
use countersign_tests::drivers::{Axum, Core, run};
use countersign_tests::row::NOW;
use countersign_tests::x509::{anchors, chain, collector, pem};

/// What is refused because of one thing would be refused for nothing else: OpenSSL finds the same.
#[test]
fn openssl_judges_the_certificates_as_the_rows_do() {
    let trusted = File::of("anchors", &anchors());
    for recipe in [
        "c-tls-dn",
        "c-tls-dn2",
        "c-tls-oid",
        "same-dn-ca2",
        "via-intermediate",
        "utf8-encoded",
        "nul-cn",
        "empty-subject",
        "single RDN CN='client one,O=Example Ltd,C=DE'",
        "CN=client one+O=Example Ltd,C=DE",
        "spiffe",
        "::ffff:192.0.2.1",
        "1000-san",
        "sha256",
    ] {
        assert_eq!(openssl_verify(&trusted, &chain(recipe)), Ok(()), "{recipe}");
    }
    for (recipe, problem) in [
        ("forged-same-dn-other-ca", "unable to get local issuer certificate"),
        ("leaf-from-webpki-like-ca", "unable to get local issuer certificate"),
        ("leaf-by-fake-ca", "unable to get local issuer certificate"),
        ("cdp-to-169.254.169.254", "unable to get local issuer certificate"),
        ("same-dn-ca1-twin", "certificate signature failure"),
        ("selfsigned-same-dn", "self-signed certificate"),
        ("selfsigned-same-dn + CDP ldap://collector", "self-signed certificate"),
        ("expired", "certificate has expired"),
        ("future", "certificate is not yet valid"),
        ("via-expired-intermediate", "certificate has expired"),
        ("eku-server", "unsuitable certificate purpose"),
        ("via-nonca-intermediate", "invalid CA certificate"),
        ("pathlen", "path length constraint exceeded"),
        ("nc-dns-wildcard", "permitted subtree violation"),
        ("nc-uri", "permitted subtree violation"),
        ("pathbomb", "self-signed certificate in certificate chain"),
        ("md5", "CA signature digest algorithm too weak"),
        ("sha1", "CA signature digest algorithm too weak"),
        ("rsa1024", "EE certificate key too weak"),
    ] {
        let said = openssl_verify(&trusted, &chain(recipe)).expect_err(recipe);
        assert!(said.contains(problem), "{recipe}: {said}");
    }
}

/// Revocation lists and issuers stand in certificates of whoever shows them (CVE-2023-28857).
#[test]
fn no_url_of_a_certificate_is_followed() {
    let rows = corpus_rows();
    let mut rows = rows.iter().filter(|row| {
        let id = row.name.split(' ').next();
        id == Some("MTLS-021") || id == Some("MTLS-089")
    });
    let (first, second) = (rows.next().unwrap(), rows.next().unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        for row in [first, second] {
            run::<Core>(row).await.unwrap();
            run::<Axum>(row).await.unwrap();
        }
        // Whatever was begun beside the answer gets its turn.
        tokio::task::yield_now().await;
    });
    collector().set_nonblocking(true).unwrap();
    let nobody = collector().accept().unwrap_err();
    assert_eq!(nobody.kind(), std::io::ErrorKind::WouldBlock);
    // Somebody would have been seen.
    let _somebody = TcpStream::connect(collector().local_addr().unwrap()).unwrap();
    collector().set_nonblocking(false).unwrap();
    collector().accept().unwrap();
}

/// What OpenSSL says of a chain, leaf first.
fn openssl_verify(trusted: &File, chain: &[Vec<u8>]) -> Result<(), String> {
    let others = File::of("others", &chain[1..]);
    let mut command = Command::new("openssl");
    command
        .args(["verify", "-purpose", "sslclient", "-auth_level", "2", "-attime", &NOW.to_string()])
        .arg("-CAfile")
        .arg(&trusted.0);
    if chain.len() > 1 {
        command.arg("-untrusted").arg(&others.0);
    }
    let mut child = command
        .args(["-no-CApath", "-no-CAstore"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("openssl is installed");
    child.stdin.take().unwrap().write_all(pem(&chain[0]).as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&said).into_owned()) }
}

/// Certificates in PEM, in a file that is gone after the test.
struct File(PathBuf);

impl File {
    fn of(name: &str, certificates: &[Vec<u8>]) -> Self {
        let name = format!("{name}-{}.pem", std::process::id());
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::write(&file, certificates.iter().map(|der| pem(der)).collect::<String>()).unwrap();
        File(file)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
