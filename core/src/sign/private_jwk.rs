//! A private JWK ([RFC 7517](https://www.rfc-editor.org/rfc/rfc7517),
//! [RFC 7518 §6](https://www.rfc-editor.org/rfc/rfc7518#section-6)).

use aws_lc_rs::rsa::{KeyPairComponents, PublicKeyComponents};
use aws_lc_rs::signature::{EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::SignError;
use super::jws::CURVES;
use super::signing_key::Material;
use crate::algorithm::{Algorithm, UnknownAlgorithm};

/// The key, its `alg` and its `kid`.
pub(super) type Read = (Material, Option<Algorithm>, Option<String>);

pub(super) fn read(json: &str) -> Result<Read, SignError> {
    // serde_json's own message may repeat a member's value.
    let jwk: PrivateJwk = serde_json::from_str(json)
        .map_err(|error| SignError::new(format!("is not a JWK: see line {}", error.line())))?;
    let algorithm = match &jwk.alg {
        None => None,
        Some(name) => {
            Some(name.parse().map_err(|error: UnknownAlgorithm| SignError::new(format!("has an {error}")))?)
        }
    };
    let material = match jwk.kty.as_str() {
        "RSA" => rsa(&jwk)?,
        "EC" => ec(&jwk)?,
        "OKP" => okp(&jwk)?,
        "oct" => Material::Secret(member(&jwk.k, "k")?),
        #[cfg(feature = "ml-dsa")]
        "AKP" => akp(&jwk, algorithm)?,
        _ => {
            return Err(SignError::new(
                "has a kty other than RSA, EC, OKP, oct and, with the feature ml-dsa, AKP",
            ));
        }
    };
    Ok((material, algorithm, jwk.kid))
}

#[derive(Deserialize)]
struct PrivateJwk {
    kty: String,
    alg: Option<String>,
    kid: Option<String>,
    crv: Option<String>,
    n: Option<Text>,
    e: Option<Text>,
    x: Option<Text>,
    y: Option<Text>,
    d: Option<Text>,
    p: Option<Text>,
    q: Option<Text>,
    dp: Option<Text>,
    dq: Option<Text>,
    qi: Option<Text>,
    k: Option<Text>,
    #[cfg(feature = "ml-dsa")]
    r#pub: Option<Text>,
    #[cfg(feature = "ml-dsa")]
    r#priv: Option<Text>,
}

type Text = Zeroizing<String>;

fn rsa(jwk: &PrivateJwk) -> Result<Material, SignError> {
    let (n, e) = (without_zeros(&member(&jwk.n, "n")?), without_zeros(&member(&jwk.e, "e")?));
    let pair = RsaKeyPair::from_components(&KeyPairComponents {
        public_key: PublicKeyComponents { n, e },
        d: member(&jwk.d, "d")?.to_vec(),
        p: member(&jwk.p, "p")?.to_vec(),
        q: member(&jwk.q, "q")?.to_vec(),
        dP: member(&jwk.dp, "dp")?.to_vec(),
        dQ: member(&jwk.dq, "dq")?.to_vec(),
        qInv: member(&jwk.qi, "qi")?.to_vec(),
    });
    pair.map(|pair| Material::Rsa(Box::new(pair)))
        .map_err(|_| SignError::new("is not an RSA key of 2048 to 8192 bits whose members fit each other"))
}

fn ec(jwk: &PrivateJwk) -> Result<Material, SignError> {
    let curve = CURVES
        .iter()
        .find(|curve| jwk.crv.as_deref() == Some(curve.name))
        .ok_or_else(|| SignError::new("has a crv other than P-256, P-384 and P-521"))?;
    let point = [&[UNCOMPRESSED], member(&jwk.x, "x")?.as_slice(), member(&jwk.y, "y")?.as_slice()].concat();
    EcdsaKeyPair::from_private_key_and_public_key(curve.signing, &member(&jwk.d, "d")?, &point)
        .map(|pair| Material::Ec(Box::new(pair), curve))
        .map_err(|_| SignError::new("has a d, x and y that are not one key on its curve"))
}

fn okp(jwk: &PrivateJwk) -> Result<Material, SignError> {
    if jwk.crv.as_deref() != Some("Ed25519") {
        return Err(SignError::new("has a crv other than Ed25519"));
    }
    let (seed, public) = (member(&jwk.d, "d")?, member(&jwk.x, "x")?);
    if seed.len() != 32 {
        return Err(SignError::new("has a d that is not 32 octets long"));
    }
    Ed25519KeyPair::from_seed_and_public_key(&seed, &public)
        .map(|pair| Material::Ed25519(Box::new(pair)))
        .map_err(|_| SignError::new("has a d and x that are not one key"))
}

/// RFC 9964 §3: `alg` is part of the key.
#[cfg(feature = "ml-dsa")]
fn akp(jwk: &PrivateJwk, algorithm: Option<Algorithm>) -> Result<Material, SignError> {
    algorithm
        .and_then(super::ml_dsa::ParameterSet::of)
        .ok_or_else(|| SignError::new("has no alg of ML-DSA, which kty AKP requires"))?
        .key_pair(&member(&jwk.r#priv, "priv")?, &member(&jwk.r#pub, "pub")?)
}

fn member(text: &Option<Text>, name: &'static str) -> Result<Zeroizing<Vec<u8>>, SignError> {
    let text = text.as_ref().ok_or_else(|| {
        SignError::new(match name {
            "d" | "k" | "priv" => {
                format!("has no {name}: it is a public key, and signing needs the private one")
            }
            _ => format!("has no {name}"),
        })
    })?;
    URL_SAFE_NO_PAD
        .decode(text.as_bytes())
        .map(Zeroizing::new)
        .map_err(|_| SignError::new(format!("has a {name} that is not base64url without padding")))
}

/// Some encoders write the sign octet of their big integers.
fn without_zeros(octets: &[u8]) -> Vec<u8> {
    octets.iter().copied().skip_while(|octet| *octet == 0).collect()
}

/// SEC 1 §2.3.3: the octet that says both coordinates follow.
const UNCOMPRESSED: u8 = 4;
