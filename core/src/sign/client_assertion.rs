//! The claims and the header of a client assertion, before it is signed.

use std::time::{Duration, SystemTime};

use aws_lc_rs::rand;
use serde_json::{Map, Value, json};

use super::{SignError, SignedAssertion, SigningKey, base64url};
use crate::clock::{Clock, SystemClock};

/// A client assertion in the making ([RFC 7523 §3](https://www.rfc-editor.org/rfc/rfc7523#section-3)).
///
/// Can be kept and signed again and again: each [`sign`](ClientAssertion::sign) takes the time and a `jti` of its
/// own.
///
/// ```
/// use std::time::Duration;
/// use countersign::{Algorithm, sign::{ClientAssertion, SigningKey}};
///
/// let key = SigningKey::generate(Algorithm::ES256)?;
/// let usual = ClientAssertion::for_client("billing").audience("https://as.example.com");
/// assert_ne!(usual.sign(&key)?.as_str(), usual.sign(&key)?.as_str());
///
/// // One that a server must refuse: foreign audience, two hours of life, another type, no jti.
/// let wrong = usual
///     .claim("aud", serde_json::json!(["https://as.example.com", "https://elsewhere.example"]))
///     .lifetime(Duration::from_secs(7200))
///     .typ("at+jwt")
///     .without_claim("jti");
/// # wrong.sign(&key)?;
/// # Ok::<(), countersign::sign::SignError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "an assertion proves nothing before it is signed"]
pub struct ClientAssertion {
    client_id: String,
    audience: Option<String>,
    lifetime: Duration,
    now: Option<SystemTime>,
    header: Changes,
    claims: Changes,
}

/// Members that are set or left out on top of the defaults, in order.
type Changes = Vec<(String, Option<Value>)>;

impl ClientAssertion {
    /// An assertion of this client about itself: `iss` and `sub` are its id.
    pub fn for_client(client_id: impl Into<String>) -> Self {
        ClientAssertion {
            client_id: client_id.into(),
            audience: None,
            lifetime: LIFETIME,
            now: None,
            header: Vec::new(),
            claims: Vec::new(),
        }
    }

    /// `aud`: the issuer identifier of the server, exactly as its metadata spells it. Required. Servers of older
    /// profiles want the URL of their token endpoint instead, and then another [`typ`](ClientAssertion::typ).
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// How long after `iat` the assertion expires, in whole seconds. The default is 60 s.
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// The time that becomes `iat`. The default is the time of signing, by the operating system.
    pub fn issued_at(mut self, time: SystemTime) -> Self {
        self.now = Some(time);
        self
    }

    /// `typ` of the header. The default is `client-authentication+jwt`. A server holds such an assertion to the
    /// issuer as its only audience; with `JWT`, the rules of its own policy count.
    pub fn typ(self, typ: impl Into<String>) -> Self {
        self.header("typ", typ.into())
    }

    /// Sets a member of the header, in place of the default: `alg` and `kid`, too.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.header.push((name.into(), Some(value.into())));
        self
    }

    /// Leaves a member of the header out.
    pub fn without_header(mut self, name: impl Into<String>) -> Self {
        self.header.push((name.into(), None));
        self
    }

    /// Sets a claim, in place of the default.
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.claims.push((name.into(), Some(value.into())));
        self
    }

    /// Leaves a claim out.
    pub fn without_claim(mut self, name: impl Into<String>) -> Self {
        self.claims.push((name.into(), None));
        self
    }

    /// Signs it, with a fresh `jti` of 128 random bits.
    ///
    /// # Errors
    /// [`SignError`] when no audience was given, the clock or the lifetime makes no time, or the cryptographic
    /// library fails.
    pub fn sign(&self, key: &SigningKey) -> Result<SignedAssertion, SignError> {
        let (header, claims) = (self.header_of(key), self.claims_now()?);
        let part = |members: Map<String, Value>| base64url(Value::Object(members).to_string().as_bytes());
        let signing_input = format!("{}.{}", part(header), part(claims));
        let signature = key.sign(signing_input.as_bytes())?;
        Ok(SignedAssertion::new(format!("{signing_input}.{}", base64url(&signature))))
    }

    fn header_of(&self, key: &SigningKey) -> Map<String, Value> {
        let mut header = Map::new();
        header.insert("alg".to_owned(), key.algorithm().as_str().into());
        header.insert("typ".to_owned(), TYP.into());
        if let Some(key_id) = key.key_id() {
            header.insert("kid".to_owned(), key_id.into());
        }
        change(&mut header, &self.header);
        header
    }

    fn claims_now(&self) -> Result<Map<String, Value>, SignError> {
        let now = self.now.unwrap_or_else(|| SystemClock::default().now());
        let issued_at = now
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_err(|_| SignError::new("iat lies before 1970"))?
            .as_secs();
        let expires_at = issued_at
            .checked_add(self.lifetime.as_secs())
            .ok_or_else(|| SignError::new("the lifetime is too long to be written"))?;
        let mut claims = Map::new();
        for (name, value) in [
            ("iss", json!(self.client_id)),
            ("sub", json!(self.client_id)),
            ("iat", json!(issued_at)),
            ("exp", json!(expires_at)),
            ("jti", json!(jwt_id()?)),
        ] {
            claims.insert(name.to_owned(), value);
        }
        if let Some(audience) = &self.audience {
            claims.insert("aud".to_owned(), json!(audience));
        } else if !self.claims.iter().any(|(name, _)| name == "aud") {
            return Err(SignError::new(
                "the audience is missing: call .audience(the server's issuer identifier)",
            ));
        }
        change(&mut claims, &self.claims);
        Ok(claims)
    }
}

fn change(members: &mut Map<String, Value>, changes: &Changes) {
    for (name, value) in changes {
        match value {
            Some(value) => members.insert(name.clone(), value.clone()),
            None => members.remove(name),
        };
    }
}

fn jwt_id() -> Result<String, SignError> {
    let mut octets = [0_u8; 16];
    rand::fill(&mut octets).map_err(|_| SignError::new("the operating system gives no random numbers"))?;
    Ok(base64url(&octets))
}

/// rfc7523bis §4: the type that says what the JWT is for.
const TYP: &str = "client-authentication+jwt";

/// Enough for a slow network, too short to be worth stealing.
const LIFETIME: Duration = Duration::from_secs(60);
