//! `tls_client_auth_subject_dn`: names are compared part by part
//! ([RFC 4517 §4.2.15](https://www.rfc-editor.org/rfc/rfc4517#section-4.2.15)), never as text.

use super::{NAME, client, der, issued, mismatch, proved, server, showing, with_named};
use crate::row::{Expect, Row};
use crate::scene::invalid_client;
use crate::x509::{AlternativeName, Attribute, Draft, Extension, Text, dn, dn_as, name};

pub(super) fn rows() -> Vec<Row> {
    [spellings(), encodings(), other_names(), unusual_attributes(), registration()].concat()
}

fn registered(name: &str, certificate: Vec<u8>, of: impl Into<String>, matches: bool) -> Row {
    let expect = |leaf: &[u8]| -> Expect { if matches { proved(leaf) } else { mismatch() } };
    server(of)
        .client(client("tls_client_auth_subject_dn", name))
        .send(showing([certificate.clone()]), expect(&certificate))
        .row()
}

/// A certificate of this subject.
fn of(subject: Vec<u8>) -> Vec<u8> {
    issued(&Draft::client(subject))
}

/// One certificate, and the ways to write its name.
fn spellings() -> Vec<Row> {
    let same = [
        NAME,
        "CN=Client One,O=EXAMPLE LTD,C=de",
        "cn=client one,o=Example Ltd,c=DE",
        "CN=client one, O=Example Ltd, C=DE",
        "CN = client one , O = Example Ltd , C = DE",
        "CN=client  one,O=Example   Ltd,C=DE",
        r"CN=\ client one\ ,O=Example Ltd,C=DE",
        "2.5.4.3=client one,2.5.4.10=Example Ltd,2.5.4.6=DE",
        r"CN=\63lient one,O=E\78ample Ltd,C=DE",
        "CN=#130A636C69656E74206F6E65,O=Example Ltd,C=DE",
        "CN=#0c0a636c69656e74206f6e65,O=Example Ltd,C=DE",
        "CN=ｃlient one,O=Example Ltd,C=DE",
    ];
    let others = [
        "CN=client one",
        "CN=client one,O=Example Ltd",
        "O=Example Ltd,C=DE",
        "C=DE,O=Example Ltd,CN=client one",
        "CN=client one,C=DE,O=Example Ltd",
        "CN=client one,O=Example Ltd,C=DE,C=DE",
        "CN=client one,OU=x,O=Example Ltd,C=DE",
        "CN=client one+O=Example Ltd,C=DE",
        "CN=client one+O=Example Ltd+C=DE",
        "CN=client on,O=Example Ltd,C=DE",
        "CN=clientone,O=Example Ltd,C=DE",
        "CN=client one.,O=Example Ltd,C=DE",
        "CN=*,O=Example Ltd,C=DE",
        "OU=client one,O=Example Ltd,C=DE",
        r"CN=client one\,O=Example Ltd\,C=DE",
        r"CN=client one\00,O=Example Ltd,C=DE",
        r"CN=\#130A636C69656E74206F6E65,O=Example Ltd,C=DE",
        "CN=clіent one,O=Example Ltd,C=DE",
    ];
    let same = same.map(|name| registered(name, der("c-tls-dn"), format!("the same name: {name}"), true));
    // One that the loader refuses would not say that names were compared.
    let others = others
        .into_iter()
        .filter(|name| !name.contains(r"\00"))
        .map(|name| registered(name, der("c-tls-dn"), format!("another name: {name}"), false));
    same.into_iter().chain(others).collect()
}

/// One name, and the certificates that have it.
fn encodings() -> Vec<Row> {
    let part = |kind: &str, text: Text, value: &str| Attribute::new(kind, text, value);
    let with_cn = |cn: Attribute| {
        of(name(&[&[part("C", Text::Printable, "DE")], &[part("O", Text::Printable, "Example Ltd")], &[cn]]))
    };
    let cn = |text: Text, value: &str| with_cn(part("CN", text, value));
    let zoe = |cn: Attribute| of(name(&[&[cn]]));
    let row = |what: &str, certificate: Vec<u8>, matches: bool| {
        registered(NAME, certificate, format!("the subject of the certificate {what}"), matches)
    };
    let accented = |what: &str, certificate: Vec<u8>, matches: bool| {
        registered("CN=Zoé Straße", certificate, format!("the subject with accents {what}"), matches)
    };
    vec![
        row("in UTF8String", of(dn_as(NAME, Text::Utf8)), true),
        row("in TeletexString", of(dn_as(NAME, Text::Teletex)), true),
        row("in BMPString", of(dn_as(NAME, Text::Bmp)), true),
        row("in another case", of(dn("CN=CLIENT ONE,O=example ltd,C=DE")), true),
        row("with two blanks", der("CN=client  one"), true),
        row("with blanks around it", cn(Text::Utf8, "  client one "), true),
        row("with a NUL", der("nul-cn"), false),
        row("with a NUL at its end", cn(Text::Utf8, "client one\0"), false),
        row("with a zero width space", cn(Text::Utf8, "client\u{200b} one"), false),
        row("with a soft hyphen", cn(Text::Utf8, "cli\u{ad}ent one"), false),
        row("with a letter that looks the same", der("CN=clіent one"), false),
        row("with a tab", cn(Text::Utf8, "client\tone"), false),
        row("in UTF8String that is not UTF-8", with_cn(Attribute::raw("CN", 0x0C, b"client one\xFF")), false),
        row("in PrintableString that is none", with_cn(Attribute::raw("CN", 0x13, b"client one@")), false),
        row("in BMPString of odd length", with_cn(Attribute::raw("CN", 0x1E, b"\0c\0l\0")), false),
        row("in an INTEGER", with_cn(Attribute::raw("CN", 0x02, &[1])), false),
        row("in an OCTET STRING", with_cn(Attribute::raw("CN", 0x04, b"client one")), false),
        row("that is empty there", cn(Text::Utf8, ""), false),
        accented("composed", zoe(part("CN", Text::Utf8, "Zoé Straße")), true),
        accented("decomposed", zoe(part("CN", Text::Utf8, "Zoe\u{301} Straße")), true),
        accented("folded", zoe(part("CN", Text::Utf8, "ZOÉ STRASSE")), true),
        accented("in BMPString", zoe(part("CN", Text::Bmp, "Zoé Straße")), true),
        accented(
            "in Latin 1, which TeletexString is not",
            zoe(part("CN", Text::Teletex, "Zoé Straße")),
            false,
        ),
        accented("without them", zoe(part("CN", Text::Utf8, "Zoe Strase")), false),
    ]
}

fn other_names() -> Vec<Row> {
    let row = |what: &str, certificate: Vec<u8>| {
        registered(NAME, certificate, format!("the certificate of somebody else: {what}"), false)
    };
    let two_cns = "CN=client one,CN=mallory,O=Example Ltd,C=DE";
    let in_alternative_name = Extension::alternative_names(&[AlternativeName::dns("client one")]);
    vec![
        row("client two", der("c-tls-dn2")),
        row("another organization", der("lookalike")),
        row("an organizational unit more", der("CN=client one,OU=attacker,O=Example Ltd,C=DE")),
        row("a part less", of(dn("CN=client one,C=DE"))),
        row("the parts the other way round", of(dn("C=DE,O=Example Ltd,CN=client one"))),
        row("the whole name as its common name", der("single RDN CN='client one,O=Example Ltd,C=DE'")),
        row("the first two parts in one", der("CN=client one+O=Example Ltd,C=DE")),
        row("two common names, the right one first", of(dn(two_cns))),
        row("two common names, the right one last", of(dn("CN=mallory,CN=client one,O=Example Ltd,C=DE"))),
        row("two common names in one part", of(dn("CN=client one+CN=mallory,O=Example Ltd,C=DE"))),
        row("nobody", der("empty-subject")),
        row(
            "nobody, but for an alternative name",
            issued(&Draft::client(name(&[])).with(in_alternative_name)),
        ),
        registered(
            "CN=client one+O=Example Ltd,C=DE",
            der("CN=client one+O=Example Ltd,C=DE"),
            "two attributes in one part",
            true,
        ),
        registered(
            "O=Example Ltd + CN=client one, C=DE",
            der("CN=client one+O=Example Ltd,C=DE"),
            "two attributes in one part, the other way round",
            true,
        ),
        registered(
            "CN=client one+O=Example Ltd,C=DE",
            der("c-tls-dn"),
            "two attributes in one part are not two parts",
            false,
        ),
        registered(
            "CN=client one+CN=client one,C=DE",
            of(dn("CN=client one,C=DE")),
            "an attribute twice in one part is not once",
            false,
        ),
        registered(
            r"CN=client one\,O=Example Ltd\,C=DE",
            der("single RDN CN='client one,O=Example Ltd,C=DE'"),
            "a common name with commas",
            true,
        ),
    ]
}

fn unusual_attributes() -> Vec<Row> {
    let ops = name(&[&[Attribute::new("emailAddress", Text::Ia5, "ops@example.com")]]);
    let domain = name(&[
        &[Attribute::new("DC", Text::Ia5, "com")],
        &[Attribute::new("DC", Text::Ia5, "example")],
        &[Attribute::new("UID", Text::Utf8, "c1")],
    ]);
    let psd = der("c-tls-oid");
    let registered = |name: &str, certificate: &[u8], matches: bool| {
        registered(name, certificate.to_vec(), format!("an attribute that is not common: {name}"), matches)
    };
    let (ops, domain) = (of(ops), of(domain));
    vec![
        registered("1.2.840.113549.1.9.1=ops@example.com", &ops, true),
        registered("1.2.840.113549.1.9.1=#160f6f7073406578616d706c652e636f6d", &ops, true),
        registered("1.2.840.113549.1.9.1=ops@example.org", &ops, false),
        registered("UID=c1,DC=example,DC=com", &domain, true),
        registered("UID=c1,DC=Example,DC=COM", &domain, true),
        registered("UID=c1,DC=com,DC=example", &domain, false),
        registered("2.5.4.97=PSDDE-BAFIN-1,CN=x", &psd, true),
        registered("2.5.4.97=psdde-bafin-1,CN=x", &psd, true),
        registered("2.5.4.97=#0C0D50534444452D424146494E2D31,CN=x", &psd, true),
        registered("2.5.4.97=#0C0D50534444452D424146494E2D32,CN=x", &psd, false),
        registered("2.5.4.98=PSDDE-BAFIN-1,CN=x", &psd, false),
    ]
}

/// What no certificate could be compared with is refused when it is registered.
fn registration() -> Vec<Row> {
    [
        "",
        " ",
        "client one",
        "/C=DE/O=Example Ltd/CN=client one",
        "CN",
        "CN=",
        "=client one",
        "CN=client one,",
        ",CN=client one",
        "CN=client one,,C=DE",
        "CN=client one;O=Example Ltd;C=DE",
        "XX=client one",
        "CN=client one+",
        "CN=#13",
        "CN=#130A636C69656E74206F6E",
        "CN=#zz",
        r"CN=client\",
        r"CN=client\x one",
        r"CN=client one\00",
        "CN=client\u{200b} one",
        "CN=\"client one\"",
    ]
    .into_iter()
    .map(|name| {
        server(format!("a client registered under {name:?} is not registered"))
            .client(client("tls_client_auth_subject_dn", name))
            .send(showing([der("empty-subject")]), invalid_client(400, "unknown_client"))
            .send(showing([der("c-tls-dn")]), invalid_client(400, "unknown_client"))
            .row()
    })
    .chain([with_named("a client registered under its name is registered")
        .send(showing([der("c-tls-dn")]), proved(&der("c-tls-dn")))
        .row()])
    .collect()
}
