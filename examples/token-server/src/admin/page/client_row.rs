//! What the page says of one client.

use std::collections::HashMap;
use std::time::SystemTime;

use countersign::Client;
use countersign::observer::{ClientMethods, RefusedMethod, UsedMethod};
use serde::Serialize;

use super::deadline::Deadline;
use super::key_use::Used;
use super::seconds;

#[derive(Serialize)]
pub(super) struct ClientRow {
    client_id: String,
    is_registered: bool,
    disabled: bool,
    pinned: bool,
    grants: Vec<Grant>,
    used: Vec<UsedMethod>,
    refused: Vec<RefusedMethod>,
    pin_to: Vec<String>,
    keys: Vec<Key>,
    jwks_uri: Option<String>,
    secrets: Vec<Secret>,
    /// What its certificates are known by.
    certificate_subject: Option<String>,
    problems: Vec<String>,
    /// When something of it ends, and what.
    ends_at: Option<u64>,
    ends: Option<String>,
}

#[derive(Serialize)]
struct Grant {
    method: String,
    ends_at: Option<u64>,
}

/// A key that is registered, or a key or certificate that was used.
#[derive(Serialize)]
struct Key {
    kid: Option<String>,
    thumbprint: String,
    is_registered: bool,
    begins_at: Option<u64>,
    ends_at: Option<u64>,
    first_used_at: Option<u64>,
    last_used_at: Option<u64>,
}

#[derive(Serialize)]
struct Secret {
    label: Option<String>,
    begins_at: Option<u64>,
    ends_at: Option<u64>,
    used_at: Option<u64>,
}

/// What a row is made of.
pub(super) struct Known<'k> {
    pub(super) client: &'k Client,
    pub(super) is_registered: bool,
    pub(super) methods: ClientMethods,
    /// When each secret was used last, by its label.
    pub(super) secrets: HashMap<Option<String>, SystemTime>,
    pub(super) keys: Vec<Used>,
    pub(super) problems: Vec<String>,
    pub(super) deadline: Option<Deadline>,
}

impl From<Known<'_>> for ClientRow {
    fn from(known: Known<'_>) -> Self {
        let client = known.client;
        let grants = client.grants().iter().take(MOST_OF_A_KIND);
        ClientRow {
            client_id: client.id().to_owned(),
            is_registered: known.is_registered,
            disabled: client.is_disabled(),
            pinned: known.methods.pinned,
            grants: grants
                .map(|grant| Grant {
                    method: grant.method().to_string(),
                    ends_at: grant.ends_at().map(seconds),
                })
                .collect(),
            keys: keys(client, &known.keys),
            jwks_uri: client.jwks_uri().map(ToString::to_string),
            secrets: secrets(client, &known.secrets),
            certificate_subject: client.certificate_subject().map(ToString::to_string),
            pin_to: known.methods.pin_to.iter().map(ToString::to_string).collect(),
            used: known.methods.used,
            refused: known.methods.refused,
            problems: known.problems,
            ends_at: known.deadline.as_ref().map(|deadline| seconds(deadline.at)),
            ends: known.deadline.map(|deadline| deadline.what),
        }
    }
}

fn keys(client: &Client, used: &[Used]) -> Vec<Key> {
    let mut unregistered: Vec<&Used> = used.iter().collect();
    let mut keys: Vec<Key> = Vec::new();
    for key in client.keys().keys().take(MOST_OF_A_KIND) {
        let names = [Some(&**key.thumbprint()), key.certificate_thumbprint()];
        let position = unregistered.iter().position(|used| names.contains(&Some(&*used.thumbprint)));
        let used = position.map(|position| unregistered.swap_remove(position));
        keys.push(Key {
            kid: key.key_id().map(ToString::to_string),
            thumbprint: key.thumbprint().to_string(),
            is_registered: true,
            begins_at: key.certificate_begins_at().map(seconds),
            ends_at: key.certificate_ends_at().map(seconds),
            first_used_at: used.map(|used| seconds(used.first)),
            last_used_at: used.map(|used| seconds(used.last)),
        });
    }
    keys.extend(unregistered.into_iter().map(|used| Key {
        kid: None,
        thumbprint: used.thumbprint.to_string(),
        is_registered: false,
        begins_at: None,
        ends_at: used.ends_at.map(seconds),
        first_used_at: Some(seconds(used.first)),
        last_used_at: Some(seconds(used.last)),
    }));
    keys
}

fn secrets(client: &Client, used: &HashMap<Option<String>, SystemTime>) -> Vec<Secret> {
    let secrets = client.secrets().iter().take(MOST_OF_A_KIND);
    secrets
        .map(|secret| {
            let label = secret.label().map(ToString::to_string);
            Secret {
                used_at: used.get(&label).copied().map(seconds),
                label,
                begins_at: secret.begins_at().map(seconds),
                ends_at: secret.ends_at().map(seconds),
            }
        })
        .collect()
}

/// A client can have a hundred keys; a row has no room for them.
const MOST_OF_A_KIND: usize = 20;
