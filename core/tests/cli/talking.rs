//! What holds for every subcommand: help, exit codes, JSON, colours.

use countersign::Reason;
use serde_json::json;

use crate::bench::{Bench, ISSUER};

#[test]
fn every_subcommand_teaches_with_an_example() {
    let bench = Bench::new("help");
    let all = bench.run(&["--help"]).ends(0).out;
    assert!(all.contains("Exit codes: 0 fine, 1 what was checked failed, 2 "), "{all}");
    for name in ["keygen", "assert", "explain", "hash-secret", "check-config", "pin", "try"] {
        assert!(all.contains(&format!("  {name} ")), "{all}");
        let help = bench.run(&[name, "--help"]).ends(0).out;
        assert!(help.contains("Example") && help.contains(&format!("countersign {name} ")), "{help}");
        assert!(help.contains("--json"), "{help}");
    }
}

#[test]
fn wrong_usage_ends_with_2_and_says_what_to_do() {
    let bench = Bench::new("usage");
    bench.write("no.json", "[");
    for (arguments, said) in [
        (vec!["frobnicate"], "unrecognized subcommand"),
        (vec!["assert", "billing"], "give --key, --secret or --secret-file"),
        (vec!["assert", "billing", "--key", "none.pem", "--issuer", ISSUER], "none.pem: No such file"),
        (
            vec!["assert", "billing", "--secret", "x", "--alg", "HS1", "--issuer", ISSUER],
            "unknown signing algorithm",
        ),
        (vec!["assert", "billing", "--secret", "x"], "--issuer"),
        (vec!["assert", "billing", "--secret", "x", "--issuer", ISSUER, "--claim", "a=[1"], "is not JSON"),
        (vec!["explain"], "--clients"),
        (vec!["explain", "--clients", "no.json", "--issuer", ISSUER], "is not a JSON array of clients"),
        (vec!["explain", "--reason", "none_such"], "no reason has the code"),
        (vec!["check-config", "missing.json"], "missing.json: No such file"),
        (vec!["keygen", "--kty", "oct", "--public", "p"], "no public part"),
        (vec!["keygen", "--curve", "P-256", "--size", "2048"], "--size is for RSA and oct"),
        (vec!["keygen", "--kty", "RSA", "--size", "1024"], "2048, 3072, 4096 or 8192"),
        (vec!["hash-secret"], "the secret is empty"),
        (vec!["try", "ftp://x", "--client", "a"], "neither with http:// nor with https://"),
        (
            vec!["try", "http://127.0.0.1:1/token", "--client", "a", "--method", "basic"],
            "client_secret_basic",
        ),
    ] {
        let run = bench.run(&arguments).ends(2);
        assert!(run.err.contains(said), "{arguments:?}: {}", run.err);
        assert!(run.out.is_empty(), "{arguments:?}: {}", run.out);
    }
    let run = bench.run(&["check-config", "missing.json", "--json"]).ends(2);
    assert!(run.json()["error"].as_str().unwrap().contains("missing.json"));
}

#[test]
fn every_subcommand_speaks_json_and_no_colours_into_a_pipe() {
    let bench = Bench::new("json");
    bench.run(&["keygen", "--out", "k", "--public", "p", "--format", "jwks"]).ends(0);
    let clients = json!([{
        "client_id": "billing", "token_endpoint_auth_method": "private_key_jwt", "jwks": bench.read_json("p"),
    }]);
    bench.write("clients.json", clients.to_string());
    let secret = "s".repeat(40);
    let assertion = bench.run(&["assert", "billing", "--key", "k", "--issuer", ISSUER]).ends(0).out;
    for (arguments, input, member) in [
        (vec!["keygen", "--kty", "OKP"], "", "private"),
        (vec!["assert", "billing", "--key", "k", "--issuer", ISSUER], "", "client_assertion"),
        (vec!["explain", "--issuer", ISSUER, "--clients", "clients.json"], assertion.as_str(), "accepted"),
        (vec!["explain", "--reason", "replayed"], "", "cure"),
        (vec!["hash-secret"], secret.as_str(), "secret_hash"),
        (vec!["check-config", "clients.json"], "", "errors"),
    ] {
        let with_json = [arguments.clone(), vec!["--json"]].concat();
        let object = bench.run_with(&with_json, input).ends(0).json();
        assert!(object.get(member).is_some(), "{arguments:?}: {object}");
        let plain = bench.run_with(&arguments, input).ends(0);
        assert!(!plain.out.contains('\u{1b}'), "{plain:?}");
    }
    assert!(bench.run(&["explain", "--reasons", "--json"]).ends(0).json().as_array().unwrap().len() > 40);
}

#[test]
fn every_reason_is_explained_with_cause_and_cure() {
    let bench = Bench::new("reasons");
    let all = bench.run(&["explain", "--reasons"]).ends(0).out;
    for reason in Reason::ALL {
        assert!(reason.cause().len() > 20 && reason.cure().len() > 10, "{reason}");
        let expected = format!("{reason}\n  cause  {}\n  cure   {}\n", reason.cause(), reason.cure());
        assert_eq!(bench.run(&["explain", "--reason", reason.code()]).ends(0).out, expected);
        assert!(all.contains(&expected), "{reason}");
        let json = bench.run(&["explain", "--reason", reason.code(), "--json"]).ends(0).json();
        let expected = json!({ "reason": reason.code(), "cause": reason.cause(), "cure": reason.cure() });
        assert_eq!(json, expected);
    }
    assert_eq!(all.lines().count(), 3 * Reason::ALL.len());
}
