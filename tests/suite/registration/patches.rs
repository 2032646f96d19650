//! Patches that are no JSON object, or that two readers could read differently.

use super::*;

#[test]
fn what_is_not_one_object_changes_nothing() {
    let bed = bed();
    let client = bed.registered(&format!("{{{MACHINE}}}"));
    let before = bed.stored(&client).unwrap();
    let patched = |body: &[u8]| block_on(bed.registration.patch(id(&client), body));
    let unchanged = |what: &str| {
        let stored = bed.stored(&client).unwrap();
        assert_eq!(stored.revision, before.revision, "{what}");
        let members = |metadata| serde_json::to_value(metadata).unwrap();
        assert_eq!(members(&stored.metadata), members(&before.metadata), "{what}");
    };
    let deep = format!(r#"{{"client_name": {}{}}}"#, "[".repeat(1000), "]".repeat(1000));
    let nested = format!("{}{}", r#"{"a":"#.repeat(1000), "}".repeat(1000));
    for body in [
        "",
        " ",
        "{",
        r#"{"client_name": "a""#,
        r#"{"client_name": "a"#,
        r#"{"client_name": "a",}"#,
        r#"{"client_name": "a"} {"client_name": "b"}"#,
        r#"{"client_name": "a"}x"#,
        "{}\0",
        "\u{feff}{\"client_name\": \"a\"}",
        r#"{'client_name': 'a'}"#,
        r#"{client_name: "a"}"#,
        r#"{"client_name": "a"} // why"#,
        r#"["client_name"]"#,
        r#""client_name""#,
        "null",
        "true",
        "17",
        // One reader takes the first, another the last.
        r#"{"client_name": "a", "client_name": "b"}"#,
        r#"{"client_name": "a", "client_name": "a"}"#,
        r#"{"client_name": "a", "client_n\u0061me": "b"}"#,
        r#"{"disabled": false, "d\u0069sabled": true}"#,
        r#"{"jwks": {"keys": [], "keys": []}}"#,
        r#"{"jwks": {"keys": [{"kty": "EC", "k\u0074y": "RSA"}]}}"#,
        // Texts and numbers that not every reader can hold.
        r#"{"client_secret_expires_at": 1e400}"#,
        r#"{"client_name": -1e400}"#,
        r#"{"client_name": "\ud800"}"#,
        r#"{"client_name": "\udc00\ud800"}"#,
        r#"{"\ud800": "a"}"#,
        "{\"client_name\": \"a\0b\"}",
        r#"{"client_name": "a\u0000b"}"#,
        "{\"client_name\": \"a\nb\"}",
        &deep,
        &nested,
    ] {
        let shown = body.get(..80).unwrap_or(body);
        let answer = patched(body.as_bytes());
        let (status, error, description) = refusal(&answer);
        assert_eq!((status, error.as_str()), (400, "invalid_client_metadata"), "{shown:?}: {description}");
        let is_named = ["the body is not ", "client_name holds control characters"]
            .iter()
            .any(|problem| description.starts_with(problem));
        assert!(is_named, "{shown:?}: {description}");
        unchanged(shown);
    }
    for body in
        [&b"{\"client_name\": \"\xff\"}"[..], b"{\"client_name\": \"\xed\xa0\x80\"}", b"\xff\xfe{\0}\0"]
    {
        assert_eq!(patched(body).status(), 400, "{body:?}");
        unchanged("no UTF-8");
    }
}

#[test]
fn a_patch_has_a_length() {
    let bed = bed();
    let client = bed.registered(&format!("{{{MACHINE}}}"));
    let revision = bed.stored(&client).unwrap().revision;
    let of_length = |length: usize| format!("{}{{}}", " ".repeat(length - 2));
    for length in [64 * 1024 + 1, 1024 * 1024] {
        let answer = block_on(bed.registration.patch(id(&client), of_length(length).as_bytes()));
        assert_eq!(answer.status(), 413, "{length}");
        assert_eq!(bed.stored(&client).unwrap().revision, revision, "{length}");
    }
    let answer = block_on(bed.registration.patch(id(&client), of_length(64 * 1024).as_bytes()));
    assert_eq!(answer.status(), 200);
}
