//! A certificate in the making, and one that is signed.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::extension::Extension;
use crate::der::{BIT_STRING, SEQUENCE, element, integer, subject_public_key_info};
use crate::jwk::PrivateJwk;
use crate::row::NOW;

/// A certificate before it is signed: of version 3, valid from an hour ago until tomorrow.
#[derive(Clone, Debug)]
pub struct Draft {
    is_version_1: bool,
    serial: u8,
    subject: Vec<u8>,
    key: Arc<PrivateJwk>,
    from: i64,
    until: i64,
    extensions: Vec<Extension>,
}

/// A certificate, and the private key that belongs to it.
#[derive(Debug)]
pub struct Issued {
    /// In DER.
    pub der: Vec<u8>,
    /// What it was made from.
    pub draft: Draft,
}

impl Draft {
    /// Nobody's, with a new key: no extension says what it may be used for.
    pub fn bare(subject: Vec<u8>) -> Self {
        Draft {
            is_version_1: false,
            serial: 1,
            subject,
            key: Arc::new(PrivateJwk::generate()),
            from: -HOUR,
            until: 24 * HOUR,
            extensions: Vec::new(),
        }
    }

    /// One that authenticates a client.
    pub fn client(subject: Vec<u8>) -> Self {
        Draft::bare(subject).with(Extension::may_sign()).with(Extension::purposes(&[CLIENT_AUTH]))
    }

    /// One of an authority.
    pub fn authority(subject: Vec<u8>) -> Self {
        Draft::bare(subject).with(Extension::authority(None)).with(Extension::may_certify())
    }

    /// Adds an extension, in place of one of the same kind.
    #[must_use]
    pub fn with(mut self, extension: Extension) -> Self {
        self.extensions.retain(|other| other.oid != extension.oid);
        self.extensions.push(extension);
        self
    }

    /// Adds an extension, whether or not there is one of this kind.
    #[must_use]
    pub fn with_another(mut self, extension: Extension) -> Self {
        self.extensions.push(extension);
        self
    }

    /// Drops an extension of the arc `id-ce`.
    #[must_use]
    pub fn without(mut self, number: u8) -> Self {
        self.extensions.retain(|extension| extension.oid != [0x55, 0x1D, number]);
        self
    }

    /// As certificates were before there were extensions.
    #[must_use]
    pub fn version_1(mut self) -> Self {
        self.is_version_1 = true;
        self.extensions.clear();
        self
    }

    /// Another serial number than 1.
    #[must_use]
    pub fn serial(mut self, serial: u8) -> Self {
        self.serial = serial;
        self
    }

    /// For another subject.
    #[must_use]
    pub fn subject(mut self, subject: Vec<u8>) -> Self {
        self.subject = subject;
        self
    }

    /// For a key that is there already.
    #[must_use]
    pub fn key(mut self, key: Arc<PrivateJwk>) -> Self {
        self.key = key;
        self
    }

    /// Valid between these seconds from [`NOW`], both included.
    #[must_use]
    pub fn valid(mut self, from: i64, until: i64) -> Self {
        (self.from, self.until) = (from, until);
        self
    }

    /// Signed by an authority.
    pub fn issued_by(&self, issuer: &Issued) -> Issued {
        self.issued_as(&issuer.draft.subject, &issuer.draft.key)
    }

    /// Signed by its own key.
    pub fn self_signed(&self) -> Issued {
        self.issued_as(&self.subject, &self.key)
    }

    /// Signed by this key, in this name. The key is on P-256.
    pub fn issued_as(&self, issuer: &[u8], key: &PrivateJwk) -> Issued {
        let content = self.content(issuer);
        let signature = key.sign("ES256", &content);
        let (r, s) = signature.split_at(32);
        let signature = element(SEQUENCE, &[integer(r), integer(s)].concat());
        let signature = element(BIT_STRING, &[&[0], signature.as_slice()].concat());
        let der = element(SEQUENCE, &[content, ecdsa_with_sha256(), signature].concat());
        Issued { der, draft: self.clone() }
    }

    /// `TBSCertificate`.
    fn content(&self, issuer: &[u8]) -> Vec<u8> {
        let version = if self.is_version_1 { Vec::new() } else { element(0xA0, &integer(&[2])) };
        let validity = element(SEQUENCE, &[utc_time(self.from), utc_time(self.until)].concat());
        let extensions: Vec<u8> = self.extensions.iter().flat_map(Extension::to_der).collect();
        let extensions =
            if extensions.is_empty() { extensions } else { element(0xA3, &element(SEQUENCE, &extensions)) };
        let content = [
            version,
            integer(&[self.serial]),
            ecdsa_with_sha256(),
            issuer.to_vec(),
            validity,
            self.subject.clone(),
            subject_public_key_info(&self.key),
            extensions,
        ];
        element(SEQUENCE, &content.concat())
    }
}

impl Issued {
    /// Its private key.
    pub fn key(&self) -> &Arc<PrivateJwk> {
        &self.draft.key
    }

    /// Its public key, with the certificate as `x5c`.
    pub fn jwk(&self) -> Value {
        self.key().with(json!({"x5c": [STANDARD.encode(&self.der)]})).public()
    }
}

const HOUR: i64 = 3600;

const CLIENT_AUTH: u8 = 2;

fn ecdsa_with_sha256() -> Vec<u8> {
    element(SEQUENCE, b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02")
}

/// [`NOW`] lies in January 2027, and so does everything that is tried.
fn utc_time(seconds_from_now: i64) -> Vec<u8> {
    const FIRST_OF_JANUARY: i64 = 1_798_761_600;
    let second = NOW + seconds_from_now - FIRST_OF_JANUARY;
    let (day, second) = (second.div_euclid(24 * HOUR) + 1, second.rem_euclid(24 * HOUR));
    assert!((1..=31).contains(&day), "outside of January 2027");
    let (hour, minute, second) = (second / HOUR, second % HOUR / 60, second % 60);
    element(0x17, format!("2701{day:02}{hour:02}{minute:02}{second:02}Z").as_bytes())
}
