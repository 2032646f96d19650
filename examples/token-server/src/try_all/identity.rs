//! What a client shows in a TLS handshake.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use countersign::tls::rustls;
use rcgen::{CertificateParams, DnType, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use crate::config::problem::Problem;
use crate::{demo, jose};

/// A certificate with its key, or neither, and the listener where it is shown.
#[derive(Clone)]
pub(super) struct Identity {
    certificate: Option<CertificateDer<'static>>,
    key: Option<Arc<PrivateKeyDer<'static>>>,
    listener: Option<Listener>,
}

/// The TLS listener, and the authority whose certificate it has.
#[derive(Clone)]
pub(super) struct Listener {
    pub(super) address: SocketAddr,
    pub(super) folder: PathBuf,
}

impl Identity {
    /// Of a client of the demonstration.
    pub(super) fn read(folder: &Path, client_id: &str) -> Result<Self, Problem> {
        let certificate = folder.join(format!("{}.pem", demo::certificate_name(client_id)));
        let key = folder.join(format!("{}.pem", demo::key_name(client_id)));
        Ok(Identity {
            certificate: Some(
                CertificateDer::from_pem_file(&certificate)
                    .map_err(|error| Problem::in_file(&certificate, error))?,
            ),
            key: Some(Arc::new(
                PrivateKeyDer::from_pem_file(&key).map_err(|error| Problem::in_file(&key, error))?,
            )),
            listener: None,
        })
    }

    /// Of somebody who shows nothing.
    pub(super) fn nobody() -> Self {
        Identity { certificate: None, key: None, listener: None }
    }

    /// Of somebody who gave the client's name to a certificate of their own.
    pub(super) fn of_a_stranger(client_id: &str) -> Result<Self, Problem> {
        let key = KeyPair::generate().map_err(problem)?;
        let certificate = params(client_id).self_signed(&key).map_err(problem)?;
        Ok(Self::of(certificate.der().clone(), &key))
    }

    /// Of the client, by the demonstration's authority, some years ago.
    pub(super) fn expired(folder: &Path, client_id: &str) -> Result<Self, Problem> {
        let read = |name: &str| {
            let file = folder.join(name);
            std::fs::read_to_string(&file).map_err(|error| Problem::in_file(&file, error))
        };
        let authority_key = KeyPair::from_pem(&read("ca-key.pem")?).map_err(problem)?;
        let mut params = params(client_id);
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2021, 1, 1);
        let issuer = Issuer::from_ca_cert_pem(&read("ca.pem")?, authority_key).map_err(problem)?;
        let key = KeyPair::generate().map_err(problem)?;
        let certificate = params.signed_by(&key, &issuer).map_err(problem)?;
        Ok(Self::of(certificate.der().clone(), &key))
    }

    fn of(certificate: CertificateDer<'static>, key: &KeyPair) -> Self {
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        Identity { certificate: Some(certificate), key: Some(Arc::new(key)), listener: None }
    }

    pub(super) fn at(self, listener: Listener) -> Self {
        Identity { listener: Some(listener), ..self }
    }

    /// In DER; empty where there is none.
    pub(super) fn certificate(&self) -> &[u8] {
        self.certificate.as_deref().unwrap_or_default()
    }

    /// The `x5t#S256`.
    pub(super) fn thumbprint(&self) -> String {
        jose::base64url(digest(&SHA256, self.certificate()).as_ref())
    }

    pub(super) fn listener(&self) -> Option<&Listener> {
        self.listener.as_ref()
    }

    /// How to connect.
    pub(super) fn config(&self) -> Result<ClientConfig, Problem> {
        let mut roots = RootCertStore::empty();
        if let Some(listener) = &self.listener {
            let file = listener.folder.join("ca.pem");
            let authority =
                CertificateDer::from_pem_file(&file).map_err(|error| Problem::in_file(&file, error))?;
            roots.add(authority).map_err(problem)?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(problem)?
            .with_root_certificates(roots);
        Ok(match (&self.certificate, &self.key) {
            (Some(certificate), Some(key)) => {
                config.with_client_auth_cert(vec![certificate.clone()], key.clone_key()).map_err(problem)?
            }
            _ => config.with_no_client_auth(),
        })
    }
}

/// The subject of the client `client_id` of the demonstration.
fn params(client_id: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CountryName, "DE");
    params.distinguished_name.push(DnType::OrganizationName, "Countersign demonstration");
    params.distinguished_name.push(DnType::CommonName, client_id);
    params
}

fn problem(error: impl std::fmt::Display) -> Problem {
    Problem::new(error.to_string())
}
