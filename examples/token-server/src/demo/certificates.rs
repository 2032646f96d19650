//! The certificates of the demonstration: an authority, this server's, and those of clients.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType,
};
use serde_json::{Value, json};

use super::clients::{Credential, DEMO_CLIENTS, DemoClient, Subject};
use super::files::{PRIVATE, write};
use crate::config::problem::Problem;

/// What is registered about a client's certificate.
pub(super) struct ClientCertificate {
    pub(super) field: &'static str,
    pub(super) registered: Value,
}

/// Writes all of them, and says what to register of each demo client's, in the order of [`DEMO_CLIENTS`].
pub(super) fn create(folder: &Path) -> Result<Vec<Option<ClientCertificate>>, Problem> {
    let refuse = |error: rcgen::Error| Problem::in_file(folder, error);
    let authority = Authority::new().map_err(refuse)?;
    authority.write(folder, "ca", "ca-key")?;
    let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let mut server = CertificateParams::new(names).map_err(refuse)?;
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    write_pair(folder, "server", "server-key", &authority.issue(server).map_err(refuse)?)?;

    let mut registered = Vec::new();
    for client in &DEMO_CLIENTS {
        registered.push(match client.credential {
            Credential::Certificate(subject) => {
                let (params, certificate) = by_authority(client, subject).map_err(refuse)?;
                let pair = authority.issue(params).map_err(refuse)?;
                write_client(folder, client, &pair)?;
                Some(certificate)
            }
            Credential::SelfSigned => {
                let key = KeyPair::generate().map_err(refuse)?;
                let certificate = client_params(client).self_signed(&key).map_err(refuse)?;
                let jwks = json!({ "keys": [jwk(client, &key, &certificate)] });
                write_client(folder, client, &(certificate, key))?;
                Some(ClientCertificate { field: "jwks", registered: jwks })
            }
            _ => None,
        });
    }
    Ok(registered)
}

type Pair = (Certificate, KeyPair);

struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Result<Self, rcgen::Error> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "Countersign demonstration CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(&key)?;
        Ok(Authority { certificate, issuer: Issuer::new(params, key) })
    }

    fn issue(&self, params: CertificateParams) -> Result<Pair, rcgen::Error> {
        let key = KeyPair::generate()?;
        Ok((params.signed_by(&key, &self.issuer)?, key))
    }

    fn write(&self, folder: &Path, name: &str, key_name: &str) -> Result<(), Problem> {
        write(&folder.join(format!("{name}.pem")), &self.certificate.pem(), PRIVATE)?;
        write(&folder.join(format!("{key_name}.pem")), &self.issuer.key().serialize_pem(), PRIVATE)
    }
}

fn by_authority(
    client: &DemoClient,
    subject: Subject,
) -> Result<(CertificateParams, ClientCertificate), rcgen::Error> {
    let mut params = client_params(client);
    let ia5 = |text: &str| Ia5String::try_from(text);
    let (field, registered, alternative_name) = match subject {
        Subject::Dn => {
            ("tls_client_auth_subject_dn", format!("CN={},O=Countersign demonstration,C=DE", client.id), None)
        }
        Subject::Dns => {
            let name = "client.example.com";
            ("tls_client_auth_san_dns", name.to_owned(), Some(SanType::DnsName(ia5(name)?)))
        }
        Subject::Uri => {
            let uri = "spiffe://example.com/client";
            ("tls_client_auth_san_uri", uri.to_owned(), Some(SanType::URI(ia5(uri)?)))
        }
        Subject::Ip => {
            let address = std::net::Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 7);
            ("tls_client_auth_san_ip", address.to_string(), Some(SanType::IpAddress(address.into())))
        }
        Subject::Email => {
            let mailbox = "client@example.com";
            ("tls_client_auth_san_email", mailbox.to_owned(), Some(SanType::Rfc822Name(ia5(mailbox)?)))
        }
    };
    params.subject_alt_names.extend(alternative_name);
    Ok((params, ClientCertificate { field, registered: registered.into() }))
}

fn client_params(client: &DemoClient) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CountryName, "DE");
    params.distinguished_name.push(DnType::OrganizationName, "Countersign demonstration");
    params.distinguished_name.push(DnType::CommonName, client.id);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params
}

/// The certificate's key with the certificate itself, which is what is compared (RFC 8705 §2.2.2).
fn jwk(client: &DemoClient, key: &KeyPair, certificate: &Certificate) -> Value {
    // An uncompressed point: a tag, and two coordinates of 32 octets.
    let point = key.public_key_raw();
    let coordinate =
        |from: usize| URL_SAFE_NO_PAD.encode(point.get(from..from.saturating_add(32)).unwrap_or_default());
    json!({
        "kty": "EC",
        "crv": "P-256",
        "kid": client.id,
        "x": coordinate(1),
        "y": coordinate(33),
        "x5c": [STANDARD.encode(certificate.der())],
    })
}

fn write_client(folder: &Path, client: &DemoClient, pair: &Pair) -> Result<(), Problem> {
    write_pair(folder, &certificate_name(client.id), &key_name(client.id), pair)
}

fn write_pair(folder: &Path, name: &str, key_name: &str, (certificate, key): &Pair) -> Result<(), Problem> {
    write(&folder.join(format!("{name}.pem")), &certificate.pem(), PRIVATE)?;
    write(&folder.join(format!("{key_name}.pem")), &key.serialize_pem(), PRIVATE)
}

/// The file of a client's certificate, without `.pem`.
pub(crate) fn certificate_name(client_id: &str) -> String {
    format!("{client_id}-cert")
}

/// The file of its private key.
pub(crate) fn key_name(client_id: &str) -> String {
    format!("{client_id}-key")
}
