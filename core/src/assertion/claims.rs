//! The claims of a client assertion, [RFC 7523 §3](https://www.rfc-editor.org/rfc/rfc7523#section-3).
//!
//! A claim of the wrong type is not a missing claim: it is refused under a reason of its own.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::{Decoded, Span, header, malformed};
use crate::json::{Ignored, Names, Text};
use crate::policy::Policy;
use crate::reason::Reason;
use crate::refusal::Failure;

/// The registered claims, typed. Times are seconds since the epoch.
pub(crate) struct Claims {
    pub(crate) issuer: Span,
    pub(crate) subject: Span,
    pub(crate) audiences: Audiences,
    pub(crate) expires_at: f64,
    pub(crate) not_before: Option<f64>,
    pub(crate) issued_at: Option<f64>,
    pub(crate) jwt_id: Option<Span>,
}

/// `aud`: a string, or an array of strings.
pub(crate) enum Audiences {
    String(Span),
    Array(Vec<Span>),
}

impl Audiences {
    pub(crate) fn spans(&self) -> std::slice::Iter<'_, Span> {
        match self {
            Audiences::String(span) => std::slice::from_ref(span).iter(),
            Audiences::Array(spans) => spans.iter(),
        }
    }
}

impl Claims {
    pub(crate) fn parse(decoded: &Decoded, policy: &Policy) -> Result<Self, Failure> {
        let members = read(decoded.payload()?)?;
        let text = |name: &'static str, claim: Claim<'_>| match claim {
            Claim::Absent => Ok(None),
            Claim::Text(text) => Ok(Some(Span::new(text, decoded))),
            other => Err(wrong_type(name, "a string", &other)),
        };
        let required = |name: &'static str, claim: Claim<'_>| text(name, claim)?.ok_or_else(|| missing(name));
        Ok(Claims {
            issuer: required("iss", members.iss)?,
            subject: required("sub", members.sub)?,
            audiences: audiences(members.aud, decoded)?,
            expires_at: time("exp", members.exp, policy)?.ok_or_else(|| missing("exp"))?,
            not_before: time("nbf", members.nbf, policy)?,
            issued_at: time("iat", members.iat, policy)?,
            jwt_id: text("jti", members.jti)?,
        })
    }
}

fn audiences(claim: Claim<'_>, decoded: &Decoded) -> Result<Audiences, Failure> {
    match claim {
        Claim::Absent => Err(missing("aud")),
        Claim::Text(text) => Ok(Audiences::String(Span::new(text, decoded))),
        Claim::Texts(texts) => {
            Ok(Audiences::Array(texts.into_iter().map(|text| Span::new(text, decoded)).collect()))
        }
        other => Err(wrong_type("aud", "a string or an array of strings", &other)),
    }
}

/// RFC 7519 §2: a JSON number of seconds, fractions allowed.
fn time(name: &'static str, claim: Claim<'_>, policy: &Policy) -> Result<Option<f64>, Failure> {
    let seconds = match &claim {
        Claim::Absent => return Ok(None),
        Claim::Number(seconds) => Some(*seconds),
        Claim::Text(text) if policy.numeric_strings => text.parse().ok(),
        _ => None,
    };
    match seconds {
        // Above 2^53 a double no longer counts single seconds.
        Some(seconds) if (0.0..=9_007_199_254_740_992.0).contains(&seconds) => Ok(Some(seconds)),
        Some(_) => Err(wrong_type(name, "a number of seconds from 0 to 2^53", &claim)),
        None => Err(wrong_type(name, "a number", &claim)),
    }
}

fn wrong_type(name: &'static str, expected: &'static str, claim: &Claim<'_>) -> Failure {
    let got = match claim {
        Claim::Absent => "nothing",
        Claim::Text(_) => "a string",
        Claim::Texts(_) => "an array",
        Claim::Number(_) => "a number",
        Claim::Other(kind) => kind.as_str(),
    };
    Failure::new(Reason::ClaimWrongType).expected(format!("{name}: {expected}")).got(got)
}

fn missing(name: &'static str) -> Failure {
    Failure::new(Reason::ClaimMissing).expected(name).got("nothing")
}

#[derive(Default)]
struct Members<'d> {
    iss: Claim<'d>,
    sub: Claim<'d>,
    aud: Claim<'d>,
    exp: Claim<'d>,
    nbf: Claim<'d>,
    iat: Claim<'d>,
    jti: Claim<'d>,
}

/// The value of a claim, whatever its type.
#[derive(Default)]
enum Claim<'d> {
    #[default]
    Absent,
    Text(Cow<'d, str>),
    Number(f64),
    Texts(Vec<Cow<'d, str>>),
    Other(Ignored),
}

fn read(json: &str) -> Result<Members<'_>, Failure> {
    if json.is_empty() {
        return Err(malformed("claims", "an empty payload"));
    }
    let mut reader = serde_json::Deserializer::from_str(json);
    let members = reader.deserialize_map(MembersVisitor).map_err(|error| header::not_json(&error))?;
    reader.end().map_err(|error| header::not_json(&error))?;
    Ok(members)
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JWT claims set")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = Members::default();
        let mut names = Names::default();
        while let Some(Text(name)) = map.next_key()? {
            match &*name {
                "iss" => members.iss = map.next_value()?,
                "sub" => members.sub = map.next_value()?,
                "aud" => members.aud = map.next_value()?,
                "exp" => members.exp = map.next_value()?,
                "nbf" => members.nbf = map.next_value()?,
                "iat" => members.iat = map.next_value()?,
                "jti" => members.jti = map.next_value()?,
                // RFC 7523 §3: other claims are ignored.
                _ => {
                    map.next_value::<Ignored>()?;
                }
            }
            names.insert(name)?;
        }
        Ok(members)
    }
}

impl<'de> Deserialize<'de> for Claim<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ClaimVisitor)
    }
}

struct ClaimVisitor;

impl<'de> Visitor<'de> for ClaimVisitor {
    type Value = Claim<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a claim")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Claim<'de>, E> {
        Ok(Claim::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Claim<'de>, E> {
        Ok(Claim::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Claim<'de>, E> {
        Ok(Claim::Number(number))
    }

    #[allow(clippy::cast_precision_loss, reason = "numbers too large for a double are refused as times")]
    fn visit_u64<E>(self, number: u64) -> Result<Claim<'de>, E> {
        Ok(Claim::Number(number as f64))
    }

    #[allow(clippy::cast_precision_loss, reason = "numbers too large for a double are refused as times")]
    fn visit_i64<E>(self, number: i64) -> Result<Claim<'de>, E> {
        Ok(Claim::Number(number as f64))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Claim<'de>, E> {
        Ok(Claim::Other(Ignored::Bool))
    }

    fn visit_unit<E>(self) -> Result<Claim<'de>, E> {
        Ok(Claim::Other(Ignored::Null))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Claim<'de>, A::Error> {
        let mut texts = Vec::new();
        let mut all_texts = true;
        while let Some(element) = elements.next_element::<Claim<'de>>()? {
            match element {
                Claim::Text(text) => texts.push(text),
                _ => all_texts = false,
            }
        }
        Ok(if all_texts { Claim::Texts(texts) } else { Claim::Other(Ignored::Array) })
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Claim<'de>, A::Error> {
        Ignored::deserialize(de::value::MapAccessDeserializer::new(members)).map(Claim::Other)
    }
}
