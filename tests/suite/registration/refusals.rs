//! What cannot be registered: the status, the error, the member and the cure.

use countersign::{Algorithm, AuthMethod, Policy};
use countersign_tests::fixtures::fixtures;

use super::*;

/// Each body with what its description must begin with, and what it must contain of the cure.
#[track_caller]
pub(super) fn refused(bed: &Bed, cases: &[(&str, &str, &str)]) {
    for (body, problem, cure) in cases {
        let answer = bed.register(body);
        let (status, error, description) = refusal(&answer);
        let expected = if problem.starts_with("redirect_uris") {
            "invalid_redirect_uri"
        } else {
            "invalid_client_metadata"
        };
        assert_eq!((status, error.as_str()), (400, expected), "{body:.300}: {description}");
        assert!(description.starts_with(problem), "{body}: {description}");
        let (_, told) = description.split_once("; ").unwrap_or_else(|| panic!("no cure: {description}"));
        assert!(told.contains(cure), "{body}: {description}");
        assert!(answer.event().detail().is_some_and(|detail| detail.contains(cure)), "{:?}", answer.event());
    }
    assert!(block_on(bed.clients.page("", 10)).unwrap().is_empty());
}

#[test]
fn members_of_another_type_or_beyond_all_bounds() {
    refused(
        &bed(),
        &[
            (r#"{"client_name": 7}"#, "client_name is not a string", "one string"),
            (r#"{"redirect_uris": "https://a.example/"}"#, "redirect_uris is not an array", "array"),
            (r#"{"redirect_uris": [7]}"#, "redirect_uris is not an array", "array"),
            (r#"{"grant_types": {}}"#, "grant_types is not an array", "array"),
            (r#"{"jwks": "x"}"#, "jwks is not an object", "JWK Set"),
            (
                r#"{"tls_client_certificate_bound_access_tokens": "yes"}"#,
                "tls_client_certificate_bound_access_tokens is not a boolean",
                "true or false",
            ),
            (r#"{"token_endpoint_auth_method": []}"#, "token_endpoint_auth_method is not a string", "string"),
            ("{\"client_name\": \"a\\u001b[2J\"}", "client_name holds control characters", "leave them out"),
            (&format!(r#"{{"software_id": "{}"}}"#, "a".repeat(2049)), "software_id is longer", "shorten"),
            (&json!({"contacts": vec!["a"; 65]}).to_string(), "contacts has more than 64", "leave some out"),
        ],
    );
}

#[test]
fn members_that_are_not_for_a_client_to_set() {
    let bed = bed();
    for (member, value) in [
        ("client_id", r#""mine""#),
        ("client_secret", r#""chosen""#),
        ("client_secrets", r#"[{"secret": "chosen"}]"#),
        ("auth_methods", r#"[{"method": "none"}]"#),
        ("any_secret_method", "true"),
        ("public_keys", r#"["x"]"#),
        ("assertion_reuse", r#""until_exp""#),
        ("disabled", "false"),
        ("client_id_issued_at", "1"),
        ("client_secret_expires_at", "0"),
        ("registration_access_token", r#""x""#),
        ("registration_client_uri", r#""x""#),
    ] {
        refused(
            &bed,
            &[(
                &format!(r#"{{{MACHINE}, "{member}": {value}}}"#),
                &format!("{member} is not for a client"),
                "",
            )],
        );
        // Null is the same as absent.
        bed_on(MemoryRegistry::default(), |builder| builder)
            .registered(&format!(r#"{{{MACHINE}, "{member}": null}}"#));
    }
}

#[test]
fn methods_and_algorithms_that_are_not_served() {
    let all = "client_secret_basic, client_secret_post, client_secret_jwt, private_key_jwt, tls_client_auth, self_signed_tls_client_auth, none";
    let method =
        |name: &str, more: &str| format!(r#"{{{MACHINE}, "token_endpoint_auth_method": "{name}"{more}}}"#);
    refused(
        &bed(),
        &[
            (&method("foobar", ""), "token_endpoint_auth_method 'foobar' is not served", all),
            (&method("Client_Secret_Basic", ""), "token_endpoint_auth_method 'Client", all),
            (&method("", ""), "token_endpoint_auth_method '' is not served", all),
            (&method("https://evil.example/method", ""), "token_endpoint_auth_method 'https", all),
            (
                &method("private_key_jwt", r#", "token_endpoint_auth_signing_alg": "none""#),
                "token_endpoint_auth_signing_alg 'none' is not served",
                "ES256",
            ),
            (
                &method("private_key_jwt", r#", "token_endpoint_auth_signing_alg": "ES256K""#),
                "token_endpoint_auth_signing_alg 'ES256K' is not served",
                "RS256",
            ),
            (
                &method("client_secret_jwt", r#", "token_endpoint_auth_signing_alg": "RS256""#),
                "token_endpoint_auth_signing_alg RS256 is not of the family",
                "HS256",
            ),
        ],
    );
    let two = |builder: AuthenticatorBuilder| {
        builder.methods([AuthMethod::CLIENT_SECRET_POST, AuthMethod::PRIVATE_KEY_JWT])
    };
    let narrow = bed_on(MemoryRegistry::default(), |builder| {
        let mut policy = Policy::default();
        policy.algorithms = vec![Algorithm::PS256];
        two(builder.policy(policy))
    });
    let served = "client_secret_post, private_key_jwt";
    refused(
        &narrow,
        &[
            // MD-1: nothing means Basic, which is not there.
            (
                &format!("{{{MACHINE}}}"),
                "token_endpoint_auth_method 'client_secret_basic' is not served",
                served,
            ),
            (&method("none", ""), "token_endpoint_auth_method 'none' is not served", served),
            (&method("client_secret_jwt", ""), "token_endpoint_auth_method 'client_secret_jwt'", served),
            (
                &method("private_key_jwt", r#", "token_endpoint_auth_signing_alg": "ES256""#),
                "token_endpoint_auth_signing_alg 'ES256' is not served",
                "use PS256",
            ),
            // The same without a name: its one key cannot sign what is taken here.
            (
                &json!({
                    "grant_types": ["client_credentials"], "token_endpoint_auth_method": "private_key_jwt",
                    "jwks": {"keys": [fixtures().key("attacker-ec").public()]},
                })
                .to_string(),
                "jwks holds no key that can sign here",
                "PS256",
            ),
        ],
    );
}

#[test]
fn grant_types_response_types_scopes_and_uris() {
    let redirect = |uri: &str| json!({"redirect_uris": [uri]}).to_string();
    let page =
        |field: &str, uri: &str| json!({"grant_types": ["client_credentials"], field: uri}).to_string();
    refused(
        &bed(),
        &[
            ("{}", "redirect_uris is missing", "grant_types without"),
            (r#"{"redirect_uris": []}"#, "redirect_uris is missing", "grant_types without"),
            (&redirect("/cb"), "redirect_uris holds '/cb', which is not absolute", "https"),
            (&redirect("https://a.example/#x"), "redirect_uris holds", "https"),
            (&redirect("http://a.example/cb"), "redirect_uris holds", "http://127.0.0.1"),
            (&redirect("javascript:alert(1)"), "redirect_uris holds", "scheme of the app's own"),
            (&redirect("data:text/html,x"), "redirect_uris holds", "scheme of the app's own"),
            (
                r#"{"grant_types": ["implicit"]}"#,
                "grant_types 'implicit' cannot be registered",
                "authorization_code",
            ),
            (
                r#"{"grant_types": ["password"]}"#,
                "grant_types 'password' cannot be registered",
                "refresh_token",
            ),
            (
                r#"{"redirect_uris": ["https://a.example/"], "response_types": ["token"]}"#,
                "response_types has no code",
                "together",
            ),
            (
                r#"{"redirect_uris": ["https://a.example/"], "response_types": ["code", "id_token"]}"#,
                "response_types has token or id_token",
                "together",
            ),
            (
                r#"{"grant_types": ["client_credentials"], "response_types": ["code"]}"#,
                "response_types has code",
                "together",
            ),
            (
                r#"{"grant_types": ["authorization_code"], "redirect_uris": ["https://a.example/"], "response_types": []}"#,
                "response_types has no code",
                "together",
            ),
            (
                r#"{"grant_types": ["client_credentials"], "token_endpoint_auth_method": "none"}"#,
                "grant_types has client_credentials, and the method none",
                "another token_endpoint_auth_method",
            ),
            (&page("scope", "admin"), "scope 'admin' cannot be registered", "leave it out"),
            (&page("client_uri", "javascript:alert(1)"), "client_uri", "https"),
            (&page("logo_uri", "http://a.example/logo.png"), "logo_uri is not an https URL", "https"),
            (&page("tos_uri", "data:text/html,x"), "tos_uri", "https"),
            (&page("policy_uri", "https://"), "policy_uri names no host", "https"),
            (&page("id_token_signed_response_alg", "none"), "id_token_signed_response_alg", "RS256"),
            (&page("id_token_signed_response_alg", "XX"), "id_token_signed_response_alg", "RS256"),
            (
                r#"{"redirect_uris": ["https://a.example/"], "token_endpoint_auth_method": "none",
                    "id_token_signed_response_alg": "HS256"}"#,
                "id_token_signed_response_alg is HS256, and a client without a secret",
                "RS256",
            ),
        ],
    );
    let wide = bed().with(|registration| {
        registration.grant_types(["authorization_code", "implicit"]).scopes(["read", "write"])
    });
    refused(
        &wide,
        &[
            (r#"{"grant_types": ["client_credentials"]}"#, "grant_types 'client_credentials'", "implicit"),
            (
                r#"{"redirect_uris": ["https://a.example/"], "scope": "read admin"}"#,
                "scope 'admin' cannot",
                "read, write",
            ),
            // Two spaces: an empty scope between them.
            (
                r#"{"redirect_uris": ["https://a.example/"], "scope": "read  write"}"#,
                "scope '' cannot",
                "one space",
            ),
        ],
    );
    wide.registered(
        r#"{"redirect_uris": ["https://a.example/"], "scope": "write read",
            "grant_types": ["authorization_code", "implicit"], "response_types": ["code", "code id_token"]}"#,
    );
}

#[test]
fn the_applications_own_rules_come_last() {
    use countersign::metadata::MetadataError;
    let bed = bed().with(|registration| {
        registration.validated_by(|metadata| match metadata.client_name.as_deref() {
            Some("Bank") => {
                Err(MetadataError::new("client_name", "is somebody else's", "choose another \"name\""))
            }
            _ if metadata.redirect_uris.iter().flatten().any(|uri| uri.contains("evil")) => {
                Err(MetadataError::new("redirect_uris", "leads to evil", "choose another"))
            }
            _ => Ok(()),
        })
    });
    refused(
        &bed,
        &[
            (
                &format!(r#"{{{MACHINE}, "client_name": "Bank"}}"#),
                "client_name is somebody else's",
                "another",
            ),
            (r#"{"redirect_uris": ["https://evil.example/"]}"#, "redirect_uris leads to evil", "another"),
        ],
    );
    let client = bed.registered(&format!("{{{MACHINE}}}"));
    assert_eq!(bed.patch(&client, &json!({"client_name": "Bank"})).status(), 400);
    assert_eq!(
        bed.update(&client, &json!({"grant_types": ["client_credentials"], "client_name": "Bank"})).status(),
        400
    );
}

#[test]
fn bodies_that_are_no_metadata() {
    let bed = bed();
    let large = format!(r#"{{"client_name": "{}"}}"#, "a".repeat(64 * 1024));
    for (headers, body, status) in [
        (vec![], "{}", 415),
        (vec![("content-type", "application/x-www-form-urlencoded")], "{}", 415),
        (vec![("content-type", "application/json; charset=utf-16")], "{}", 415),
        (vec![JSON, JSON], "{}", 415),
        (vec![JSON, ("content-encoding", "gzip")], "{}", 415),
        (vec![JSON], "", 400),
        (vec![JSON], "[]", 400),
        (vec![JSON], "{", 400),
        (vec![JSON], "{}{}", 400),
        (vec![JSON], r#"{"client_name": "a", "client_name": "b"}"#, 400),
        (vec![JSON], r#"{"client_name": "a", "client\u005fname": "b"}"#, 400),
        (vec![JSON], r#"{"jwks": {"keys": [], "keys": []}}"#, 400),
        (vec![JSON], &format!("{}{}", "[".repeat(1000), "]".repeat(1000)), 400),
        (vec![JSON], &large, 413),
    ] {
        let answer = block_on(bed.registration.register(&headers.as_slice(), body.as_bytes(), None));
        assert_eq!(answer.status(), status, "{headers:?} {body:.60}");
        let error = if status == 400 { "invalid_client_metadata" } else { "invalid_request" };
        assert_eq!(refusal(&answer).1, error);
        assert_eq!(header(&answer, "cache-control"), Some("no-store"));
    }
    let fine: &[(&str, &str)] = &[("Content-Type", "Application/JSON; charset=UTF-8")];
    let body = format!("{{{MACHINE}}}");
    assert_eq!(block_on(bed.registration.register(&fine, body.as_bytes(), None)).status(), 201);
}

/// Whatever stands where: an answer, and never one of the server's own faults.
#[test]
fn every_member_with_every_kind_of_value_is_answered() {
    let bed = bed()
        .with(|registration| registration.scopes(["read"]).grant_types(["authorization_code", "implicit"]));
    let known =
        serde_json::from_str::<countersign::metadata::ClientMetadata>(r#"{"": 0}"#).unwrap_err().to_string();
    let members: Vec<&str> = known.split('`').skip(3).step_by(2).collect();
    assert!(members.len() > 30);
    let deep = (0..100).fold(json!(1), |deep, _| json!({"keys": [deep]}));
    let values = [
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1e300),
        json!(u64::MAX),
        json!(""),
        json!("x"),
        json!("\u{0}"),
        json!("https://a.example/"),
        json!("none"),
        json!("HS512"),
        json!([]),
        json!([null]),
        json!([""]),
        json!(["code"]),
        json!([[]]),
        json!({}),
        json!({"keys": []}),
        json!({"keys": [{}]}),
        deep,
        json!([{"method": "none"}]),
        json!([{"method": "client_secret_jwt"}]),
        json!([{"secret": ""}]),
        json!([{"secret_hash": ""}]),
        json!([{"secret": "x", "expires_at": u64::MAX}]),
        json!("1999-01-01T00:00:00Z"),
    ];
    for member in members {
        for value in &values {
            let client = bed.registered(r#"{"redirect_uris": ["https://a.example/"]}"#);
            let body = json!({"redirect_uris": ["https://a.example/"], member: value});
            for answer in [
                bed.register(&body.to_string()),
                bed.put(&client, &body.to_string()),
                bed.update(&client, &body),
                bed.patch(&client, &json!({member: value})),
                bed.rotate(&client),
            ] {
                assert!(matches!(answer.status(), 200 | 201 | 400 | 403), "{member}: {value}: {answer:?}");
            }
            // What is stored can be read, whatever it is.
            assert!(block_on(bed.clients.find(id(&client))).unwrap().is_some());
        }
    }
}

#[test]
fn what_a_caller_sends_comes_back_in_the_error_charset_alone() {
    let answer = bed().register("{\"token_endpoint_auth_method\": \"\\\"\\\\\u{e9}\u{202e}<x>\"}");
    let (_, _, description) = refusal(&answer);
    assert!(
        description.bytes().all(|byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5B | 0x5D..=0x7E)),
        "{description}"
    );
    let line = answer.event().to_string();
    assert!(line.bytes().all(|byte| matches!(byte, 0x20..=0x7E)) || line.ends_with("…\""), "{line}");
}
