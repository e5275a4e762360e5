//! S7: addresses that an admin, or somebody who writes for one, would try. Each leads to this machine or to a private
//! network; `PORT` is the listener that must hear nothing.

/// Targets that are refused by what they say.
pub const LITERAL: [&str; 55] = [
    // this machine
    "http://127.0.0.1:PORT/",
    "http://127.0.0.2:PORT/",
    "http://127.255.255.254:PORT/",
    "http://[::1]:PORT/",
    "http://[0:0:0:0:0:0:0:1]:PORT/",
    "http://0.0.0.0:PORT/",
    "http://0.1.2.3:PORT/",
    "http://[::]:PORT/",
    // private networks
    "http://10.0.0.1:PORT/",
    "http://10.255.255.255:PORT/",
    "http://172.16.0.1:PORT/",
    "http://172.31.255.255:PORT/",
    "http://192.168.0.1:PORT/",
    "http://100.64.0.1:PORT/",
    "http://100.127.255.254:PORT/",
    "http://192.0.0.8:PORT/",
    "http://198.18.0.1:PORT/",
    "http://[fc00::1]:PORT/",
    "http://[fd12:3456:789a::1]:PORT/",
    // link-local, metadata
    "http://169.254.169.254/latest/meta-data/",
    "http://169.254.170.2/v2/credentials",
    "http://[fe80::1]:PORT/",
    "http://[fec0::1]:PORT/",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "http://100.100.100.200/latest/meta-data/",
    // multicast, broadcast, reserved, documentation
    "http://224.0.0.1:PORT/",
    "http://239.255.255.250:PORT/",
    "http://255.255.255.255:PORT/",
    "http://240.0.0.1:PORT/",
    "http://192.0.2.1:PORT/",
    "http://[ff02::1]:PORT/",
    "http://[2001:db8::1]:PORT/",
    // IPv4 inside IPv6
    "http://[::ffff:127.0.0.1]:PORT/",
    "http://[::ffff:7f00:1]:PORT/",
    "http://[::ffff:10.0.0.1]:PORT/",
    "http://[::127.0.0.1]:PORT/",
    "http://[2002:7f00:1::]:PORT/",
    "http://[64:ff9b::7f00:1]:PORT/",
    "http://[64:ff9b:1::7f00:1]:PORT/",
    "http://[2001:0:7f00:1::80ff:fffe]:PORT/",
    // other ways to write 127.0.0.1
    "http://2130706433:PORT/",
    "http://0x7f000001:PORT/",
    "http://017700000001:PORT/",
    "http://0x7f.0.0.1:PORT/",
    "http://0177.0.0.1:PORT/",
    "http://127.1:PORT/",
    "http://127.0.0.1.:PORT/",
    "http://%31%32%37.0.0.1:PORT/",
    "http://①②⑦.⓪.⓪.①:PORT/",
    "http://127。0。0。1:PORT/",
    // names and passwords, other schemes
    "http://example.com@127.0.0.1:PORT/",
    "http://user:password@example.com/",
    "ftp://127.0.0.1:PORT/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:PORT/_GET",
];

/// Names, with what they lead to.
pub const NAMED: [(&str, &str); 9] = [
    ("localhost", "127.0.0.1"),
    ("localhost.", "127.0.0.1"),
    ("127.0.0.1.nip.io", "127.0.0.1"),
    ("intranet.example", "10.1.2.3"),
    ("v6.example", "::1"),
    ("mapped.example", "::ffff:127.0.0.1"),
    ("metadata.google.internal", "169.254.169.254"),
    ("xn--bcher-kva.example", "127.0.0.1"),
    ("tunnel.example", "2002:7f00:1::1"),
];

/// Where a public page redirects to.
pub const REDIRECTS: [&str; 8] = [
    "http://127.0.0.1:PORT/",
    "http://[::1]:PORT/",
    "//127.0.0.1:PORT/",
    "http://2130706433:PORT/",
    "http://localhost:PORT/",
    "http://front.example@127.0.0.1:PORT/",
    "file:///etc/passwd",
    "http://169.254.169.254/latest/meta-data/",
];
