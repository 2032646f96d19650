//! A case of `cases/cases.jsonl`, and the part of its language that this interpreter speaks.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::mutate::Mutation;

/// A line of the corpus. `construct` stays JSON until patches and variants are in.
#[derive(Clone, Debug, Deserialize)]
pub struct Case {
    /// Stable, such as `BASIC-002`.
    pub id: String,
    /// What is tested, as a sentence or half of one.
    pub title: String,
    /// The request, in the language of `cases/README.md` section 0.3.
    pub construct: Value,
    /// The rules the case assumes: `any`, `strict`, `compat`, `fapi2`, `mtls`, `attest`.
    pub profile: String,
    /// The statuses that the corpus allows.
    pub expect_status: Vec<u16>,
    /// The values of `error` that the corpus allows; empty means any.
    pub expect_error: Vec<String>,
}

/// Every case, in the order of the file.
pub fn cases() -> Vec<Case> {
    include_str!("../../cases/cases.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}")))
        .collect()
}

/// One request, after patches and variants. Unknown fields are an error, so that none is overlooked.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Construct {
    pub(super) client: String,
    /// The method the client is registered for; its registration says so, too.
    #[serde(default)]
    pub(super) method: Option<String>,
    pub(super) client_id: Option<String>,
    /// What the client registered, if not the fixture's.
    pub(super) jwks_uri: Option<String>,
    pub(super) endpoint: Option<String>,
    pub(super) http_method: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) content_encoding: Option<String>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) headers_dup: Vec<String>,
    pub(super) query: Map<String, Value>,
    pub(super) form: Map<String, Value>,
    pub(super) form_remove: Vec<String>,
    pub(super) form_dup: BTreeMap<String, String>,
    pub(super) raw_form: Option<String>,

    pub(super) auth: Option<String>,
    pub(super) secret: Option<String>,
    pub(super) raw_basic: Option<String>,
    pub(super) raw_basic_hex: Option<String>,
    pub(super) raw_authorization: Option<String>,

    pub(super) claims_set: Map<String, Value>,
    pub(super) claims_json: Map<String, Value>,
    pub(super) claims_remove: Vec<String>,
    pub(super) dup_claim: BTreeMap<String, Vec<Value>>,
    pub(super) payload_raw: Option<String>,
    pub(super) payload_hex: Option<String>,
    pub(super) payload_encoding: Option<String>,
    pub(super) header_set: Map<String, Value>,
    pub(super) header_remove: Vec<String>,
    pub(super) header_raw: Option<String>,
    pub(super) header_hex: Option<String>,
    pub(super) unprotected: Option<Value>,
    pub(super) sign_alg: Option<String>,
    pub(super) sign_key: Option<SignKey>,
    pub(super) sign: SignParameters,
    pub(super) compact: Option<String>,
    pub(super) serialization: Option<String>,
    pub(super) mutate: Vec<Mutation>,

    /// The certificate of the handshake. The client's own where a case that needs one names none; none where it is null.
    #[serde(deserialize_with = "given")]
    pub(super) cert: Option<Option<String>>,
    pub(super) chain_extra: Vec<String>,
    /// The client's name as it is registered, whichever of the five fields that is.
    pub(super) registered: Option<String>,
    pub(super) listener: Option<String>,

    // Words of ours, for verdicts that put a case's prose into fields.
    pub(super) policy: Option<Value>,
    /// The request comes through a trusted proxy that passes certificates on in this form.
    pub(super) proxy: Option<String>,
    pub(super) also: Vec<Value>,
    pub(super) sequence: Vec<SequenceStep>,
}

/// The key that signs, if it is not the client's own.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum SignKey {
    Named(String),
    Hmac(HmacKey),
}

/// The octets of an HMAC key: given, a client's secret, or made from a public key.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HmacKey {
    pub(super) hmac_hex: Option<String>,
    pub(super) hmac_secret_of: Option<String>,
    pub(super) hmac_from: Option<String>,
    pub(super) of: Option<String>,
    #[serde(default)]
    pub(super) before: String,
    #[serde(default)]
    pub(super) after: String,
    #[serde(default)]
    pub(super) crlf: bool,
}

/// How a signature differs from the one its `alg` promises.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SignParameters {
    pub(super) pss_salt: Option<usize>,
    pub(super) mgf: Option<String>,
    /// The algorithm that is used, whatever the header says.
    pub(super) scheme: Option<String>,
    /// The number of a prepared encoded message.
    pub(super) template: Option<u64>,
}

/// One of several steps: a request, or a jump of the clock.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SequenceStep {
    /// The letter of the assertion; one that was sent before is sent again as it was.
    pub(super) send: Option<String>,
    /// The letter of an assertion that is taken instead of a new one, and edited.
    pub(super) from: Option<String>,
    /// The edits of it.
    pub(super) mutate: Vec<Mutation>,
    /// How the request differs from the case's.
    pub(super) with: Value,
    /// Seconds.
    pub(super) advance: Option<i64>,
    /// The certificate that the client has at its `jwks_uri` from now on.
    pub(super) publish: Option<String>,
    /// Members that the client is registered with from now on, beside or in place of its own.
    pub(super) register: Option<Value>,
    /// The answer, if not "accepted"; the last step gets the verdict.
    pub(super) expect: Option<super::verdict::Outcome>,
}

/// Tells `null` from nothing.
fn given<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(value).map(Some)
}

impl Construct {
    pub(super) fn read(construct: &Value, id: &str) -> Self {
        serde_json::from_value(construct.clone())
            .unwrap_or_else(|error| panic!("{id}: {error} in {construct}"))
    }
}
