//! Whoever is registered authenticates, by every method that is served.

use std::sync::Arc;

use countersign_tests::assertion::Assertion;
use countersign_tests::fixtures::fixtures;
use countersign_tests::jwk::PrivateJwk;
use countersign_tests::request::Request;
use countersign_tests::x509;

use super::*;

/// The request by which a client proves itself that has just been registered.
fn proof(method: &str, client: &Value) -> Request {
    let secret = || client["client_secret"].as_str().unwrap();
    match method {
        "client_secret_basic" => Request::token().basic(id(client), secret()),
        "client_secret_post" => Request::token().post(id(client), secret()),
        "client_secret_jwt" => {
            let key = Arc::new(PrivateJwk::of_secret(secret()));
            Request::token().assertion(Assertion::new(id(client), key, "HS512").mint())
        }
        "private_key_jwt" => {
            let key = fixtures().key("attacker-ec");
            Request::token().assertion(Assertion::new(id(client), key, "ES256").mint())
        }
        "tls_client_auth" => {
            Request::token().field("client_id", id(client)).certificates(x509::chain("via-intermediate"))
        }
        "self_signed_tls_client_auth" => {
            Request::token().field("client_id", id(client)).certificates(x509::chain("c-self"))
        }
        "none" => Request::token().field("client_id", id(client)),
        other => panic!("no proof by {other}"),
    }
}

#[test]
fn a_client_that_registers_authenticates_by_every_method_that_is_served() {
    let bed = bed();
    let served: Vec<String> = bed.auth.methods(Endpoint::Token).map(ToString::to_string).collect();
    assert_eq!(served.len(), 7, "{served:?}");
    for method in &served {
        let client = bed.registered(&metadata_for(method).to_string());
        assert_eq!(client["token_endpoint_auth_method"], method.as_str());
        let authenticated = bed.authenticate(proof(method, &client));
        let authenticated = authenticated.unwrap_or_else(|reason| panic!("{method}: {reason:?}"));
        assert_eq!(
            (authenticated.client_id(), authenticated.method().as_str()),
            (id(&client), method.as_str())
        );
        // And by no other.
        let other = bed.registered(&metadata_for(method).to_string());
        for wrong in served.iter().filter(|wrong| *wrong != method) {
            let has_secret = other["client_secret"].is_string();
            if !wrong.starts_with("client_secret") || has_secret {
                // A client of `none` is nobody more for showing a certificate.
                let seen = bed.authenticate(proof(wrong, &other)).map(|seen| seen.method().to_string());
                assert!(seen.is_err() || seen.as_ref() == Ok(method), "{wrong} of a client of {method}");
                assert!(seen.is_err() || method == "none", "{wrong} of a client of {method}");
            }
        }
    }
}

#[test]
fn what_is_registered_is_in_the_answer() {
    let bed = bed().with(|registration| registration.scopes(["read", "write"]));
    let client = bed.registered(
        r#"{"redirect_uris": ["https://app.example/cb"], "client_name": "App", "client_name#de": "Anwendung",
            "scope": "read", "contacts": ["a@app.example"], "client_uri": "https://app.example", "colour": "red",
            "software_statement": "ignored"}"#,
    );
    let expected = json!({
        "client_id": client["client_id"], "client_id_issued_at": NOW,
        "client_secret": client["client_secret"], "client_secret_expires_at": 0,
        "registration_access_token": client["registration_access_token"],
        "registration_client_uri": format!("{ENDPOINT}/{}", id(&client)),
        "token_endpoint_auth_method": "client_secret_basic",
        "grant_types": ["authorization_code"], "response_types": ["code"],
        "redirect_uris": ["https://app.example/cb"], "client_name": "App", "scope": "read",
        "contacts": ["a@app.example"], "client_uri": "https://app.example",
    });
    assert_eq!(client, expected);
    for (member, prefix, length) in
        [("client_id", "c_", 24), ("client_secret", "cs_", 46), ("registration_access_token", "cr_", 46)]
    {
        let text = client[member].as_str().unwrap();
        assert!(text.starts_with(prefix) && text.len() == length, "{member} {text}");
    }
    let answer = bed.read(&client);
    let mut without_secret = expected;
    without_secret.as_object_mut().unwrap().remove("client_secret");
    assert_eq!((answer.status(), document(&answer)), (200, without_secret));
    for name in ["cache-control", "pragma", "content-type"] {
        assert!(header(&answer, name).is_some(), "{name}");
    }
    assert_eq!(header(&answer, "cache-control"), Some("no-store"));
}

#[test]
fn a_secret_is_there_exactly_where_one_is_needed_and_kept_as_a_hash_where_that_is_enough() {
    let bed = bed();
    for (method, length, in_the_clear) in [
        ("client_secret_basic", Some(46), false),
        ("client_secret_post", Some(46), false),
        ("client_secret_jwt", Some(89), true),
        ("private_key_jwt", None, false),
        ("tls_client_auth", None, false),
        ("none", None, false),
    ] {
        let client = bed.registered(&metadata_for(method).to_string());
        let secret = client["client_secret"].as_str();
        assert_eq!(secret.map(str::len), length, "{method}");
        assert_eq!(client["client_secret_expires_at"].is_u64(), length.is_some(), "{method}");
        let stored = serde_json::to_string(&bed.stored(&client).unwrap().metadata).unwrap();
        assert_eq!(secret.is_some_and(|secret| stored.contains(secret)), in_the_clear, "{method}");
    }
    // The algorithm of a MAC is the client's choice where it registers none: any of them has its key.
    let mut any = metadata_for("client_secret_jwt");
    any.as_object_mut().unwrap().remove("token_endpoint_auth_signing_alg");
    let client = bed.registered(&any.to_string());
    for algorithm in ["HS256", "HS384", "HS512"] {
        let key = Arc::new(PrivateJwk::of_secret(client["client_secret"].as_str().unwrap()));
        let request = Request::token().assertion(Assertion::new(id(&client), key, algorithm).mint());
        bed.authenticate(request).unwrap();
    }
}

#[test]
fn the_key_of_an_id_token_is_a_secret_whatever_the_method() {
    let bed = bed();
    for (algorithm, length) in [("HS256", 46), ("HS384", 67), ("HS512", 89)] {
        let mut metadata = metadata_for("private_key_jwt");
        metadata["id_token_signed_response_alg"] = algorithm.into();
        let client = bed.registered(&metadata.to_string());
        let secret = client["client_secret"].as_str().unwrap();
        assert_eq!(secret.len(), length);
        let found = block_on(bed.clients.find(id(&client))).unwrap().unwrap();
        assert_eq!(found.secrets()[0].expose_raw(), Some(secret));
        // Which is no way in.
        assert!(bed.by_basic(&client, &client["client_secret"]).is_err());
    }
}

/// An octet of nested arrays takes thirty of memory, and no key is made of them.
#[test]
fn of_a_key_set_that_is_kept_which_keys_are_made_of() {
    let bed = bed();
    let key = countersign_tests::fixtures::fixtures().key("attacker-ec").public();
    let nested = json!(vec![json!([]); 5_000]);
    let with = |name: &str, value: &Value| {
        let mut key = key.clone();
        key[name] = value.clone();
        key
    };
    let mut metadata = metadata_for("private_key_jwt");
    metadata["jwks"] = json!({"keys": [with("example", &nested), nested], "x": nested});
    let client = bed.registered(&metadata.to_string());
    assert_eq!(client["jwks"], json!({"keys": [key, null]}));
    assert_eq!(serde_json::to_value(bed.stored(&client).unwrap().metadata.jwks).unwrap(), client["jwks"]);
    let signed =
        Assertion::new(id(&client), countersign_tests::fixtures::fixtures().key("attacker-ec"), "ES256");
    assert!(bed.authenticate(Request::token().assertion(signed.mint())).is_ok());
    // Where a key has one, it is not read as if it had none.
    let texts = json!(vec!["verify"; 5_000]);
    for (name, value) in
        [("key_ops", &nested), ("key_ops", &texts), ("x5c", &texts), ("kid", &nested), ("oth", &nested)]
    {
        metadata["jwks"] = json!({"keys": [with(name, value)]});
        for answer in [bed.register(&metadata.to_string()), bed.update(&client, &metadata)] {
            assert_eq!(
                (answer.status(), refusal(&answer).2.starts_with("jwks holds")),
                (400, true),
                "{name}"
            );
        }
    }
}
