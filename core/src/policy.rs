//! Every switch on which specifications or real clients disagree.

mod values;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use self::values::{Audience, AudienceShape, BasicDecoding, BodyFailureStatus, Fence, JtiRule};
use crate::algorithm::Algorithm;
use crate::auth_method::AuthMethod;
use crate::config_error::ConfigError;

/// The switches, each with a documented default. A preset is nothing but a set of switch values.
///
/// ```
/// use countersign::Policy;
///
/// let mut policy = Policy::preset("fapi2")?;
/// policy.max_lifetime = std::time::Duration::from_secs(120);
/// # Ok::<(), countersign::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Policy {
    /// What an assertion may name as its `aud`. Default: issuer, token endpoint and the endpoint that received
    /// the request, since real clients send each of them. A JWT typed `client-authentication+jwt` must name the
    /// issuer alone, whatever stands here.
    pub audiences: Vec<Audience>,
    /// The JSON shape of `aud`. Default [`AudienceShape::AllOurs`], which refuses any foreign element: an
    /// assertion that is also meant for somebody else can be used by them.
    pub audience_shape: AudienceShape,
    /// Must an assertion be typed? Default no, since no client library does it yet.
    pub require_typ: bool,
    /// Must an assertion carry a `jti`? Default yes, and it is single use (OpenID Connect Core §9).
    pub jti: JtiRule,
    /// Longest life of an assertion, from now and from its `iat`; the leeway is added. Default one hour.
    #[serde(with = "seconds")]
    pub max_lifetime: Duration,
    /// How far clocks may differ, those of nodes that share a replay store too. Default 30 s.
    #[serde(with = "seconds")]
    pub leeway: Duration,
    /// `iat` or `nbf` further ahead is refused whatever the leeway. Default 60 s (FAPI 2.0 §5.3.2.1).
    #[serde(with = "seconds")]
    pub future_ceiling: Duration,
    /// May times be numeric strings? Default no.
    pub numeric_strings: bool,
    /// The signing algorithms taken, before a client's own restriction. Default [`Algorithm::DEFAULT`]. Those of
    /// ML-DSA (feature `ml-dsa`) are taken where they are listed: `"ML-DSA-65"`.
    pub algorithms: Vec<Algorithm>,
    /// How a Basic pair is decoded. Default: form-decoded, then raw where that differs; half of all clients skip
    /// the encoding.
    pub basic_decoding: BasicDecoding,
    /// Status of `invalid_client` where no `Authorization` header was sent: 400, or 401, then with a challenge.
    pub body_failure_status: BodyFailureStatus,
    /// The methods taken. `None`: every method the server is configured for.
    pub methods: Option<Vec<AuthMethod>>,
    /// Is a JSON object read as a form, too? Default no: one body type is one reader.
    pub json_body: bool,
    /// At endpoints other than token, is `Authorization: Bearer` with a JWT read as a client assertion? Default no:
    /// there it is an access token.
    pub bearer_assertion: bool,
    /// Is a JWT in the place of a Basic password read as a client assertion? Default no.
    pub assertion_as_basic_password: bool,
    /// May PKCE use `plain`? Default no; only `S256` hides the verifier (RFC 9700 §4.8.2).
    pub pkce_plain: bool,
    /// What is refused after the memory of used assertions was lost. Default [`Fence::On`].
    pub fence: Fence,
}

impl Policy {
    /// The names that [`Policy::preset`] takes.
    pub const PRESETS: &'static [&'static str] =
        &["default", "fapi2", "safewhere", "onewelcome", "identityserver4", "cloudentity"];

    /// The preset of this name.
    ///
    /// # Errors
    /// [`ConfigError`] when there is no such preset.
    pub fn preset(name: &str) -> Result<Self, ConfigError> {
        match name {
            "default" => Ok(Policy::default()),
            "fapi2" => Ok(Policy::fapi2()),
            // Signs with the SHA-256 family alone.
            "safewhere" => Ok(Policy {
                algorithms: vec![Algorithm::RS256, Algorithm::PS256, Algorithm::ES256, Algorithm::HS256],
                ..Policy::default()
            }),
            "onewelcome" => Ok(Policy::onewelcome()),
            // Sends the assertion as the password of a Basic pair.
            "identityserver4" => Ok(Policy { assertion_as_basic_password: true, ..Policy::default() }),
            // Sends its parameters as a JSON object.
            "cloudentity" => Ok(Policy { json_body: true, ..Policy::default() }),
            other => Err(ConfigError::new(
                "preset",
                format!("there is no preset {other:?}"),
                format!("use one of {}", Policy::PRESETS.join(", ")),
            )),
        }
    }

    /// Sets single switches on top of this policy; keys and values as in a configuration file.
    ///
    /// # Errors
    /// [`ConfigError`] for an unknown switch or a value that does not fit it.
    pub fn with_switches(
        self,
        switches: impl IntoIterator<Item = (String, serde_json::Value)>,
    ) -> Result<Self, ConfigError> {
        let refuse = |error: serde_json::Error| {
            ConfigError::new(
                "policy",
                error.to_string(),
                "correct the switch; its values are documented on Policy",
            )
        };
        let mut all = serde_json::to_value(self).map_err(refuse)?;
        if let Some(all) = all.as_object_mut() {
            all.extend(switches);
        }
        serde_json::from_value(all).map_err(refuse)
    }

    /// Names the base URL, writes times as strings, may leave out `jti`, and sends the same kind of JWT as a bearer
    /// token to other endpoints.
    fn onewelcome() -> Self {
        let mut policy = Policy {
            jti: JtiRule::Optional,
            numeric_strings: true,
            bearer_assertion: true,
            pkce_plain: true,
            ..Policy::default()
        };
        policy.audiences.push(Audience::BaseUrl);
        policy
    }

    /// FAPI 2.0 Security Profile, Final: asymmetric methods alone, the issuer as a string, short lives.
    fn fapi2() -> Self {
        Policy {
            audiences: vec![Audience::Issuer],
            audience_shape: AudienceShape::String,
            max_lifetime: Duration::from_secs(300),
            leeway: Duration::from_secs(10),
            algorithms: vec![Algorithm::PS256, Algorithm::ES256, Algorithm::Ed25519, Algorithm::EdDSA],
            methods: Some(vec![
                AuthMethod::PRIVATE_KEY_JWT,
                AuthMethod::TLS_CLIENT_AUTH,
                AuthMethod::SELF_SIGNED_TLS_CLIENT_AUTH,
            ]),
            fence: Fence::Strict,
            ..Policy::default()
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            audiences: vec![Audience::Issuer, Audience::TokenEndpoint, Audience::ReceivingEndpoint],
            audience_shape: AudienceShape::AllOurs,
            require_typ: false,
            jti: JtiRule::Required,
            max_lifetime: Duration::from_secs(3600),
            leeway: Duration::from_secs(30),
            future_ceiling: Duration::from_secs(60),
            numeric_strings: false,
            algorithms: Algorithm::DEFAULT.to_vec(),
            basic_decoding: BasicDecoding::FormThenRaw,
            body_failure_status: BodyFailureStatus::BadRequest,
            methods: None,
            json_body: false,
            bearer_assertion: false,
            assertion_as_basic_password: false,
            pkce_plain: false,
            fence: Fence::On,
        }
    }
}

mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(duration.as_secs())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_secs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_survives_being_written_and_read() {
        for name in Policy::PRESETS {
            let policy = Policy::preset(name).unwrap();
            assert_eq!(policy.clone().with_switches([]).unwrap(), policy);
        }
    }

    #[test]
    fn an_unknown_switch_is_named() {
        let error =
            Policy::default().with_switches([("leway".to_owned(), serde_json::json!(5))]).unwrap_err();
        assert!(error.to_string().contains("leway"), "{error}");
    }
}
