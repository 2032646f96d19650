//! A block of addresses, such as `10.0.0.0/8` ([RFC 4632 §3.1](https://www.rfc-editor.org/rfc/rfc4632#section-3.1)).

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use crate::config_error::ConfigError;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// `address` is canonical: IPv4 where it can be.
    pub(super) fn contains(&self, address: IpAddr) -> bool {
        let same = match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => (own.to_bits() ^ other.to_bits()).leading_zeros(),
            (IpAddr::V6(own), IpAddr::V6(other)) => (own.to_bits() ^ other.to_bits()).leading_zeros(),
            _ => return false,
        };
        same >= u32::from(self.prefix)
    }
}

/// The address with every bit behind the prefix cleared.
pub(crate) fn first_of_network(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(own) => {
            let host = u32::MAX.checked_shr(prefix.into()).unwrap_or(0);
            IpAddr::V4((own.to_bits() & !host).into())
        }
        IpAddr::V6(own) => {
            let host = u128::MAX.checked_shr(prefix.into()).unwrap_or(0);
            IpAddr::V6((own.to_bits() & !host).into())
        }
    }
}

impl FromStr for Network {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let unreadable =
            || wrong(text, "is no address and no network", "write it as 192.0.2.1 or 10.0.0.0/8");
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let written: IpAddr = address.parse().map_err(|_| unreadable())?;
        let longest: u8 = if written.is_ipv4() { 32 } else { 128 };
        let mut prefix = match prefix {
            Some(digits) if !digits.bytes().all(|digit| digit.is_ascii_digit()) => return Err(unreadable()),
            Some(digits) => digits.parse().ok().filter(|prefix| *prefix <= longest).ok_or_else(unreadable)?,
            None => longest,
        };
        let address = written.to_canonical();
        if written != address {
            // IPv4-mapped: the first 96 bits are the same for all.
            prefix = prefix.checked_sub(96).ok_or_else(|| {
                wrong(
                    text,
                    "is wider than all of IPv4",
                    "write the IPv4 network, which holds the mapped addresses too",
                )
            })?;
        }
        if prefix == 0 {
            return Err(wrong(
                text,
                "holds every address, so anyone could send a header and be any client",
                "list the addresses from which the proxy connects",
            ));
        }
        let network = Network { address, prefix };
        let first = first_of_network(address, prefix);
        if first != address {
            let cure = format!("write {first}/{prefix} for the network, or {address} for the address");
            return Err(wrong(text, "names an address inside a network", cure));
        }
        Ok(network)
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

fn wrong(text: &str, problem: &str, cure: impl Into<String>) -> ConfigError {
    ConfigError::new("proxy.trusted", format!("{text:?} {problem}"), cure)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(network: &str, address: &str) -> bool {
        let network: Network = network.parse().unwrap();
        network.contains(address.parse::<IpAddr>().unwrap().to_canonical())
    }

    #[test]
    fn an_address_alone_is_a_network_of_one() {
        assert!(holds("192.0.2.1", "192.0.2.1"));
        assert!(!holds("192.0.2.1", "192.0.2.0"));
        assert!(holds("2001:db8::1", "2001:db8:0:0::1"));
        assert!(!holds("2001:db8::1", "2001:db8::2"));
    }

    #[test]
    fn a_prefix_ends_at_any_bit() {
        for (network, inside, outside) in [
            ("10.0.0.0/8", "10.255.255.255", "11.0.0.0"),
            ("192.0.2.128/25", "192.0.2.255", "192.0.2.127"),
            ("192.0.2.6/31", "192.0.2.7", "192.0.2.8"),
            ("192.0.2.6/32", "192.0.2.6", "192.0.2.7"),
            ("128.0.0.0/1", "255.0.0.1", "127.0.0.1"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
            ("2001:db8::/127", "2001:db8::1", "2001:db8::2"),
            ("fe80::/10", "febf::1", "fec0::1"),
        ] {
            assert!(holds(network, inside), "{network} {inside}");
            assert!(!holds(network, outside), "{network} {outside}");
        }
    }

    #[test]
    fn a_mapped_address_is_its_ipv4_address() {
        assert!(holds("10.0.0.0/8", "::ffff:10.1.2.3"));
        assert!(holds("::ffff:10.0.0.0/104", "10.1.2.3"));
        assert!(holds("::ffff:10.1.2.3", "10.1.2.3"));
        assert!(!holds("::ffff:10.0.0.0/104", "11.1.2.3"));
        assert!(!holds("::/1", "10.1.2.3"), "an IPv6 network holds no IPv4 address");
        assert!(!holds("10.0.0.0/8", "::10.1.2.3"));
    }

    #[test]
    fn every_address_is_never_a_network() {
        for all in ["0.0.0.0/0", "::/0", "10.0.0.1/0", "::ffff:0.0.0.0/96", "0.0.0.0/00"] {
            let error = all.parse::<Network>().unwrap_err();
            assert!(error.to_string().contains("anyone could send a header"), "{error}");
        }
    }

    #[test]
    fn anything_else_is_an_error_with_a_cure() {
        for (text, part) in [
            ("", "is no address"),
            ("10.0.0.0/", "is no address"),
            ("10.0.0.0/33", "is no address"),
            ("10.0.0.0/+8", "is no address"),
            ("10.0.0.0/-8", "is no address"),
            ("10.0.0.0/8/8", "is no address"),
            ("10.0.0.0/255.0.0.0", "is no address"),
            ("10.0.0.0/999", "is no address"),
            ("010.0.0.1", "is no address"),
            (" 10.0.0.1", "is no address"),
            ("10.0.0", "is no address"),
            ("10.0.0.1:443", "is no address"),
            ("proxy.internal", "is no address"),
            ("fe80::1%eth0", "is no address"),
            ("2001:db8::/129", "is no address"),
            ("::ffff:10.0.0.0/95", "wider than all of IPv4"),
            ("10.0.0.1/8", "write 10.0.0.0/8 for the network, or 10.0.0.1"),
            ("2001:db8::1/32", "write 2001:db8::/32"),
        ] {
            let error = text.parse::<Network>().unwrap_err();
            assert_eq!(error.setting(), "proxy.trusted");
            assert!(error.to_string().contains(part), "{text}: {error}");
        }
    }
}
