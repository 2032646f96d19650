//! TLS under the request.

use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::client_certificate::{CertificateFile, ClientCertificate, Wanted};
use crate::cli::files;
use crate::cli::problem::Problem;
use crate::fetch::tls::{add_roots, public_roots};

/// Whom to believe to be the server, and what to show it.
pub(super) struct Tls {
    config: Arc<ClientConfig>,
    certificate: Arc<ClientCertificate>,
}

impl Tls {
    /// The authorities that browsers believe, those of a file beside them, and the client's certificate.
    pub(super) fn new(
        authorities: Option<&Path>,
        certificate: Option<&CertificateFile<'_>>,
    ) -> Result<Self, Problem> {
        let mut roots = public_roots();
        if let Some(file) = authorities {
            add_roots(&mut roots, &files::read(file)?).map_err(|problem| Problem::in_file(file, problem))?;
        }
        // Named, since asking for the one of the process could find none.
        let provider = Arc::new(aws_lc_rs::default_provider());
        let certificate = certificate.map(|certificate| certificate.certified_key(&provider)).transpose()?;
        let certificate = Arc::new(ClientCertificate::new(certificate));
        let resolver: Arc<ClientCertificate> = Arc::clone(&certificate);
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| Problem::new(error.to_string()))?
            .with_root_certificates(roots)
            .with_client_cert_resolver(resolver);
        config.resumption = Resumption::disabled();
        Ok(Tls { config: Arc::new(config), certificate })
    }

    /// The handshake.
    pub(super) async fn connect(&self, host: &str, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| io::Error::other("the host is no name that a certificate can be for"))?;
        TlsConnector::from(Arc::clone(&self.config)).connect(name, stream).await
    }

    /// Whether the server asked for the client's certificate.
    pub(super) fn wanted(&self) -> Wanted {
        self.certificate.wanted()
    }
}
