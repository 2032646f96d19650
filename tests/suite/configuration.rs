//! What no server is built of: each mistake, and the setting that the error names.

use countersign::certificate::TrustAnchors;
use countersign::metadata::ClientMetadata;
use countersign::method::{Attempt, Method, Presented};
use countersign::replay::MemoryReplayStore;
use countersign::store::Clients;
use countersign::{AuthMethod, Authenticator, AuthenticatorBuilder, Client, Endpoint, Policy};
use countersign_tests::row::{Endpoint as RowEndpoint, ISSUER};
use serde_json::json;

fn builder() -> AuthenticatorBuilder {
    let client = Client::new("c").with_method(AuthMethod::CLIENT_SECRET_BASIC);
    Authenticator::builder()
        .issuer(ISSUER)
        .endpoint(Endpoint::Token, RowEndpoint::Token.url())
        .clients(Clients::new([client]).unwrap())
}

#[track_caller]
fn refused(change: impl FnOnce(AuthenticatorBuilder) -> AuthenticatorBuilder, setting: &str, problem: &str) {
    let error = change(builder()).build().unwrap_err();
    assert_eq!(error.setting(), setting, "{error}");
    assert!(error.to_string().contains(problem), "{error}");
}

#[test]
fn a_server_is_built_of_what_is_right() {
    assert!(builder().build().is_ok());
}

#[test]
fn an_issuer_and_endpoints_are_urls() {
    for issuer in ["https://as.example.com/\u{7f}", "https://as.example.com/ü", "https://as.example.com\r\n"]
    {
        refused(|builder| builder.issuer(issuer), "issuer", "no URL has");
    }
    for url in ["/token", "as.example.com/token", "https://as.example.com/token\n"] {
        refused(|builder| builder.endpoint(Endpoint::Token, url), "endpoint", "is no URL");
        refused(|builder| builder.mtls_endpoint(Endpoint::Token, url), "endpoint", "is no URL");
    }
}

#[test]
fn no_limit_is_longer_than_a_year() {
    const YEAR: u64 = 366 * 24 * 3600;
    for setting in ["max_lifetime", "leeway", "future_ceiling"] {
        let policy =
            |seconds: u64| Policy::default().with_switches([(setting.to_owned(), json!(seconds))]).unwrap();
        assert!(builder().policy(policy(YEAR)).build().is_ok());
        refused(|builder| builder.policy(policy(YEAR + 1)), setting, "longer than a year");
        refused(|builder| builder.policy(policy(u64::MAX)), setting, "longer than a year");
    }
}

#[test]
fn a_method_that_is_chosen_has_what_it_needs() {
    for method in [AuthMethod::PRIVATE_KEY_JWT, AuthMethod::CLIENT_SECRET_JWT] {
        refused(|builder| builder.methods([method.clone()]), "replay", "no memory of used assertions");
        assert!(builder().methods([method]).replay(MemoryReplayStore::new()).build().is_ok());
    }
    refused(|builder| builder.methods([]), "methods", "no method is enabled");
    refused(|builder| builder.methods([AuthMethod::TLS_CLIENT_AUTH]), "methods", "no method is enabled");
}

struct Named(AuthMethod);

impl Method for Named {
    fn name(&self) -> AuthMethod {
        self.0.clone()
    }

    fn attempt<'r>(&self, _: &'r Presented<'r>) -> Option<Box<dyn Attempt + 'r>> {
        None
    }
}

#[test]
fn no_two_methods_share_a_name() {
    const OWN: AuthMethod = AuthMethod::from_static("https://example.com/own");
    assert!(builder().method(Named(OWN)).build().is_ok());
    refused(|builder| builder.method(Named(OWN)).method(Named(OWN)), "methods", "two methods are named");
    let basic = Named(AuthMethod::CLIENT_SECRET_BASIC);
    refused(|builder| builder.method(basic), "methods", "two methods are named client_secret_basic");
}

#[test]
fn presets_and_switches_are_known() {
    let error = Policy::preset("fapi3").unwrap_err();
    assert_eq!(error.setting(), "preset");
    assert!(error.to_string().contains("\"fapi3\"") && error.to_string().contains("fapi2"), "{error}");
    let status =
        |code: u16| Policy::default().with_switches([("body_failure_status".to_owned(), json!(code))]);
    assert!(status(400).is_ok() && status(401).is_ok());
    assert!(status(402).unwrap_err().to_string().contains("400 or 401"));
}

#[test]
fn clients_have_visible_ids_of_their_own() {
    let error = Clients::new([Client::new("c"), Client::new("d"), Client::new("c")]).unwrap_err();
    assert_eq!(error.setting(), "clients");
    assert!(error.to_string().contains("\"c\""), "{error}");
    for id in ["", "a\u{0}b", "a\nb", "a\u{85}b"] {
        let metadata = json!({"client_id": id, "client_secret": "s"});
        let metadata: ClientMetadata = serde_json::from_value(metadata).unwrap();
        assert_eq!(Client::try_from(&metadata).unwrap_err().field(), "client_id", "{id:?}");
    }
}

#[test]
fn a_file_of_anchors_holds_some() {
    for pem in ["", "no PEM", "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n"] {
        let error = TrustAnchors::from_pem(pem).unwrap_err();
        assert_eq!(error.setting(), "client_ca", "{pem:?}");
        assert!(error.to_string().contains("holds no certificate"), "{error}");
    }
}
