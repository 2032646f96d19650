//! The certificate that the client shows in the handshake.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use rustls::client::ResolvesClientCert;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys, SignatureScheme};
use zeroize::Zeroizing;

use crate::cli::problem::Problem;
use crate::cli::{files, key_file};
use crate::sign::SigningKey;

/// A file with a certificate, and the private key of it in this file or in another.
pub(super) struct CertificateFile<'f> {
    file: &'f Path,
    text: Zeroizing<String>,
    key_file: Option<&'f Path>,
}

impl<'f> CertificateFile<'f> {
    pub(super) fn read(file: &'f Path) -> Result<Self, Problem> {
        Ok(CertificateFile { file, text: files::read_text(file)?, key_file: None })
    }

    /// Does it hold a private key too?
    pub(super) fn holds_key(&self) -> bool {
        self.text.contains("PRIVATE KEY-----")
    }

    pub(super) fn with_key_file(self, key_file: Option<&'f Path>) -> Self {
        CertificateFile { key_file, ..self }
    }

    /// The certificate, with the chain after it, ready to be shown.
    pub(super) fn certified_key(&self, provider: &CryptoProvider) -> Result<CertifiedKey, Problem> {
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(self.text.as_bytes())
            .collect::<Result<_, _>>()
            .map_err(|error| Problem::in_file(self.file, error))?;
        if chain.is_empty() {
            return Err(Problem::in_file(self.file, "holds no certificate in PEM"));
        }
        let key = PrivateKeyDer::from_pem_slice(self.key()?.to_pem()?.as_bytes())
            .map_err(|error| Problem::new(format!("the certificate's private key: {error}")))?;
        CertifiedKey::from_der(chain, key, provider).map_err(|error| match error {
            Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => Problem::in_file(
                self.file,
                "the first certificate is not that of the private key; give the client's own first, its chain after it",
            ),
            error => Problem::in_file(self.file, error),
        })
    }

    fn key(&self) -> Result<SigningKey, Problem> {
        match self.key_file {
            Some(key_file) => key_file::read(key_file),
            None if self.holds_key() => {
                SigningKey::from_pem(&self.text).map_err(|error| Problem::in_file(self.file, error))
            }
            None => {
                let problem = "holds no private key beside the certificate; give it as --key";
                Err(Problem::in_file(self.file, problem))
            }
        }
    }
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
