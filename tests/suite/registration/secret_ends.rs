//! Dates of which an operator says that a secret ends then.

use super::*;

const DAY: i64 = 24 * 3600;

fn machine(bed: &Bed) -> Value {
    bed.registered(&format!("{{{MACHINE}}}"))
}

#[test]
fn a_date_that_is_none_ends_nothing() {
    let bed = bed();
    let client = machine(&bed);
    let secret = &client["client_secret"];
    let before = bed.stored(&client).unwrap();
    for date in [
        "-1",
        "1.5",
        "1e3",
        "0.0",
        "1e400",
        "18446744073709551615",
        "18446744073709551616",
        "true",
        "[]",
        "[0]",
        "{}",
        r#""""#,
        r#""0""#,
        r#""tomorrow""#,
        r#""2030-01-01""#,
        r#""2030-01-01T00:00:00""#,
        r#""\u0000""#,
        r#""1969-12-31T23:59:59Z""#,
    ] {
        let patch = format!(r#"{{"client_secret_expires_at": {date}}}"#);
        let answer = block_on(bed.registration.patch(id(&client), patch.as_bytes()));
        let (status, error, description) = refusal(&answer);
        assert_eq!((status, error.as_str()), (400, "invalid_client_metadata"), "{date}: {description}");
        let stored = bed.stored(&client).unwrap();
        assert_eq!(stored.revision, before.revision, "{date}");
        assert_eq!(
            serde_json::to_value(&stored.metadata).unwrap(),
            serde_json::to_value(&before.metadata).unwrap(),
            "{date}"
        );
        assert!(bed.by_basic(&client, secret).is_ok(), "{date}");
    }
}

/// After the year 9999, which RFC 3339 cannot write, up to the last second that there is.
#[test]
fn a_far_date_is_one_like_any_other() {
    for date in [253_402_300_799, 253_402_300_800, u64::MAX / 2 - 1, u64::MAX / 2] {
        let bed = bed();
        let client = machine(&bed);
        let answer = bed.patch(&client, &json!({"client_secret_expires_at": date}));
        assert_eq!(answer.status(), 200, "{date}: {:?}", answer.body());
        assert_eq!(document(&answer)["client_secret_expires_at"], date);
        assert_eq!(document(&bed.read(&client))["client_secret_expires_at"], date);
        assert!(bed.by_basic(&client, &client["client_secret"]).is_ok());
        let rotated = document(&bed.rotate(&client));
        assert_eq!(rotated["client_secrets"][0]["expires_at"], NOW + DAY, "{date}");
        for secret in [&client["client_secret"], &rotated["client_secret"]] {
            assert!(bed.by_basic(&client, secret).is_ok(), "{date}");
        }
        // Both have it, and neither more than it had.
        assert_eq!(bed.patch(&client, &json!({"client_secret_expires_at": date})).status(), 200);
        let updated = document(&bed.update(&client, &json!({"grant_types": ["client_credentials"]})));
        assert_eq!(updated["client_secret_expires_at"], date);
        bed.clock.advance(DAY);
        assert_eq!(bed.by_basic(&client, &client["client_secret"]), Err(Reason::SecretExpired));
        assert!(bed.by_basic(&client, &rotated["client_secret"]).is_ok());
    }
}
