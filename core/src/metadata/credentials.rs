//! What a client's metadata says it can prove itself with: secrets and keys.

use super::{ClientMetadata, MetadataError, Timestamp};
use crate::auth_method::AuthMethod;
#[cfg(feature = "mtls")]
use crate::certificate::CertificateSubject;
use crate::jwks_uri;
use crate::key::KeySet;
use crate::secret::{ClientSecret, HashError};

impl ClientMetadata {
    /// Every secret. `client_secret_expires_at` is the end of `client_secret`; without one, of each of `client_secrets`
    /// that has no end of its own.
    pub(super) fn secrets(
        &self,
        read_hash: fn(&str) -> Result<ClientSecret, HashError>,
    ) -> Result<Vec<ClientSecret>, MetadataError> {
        let mut secrets = Vec::new();
        let end = self.client_secret_expires_at.and_then(Timestamp::unless_zero);
        if let Some(secret) = &self.client_secret {
            let secret = self.secret("client_secret", secret)?;
            secrets.push(match end {
                Some(end) => secret.expires_at(end),
                None => secret,
            });
        }
        let end_of_others = end.filter(|_| self.client_secret.is_none());
        for entry in &self.client_secrets {
            let mut secret = match (&entry.secret, &entry.secret_hash) {
                (Some(secret), None) => self.secret("client_secrets", secret)?,
                (None, Some(hash)) => read_hash(hash).map_err(unreadable_hash)?,
                _ => {
                    return Err(MetadataError::new(
                        "client_secrets",
                        "an entry has both secret and secret_hash, or neither",
                        "give it one of the two",
                    ));
                }
            };
            if let Some(label) = &entry.label {
                secret = secret.with_label(label.as_str());
            }
            if let Some(start) = entry.not_before.and_then(Timestamp::unless_zero) {
                secret = secret.not_before(start);
            }
            let end = entry.expires_at.map_or(end_of_others, Timestamp::unless_zero);
            if let Some(end) = end {
                secret = secret.expires_at(end);
            }
            secrets.push(secret);
        }
        Ok(secrets)
    }

    /// What is wrong with hashes that cannot be read.
    pub(super) fn unreadable_hashes(&self) -> impl Iterator<Item = MetadataError> {
        let hashes = self.client_secrets.iter().filter_map(|entry| entry.secret_hash.as_deref());
        hashes.filter_map(|hash| ClientSecret::hashed(hash).err().map(unreadable_hash))
    }

    /// Kept in the clear only where it is somebody's key.
    fn secret(&self, field: &'static str, secret: &str) -> Result<ClientSecret, MetadataError> {
        if secret.is_empty() {
            return Err(MetadataError::new(
                field,
                "is empty",
                "an empty secret proves nothing; generate one",
            ));
        }
        let is_a_key = self.grants().iter().any(|grant| *grant.method() == AuthMethod::CLIENT_SECRET_JWT)
            || self.id_token_signed_response_alg.as_deref().is_some_and(|alg| alg.starts_with("HS"));
        Ok(if is_a_key { ClientSecret::raw(secret) } else { ClientSecret::generated(secret) })
    }

    pub(super) fn keys(&self) -> Result<KeySet, MetadataError> {
        if self.jwks.is_some() && self.jwks_uri.is_some() {
            return Err(MetadataError::new(
                "jwks_uri",
                "stands beside jwks (RFC 7591 §2)",
                "keep one of the two",
            ));
        }
        if let Some(uri) = &self.jwks_uri {
            jwks_uri::check(uri)
                .map_err(|problem| MetadataError::new("jwks_uri", problem, "give an https URL"))?;
        }
        let keys = match &self.jwks {
            None => KeySet::default(),
            Some(document) => KeySet::from_jwks(document)
                .map_err(|error| MetadataError::new("jwks", error.to_string(), "correct the key set"))?,
        };
        self.with_public_keys(keys)
    }

    #[cfg(feature = "x509")]
    fn with_public_keys(&self, keys: KeySet) -> Result<KeySet, MetadataError> {
        if !self.public_keys.is_empty() && self.jwks_uri.is_some() {
            return Err(MetadataError::new(
                "public_keys",
                "stands beside jwks_uri, whose keys alone would count",
                "keep one of the two",
            ));
        }
        keys.with_public_keys(&self.public_keys).map_err(|error| {
            MetadataError::new(
                "public_keys",
                error.to_string(),
                "give each certificate or public key an entry of its own, as PEM or as base64 of the certificate",
            )
        })
    }

    #[cfg(not(feature = "x509"))]
    fn with_public_keys(&self, keys: KeySet) -> Result<KeySet, MetadataError> {
        if self.public_keys.is_empty() {
            return Ok(keys);
        }
        Err(MetadataError::new(
            "public_keys",
            "cannot be read without the feature x509 of countersign",
            "build with that feature, or put the keys into jwks",
        ))
    }

    /// Every registered subject of a certificate, by its field. There is to be one at most.
    pub(super) fn certificate_subjects(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("tls_client_auth_subject_dn", &self.tls_client_auth_subject_dn),
            ("tls_client_auth_san_dns", &self.tls_client_auth_san_dns),
            ("tls_client_auth_san_uri", &self.tls_client_auth_san_uri),
            ("tls_client_auth_san_ip", &self.tls_client_auth_san_ip),
            ("tls_client_auth_san_email", &self.tls_client_auth_san_email),
        ]
        .into_iter()
        .filter_map(|(field, value)| Some((field, value.as_deref()?)))
    }

    #[cfg(feature = "mtls")]
    pub(super) fn certificate_subject(&self) -> Result<Option<CertificateSubject>, MetadataError> {
        let Some((field, value)) = self.certificate_subjects().next() else { return Ok(None) };
        let subject = match field {
            "tls_client_auth_subject_dn" => CertificateSubject::dn(value),
            "tls_client_auth_san_dns" => CertificateSubject::dns(value),
            "tls_client_auth_san_uri" => CertificateSubject::uri(value),
            "tls_client_auth_san_ip" => CertificateSubject::ip(value),
            _ => CertificateSubject::email(value),
        };
        subject.map(Some).map_err(|error| {
            MetadataError::new(
                field,
                error.to_string(),
                "write it as the certificate has it (RFC 8705 §2.1.2)",
            )
        })
    }
}

fn unreadable_hash(error: HashError) -> MetadataError {
    MetadataError::new("client_secrets", format!("a secret_hash {error}"), "write the hash again")
}
