//! An operator's changes to one client. Who may call these is the application's to decide.

use serde_json::{Map, Value};

use super::access_token::generate_token;
use super::answer::{Answer, Done};
use super::event::{Operation, Outcome};
use super::failure::Failure;
use super::information::members;
use super::merge_patch::merge;
use super::requested::read_changed;
use super::secrets::{end_secrets, list_secrets, settle};
use super::{ATTEMPTS, Registration, body, changed, lost_race, rules};
use crate::client::Client;
use crate::metadata::{ClientMetadata, MetadataError};
use crate::secret::{GeneratedSecret, sha256_octets};
use crate::store::RegisteredClient;

impl Registration {
    /// Changes some members of a client's metadata, by a JSON merge patch
    /// ([RFC 7396](https://www.rfc-editor.org/rfc/rfc7396)): a member of the patch replaces that of the metadata, and
    /// `null` removes it. Its method and its keys in one call:
    ///
    /// ```json
    /// {"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://billing.example/jwks", "jwks": null}
    /// ```
    ///
    /// Either all of it holds from now on, or nothing has changed. A method that needs a secret gets one, which the answer
    /// shows once; one that needs none takes the secrets away. An operator may set more than a client may of itself:
    /// `auth_methods`, `client_secrets` with a `secret_hash`, `disabled`, any scope; not `client_id`, and no secret in the
    /// clear as `client_secret`. `client_secret_expires_at` ends the current secret, and with it those before; 0 and `null`
    /// are never. `client_secrets` replaces every secret, an imported `client_secret` too.
    ///
    /// Grant and response types that are removed are those of RFC 7591 §2 from then on, as at a registration. `scope` has no
    /// default there: without one, a client has whatever the application gives to a client without; set it to narrow.
    ///
    /// What could not be registered any more is refused only where the patch makes it so: a client whose method is not
    /// served any more can still be disabled.
    ///
    /// The answer is 200 with the metadata as an operator sees it; 400 with the member and the cure; 404 for a client that
    /// there is not; 413, 503.
    pub async fn patch(&self, client_id: &str, merge_patch: &[u8]) -> Answer {
        let patched = async {
            let patch = body::object(merge_patch)?;
            self.change(client_id, |stored| patched(stored, &patch), false).await
        };
        self.answer(Operation::Patch, Some(client_id), patched).await
    }

    /// Gives a client a new secret, which the answer shows once. The old one holds for the
    /// [overlap](Registration::secret_overlap).
    ///
    /// The answer is 200 as of [`patch`](Registration::patch); 400 for a client that needs no secret; 404; 503.
    pub async fn rotate_secret(&self, client_id: &str) -> Answer {
        let rotated = self.change(client_id, |stored| Ok(stored.clone()), true);
        self.answer(Operation::RotateSecret, Some(client_id), rotated).await
    }

    /// Gives a client a new registration access token, which the answer shows once: for one that has lost it, or let it be
    /// seen, and for one that was registered by an operator. The old one ends at once.
    ///
    /// The answer is 200 as of [`patch`](Registration::patch); 404; 503.
    pub async fn renew_registration_access_token(&self, client_id: &str) -> Answer {
        let renewed = self.renew_token(client_id);
        self.answer(Operation::RenewToken, Some(client_id), renewed).await
    }

    async fn change(
        &self,
        client_id: &str,
        change: impl Fn(&ClientMetadata) -> Result<ClientMetadata, MetadataError> + Send,
        new_secret: bool,
    ) -> Result<Done, Failure> {
        for _ in 0..ATTEMPTS {
            let stored = self.known(client_id).await?;
            let mut metadata = change(&stored.metadata)?;
            let secret = settle(&mut metadata, new_secret, &self.secret_dates())?;
            if new_secret && secret.is_none() {
                let cure = "rotate the client's own keys instead";
                let field = "token_endpoint_auth_method";
                return Err(MetadataError::new(field, "needs no secret", cure).into());
            }
            self.check_change(&stored.metadata, &metadata)?;
            let detail = changed(&stored.metadata, &metadata);
            let client = RegisteredClient { metadata, ..stored };
            if self.registry.replace(&client).await? {
                let secret = secret.as_ref().map(GeneratedSecret::expose);
                return Ok(Done {
                    information: Some(self.information_for_operator(&client.metadata, secret, None)),
                    detail: Some(detail),
                    client_id: client.metadata.client_id,
                });
            }
        }
        Err(lost_race())
    }

    /// What was registered once may be illegal by now: its method is not served any more, or it was imported. That is no
    /// reason to refuse a change that does not make it worse, one that disables the client or ends its secrets above all.
    ///
    /// # Errors
    /// [`MetadataError`] for what makes no client, and for a problem that the client did not have before.
    fn check_change(&self, old: &ClientMetadata, new: &ClientMetadata) -> Result<(), MetadataError> {
        refuse_added(old, new, |metadata| Ok(rules::unserved(&self.auth, metadata)))?;
        refuse_added(old, new, |metadata| {
            let (client, mut problems) = Client::with_problems(metadata)?;
            problems.extend(rules::check_keys(&self.auth, metadata, &client).err());
            Ok(problems)
        })?;
        refuse_added(old, new, |metadata| {
            Ok(self.validate.iter().filter_map(|validate| validate(metadata).err()).collect())
        })
    }

    async fn renew_token(&self, client_id: &str) -> Result<Done, Failure> {
        let token = generate_token()?;
        for _ in 0..ATTEMPTS {
            let stored = self.known(client_id).await?;
            let client =
                RegisteredClient { registration_access_token: Some(sha256_octets(token.expose())), ..stored };
            if self.registry.replace(&client).await? {
                let metadata = &client.metadata;
                return Ok(Done {
                    information: Some(self.information_for_operator(metadata, None, Some(token.expose()))),
                    detail: None,
                    client_id: client.metadata.client_id,
                });
            }
        }
        Err(lost_race())
    }

    async fn known(&self, client_id: &str) -> Result<RegisteredClient, Failure> {
        let stored = self.registry.read(client_id).await?;
        stored.ok_or_else(|| Failure::new(Outcome::ClientUnknown, "there is no such client"))
    }
}

/// # Errors
/// The first problem of the new metadata that the old had not; and whatever ends the search for them in the new.
fn refuse_added(
    old: &ClientMetadata,
    new: &ClientMetadata,
    problems: impl Fn(&ClientMetadata) -> Result<Vec<MetadataError>, MetadataError>,
) -> Result<(), MetadataError> {
    let found = problems(new)?;
    if found.is_empty() {
        return Ok(());
    }
    let mut known = problems(old).unwrap_or_default();
    for problem in found {
        match known.iter().position(|known| *known == problem) {
            // Each counts once: a second hash that cannot be read is a new problem.
            Some(position) => drop(known.swap_remove(position)),
            None => return Err(problem),
        }
    }
    Ok(())
}

fn patched(stored: &ClientMetadata, patch: &Map<String, Value>) -> Result<ClientMetadata, MetadataError> {
    for (field, cure) in NOT_PATCHED {
        if patch.contains_key(*field) {
            return Err(MetadataError::new(field, "is not changed by a patch", *cure));
        }
    }
    let lists_secrets = patch.contains_key("client_secrets");
    let ends_secrets = patch.contains_key("client_secret_expires_at") && !lists_secrets;
    let mut before = stored.clone();
    if lists_secrets && before.client_secret.take().is_some() {
        // Replaced like those that are listed. The end was that of this one alone.
        before.client_secret_expires_at = None;
    }
    if ends_secrets {
        // Each with the end that it has by the member that is about to change.
        list_secrets(&mut before);
    }
    let mut document = members(&before);
    merge(&mut document, patch);
    let mut metadata = read_changed(document)?;
    if ends_secrets {
        end_secrets(&mut metadata);
    }
    let removes = |field: &str| patch.get(field).is_some_and(Value::is_null);
    if removes("grant_types") {
        rules::write_out_grant_types(&mut metadata);
    }
    if removes("response_types") {
        rules::write_out_response_types(&mut metadata);
    }
    Ok(metadata)
}

const NOT_PATCHED: &[(&str, &str)] = &[
    ("client_id", "register another client"),
    ("client_id_issued_at", "leave it out"),
    ("client_secret", "let the server make one, or import one as client_secrets with its secret_hash"),
    ("registration_access_token", "let the server make a new one"),
    ("registration_client_uri", "leave it out; it follows from client_id"),
];
