//! Whom the fetcher believes to be the host.

use std::sync::Arc;

use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use super::error::{FailureKind, FetchError};
use crate::config_error::ConfigError;

/// The authorities that browsers trust.
pub(crate) fn public_roots() -> RootCertStore {
    RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned())
}

/// Adds the certificates of a PEM text, or the one that is this DER.
pub(crate) fn add_roots(roots: &mut RootCertStore, certificate: &[u8]) -> Result<(), ConfigError> {
    let unfit = |problem: String| {
        ConfigError::new("extra_root_certificate", problem, "give a CA certificate as PEM or DER")
    };
    let is_der = certificate.first() == Some(&DER_SEQUENCE);
    let certificates: Vec<CertificateDer<'_>> = if is_der {
        vec![CertificateDer::from_slice(certificate)]
    } else {
        CertificateDer::pem_slice_iter(certificate)
            .collect::<Result<_, _>>()
            .map_err(|error| unfit(format!("is not PEM: {error}")))?
    };
    if certificates.is_empty() {
        return Err(unfit("holds no certificate".to_owned()));
    }
    for certificate in certificates {
        roots.add(certificate).map_err(|error| unfit(format!("is no CA certificate: {error}")))?;
    }
    Ok(())
}

/// The provider is named: asking for the process's default would depend on, or decide, what the rest of the
/// program uses. Nothing is resumed, because a host is asked once in minutes.
pub(super) fn config(roots: RootCertStore) -> Result<Arc<ClientConfig>, FetchError> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| FetchError::new(FailureKind::Tls, error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

/// The first octet of every certificate in DER, and of no PEM text.
const DER_SEQUENCE: u8 = 0x30;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_is_refused() {
        let mut roots = public_roots();
        let known = roots.len();
        for text in ["", "certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "0"]
        {
            let error = add_roots(&mut roots, text.as_bytes()).unwrap_err();
            assert!(error.to_string().contains("extra_root_certificate"), "{error}");
        }
        assert!(known > 50 && roots.len() == known);
    }
}
