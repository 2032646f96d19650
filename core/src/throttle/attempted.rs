//! Who tries to authenticate, and from where.

use std::net::IpAddr;

use crate::forwarded::first_of_network;

/// One attempt, by what a throttle counts: the server, the client it claims to be of, and its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempted<'a> {
    tenant: &'a str,
    client_id: &'a str,
    source: IpAddr,
    name_alone: bool,
}

impl<'a> Attempted<'a> {
    /// An attempt with a credential. An IPv4-mapped IPv6 address is its IPv4 address.
    pub fn new(tenant: &'a str, client_id: &'a str, source: IpAddr) -> Self {
        Attempted { tenant, client_id, source: source.to_canonical(), name_alone: false }
    }

    /// An attempt whose request shows nothing but the `client_id`: of a public client, or of one that is proved by the
    /// certificate of the connection.
    #[must_use]
    pub fn with_name_alone(mut self) -> Self {
        self.name_alone = true;
        self
    }

    /// The server, where several share a throttle.
    pub fn tenant(&self) -> &'a str {
        self.tenant
    }

    /// The client that the attempt claims to be of. Text of the caller, of any length; it need not exist.
    pub fn client_id(&self) -> &'a str {
        self.client_id
    }

    /// The address that the request came from.
    pub fn source(&self) -> IpAddr {
        self.source
    }

    /// The first address of the source's network of this size in bits: what is told apart. Who has one IPv6 address
    /// commonly has the 2⁶⁴ of its network.
    pub fn source_prefix(&self, ipv4_bits: u8, ipv6_bits: u8) -> IpAddr {
        first_of_network(self.source, if self.source.is_ipv4() { ipv4_bits } else { ipv6_bits })
    }

    /// Does the request show nothing but the `client_id`? Such attempts are to be counted by themselves. They guess at
    /// nothing, and the success of one proves nothing about who sends secrets from the same address.
    pub fn has_name_alone(&self) -> bool {
        self.name_alone
    }
}
