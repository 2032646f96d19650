//! An operator changes one client: merge patches, and new tokens.

use std::sync::Arc;

use countersign::AuthMethod;
use countersign::metadata::MetadataError;
use countersign::registration::Outcome;
use countersign_tests::assertion::Assertion;
use countersign_tests::fixtures::fixtures;
use countersign_tests::jwk::PrivateJwk;

use super::*;

fn machine(bed: &Bed) -> Value {
    bed.registered(&format!("{{{MACHINE}}}"))
}

fn signed(client: &Value) -> Request {
    Request::token().assertion(Assertion::new(id(client), fixtures().key("attacker-ec"), "ES256").mint())
}

#[test]
fn method_and_keys_change_in_one_call() {
    let bed = bed();
    let client = machine(&bed);
    let ec = fixtures().key("attacker-ec").public();
    let patch = json!({"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [ec]}});
    let answer = bed.patch(&client, &patch);
    assert_eq!(answer.status(), 200);
    assert!(
        document(&answer).get("client_secret").is_none() && document(&answer).get("client_secrets").is_none()
    );
    assert!(bed.authenticate(signed(&client)).is_ok());
    assert_eq!(bed.by_basic(&client, &client["client_secret"]), Err(Reason::MethodNotGranted));
    let patch = json!({"jwks": null, "jwks_uri": "https://client.example/jwks"});
    assert_eq!(document(&bed.patch(&client, &patch))["jwks_uri"], "https://client.example/jwks");
    assert_eq!(bed.authenticate(signed(&client)).unwrap_err(), Reason::JwksUnavailable);
    // Back to a secret, which is shown once.
    let patch = json!({"jwks_uri": null, "token_endpoint_auth_method": "client_secret_basic"});
    let answer = document(&bed.patch(&client, &patch));
    assert!(bed.by_basic(&client, &answer["client_secret"]).is_ok());
    let again = document(&bed.patch(&client, &json!({"client_name": "Billing"})));
    assert!(again.get("client_secret").is_none() && again["client_name"] == "Billing");
    // The client's own token is good all the while.
    assert_eq!(bed.read(&client).status(), 200);
}

#[test]
fn an_invalid_patch_changes_nothing() {
    let bed = bed();
    let client = machine(&bed);
    let ec = fixtures().key("attacker-ec");
    let before = serde_json::to_value(bed.stored(&client).unwrap().metadata).unwrap();
    let revision = bed.stored(&client).unwrap().revision;
    for (patch, problem) in [
        (json!({"token_endpoint_auth_method": "private_key_jwt"}), "jwks is missing"),
        (
            json!({"token_endpoint_auth_method": "foobar"}),
            "token_endpoint_auth_method 'foobar' is not served",
        ),
        (json!({"token_endpoint_auth_method": 7}), "token_endpoint_auth_method is not a string"),
        (
            json!({"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [ec.private()]}}),
            "jwks holds a private",
        ),
        (
            json!({"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [ec.public()]}, "jwks_uri": "https://c.example/"}),
            "jwks_uri stands beside jwks",
        ),
        (json!({"jwks_uri": "http://client.example/jwks"}), "jwks_uri is not an https URL"),
        (
            json!({"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": {"keys": [ec.public()]}}),
            "jwks holds no certificate",
        ),
        (json!({"auth_methods": [{"method": "none"}]}), "auth_methods has none beside"),
        (
            json!({"auth_methods": [{"method": "foobar"}]}),
            "token_endpoint_auth_method 'foobar' is not served",
        ),
        (json!({"auth_methods": "none"}), "client_metadata cannot be read at 'auth_methods'"),
        (json!({"any_secret_method": true}), "any_secret_method stands beside"),
        (json!({"client_secrets": [{"secret_hash": "md5:x"}]}), "client_secrets a secret_hash"),
        (json!({"client_secrets": "chosen-and-secret"}), "client_secrets is no list"),
        (json!({"client_secrets": [{"secret": 7}]}), "client_secrets is no list"),
        (json!({"redirect_uris": ["javascript:1"]}), "redirect_uris holds"),
        (json!({"response_types": ["code"]}), "response_types has code"),
        (json!({"token_endpoint_auth_signing_alg": "none"}), "token_endpoint_auth_signing_alg 'none'"),
        (json!({"client_nmae": "Billing"}), "client_metadata has no member 'client_nmae'"),
        (json!({"client_id": "other"}), "client_id is not changed by a patch"),
        (json!({"client_id": null}), "client_id is not changed by a patch"),
        (json!({"client_secret": "chosen"}), "client_secret is not changed by a patch"),
        (json!({"registration_access_token": "x"}), "registration_access_token is not changed"),
        (json!({"disabled": "no"}), "client_metadata cannot be read at 'disabled'"),
    ] {
        let answer = bed.patch(&client, &patch);
        let (status, _, description) = refusal(&answer);
        assert_eq!(status, 400, "{patch}");
        assert!(description.starts_with(problem), "{patch}: {description}");
        assert!(description.contains("; "), "no cure: {description}");
        assert!(!format!("{answer:?} {} {description}", answer.event()).contains("chosen-and-secret"));
        let stored = bed.stored(&client).unwrap();
        assert_eq!(
            (serde_json::to_value(&stored.metadata).unwrap(), stored.revision),
            (before.clone(), revision)
        );
    }
    for (patch, status) in [("[]", 400), ("null", 400), (r#"{"client_name": "a", "client_name": "b"}"#, 400)]
    {
        let answer = block_on(bed.registration.patch(id(&client), patch.as_bytes()));
        assert_eq!(answer.status(), status, "{patch}");
    }
    assert!(bed.by_basic(&client, &client["client_secret"]).is_ok());
}

#[test]
fn an_operator_sets_what_a_client_may_not() {
    let bed = bed();
    let client = machine(&bed);
    let hash = countersign::secret::sha256("cs_imported");
    let patch = json!({
        "scope": "admin", "grant_types": ["client_credentials", "urn:example:own"],
        "auth_methods": [{"method": "client_secret_post", "until": NOW + 60}],
        "client_secrets": [{"label": "imported", "secret_hash": hash, "expires_at": NOW + 60}],
        "jwks_uri": "http://127.0.0.1:8080/jwks",
    });
    let answer = bed.patch(&client, &patch);
    assert_eq!(answer.status(), 200, "{:?}", answer.body());
    let shown = document(&answer);
    assert_eq!(shown["scope"], "admin");
    assert_eq!(shown["client_secrets"], json!([{"label": "imported", "expires_at": NOW + 60}]));
    assert_eq!(shown["client_secret_expires_at"], NOW + 60);
    assert!(!String::from_utf8_lossy(answer.body()).contains(&hash[10..]));
    assert_eq!(bed.by_basic(&client, &json!("cs_imported")), Ok(Some("imported".to_owned())));
    assert!(bed.authenticate(Request::token().post(id(&client), "cs_imported")).is_ok());
    // No secrets at all: a client that needs one gets a new one.
    let answer = document(&bed.patch(&client, &json!({"client_secrets": null})));
    assert!(bed.by_basic(&client, &answer["client_secret"]).is_ok());
    assert_eq!(bed.by_basic(&client, &json!("cs_imported")), Err(Reason::SecretMismatch));
}

#[test]
fn a_secret_in_the_clear_does_not_stay_in_the_clear() {
    let bed = bed();
    let mut imported = bed.stored(&machine(&bed)).unwrap();
    imported.metadata.client_id = "imported".to_owned();
    imported.metadata.client_secrets.clear();
    imported.metadata.client_secret = Some("wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq".to_owned());
    assert!(block_on(bed.clients.insert(&imported)).unwrap());
    let client = json!({"client_id": "imported"});
    let secret = json!("wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq");
    assert_eq!(bed.patch(&client, &json!({"client_name": "Imported"})).status(), 200);
    assert!(bed.by_basic(&client, &secret).is_ok());
    let stored = serde_json::to_string(&bed.stored(&client).unwrap().metadata).unwrap();
    assert!(!stored.contains("wCTKUr"), "{stored}");
}

/// What was imported is left as it is, as long as it can work.
#[test]
fn a_secret_that_is_enough_is_not_replaced() {
    let bed = bed();
    let template = bed.stored(&machine(&bed)).unwrap();
    let secret = "wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq";
    for (client_id, method) in [("unpinned", None), ("mac", Some(AuthMethod::CLIENT_SECRET_JWT))] {
        let mut imported = template.clone();
        imported.metadata.client_id = client_id.to_owned();
        imported.metadata.client_secrets.clear();
        imported.metadata.client_secret = Some(secret.to_owned());
        imported.metadata.any_secret_method = method.is_none();
        imported.metadata.token_endpoint_auth_method = method;
        assert!(block_on(bed.clients.insert(&imported)).unwrap());
        let client = json!({"client_id": client_id});
        let answer = bed.patch(&client, &json!({"client_name": "Imported"}));
        assert_eq!(answer.status(), 200, "{:?}", answer.body());
        assert!(document(&answer).get("client_secret").is_none(), "{client_id}");
        let key = Arc::new(PrivateJwk::of_secret(secret));
        let request = Request::token().assertion(Assertion::new(client_id, key, "HS256").mint());
        assert!(bed.authenticate(request).is_ok(), "{client_id}");
    }
    assert!(bed.by_basic(&json!({"client_id": "unpinned"}), &json!(secret)).is_ok());
}

/// What could not be registered any more can still be disabled and lose its secrets, and does not become worse.
#[test]
fn what_could_not_be_registered_any_more_can_be_disabled() {
    let basic = |builder: AuthenticatorBuilder| builder.methods([AuthMethod::CLIENT_SECRET_BASIC]);
    let bed = bed_on(MemoryRegistry::default(), basic).with(|registration| {
        registration.validated_by(|metadata| match &metadata.software_id {
            Some(id) if id == "old" => Err(MetadataError::new("software_id", "is old", "give a new one")),
            Some(id) if id == "odd" => Err(MetadataError::new("software_id", "is odd", "give an even one")),
            _ => Ok(()),
        })
    });
    let hash = countersign::secret::sha256("cs_known");
    let illegal = [
        (
            json!({"redirect_uris": ["http://app.example/cb"]}),
            json!({"redirect_uris": ["http://app.example/cb", "javascript:1"]}),
        ),
        (
            json!({"grant_types": ["client_credentials"], "response_types": ["code"]}),
            json!({"response_types": ["token"]}),
        ),
        (
            json!({"token_endpoint_auth_method": "client_secret_post"}),
            json!({"token_endpoint_auth_method": "client_secret_jwt"}),
        ),
        (
            json!({"client_secrets": [{"secret_hash": hash}, {"secret_hash": "md5:x"}]}),
            json!({"client_secrets": [{"secret_hash": hash}, {"secret_hash": "md5:x"}, {"secret_hash": "md5:y"}]}),
        ),
        (json!({"software_id": "old"}), json!({"software_id": "odd"})),
    ];
    for (position, (stored, worse)) in illegal.into_iter().enumerate() {
        let client = json!({"client_id": format!("imported-{position}")});
        let mut members = json!({"client_id": id(&client), "client_secrets": [{"secret_hash": hash}]});
        members.as_object_mut().unwrap().extend(stored.as_object().unwrap().clone());
        let imported = countersign::store::RegisteredClient {
            metadata: serde_json::from_value(members).unwrap(),
            ..Default::default()
        };
        assert!(block_on(bed.clients.insert(&imported)).unwrap());
        let (status, _, description) = refusal(&bed.patch(&client, &worse));
        assert_eq!(status, 400, "{worse}: {description}");
        let rotated = bed.rotate(&client);
        assert_eq!(rotated.status(), 200, "{stored}: {:?}", rotated.body());
        for patch in
            [json!({"client_secrets": null}), json!({"client_name": "Old"}), json!({"disabled": true})]
        {
            let answer = bed.patch(&client, &patch);
            assert_eq!(answer.status(), 200, "{stored} {patch}: {:?}", answer.body());
        }
        let found = bed.stored(&client).unwrap().metadata;
        assert!(found.disabled && found.client_secrets.len() == 1, "{stored}");
        assert_ne!(found.client_secrets[0].secret_hash.as_deref(), Some(hash.as_str()), "{stored}");
        let (status, _, _) = refusal(&bed.patch(&client, &worse));
        assert_eq!(status, 400, "disabled is no excuse for {worse}");
    }
}

/// An application may take no grant types for all of them, so a registration has some.
#[test]
fn what_a_patch_removes_has_the_default_of_a_registration() {
    let bed = bed();
    let client = machine(&bed);
    let shown = |patch: Value| {
        let answer = document(&bed.patch(&client, &patch));
        (answer["grant_types"].clone(), answer["response_types"].clone())
    };
    let code = (json!(["authorization_code"]), json!(["code"]));
    assert_eq!(shown(json!({"grant_types": null, "response_types": null})), code);
    let patch = json!({"grant_types": ["client_credentials"], "response_types": null});
    assert_eq!(shown(patch), (json!(["client_credentials"]), json!([])));
    let (status, _, description) = refusal(&bed.patch(&client, &json!({"grant_types": null})));
    assert_eq!((status, description.starts_with("response_types has no code")), (400, true), "{description}");
    // What an imported client never had is not given to it by the way.
    let mut imported = bed.stored(&client).unwrap();
    (imported.metadata.grant_types, imported.metadata.response_types) = (None, None);
    assert!(block_on(bed.clients.replace(&imported)).unwrap());
    assert_eq!(shown(json!({"client_name": "Imported"})), (Value::Null, Value::Null));
    assert_eq!(bed.rotate(&client).status(), 200);
    assert_eq!(bed.stored(&client).unwrap().metadata.grant_types, None);
    assert_eq!(shown(json!({"response_types": null})), (Value::Null, json!(["code"])));
}

#[test]
fn a_new_registration_access_token_ends_the_old_one() {
    let bed = bed();
    let client = machine(&bed);
    let answer = block_on(bed.registration.renew_registration_access_token(id(&client)));
    assert_eq!(answer.status(), 200);
    let renewed = document(&answer);
    assert_ne!(renewed["registration_access_token"], client["registration_access_token"]);
    assert_eq!(renewed["registration_client_uri"], client["registration_client_uri"]);
    assert_eq!(bed.read(&client).status(), 401);
    assert_eq!(bed.read(&renewed).status(), 200);
    assert!(bed.by_basic(&client, &client["client_secret"]).is_ok());
}

#[test]
fn an_operator_learns_that_there_is_no_such_client() {
    let bed = bed();
    let unknown = json!({"client_id": "unknown"});
    let renewed = block_on(bed.registration.renew_registration_access_token("unknown"));
    for answer in [bed.patch(&unknown, &json!({})), bed.rotate(&unknown), renewed] {
        assert_eq!((answer.status(), answer.event().outcome()), (404, Outcome::ClientUnknown));
        assert_eq!(refusal(&answer).1, "not_found");
        assert_eq!(header(&answer, "www-authenticate"), None);
    }
}
