//! PEM text of one DER value ([RFC 7468](https://www.rfc-editor.org/rfc/rfc7468)), as OpenSSL reads and writes it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub(crate) fn encode(label: &str, der: &[u8]) -> String {
    let mut text = format!("-----BEGIN {label}-----\n");
    let mut body = STANDARD.encode(der);
    while !body.is_empty() {
        let rest = body.split_off(LINE.min(body.len()));
        text.push_str(&body);
        text.push('\n');
        body = rest;
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

/// The first value with this label, `None` when there is none that can be decoded.
pub(crate) fn decode(label: &str, text: &str) -> Option<Vec<u8>> {
    let (_, after) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, _) = after.split_once(&format!("-----END {label}-----"))?;
    STANDARD.decode(body.split_ascii_whitespace().collect::<String>()).ok()
}

const LINE: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded() {
        let der: Vec<u8> = (0..=255).collect();
        let text = encode("PRIVATE KEY", &der);
        assert!(text.lines().all(|line| line.len() <= 64));
        assert_eq!(decode("PRIVATE KEY", &text), Some(der));
        assert_eq!(decode("CERTIFICATE", &text), None);
    }
}
