//! Certificates in PEM ([RFC 7468](https://www.rfc-editor.org/rfc/rfc7468)), escaped as in a URL so that they fit on a
//! line.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::refused;
use crate::form::escape;
use crate::refusal::Failure;

/// Every certificate of the text, at least one, and nothing but blanks and line breaks around them.
pub(super) fn certificates(text: &str) -> Result<Vec<Vec<u8>>, Failure> {
    let text = unescape(text).ok_or_else(|| refused("URL-escaped PEM", "a broken escape"))?;
    let certificates =
        decode(&text).ok_or_else(|| refused("certificates in PEM", "something that is not PEM"))?;
    if certificates.is_empty() { Err(refused("certificates in PEM", "none")) } else { Ok(certificates) }
}

/// The only certificate of the text.
pub(super) fn certificate(text: &str) -> Result<Vec<Vec<u8>>, Failure> {
    let certificates = certificates(text)?;
    if certificates.len() > 1 {
        return Err(refused("one certificate: this format has no chain", "several"));
    }
    Ok(certificates)
}

/// Decodes `%XX`. Other than in a form, `+` stands for itself.
pub(super) fn unescape(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(octet) = rest.next() {
        octets.push(if octet == b'%' { escape(rest.next(), rest.next())? } else { octet });
    }
    String::from_utf8(octets).ok().map(Cow::Owned)
}

fn decode(text: &str) -> Option<Vec<Vec<u8>>> {
    let mut certificates = Vec::new();
    let mut rest = text.trim_ascii_start();
    while !rest.is_empty() {
        let (base64, after) = rest.strip_prefix(BEGIN)?.split_once(END)?;
        let base64: String = base64.chars().filter(|character| !character.is_ascii_whitespace()).collect();
        certificates.push(STANDARD.decode(base64).ok()?);
        rest = after.trim_ascii_start();
    }
    Some(certificates)
}

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";
