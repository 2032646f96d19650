//! Who vouches for the certificates of clients is exchanged while the server runs.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use countersign::tls::rustls::crypto::aws_lc_rs;
use countersign::tls::rustls::pki_types::{PrivateKeyDer, ServerName};
use countersign::tls::rustls::{ClientConfig, ClientConnection, HandshakeKind, RootCertStore, StreamOwned};
use rcgen::{BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use serde_json::json;

use crate::Outcome;
use crate::http::{Connection, connect};
use crate::node::{Folder, Node, until};

#[test]
fn authorities_are_exchanged_while_the_server_runs_on_axum() -> Outcome<()> {
    exchanged_on("axum")
}

#[test]
fn authorities_are_exchanged_while_the_server_runs_on_actix() -> Outcome<()> {
    exchanged_on("actix")
}

fn exchanged_on(framework: &str) -> Outcome<()> {
    let (old_ca, new_ca) = (Authority::new("old")?, Authority::new("new")?);
    let key = KeyPair::generate()?;
    let server = CertificateParams::new(["localhost".to_owned()])?.self_signed(&key)?;
    let clients = json!([{
        "client_id": "c-tls",
        "token_endpoint_auth_method": "tls_client_auth",
        "tls_client_auth_subject_dn": "CN=c-tls",
    }]);
    let folder = Folder::with(&[
        ("as.toml", CONFIGURATION),
        ("clients.json", &clients.to_string()),
        ("server.pem", &server.pem()),
        ("server-key.pem", &key.serialize_pem()),
        ("ca.pem", &old_ca.certificate.pem()),
    ])?;
    let node = Node::start(&folder.0, framework)?;
    let lines = |text: &str| node.log().iter().filter(|line| line.contains(text)).count();
    let wait_for_another = |text: &str, before: usize| {
        let another = until(crate::node::LIMIT, || Ok((lines(text) > before).then_some(())))?;
        another.ok_or_else(|| format!("no more lines {text:?} in {:?}", node.log()).into())
    };
    // In one step, as an editor does it.
    let exchanged_for = |authorities: &str, line: &str| -> Outcome<()> {
        let before = lines(line);
        put(&folder.0, authorities)?;
        wait_for_another(line, before)
    };
    let (of_old, of_new) = (old_ca.client(&server)?, new_ca.client(&server)?);
    // Connections that stay open all the time.
    let (mut old, mut new) = (of_old.connect(&node, false)?, of_new.connect(&node, false)?);
    assert_eq!((ask(&mut old)?, ask(&mut new)?), (200, REFUSED), "{framework}");

    let both = old_ca.certificate.pem() + &new_ca.certificate.pem();
    exchanged_for(&both, RELOADED)?;
    assert_eq!((ask(&mut old)?, ask(&mut new)?), (200, 200), "{framework}: beside the old one");

    exchanged_for(&new_ca.certificate.pem(), RELOADED)?;
    assert_eq!((ask(&mut old)?, ask(&mut new)?), (REFUSED, 200), "{framework}: instead of the old one");
    node.wait_for("reason=certificate_untrusted")?;
    // A session remembers the certificate, and nothing that was found out about it.
    assert_eq!(ask(&mut of_old.connect(&node, true)?)?, REFUSED, "{framework}: resumed");
    assert_eq!(ask(&mut of_new.connect(&node, true)?)?, 200, "{framework}: resumed");

    // Of two the second was cut off. A connection is closed when nobody uses it for seconds.
    exchanged_for(&both[..both.len() - 100], KEPT)?;
    assert_eq!((ask(&mut old)?, ask(&mut new)?), (REFUSED, 200), "{framework}: nothing has changed");
    let line = node.wait_for(KEPT)?;
    assert!(line.contains("ca.pem: client_ca: certificate 2 is no PEM, or was cut off"), "{line}");
    exchanged_for("", KEPT)?;
    node.wait_for("ca.pem: client_ca: holds no certificate")?;
    assert_eq!((ask(&mut old)?, ask(&mut new)?), (REFUSED, 200), "{framework}: nothing has changed");

    // By signal, though the file is as it was.
    let before = lines(KEPT);
    node.hang_up()?;
    wait_for_another(KEPT, before)?;
    assert_eq!((ask(&mut old)?, ask(&mut new)?), (REFUSED, 200), "{framework}: nor by a signal");
    exchanged_for(&old_ca.certificate.pem(), RELOADED)?;
    let before = lines(RELOADED);
    node.hang_up()?;
    wait_for_another(RELOADED, before)?;
    assert_eq!((ask(&mut old)?, ask(&mut new)?), (200, REFUSED), "{framework}: and back");
    Ok(())
}

fn put(folder: &Path, authorities: &str) -> Outcome<()> {
    fs::write(folder.join("ca.pem.new"), authorities)?;
    Ok(fs::rename(folder.join("ca.pem.new"), folder.join("ca.pem"))?)
}

fn ask(connection: &mut Connection) -> Outcome<u16> {
    let answer = connection.form("/token", None, "grant_type=client_credentials&client_id=c-tls")?;
    Ok(answer.status)
}

struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new(name: &str) -> Outcome<Self> {
        let (key, mut params) = (KeyPair::generate()?, CertificateParams::default());
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Ok(Authority { certificate: params.self_signed(&key)?, issuer: Issuer::new(params, key) })
    }

    /// The client, with a certificate of this authority. Its connections share their sessions.
    fn client(&self, server: &Certificate) -> Outcome<Client> {
        let (key, mut params) = (KeyPair::generate()?, CertificateParams::default());
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "c-tls");
        let certificate = params.signed_by(&key, &self.issuer)?;
        let mut roots = RootCertStore::empty();
        roots.add(server.der().clone())?;
        let config = ClientConfig::builder_with_provider(aws_lc_rs::default_provider().into())
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_client_auth_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der())?,
            )?;
        Ok(Client(Arc::new(config)))
    }
}

struct Client(Arc<ClientConfig>);

impl Client {
    fn connect(&self, node: &Node, resumed: bool) -> Outcome<Connection> {
        let address = node.tls_address.as_deref().ok_or("no TLS listener")?;
        let mut stream = connect(address)?;
        let mut tls = ClientConnection::new(Arc::clone(&self.0), ServerName::try_from("localhost")?)?;
        while tls.is_handshaking() {
            tls.complete_io(&mut stream)?;
        }
        assert_eq!(tls.handshake_kind() == Some(HandshakeKind::Resumed), resumed);
        Ok(Connection::over(StreamOwned::new(tls, stream), address))
    }
}

const CONFIGURATION: &str = "issuer = \"https://as.example\"
clients = \"clients.json\"
[tls]
listen = \"127.0.0.1:0\"
cert = \"server.pem\"
key = \"server-key.pem\"
client_ca = \"ca.pem\"
";

/// RFC 6749 §5.2, where no `Authorization` came.
const REFUSED: u16 = 400;
const RELOADED: &str = "reloaded ca.pem";
const KEPT: &str = "kept the authorities there were";
