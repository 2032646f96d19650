//! Client assertions: a compact JWS over a JWT claims set, read strictly and once.
//!
//! [RFC 7521 §4.2](https://www.rfc-editor.org/rfc/rfc7521#section-4.2),
//! [RFC 7523](https://www.rfc-editor.org/rfc/rfc7523), [RFC 7515](https://www.rfc-editor.org/rfc/rfc7515). Nothing
//! read here is proved: that is [`checks`] and a signature.

pub(crate) mod checks;
mod claims;
mod header;

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

pub(crate) use self::claims::{Audiences, Claims};
pub(crate) use self::header::{Header, alg_not_allowed};

use crate::algorithm::Algorithm;
use crate::key::KeyHint;
use crate::policy::Policy;
use crate::reason::Reason;
use crate::refusal::Failure;

/// The assertion type of JWTs, RFC 7523 §2.2.
pub(crate) const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Longest assertion that is read.
pub(crate) const MAX_ASSERTION_BYTES: usize = 16 * 1024;

/// A JWT that was presented as a client assertion: taken apart, typed, and not yet believed.
pub struct ClientAssertion<'r> {
    compact: Cow<'r, str>,
    signing_input_end: usize,
    decoded: Decoded,
    header: Header,
    claims: Claims,
}

impl<'r> ClientAssertion<'r> {
    /// Takes a compact JWS apart and reads header and claims.
    ///
    /// # Errors
    /// [`Reason::TooLarge`], [`Reason::AssertionMalformed`], [`Reason::CritNotUnderstood`],
    /// [`Reason::TypNotAllowed`], [`Reason::AlgNotAllowed`], [`Reason::ClaimWrongType`], [`Reason::ClaimMissing`].
    pub(crate) fn parse(compact: Cow<'r, str>, policy: &Policy) -> Result<Self, Failure> {
        if compact.len() > MAX_ASSERTION_BYTES {
            return Err(Failure::new(Reason::TooLarge)
                .expected("an assertion of at most 16 KiB")
                .got(format!("{} bytes", compact.len())));
        }
        let (header, payload, signature) = three_parts(&compact)?;
        let signing_input_end = header.len() + 1 + payload.len();
        let decoded = Decoded::new(header, payload, signature)?;
        let header = Header::parse(&decoded, policy)?;
        let claims = Claims::parse(&decoded, policy)?;
        Ok(ClientAssertion { compact, signing_input_end, decoded, header, claims })
    }

    /// The signature's algorithm, from the server's list.
    pub fn algorithm(&self) -> Algorithm {
        self.header.algorithm
    }

    /// The header's `kid`. Hostile text: it only ever selects among the client's own keys.
    pub fn key_id(&self) -> Option<&str> {
        self.header.key_id.as_ref().map(|span| span.text(&self.decoded))
    }

    /// The `iss` claim.
    pub fn issuer(&self) -> &str {
        self.claims.issuer.text(&self.decoded)
    }

    /// The `sub` claim, unverified.
    pub fn subject(&self) -> &str {
        self.claims.subject.text(&self.decoded)
    }

    /// The `jti` claim. An empty one counts as absent.
    pub fn jwt_id(&self) -> Option<&str> {
        self.claims.jwt_id.as_ref().map(|span| span.text(&self.decoded)).filter(|id| !id.is_empty())
    }

    /// What is left of the assertion for the log, whose reader sees a hash of it.
    pub(crate) fn into_jwt_id(self) -> Option<OwnJwtId> {
        let ClientAssertion { decoded, claims, .. } = self;
        claims.jwt_id.map(|span| OwnJwtId { span, decoded })
    }

    pub(crate) fn is_typed(&self) -> bool {
        self.header.typed
    }

    pub(crate) fn claims(&self) -> &Claims {
        &self.claims
    }

    pub(crate) fn audiences(&self) -> impl Iterator<Item = &str> {
        self.claims.audiences.spans().map(|span| span.text(&self.decoded))
    }

    pub(crate) fn key_hint(&self) -> KeyHint<'_> {
        if let Some(key_id) = self.key_id() {
            KeyHint::KeyId(key_id)
        } else if let Some(span) = &self.header.x5t_s256 {
            KeyHint::X5tS256(span.text(&self.decoded))
        } else if let Some(span) = &self.header.x5t {
            KeyHint::X5t(span.text(&self.decoded))
        } else {
            KeyHint::Nothing
        }
    }

    /// The octets that were signed.
    pub fn signing_input(&self) -> &[u8] {
        self.compact.as_bytes().get(..self.signing_input_end).unwrap_or_default()
    }

    /// The signature's octets.
    pub fn signature(&self) -> &[u8] {
        self.decoded.signature()
    }
}

/// Shows which algorithm and key, never the assertion.
impl fmt::Debug for ClientAssertion<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientAssertion")
            .field("algorithm", &self.algorithm())
            .field("key_id", &self.key_id())
            .finish_non_exhaustive()
    }
}

/// The `jti` of an assertion that is gone, still in its buffer.
pub(crate) struct OwnJwtId {
    span: Span,
    decoded: Decoded,
}

impl OwnJwtId {
    /// The text, unless it is empty, which counts as absent.
    pub(crate) fn text(&self) -> Option<&str> {
        Some(self.span.text(&self.decoded)).filter(|id| !id.is_empty())
    }
}

/// The three parts, decoded one after the other into one buffer.
pub(crate) struct Decoded {
    octets: Vec<u8>,
    header_end: usize,
    payload_end: usize,
}

impl Decoded {
    fn new(header: &str, payload: &str, signature: &str) -> Result<Self, Failure> {
        let length = header.len() + payload.len() + signature.len();
        let mut octets = Vec::with_capacity(base64::decoded_len_estimate(length) + 3);
        let mut decode = |part: &str| -> Result<usize, Failure> {
            URL_SAFE_NO_PAD
                .decode_vec(part, &mut octets)
                .map_err(|_| malformed("base64url without padding", "something else"))?;
            Ok(octets.len())
        };
        let (header_end, payload_end) = (decode(header)?, decode(payload)?);
        decode(signature)?;
        Ok(Decoded { octets, header_end, payload_end })
    }

    pub(crate) fn header(&self) -> Result<&str, Failure> {
        text(self.octets.get(..self.header_end))
    }

    pub(crate) fn payload(&self) -> Result<&str, Failure> {
        text(self.octets.get(self.header_end..self.payload_end))
    }

    fn signature(&self) -> &[u8] {
        self.octets.get(self.payload_end..).unwrap_or_default()
    }
}

fn text(octets: Option<&[u8]>) -> Result<&str, Failure> {
    std::str::from_utf8(octets.unwrap_or_default())
        .map_err(|_| malformed("UTF-8", "octets that are not UTF-8"))
}

/// A string of the decoded JSON: where it stands, or its own text when it held an escape.
pub(crate) enum Span {
    At(u32, u32),
    Own(Box<str>),
}

impl Span {
    /// `text` was read from `decoded`.
    pub(crate) fn new(text: Cow<'_, str>, decoded: &Decoded) -> Self {
        match text {
            Cow::Borrowed(text) => {
                let start = (text.as_ptr() as usize).wrapping_sub(decoded.octets.as_ptr() as usize);
                match (u32::try_from(start), u32::try_from(start.wrapping_add(text.len()))) {
                    (Ok(start), Ok(end)) if end as usize <= decoded.octets.len() => Span::At(start, end),
                    _ => Span::Own(text.into()),
                }
            }
            Cow::Owned(text) => Span::Own(text.into()),
        }
    }

    pub(crate) fn text<'d>(&'d self, decoded: &'d Decoded) -> &'d str {
        match self {
            Span::At(start, end) => {
                let octets = decoded.octets.get(*start as usize..*end as usize).unwrap_or_default();
                std::str::from_utf8(octets).unwrap_or_default()
            }
            Span::Own(text) => text,
        }
    }
}

/// RFC 7515 §7.1: exactly two dots. Counted without collecting, so that a million dots cost nothing.
fn three_parts(compact: &str) -> Result<(&str, &str, &str), Failure> {
    let mut parts = compact.splitn(4, '.');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(header), Some(payload), Some(signature), None) => Ok((header, payload, signature)),
        _ => Err(malformed("three parts joined by dots", "another number of parts")),
    }
}

pub(crate) fn malformed(expected: &'static str, got: impl Into<Cow<'static, str>>) -> Failure {
    Failure::new(Reason::AssertionMalformed).expected(expected).got(got)
}
