//! The header field that carries a certificate.

use std::fmt;
use std::str::FromStr;

use super::format::{Format, Values};
use super::lines::{is_nothing, lines};
use super::{MOST_CERTIFICATES, aws_alb, client_cert, der, haproxy, nginx, refused, traefik, xfcc};
use crate::certificate::PeerCertificates;
use crate::config_error::ConfigError;
use crate::refusal::Failure;
use crate::request::Headers;

/// The header field in which a proxy passes the client's certificate on, and how it is written there.
///
/// One format at a time; none is guessed. All of them carry whole certificates, since a subject alone can be written in
/// more ways than one and proves nothing for `self_signed_tls_client_auth`. Every certificate must be one DER SEQUENCE
/// with nothing behind it. At most 64 KiB and ten certificates are read.
///
/// In a configuration file it is its name, which [`FromStr`] reads: `client-cert`, `xfcc`, `nginx`, `haproxy`,
/// `traefik`, `aws-alb`, `aws-alb-verify`.
#[derive(Clone, Debug)]
#[must_use]
pub struct CertificateHeader {
    format: &'static Format,
    name: Box<str>,
    chain_name: Option<Box<str>>,
}

impl CertificateHeader {
    /// `Client-Cert` and `Client-Cert-Chain`, as [RFC 9440 §2](https://www.rfc-editor.org/rfc/rfc9440#section-2) has
    /// them: `:MIIBqDCC…:`. The chain may come in several lines, and only beside a certificate.
    pub fn client_cert() -> Self {
        Self::of(&client_cert::FORMAT)
    }

    /// `x-forwarded-client-cert`, Envoy's: `Hash=…;Cert="-----BEGIN%20CERTIFICATE…";Chain="…"`.
    ///
    /// Envoy adds an element for each proxy on the way. Exactly one is taken, for those before it are hearsay: set
    /// `forward_client_cert_details: SANITIZE_SET` and `set_current_client_cert_details: {cert: true}` or
    /// `{chain: true}`. `Hash` must be that of the certificate, and a chain must begin with it. Since Envoy writes URI
    /// names of the client's certificate without quotes, names with a comma, a semicolon or a quote are refused.
    pub fn xfcc() -> Self {
        Self::of(&xfcc::FORMAT)
    }

    /// `X-SSL-Client-Cert` with a certificate in PEM, URL-escaped or with blanks for line breaks.
    ///
    /// nginx: `proxy_set_header X-SSL-Client-Cert $ssl_client_escaped_cert;`. Apache httpd:
    /// `RequestHeader set X-SSL-Client-Cert "%{SSL_CLIENT_CERT}s"`. There is no usual name for the field; where the proxy
    /// uses another, say so with [`named`](CertificateHeader::named). These servers pass on no chain: a second
    /// certificate is refused.
    pub fn nginx() -> Self {
        Self::of(&nginx::FORMAT)
    }

    /// `X-SSL-Client-Cert` and, where it is sent, `X-SSL-Client-Chain`, both DER in base64.
    ///
    /// HAProxy: `http-request set-header X-SSL-Client-Cert %[ssl_c_der,base64]` and
    /// `http-request set-header X-SSL-Client-Chain %[ssl_c_chain_der,base64]`. The chain is the certificates one behind
    /// the other, without the leaf. Other names: [`named`](CertificateHeader::named) and
    /// [`chain_named`](CertificateHeader::chain_named).
    pub fn haproxy() -> Self {
        Self::of(&haproxy::FORMAT)
    }

    /// `X-Forwarded-Tls-Client-Cert`, Traefik's `passTLSClientCert` with `pem: true`: base64 without PEM's first and last
    /// line, the leaf first, with commas between. Traefik before 2.9.4 escapes it as in a URL; that is read too.
    pub fn traefik() -> Self {
        Self::of(&traefik::FORMAT)
    }

    /// `X-Amzn-Mtls-Clientcert`, of an AWS Application Load Balancer whose listener runs mutual TLS *passthrough*: the
    /// chain in PEM, leaf first, URL-escaped. The load balancer validates nothing but the handshake.
    pub fn aws_alb() -> Self {
        Self::of(&aws_alb::PASSTHROUGH)
    }

    /// `X-Amzn-Mtls-Clientcert-Leaf`, of an AWS Application Load Balancer whose listener runs mutual TLS *verify*: the
    /// certificate in PEM, URL-escaped.
    pub fn aws_alb_verify() -> Self {
        Self::of(&aws_alb::VERIFY)
    }

    /// Another name for the field.
    pub fn named(mut self, name: &str) -> Self {
        self.name = name.to_ascii_lowercase().into();
        self
    }

    /// Another name for the field with the rest of the chain. For the formats that have one.
    pub fn chain_named(mut self, name: &str) -> Self {
        self.chain_name = Some(name.to_ascii_lowercase().into());
        self
    }

    /// The name of the format, as in a configuration file.
    pub fn format(&self) -> &'static str {
        self.format.name
    }

    /// The name of the field, in lower case.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name of the field with the rest of the chain, in lower case, where the format has one.
    pub fn chain_name(&self) -> Option<&str> {
        self.chain_name.as_deref()
    }

    fn of(format: &'static Format) -> Self {
        CertificateHeader {
            format,
            name: format.header.into(),
            chain_name: format.chain_header.map(Into::into),
        }
    }

    /// Can there be fields of these names?
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let wrong = |problem: String, cure| Err(ConfigError::new("proxy.header", problem, cure));
        let names = [Some(self.name()), self.chain_name()];
        if let Some(name) = names.into_iter().flatten().find(|name| !is_field_name(name)) {
            return wrong(
                format!("{name:?} is no name of a header field"),
                "use letters, digits and hyphens",
            );
        }
        if self.format.chain_header.is_none() && self.chain_name.is_some() {
            let problem = format!("{} has no second field for the chain", self.format.name);
            return wrong(problem, "leave its name out");
        }
        if self.chain_name() == Some(self.name()) {
            return wrong(
                format!("{:?} is to hold both the certificate and its chain", self.name()),
                "give them two names",
            );
        }
        Ok(())
    }

    /// Is there a line of one of the fields?
    pub(super) fn is_in(&self, headers: &dyn Headers) -> bool {
        let mut found = false;
        for name in [Some(self.name()), self.chain_name()].into_iter().flatten() {
            headers.each(name, &mut |_| found = true);
        }
        found
    }

    /// The certificates that a trusted proxy passed on, `None` where it says that there are none.
    pub(super) fn read(&self, headers: &dyn Headers) -> Result<Option<PeerCertificates>, Failure> {
        let leaf = match *lines(headers, self.name())? {
            [] => "",
            [line] => line,
            [_, _, ..] => return Err(refused("one line with a certificate", "several lines")),
        };
        let mut chain = match self.chain_name() {
            Some(name) => lines(headers, name)?,
            None => Vec::new(),
        };
        if chain.len() > 1 && !self.format.chain_may_be_split {
            return Err(refused("one line with a chain", "several lines"));
        }
        chain.retain(|line| !is_nothing(line));
        if is_nothing(leaf) {
            return match chain.is_empty() {
                true => Ok(None),
                false => Err(refused("a certificate beside its chain", "a chain alone")),
            };
        }
        let certificates = (self.format.read)(&Values { leaf, chain })?;
        if certificates.len() > MOST_CERTIFICATES {
            return Err(refused("at most 10 certificates", "more"));
        }
        if !certificates.iter().all(|certificate| der::is_one_sequence(certificate)) {
            return Err(refused("one DER SEQUENCE for each certificate", "other octets"));
        }
        match PeerCertificates::from_proxy(certificates) {
            Some(certificates) => Ok(Some(certificates)),
            None => Err(refused("a certificate", "none")),
        }
    }
}

impl FromStr for CertificateHeader {
    type Err = ConfigError;

    fn from_str(name: &str) -> Result<Self, ConfigError> {
        let format = FORMATS.iter().find(|format| format.name == name).ok_or_else(|| {
            let names: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
            ConfigError::new(
                "proxy.header",
                format!("{name:?} is no format of a forwarded certificate"),
                format!("use one of {}", names.join(", ")),
            )
        })?;
        Ok(Self::of(format))
    }
}

impl fmt::Display for CertificateHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.format())
    }
}

static FORMATS: [&Format; 7] = [
    &client_cert::FORMAT,
    &xfcc::FORMAT,
    &nginx::FORMAT,
    &haproxy::FORMAT,
    &traefik::FORMAT,
    &aws_alb::PASSTHROUGH,
    &aws_alb::VERIFY,
];

/// A token (RFC 9110 §5.1).
fn is_field_name(name: &str) -> bool {
    let is_allowed = |octet: u8| octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&octet);
    !name.is_empty() && name.bytes().all(is_allowed)
}
