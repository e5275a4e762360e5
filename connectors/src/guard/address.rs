//! Which addresses are nobody's business from outside: IANA's special-purpose registries, and what IPv6 wraps.

use ipnet::{Ipv4Net, Ipv6Net};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const fn v4(a: u8, b: u8, c: u8, d: u8, bits: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), bits)
}

const fn v6(first: u16, second: u16, third: u16, bits: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(first, second, third, 0, 0, 0, 0, 0), bits)
}

/// https://www.iana.org/assignments/iana-ipv4-special-registry, multicast and class E.
const REFUSED_V4: [(Ipv4Net, &str); 15] = [
    (v4(0, 0, 0, 0, 8), "it is unspecified"),
    (v4(10, 0, 0, 0, 8), "it is private"),
    (v4(100, 64, 0, 0, 10), "it is carrier-grade NAT"),
    (v4(127, 0, 0, 0, 8), "it is this machine"),
    (v4(169, 254, 0, 0, 16), "it is link-local, where clouds keep their metadata"),
    (v4(172, 16, 0, 0, 12), "it is private"),
    (v4(192, 0, 0, 0, 24), "it is reserved"),
    (v4(192, 0, 2, 0, 24), "it is for documentation"),
    (v4(192, 88, 99, 0, 24), "it is a 6to4 relay"),
    (v4(192, 168, 0, 0, 16), "it is private"),
    (v4(198, 18, 0, 0, 15), "it is for benchmarks"),
    (v4(198, 51, 100, 0, 24), "it is for documentation"),
    (v4(203, 0, 113, 0, 24), "it is for documentation"),
    (v4(224, 0, 0, 0, 4), "it is multicast"),
    (v4(240, 0, 0, 0, 4), "it is reserved"),
];

/// Outside 2000::/3 nothing is global unicast; the names are for people.
const NAMED_V6: [(Ipv6Net, &str); 10] = [
    (v6(0xfc00, 0, 0, 7), "it is private"),
    (v6(0xfe80, 0, 0, 10), "it is link-local"),
    (v6(0xfec0, 0, 0, 10), "it is site-local"),
    (v6(0xff00, 0, 0, 8), "it is multicast"),
    (v6(0x64, 0xff9b, 1, 48), "it is a local NAT64 prefix"),
    (v6(0x2001, 0, 0, 32), "it is a Teredo tunnel"),
    (v6(0x2001, 0, 0, 23), "it is reserved"),
    (v6(0x2001, 0xdb8, 0, 32), "it is for documentation"),
    (v6(0x2002, 0, 0, 16), "it is a 6to4 tunnel"),
    (v6(0x3fff, 0, 0, 20), "it is for documentation"),
];

const GLOBAL_V6: Ipv6Net = v6(0x2000, 0, 0, 3);
const NAT64: Ipv6Net = v6(0x64, 0xff9b, 0, 96);

/// Why this address is refused, or nothing where it is an ordinary public one.
#[must_use]
pub(super) fn refusal(ip: IpAddr) -> Option<&'static str> {
    match ip {
        IpAddr::V4(ip) => refusal_v4(ip),
        IpAddr::V6(ip) => refusal_v6(ip),
    }
}

fn refusal_v4(ip: Ipv4Addr) -> Option<&'static str> {
    REFUSED_V4.iter().find(|(net, _)| net.contains(&ip)).map(|(_, why)| *why)
}

/// A mapped or translated IPv4 address is judged as the IPv4 address that will be reached; tunnels are refused.
fn refusal_v6(ip: Ipv6Addr) -> Option<&'static str> {
    if let Some(mapped) = ip.to_ipv4_mapped() {
        return refusal_v4(mapped);
    }
    if NAT64.contains(&ip) {
        let [.., a, b, c, d] = ip.octets();
        return refusal_v4(Ipv4Addr::new(a, b, c, d));
    }
    if ip.is_loopback() {
        return Some("it is this machine");
    }
    if let Some((_, why)) = NAMED_V6.iter().find(|(net, _)| net.contains(&ip)) {
        return Some(why);
    }
    (!GLOBAL_V6.contains(&ip)).then_some("it is no public address")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_addresses_pass() {
        for public in ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::1"] {
            assert_eq!(refusal(public.parse().unwrap()), None, "{public}");
        }
        // What they wrap is public too.
        for wrapped in ["::ffff:8.8.8.8", "64:ff9b::8.8.8.8"] {
            assert_eq!(refusal(wrapped.parse().unwrap()), None, "{wrapped}");
        }
    }

    #[test]
    fn the_edges_of_each_range_are_inside() {
        for (net, _) in REFUSED_V4 {
            assert!(refusal(net.network().into()).is_some(), "{net}");
            assert!(refusal(net.broadcast().into()).is_some(), "{net}");
        }
        for (net, _) in NAMED_V6 {
            assert!(refusal(net.network().into()).is_some(), "{net}");
            assert!(refusal(net.broadcast().into()).is_some(), "{net}");
        }
    }

    proptest::proptest! {
        #[test]
        fn wrapping_never_opens_what_is_closed(bits: u32) {
            let plain = Ipv4Addr::from_bits(bits);
            let [a, b, c, d] = plain.octets();
            let low = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
            let nat64 = Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, low.0, low.1);
            let compatible = Ipv6Addr::new(0, 0, 0, 0, 0, 0, low.0, low.1);
            assert_eq!(refusal(plain.to_ipv6_mapped().into()), refusal(plain.into()));
            assert_eq!(refusal(nat64.into()), refusal(plain.into()));
            assert!(refusal(compatible.into()).is_some());
            assert!(refusal(Ipv6Addr::new(0x2002, low.0, low.1, 0, 0, 0, 0, 1).into()).is_some());
        }
    }
}
