//! The values of those switches that are more than yes or no, a number or a list.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A value that `aud` may have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
#[non_exhaustive]
pub enum Audience {
    /// `issuer`: the issuer identifier. The one value of rfc7523bis and FAPI 2.0.
    Issuer,
    /// `token_endpoint`: the URL of the token endpoint, at whatever endpoint the assertion arrives.
    TokenEndpoint,
    /// `base_url`: scheme and authority of the issuer, without a path.
    BaseUrl,
    /// `receiving_endpoint`: the URL of the endpoint that received the request.
    ReceivingEndpoint,
    /// Any other text: exactly this URL.
    Url(String),
}

impl From<String> for Audience {
    fn from(text: String) -> Self {
        match text.as_str() {
            "issuer" => Audience::Issuer,
            "token_endpoint" => Audience::TokenEndpoint,
            "base_url" => Audience::BaseUrl,
            "receiving_endpoint" => Audience::ReceivingEndpoint,
            _ => Audience::Url(text),
        }
    }
}

impl From<Audience> for String {
    fn from(audience: Audience) -> String {
        match audience {
            Audience::Issuer => "issuer".to_owned(),
            Audience::TokenEndpoint => "token_endpoint".to_owned(),
            Audience::BaseUrl => "base_url".to_owned(),
            Audience::ReceivingEndpoint => "receiving_endpoint".to_owned(),
            Audience::Url(url) => url,
        }
    }
}

/// The JSON shapes of `aud`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AudienceShape {
    /// A string (FAPI 2.0).
    String,
    /// A string, or an array of one (rfc7523bis).
    StringOrSingle,
    /// A string, or an array in which every element is ours.
    AllOurs,
    /// An array that names us among others. For legacy peers alone: whoever else is named can use the assertion.
    ContainsOurs,
}

impl fmt::Display for AudienceShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AudienceShape::String => "a string",
            AudienceShape::StringOrSingle => "a string or an array of one",
            AudienceShape::AllOurs => "a string or an array of only",
            AudienceShape::ContainsOurs => "a string or an array with",
        })
    }
}

/// Whether an assertion must carry a `jti`. One that does is single use either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum JtiRule {
    /// Without `jti` an assertion is refused.
    Required,
    /// Without `jti` an assertion can be replayed until it expires.
    Optional,
}

/// How a Basic pair is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BasicDecoding {
    /// Form-decoded; the raw pair too, if decoding changed something or failed. One attempt.
    FormThenRaw,
    /// Form-decoded only, as RFC 6749 has it.
    Form,
}

/// Status of a failed authentication that used no `Authorization` header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
#[non_exhaustive]
pub enum BodyFailureStatus {
    /// 400.
    BadRequest,
    /// 401 with a challenge.
    Unauthorized,
}

impl From<BodyFailureStatus> for u16 {
    fn from(status: BodyFailureStatus) -> u16 {
        match status {
            BodyFailureStatus::BadRequest => 400,
            BodyFailureStatus::Unauthorized => 401,
        }
    }
}

impl TryFrom<u16> for BodyFailureStatus {
    type Error = &'static str;

    fn try_from(status: u16) -> Result<Self, Self::Error> {
        match status {
            400 => Ok(BodyFailureStatus::BadRequest),
            401 => Ok(BodyFailureStatus::Unauthorized),
            _ => Err("body_failure_status is 400 or 401"),
        }
    }
}

/// What is refused after a replay store lost its memory at a time T.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Fence {
    /// Nothing: what was used before T can be used again until it expires.
    Off,
    /// Assertions issued before T, so that a fresh server serves fresh assertions at once.
    On,
    /// Assertions issued up to T + leeway, which covers clients whose clock runs ahead, and those without `iat`.
    Strict,
}
