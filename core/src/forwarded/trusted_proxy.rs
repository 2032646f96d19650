//! The proxies whose word is taken for a client's certificate and address.

use std::net::{IpAddr, Ipv6Addr};

use super::certificate_header::CertificateHeader;
use super::network::Network;
use super::source_header::{Entry, SourceHeader};
use crate::certificate::PeerCertificates;
use crate::config_error::ConfigError;
use crate::reason::Reason;
use crate::refusal::Failure;
use crate::request::Headers;

/// The proxies that end the clients' TLS connections, and the header field in which they pass the certificate on.
///
/// What a connection from one of their addresses says is believed: that the client proved to hold the private key. So
/// the proxy must do that handshake, and must remove or overwrite the field in *every* request it passes on, also where
/// the client showed no certificate ([RFC 9440 §4](https://www.rfc-editor.org/rfc/rfc9440#section-4)). The path to a
/// trust anchor is validated here all the same.
///
/// | the connection comes from | and the field | then the client's certificates are |
/// | --- | --- | --- |
/// | a trusted proxy | is there | those of the field, or a refusal when it cannot be read |
/// | a trusted proxy | is absent or empty | none. Those of the connection are the proxy's own |
/// | anyone else | is there | a refusal |
/// | anyone else | is absent | those of the connection's own handshake |
///
/// A refusal is [`Reason::ForwardedCertificateRefused`], and is seen only where a certificate is needed: a request that
/// authenticates by a secret or an assertion passes, without a certificate.
///
/// A connection whose address is unknown, such as one over a Unix socket or behind a layer that was not told where to
/// find it, comes from anyone else.
///
/// ```
/// use countersign::forwarded::{CertificateHeader, SourceHeader, TrustedProxy};
///
/// let proxy = TrustedProxy::new(["10.1.0.0/16", "2001:db8::7"], CertificateHeader::nginx())?
///     .forwarded_for(SourceHeader::XForwardedFor);
/// assert!(proxy.trusts("10.1.2.3".parse().unwrap()));
/// assert!(!proxy.trusts("10.2.0.1".parse().unwrap()));
///
/// // Everyone would be trusted.
/// assert!(TrustedProxy::new(["0.0.0.0/0"], CertificateHeader::nginx()).is_err());
/// # Ok::<(), countersign::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct TrustedProxy {
    networks: Vec<Network>,
    certificate: Option<CertificateHeader>,
    source: Option<SourceHeader>,
}

impl TrustedProxy {
    /// Proxies at these addresses or networks, `192.0.2.1`, `10.0.0.0/8`, `2001:db8::/32`. Name no network in which
    /// anything but the proxies can open connections to this server. An IPv4 address stands for its IPv4-mapped IPv6
    /// address too.
    ///
    /// # Errors
    /// [`ConfigError`] for no network, one that cannot be read or holds every address, and for header fields that
    /// cannot be told apart.
    pub fn new<N: AsRef<str>>(
        networks: impl IntoIterator<Item = N>,
        certificate: CertificateHeader,
    ) -> Result<Self, ConfigError> {
        let networks = read_networks(networks)?;
        certificate.check()?;
        Ok(TrustedProxy { networks, certificate: Some(certificate), source: None })
    }

    /// Proxies that pass on no certificates, and name the client's address in this header field. No field is read for a
    /// certificate, whoever sends it, and no client that comes through them has one.
    ///
    /// ```
    /// use countersign::forwarded::{SourceHeader, TrustedProxy};
    ///
    /// let proxy = TrustedProxy::of_addresses(["10.1.0.0/16"], SourceHeader::XForwardedFor)?;
    /// # Ok::<(), countersign::ConfigError>(())
    /// ```
    ///
    /// # Errors
    /// [`ConfigError`] for no network, and one that cannot be read or holds every address.
    pub fn of_addresses<N: AsRef<str>>(
        networks: impl IntoIterator<Item = N>,
        header: SourceHeader,
    ) -> Result<Self, ConfigError> {
        Ok(TrustedProxy { networks: read_networks(networks)?, certificate: None, source: Some(header) })
    }

    /// The header field that names the client's own address, for the operator's log and for limits on failures. The
    /// default is none: requests then seem to come from the proxy, and no limits on failures apply to them.
    pub fn forwarded_for(mut self, header: SourceHeader) -> Self {
        self.source = Some(header);
        self
    }

    /// Is this the address of a trusted proxy?
    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|network| network.contains(address))
    }

    /// The client's certificates: those that a trusted proxy passed on, or those of the connection's own `handshake`.
    ///
    /// `peer` is the address of whoever made the connection.
    ///
    /// # Errors
    /// [`Reason::ForwardedCertificateRefused`] when the header field comes from somebody else, twice, or cannot be read.
    pub fn certificates(
        &self,
        headers: &dyn Headers,
        peer: Option<IpAddr>,
        handshake: Option<&PeerCertificates>,
    ) -> Result<Option<PeerCertificates>, Failure> {
        if peer.is_some_and(|peer| self.trusts(peer)) {
            return self.certificate.as_ref().map_or(Ok(None), |header| header.read(headers));
        }
        if self.certificate.as_ref().is_some_and(|header| header.is_in(headers)) {
            let got = peer.map_or_else(|| "an unknown address".to_owned(), |peer| peer.to_string());
            return Err(Failure::new(Reason::ForwardedCertificateRefused)
                .expected("a trusted proxy's address")
                .got(got));
        }
        Ok(handshake.cloned())
    }

    /// The address of the client: `peer`, or the nearest address before the trusted proxies that passed the request on.
    ///
    /// The header field is read from its end, where the nearest proxy writes. What stands before the first address that
    /// is not trusted is the client's own invention, and is not looked at. Where an entry is no address, the proxy that
    /// wrote it is all that is known.
    pub fn source(&self, headers: &dyn Headers, peer: Option<IpAddr>) -> Option<IpAddr> {
        peer.map(|peer| self.nearest(headers, peer).address)
    }

    pub(crate) fn nearest(&self, headers: &dyn Headers, peer: IpAddr) -> Nearest {
        if !self.trusts(peer) {
            return Nearest::known(peer);
        }
        let mut nearest = Nearest { address: peer, limited_as: None };
        for entry in self.source.into_iter().flat_map(|header| header.entries(headers)) {
            match entry {
                Entry::Address(address) if self.trusts(address) => nearest.address = address,
                Entry::Address(address) => return Nearest::known(address),
                Entry::Nobody => break,
                // Whoever made it so must not gain by it, not even where the proxy is on this machine.
                Entry::Unreadable => {
                    return Nearest { limited_as: Some(Ipv6Addr::UNSPECIFIED.into()), ..nearest };
                }
            }
        }
        nearest
    }
}

/// Where a request came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Nearest {
    pub(crate) address: IpAddr,
    /// Whose failures count together: those of this address. None where a trusted proxy did not say for whom it speaks.
    pub(crate) limited_as: Option<IpAddr>,
}

impl Nearest {
    pub(crate) fn known(address: IpAddr) -> Self {
        Nearest { address, limited_as: Some(address) }
    }
}

fn read_networks<N: AsRef<str>>(networks: impl IntoIterator<Item = N>) -> Result<Vec<Network>, ConfigError> {
    let networks: Vec<Network> =
        networks.into_iter().map(|network| network.as_ref().parse()).collect::<Result<_, _>>()?;
    if networks.is_empty() {
        return Err(ConfigError::new(
            "proxy.trusted",
            "is empty, so no header could ever be read",
            "list the addresses from which the proxy connects, or configure no proxy",
        ));
    }
    Ok(networks)
}
