//! The server's own certificate, which can be exchanged while the server runs.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::{Error as PemError, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys, ServerConfig};

use super::{AnyClientCertificate, TlsError};

/// A server certificate with its private key, which [`reload`](Self::reload) exchanges without a restart.
///
/// Cheap to clone; all clones, and the configurations made of them, show the same certificate. Connections keep the
/// one that they began with.
///
/// ```no_run
/// use std::fs::read;
/// use countersign::tls::ReloadableCertificate;
///
/// let certificate = ReloadableCertificate::new(read("server.crt")?, read("server.key")?)?;
/// let config = certificate.server_config()?;
///
/// // later, on a signal or when the files change
/// if let Err(problem) = certificate.reload(read("server.crt")?, read("server.key")?) {
///     eprintln!("the old certificate stays: {problem}");
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct ReloadableCertificate(Arc<RwLock<Arc<CertifiedKey>>>);

impl ReloadableCertificate {
    /// Reads a chain, the server's own certificate first, and the private key of that, both in PEM. The same text may
    /// hold both; other sections in it are passed over.
    ///
    /// # Errors
    /// [`TlsError`] where there is no certificate or no key, one of them cannot be read, or they do not belong together.
    pub fn new(chain: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Result<Self, TlsError> {
        Ok(ReloadableCertificate(Arc::new(RwLock::new(read(chain.as_ref(), key.as_ref())?))))
    }

    /// Shows this certificate from the next handshake on. Both are read and compared before anything changes, so
    /// files that are being written do no harm.
    ///
    /// # Errors
    /// As [`new`](Self::new); the certificate that was there stays.
    pub fn reload(&self, chain: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Result<(), TlsError> {
        let read = read(chain.as_ref(), key.as_ref())?;
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = read;
        Ok(())
    }

    /// A server that shows this certificate; else as [`server_config`](super::server_config) says.
    ///
    /// # Errors
    /// [`TlsError`] if the cryptographic library lacks what TLS needs.
    pub fn server_config(&self) -> Result<ServerConfig, TlsError> {
        // The provider is named: asking for the process's default would depend on, or decide, what the rest of the
        // program uses.
        let provider = aws_lc_rs::default_provider();
        let verifier = AnyClientCertificate::with_provider(&provider);
        let mut config = ServerConfig::builder_with_provider(Arc::new(provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError::new(format!("TLS cannot be set up: {error}")))?
            .with_client_cert_verifier(Arc::new(verifier))
            .with_cert_resolver(Arc::new(self.clone()));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }

    fn current(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ResolvesServerCert for ReloadableCertificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current())
    }
}

impl fmt::Debug for ReloadableCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReloadableCertificate").field("certificates", &self.current().cert.len()).finish()
    }
}

fn read(chain: &[u8], key: &[u8]) -> Result<Arc<CertifiedKey>, TlsError> {
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(chain)
        .collect::<Result<_, _>>()
        .map_err(|_| TlsError::new("the certificate chain is not PEM, or was cut off"))?;
    if chain.is_empty() {
        return Err(TlsError::new(
            "the certificate chain holds no certificate: give PEM, the server's own first",
        ));
    }
    // Nothing of the key's text goes into an error.
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| match error {
        PemError::NoItemsFound if holds(key, b"ENCRYPTED PRIVATE KEY") => {
            TlsError::new("the private key is encrypted; decrypt it first, with openssl pkey -in FILE")
        }
        PemError::NoItemsFound => {
            TlsError::new("the private key is missing: give PEM, in PKCS#8, PKCS#1 or SEC1")
        }
        _ => TlsError::new("the private key is not PEM, or was cut off"),
    })?;
    // The provider wipes what it read.
    let key = aws_lc_rs::default_provider().key_provider.load_private_key(key).map_err(|_| {
        TlsError::new(
            "the private key cannot be used: give RSA of 2048 to 8192 bits, P-256, P-384, P-521 or Ed25519",
        )
    })?;
    let certified = CertifiedKey::new(chain, key);
    certified.keys_match().map_err(|error| match error {
        Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
            TlsError::new("the private key belongs to another certificate than the first of the chain")
        }
        error => TlsError::new(format!("the first certificate of the chain cannot be used: {error}")),
    })?;
    Ok(Arc::new(certified))
}

fn holds(text: &[u8], label: &[u8]) -> bool {
    memchr::memmem::find(text, label).is_some()
}
