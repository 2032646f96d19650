//! The client a case is about.

use std::sync::Arc;

use serde_json::Value;

use super::case::Construct;
use crate::fixtures::fixtures;
use crate::jwk::PrivateJwk;
use crate::registration::{Registered, register};
use crate::x509;

/// Whoever makes the request, with what it authenticates by.
pub(super) struct Subject {
    pub(super) client_id: String,
    pub(super) secret: Option<String>,
    /// What it signs with, and the algorithm it registered.
    pub(super) signer: Option<(Arc<PrivateJwk>, String)>,
    pub(super) metadata: Option<Value>,
    method: String,
}

impl Subject {
    pub(super) fn of(construct: &Construct) -> Self {
        let name = construct.client.as_str();
        let mut subject = match name.strip_prefix("@register(").and_then(|name| name.strip_suffix(')')) {
            Some(recipe) => Subject::registered(register(recipe)),
            None if name.is_empty() => Subject::nobody(),
            None => Subject::fixture(name),
        };
        if let (Some(metadata), Some(uri)) = (&mut subject.metadata, &construct.jwks_uri) {
            metadata["jwks_uri"] = uri.as_str().into();
        }
        subject.assert_method(construct.method.as_deref()).with_name(construct.registered.as_deref())
    }

    /// Registered under another name than the fixture's.
    fn with_name(mut self, name: Option<&str>) -> Self {
        let Some(name) = name else { return self };
        let members = self.metadata.as_mut().and_then(Value::as_object_mut).expect("a registered client");
        let registered = members.iter_mut().find(|(field, _)| field.starts_with("tls_client_auth_"));
        *registered.expect("a client with a name").1 = name.into();
        self
    }

    /// The case says what it assumes of the fixture.
    fn assert_method(self, method: Option<&str>) -> Self {
        assert!(
            method.is_none_or(|method| method == self.method),
            "{} is registered otherwise",
            self.client_id
        );
        self
    }

    /// How it authenticates unless the case says otherwise, in the words of the case language.
    pub(super) fn auth(&self) -> &str {
        match self.method.as_str() {
            "client_secret_basic" => "basic",
            "client_secret_post" => "post",
            "private_key_jwt" | "client_secret_jwt" => "assertion",
            "none" => "id",
            "tls_client_auth" | "self_signed_tls_client_auth" => "mtls",
            other => panic!("no case is interpreted for {other}"),
        }
    }

    /// Is it registered for a method of mutual TLS?
    pub(super) fn has_certificate(&self) -> bool {
        self.method.ends_with("tls_client_auth")
    }

    /// What it shows in its TLS handshake. Behind a proxy that is the proxy's business, and without TLS there is none.
    pub(super) fn chain(&self, construct: &Construct, auth: &str) -> Vec<Vec<u8>> {
        let own = auth == "mtls" && construct.proxy.is_none() && construct.listener.is_none();
        let named = match &construct.cert {
            Some(named) => named.as_deref(),
            None => own.then_some(self.client_id.as_str()),
        };
        let others = construct.chain_extra.iter().map(|name| x509::certificate(name).der.clone());
        named.map(x509::chain).unwrap_or_default().into_iter().chain(others).collect()
    }

    fn fixture(name: &str) -> Self {
        let client = fixtures().client(name);
        let signs = client.method().ends_with("_jwt");
        Subject {
            client_id: client.id(),
            secret: client.secret(),
            signer: signs.then(|| (fixtures().key_of(&client.id()), client.signing_algorithm())),
            metadata: Some(client.metadata.clone()),
            method: client.method(),
        }
    }

    fn registered(client: Registered) -> Self {
        Subject {
            client_id: client.client_id().to_owned(),
            secret: None,
            signer: Some((client.signer, client.algorithm)),
            metadata: Some(client.metadata),
            method: "private_key_jwt".to_owned(),
        }
    }

    fn nobody() -> Self {
        Subject {
            client_id: String::new(),
            secret: None,
            signer: None,
            metadata: None,
            method: "none".to_owned(),
        }
    }

    /// The method that a way of authenticating uses.
    pub(super) fn method_of(&self, auth: &str) -> &str {
        match auth {
            "basic" => "client_secret_basic",
            "post" => "client_secret_post",
            "assertion" if self.method == "client_secret_jwt" => "client_secret_jwt",
            "assertion" => "private_key_jwt",
            "mtls" => &self.method,
            _ => "none",
        }
    }
}
