//! The clients: what each is registered with, since when, and what it proves itself by.

use std::sync::Arc;

use aws_lc_rs::pbkdf2;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use countersign_tests::fixtures::fixtures;
use countersign_tests::jwk::PrivateJwk;
use serde_json::{Value, json};

use crate::history::History;
use crate::random::fresh_number;

/// By what a client authenticates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Basic,
    Post,
    /// `client_secret_basic`, the secret under a slow hash.
    SlowHash,
    Public,
    /// `client_secret_jwt`.
    Mac,
    /// `private_key_jwt` with the registered key of a fixture client, and whose key nobody registered.
    Signature {
        fixture: &'static str,
        foreign: &'static str,
    },
    /// `private_key_jwt` with keys behind a `jwks_uri`.
    RemoteKeys,
}

const KINDS: [(&str, Kind); 11] = [
    ("basic", Kind::Basic),
    ("post", Kind::Post),
    ("slow-hash", Kind::SlowHash),
    ("public", Kind::Public),
    ("mac", Kind::Mac),
    ("es256", Kind::Signature { fixture: "c-pkjwt-es256", foreign: "attacker-ec" }),
    ("es384", Kind::Signature { fixture: "c-pkjwt-es384", foreign: "attacker-p384" }),
    ("rs256", Kind::Signature { fixture: "c-pkjwt-rs256", foreign: "attacker-rsa" }),
    ("ps256", Kind::Signature { fixture: "c-pkjwt-ps256", foreign: "attacker-rsa" }),
    ("eddsa", Kind::Signature { fixture: "c-pkjwt-eddsa", foreign: "attacker-ed" }),
    ("jwks-uri", Kind::RemoteKeys),
];

/// One client.
pub(crate) struct Subject {
    pub(crate) id: String,
    pub(crate) kind: Kind,
    pub(crate) entry: History<Entry>,
    /// At its `jwks_uri`: the first is the one that it signs with.
    pub(crate) published: History<Vec<Arc<PrivateJwk>>>,
    jwks_uri: String,
}

/// What the registry says of a client.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) standing: Standing,
    pub(crate) secret: Arc<str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Registered,
    Disabled,
    Removed,
    /// Its row cannot be read.
    Broken,
}

impl Subject {
    /// Three of each kind.
    pub(crate) fn all(jwks_uri: impl Fn(&str) -> String) -> Vec<Arc<Subject>> {
        let of_kind = |(name, kind): (&str, Kind)| {
            (1..=3).map(|number| format!("{name}-{number}")).map(move |id| (id, kind)).collect::<Vec<_>>()
        };
        let subject = |(id, kind): (String, Kind)| {
            let entry = Entry { standing: Standing::Registered, secret: fresh_secret() };
            let jwks_uri = jwks_uri(&id);
            let published = History::new(vec![fresh_key()]);
            Arc::new(Subject { id, kind, entry: History::new(entry), published, jwks_uri })
        };
        KINDS.into_iter().flat_map(of_kind).map(subject).collect()
    }

    /// Its kind, as a word.
    pub(crate) fn kind_name(&self) -> &str {
        self.id.rsplit_once('-').map_or("", |(kind, _)| kind)
    }

    /// Its metadata, with this secret.
    pub(crate) fn metadata(&self, entry: &Entry) -> Value {
        let (method, algorithm) = match self.kind {
            Kind::Basic | Kind::SlowHash => ("client_secret_basic", None),
            Kind::Post => ("client_secret_post", None),
            Kind::Public => ("none", None),
            Kind::Mac => ("client_secret_jwt", Some("HS256".to_owned())),
            Kind::Signature { .. } | Kind::RemoteKeys => ("private_key_jwt", Some(self.algorithm())),
        };
        let mut metadata = json!({"client_id": self.id, "token_endpoint_auth_method": method});
        if let Some(algorithm) = algorithm {
            metadata["token_endpoint_auth_signing_alg"] = algorithm.into();
        }
        match self.kind {
            Kind::Basic | Kind::Post | Kind::Mac => metadata["client_secret"] = (*entry.secret).into(),
            Kind::SlowHash => {
                metadata["client_secrets"] = json!([{"secret_hash": slow_hash(&entry.secret)}]);
            }
            Kind::Signature { fixture, .. } => {
                metadata["jwks"] = json!({"keys": [fixtures().key_of(fixture).public()]});
            }
            Kind::RemoteKeys => metadata["jwks_uri"] = self.jwks_uri.as_str().into(),
            Kind::Public => {}
        }
        if entry.standing == Standing::Disabled {
            metadata["disabled"] = true.into();
        }
        metadata
    }

    /// What it signs with.
    pub(crate) fn key(&self) -> Option<Arc<PrivateJwk>> {
        match self.kind {
            Kind::Mac => Some(Arc::new(PrivateJwk::of_secret(&self.entry.latest().secret))),
            Kind::Signature { fixture, .. } => Some(fixtures().key_of(fixture)),
            Kind::RemoteKeys => self.published.latest().first().cloned(),
            _ => None,
        }
    }

    pub(crate) fn algorithm(&self) -> String {
        match self.kind {
            Kind::Mac => "HS256".to_owned(),
            Kind::Signature { fixture, .. } => fixtures().client(fixture).signing_algorithm(),
            _ => "ES256".to_owned(),
        }
    }

    /// A key that is not the client's, of the same type.
    pub(crate) fn foreign_key(&self) -> Arc<PrivateJwk> {
        match self.kind {
            Kind::Mac => Arc::new(PrivateJwk::of_secret(&fresh_secret())),
            Kind::Signature { foreign, .. } => fixtures().key(foreign),
            _ => fixtures().key("attacker-ec"),
        }
    }

    pub(crate) fn has_secret(&self) -> bool {
        matches!(self.kind, Kind::Basic | Kind::Post | Kind::SlowHash | Kind::Mac)
    }
}

/// A secret that no client had before.
pub(crate) fn fresh_secret() -> Arc<str> {
    format!("the secret number {:08}, long enough for a MAC", fresh_number()).into()
}

/// A key on P-256 with a name that no key had before.
pub(crate) fn fresh_key() -> Arc<PrivateJwk> {
    let named = json!({"kid": format!("key-{}", fresh_number()), "alg": "ES256"});
    Arc::new(PrivateJwk::generate().with(named))
}

fn slow_hash(secret: &str) -> String {
    let (iterations, salt, mut output) = (10_000, b"salt of the soak", [0; 32]);
    let iterations_of_it = std::num::NonZeroU32::new(iterations).unwrap();
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, iterations_of_it, salt, secret.as_bytes(), &mut output);
    let [salt, output] = [&salt[..], &output[..]].map(|octets| STANDARD_NO_PAD.encode(octets));
    format!("$pbkdf2-sha256$i={iterations}${salt}${output}")
}
