//! Traefik's `passTLSClientCert`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::escaped_pem::unescape;
use super::format::{Format, Values};
use super::refused;
use crate::refusal::Failure;

pub(super) static FORMAT: Format = Format {
    name: "traefik",
    header: "x-forwarded-tls-client-cert",
    chain_header: None,
    chain_may_be_split: false,
    read,
};

fn read(values: &Values<'_>) -> Result<Vec<Vec<u8>>, Failure> {
    let text = unescape(values.leaf).ok_or_else(|| refused("certificates in base64", "a broken escape"))?;
    text.split(',')
        .map(|certificate| STANDARD.decode(certificate))
        .collect::<Result<_, _>>()
        .map_err(|_| refused("certificates in base64, with commas between", "something that is not base64"))
}
