//! Edits of a finished assertion: the `mutate` table of `cases/README.md`, and a few more of the same kind.

mod numbers;
mod parts;

use serde::Deserialize;

use crate::assertion::{Assertion, fresh_jti};
use crate::encoding::{base64url, from_hex};
use parts::Parts;

pub(crate) use numbers::ed25519_order;

/// One edit. What is edited is no longer covered by the signature, unless the name says that it is signed again.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum Mutation {
    /// An empty signature.
    StripSig,
    /// The signature of the same assertion under its honest `alg`.
    KeepOldSig,
    /// A signature of this many arbitrary octets.
    SigRandom {
        /// How many.
        len: usize,
    },
    /// This signature; `00*64` repeats an octet.
    SigHex {
        /// In hexadecimal.
        hex: String,
    },
    /// An ECDSA signature of these numbers, such as `r=0,s=n-1`.
    SigRs {
        /// Each is 0, 1, n or n-1.
        rs: String,
    },
    /// `r + n` in place of `r`, both numbers one octet wider.
    SigRPlusN,
    /// `n - s` in place of `s`: the malleated twin, which verifies.
    SigNegateS,
    /// `s || r`.
    SigSwap,
    /// The DER form of an ECDSA signature.
    SigDer,
    /// `r` and `s` with a zero octet in front of each.
    SigWiden,
    /// The signature twice.
    SigDouble,
    /// One bit flipped.
    FlipSigBit,
    /// These bits of the signature flipped; 0 is the lowest of the first octet.
    FlipSigBits {
        /// Which.
        bits: Vec<usize>,
    },
    /// The last characters of the token cut off.
    Truncate,
    /// The signature cut to this many octets.
    SigTruncate {
        /// How many stay.
        len: usize,
    },
    /// A zero octet behind the signature.
    AppendSigByte,
    /// The signature of another assertion of the same client.
    SigFromOther,
    /// An ECDSA signature in which `r` or `s` begins with a zero octet.
    LeadingZero,
    /// The same assertion signed once more.
    Resign,
    /// Ed25519 `S + L`.
    EdSPlusL,
    /// RSA `s + n`.
    RsaSPlusN,
    /// An RSA signature with a zero octet in front, or, with `strip`, one without its leading zero octet.
    RsaLen {
        /// Strip instead of adding.
        #[serde(default)]
        strip: bool,
    },
    /// A PSS encoding with a wrong trailer, or, with `leading_bit`, with a bit set that must be zero.
    PssModify {
        /// The other edit.
        #[serde(default)]
        leading_bit: bool,
    },
    /// Another payload under the old signature.
    SwapPayload,
    /// Another header under the old signature.
    SwapHeader,
    /// The payload unencoded (RFC 7797), signed so.
    RawPayload,
    /// Text at the end.
    Append {
        /// The text.
        s: String,
    },
    /// Text at the start.
    Prepend {
        /// The text.
        s: String,
    },
    /// Text in the middle of a part.
    Insert {
        /// 0, 1 or 2.
        seg: usize,
        /// The text.
        s: String,
    },
    /// Text after a part.
    AppendSeg {
        /// 0, 1 or 2.
        seg: usize,
        /// The text.
        s: String,
    },
    /// Another character in place of the dots.
    Dot {
        /// The character.
        s: String,
    },
    /// Every part padded with `=`.
    PadAll,
    /// `+` and `/` in place of `-` and `_`.
    StdAlphabet,
    /// Bits set that base64 leaves unused at the end of a part.
    TrailingBits {
        /// 0, 1 or 2.
        seg: usize,
    },
    /// The same in header or payload, signed so.
    TrailingBitsResign {
        /// 0 or 1.
        seg: usize,
    },
    /// A part of a length that no base64 text has.
    OneModFour {
        /// 0, 1 or 2.
        seg: usize,
    },
    /// `%2E` in place of the dots.
    PctEncodeDots,
}

impl Mutation {
    /// Edits a token that was minted from this assertion.
    pub fn apply(&self, token: &str, assertion: &Assertion) -> String {
        let parts = Parts::of(token);
        let signature = || parts.signature_octets();
        match self {
            Mutation::StripSig => parts.signed(&[]),
            Mutation::KeepOldSig => {
                let honest = assertion.clone().header("alg", assertion.key().algorithm());
                parts.signed(&Parts::of(&honest.mint()).signature_octets())
            }
            Mutation::SigRandom { len } => parts.signed(&vec![0xA5; *len]),
            Mutation::SigHex { hex } => parts.signed(&from_hex(hex)),
            Mutation::SigRs { rs } => parts.signed(&numbers::ecdsa_of(rs)),
            Mutation::SigRPlusN => parts.signed(&numbers::r_plus_n(&signature())),
            Mutation::SigNegateS => parts.signed(&numbers::negated_s(&signature())),
            Mutation::SigSwap => parts.signed(&numbers::swapped(&signature())),
            Mutation::SigDer => parts.signed(&numbers::der(&signature())),
            Mutation::SigWiden => parts.signed(&numbers::widened(&signature())),
            Mutation::SigDouble => parts.signed(&signature().repeat(2)),
            Mutation::FlipSigBit => parts.signed(&flipped(signature())),
            Mutation::FlipSigBits { bits } => {
                let mut octets = signature();
                bits.iter().for_each(|bit| octets[bit / 8] ^= 1 << (bit % 8));
                parts.signed(&octets)
            }
            Mutation::Truncate => token[..token.len() - 10].to_owned(),
            Mutation::SigTruncate { len } => parts.signed(&signature()[..*len]),
            Mutation::AppendSigByte => parts.signed(&[signature(), vec![0]].concat()),
            Mutation::SigFromOther => {
                let other = assertion.clone().claim("jti", fresh_jti()).mint();
                parts.signed(&Parts::of(&other).signature_octets())
            }
            Mutation::LeadingZero => minted_until(assertion, |token| {
                let signature = Parts::of(token).signature_octets();
                signature[0] == 0 || signature[signature.len() / 2] == 0
            }),
            Mutation::Resign => assertion.sign(parts.header, parts.payload),
            Mutation::EdSPlusL => parts.signed(&numbers::s_plus_l(&signature())),
            Mutation::RsaSPlusN => parts.signed(&numbers::s_plus_n(&signature(), assertion.key())),
            Mutation::RsaLen { strip: false } => parts.signed(&[vec![0], signature()].concat()),
            Mutation::RsaLen { strip: true } => without_leading_zero(assertion),
            Mutation::PssModify { leading_bit } => numbers::with_bad_pss_encoding(assertion, *leading_bit),
            Mutation::SwapPayload => {
                let other = assertion.clone().claim("scope", "admin");
                format!("{}.{}.{}", parts.header, base64url(other.payload_octets()), parts.signature)
            }
            Mutation::SwapHeader => {
                let other = assertion.clone().header("x-swapped", true);
                format!("{}.{}.{}", base64url(other.header_octets()), parts.payload, parts.signature)
            }
            Mutation::RawPayload => {
                assertion.sign(parts.header, &String::from_utf8(assertion.payload_octets()).unwrap())
            }
            Mutation::Append { s } => format!("{token}{s}"),
            Mutation::Prepend { s } => format!("{s}{token}"),
            Mutation::Insert { seg, s } => parts.map(*seg, |part| {
                let (left, right) = part.split_at(part.len() / 2);
                format!("{left}{s}{right}")
            }),
            Mutation::AppendSeg { seg, s } => parts.map(*seg, |part| format!("{part}{s}")),
            Mutation::Dot { s } => token.replace('.', s),
            Mutation::PadAll => parts.join(parts::padded),
            Mutation::StdAlphabet => {
                with_both_alphabets(token, assertion).replace('-', "+").replace('_', "/")
            }
            Mutation::TrailingBits { seg } => parts.map(*seg, parts::with_trailing_bits),
            Mutation::TrailingBitsResign { seg } => signed_with_trailing_bits(*seg, assertion),
            Mutation::OneModFour { seg } => {
                parts.map(*seg, |part| format!("{part}{}", "A".repeat((5 - part.len() % 4) % 4)))
            }
            Mutation::PctEncodeDots => token.replace('.', "%2E"),
        }
    }
}

/// Applies the edits one after the other.
pub fn apply_all(mutations: &[Mutation], token: String, assertion: &Assertion) -> String {
    mutations.iter().fold(token, |token, mutation| mutation.apply(&token, assertion))
}

fn flipped(mut signature: Vec<u8>) -> Vec<u8> {
    let middle = signature.len() / 2;
    signature[middle] ^= 1;
    signature
}

/// Signs until the signature begins with a zero octet, and drops it.
fn without_leading_zero(assertion: &Assertion) -> String {
    let token = minted_until(assertion, |token| Parts::of(token).signature_octets()[0] == 0);
    let parts = Parts::of(&token);
    parts.signed(&parts.signature_octets()[1..])
}

/// A token in which the two base64 alphabets differ.
fn with_both_alphabets(token: &str, assertion: &Assertion) -> String {
    let differs = |token: &str| token.contains(['-', '_']);
    if differs(token) { token.to_owned() } else { minted_until(assertion, differs) }
}

fn signed_with_trailing_bits(seg: usize, assertion: &Assertion) -> String {
    let mut parts = [assertion.header_octets(), assertion.payload_octets()];
    while parts[seg].len().is_multiple_of(3) {
        parts[seg].push(b' ');
    }
    let mut parts = parts.map(base64url);
    parts[seg] = parts::with_trailing_bits(&parts[seg]);
    assertion.sign(&parts[0], &parts[1])
}

/// Mints fresh assertions of the same kind until one is right.
pub(crate) fn minted_until(assertion: &Assertion, is_right: impl Fn(&str) -> bool) -> String {
    (0..100_000)
        .map(|_| assertion.clone().claim("jti", fresh_jti()).mint())
        .find(|token| is_right(token))
        .expect("a token of the wanted kind within so many")
}
