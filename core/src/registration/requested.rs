//! What a client says of itself, as metadata: names and types, before anything is judged.

use serde_json::{Map, Value};

use super::key_set;
use crate::metadata::{ClientMetadata, MetadataError};

/// What a client asks to be registered as, without the members that are not for it to say.
pub(super) struct Requested {
    /// Its `client_id` is empty.
    pub(super) metadata: ClientMetadata,
    /// The `client_id` and `client_secret` of an update.
    pub(super) client_id: Option<String>,
    pub(super) client_secret: Option<String>,
}

/// What is being asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Registration,
    Update,
}

impl Requested {
    /// Reads the members of a request. Unknown ones are ignored ([RFC 7591 §2](https://www.rfc-editor.org/rfc/rfc7591#section-2)),
    /// as are localised names such as `client_name#de`; `null` is the same as absent (RFC 7592 §2.2).
    ///
    /// # Errors
    /// [`MetadataError`] for a member of another type, and for one that the server or its operator alone sets.
    pub(super) fn read(mut members: Map<String, Value>, purpose: Purpose) -> Result<Self, MetadataError> {
        members.retain(|_, value| !value.is_null());
        for (field, cure) in NOT_FOR_CLIENTS {
            if members.contains_key(*field) {
                return Err(MetadataError::new(field, "is not for a client to set", *cure));
            }
        }
        let mut credential = |field: &'static str| match members.remove(field) {
            None => Ok(None),
            Some(_) if purpose == Purpose::Registration => Err(MetadataError::new(
                field,
                "is not for a client to choose",
                "leave it out; the server makes one",
            )),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Kind::Text.error(field)),
        };
        let (client_id, client_secret) = (credential("client_id")?, credential("client_secret")?);
        let mut known = Map::new();
        known.insert("client_id".to_owned(), Value::String(String::new()));
        for (field, kind) in FIELDS {
            if let Some(value) = members.remove(*field) {
                kind.check(field, &value)?;
                let value = if *field == "jwks" { key_set::reduced(value) } else { value };
                known.insert((*field).to_owned(), value);
            }
        }
        let metadata = serde_json::from_value(Value::Object(known)).map_err(unreadable)?;
        Ok(Requested { metadata, client_id, client_secret })
    }
}

/// Reads metadata that an operator has changed: every name counts, and an unknown one is an error.
///
/// # Errors
/// [`MetadataError`] for an unknown member, and one of another type.
pub(super) fn read_changed(members: Map<String, Value>) -> Result<ClientMetadata, MetadataError> {
    for (field, kind) in FIELDS {
        if let Some(value) = members.get(*field) {
            kind.check(field, value)?;
        }
    }
    // One at a time, so that the error can say which.
    for (name, value) in &members {
        if !is_known(name) {
            let problem = format!("has no member {name:?}");
            return Err(MetadataError::new("client_metadata", problem, "correct its name"));
        }
        let mut alone = Map::new();
        alone.insert("client_id".to_owned(), Value::String(String::new()));
        alone.insert(name.clone(), value.clone());
        serde_json::from_value::<ClientMetadata>(Value::Object(alone)).map_err(|error| match name.as_str() {
            // What the reader met there may be a secret.
            "client_secrets" => MetadataError::new(
                "client_secrets",
                "is no list of secrets",
                "give an array of objects with secret_hash and, if you like, label, not_before and expires_at",
            ),
            _ => MetadataError::new(
                "client_metadata",
                format!("cannot be read at {name:?}: {error}"),
                "correct that member",
            ),
        })?;
    }
    serde_json::from_value(Value::Object(members)).map_err(unreadable)
}

fn is_known(name: &str) -> bool {
    FIELDS.iter().any(|(known, _)| *known == name)
        || NOT_FOR_CLIENTS.iter().any(|(known, _)| *known == name)
        || ["client_id", "client_secret"].contains(&name)
}

fn unreadable(_: serde_json::Error) -> MetadataError {
    MetadataError::new("client_metadata", "cannot be read", "give each member its own type")
}

/// The JSON type of a member, and what every value of it must keep to.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Texts,
    Flag,
    Object,
}

impl Kind {
    fn check(self, field: &'static str, value: &Value) -> Result<(), MetadataError> {
        match (self, value) {
            (Kind::Text, Value::String(text)) => check_text(field, text),
            (Kind::Flag, Value::Bool(_)) | (Kind::Object, Value::Object(_)) => Ok(()),
            (Kind::Texts, Value::Array(elements)) => {
                if elements.len() > MOST_ELEMENTS {
                    return Err(MetadataError::new(field, "has more than 64 elements", "leave some out"));
                }
                elements.iter().try_for_each(|element| match element {
                    Value::String(text) => check_text(field, text),
                    _ => Err(self.error(field)),
                })
            }
            _ => Err(self.error(field)),
        }
    }

    fn error(self, field: &'static str) -> MetadataError {
        let (problem, cure) = match self {
            Kind::Text => ("is not a string", "give one string"),
            Kind::Texts => ("is not an array of strings", "give an array, also for a single value"),
            Kind::Flag => ("is not a boolean", "give true or false"),
            Kind::Object => ("is not an object", "give the JWK Set itself, {\"keys\": […]}"),
        };
        MetadataError::new(field, problem, cure)
    }
}

/// It ends up on pages, in headers and in logs.
fn check_text(field: &'static str, text: &str) -> Result<(), MetadataError> {
    if text.len() > MOST_OCTETS {
        return Err(MetadataError::new(field, "is longer than 2048 octets", "shorten it"));
    }
    if text.chars().any(char::is_control) {
        return Err(MetadataError::new(field, "holds control characters", "leave them out"));
    }
    Ok(())
}

const MOST_ELEMENTS: usize = 64;
const MOST_OCTETS: usize = 2048;

/// What a client may say of itself.
const FIELDS: &[(&str, Kind)] = &[
    ("token_endpoint_auth_method", Kind::Text),
    ("token_endpoint_auth_signing_alg", Kind::Text),
    ("jwks", Kind::Object),
    ("jwks_uri", Kind::Text),
    ("tls_client_auth_subject_dn", Kind::Text),
    ("tls_client_auth_san_dns", Kind::Text),
    ("tls_client_auth_san_uri", Kind::Text),
    ("tls_client_auth_san_ip", Kind::Text),
    ("tls_client_auth_san_email", Kind::Text),
    ("tls_client_certificate_bound_access_tokens", Kind::Flag),
    ("grant_types", Kind::Texts),
    ("response_types", Kind::Texts),
    ("redirect_uris", Kind::Texts),
    ("scope", Kind::Text),
    ("client_name", Kind::Text),
    ("client_uri", Kind::Text),
    ("logo_uri", Kind::Text),
    ("tos_uri", Kind::Text),
    ("policy_uri", Kind::Text),
    ("contacts", Kind::Texts),
    ("software_id", Kind::Text),
    ("software_version", Kind::Text),
    ("id_token_signed_response_alg", Kind::Text),
];

/// What the server or its operator alone says. Refused and not ignored, since whoever sends it counts on it: one of ours
/// would widen what the client may do, and one of RFC 7592 §2.2 comes of sending an answer back unread.
const NOT_FOR_CLIENTS: &[(&str, &str)] = &[
    ("client_secrets", "leave it out; the server makes secrets, and its operator may import them"),
    ("auth_methods", "register one token_endpoint_auth_method"),
    ("any_secret_method", "register one token_endpoint_auth_method"),
    ("public_keys", "put the keys into jwks, certificates as x5c"),
    ("assertion_reuse", "sign a new assertion for each request"),
    ("disabled", "leave it out"),
    ("client_id_issued_at", "leave it out of the request (RFC 7592 §2.2)"),
    ("client_secret_expires_at", "leave it out of the request (RFC 7592 §2.2)"),
    ("registration_access_token", "leave it out of the request (RFC 7592 §2.2)"),
    ("registration_client_uri", "leave it out of the request (RFC 7592 §2.2)"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Else a new field of the metadata would be ignored in every request, or one of ours let through.
    #[test]
    fn every_member_of_the_metadata_is_a_clients_to_say_or_is_not() {
        let error = serde_json::from_str::<ClientMetadata>(r#"{"": 0}"#).unwrap_err().to_string();
        let known: BTreeSet<&str> = error.split('`').skip(3).step_by(2).collect();
        assert!(known.len() > 30, "{error}");
        let said = FIELDS.iter().map(|(field, _)| *field).chain(["client_id", "client_secret"]);
        let not_said = NOT_FOR_CLIENTS.iter().map(|(field, _)| *field);
        let of_answers = ["registration_access_token", "registration_client_uri"];
        let listed: BTreeSet<&str> =
            said.chain(not_said).filter(|field| !of_answers.contains(field)).collect();
        assert_eq!(listed, known);
    }
}
