//! `[tls]` and `[proxy]`: where clients show their certificates, and who vouches for these.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use countersign::certificate::{ReloadableTrustAnchors, TrustAnchors};
use countersign::forwarded::{CertificateHeader, SourceHeader, TrustedProxy};
use countersign::tls::ReloadableCertificate;
use countersign::{AuthenticatorBuilder, ConfigError};

use crate::config::problem::Problem;

/// The values of `[tls]`. Nothing is read yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tls {
    pub(crate) listen: SocketAddr,
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
    /// Who vouches for the certificates of `tls_client_auth`; nobody where it is absent.
    pub(crate) client_ca: Option<PathBuf>,
}

/// The values of `[proxy]`.
#[derive(Clone, Debug)]
pub(crate) struct Proxy {
    pub(crate) trusted: Vec<String>,
    pub(crate) passes_on: PassesOn,
    /// As in `[tls]`, for a server without a TLS listener of its own.
    pub(crate) client_ca: Option<PathBuf>,
}

/// What a proxy tells of a client.
#[derive(Clone, Debug)]
pub(crate) enum PassesOn {
    Certificate(CertificateHeader, Option<SourceHeader>),
    /// Its address, and no certificate.
    Address(SourceHeader),
}

/// A socket, and the certificate that is shown on it.
pub(crate) struct TlsSocket {
    pub(crate) listener: TcpListener,
    pub(crate) certificate: ReloadableCertificate,
}

impl Tls {
    /// Reads the server's own certificate and takes the port.
    pub(crate) fn open(&self) -> Result<TlsSocket, Problem> {
        let certificate = self.certificate()?;
        let listener = TcpListener::bind(self.listen).map_err(|error| {
            Problem::new(format!(
                "[tls] cannot listen on {}: {error}; choose another address with listen in [tls]",
                self.listen
            ))
        })?;
        Ok(TlsSocket { listener, certificate })
    }

    /// Shows what the files hold now, from the next handshake on.
    pub(crate) fn reload(&self, certificate: &ReloadableCertificate) -> Result<(), Problem> {
        certificate
            .reload(read(&self.cert)?, read(&self.key)?)
            .map_err(|error| Problem::in_file(&self.cert, error))
    }

    fn certificate(&self) -> Result<ReloadableCertificate, Problem> {
        ReloadableCertificate::new(read(&self.cert)?, read(&self.key)?)
            .map_err(|error| Problem::in_file(&self.cert, error))
    }
}

/// Whoever vouches for certificates according to either section: the files, and what they held when they were read.
#[derive(Clone, Debug)]
pub(crate) struct Authorities {
    pub(crate) files: Vec<PathBuf>,
    pub(crate) anchors: ReloadableTrustAnchors,
}

impl Authorities {
    /// Reads the files of `client_ca`; `None` where no client can show a certificate.
    pub(crate) fn open(tls: Option<&Tls>, proxy: Option<&Proxy>) -> Result<Option<Self>, Problem> {
        let proxy = proxy.filter(|proxy| matches!(proxy.passes_on, PassesOn::Certificate(..)));
        if tls.is_none() && proxy.is_none() {
            return Ok(None);
        }
        let files = Self::files(tls, proxy);
        let anchors = ReloadableTrustAnchors::new(anchors(&files)?);
        Ok(Some(Authorities { files, anchors }))
    }

    /// Those of `client_ca` in either section.
    pub(crate) fn files(tls: Option<&Tls>, proxy: Option<&Proxy>) -> Vec<PathBuf> {
        let of_tls = tls.and_then(|tls| tls.client_ca.clone());
        let of_proxy = proxy.and_then(|proxy| proxy.client_ca.clone());
        of_tls.into_iter().chain(of_proxy).collect()
    }

    /// From the next request on, those count whom the files hold now. All are read before anything changes.
    pub(crate) fn reload(&self) -> Result<(), Problem> {
        self.anchors.replace(anchors(&self.files)?);
        Ok(())
    }
}

/// Each file is judged by itself, so that a mistake is told of the one that has it.
fn anchors(files: &[PathBuf]) -> Result<TrustAnchors, Problem> {
    let mut pem = Vec::new();
    for file in files {
        let text = read(file)?;
        TrustAnchors::from_pem(&text).map_err(|error| Problem::in_file(file, error))?;
        pem.extend(text);
        pem.push(b'\n');
    }
    Ok(if files.is_empty() { TrustAnchors::none() } else { TrustAnchors::from_pem(pem)? })
}

impl Proxy {
    /// Whoever comes through one that names nobody has no address, by which limits could hold.
    pub(crate) fn warning(&self) -> Option<String> {
        matches!(self.passes_on, PassesOn::Certificate(_, None)).then(|| {
            "[proxy] names nobody's address: behind it neither guesses of secrets nor registrations are limited \
             by their source; forwarded_for = \"x-forwarded-for\" says where the proxy writes it"
                .to_owned()
        })
    }

    pub(crate) fn open(self, builder: AuthenticatorBuilder) -> Result<AuthenticatorBuilder, Problem> {
        Ok(builder.trusted_proxy(self.trusted_proxy()?))
    }

    /// # Errors
    /// Networks that cannot be read, and header fields that cannot be told apart.
    pub(crate) fn trusted_proxy(&self) -> Result<TrustedProxy, ConfigError> {
        match &self.passes_on {
            PassesOn::Address(header) => TrustedProxy::of_addresses(&self.trusted, *header),
            PassesOn::Certificate(header, None) => TrustedProxy::new(&self.trusted, header.clone()),
            PassesOn::Certificate(header, Some(source)) => {
                Ok(TrustedProxy::new(&self.trusted, header.clone())?.forwarded_for(*source))
            }
        }
    }
}

fn read(file: &Path) -> Result<Vec<u8>, Problem> {
    std::fs::read(file).map_err(|error| Problem::in_file(file, error))
}

#[cfg(test)]
mod tests;
