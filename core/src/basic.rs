//! `Authorization: Basic`, as OAuth uses it ([RFC 6749 §2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1)).
//!
//! The specification form-encodes both halves before joining them. About half of the real clients do, the others
//! send them raw, and the two agree unless an id or a secret holds `%` or `+`. So there are up to two readings.

use std::fmt;

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use crate::form;
use crate::policy::BasicDecoding;
use crate::reason::Reason;
use crate::refusal::Failure;

/// The credentials of a Basic header, in the readings that make sense.
pub struct BasicCredentials {
    first: Reading,
    second: Option<Reading>,
}

impl BasicCredentials {
    /// Reads the part of the header after the scheme.
    ///
    /// Accepts both base64 alphabets, with and without padding (one real client sends base64url without).
    ///
    /// # Errors
    /// [`Reason::MalformedBasic`] when there is no reading: bad base64, no colon, an empty id, control
    /// characters, or octets that are not UTF-8. [`Reason::TooLarge`] for more than [`MAX_CREDENTIALS_BYTES`].
    pub(crate) fn parse(credentials: &[u8], decoding: BasicDecoding) -> Result<Self, Failure> {
        if credentials.len() > MAX_CREDENTIALS_BYTES {
            return Err(Failure::new(Reason::TooLarge)
                .expected("at most 64 KiB of Basic credentials")
                .got(format!("{} bytes", credentials.len())));
        }
        let pair = decode_base64(credentials)
            .ok_or_else(|| malformed("base64 of id:secret", "something that is not base64"))?;
        let pair = Zeroizing::new(
            String::from_utf8(pair).map_err(|_| malformed("UTF-8", "octets that are not UTF-8"))?,
        );
        let colon = pair.find(':').ok_or_else(|| malformed("id:secret", "no colon"))?;
        let raw = Reading { pair, colon };

        let encoded = raw.pair.bytes().any(|byte| byte == b'%' || byte == b'+');
        let readings = match (encoded, decoding) {
            (false, _) => [Some(raw), None],
            (true, BasicDecoding::Form) => [raw.form_decoded(), None],
            (true, BasicDecoding::FormThenRaw) => [raw.form_decoded(), Some(raw)],
        };
        let mut sensible = readings.into_iter().flatten().filter(Reading::is_sensible);
        let first = sensible.next().ok_or_else(|| {
            malformed("a non-empty id and no control characters", "neither reading of the pair has that")
        })?;
        Ok(BasicCredentials { first, second: sensible.next() })
    }

    /// The reading to try first: form-decoded where that is possible.
    pub fn first(&self) -> &Reading {
        &self.first
    }

    /// The raw reading, when it differs.
    pub fn second(&self) -> Option<&Reading> {
        self.second.as_ref()
    }
}

/// One way to read a Basic pair.
pub struct Reading {
    pair: Zeroizing<String>,
    colon: usize,
}

impl Reading {
    /// The client_id.
    pub fn client_id(&self) -> &str {
        self.pair.get(..self.colon).unwrap_or_default()
    }

    /// The secret.
    pub fn secret(&self) -> &str {
        self.pair.get(self.colon + 1..).unwrap_or_default()
    }

    fn form_decoded(&self) -> Option<Reading> {
        let (id, secret) = (form::decode(self.client_id())?, Zeroizing::new(form::decode(self.secret())?));
        let mut pair = Zeroizing::new(String::with_capacity(id.len() + 1 + secret.len()));
        pair.push_str(&id);
        pair.push(':');
        pair.push_str(&secret);
        Some(Reading { pair, colon: id.len() })
    }

    /// RFC 6749 Appendix A allows visible ASCII. Other characters are let through, since fixtures and clients
    /// with UTF-8 ids exist; control characters never are.
    fn is_sensible(&self) -> bool {
        self.colon > 0 && !self.pair.chars().any(char::is_control)
    }
}

/// Shows the id, never the secret.
impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading").field("client_id", &self.client_id()).finish_non_exhaustive()
    }
}

impl fmt::Debug for BasicCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BasicCredentials").field("first", &self.first).field("second", &self.second).finish()
    }
}

/// As much as of a body. Most servers bound their header fields more tightly.
const MAX_CREDENTIALS_BYTES: usize = 64 * 1024;

fn malformed(expected: &'static str, got: &'static str) -> Failure {
    Failure::new(Reason::MalformedBasic).expected(expected).got(got)
}

fn decode_base64(credentials: &[u8]) -> Option<Vec<u8>> {
    const ANY_PADDING: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    const STANDARD: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::STANDARD, ANY_PADDING);
    const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::URL_SAFE, ANY_PADDING);
    let engine =
        if credentials.iter().any(|byte| matches!(byte, b'-' | b'_')) { &URL_SAFE } else { &STANDARD };
    engine.decode(credentials).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readings(credentials: &str) -> Vec<(String, String)> {
        let basic = BasicCredentials::parse(credentials.as_bytes(), BasicDecoding::FormThenRaw).unwrap();
        [Some(basic.first()), basic.second()]
            .into_iter()
            .flatten()
            .map(|reading| (reading.client_id().to_owned(), reading.secret().to_owned()))
            .collect()
    }

    #[test]
    fn a_plain_pair_has_one_reading() {
        assert_eq!(
            readings("czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3"),
            [("s6BhdRkqt3".to_owned(), "7Fjfp0ZBr1KtDRbnfVdmIw".to_owned())]
        );
    }

    #[test]
    fn the_hard_pair_is_read_in_both_encodings() {
        let hard = ("1PpG/Q 1".to_owned(), "z/tZ9VwFZqApmIQ+ZH1I5pLk/uB4ud:X2/8bL+wfFTt1rFw=".to_owned());
        let encoded = "MVBwRyUyRlErMTp6JTJGdFo5VndGWnFBcG1JUSUyQlpIMUk1cExrJTJGdUI0dWQlM0FYMiUyRjhiTCUyQndmRlR0MXJGdyUzRA==";
        assert_eq!(readings(encoded)[0], hard);
        let raw = "MVBwRy9RIDE6ei90WjlWd0ZacUFwbUlRK1pIMUk1cExrL3VCNHVkOlgyLzhiTCt3ZkZUdDFyRnc9";
        assert_eq!(readings(raw)[1], hard);
    }

    #[test]
    fn nothing_shows_the_secret() {
        let basic = BasicCredentials::parse(b"YTpodW50ZXIy", BasicDecoding::Form).unwrap();
        let shown = format!("{basic:?}");
        assert!(shown.contains("client_id: \"a\"") && !shown.contains("hunter2"), "{shown}");
    }
}
