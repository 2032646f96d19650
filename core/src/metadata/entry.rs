//! The members of the two lists that are ours: `client_secrets` and `auth_methods`.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Timestamp;
use crate::auth_method::AuthMethod;
use crate::endpoint::Endpoint;
use crate::grant::MethodGrant;

/// One of several secrets.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the fields are the names in the file")]
pub struct SecretEntry {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_hash: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// One of several methods.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the fields are the names in the file")]
pub struct GrantEntry {
    pub method: AuthMethod,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoints: Option<Vec<Endpoint>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl GrantEntry {
    pub(super) fn grant(&self) -> MethodGrant {
        let mut grant = MethodGrant::new(self.method.clone());
        if let Some(endpoints) = &self.endpoints {
            grant = grant.at(endpoints.iter().copied());
        }
        if let Some(until) = self.until.and_then(Timestamp::unless_zero) {
            grant = grant.until(until);
        }
        grant
    }
}

/// Shows the label, never the secret or its hash.
impl fmt::Debug for SecretEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretEntry").field("label", &self.label).finish_non_exhaustive()
    }
}
