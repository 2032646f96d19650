//! The three parts of a compact JWS, and edits of one part's text.

use crate::encoding::{base64url, from_base64url};

pub(crate) struct Parts<'t> {
    pub(crate) header: &'t str,
    pub(crate) payload: &'t str,
    pub(crate) signature: &'t str,
}

impl<'t> Parts<'t> {
    /// Splits at the last two dots: an unencoded payload may hold some.
    pub(crate) fn of(token: &'t str) -> Self {
        let (input, signature) = token.rsplit_once('.').expect("a dot before the signature");
        let (header, payload) = input.split_once('.').expect("a dot after the header");
        Parts { header, payload, signature }
    }

    pub(crate) fn signature_octets(&self) -> Vec<u8> {
        from_base64url(self.signature)
    }

    /// The same header and payload under another signature.
    pub(crate) fn signed(&self, signature: &[u8]) -> String {
        format!("{}.{}.{}", self.header, self.payload, base64url(signature))
    }

    /// The token with one part edited.
    pub(crate) fn map(&self, segment: usize, edit: impl Fn(&str) -> String) -> String {
        let mut parts = [self.header, self.payload, self.signature].map(str::to_owned);
        parts[segment] = edit(&parts[segment]);
        parts.join(".")
    }

    /// The token with every part edited.
    pub(crate) fn join(&self, edit: impl Fn(&str) -> String) -> String {
        [self.header, self.payload, self.signature].map(edit).join(".")
    }
}

pub(crate) fn padded(part: &str) -> String {
    format!("{part}{}", "=".repeat((4 - part.len() % 4) % 4))
}

/// The next character of the alphabet in place of the last: the same octets to a lenient decoder.
pub(crate) fn with_trailing_bits(part: &str) -> String {
    assert_ne!(part.len() % 4, 0, "a part without unused bits");
    let (rest, last) = part.split_at(part.len() - 1);
    let position = ALPHABET.find(last).expect("a character of base64url");
    format!("{rest}{}", &ALPHABET[position + 1..position + 2])
}

const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
