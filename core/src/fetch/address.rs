//! Which addresses a client's keys can live at: public ones.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Is it a public unicast address? Everything that the IANA registries of special-purpose addresses list as
/// private, local, reserved, for documentation or for benchmarks is not, nor is an IPv6 address that stands
/// for an IPv4 one: whoever writes it so wants to slip past a filter.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !NOT_PUBLIC_V4.iter().any(|network| network.contains(address)),
        IpAddr::V6(address) => {
            GLOBAL_UNICAST.contains(address) && !NOT_PUBLIC_V6.iter().any(|network| network.contains(address))
        }
    }
}

struct V4(Ipv4Addr, u32);

impl V4 {
    fn contains(&self, address: Ipv4Addr) -> bool {
        let mask = u32::MAX.checked_shl(32 - self.1).unwrap_or_default();
        (address.to_bits() ^ self.0.to_bits()) & mask == 0
    }
}

struct V6(Ipv6Addr, u32);

impl V6 {
    fn contains(&self, address: Ipv6Addr) -> bool {
        let mask = u128::MAX.checked_shl(128 - self.1).unwrap_or_default();
        (address.to_bits() ^ self.0.to_bits()) & mask == 0
    }
}

const NOT_PUBLIC_V4: [V4; 16] = [
    V4(Ipv4Addr::new(0, 0, 0, 0), 8),  // this network; 0.0.0.0 reaches this host
    V4(Ipv4Addr::new(10, 0, 0, 0), 8), // private
    V4(Ipv4Addr::new(100, 64, 0, 0), 10), // carrier-grade NAT; a cloud's metadata service
    V4(Ipv4Addr::new(127, 0, 0, 0), 8), // loopback
    V4(Ipv4Addr::new(168, 63, 129, 16), 32), // a cloud's host agent, behind an address that looks public
    V4(Ipv4Addr::new(169, 254, 0, 0), 16), // link-local; the metadata services of clouds
    V4(Ipv4Addr::new(172, 16, 0, 0), 12), // private
    V4(Ipv4Addr::new(192, 0, 0, 0), 24), // protocol assignments
    V4(Ipv4Addr::new(192, 0, 2, 0), 24), // documentation
    V4(Ipv4Addr::new(192, 88, 99, 0), 24), // 6to4 relays
    V4(Ipv4Addr::new(192, 168, 0, 0), 16), // private
    V4(Ipv4Addr::new(198, 18, 0, 0), 15), // benchmarks
    V4(Ipv4Addr::new(198, 51, 100, 0), 24), // documentation
    V4(Ipv4Addr::new(203, 0, 113, 0), 24), // documentation
    V4(Ipv4Addr::new(224, 0, 0, 0), 4), // multicast
    V4(Ipv4Addr::new(240, 0, 0, 0), 4), // reserved, and limited broadcast
];

/// All of IPv6 that is handed out for public use. Outside of it lie loopback, unspecified, v4-mapped and
/// v4-compatible, NAT64 (`64:ff9b::/96` and `64:ff9b:1::/48`), discard-only, unique local, link-local,
/// site-local and multicast.
const GLOBAL_UNICAST: V6 = V6(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

const NOT_PUBLIC_V6: [V6; 4] = [
    V6(Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23), // Teredo, benchmarks, ORCHID and other assignments
    V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), // documentation
    V6(Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16), // 6to4, which carries an IPv4 address
    V6(Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20), // documentation
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_addresses_are_not_public() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.100.100.200",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.10",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::8.8.8.8",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::ffff:0:8.8.8.8",
            "64:ff9b::7f00:1",
            "64:ff9b::808:808",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:0:4136:e378::1",
            "2001:2::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "2002:808:808::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
            "ffff::1",
            "4000::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn their_neighbours_are() {
        for address in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "168.63.129.15",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.0.3.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "203.0.114.0",
            "223.255.255.255",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2001:db9::1",
            "2003::1",
            "2606:4700:4700::1111",
            "3ffe:ffff::1",
        ] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }
}
