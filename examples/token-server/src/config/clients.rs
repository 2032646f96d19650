//! `clients.json`: an array of client metadata objects with the names of
//! [RFC 7591](https://www.rfc-editor.org/rfc/rfc7591), and a few of ours.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use countersign::metadata::ClientMetadata;
use countersign::{AuthMethod, Client};

use super::json_array::{Entry, entries};
use super::problem::Problem;
use crate::mutual_tls::Authorities;
use crate::server::{Registration, Registrations, prepare};

/// Every client of a file, each with its [`Registration`].
#[derive(Default)]
pub(crate) struct LoadedClients {
    pub(crate) clients: Vec<Client>,
    /// What is legal and will surprise somebody.
    pub(crate) warnings: Vec<String>,
}

pub(crate) fn read(file: &Path) -> Result<LoadedClients, Problem> {
    let text = std::fs::read_to_string(file).map_err(|error| Problem::in_file(file, error))?;
    parse(file, &text)
}

pub(crate) fn parse(file: &Path, text: &str) -> Result<LoadedClients, Problem> {
    let (mut loaded, mut ids) = (LoadedClients::default(), HashSet::new());
    for entry in entries(file, text, "client", "client_id")? {
        loaded.add(&entry)?;
        if let Some(client_id) = entry.string("client_id")
            && !ids.insert(client_id)
        {
            return Err(entry.problem("client_id", "another client above has the same client_id"));
        }
    }
    Ok(loaded)
}

impl LoadedClients {
    /// Names each client that shows a certificate where none can come, or where nobody vouches for it.
    pub(crate) fn warn_of_certificates_nobody_sees(&mut self, authorities: Option<&Authorities>) {
        for client in &self.clients {
            let grants = |method: AuthMethod| client.grants().iter().any(|grant| *grant.method() == method);
            let warning = if authorities.is_none_or(|known| known.files.is_empty())
                && grants(AuthMethod::TLS_CLIENT_AUTH)
            {
                "tls_client_auth needs client_ca in [tls] or [proxy]"
            } else if authorities.is_none() && grants(AuthMethod::SELF_SIGNED_TLS_CLIENT_AUTH) {
                "self_signed_tls_client_auth needs [tls] or [proxy]"
            } else {
                continue;
            };
            self.warnings.push(format!(
                "client {:?}: {warning} in the configuration; until then it is refused",
                client.id()
            ));
        }
    }

    /// What the endpoints know of each client, by `client_id`.
    pub(crate) fn registrations(&self) -> Registrations {
        let registrations = self.clients.iter().filter_map(|client| client.app::<Arc<Registration>>());
        registrations.map(|known| (known.client_id.clone(), Arc::clone(known))).collect()
    }

    fn add(&mut self, entry: &Entry<'_>) -> Result<(), Problem> {
        let metadata: ClientMetadata = entry.parse()?;
        let client = Client::from_stored(&metadata).and_then(|client| prepare(&metadata, client, None));
        self.clients.push(client.map_err(|error| entry.problem(error.field(), error))?);
        self.warnings.extend(metadata.warnings());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        parse(Path::new("clients.json"), text).err().unwrap().to_string()
    }

    #[test]
    fn a_mistake_is_named_with_its_client_and_line() {
        let text = "[\n  {\n    \"client_id\": \"billing\",\n    \"client_secert\": \"x\"\n  }\n]";
        assert_eq!(
            problem(text),
            r#"clients.json:4: client "billing": unknown key "client_secert", did you mean "client_secret"?"#
        );
        let nested = "[{\"client_id\": \"b\", \"client_secrets\": [\n{\"lable\": \"x\"}]}]";
        assert_eq!(
            problem(nested),
            r#"clients.json:2: client "b": unknown key "lable", did you mean "label"?"#
        );
        let twice =
            "[{\"client_id\":\"a\",\"client_secret\":\"s\"},\n{\"client_id\":\"a\",\"client_secret\":\"s\"}]";
        assert!(problem(twice).starts_with("clients.json:2: client \"a\": another client"));
        assert!(problem("{}").starts_with("clients.json:1: expected a JSON array"));
        assert!(problem("[\n{\"client_id\": 7}]").starts_with("clients.json:2: client 1: "));
    }

    #[test]
    fn metadata_that_cannot_work_is_refused() {
        for (metadata, key) in [
            (r#""token_endpoint_auth_method": "private_key_jwt""#, "jwks"),
            (
                r#""client_secret": "short", "id_token_signed_response_alg": "HS256""#,
                "id_token_signed_response_alg",
            ),
            (r#""client_secret": "s", "redirect_uris": ["/callback"]"#, "redirect_uris"),
            (
                r#""client_secret": "s", "token_endpoint_auth_method": "client_secret_jwt""#,
                "client_secret is too short",
            ),
        ] {
            let problem = problem(&format!("[{{\"client_id\": \"c\", {metadata}}}]"));
            assert!(problem.contains(key), "{problem}");
        }
    }

    #[test]
    fn an_id_and_a_secret_are_enough() {
        let loaded = parse(Path::new("c"), r#"[{"client_id":"a","client_secret":"s"}]"#).unwrap();
        let registrations = loaded.registrations();
        let registration = registrations.get("a").unwrap();
        assert!(registration.may_use("client_credentials") && !registration.public);
        assert_eq!(loaded.clients.len(), 1);
    }
}
