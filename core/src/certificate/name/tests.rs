use super::*;
use crate::certificate::der::*;
use crate::certificate::encode::{self, C, CN, O, attribute, element, sequence, utf8_name};

#[test]
fn spelling_does_not_count() {
    let pairs = [
        ("CN=client one,O=Example Ltd,C=DE", "CN=Client One,O=example ltd,C=de"),
        ("CN=client one,O=Example Ltd,C=DE", "cn = client one , o = Example Ltd , c = DE"),
        ("CN=client one,O=Example Ltd,C=DE", "2.5.4.3=client one,OID.2.5.4.10=Example Ltd,oid.2.5.4.6=DE"),
        ("CN=client one", "CN=client   one"),
        ("CN=client one", r"CN=\ \ client one\20\ "),
        ("CN=client one", "CN=client\u{a0}one"),
        ("CN=client one+O=Example Ltd,C=DE", "O=Example Ltd+CN=client one,C=DE"),
        // The letter, and the letter with its mark.
        ("CN=Müller", "CN=mu\u{308}ller"),
        ("CN=Müller", r"CN=M\C3\BCller"),
        ("CN=ΣΊΣΥΦΟΣ", "CN=σίσυφος"),
        ("CN=Straße", "CN=STRASSE"),
        ("CN=İz", "CN=i\u{307}z"),
        ("CN=ｃｌｉｅｎｔ", "CN=client"),
        ("CN=\u{1d400}", "CN=a"),
        ("O=a\\,b", "O=a\\2cb"),
        ("O=a\\,b", "O=a\\2Cb"),
        ("CN=\\23a", "CN=\\#a"),
        ("CN=a=b", "CN=a\\=b"),
        ("CN=#0c0a636c69656e74206f6e65", "CN=client one"),
        ("CN=#130A434C49454E54204F4E45", "CN=client one"),
        ("organizationIdentifier=PSDDE-BAFIN-1", "2.5.4.97=#0c0d50534444452d424146494e2d31"),
        ("emailAddress=ops@example.com", "1.2.840.113549.1.9.1=#160f6f7073406578616d706c652e636f6d"),
        ("E=ops@example.com", "EMAIL=OPS@example.com"),
        ("S=Bayern", "ST=bayern"),
        (
            "T=Dr,GIVENNAME=J,SURNAME=D,GENERATION=I,DNQ=q",
            "title=Dr,GN=J,SN=D,generationQualifier=I,dnQualifier=q",
        ),
        ("UID=1,DC=example,DC=com", "uid=1,domainComponent=EXAMPLE,dc=com"),
        ("1.2.3=a", "1.2.3=#0c0161"),
        ("1.2.3=#0500", "1.2.3 = #0500 "),
        ("2.25.329800735698586629295641978511506172918=a", "2.25.329800735698586629295641978511506172918=a"),
    ];
    for (one, other) in pairs {
        assert_eq!(parse(one), parse(other), "{one} and {other}");
    }
}

#[test]
fn another_name_is_another_name() {
    let pairs = [
        ("CN=client one,O=Example Ltd,C=DE", "CN=client one"),
        ("CN=client one,O=Example Ltd,C=DE", "O=Example Ltd,C=DE"),
        ("CN=client one,O=Example Ltd,C=DE", "CN=client one,OU=attacker,O=Example Ltd,C=DE"),
        ("CN=client one,O=Example Ltd,C=DE", "C=DE,O=Example Ltd,CN=client one"),
        ("CN=client one,O=Example Ltd,C=DE", "CN=client one,C=DE,O=Example Ltd"),
        ("CN=client one,O=Example Ltd,C=DE", r"CN=client one\,O=Example Ltd\,C=DE"),
        ("CN=client one,O=Example Ltd,C=DE", "CN=client one+O=Example Ltd,C=DE"),
        ("CN=client one,O=Example Ltd,C=DE", "CN=client one+O=Example Ltd+C=DE"),
        ("CN=a,CN=a", "CN=a"),
        ("CN=a+CN=a", "CN=a"),
        ("CN=a", "O=a"),
        ("CN=client one", "CN=clientone"),
        ("CN=client one", "CN=client on"),
        ("CN=client one", "CN=clіent one"),
        ("CN=client one", "CN=clıent one"),
        ("CN=client", "CN=clıent"),
        ("CN=Müller", "CN=Muller"),
        // A space that carries a mark is no space.
        ("CN=a \u{308}b", "CN=a\u{308}b"),
        ("CN=a  \u{308}b", "CN=a \u{308}b"),
        // The matching rule of an unknown type may look at the case.
        ("1.2.3=a", "1.2.3=A"),
        ("1.2.3=a", "1.2.3= a\\ "),
        // An IA5String is a DirectoryString only where the type says so.
        ("CN=a", "CN=#160161"),
        ("1.2.3=a", "1.2.3=#160161"),
        ("1.2.3=\\#0500", "1.2.3=#0500"),
        ("CN=\\\\2c", "CN=\\2c"),
        ("CN=\\\"a\\\"", "CN=a"),
    ];
    for (one, other) in pairs {
        assert_ne!(parse(one), parse(other), "{one} and {other}");
    }
}

#[test]
fn what_is_not_rfc_4514_is_refused_with_its_reason() {
    let cases = [
        ("", "is empty"),
        (" ", "is empty"),
        ("/C=DE/O=Example Ltd/CN=client one", "has slashes"),
        ("client one", "has a part without ="),
        ("CN=a,", "has a part without ="),
        (",CN=a", "has an attribute type"),
        ("CN=a,,O=b", "has an attribute type"),
        ("CN=a+", "has a part without ="),
        ("=a", "has an attribute type"),
        ("XY=a", "has an attribute type"),
        ("2=a", "has an attribute type"),
        ("2.=a", "has an attribute type"),
        ("2..5=a", "has an attribute type"),
        ("2.05.4=a", "has an attribute type"),
        ("+2.5.4=a", "has an attribute type"),
        ("3.5.4=a", "has an attribute type"),
        ("1.40=a", "has an attribute type"),
        ("2.340282366920938463463374607431768211456=a", "has an attribute type"),
        ("2.340282366920938463463374607431768211455=a", "has an attribute type"),
        ("CN=", "has an empty value"),
        ("CN=,O=b", "has an empty value"),
        ("CN=a,O=", "has an empty value"),
        ("CN=#0c00", "has an empty value"),
        ("CN=\\ ", "has a value with characters that nobody sees"),
        ("CN=\u{2003}", "has a value with characters that nobody sees"),
        ("CN=\"a,b\"", "has one of the characters"),
        ("CN=a;O=b", "has one of the characters"),
        ("CN=<a>", "has one of the characters"),
        ("CN=a\\", "has a backslash"),
        ("CN=a\\x", "has a backslash"),
        ("CN=a\\2", "has a backslash"),
        ("CN=a\\2x", "has a backslash"),
        ("CN=a\\é", "has a backslash"),
        ("CN=a\\ff", "has a value that is not UTF-8"),
        ("CN=#", "has a value after #"),
        ("CN=#0c", "has a value after #"),
        ("CN=#0c0", "has a value after #"),
        ("CN=#0c01zz", "has a value after #"),
        ("CN=#0c01 61", "has a value after #"),
        ("CN=#0c0161ff", "has a value after #"),
        ("CN=#0c810161", "has a value after #"),
        ("CN=#0c8061", "has a value after #"),
        ("CN=#300301ff", "has a value after #"),
        ("CN=#3003028100", "has a value that is not DER"),
        ("CN=#0c01ff", "has a value with characters that its string type does not have"),
        ("CN=client one\0.attacker", "has a value with characters that nobody sees"),
        ("CN=client one\\00.attacker", "has a value with characters that nobody sees"),
        ("CN=client\none", "has a value with characters that nobody sees"),
        ("CN=client\\0Aone", "has a value with characters that nobody sees"),
        ("1.2.3=client\\0Aone", "has a value with characters that nobody sees"),
        ("CN=client\u{200b}one", "has a value with characters that nobody sees"),
        ("CN=client\u{ad}one", "has a value with characters that nobody sees"),
        ("CN=\u{202e}eno tneilc", "has a value with characters that nobody sees"),
        ("CN=client\u{e0041}", "has a value with characters that nobody sees"),
        ("CN=\u{e000}", "has a value with characters that nobody sees"),
        ("CN=\u{fffd}", "has a value with characters that nobody sees"),
        ("CN=\u{1ffff}", "has a value with characters that nobody sees"),
        ("CN=\u{308}a", "has a value with characters that nobody sees"),
    ];
    for (text, problem) in cases {
        let error = DistinguishedName::from_rfc4514(text).expect_err(text).to_string();
        assert!(error.starts_with(problem), "{text:?} {error}");
    }
}

#[test]
fn the_name_of_a_certificate_begins_with_the_last_of_the_text() {
    let der = utf8_name(&[(C, "DE"), (O, "Example Ltd"), (CN, "client one")]);
    let name = read(&der);
    assert_eq!(name.to_string(), "CN=client one,O=Example Ltd,C=DE");
    assert_eq!(name, parse("CN=client one,O=Example Ltd,C=DE"));
    assert_ne!(name, parse("C=DE,O=Example Ltd,CN=client one"));

    let in_one = utf8_name(&[(CN, "client one,O=Example Ltd,C=DE")]);
    assert_eq!(read(&in_one).to_string(), r"CN=client one\,O=Example Ltd\,C=DE");
    assert_ne!(read(&in_one), name);
}

#[test]
fn a_string_type_does_not_count() {
    let client = parse("CN=client one");
    let utf_16: Vec<u8> = "client one".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let utf_32: Vec<u8> = "client one".chars().flat_map(|letter| u32::from(letter).to_be_bytes()).collect();
    for (tag, value) in [
        (UTF8_STRING, &b"client one"[..]),
        (PRINTABLE_STRING, b"CLIENT  one"),
        (TELETEX_STRING, b"client one"),
        (BMP_STRING, &utf_16),
        (UNIVERSAL_STRING, &utf_32),
    ] {
        assert_eq!(read(&common_name(tag, value)), client, "tag {tag:#x}");
    }
    let euro = read(&common_name(BMP_STRING, &[0x20, 0xac]));
    assert_eq!(euro, parse("CN=€"));
}

#[test]
fn what_is_not_surely_text_is_compared_by_its_octets() {
    // ISO 8859-1, as most write it, or a T.61 accent that waits for its letter.
    let teletex = read(&common_name(TELETEX_STRING, b"M\xfcller"));
    assert_eq!(teletex.to_string(), "CN=#14064dfc6c6c6572");
    assert_eq!(teletex, parse("CN=#14064dfc6c6c6572"));
    assert_ne!(teletex, parse("CN=Müller"));
    assert_ne!(read(&common_name(TELETEX_STRING, b"a$b")), parse("CN=a$b"));
    assert_ne!(read(&common_name(TELETEX_STRING, b"a$b")), read(&common_name(TELETEX_STRING, b"A$b")));

    let visible = read(&common_name(0x1a, b"client one"));
    assert_ne!(visible, parse("CN=client one"));
    assert_eq!(visible, parse("CN=#1a0a636c69656e74206f6e65"));
}

#[test]
fn what_a_string_type_does_not_have_makes_no_name() {
    let malformed: [(u8, &[u8]); 13] = [
        (UTF8_STRING, b""),
        (UTF8_STRING, b"client one\0.attacker"),
        (UTF8_STRING, b"\xff"),
        (UTF8_STRING, b"\xc0\xae"),
        (UTF8_STRING, b"\xed\xa0\x80"),
        // In pieces, which is BER.
        (UTF8_STRING | 0x20, b"\x0c\x01a"),
        (PRINTABLE_STRING, b"ops@example.com"),
        (PRINTABLE_STRING, b"client\0"),
        (PRINTABLE_STRING, b"caf\xc3\xa9"),
        (BMP_STRING, b"\0a\0"),
        (BMP_STRING, b"\xd8\x3d\xde\x00"),
        (BMP_STRING, b"\0c\0\0"),
        (UNIVERSAL_STRING, b"\0\x11\0\0"),
    ];
    for (tag, value) in malformed {
        assert!(DistinguishedName::from_der(&common_name(tag, value)).is_err(), "{tag:#x} {value:?}");
    }
}

#[test]
fn what_is_not_a_name_in_der_makes_none() {
    let pair = attribute(CN, UTF8_STRING, b"a");
    let set = element(SET, &pair);
    let malformed = [
        vec![],
        vec![0x30],
        sequence(&[]),
        sequence(&[element(SET, &[])]),
        sequence(std::slice::from_ref(&pair)),
        sequence(&[set.clone(), vec![0]]),
        sequence(&[element(SET, &sequence(&[]))]),
        sequence(&[element(SET, &sequence(&[element(OBJECT_IDENTIFIER, CN)]))]),
        sequence(&[element(SET, &[&pair[..], &[0x30, 0x01]].concat())]),
        element(SET, &set),
        [sequence(std::slice::from_ref(&set)), vec![0x05, 0x00]].concat(),
        // An OID that ends too early, begins with a padding octet, or is too long for anybody.
        encode::name(&[&[attribute(&[0x55, 0x84], UTF8_STRING, b"a")]]),
        encode::name(&[&[attribute(&[0x55, 4, 0x80, 3], UTF8_STRING, b"a")]]),
        encode::name(&[&[attribute(&[], UTF8_STRING, b"a")]]),
        encode::name(&[&[attribute(&[&[0xff; 20][..], &[0]].concat(), UTF8_STRING, b"a")]]),
        // Lengths that DER writes in another way: long, with a zero, indefinite.
        vec![0x30, 0x81, 0x0c, 0x31, 0x0a, 0x30, 0x08, 6, 3, 0x55, 4, 3, 0x0c, 1, b'a'],
        vec![0x30, 0x80, 0x31, 0x0a, 0x30, 0x08, 6, 3, 0x55, 4, 3, 0x0c, 1, b'a', 0, 0],
        vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
        vec![0x30, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    ];
    for der in malformed {
        assert!(DistinguishedName::from_der(&der).is_err(), "{der:02x?}");
    }
    let name = utf8_name(&[(C, "DE"), (O, "Example Ltd"), (CN, "client one")]);
    for length in 0..name.len() {
        assert!(DistinguishedName::from_der(&name[..length]).is_err(), "{length} octets");
    }
}

#[test]
fn the_attributes_of_a_relative_name_are_a_set() {
    let (cn, o) = (attribute(CN, UTF8_STRING, b"client one"), attribute(O, PRINTABLE_STRING, b"Example Ltd"));
    let country = attribute(C, PRINTABLE_STRING, b"DE");
    let one = read(&encode::name(&[std::slice::from_ref(&country), &[cn.clone(), o.clone()]]));
    let other = read(&encode::name(&[&[country], &[o, cn]]));
    assert_eq!(one, other);
    assert_eq!(one.to_string(), "CN=client one+O=Example Ltd,C=DE");
    assert_eq!(one, parse("o=example ltd+cn=client one,c=de"));
    assert_ne!(one, parse("CN=client one,O=Example Ltd,C=DE"));
}

#[test]
fn a_name_reads_what_it_writes() {
    for text in [
        "CN=client one,O=Example Ltd,C=DE",
        r#"CN=\ \#a\, \+b\\ \"c\" \<d\> \;e=\ "#,
        r"CN=\#a",
        r"CN=\\2c",
        "OU=b+CN=a+O=c,C=DE",
        "1.2.3.4=a b ",
        "1.2.3=\\ a\\ ",
        "2.5.4.97=#0c03616263",
        "1.2.3=#30030101ff",
        "CN=€+E=ops@example.com",
        "2.999=x,0.9.2342.19200300.100.1.1=y",
    ] {
        let name = parse(text);
        assert_eq!(parse(&name.to_string()), name, "{text} is written {name}");
        assert_eq!(parse(&name.to_string()).to_string(), name.to_string());
    }
    assert_eq!(parse("2.999=x,0.9.2342.19200300.100.1.1=y").to_string(), "2.999=x,UID=y");
    assert_eq!(parse("oid.2.5.4.97=#0c03616263").to_string(), "organizationIdentifier=abc");
    assert_eq!(parse(r"CN=a\2c b\20").to_string(), r"CN=a\, b\ ");
}

#[test]
fn a_name_may_be_long_but_not_without_end() {
    let pair = [attribute(CN, UTF8_STRING, b"a"), attribute(O, UTF8_STRING, b"b")];
    let der = |count| encode::name(&vec![&pair[..]; count]);
    let text = vec!["CN=a+O=b"; 150].join(",");
    assert_eq!(parse(&text), read(&der(150)));
    assert_ne!(parse(&format!("{text},CN=a")), read(&der(150)));
    assert_ne!(parse(&format!("CN=a+O=c{}", &text[8..])), read(&der(150)));

    let wide = |last: &str| format!("{}+CN={last}", vec!["CN=a"; 2_000].join("+"));
    assert_eq!(parse(&wide("b")), parse(&wide("B")));
    assert_ne!(parse(&wide("b")), parse(&wide("c")));

    assert_eq!(refusal(DistinguishedName::from_der(&der(10_000))), "is longer than 4096 octets");
    let long = common_name(UTF8_STRING, "\u{fdfa}".repeat(10_000).as_bytes());
    assert_eq!(refusal(DistinguishedName::from_der(&long)), "is longer than 4096 octets");
    let text = vec!["CN=a"; 10_000].join(",");
    assert_eq!(refusal(DistinguishedName::from_rfc4514(&text)), "is longer than 16384 octets");
}

#[test]
fn the_longest_name_of_a_certificate_can_be_written() {
    let fits = |size| encode::name(&[&[attribute(&[0x78; 4000], 0x04, &vec![0; size])]]);
    let longest = (0..96).map(fits).rfind(|der| der.len() <= MAX_DER_OCTETS).unwrap();
    assert_eq!(longest.len(), MAX_DER_OCTETS);
    assert_eq!(parse(&read(&longest).to_string()), read(&longest));
}

#[test]
fn what_lies_too_deep_is_refused() {
    let deep = |depth| (0..depth).fold(element(0x05, &[]), |inner, _| sequence(&[inner]));
    let name = |depth| encode::name(&[&[sequence(&[element(OBJECT_IDENTIFIER, CN), deep(depth)])]]);
    assert!(DistinguishedName::from_der(&name(32)).is_ok());
    assert!(DistinguishedName::from_der(&name(33)).is_err());
    assert!(DistinguishedName::from_der(&name(2_000)).is_err());
}

#[track_caller]
fn parse(text: &str) -> DistinguishedName {
    DistinguishedName::from_rfc4514(text).unwrap_or_else(|error| panic!("{text:?} {error}"))
}

#[track_caller]
fn read(der: &[u8]) -> DistinguishedName {
    DistinguishedName::from_der(der).unwrap_or_else(|error| panic!("{der:02x?} {error}"))
}

fn refusal(name: Result<DistinguishedName, NameError>) -> String {
    name.expect_err("the name is taken").to_string()
}

fn common_name(tag: u8, value: &[u8]) -> Vec<u8> {
    encode::name(&[&[attribute(CN, tag, value)]])
}
