//! The header fields of the proxies, each as it writes them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{by_id, der, forwarded_refused, no_certificate, proved, untrusted, with_named};
use crate::encoding::{form_encode, sha256_hex};
use crate::row::{Expect, Row};
use crate::x509::{chain, pem};

pub(super) fn rows() -> Vec<Row> {
    [whole(), with_chain(), nothing(), client_cert_details(), xfcc_details(), pem_details(), base64_details()]
        .concat()
}

/// Header fields that carry a chain, leaf first.
type Fields = Vec<(&'static str, String)>;

const PROXY: &str = "192.0.2.80";

/// What the proxy of this format passes on, and what comes of it.
fn passed_on(
    name: impl Into<String>,
    format: &str,
    fields: &[(&'static str, String)],
    expect: Expect,
) -> Row {
    let request = fields
        .iter()
        .fold(by_id().from(PROXY), |request, (name, value)| request.header(name, value.as_str()));
    with_named(name).behind_proxy(PROXY, format).send(request, expect).row()
}

/// RFC 9440.
pub(super) fn client_cert(chain: &[Vec<u8>]) -> Fields {
    let sequences: Vec<_> = chain.iter().map(|der| byte_sequence(der)).collect();
    let mut fields = vec![("Client-Cert", sequences[0].clone())];
    if chain.len() > 1 {
        fields.push(("Client-Cert-Chain", sequences[1..].join(", ")));
    }
    fields
}

/// RFC 8941 §3.3.5.
pub(super) fn byte_sequence(octets: &[u8]) -> String {
    format!(":{}:", STANDARD.encode(octets))
}

/// Envoy.
fn xfcc(chain: &[Vec<u8>]) -> Fields {
    let all: String = chain.iter().map(|der| escaped(&pem(der))).collect();
    let value = format!(
        "Hash={};Cert=\"{}\";Chain=\"{all}\";Subject=\"C=DE,O=Example Ltd,CN=client one\";URI=",
        sha256_hex(&chain[0]),
        escaped(&pem(&chain[0])),
    );
    vec![("x-forwarded-client-cert", value)]
}

/// nginx.
fn nginx(chain: &[Vec<u8>]) -> Fields {
    vec![("X-SSL-Client-Cert", escaped(&pem(&chain[0])))]
}

fn haproxy(chain: &[Vec<u8>]) -> Fields {
    let mut fields = vec![("X-SSL-Client-Cert", STANDARD.encode(&chain[0]))];
    if chain.len() > 1 {
        fields.push(("X-SSL-Client-Chain", STANDARD.encode(chain[1..].concat())));
    }
    fields
}

fn traefik(chain: &[Vec<u8>]) -> Fields {
    let all: Vec<_> = chain.iter().map(|der| STANDARD.encode(der)).collect();
    vec![("X-Forwarded-Tls-Client-Cert", all.join(","))]
}

/// A load balancer leaves `+`, `=` and `/` as they are.
fn aws_alb(chain: &[Vec<u8>]) -> Fields {
    let all: String = chain.iter().map(|der| pem(der)).collect();
    let value = escaped(&all).replace("%2B", "+").replace("%3D", "=").replace("%2F", "/");
    vec![("X-Amzn-Mtls-Clientcert", value)]
}

fn aws_alb_verify(chain: &[Vec<u8>]) -> Fields {
    vec![("X-Amzn-Mtls-Clientcert-Leaf", aws_alb(&chain[..1]).remove(0).1)]
}

type Write = fn(&[Vec<u8>]) -> Fields;

/// Every format, how it is written, and whether it has room for a chain.
const FORMATS: [(&str, Write, bool); 7] = [
    ("client-cert", client_cert, true),
    ("xfcc", xfcc, true),
    ("nginx", nginx, false),
    ("haproxy", haproxy, true),
    ("traefik", traefik, true),
    ("aws-alb", aws_alb, true),
    ("aws-alb-verify", aws_alb_verify, false),
];

/// As in a URL.
fn escaped(text: &str) -> String {
    form_encode(text).replace('+', "%20")
}

fn whole() -> Vec<Row> {
    let one = [der("c-tls-dn")];
    FORMATS
        .into_iter()
        .map(|(format, write, _)| {
            passed_on(format!("{format}: a certificate"), format, &write(&one), proved(&one[0]))
        })
        .collect()
}

fn with_chain() -> Vec<Row> {
    let path = chain("via-intermediate");
    FORMATS
        .into_iter()
        .map(|(format, write, has_chain)| {
            let expect = if has_chain { proved(&path[0]) } else { untrusted() };
            passed_on(
                format!("{format}: a certificate below an intermediate one"),
                format,
                &write(&path),
                expect,
            )
        })
        .collect()
}

fn nothing() -> Vec<Row> {
    FORMATS
        .into_iter()
        .flat_map(|(format, write, _)| {
            let name = write(&[der("c-tls-dn")]).remove(0).0;
            let with = move |value: &str| vec![(name, value.to_owned())];
            [
                ("nothing", Vec::new(), no_certificate()),
                ("an empty field", with(""), no_certificate()),
                ("(null)", with("(null)"), no_certificate()),
                ("NONE", with("NONE"), forwarded_refused()),
                ("a name", with("CN=client one,O=Example Ltd,C=DE"), forwarded_refused()),
                ("octets that are not ASCII", with("é"), forwarded_refused()),
                ("another octet string", with("AAAA"), forwarded_refused()),
            ]
            .map(|(what, fields, expect)| passed_on(format!("{format}: {what}"), format, &fields, expect))
        })
        .collect()
}

fn client_cert_details() -> Vec<Row> {
    let one = der("c-tls-dn");
    let path = chain("via-intermediate");
    let (text, two) = (STANDARD.encode(&one), STANDARD.encode(der("c-tls-dn2")));
    let (leaf, intermediate) = (STANDARD.encode(&path[0]), STANDARD.encode(&path[1]));
    let row = |what: &str, fields: &[(&'static str, String)], expect: Expect| {
        passed_on(format!("client-cert: {what}"), "client-cert", fields, expect)
    };
    let single = |what: &str, value: String| row(what, &[("Client-Cert", value)], forwarded_refused());
    let many: Vec<_> = (0..10).map(|_| format!(":{intermediate}:")).collect();
    vec![
        single("two certificates in a list", format!(":{text}:, :{two}:")),
        single("the base64 alone", text.clone()),
        single("without its last colon", format!(":{text}")),
        single("without padding or with too much", format!(":{text}=:")),
        single("base64url", format!(":{}:", text.replace('/', "_").replace('+', "-") + "__--")),
        single("a parameter", format!(":{text}:;a=1")),
        single("PEM", format!(":{}:", STANDARD.encode(pem(&one)))),
        single("an octet behind the certificate", format!(":{}:", STANDARD.encode(der("c-tls-dn trailing")))),
        single("a certificate of indefinite length", format!(":{}:", STANDARD.encode(der("c-tls-dn ber")))),
        single("an empty byte sequence", "::".to_owned()),
        row("blanks around it", &[("Client-Cert", format!("\t:{text}: "))], proved(&one)),
        row(
            "a chain in two lines",
            &[
                ("Client-Cert", format!(":{leaf}:")),
                ("Client-Cert-Chain", format!(":{two}:")),
                ("Client-Cert-Chain", format!(":{intermediate}:")),
            ],
            proved(&path[0]),
        ),
        row("a chain alone", &[("Client-Cert-Chain", format!(":{leaf}:"))], forwarded_refused()),
        row(
            "a chain that cannot be read",
            &[("Client-Cert", format!(":{text}:")), ("Client-Cert-Chain", "x".to_owned())],
            forwarded_refused(),
        ),
        row(
            "a chain of ten beside the certificate",
            &[("Client-Cert", format!(":{leaf}:")), ("Client-Cert-Chain", many.join(", "))],
            forwarded_refused(),
        ),
    ]
}

fn xfcc_details() -> Vec<Row> {
    let one = der("c-tls-dn");
    let (victim, attacker) = (escaped(&pem(&one)), escaped(&pem(&der("attacker-leaf"))));
    let (hash, other_hash) = (sha256_hex(&one), sha256_hex(&der("attacker-leaf")));
    let row = |what: &str, value: String, expect: Expect| {
        passed_on(format!("xfcc: {what}"), "xfcc", &[("x-forwarded-client-cert", value)], expect)
    };
    let refused = |what: &str, value: String| row(what, value, forwarded_refused());
    vec![
        row("Cert alone", format!("Cert=\"{victim}\""), proved(&one)),
        row("Cert without quotes", format!("Hash={hash};Cert={victim}"), proved(&one)),
        row("Chain alone", format!("Hash={hash};Chain=\"{victim}\""), proved(&one)),
        row("keys in small letters", format!("hash={hash};cert=\"{victim}\""), proved(&one)),
        row(
            "a subject with quotes, commas and semicolons",
            format!("Hash={hash};Cert=\"{victim}\";Subject=\"CN=a\\\",Cert=x;Hash=y\""),
            proved(&one),
        ),
        refused("the hash of another certificate", format!("Hash={other_hash};Cert=\"{victim}\"")),
        refused("two elements", format!("Cert=\"{attacker}\",Cert=\"{victim}\"")),
        refused("Cert twice", format!("Cert=\"{attacker}\";Cert=\"{victim}\"")),
        refused("a Chain that begins with another", format!("Cert=\"{victim}\";Chain=\"{attacker}\"")),
        refused("a hash alone", format!("Hash={hash}")),
        refused("a subject alone", "Subject=\"CN=client one,O=Example Ltd,C=DE\"".to_owned()),
        refused("a quote that does not end", format!("Hash={hash};Cert=\"{victim}")),
        refused("two certificates in Cert", format!("Cert=\"{victim}{attacker}\"")),
    ]
}

fn pem_details() -> Vec<Row> {
    let one = der("c-tls-dn");
    let (text, other) = (pem(&one), pem(&der("attacker-leaf")));
    let row = |format: &str, field: &'static str, what: &str, value: String, expect: Expect| {
        passed_on(format!("{format}: {what}"), format, &[(field, value)], expect)
    };
    let nginx =
        |what: &str, value: String, expect: Expect| row("nginx", "X-SSL-Client-Cert", what, value, expect);
    let alb = |what: &str, value: String, expect: Expect| {
        row("aws-alb", "X-Amzn-Mtls-Clientcert", what, value, expect)
    };
    vec![
        nginx(
            "PEM on one line with blanks, as Apache httpd has it",
            text.trim_end().replace('\n', " "),
            proved(&one),
        ),
        nginx("two certificates", escaped(&(text.clone() + &other)), forwarded_refused()),
        nginx("a broken escape", escaped(&text) + "%0", forwarded_refused()),
        nginx(
            "text before the certificate",
            escaped(&("subject=CN\n".to_owned() + &text)),
            forwarded_refused(),
        ),
        nginx(
            "a certificate under another label",
            escaped(&text.replace("CERTIFICATE", "X509 CERTIFICATE")),
            forwarded_refused(),
        ),
        nginx("a certificate that is cut off", escaped(&text[..200]), forwarded_refused()),
        nginx("a private key", escaped(&text.replace("CERTIFICATE", "PRIVATE KEY")), forwarded_refused()),
        alb("the leaf and another", escaped(&(text.clone() + &other)), proved(&one)),
        alb("another, and then the leaf", escaped(&(other + &text)), super::mismatch()),
    ]
}

fn base64_details() -> Vec<Row> {
    let one = der("c-tls-dn");
    let text = STANDARD.encode(&one);
    let row = |format: &str, field: &'static str, what: &str, value: String, expect: Expect| {
        passed_on(format!("{format}: {what}"), format, &[(field, value)], expect)
    };
    let haproxy =
        |what: &str, value: String, expect: Expect| row("haproxy", "X-SSL-Client-Cert", what, value, expect);
    let traefik = |what: &str, value: String, expect: Expect| {
        row("traefik", "X-Forwarded-Tls-Client-Cert", what, value, expect)
    };
    let path = chain("via-intermediate");
    let behind = [path[1].clone(), vec![0]].concat();
    vec![
        haproxy("in quotes", format!("\"{text}\""), proved(&one)),
        haproxy(
            "an octet behind the certificate",
            STANDARD.encode(der("c-tls-dn trailing")),
            forwarded_refused(),
        ),
        haproxy("two certificates in the place of one", STANDARD.encode(path.concat()), forwarded_refused()),
        passed_on(
            "haproxy: an octet behind the chain",
            "haproxy",
            &[
                ("X-SSL-Client-Cert", STANDARD.encode(&path[0])),
                ("X-SSL-Client-Chain", STANDARD.encode(behind)),
            ],
            forwarded_refused(),
        ),
        traefik("escaped, as older ones write it", escaped(&text), proved(&one)),
        traefik("an empty member", format!("{text},"), forwarded_refused()),
        traefik(
            "the leaf in second place",
            format!("{},{text}", STANDARD.encode(der("attacker-leaf"))),
            super::mismatch(),
        ),
    ]
}
