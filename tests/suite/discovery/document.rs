//! The document itself.

use countersign::certificate::TrustAnchors;
use countersign::discovery::AuthorizationServerMetadata;
use countersign::replay::MemoryReplayStore;
use countersign::{Authenticator, AuthenticatorBuilder, ConfigError, Endpoint, Policy};
use serde_json::{Value, json};

use super::pairs::clients;

fn builder(issuer: &str) -> AuthenticatorBuilder {
    Authenticator::builder()
        .issuer(issuer)
        .endpoint(Endpoint::Token, format!("{issuer}/token"))
        .clients(clients())
        .replay(MemoryReplayStore::new())
}

fn of(builder: AuthenticatorBuilder) -> Result<AuthorizationServerMetadata, ConfigError> {
    AuthorizationServerMetadata::of(&builder.build().unwrap())
}

fn read(metadata: &AuthorizationServerMetadata) -> Value {
    serde_json::to_value(metadata).unwrap()
}

const ISSUER: &str = "https://as.example.com";

#[test]
fn fapi2_says_what_fapi2_is() {
    let fapi2 = builder(ISSUER)
        .policy(Policy::preset("fapi2").unwrap())
        .endpoint(Endpoint::PushedAuthorization, format!("{ISSUER}/par"))
        .endpoint(Endpoint::Introspection, format!("{ISSUER}/introspect"))
        .mtls_endpoint(Endpoint::Token, "https://mtls.as.example.com/token")
        .mutual_tls(TrustAnchors::none());
    let metadata = of(fapi2).unwrap().with("jwks_uri", format!("{ISSUER}/jwks")).unwrap();
    let methods = json!(["private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth"]);
    let algorithms = json!(["PS256", "ES256", "Ed25519", "EdDSA"]);
    let expected = json!({
        "issuer": ISSUER,
        "token_endpoint": "https://as.example.com/token",
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": algorithms,
        "introspection_endpoint": "https://as.example.com/introspect",
        "introspection_endpoint_auth_methods_supported": methods,
        "introspection_endpoint_auth_signing_alg_values_supported": algorithms,
        "pushed_authorization_request_endpoint": "https://as.example.com/par",
        "mtls_endpoint_aliases": {"token_endpoint": "https://mtls.as.example.com/token"},
        "code_challenge_methods_supported": ["S256"],
        "jwks_uri": "https://as.example.com/jwks",
    });
    assert_eq!(read(&metadata), expected);
    assert_eq!(metadata.to_json(), expected.to_string());
}

#[test]
fn equal_servers_say_the_same_in_the_same_octets() {
    let of = || {
        let metadata = of(builder(ISSUER).endpoint(Endpoint::Revocation, format!("{ISSUER}/revoke")));
        metadata.unwrap().with("scopes_supported", json!(["openid"])).unwrap()
    };
    assert_eq!(of(), of());
    assert_eq!(of().to_json(), of().to_json());
    let members = || vec![("b", json!(1)), ("a", json!({"y": 1, "x": 2}))];
    let added = |members: Vec<(&str, Value)>| {
        let with = |metadata: AuthorizationServerMetadata, (name, value)| metadata.with(name, value).unwrap();
        members.into_iter().fold(of(), with).to_json()
    };
    assert_eq!(added(members()), added(members().into_iter().rev().collect()));
}

#[test]
fn pkce_is_as_the_policy_takes_it() {
    let challenges = |policy| {
        read(&of(builder(ISSUER).policy(policy)).unwrap())["code_challenge_methods_supported"].clone()
    };
    assert_eq!(challenges(Policy::default()), json!(["S256"]));
    assert_eq!(challenges(Policy::preset("onewelcome").unwrap()), json!(["S256", "plain"]));
}

/// Whether or not this server has them.
#[test]
fn what_is_derived_cannot_be_said_otherwise() {
    let mut names: Vec<String> =
        ["issuer", "mtls_endpoint_aliases", "code_challenge_methods_supported"].map(str::to_owned).into();
    for endpoint in ["token", "introspection", "revocation"] {
        for list in ["auth_methods_supported", "auth_signing_alg_values_supported"] {
            names.push(format!("{endpoint}_endpoint_{list}"));
        }
    }
    for endpoint in [
        "token",
        "introspection",
        "revocation",
        "pushed_authorization_request",
        "device_authorization",
        "backchannel_authentication",
    ] {
        names.push(format!("{endpoint}_endpoint"));
    }
    let metadata = of(builder(ISSUER)).unwrap();
    for name in &names {
        let error = metadata.clone().with(name, json!(["none"])).unwrap_err();
        assert_eq!(error.setting(), "metadata");
        assert!(error.to_string().contains(name.as_str()), "{error}");
    }
    for (name, value) in [("scopes_supported", json!([])), ("service_documentation", json!(null))] {
        let error = metadata.clone().with(name, value).unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
    }
    let own = metadata.with("registration_endpoint", format!("{ISSUER}/register")).unwrap();
    let own = own.with("tls_client_certificate_bound_access_tokens", false).unwrap();
    assert_eq!(read(&own)["registration_endpoint"], "https://as.example.com/register");
    assert_eq!(read(&own)["tls_client_certificate_bound_access_tokens"], false);
}

#[test]
fn an_endpoint_that_is_not_offered_leaves_nothing_behind() {
    let all =
        Endpoint::ALL.iter().fold(builder(ISSUER).mutual_tls(TrustAnchors::none()), |builder, endpoint| {
            let path = endpoint.as_str();
            builder
                .endpoint(*endpoint, format!("{ISSUER}/{path}"))
                .mtls_endpoint(*endpoint, format!("https://mtls.as.example.com/{path}"))
        });
    let metadata = of(all).unwrap();
    assert_eq!(read(&metadata)["mtls_endpoint_aliases"].as_object().unwrap().len(), Endpoint::ALL.len());
    for endpoint in Endpoint::ALL {
        let without = metadata.clone().without(*endpoint).to_json();
        assert!(metadata.to_json().contains(&format!("{ISSUER}/{endpoint}\"")), "{endpoint}");
        assert!(!without.contains(&format!("/{endpoint}\"")), "{endpoint}: {without}");
        assert!(!without.contains(&format!("\"{endpoint}_endpoint")), "{endpoint}: {without}");
    }
    let none = Endpoint::ALL.iter().fold(metadata, |metadata, endpoint| metadata.without(*endpoint));
    assert_eq!(read(&none), json!({"issuer": ISSUER, "code_challenge_methods_supported": ["S256"]}));
}

#[test]
fn no_document_is_without_a_token_endpoint() {
    let auth = Authenticator::builder().issuer(ISSUER).clients(clients()).build().unwrap();
    let error = AuthorizationServerMetadata::of(&auth).unwrap_err();
    assert_eq!(error.setting(), "endpoint");
    assert!(error.to_string().contains("token endpoint"), "{error}");
}

/// MD-8: clients refuse another issuer, and a secret sent in the clear is everybody's.
#[test]
fn an_issuer_and_its_endpoints_are_https_or_on_this_machine() {
    for issuer in
        ["https://as.example.com/tenant", "http://127.0.0.1:8080", "http://localhost", "http://[::1]:1"]
    {
        assert!(of(builder(issuer)).is_ok(), "{issuer}");
    }
    for issuer in ["http://as.example.com", "http://10.0.0.1:8080", "http://127.0.0.1.example.com"] {
        let auth = builder(issuer).build().unwrap();
        let error = AuthorizationServerMetadata::of(&auth).unwrap_err();
        assert_eq!(error.setting(), "issuer");
        assert!(error.to_string().contains(issuer), "{error}");
        let metadata = AuthorizationServerMetadata::danger_without_tls(&auth).unwrap();
        assert_eq!(read(&metadata)["issuer"], issuer);
    }
    for issuer in ["as://as.example.com", "https://user@as.example.com", "https://", "https://:443"] {
        let auth = builder(issuer).build().unwrap();
        for refused in
            [AuthorizationServerMetadata::of(&auth), AuthorizationServerMetadata::danger_without_tls(&auth)]
        {
            assert_eq!(refused.unwrap_err().setting(), "issuer", "{issuer}");
        }
    }
    for builder in [
        builder(ISSUER).endpoint(Endpoint::Revocation, "http://as.example.com/revoke"),
        builder(ISSUER).mtls_endpoint(Endpoint::Token, "http://as.example.com/token"),
    ] {
        let error = of(builder).unwrap_err();
        assert_eq!(error.setting(), "endpoint");
        assert!(error.to_string().contains("http://as.example.com/"), "{error}");
    }
}

/// RFC 8414 §3.1 puts the issuer's path behind the well-known one, OpenID Connect Discovery §4 before it.
#[test]
fn the_two_well_known_paths_are_on_either_side_of_the_issuers() {
    for (issuer, oauth, openid) in [
        (ISSUER, "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"),
        (
            "https://as.example.com/",
            "/.well-known/oauth-authorization-server",
            "/.well-known/openid-configuration",
        ),
        (
            "https://as.example.com:8443/a/b/",
            "/.well-known/oauth-authorization-server/a/b",
            "/a/b/.well-known/openid-configuration",
        ),
    ] {
        let metadata = of(builder(issuer)).unwrap();
        assert_eq!(metadata.oauth_authorization_server_path(), oauth);
        assert_eq!(metadata.openid_configuration_path(), openid);
    }
}
