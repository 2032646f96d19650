//! The certificate that the client shows in the handshake.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use rustls::client::ResolvesClientCert;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys, SignatureScheme};

use crate::cli::problem::Problem;
use crate::cli::{files, key_file};
use crate::sign::SigningKey;

/// Reads a certificate, with its chain after it, and the private key of it: from a file of its own, or from the file
/// with the certificate.
pub(super) fn read(
    file: &Path,
    key_file: Option<&Path>,
    provider: &CryptoProvider,
) -> Result<CertifiedKey, Problem> {
    let text = files::read_text(file)?;
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(text.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|error| Problem::in_file(file, error))?;
    if chain.is_empty() {
        return Err(Problem::in_file(file, "holds no certificate in PEM"));
    }
    let key = match key_file {
        Some(key_file) => key_file::read(key_file)?,
        None if holds_key(&text) => {
            SigningKey::from_pem(&text).map_err(|error| Problem::in_file(file, error))?
        }
        None => {
            return Err(Problem::in_file(
                file,
                "holds no private key beside the certificate; give it as --key",
            ));
        }
    };
    let key = PrivateKeyDer::from_pem_slice(key.to_pem()?.as_bytes())
        .map_err(|error| Problem::new(format!("the certificate's private key: {error}")))?;
    CertifiedKey::from_der(chain, key, provider).map_err(|error| match error {
        Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => Problem::in_file(
            file,
            "the first certificate is not that of the private key; give the client's own first, its chain after it",
        ),
        error => Problem::in_file(file, error),
    })
}

/// Does the file with a certificate hold a private key too?
pub(super) fn has_own_key(file: &Path) -> Result<bool, Problem> {
    Ok(holds_key(&files::read_text(file)?))
}

fn holds_key(text: &str) -> bool {
    text.contains("PRIVATE KEY-----")
}

/// Whether the server wanted a certificate in the handshake, and what it got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// It did not ask for one.
    Nothing,
    /// It asked, and there was none to show.
    Missing,
    /// It asked, and takes no signature that the certificate's key makes; so none was shown.
    AnotherKind,
    /// It asked, and was shown the certificate.
    Shown,
}

/// Shows the certificate to whoever asks, also where the server names other authorities: it may take self-signed ones
/// and not say so. Remembers that it was asked.
#[derive(Debug)]
pub(super) struct ClientCertificate {
    certificate: Option<Arc<CertifiedKey>>,
    wanted: OnceLock<Wanted>,
}

impl ClientCertificate {
    pub(super) fn new(certificate: Option<CertifiedKey>) -> Self {
        ClientCertificate { certificate: certificate.map(Arc::new), wanted: OnceLock::new() }
    }

    /// To be asked after the handshake.
    pub(super) fn wanted(&self) -> Wanted {
        self.wanted.get().copied().unwrap_or(Wanted::Nothing)
    }
}

impl ResolvesClientCert for ClientCertificate {
    fn resolve(&self, _: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let wanted = match &self.certificate {
            None => Wanted::Missing,
            Some(certificate) if certificate.key.choose_scheme(schemes).is_none() => Wanted::AnotherKind,
            Some(_) => Wanted::Shown,
        };
        // Asked once in a handshake, of which there is one.
        let _ = self.wanted.set(wanted);
        self.certificate.clone().filter(|_| wanted == Wanted::Shown)
    }

    fn has_certs(&self) -> bool {
        self.certificate.is_some()
    }
}
