//! A client reads, replaces and removes its registration.

use countersign::registration::Outcome;

use super::*;

fn machine() -> Value {
    json!({"grant_types": ["client_credentials"]})
}

#[test]
fn an_unknown_client_and_a_wrong_token_get_the_same_answer() {
    let bed = bed();
    let (one, other) = (bed.registered(&machine().to_string()), bed.registered(&machine().to_string()));
    let mut stolen = one.clone();
    stolen["registration_access_token"] = other["registration_access_token"].clone();
    let mut by_secret = one.clone();
    by_secret["registration_access_token"] = one["client_secret"].clone();
    let mut unknown = one.clone();
    unknown["client_id"] = json!("c_AAAAAAAAAAAAAAAAAAAAAA");
    // One that only an operator may change.
    let mut imported = bed.stored(&one).unwrap();
    imported.metadata.client_id = "imported".to_owned();
    imported.registration_access_token = None;
    assert!(block_on(bed.clients.insert(&imported)).unwrap());
    let mut without_token = one.clone();
    without_token["client_id"] = json!("imported");
    for (client, outcome) in [
        (&stolen, Outcome::TokenWrong),
        (&by_secret, Outcome::TokenWrong),
        (&without_token, Outcome::TokenWrong),
        (&unknown, Outcome::ClientUnknown),
    ] {
        let body =
            json!({"client_id": client["client_id"], "grant_types": ["client_credentials"]}).to_string();
        for answer in
            [bed.read(client), bed.put(client, &body), bed.put(client, "no JSON"), bed.delete(client)]
        {
            assert_eq!((answer.status(), answer.event().outcome()), (401, outcome));
            assert_eq!(header(&answer, "www-authenticate"), Some("Bearer error=\"invalid_token\""));
            assert_eq!(answer.body(), bed.read(&stolen).body());
        }
    }
    for client_id in [id(&one), "unknown"] {
        let nothing: &[(&str, &str)] = &[];
        for answer in [
            block_on(bed.registration.read(client_id, &nothing)),
            block_on(bed.registration.update(client_id, &nothing, b"{}")),
            block_on(bed.registration.delete(client_id, &nothing)),
        ] {
            assert_eq!((answer.status(), header(&answer, "www-authenticate")), (401, Some("Bearer")));
            assert_eq!(answer.body(), bed.read(&stolen).body());
        }
    }
    assert_eq!(bed.read(&one).status(), 200);
}

#[test]
fn an_update_says_everything_again() {
    let bed = bed();
    let client = bed.registered(
        r#"{"redirect_uris": ["https://app.example/cb"], "client_name": "App", "contacts": ["a@app.example"]}"#,
    );
    let answer =
        bed.update(&client, &json!({"redirect_uris": ["https://app.example/2"], "client_name": null}));
    assert_eq!(answer.status(), 200);
    let mut expected = client.clone();
    expected["redirect_uris"] = json!(["https://app.example/2"]);
    for gone in ["client_name", "contacts", "client_secret"] {
        expected.as_object_mut().unwrap().remove(gone);
    }
    assert_eq!(document(&answer), expected);
    assert_eq!(document(&bed.read(&client)), expected);
    assert_eq!(answer.event().detail(), Some("changed client_name, contacts, redirect_uris"));
    // Its secret stays, also where it moves from the header into the form.
    assert!(bed.by_basic(&client, &client["client_secret"]).is_ok());
    let by_post = json!({"redirect_uris": ["https://app.example/2"], "token_endpoint_auth_method": "client_secret_post"});
    assert!(document(&bed.update(&client, &by_post)).get("client_secret").is_none());
    let secret = client["client_secret"].as_str().unwrap();
    assert!(bed.authenticate(Request::token().post(id(&client), secret)).is_ok());
    assert_eq!(bed.by_basic(&client, &client["client_secret"]), Err(Reason::MethodNotGranted));
}

#[test]
fn what_an_update_must_not_say() {
    let bed = bed();
    let client = bed.registered(&machine().to_string());
    let other = bed.registered(&machine().to_string());
    let secret = client["client_secret"].clone();
    let fine = json!({"client_id": client["client_id"], "client_secret": secret, "grant_types": ["client_credentials"]});
    assert_eq!(bed.put(&client, &fine.to_string()).status(), 200);
    for (member, value, problem) in [
        ("client_id", json!(null), "client_id is not the one"),
        ("client_id", other["client_id"].clone(), "client_id is not the one"),
        ("client_id", json!(7), "client_id is not a string"),
        ("client_secret", json!("chosen"), "client_secret is not the client's current secret"),
        ("client_secret", json!(""), "client_secret is not the client's current secret"),
        ("client_secret", other["client_secret"].clone(), "client_secret is not the client's current secret"),
        ("client_secret", json!(7), "client_secret is not a string"),
        (
            "registration_access_token",
            client["registration_access_token"].clone(),
            "registration_access_token is not for",
        ),
        (
            "registration_client_uri",
            client["registration_client_uri"].clone(),
            "registration_client_uri is not for",
        ),
        ("client_secret_expires_at", json!(0), "client_secret_expires_at is not for"),
        ("client_id_issued_at", json!(NOW), "client_id_issued_at is not for"),
        ("disabled", json!(false), "disabled is not for"),
        ("grant_types", json!(["implicit"]), "grant_types 'implicit'"),
        ("scope", json!("admin"), "scope 'admin'"),
        ("jwks_uri", json!("http://client.example/"), "jwks_uri is not an https URL"),
    ] {
        let mut body = fine.clone();
        body[member] = value;
        let before = serde_json::to_value(bed.stored(&client).unwrap().metadata).unwrap();
        let (status, error, description) = refusal(&bed.put(&client, &body.to_string()));
        assert_eq!((status, error.as_str()), (400, "invalid_client_metadata"), "{description}");
        assert!(description.starts_with(problem), "{member}: {description}");
        assert_eq!(serde_json::to_value(bed.stored(&client).unwrap().metadata).unwrap(), before);
    }
    assert!(bed.by_basic(&client, &secret).is_ok());
}

#[test]
fn whoever_is_removed_is_nobody() {
    let bed = bed();
    let client = bed.registered(&machine().to_string());
    assert!(bed.by_basic(&client, &client["client_secret"]).is_ok());
    let answer = bed.delete(&client);
    assert_eq!((answer.status(), answer.body().len(), header(&answer, "content-type")), (204, 0, None));
    assert_eq!(header(&answer, "cache-control"), Some("no-store"));
    assert_eq!(bed.by_basic(&client, &client["client_secret"]), Err(Reason::UnknownClient));
    for answer in [bed.read(&client), bed.update(&client, &machine()), bed.delete(&client)] {
        assert_eq!((answer.status(), answer.event().outcome()), (401, Outcome::ClientUnknown));
    }
}

#[test]
fn a_client_that_is_disabled_does_not_help_itself() {
    let bed = bed();
    let client = bed.registered(&machine().to_string());
    assert_eq!(bed.patch(&client, &json!({"disabled": true})).status(), 200);
    for answer in [bed.read(&client), bed.update(&client, &machine()), bed.delete(&client)] {
        assert_eq!((answer.status(), answer.event().outcome()), (403, Outcome::ClientDisabled));
        assert_eq!(refusal(&answer).1, "access_denied");
    }
    assert_eq!(bed.by_basic(&client, &client["client_secret"]), Err(Reason::ClientDisabled));
    assert_eq!(bed.patch(&client, &json!({"disabled": null})).status(), 200);
    assert!(bed.by_basic(&client, &client["client_secret"]).is_ok());
}

#[test]
fn what_an_operator_has_set_stays_the_operators() {
    let bed = bed();
    let client = bed.registered(&machine().to_string());
    let patch = json!({
        "token_endpoint_auth_method": null, "scope": "admin",
        "auth_methods": [{"method": "client_secret_basic", "endpoints": ["token"]}],
    });
    assert_eq!(bed.patch(&client, &patch).status(), 200);
    let post =
        json!({"grant_types": ["client_credentials"], "token_endpoint_auth_method": "client_secret_post"});
    let (status, _, description) = refusal(&bed.update(&client, &post));
    assert_eq!(status, 400);
    assert!(description.starts_with("token_endpoint_auth_method is set by the operator"), "{description}");
    // A scope that was given may be kept, or be given back for good.
    let mut metadata = machine();
    metadata["scope"] = json!("admin");
    let answer = document(&bed.update(&client, &metadata));
    assert_eq!(answer["scope"], "admin");
    assert!(answer.get("auth_methods").is_none() && answer.get("token_endpoint_auth_method").is_none());
    assert!(!bed.stored(&client).unwrap().metadata.auth_methods.is_empty());
    assert!(bed.by_basic(&client, &client["client_secret"]).is_ok());
    assert!(document(&bed.update(&client, &machine())).get("scope").is_none());
    assert_eq!(bed.update(&client, &metadata).status(), 400);
}

#[test]
fn tokens_that_are_bound_to_a_certificate_stay_bound() {
    const BOUND: &str = "tls_client_certificate_bound_access_tokens";
    let bed = bed();
    let client = bed.registered(&machine().to_string());
    assert_eq!(bed.patch(&client, &json!({BOUND: true})).status(), 200);
    let mut metadata = machine();
    assert_eq!(document(&bed.update(&client, &metadata))[BOUND], true);
    metadata[BOUND] = json!(false);
    let (status, _, description) = refusal(&bed.update(&client, &metadata));
    assert_eq!((status, description.starts_with(BOUND)), (400, true), "{description}");
    metadata[BOUND] = json!(true);
    assert_eq!(bed.update(&client, &metadata).status(), 200);
    // An operator may, and then the client as well.
    for end in [json!(false), Value::Null] {
        assert_eq!(bed.patch(&client, &json!({BOUND: end})).status(), 200);
        metadata[BOUND] = json!(false);
        assert_eq!(document(&bed.update(&client, &metadata))[BOUND], false);
        metadata[BOUND] = json!(true);
        assert_eq!(document(&bed.update(&client, &metadata))[BOUND], true);
    }
}

#[test]
fn a_client_moves_from_method_to_method() {
    let bed = bed();
    let client = bed.registered(&machine().to_string());
    let old = client["client_secret"].clone();
    // To keys: the secret goes.
    let answer = document(&bed.update(&client, &metadata_for("private_key_jwt")));
    assert!(answer.get("client_secret").is_none() && answer.get("client_secret_expires_at").is_none());
    assert!(bed.stored(&client).unwrap().metadata.client_secrets.is_empty());
    assert_eq!(bed.by_basic(&client, &old), Err(Reason::MethodNotGranted));
    // And back: a new one comes, and the old one does not.
    let answer = document(&bed.update(&client, &machine()));
    let new = answer["client_secret"].clone();
    assert_ne!(new, old);
    assert_eq!(answer["client_secret_expires_at"], 0);
    assert!(bed.by_basic(&client, &new).is_ok());
    assert_eq!(bed.by_basic(&client, &old), Err(Reason::SecretMismatch));
    // A MAC needs the secret itself, of which only the hash is there.
    let answer = document(&bed.update(&client, &metadata_for("client_secret_jwt")));
    let key = answer["client_secret"].as_str().unwrap().to_owned();
    assert_eq!(bed.stored(&client).unwrap().metadata.client_secrets[0].secret.as_deref(), Some(key.as_str()));
    // From there to Basic it is the same secret, but nobody's key any more.
    let answer = document(&bed.update(&client, &machine()));
    assert!(answer.get("client_secret").is_none());
    assert!(bed.by_basic(&client, &json!(key)).is_ok());
    assert_eq!(bed.stored(&client).unwrap().metadata.client_secrets[0].secret, None);
}
