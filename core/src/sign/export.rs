//! A key written down: its public part for the server, all of it for the client's own keeping.

use aws_lc_rs::encoding::{AsBigEndian, AsDer, EcPrivateKeyBin, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::signature::{KeyPair as _, RsaKeyPair};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::signing_key::Material;
use super::{SignError, SigningKey, base64url, der, pem};
use crate::key::KeySet;

impl SigningKey {
    /// The public part as a JWK, for the client's `jwks` at the server. `None` for a secret.
    pub fn public_jwk(&self) -> Option<Value> {
        let mut members = public_members(self.material())?;
        members.insert("use".to_owned(), "sig".into());
        members.insert("alg".to_owned(), self.algorithm().as_str().into());
        if let Some(key_id) = self.key_id() {
            members.insert("kid".to_owned(), key_id.into());
        }
        Some(Value::Object(members))
    }

    /// The JWK thumbprint with SHA-256 ([RFC 7638](https://www.rfc-editor.org/rfc/rfc7638)). `None` for a secret, of
    /// which it would be a hash.
    pub fn thumbprint(&self) -> Option<String> {
        let jwk = public_members(self.material())?;
        let set = KeySet::from_jwks(&json!({ "keys": [jwk] })).ok()?;
        set.keys().next().map(|key| key.thumbprint().to_string())
    }

    /// The public part as PEM (`PUBLIC KEY`). `None` for a secret.
    ///
    /// # Errors
    /// [`SignError`] when the cryptographic library fails.
    pub fn public_pem(&self) -> Result<Option<String>, SignError> {
        let der: PublicKeyX509Der<'_> = match self.material() {
            Material::Rsa(pair) => pair.public_key().as_der(),
            Material::Ec(pair, _) => pair.public_key().as_der(),
            Material::Ed25519(pair) => pair.public_key().as_der(),
            #[cfg(feature = "ml-dsa")]
            Material::MlDsa(pair, _) => pair.public_key().as_der(),
            Material::Secret(_) => return Ok(None),
        }
        .map_err(SignError::failed)?;
        Ok(Some(pem::write("PUBLIC KEY", der.as_ref()).to_string()))
    }

    /// The private key as a JWK, in JSON.
    ///
    /// # Errors
    /// [`SignError`] when the cryptographic library fails.
    pub fn to_jwk(&self) -> Result<Zeroizing<String>, SignError> {
        let mut members = match (self.public_jwk(), self.key_id()) {
            (Some(Value::Object(members)), _) => members,
            (_, key_id) => {
                let mut members = Map::new();
                members.insert("kty".to_owned(), "oct".into());
                members.insert("use".to_owned(), "sig".into());
                members.insert("alg".to_owned(), self.algorithm().as_str().into());
                members.extend(key_id.map(|key_id| ("kid".to_owned(), key_id.into())));
                members
            }
        };
        for (name, octets) in self.private_members()? {
            members.insert(name.to_owned(), base64url(&octets).into());
        }
        // Written into room enough for the largest key, so that nothing of it is left behind by growth.
        let mut text = Zeroizing::new(Vec::with_capacity(16 * 1024));
        serde_json::to_writer(&mut *text, &members).map_err(SignError::failed)?;
        for (_, value) in members {
            if let Value::String(member) = value {
                drop(Zeroizing::new(member));
            }
        }
        let text = String::from_utf8(std::mem::take(&mut *text)).map_err(SignError::failed)?;
        Ok(Zeroizing::new(text))
    }

    /// The private key as PEM: PKCS#8, version 1, which every tool reads.
    ///
    /// # Errors
    /// [`SignError`] for a secret, which has no such form.
    pub fn to_pem(&self) -> Result<Zeroizing<String>, SignError> {
        let failed = SignError::failed;
        Ok(match self.material() {
            Material::Rsa(pair) => {
                let der: Pkcs8V1Der<'_> = pair.as_der().map_err(failed)?;
                pem::write(PRIVATE_KEY, der.as_ref())
            }
            Material::Ec(pair, _) => pem::write(PRIVATE_KEY, pair.to_pkcs8v1().map_err(failed)?.as_ref()),
            Material::Ed25519(pair) => pem::write(PRIVATE_KEY, pair.to_pkcs8v1().map_err(failed)?.as_ref()),
            #[cfg(feature = "ml-dsa")]
            Material::MlDsa(pair, _) => pem::write(PRIVATE_KEY, pair.to_pkcs8v1().map_err(failed)?.as_ref()),
            Material::Secret(_) => return Err(SignError::new("a secret has no PEM form; write it as a JWK")),
        })
    }

    fn private_members(&self) -> Result<Vec<Member>, SignError> {
        Ok(match self.material() {
            Material::Rsa(pair) => rsa_private_members(pair)?,
            Material::Ec(pair, _) => {
                let d: EcPrivateKeyBin<'_> = pair.private_key().as_be_bytes().map_err(SignError::failed)?;
                vec![("d", Zeroizing::new(d.as_ref().to_vec()))]
            }
            Material::Ed25519(pair) => {
                let seed = pair.seed().and_then(|seed| seed.as_be_bytes()).map_err(SignError::failed)?;
                vec![("d", Zeroizing::new(seed.as_ref().to_vec()))]
            }
            #[cfg(feature = "ml-dsa")]
            Material::MlDsa(pair, _) => vec![("priv", super::ml_dsa::seed(pair)?)],
            Material::Secret(secret) => vec![("k", secret.clone())],
        })
    }
}

/// A private member and its octets.
type Member = (&'static str, Zeroizing<Vec<u8>>);

/// The members that make the key, none that describe it.
fn public_members(material: &Material) -> Option<Map<String, Value>> {
    let members = match material {
        Material::Rsa(pair) => {
            let numbers = der::rsa_public_numbers(pair.public_key().as_ref())?;
            let [n, e] = numbers.as_slice() else { return None };
            json!({ "kty": "RSA", "n": base64url(n), "e": base64url(e) })
        }
        Material::Ec(pair, curve) => {
            // An uncompressed point: the octet 4, then both coordinates.
            let point = pair.public_key().as_ref().get(1..)?;
            let (x, y) = point.split_at_checked(curve.octets)?;
            json!({ "kty": "EC", "crv": curve.name, "x": base64url(x), "y": base64url(y) })
        }
        Material::Ed25519(pair) => json!({
            "kty": "OKP",
            "crv": "Ed25519",
            "x": base64url(pair.public_key().as_ref()),
        }),
        #[cfg(feature = "ml-dsa")]
        Material::MlDsa(pair, set) => json!({
            "kty": "AKP",
            "alg": set.algorithm.as_str(),
            "pub": base64url(pair.public_key().as_ref()),
        }),
        Material::Secret(_) => return None,
    };
    members.as_object().cloned()
}

/// [RFC 7518 §6.3.2](https://www.rfc-editor.org/rfc/rfc7518#section-6.3.2), out of the key's PKCS#8 form: the
/// library gives its numbers in no other way.
fn rsa_private_members(pair: &RsaKeyPair) -> Result<Vec<Member>, SignError> {
    const MEMBERS: [&str; 6] = ["d", "p", "q", "dp", "dq", "qi"];
    let pkcs8: Pkcs8V1Der<'_> = pair.as_der().map_err(SignError::failed)?;
    let numbers = der::rsa_private_numbers(pkcs8.as_ref()).ok_or_else(|| SignError::failed(()))?;
    // version, n and e come first.
    Ok(MEMBERS.into_iter().zip(numbers.into_iter().skip(3)).collect())
}

const PRIVATE_KEY: &str = "PRIVATE KEY";
