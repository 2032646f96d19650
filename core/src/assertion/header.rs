//! The JWS header of a client assertion.

use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};

use super::{Decoded, Span, malformed};
use crate::algorithm::Algorithm;
use crate::json::{Ignored, Names, Text};
use crate::policy::Policy;
use crate::reason::Reason;
use crate::refusal::Failure;

/// The members that matter. `jwk`, `jku`, `x5u` and `x5c` do not: a key never comes from the JWT itself
/// (RFC 8725 §3.10).
pub(crate) struct Header {
    pub(crate) algorithm: Algorithm,
    pub(crate) key_id: Option<Span>,
    pub(crate) x5t: Option<Span>,
    pub(crate) x5t_s256: Option<Span>,
    /// Typed `client-authentication+jwt`, so held to the rules of rfc7523bis.
    pub(crate) typed: bool,
}

impl Header {
    pub(crate) fn parse(decoded: &Decoded, policy: &Policy) -> Result<Self, Failure> {
        let members = read(decoded.header()?)?;
        if members.critical {
            return Err(Failure::new(Reason::CritNotUnderstood)
                .expected("no crit and no b64")
                .got("one of them"));
        }
        let typed = check_typ(members.typ.as_ref().map(|text| &*text.0), policy)?;
        let name = members.alg.ok_or_else(|| malformed("a header with alg", "no alg"))?.0;
        let algorithm = name
            .parse::<Algorithm>()
            .ok()
            .filter(|algorithm| policy.algorithms.contains(algorithm))
            .ok_or_else(|| alg_not_allowed(&policy.algorithms, &name))?;
        let span = |text: Option<Text<'_>>| text.map(|text| Span::new(text.0, decoded));
        Ok(Header {
            algorithm,
            key_id: span(members.kid),
            x5t: span(members.x5t),
            x5t_s256: span(members.x5t_s256),
            typed,
        })
    }
}

pub(crate) fn alg_not_allowed(allowed: &[Algorithm], got: &str) -> Failure {
    let names: Vec<&str> = allowed.iter().map(|algorithm| algorithm.as_str()).collect();
    Failure::new(Reason::AlgNotAllowed).expected(names.join(" or ")).got(got.to_owned())
}

/// RFC 8725 §3.11: a JWT that says it is something else is something else. Untyped ones are let through, since
/// no client library types its assertions yet.
fn check_typ(typ: Option<&str>, policy: &Policy) -> Result<bool, Failure> {
    let refuse = |got: &str| {
        Err(Failure::new(Reason::TypNotAllowed)
            .expected(if policy.require_typ { TYP } else { "client-authentication+jwt, JWT or none" })
            .got(got.to_owned()))
    };
    let Some(typ) = typ else {
        return if policy.require_typ { refuse("no typ") } else { Ok(false) };
    };
    let essence = match typ.split_at_checked(APPLICATION.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(APPLICATION) => rest,
        _ => typ,
    };
    if essence.eq_ignore_ascii_case(TYP) {
        Ok(true)
    } else if essence.eq_ignore_ascii_case("JWT") && !policy.require_typ {
        Ok(false)
    } else {
        refuse(typ)
    }
}

const TYP: &str = "client-authentication+jwt";
const APPLICATION: &str = "application/";

#[derive(Default)]
struct Members<'d> {
    alg: Option<Text<'d>>,
    typ: Option<Text<'d>>,
    kid: Option<Text<'d>>,
    x5t: Option<Text<'d>>,
    x5t_s256: Option<Text<'d>>,
    critical: bool,
}

fn read(json: &str) -> Result<Members<'_>, Failure> {
    let mut reader = serde_json::Deserializer::from_str(json);
    let members = reader.deserialize_map(MembersVisitor).map_err(|error| not_json(&error))?;
    reader.end().map_err(|error| not_json(&error))?;
    Ok(members)
}

/// serde_json's messages name positions and kinds, and never repeat the input's strings.
pub(super) fn not_json(error: &serde_json::Error) -> Failure {
    let got = match error.classify() {
        serde_json::error::Category::Data => "a member of the wrong type, or twice",
        _ => "something that is not JSON",
    };
    malformed("a JSON object with unique members", got)
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JWS header")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = Members::default();
        let mut names = Names::default();
        while let Some(Text(name)) = map.next_key()? {
            match &*name {
                "alg" => members.alg = Some(map.next_value()?),
                "typ" => members.typ = Some(map.next_value()?),
                "kid" => members.kid = Some(map.next_value()?),
                "x5t" => members.x5t = Some(map.next_value()?),
                "x5t#S256" => members.x5t_s256 = Some(map.next_value()?),
                // RFC 7515 §4.1.11: understood or refused, and none is. RFC 7797 §6: never `b64` in a JWT.
                "crit" | "b64" => {
                    map.next_value::<Ignored>()?;
                    members.critical = true;
                }
                _ => {
                    map.next_value::<Ignored>()?;
                }
            }
            names.insert(name)?;
        }
        Ok(members)
    }
}
