//! The tokens this server signs: access tokens ([RFC 9068](https://www.rfc-editor.org/rfc/rfc9068)) and ID tokens
//! ([OpenID Connect Core §2](https://openid.net/specs/openid-connect-core-1_0.html#IDToken)).

use aws_lc_rs::{constant_time, digest, hmac, signature};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::binding::{Confirmation, Recipient};
use super::grants::Grant;
use super::registration::Registration;
use super::server_keys::ServerKeys;
use super::users::User;
use super::{ACCESS_TOKEN_SECONDS, OAuthError};
use crate::jose::algorithm::{hmac_of, verification};
use crate::jose::compact::{self, Unverified};
use crate::jose::{self, Failed, base64url};

/// Signs and reads tokens under one issuer identifier.
pub(crate) struct Tokens {
    issuer: String,
    keys: ServerKeys,
    /// Keys the half of a `jti` that no client can make.
    seal: hmac::Key,
}

/// The claims of an access token.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct AccessToken {
    pub(crate) iss: String,
    pub(crate) sub: String,
    pub(crate) aud: String,
    pub(crate) client_id: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) scope: String,
    pub(crate) jti: String,
    pub(crate) iat: u64,
    pub(crate) exp: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cnf: Option<Confirmation>,
    /// Names the user's consent, so that all its tokens end with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) grant_id: Option<String>,
}

impl Tokens {
    pub(crate) fn new(issuer: String, keys: ServerKeys) -> Result<Self, Failed> {
        let digest = digest::digest(&digest::SHA256, &keys.secret()?);
        let seal = hmac::Key::new(hmac::HMAC_SHA256, digest.as_ref());
        Ok(Tokens { issuer, keys, seal })
    }

    /// The public keys, as a JWK Set.
    pub(crate) fn jwk_set(&self) -> Value {
        let keys = self.keys.all().map(|key| key.signing.public_jwk(&key.id));
        json!({ "keys": keys })
    }

    /// An access token for `subject`: the client itself, or the user of `grant`.
    pub(crate) fn access_token(
        &self,
        recipient: &Recipient<'_>,
        subject: &str,
        scope: &str,
        grant: Option<&Grant>,
        now: u64,
    ) -> Result<String, OAuthError> {
        let registration = recipient.registration;
        let mut claims = AccessToken {
            iss: self.issuer.clone(),
            sub: subject.to_owned(),
            // RFC 9068 §3: without a `resource` parameter, a default the server chooses.
            aud: self.issuer.clone(),
            client_id: registration.client_id.clone(),
            scope: scope.to_owned(),
            jti: jose::random(16)?,
            iat: now,
            exp: now + ACCESS_TOKEN_SECONDS,
            cnf: recipient.confirmation.clone(),
            grant_id: grant.map(Grant::public_id),
        };
        if hmac_of(registration.token_algorithm).is_some() {
            claims.jti = format!("{}.{}", claims.jti, base64url(self.sealed(&claims)?.as_ref()));
        }
        self.sign(registration, ACCESS_TOKEN_TYPE, &claims)
    }

    /// Says to the client who the user is.
    pub(crate) fn id_token(
        &self,
        registration: &Registration,
        user: &User,
        grant: &Grant,
        nonce: Option<&str>,
        now: u64,
    ) -> Result<String, OAuthError> {
        // The user's claims come first, so that none of them replaces what the server says.
        let mut claims = user.claims.clone();
        claims.insert("iss".into(), self.issuer.clone().into());
        claims.insert("sub".into(), user.subject().into());
        claims.insert("aud".into(), registration.client_id.clone().into());
        claims.insert("iat".into(), now.into());
        claims.insert("exp".into(), (now + ACCESS_TOKEN_SECONDS).into());
        claims.insert("auth_time".into(), grant.auth_time.into());
        match nonce {
            Some(nonce) => claims.insert("nonce".into(), nonce.into()),
            None => claims.remove("nonce"),
        };
        self.sign(registration, "JWT", &claims)
    }

    /// The client that an access token names, whoever made the token.
    pub(crate) fn client_id_in(token: &str) -> Option<String> {
        let claims: AccessToken = serde_json::from_slice(&Unverified::read(token)?.payload).ok()?;
        Some(claims.client_id)
    }

    /// The claims of an access token that this server signed for this client and that has not expired. Whether it was
    /// revoked is not looked at.
    pub(crate) fn read_access_token(
        &self,
        token: &str,
        registration: &Registration,
        now: u64,
    ) -> Option<AccessToken> {
        let unverified = Unverified::read(token)?;
        let claims: AccessToken = serde_json::from_slice(&unverified.payload).ok()?;
        self.verify(&unverified, registration)?;
        let ours = claims.iss == self.issuer
            && claims.client_id == registration.client_id
            && unverified.header_text("typ") == Some(ACCESS_TOKEN_TYPE);
        (ours && now < claims.exp && self.is_genuine(&claims, registration)).then_some(claims)
    }

    /// The holder of the secret that keys an `HS*` token can sign one too. So the second half of its `jti` is a
    /// MAC over the claims that this server alone can make.
    fn is_genuine(&self, claims: &AccessToken, registration: &Registration) -> bool {
        if hmac_of(registration.token_algorithm).is_none() {
            return true;
        }
        let Some((jti, seal)) = claims.jti.split_once('.') else { return false };
        let unsealed = AccessToken { jti: jti.to_owned(), ..claims.clone() };
        match (self.sealed(&unsealed), jose::from_base64url(seal)) {
            (Ok(expected), Some(seal)) => {
                constant_time::verify_slices_are_equal(expected.as_ref(), &seal).is_ok()
            }
            _ => false,
        }
    }

    fn sealed(&self, claims: &AccessToken) -> Result<hmac::Tag, Failed> {
        Ok(hmac::sign(&self.seal, &serde_json::to_vec(claims).map_err(|_| Failed)?))
    }

    fn sign(
        &self,
        registration: &Registration,
        typ: &str,
        claims: &impl Serialize,
    ) -> Result<String, OAuthError> {
        let algorithm = registration.token_algorithm;
        let token = if let Some(key) = self.keys.find(algorithm) {
            let header = json!({ "alg": algorithm, "typ": typ, "kid": key.id });
            compact::sign(&header, claims, |message| key.signing.sign(message))
        } else {
            let key = shared_key(registration).ok_or_else(OAuthError::server_error)?;
            let header = json!({ "alg": algorithm, "typ": typ });
            compact::sign(&header, claims, |message| Ok(hmac::sign(&key, message).as_ref().to_vec()))
        };
        Ok(token?)
    }

    /// Checks the signature by the one algorithm this client's tokens are signed with.
    fn verify(&self, token: &Unverified<'_>, registration: &Registration) -> Option<()> {
        let algorithm = registration.token_algorithm;
        if token.header_text("alg") != Some(algorithm.as_str()) {
            return None;
        }
        if let Some(key) = self.keys.find(algorithm) {
            let public =
                signature::UnparsedPublicKey::new(verification(algorithm)?, key.signing.public_octets());
            return public.verify(token.signed, &token.signature).ok();
        }
        hmac::verify(&shared_key(registration)?, token.signed, &token.signature).ok()
    }
}

/// `HS*`: keyed by the octets of the client's secret (OpenID Connect Core §10.1).
fn shared_key(registration: &Registration) -> Option<hmac::Key> {
    let secret = registration.secret.as_ref()?;
    Some(hmac::Key::new(hmac_of(registration.token_algorithm)?, secret.as_bytes()))
}

/// RFC 9068 §2.1.
const ACCESS_TOKEN_TYPE: &str = "at+jwt";

#[cfg(test)]
mod tests {
    use countersign::Algorithm;

    use super::*;

    fn registration(token_algorithm: Algorithm) -> Registration {
        Registration {
            client_id: "c".into(),
            public: false,
            grant_types: None,
            redirect_uris: vec![],
            scope: None,
            ceiling: None,
            token_algorithm,
            bound_tokens: false,
            secret: Some("a secret of more than thirty-two octets".into()),
        }
    }

    #[test]
    fn an_access_token_is_read_back_until_it_expires() {
        let tokens = Tokens::new("https://as.example".into(), ServerKeys::generate().unwrap()).unwrap();
        for algorithm in [Algorithm::RS256, Algorithm::ES256, Algorithm::HS256, Algorithm::HS512] {
            let client = registration(algorithm);
            let recipient = Recipient { registration: &client, confirmation: None };
            let token = tokens.access_token(&recipient, "c", "a b", None, 1000).unwrap();
            assert_eq!(tokens.read_access_token(&token, &client, 1001).unwrap().scope, "a b");
            assert!(tokens.read_access_token(&token, &client, 1000 + ACCESS_TOKEN_SECONDS).is_none());
            assert!(tokens.read_access_token(&format!("{token}A"), &client, 1001).is_none());
        }
    }

    #[test]
    fn the_holder_of_the_shared_secret_cannot_make_a_token() {
        let tokens = Tokens::new("https://as.example".into(), ServerKeys::generate().unwrap()).unwrap();
        let client = registration(Algorithm::HS256);
        let recipient = Recipient { registration: &client, confirmation: None };
        let token = tokens.access_token(&recipient, "c", "read", None, 1000).unwrap();
        let mut claims: Value = serde_json::from_slice(&Unverified::read(&token).unwrap().payload).unwrap();
        claims["scope"] = "admin".into();
        let key = shared_key(&client).unwrap();
        let header = json!({ "alg": "HS256", "typ": "at+jwt" });
        let forged =
            compact::sign(&header, &claims, |message| Ok(hmac::sign(&key, message).as_ref().to_vec()))
                .unwrap();
        assert!(tokens.read_access_token(&forged, &client, 1001).is_none());
    }
}
