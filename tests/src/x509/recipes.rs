//! The certificates of the corpus by their names (`cases/cert_recipes.json`), and others of the kind.

use std::collections::HashMap;
use std::net::{IpAddr, TcpListener};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use serde_json::Value;

use super::draft::{Draft, Issued};
use super::extension::{AlternativeName, Extension};
use super::name::{Attribute, Text, dn, dn_as, name};
use crate::certificates;
use crate::fixtures::fixtures;

/// What a client of the corpus shows in its handshake: the certificate of this name, and those on its path.
pub fn chain(recipe: &str) -> Vec<Vec<u8>> {
    match recipe {
        "sha256" | "sha1" | "md5" => vec![certificates::der(&format!("client one {recipe}"))],
        "via-nonca-intermediate" => of(&[recipe, "nonca-intermediate"]),
        "via-expired-intermediate" => of(&[recipe, "expired-intermediate"]),
        "via-intermediate" => of(&[recipe, "intermediate"]),
        "pathlen" => of(&[recipe, "too-deep", "no-authorities-below"]),
        "nc-dns-wildcard" => of(&[recipe, "only-good.example.com"]),
        "nc-uri" => of(&[recipe, "only-uris-of-good.example.com"]),
        "pathbomb" => {
            let bombs = (0..20).map(|number| format!("bomb {number}"));
            std::iter::once(recipe.to_owned())
                .chain(bombs)
                .map(|name| certificate(&name).der.clone())
                .collect()
        }
        _ => of(&[recipe]),
    }
}

fn of(names: &[&str]) -> Vec<Vec<u8>> {
    names.iter().map(|name| certificate(name).der.clone()).collect()
}

/// Whom the server of the corpus trusts: two authorities of the tests' own, and one made by OpenSSL.
pub fn anchors() -> Vec<Vec<u8>> {
    vec![certificate("CA-1").der.clone(), certificate("CA-2").der.clone(), certificates::der("rsa authority")]
}

/// A key with its certificate, as a self-signed client registers it.
pub fn jwk(recipe: &str) -> Value {
    certificate(recipe).jwk()
}

/// Where nobody should ever connect to: certificates name it as the place of revocation lists.
pub fn collector() -> &'static TcpListener {
    static COLLECTOR: LazyLock<TcpListener> = LazyLock::new(|| TcpListener::bind("127.0.0.1:0").unwrap());
    &COLLECTOR
}

/// One certificate, with its private key; the same for the same name, as long as the process lives.
pub fn certificate(recipe: &str) -> Arc<Issued> {
    static MADE: LazyLock<Mutex<HashMap<String, Arc<Issued>>>> = LazyLock::new(Mutex::default);
    let made = || MADE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(issued) = made().get(recipe) {
        return Arc::clone(issued);
    }
    // Not under the lock, since most need another one to be made. Of two that are made at once the first stays.
    let new = Arc::new(make(recipe));
    Arc::clone(made().entry(recipe.to_owned()).or_insert(new))
}

fn make(recipe: &str) -> Issued {
    authority(recipe).or_else(|| self_signed(recipe)).or_else(|| unusual(recipe)).unwrap_or_else(|| {
        let draft = of_subject(recipe).or_else(|| of_alternative_names(recipe));
        let draft = draft.unwrap_or_else(|| panic!("no certificate is called {recipe:?}"));
        draft.issued_by(&certificate("CA-1"))
    })
}

/// The client whom everybody wants to be.
const ONE: &str = "CN=client one,O=Example Ltd,C=DE";

fn one() -> Draft {
    Draft::client(dn(ONE))
}

fn authority(recipe: &str) -> Option<Issued> {
    let ca_1 = "CN=CA-1,O=Harness,C=DE";
    let intermediate = || Draft::authority(dn("CN=intermediate,O=Harness,C=DE"));
    let below_ca_1 = |draft: Draft| draft.issued_by(&certificate("CA-1"));
    Some(match recipe {
        // CA-1b and the root of an attacker have the name of CA-1 and keys of their own.
        "CA-1" | "CA-1b" | "fake-root-same-dn" => Draft::authority(dn(ca_1)).self_signed(),
        "CA-2" | "CA-X" | "CA of the OS" => {
            Draft::authority(dn(&format!("CN={recipe},O=Harness,C=DE"))).self_signed()
        }
        "intermediate" => below_ca_1(intermediate()),
        "expired-intermediate" => below_ca_1(intermediate().valid(-48 * 3600, -1)),
        "fake-intermediate-same-dn" => intermediate().issued_by(&certificate("fake-root-same-dn")),
        "nonca-intermediate" => below_ca_1(Draft::client(dn("CN=not an authority,O=Example Ltd,C=DE"))),
        "no-authorities-below" => {
            below_ca_1(Draft::authority(dn("CN=last,O=Harness,C=DE")).with(Extension::authority(Some(0))))
        }
        "too-deep" => {
            Draft::authority(dn("CN=too deep,O=Harness,C=DE")).issued_by(&certificate("no-authorities-below"))
        }
        "only-good.example.com" => below_ca_1(
            Draft::authority(dn("CN=only good.example.com"))
                .with(Extension::permitted(&[AlternativeName::dns("good.example.com")])),
        ),
        "only-uris-of-good.example.com" => below_ca_1(
            Draft::authority(dn("CN=only URIs of good.example.com"))
                .with(Extension::permitted(&[AlternativeName::uri("good.example.com")])),
        ),
        "bomb 0" => Draft::authority(dn("CN=bomb")).self_signed(),
        _ => {
            let serial = recipe.strip_prefix("bomb ")?.parse().ok()?;
            // Each could be the issuer of each.
            certificate("bomb 0").draft.clone().serial(serial).self_signed()
        }
    })
}

fn self_signed(recipe: &str) -> Option<Issued> {
    let own = |name: &str| Draft::client(dn(&format!("CN={name},O=Self"))).self_signed();
    let c_self = || certificate("c-self").draft.clone();
    Some(match recipe {
        "c-self" | "c-self-nox5c" | "c-self-uri" => own(recipe),
        "c-self-expired" => {
            Draft::client(dn("CN=c-self-expired,O=Self")).valid(-48 * 3600, -3600).self_signed()
        }
        "c-self-future" => Draft::client(dn("CN=c-self-future,O=Self")).valid(3600, 48 * 3600).self_signed(),
        "c-self-v1" => Draft::bare(dn("CN=c-self-v1,O=Self")).version_1().self_signed(),
        "same-key-new-cert" => c_self().serial(2).valid(-60, 48 * 3600).self_signed(),
        "ca-issued-same-key" => c_self().issued_by(&certificate("CA-1")),
        "self-signed lookalike" => c_self().key(certificate("attacker-leaf").key().clone()).self_signed(),
        "selfsigned-same-dn" => one().self_signed(),
        "selfsigned-same-dn + CDP ldap://collector" => {
            one().with(Extension::revocation_lists_at(&[&at_collector("ldap")])).self_signed()
        }
        "fake-victim-subject" => one().self_signed(),
        _ => return None,
    })
}

/// The subject of `c-tls-dn`, and something that is wrong with the certificate, or who issued it.
fn unusual(recipe: &str) -> Option<Issued> {
    let below_ca_1 = |draft: Draft| Some(draft.issued_by(&certificate("CA-1")));
    let below = |authority: &str| Some(one().issued_by(&certificate(authority)));
    match recipe {
        "forged-same-dn-other-ca" => below("CA-X"),
        "same-dn-ca1-twin" => below("CA-1b"),
        "same-dn-ca2" => below("CA-2"),
        "leaf-from-webpki-like-ca" => below("CA of the OS"),
        "leaf-by-fake-ca" => below("fake-intermediate-same-dn"),
        "via-intermediate" => below("intermediate"),
        "via-expired-intermediate" => below("expired-intermediate"),
        "via-nonca-intermediate" => below("nonca-intermediate"),
        "pathlen" => below("too-deep"),
        "pathbomb" => below("bomb 0"),
        "nc-dns-wildcard" => {
            let names = Extension::alternative_names(&[AlternativeName::dns("*.example.com")]);
            Some(one().with(names).issued_by(&certificate("only-good.example.com")))
        }
        "nc-uri" => {
            let names = Extension::alternative_names(&[AlternativeName::uri("https://evil.example.org/")]);
            Some(one().with(names).issued_by(&certificate("only-uris-of-good.example.com")))
        }
        "cdp-to-169.254.169.254" => {
            let (there, here) = ("http://169.254.169.254/latest/meta-data", at_collector("http"));
            let draft = one()
                .with(Extension::revocation_lists_at(&[there, &here]))
                .with(Extension::issuer_at(&[(1, there), (2, there), (1, &here), (2, &here)]));
            Some(draft.issued_by(&certificate("CA-X")))
        }
        "expired" => below_ca_1(one().valid(-48 * 3600, -3600)),
        "future" => below_ca_1(one().valid(3600, 48 * 3600)),
        "eku-server" => below_ca_1(one().with(Extension::purposes(&[1]))),
        "ca-as-leaf" => below_ca_1(Draft::authority(dn(ONE)).with(Extension::may_sign())),
        "revoked" => below_ca_1(one().serial(66)),
        "rsa1024" => below_ca_1(one().key(fixtures().key("rsa1024"))),
        "c-tls-dn trailing" => {
            let mut issued = below_ca_1(one())?;
            issued.der.push(0);
            Some(issued)
        }
        "c-tls-dn ber" => {
            // The length of the whole is left open.
            let mut issued = below_ca_1(one())?;
            assert_eq!(issued.der[..2], [0x30, 0x82]);
            issued.der = [&[0x30, 0x80], &issued.der[4..], &[0, 0]].concat();
            Some(issued)
        }
        _ => None,
    }
}

/// Another subject by CA-1.
fn of_subject(recipe: &str) -> Option<Draft> {
    let cn = |attribute: Attribute| {
        name(&[
            &[Attribute::new("C", Text::Printable, "DE")],
            &[Attribute::new("O", Text::Printable, "Example Ltd")],
            &[attribute],
        ])
    };
    let subject = match recipe {
        "c-tls-dn" | "victim-public-cert" => dn(ONE),
        "c-tls-dn2" => dn("CN=client two,O=Example Ltd,C=DE"),
        "c-tls-pinned" => dn("CN=client pinned,O=Example Ltd,C=DE"),
        "attacker-leaf" => dn("CN=mallory,O=Example Ltd,C=DE"),
        "any-valid" => dn("CN=anybody,O=Example Ltd,C=DE"),
        "c-tls-oid" => name(&[
            &[Attribute::new("CN", Text::Printable, "x")],
            &[Attribute::new("organizationIdentifier", Text::Utf8, "PSDDE-BAFIN-1")],
        ]),
        "lookalike" => dn("CN=client one,O=Another Ltd,C=DE"),
        "nul-cn" => cn(Attribute::new("CN", Text::Utf8, "client one\0.attacker")),
        "utf8-encoded" => dn_as(ONE, Text::Utf8),
        "empty-subject" => name(&[]),
        "single RDN CN='client one,O=Example Ltd,C=DE'" => {
            name(&[&[Attribute::new("CN", Text::Printable, "client one,O=Example Ltd,C=DE")]])
        }
        "CN=client  one" => dn("CN=client  one,O=Example Ltd,C=DE"),
        "CN=clіent one" => dn("CN=clіent one,O=Example Ltd,C=DE"),
        other if other.contains('=') && !other.starts_with("san=") => dn(other),
        _ => return None,
    };
    let draft = Draft::client(subject);
    let names = Extension::alternative_names(&[AlternativeName::dns("one.example.com")]);
    Some(if recipe == "empty-subject" { draft.with(names) } else { draft })
}

/// A subject that does not matter, and other names, by CA-1.
fn of_alternative_names(recipe: &str) -> Option<Draft> {
    let dns = AlternativeName::dns;
    let address = |text: &str| match text.parse().expect("an address") {
        IpAddr::V4(address) => AlternativeName::Ip(address.octets().to_vec()),
        IpAddr::V6(address) => AlternativeName::Ip(address.octets().to_vec()),
    };
    let many = |count: usize| {
        (1..count).map(|number| dns(&format!("c{number}.example.com"))).chain([dns("c.example.com")])
    };
    let names = match recipe {
        "san-dns" => vec![dns("c.example.com")],
        "SAN-DNS upper" => vec![dns("C.EXAMPLE.COM")],
        "wildcard" => vec![dns("*.example.com")],
        "cn-only" => return Some(Draft::client(dn("CN=c.example.com"))),
        "san='evil.test, DNS:c.example.com'" => vec![dns("evil.test, DNS:c.example.com")],
        "uri-same-text" => vec![AlternativeName::uri("c.example.com")],
        "spiffe" => vec![AlternativeName::uri("spiffe://example.com/c")],
        "2001:0DB8:0:0:1:0:0:1" | "::ffff:192.0.2.1" => vec![address(recipe)],
        "multi-san" => many(5).collect(),
        "1000-san" => many(1000).collect(),
        _ => return None,
    };
    Some(Draft::client(dn("CN=somebody,O=Example Ltd,C=DE")).with(Extension::alternative_names(&names)))
}

fn at_collector(scheme: &str) -> String {
    format!("{scheme}://{}/list", collector().local_addr().unwrap())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recipe_of_the_corpus_is_known() {
        let recipes: Value = serde_json::from_str(include_str!("../../cases/cert_recipes.json")).unwrap();
        for recipe in recipes.as_object().unwrap().keys().filter(|name| *name != "_defaults") {
            assert!(!chain(recipe).is_empty(), "{recipe}");
        }
    }
}
