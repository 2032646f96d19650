//! Secrets over time: rotation with an overlap, and lifetimes.

use std::time::Duration;

use super::*;

const DAY: i64 = 24 * 3600;

fn machine(bed: &Bed) -> Value {
    bed.registered(&format!("{{{MACHINE}}}"))
}

#[test]
fn an_old_secret_holds_beside_the_new_one_for_a_day() {
    let bed = bed();
    let client = machine(&bed);
    bed.clock.advance(60);
    let answer = bed.rotate(&client);
    assert_eq!(answer.status(), 200);
    let rotated = document(&answer);
    let (old, new) = (&client["client_secret"], &rotated["client_secret"]);
    assert_ne!(old, new);
    assert_eq!(rotated["client_secret_expires_at"], 0);
    assert_eq!(rotated["client_secrets"][0]["expires_at"], NOW + 60 + DAY);
    // Each with a label of its own, so that a log tells who has moved.
    assert_eq!(bed.by_basic(&client, old), Ok(Some("issued 2027-01-15T08:00:00Z".to_owned())));
    assert_eq!(bed.by_basic(&client, new), Ok(Some("issued 2027-01-15T08:01:00Z".to_owned())));
    // The new one is the current one.
    let with = |secret: &Value| json!({"grant_types": ["client_credentials"], "client_secret": secret});
    assert_eq!(bed.update(&client, &with(old)).status(), 400);
    assert_eq!(bed.update(&client, &with(new)).status(), 200);
    bed.clock.advance(DAY - 1);
    assert!(bed.by_basic(&client, old).is_ok());
    bed.clock.advance(1);
    assert_eq!(bed.by_basic(&client, old), Err(Reason::SecretExpired));
    assert!(bed.by_basic(&client, new).is_ok());
    // What has ended is forgotten with the next.
    let last = document(&bed.rotate(&client));
    assert_eq!(last["client_secrets"].as_array().unwrap().len(), 2);
    assert_eq!(bed.by_basic(&client, old), Err(Reason::SecretMismatch));
}

#[test]
fn however_often_a_secret_is_rotated_the_list_is_short() {
    let bed = bed().with(|registration| registration.secret_overlap(Duration::from_secs(3600)));
    let client = machine(&bed);
    let mut secrets = vec![client["client_secret"].clone()];
    for _ in 0..10 {
        bed.clock.advance(1);
        secrets.push(document(&bed.rotate(&client))["client_secret"].clone());
    }
    assert_eq!(bed.stored(&client).unwrap().metadata.client_secrets.len(), 4);
    let valid = secrets.iter().filter(|secret| bed.by_basic(&client, secret).is_ok()).count();
    assert_eq!(valid, 4);
    assert!(bed.by_basic(&client, secrets.last().unwrap()).is_ok());
    // A rotation never gives an old one more time.
    bed.clock.advance(3600 - 4);
    document(&bed.rotate(&client));
    bed.clock.advance(5);
    let valid = secrets.iter().filter(|secret| bed.by_basic(&client, secret).is_ok()).count();
    assert_eq!(valid, 1, "the last of them, which only this rotation has ended");
}

#[test]
fn without_an_overlap_the_old_secret_ends_at_once() {
    let bed = bed().with(|registration| registration.secret_overlap(Duration::ZERO));
    let client = machine(&bed);
    let rotated = document(&bed.rotate(&client));
    assert_eq!(bed.by_basic(&client, &client["client_secret"]), Err(Reason::SecretExpired));
    assert!(bed.by_basic(&client, &rotated["client_secret"]).is_ok());
}

#[test]
fn a_key_of_a_mac_is_rotated_too() {
    let bed = bed();
    let client = bed.registered(&metadata_for("client_secret_jwt").to_string());
    let rotated = document(&bed.rotate(&client));
    assert_eq!(rotated["client_secret"].as_str().unwrap().len(), 89);
    let stored = bed.stored(&client).unwrap().metadata;
    assert!(stored.client_secrets.iter().all(|entry| entry.secret.is_some() && entry.secret_hash.is_none()));
    assert_eq!(stored.client_secrets.len(), 2);
}

#[test]
fn a_client_that_needs_no_secret_gets_none() {
    let bed = bed();
    for method in ["private_key_jwt", "none", "tls_client_auth"] {
        let client = bed.registered(&metadata_for(method).to_string());
        let (status, _, description) = refusal(&bed.rotate(&client));
        assert_eq!(status, 400);
        assert!(description.starts_with("token_endpoint_auth_method needs no secret"), "{description}");
    }
}

#[test]
fn a_secret_with_a_lifetime_is_renewed_by_an_update_near_its_end() {
    let month = 30 * DAY;
    let bed =
        bed().with(|registration| registration.secret_lifetime(Duration::from_secs(month.unsigned_abs())));
    let client = machine(&bed);
    let metadata = json!({"grant_types": ["client_credentials"]});
    assert_eq!(client["client_secret_expires_at"], NOW + month);
    // There is more left than the overlap.
    bed.clock.advance(month - DAY - 1);
    assert!(document(&bed.update(&client, &metadata)).get("client_secret").is_none());
    bed.clock.advance(1);
    let renewed = document(&bed.update(&client, &metadata));
    assert_eq!(renewed["client_secret_expires_at"], NOW + month - DAY + month);
    assert!(bed.by_basic(&client, &client["client_secret"]).is_ok());
    assert!(bed.by_basic(&client, &renewed["client_secret"]).is_ok());
    bed.clock.advance(DAY);
    assert_eq!(bed.by_basic(&client, &client["client_secret"]), Err(Reason::SecretExpired));
    // And long after its end: the registration access token has none.
    bed.clock.advance(12 * month);
    assert_eq!(bed.by_basic(&client, &renewed["client_secret"]), Err(Reason::SecretExpired));
    let late = document(&bed.update(&client, &metadata));
    assert!(bed.by_basic(&client, &late["client_secret"]).is_ok());
    assert_eq!(bed.stored(&client).unwrap().metadata.client_secrets.len(), 1);
}

/// Where secrets have no lifetime, an end is an operator's word, which no client undoes.
#[test]
fn an_end_that_an_operator_has_set_is_the_end() {
    let bed = bed();
    let client = machine(&bed);
    let hash = countersign::secret::sha256(client["client_secret"].as_str().unwrap());
    let patch = json!({"client_secrets": [{"secret_hash": hash, "expires_at": NOW + 60}]});
    assert_eq!(bed.patch(&client, &patch).status(), 200);
    bed.clock.advance(60);
    let answer = document(&bed.update(&client, &json!({"grant_types": ["client_credentials"]})));
    assert!(answer.get("client_secret").is_none());
    assert_eq!(answer["client_secret_expires_at"], NOW + 60);
    assert_eq!(bed.by_basic(&client, &client["client_secret"]), Err(Reason::SecretExpired));
}

/// An imported registration may have the end of its listed secrets in `client_secret_expires_at`.
#[test]
fn a_new_secret_gives_none_that_was_imported_more_time() {
    let month = Duration::from_secs(30 * DAY.unsigned_abs());
    let beds = [bed(), bed().with(|registration| registration.secret_lifetime(month))];
    let renewals: [fn(&Bed, &Value) -> Answer; 2] = [
        |bed, client| bed.rotate(client),
        |bed, client| bed.update(client, &json!({"grant_types": ["client_credentials"]})),
    ];
    for (bed, renew) in beds.iter().zip(renewals) {
        let client = machine(bed);
        let secret = &client["client_secret"];
        for end in [NOW - 60, NOW + 60] {
            let mut stored = bed.stored(&client).unwrap();
            let hash = countersign::secret::sha256(secret.as_str().unwrap());
            let members = json!({
                "client_id": id(&client), "client_secrets": [{"secret_hash": hash}],
                "client_secret_expires_at": end, "grant_types": ["client_credentials"],
            });
            stored.metadata = serde_json::from_value(members).unwrap();
            assert!(block_on(bed.clients.replace(&stored)).unwrap());
            let is_valid = end > NOW;
            assert_eq!(bed.by_basic(&client, secret).is_ok(), is_valid, "{end}");
            let answer = document(&renew(bed, &client));
            assert!(bed.by_basic(&client, &answer["client_secret"]).is_ok());
            assert_eq!(bed.by_basic(&client, secret).is_ok(), is_valid, "{end}");
        }
        bed.clock.advance(60);
        assert_eq!(bed.by_basic(&client, secret), Err(Reason::SecretExpired));
    }
}

/// The hash of a secret is shown to nobody, so an operator ends what there is by the date alone.
#[test]
fn an_operator_ends_the_secrets_of_a_client_by_their_date() {
    let bed = bed();
    let client = machine(&bed);
    let rotated = document(&bed.rotate(&client));
    let (old, current) = (&client["client_secret"], &rotated["client_secret"]);
    let ends_at = |end: Value| {
        let answer = bed.patch(&client, &json!({"client_secret_expires_at": end}));
        assert_eq!(answer.status(), 200, "{:?}", answer.body());
        document(&answer)["client_secret_expires_at"].clone()
    };
    assert_eq!(ends_at(json!(NOW + 2 * DAY)), NOW + 2 * DAY);
    bed.clock.advance(DAY);
    assert_eq!(bed.by_basic(&client, old), Err(Reason::SecretExpired), "it has no more time than it had");
    assert!(bed.by_basic(&client, current).is_ok());
    let last = document(&bed.rotate(&client))["client_secret"].clone();
    assert_eq!(ends_at(json!(NOW)), NOW);
    for secret in [current, &last] {
        assert_eq!(bed.by_basic(&client, secret), Err(Reason::SecretExpired));
    }
    // And gives the last one its time back, which no other gets.
    for never in [json!(0), Value::Null] {
        assert_eq!(ends_at(json!(NOW)), NOW);
        assert_eq!(ends_at(never), 0);
        assert!(bed.by_basic(&client, &last).is_ok());
        assert_eq!(bed.by_basic(&client, current), Err(Reason::SecretExpired));
    }
    // Beside a list it says what it says in any metadata.
    let hash = countersign::secret::sha256("cs_imported");
    let listed = json!([{"secret_hash": hash}, {"secret_hash": hash, "expires_at": NOW + 7}]);
    let patch = json!({"client_secrets": listed, "client_secret_expires_at": NOW + 9});
    let shown = document(&bed.patch(&client, &patch))["client_secrets"].clone();
    assert_eq!(shown, json!([{"expires_at": NOW + 9}, {"expires_at": NOW + 7}]));
}

/// The one end that an imported registration has for all of them stays that of those before the last.
#[test]
fn an_operator_gives_only_the_last_imported_secret_more_time() {
    for end in [json!(0), Value::Null, json!(NOW + DAY)] {
        let bed = bed();
        let client = machine(&bed);
        let mut stored = bed.stored(&client).unwrap();
        let hashes = ["cs_old", "cs_last"].map(countersign::secret::sha256);
        let members = json!({
            "client_id": id(&client), "grant_types": ["client_credentials"],
            "client_secrets": [{"secret_hash": hashes[0]}, {"secret_hash": hashes[1]}],
            "client_secret_expires_at": NOW - 60,
        });
        stored.metadata = serde_json::from_value(members).unwrap();
        assert!(block_on(bed.clients.replace(&stored)).unwrap());
        assert_eq!(bed.by_basic(&client, &json!("cs_last")), Err(Reason::SecretExpired));
        assert_eq!(bed.patch(&client, &json!({"client_secret_expires_at": end})).status(), 200);
        assert!(bed.by_basic(&client, &json!("cs_last")).is_ok(), "{end}");
        assert_eq!(bed.by_basic(&client, &json!("cs_old")), Err(Reason::SecretExpired), "{end}");
    }
}

/// As RFC 7591 has it: the end of `client_secret` itself.
#[test]
fn an_operator_ends_an_imported_secret_by_its_date() {
    let bed = bed();
    let client = machine(&bed);
    let mut stored = bed.stored(&client).unwrap();
    stored.metadata.client_secrets.clear();
    stored.metadata.client_secret = Some("wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq".to_owned());
    assert!(block_on(bed.clients.replace(&stored)).unwrap());
    let secret = json!("wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq");
    assert!(bed.by_basic(&client, &secret).is_ok());
    assert_eq!(bed.patch(&client, &json!({"client_secret_expires_at": NOW})).status(), 200);
    assert_eq!(bed.by_basic(&client, &secret), Err(Reason::SecretExpired));
}

/// An operator is not shown `client_secret`, and says with `client_secrets` what there is from then on: nothing brings the
/// old one back, or ends a new one when it ended.
#[test]
fn an_imported_secret_goes_with_the_list_that_replaces_it() {
    const NEW: &str = "qlBStgzGRQBg8UMGM6AxUymr5ZrUKTCw";
    let list = json!([{"secret_hash": countersign::secret::sha256(NEW)}]);
    let before = [(0, 0), (0, NOW - 60), (NOW - 60, 0), (0, NOW + 60)];
    let after = [(&Value::Null, None), (&list, None), (&list, Some(0)), (&list, Some(NOW + DAY))];
    for (end, end_of_listed) in before {
        for (listed, new_end) in after {
            let bed = bed();
            let client = machine(&bed);
            let mut stored = bed.stored(&client).unwrap();
            let members = json!({
                "client_id": id(&client), "grant_types": ["client_credentials"],
                "client_secret": "cs_leaked", "client_secret_expires_at": end,
                "client_secrets": [{
                    "secret_hash": countersign::secret::sha256("cs_listed"), "expires_at": end_of_listed,
                }],
            });
            stored.metadata = serde_json::from_value(members).unwrap();
            assert!(block_on(bed.clients.replace(&stored)).unwrap());
            let by = |secret: &str| bed.by_basic(&client, &json!(secret));
            let is_valid = |end| end == 0 || end > NOW;
            assert_eq!(by("cs_leaked").is_ok(), is_valid(end));
            assert_eq!(by("cs_listed").is_ok(), is_valid(end_of_listed));
            let mut patch = json!({"client_secrets": listed});
            if let Some(end) = new_end {
                patch["client_secret_expires_at"] = json!(end);
            }
            let answer = bed.patch(&client, &patch);
            assert_eq!(answer.status(), 200, "{patch}: {:?}", answer.body());
            let answer = document(&answer);
            let issued = answer.get("client_secret").and_then(Value::as_str);
            assert_eq!(issued.is_some(), listed.is_null(), "{patch}: {answer}");
            assert_eq!(answer["client_secret_expires_at"], new_end.unwrap_or(0), "{patch}: {answer}");
            assert_eq!(answer["client_secrets"].as_array().map(Vec::len), Some(1), "{patch}: {answer}");
            for old in ["cs_leaked", "cs_listed"] {
                assert_eq!(by(old), Err(Reason::SecretMismatch), "{patch}: {old}");
            }
            assert!(by(issued.unwrap_or(NEW)).is_ok(), "{patch}");
        }
    }
}
