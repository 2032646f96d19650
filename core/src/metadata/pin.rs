//! From any method that proves the secret to the methods that are used.

use super::{ClientMetadata, GrantEntry, MetadataError};
use crate::auth_method::AuthMethod;

impl ClientMetadata {
    /// Pins a client of `any_secret_method` to the methods it was seen to use, as
    /// [`MethodUse`](crate::observer::MethodUse) reports them: one becomes its `token_endpoint_auth_method`, several its
    /// `auth_methods`, at every endpoint and for ever. Nothing else changes.
    ///
    /// ```
    /// use countersign::{AuthMethod, metadata::ClientMetadata};
    ///
    /// let mut billing: ClientMetadata = serde_json::from_str(
    ///     r#"{"client_id": "billing", "client_secret": "wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq", "any_secret_method": true}"#,
    /// )?;
    /// billing.pin(&[AuthMethod::CLIENT_SECRET_POST])?;
    /// assert_eq!(billing.token_endpoint_auth_method, Some(AuthMethod::CLIENT_SECRET_POST));
    /// assert!(!billing.any_secret_method);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`MetadataError`], and the metadata stays as it is: for a client that is pinned already, whose limits and dates
    /// this would undo; where nothing was used, since every method would be shut; and for a method that
    /// `any_secret_method` does not grant.
    pub fn pin(&mut self, used: &[AuthMethod]) -> Result<(), MetadataError> {
        let refuse = |problem: &str, cure: &str| {
            Err(MetadataError::new("any_secret_method", problem.to_owned(), cure))
        };
        if !self.any_secret_method
            || self.token_endpoint_auth_method.is_some()
            || !self.auth_methods.is_empty()
        {
            return refuse("is not what says the methods", "change the methods that are registered by hand");
        }
        let granted: Vec<AuthMethod> =
            self.grants().into_iter().map(|grant| grant.method().clone()).collect();
        if let Some(other) = used.iter().find(|method| !granted.contains(method)) {
            return refuse(
                &format!("does not grant {:?}", other.as_str()),
                "pin to methods that a report of this server shows",
            );
        }
        // In one order, each once, whatever the report's.
        let mut methods = granted.into_iter().filter(|method| used.contains(method));
        let Some(first) = methods.next() else {
            return refuse(
                "is in place of methods, none of which was used",
                "wait until the client was seen",
            );
        };
        let others: Vec<AuthMethod> = methods.collect();
        if others.is_empty() {
            self.token_endpoint_auth_method = Some(first);
        } else {
            self.auth_methods = std::iter::once(first)
                .chain(others)
                .map(|method| GrantEntry { method, endpoints: None, until: None })
                .collect();
        }
        self.any_secret_method = false;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Client;

    const LONG: &str = "wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq";

    fn unpinned(secret: &str) -> ClientMetadata {
        ClientMetadata {
            client_id: "c".into(),
            client_secret: Some(secret.into()),
            any_secret_method: true,
            ..Default::default()
        }
    }

    fn methods(metadata: &ClientMetadata) -> Vec<String> {
        let client = Client::try_from(metadata).unwrap();
        client.grants().iter().map(|grant| grant.method().to_string()).collect()
    }

    #[test]
    fn an_unpinned_client_may_use_what_its_secret_can_prove() {
        let all = ["client_secret_basic", "client_secret_post", "client_secret_jwt"];
        assert_eq!(methods(&unpinned("short")), all[..2]);
        assert_eq!(methods(&unpinned(LONG)), all);
        let hashed = ClientMetadata {
            client_secret: None,
            client_secrets: vec![crate::metadata::SecretEntry {
                secret_hash: Some(format!("sha256:{}", "0".repeat(64))),
                ..Default::default()
            }],
            ..unpinned("")
        };
        assert_eq!(methods(&hashed), all[..2]);
        assert!(!Client::try_from(&hashed).unwrap().is_pinned());
    }

    #[test]
    fn what_says_two_things_about_its_methods_is_no_client() {
        for (change, field) in [
            (
                r#""token_endpoint_auth_method": "client_secret_basic", "client_secret": "s""#,
                "any_secret_method",
            ),
            (
                r#""auth_methods": [{"method": "client_secret_basic"}], "client_secret": "s""#,
                "any_secret_method",
            ),
            (r#""token_endpoint_auth_method": "none""#, "any_secret_method"),
            (r#""client_name": "without a secret""#, "client_secret"),
        ] {
            let text = format!(r#"{{"client_id": "c", "any_secret_method": true, {change}}}"#);
            let metadata: ClientMetadata = serde_json::from_str(&text).unwrap();
            assert_eq!(Client::try_from(&metadata).unwrap_err().field(), field, "{text}");
        }
    }

    #[test]
    fn a_client_is_pinned_to_exactly_what_it_used() {
        let (basic, post, mac) =
            (AuthMethod::CLIENT_SECRET_BASIC, AuthMethod::CLIENT_SECRET_POST, AuthMethod::CLIENT_SECRET_JWT);
        for used in [vec![basic.clone()], vec![mac.clone()], vec![mac, post.clone(), basic.clone(), post]] {
            let mut metadata = unpinned(LONG);
            metadata.pin(&used).unwrap();
            let granted = methods(&metadata);
            assert!(used.iter().all(|method| granted.iter().any(|granted| granted == method.as_str())));
            assert_eq!(metadata.auth_methods.is_empty(), used.len() == 1);
            assert!(granted.len() <= 3 && Client::try_from(&metadata).unwrap().is_pinned());
            assert!(metadata.pin(&used).is_err(), "pinned twice");
        }
    }

    #[test]
    fn nothing_changes_where_pinning_would_shut_or_open_something() {
        let mut metadata = unpinned("short");
        for used in [
            vec![],
            vec![AuthMethod::NONE],
            vec![AuthMethod::CLIENT_SECRET_BASIC, AuthMethod::PRIVATE_KEY_JWT],
            // Its secret is no key of a MAC.
            vec![AuthMethod::CLIENT_SECRET_JWT],
        ] {
            assert_eq!(metadata.pin(&used).unwrap_err().field(), "any_secret_method");
            assert_eq!(methods(&metadata).len(), 2);
        }
        let mut pinned = ClientMetadata { any_secret_method: false, ..unpinned("short") };
        assert!(pinned.pin(&[AuthMethod::CLIENT_SECRET_BASIC]).is_err());
        assert_eq!(methods(&pinned), ["client_secret_basic"]);
    }
}
