//! `assert` and `explain`, one into the other.

use serde_json::json;

use crate::bench::{Bench, ISSUER};

fn bench(name: &str) -> Bench {
    let bench = Bench::new(name);
    bench.run(&["keygen", "--out", "k.jwk", "--public", "k.jwks", "--format", "jwks"]).ends(0);
    let clients = json!([
        {
            "client_id": "billing", "token_endpoint_auth_method": "private_key_jwt",
            "jwks": bench.read_json("k.jwks"),
        },
        { "client_id": "web", "client_secret": "wCTKUrZ5rmyUxA6MGMU8gBQRGzgtSBlq" },
    ]);
    bench.write("clients.json", clients.to_string());
    bench
}

const EXPLAIN: [&str; 5] = ["explain", "--issuer", ISSUER, "--clients", "clients.json"];

#[test]
fn wrong_assertions_can_be_made_and_each_is_told_apart() {
    let bench = bench("wrong");
    let right = ["assert", "billing", "--key", "k.jwk", "--issuer", ISSUER];
    let assertion = bench.run(&right).ends(0).out;
    assert!(assertion.starts_with("client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3A"), "{assertion}");
    let said = bench.run_with(&EXPLAIN, &assertion).ends(0).out;
    assert!(said.contains("authenticated: billing by private_key_jwt"), "{said}");
    assert!(said.contains("✓ signature") && !said.contains('✗'), "{said}");
    for (options, reason) in [
        (vec!["--audience", "https://elsewhere.example"], "aud_mismatch"),
        (vec!["--claim", r#"aud=["https://as.example.com","https://b"]"#], "aud_mismatch"),
        (vec!["--claim", "exp=1"], "expired"),
        (vec!["--claim", "exp=soon"], "claim_wrong_type"),
        (vec!["--without-claim", "sub"], "claim_missing"),
        (vec!["--without-claim", "jti"], "jti_missing"),
        (vec!["--lifetime", "90000"], "lifetime_too_long"),
        (vec!["--claim", "iss=someone"], "iss_mismatch"),
        (vec!["--typ", "at+jwt"], "typ_not_allowed"),
        (vec!["--header", r#"crit=["exp"]"#], "crit_not_understood"),
        (vec!["--header", "alg=none"], "alg_not_allowed"),
        (vec!["--kid", "unknown"], "key_not_found"),
        (vec!["--header", "alg=RS256"], "key_unfit"),
        (vec!["--now", "1"], "expired"),
    ] {
        let assertion = bench.run(&[right.as_slice(), &options].concat()).ends(0).out;
        let run = bench.run_with(&EXPLAIN, &assertion).ends(1);
        assert!(run.out.contains(&format!("refused: {reason}; ")), "{options:?}: {}", run.out);
        for part in ["✗", "    cause     ", "    cure      "] {
            assert!(run.out.contains(part), "{options:?}: {}", run.out);
        }
        let json = bench.run_with(&[EXPLAIN.as_slice(), &["--json"]].concat(), &assertion).ends(1).json();
        assert_eq!(json["reason"], reason);
        let failed: Vec<_> =
            json["checks"].as_array().unwrap().iter().filter(|check| check["state"] == "failed").collect();
        assert_eq!(failed.len(), 1);
        assert_eq!(failed[0]["reason"], reason);
    }
}

#[test]
fn a_jwt_alone_a_form_and_a_whole_request_are_read() {
    let bench = bench("input");
    let assert = ["assert", "billing", "--key", "k.jwk", "--issuer", ISSUER, "--json"];
    let jwt = bench.run(&assert).ends(0).json()["client_assertion"].as_str().unwrap().to_owned();
    bench.run_with(&EXPLAIN, &format!("{jwt}\n")).ends(0);
    bench.write("jwt", &jwt);
    bench.run(&[EXPLAIN.as_slice(), &["jwt"]].concat()).ends(0);

    let pair = "d2ViOndDVEtVclo1cm15VXhBNk1HTVU4Z0JRUkd6Z3RTQmxx";
    let authorization = format!("Authorization: Basic {pair}");
    let form = "grant_type=client_credentials";
    bench.run_with(&[EXPLAIN.as_slice(), &["-H", &authorization]].concat(), form).ends(0);
    let request = format!(
        "POST /introspect HTTP/1.1\r\nHost: as.example.com\r\n{authorization}eHh4\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\ntoken=x\n"
    );
    bench.write("request.txt", &request);
    let refused = bench.run(&[EXPLAIN.as_slice(), &["request.txt", "--json"]].concat()).ends(1).json();
    assert_eq!((&refused["reason"], &refused["status"]), (&json!("secret_mismatch"), &json!(401)));
    let token = bench.run(&[EXPLAIN.as_slice(), &["request.txt", "--json", "--preset", "fapi2"]].concat());
    assert_eq!(token.ends(1).json()["reason"], "method_not_granted");
    bench.run_with(&EXPLAIN, "").ends(2);
}

/// The captured assertion of last week, at the time it was sent.
#[test]
fn a_decision_can_be_reproduced() {
    let bench = bench("now");
    let assert = ["assert", "billing", "--key", "k.jwk", "--issuer", ISSUER, "--now", "1800000000"];
    let assertion = bench.run(&assert).ends(0).out;
    let at = |options: &[&str]| {
        bench.run_with(&[EXPLAIN.as_slice(), &["--json"], options].concat(), &assertion).json()
    };
    assert_eq!(at(&["--now", "1800000010"])["accepted"], true);
    assert_eq!(at(&["--now", "1800000100"])["reason"], "expired");
    assert_eq!(at(&["--now", "1799999000"])["reason"], "not_yet_valid");
    assert_eq!(
        at(&["--now", "1800000010", "--policy", "max_lifetime=10", "--policy", "leeway=1"])["reason"],
        "lifetime_too_long"
    );
    assert_eq!(
        at(&["--now", "1800000010", "--memory-lost-at", "1800000005"])["reason"],
        "before_restart_fence"
    );
}

#[test]
fn text_of_the_request_cannot_steer_the_terminal() {
    let bench = bench("escape");
    let run =
        bench.run_with(&EXPLAIN, "client_id=%1B%5B31mred%0Aauthenticated%3A+root&client_secret=x").ends(1);
    assert!(!run.out.contains('\u{1b}') && !run.out.contains("\nauthenticated: root"), "{}", run.out);
}

#[test]
fn a_client_that_cannot_be_loaded_is_said_so() {
    let bench = bench("unloaded");
    bench.write("clients.json", r#"[{"client_id":"a","token_endpoint_auth_method":"private_key_jwt"}]"#);
    let run = bench.run_with(&EXPLAIN, "client_id=a&client_secret=x").ends(1);
    assert!(run.out.contains("! client \"a\" cannot be loaded: jwks "), "{}", run.out);
}
