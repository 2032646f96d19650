//! HAProxy's `ssl_c_der` and `ssl_c_chain_der`, in base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::format::{Format, Values};
use super::{der, refused};
use crate::refusal::Failure;

pub(super) static FORMAT: Format = Format {
    name: "haproxy",
    header: "x-ssl-client-cert",
    chain_header: Some("x-ssl-client-chain"),
    chain_may_be_split: false,
    read,
};

fn read(values: &Values<'_>) -> Result<Vec<Vec<u8>>, Failure> {
    let mut certificates = vec![decode(values.leaf)?];
    for line in &values.chain {
        let chain = decode(line)?;
        let mut rest = chain.as_slice();
        while !rest.is_empty() {
            let (certificate, after) = der::split_sequence(rest)
                .ok_or_else(|| refused("certificates in DER, one behind the other", "other octets"))?;
            certificates.push(certificate.to_vec());
            rest = after;
        }
    }
    Ok(certificates)
}

fn decode(value: &str) -> Result<Vec<u8>, Failure> {
    // In quotes where the configuration says `%{+Q}[…]`.
    let bare = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
    STANDARD.decode(bare).map_err(|_| refused("DER in base64", "something that is not base64"))
}
