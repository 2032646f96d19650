//! `Client-Cert` and `Client-Cert-Chain` ([RFC 9440](https://www.rfc-editor.org/rfc/rfc9440)).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::format::{Format, Values};
use super::refused;
use crate::refusal::Failure;

pub(super) static FORMAT: Format = Format {
    name: "client-cert",
    header: "client-cert",
    chain_header: Some("client-cert-chain"),
    chain_may_be_split: true,
    read,
};

fn read(values: &Values<'_>) -> Result<Vec<Vec<u8>>, Failure> {
    let leaf = byte_sequence(values.leaf)
        .ok_or_else(|| refused("Client-Cert as one byte sequence", "something else"))?;
    let mut certificates = vec![leaf];
    // Several lines are one list (RFC 8941 §4.2); none of base64's characters divides one.
    for member in values.chain.iter().flat_map(|line| line.split(',')) {
        let certificate = byte_sequence(member.trim_matches([' ', '\t']))
            .ok_or_else(|| refused("Client-Cert-Chain as a list of byte sequences", "something else"))?;
        certificates.push(certificate);
    }
    Ok(certificates)
}

/// [RFC 8941 §3.3.5](https://www.rfc-editor.org/rfc/rfc8941#section-3.3.5), without parameters: none are defined.
fn byte_sequence(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text.strip_prefix(':')?.strip_suffix(':')?).ok()
}
