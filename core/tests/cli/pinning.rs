//! `pin`: from any method that proves the secret to the one that is used.

use serde_json::{Value, json};

use crate::bench::Bench;

const CLIENTS: &str = r#"[
  { "client_id": "billing", "client_secret": "secret-of-billing",   "any_secret_method": true },
  { "client_id": "both",
    "any_secret_method" : true,
    "client_secrets": [ {"label": "2026", "secret": "secret-of-both"} ] },
  { "client_id": "unseen", "client_secret": "s", "any_secret_method": true },
  { "client_id": "pinned", "client_secret": "s", "auth_methods": [{"method": "client_secret_post", "until": 1} ] }
]
"#;

fn report() -> Value {
    let client = |id: &str, methods: &[&str]| json!({ "client_id": id, "pinned": false, "used": [], "refused": [], "pin_to": methods });
    let clients = [
        client("billing", &["client_secret_post"]),
        client("both", &["client_secret_post", "client_secret_basic"]),
        client("unseen", &[]),
        client("pinned", &["client_secret_basic"]),
        client("gone", &["client_secret_basic"]),
    ];
    json!({ "since": "2026-11-01T00:00:00Z", "complete": true, "clients": clients })
}

fn bench(name: &str) -> Bench {
    let bench = Bench::new(name);
    bench.write("clients.json", CLIENTS);
    bench.write("used.json", report().to_string());
    bench
}

const PIN: [&str; 5] = ["pin", "--clients", "clients.json", "--used", "used.json"];

#[test]
fn the_change_is_shown_without_a_secret_and_made_with_write() {
    let bench = bench("pin");
    let run = bench.run(&PIN).ends(0);
    let diff = "\
clients.json:2: client \"billing\"
-  \"any_secret_method\": true
+  \"token_endpoint_auth_method\": \"client_secret_post\"
clients.json:4: client \"both\"
-  \"any_secret_method\" : true
+  \"auth_methods\": [{\"method\":\"client_secret_basic\"},{\"method\":\"client_secret_post\"}]
";
    assert_eq!(run.out, format!("{diff}to be pinned: 2; --write does it\n"));
    assert_eq!(run.err, "not pinned: client \"unseen\" was not seen to authenticate\n");
    assert_eq!(bench.read("clients.json"), CLIENTS);

    let said = bench.run(&[PIN.as_slice(), &["--json"]].concat()).ends(0).json();
    assert_eq!(said["pinned"][0]["methods"], json!(["client_secret_post"]));
    assert_eq!((&said["unseen"], &said["written"]), (&json!(["unseen"]), &json!(false)));

    let written = bench.run(&[PIN.as_slice(), &["--write"]].concat()).ends(0).out;
    assert_eq!(written, format!("{diff}pinned: 2\n"));
    let expected = CLIENTS
        .replacen("\"any_secret_method\": true", "\"token_endpoint_auth_method\": \"client_secret_post\"", 1)
        .replacen(
            "\"any_secret_method\" : true",
            r#""auth_methods": [{"method":"client_secret_basic"},{"method":"client_secret_post"}]"#,
            1,
        );
    assert_eq!(bench.read("clients.json"), expected);
    let checked = bench.run(&["check-config", "clients.json"]).ends(0).out;
    assert!(checked.contains("client \"unseen\": any_secret_method: not pinned yet"), "{checked}");
    assert!(!checked.contains("billing"), "{checked}");

    // Once more there is nothing to do, and the file is left alone.
    assert_eq!(bench.run(&[PIN.as_slice(), &["--write"]].concat()).ends(0).out, "nothing to pin\n");
    assert_eq!(bench.read("clients.json"), expected);
}

#[test]
fn single_clients_are_pinned_by_name() {
    let bench = bench("pin-one");
    let run = |arguments: &[&str]| bench.run(&[PIN.as_slice(), arguments].concat());
    let done = run(&["--client", "both", "--write"]).ends(0);
    assert!(done.out.contains("client \"both\"") && !done.out.contains("billing"), "{}", done.out);
    let text = bench.read("clients.json");
    assert_eq!(text.matches("any_secret_method").count(), 2, "{text}");
    run(&["--client", "unseen"]).ends(1);
    assert!(run(&["--client", "pinned"]).ends(2).err.contains("pinned already"));
    assert!(run(&["--client", "gone"]).ends(2).err.contains("has no client \"gone\""));
}

#[test]
fn what_cannot_be_believed_changes_nothing() {
    let bench = bench("pin-refused");
    let mut incomplete = report();
    incomplete["complete"] = false.into();
    let mut forged = report();
    forged["clients"][0]["pin_to"] = json!(["none"]);
    for (report, said) in [
        (incomplete.to_string(), "is not complete"),
        (forged.to_string(), "does not grant"),
        ("[]".to_owned(), "is no report of methods"),
    ] {
        bench.write("used.json", report);
        let run = bench.run(&[PIN.as_slice(), &["--write"]].concat()).ends(2);
        assert!(run.err.contains(said), "{}", run.err);
        assert_eq!(bench.read("clients.json"), CLIENTS);
    }
    let run = bench.run_with(&["pin", "--clients", "-", "--used", "used.json"], CLIENTS).ends(2);
    assert!(run.err.contains("needs a file"), "{}", run.err);
}

#[cfg(unix)]
#[test]
fn the_file_keeps_its_permissions_and_its_link() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let bench = bench("pin-mode");
    for mode in [0o600, 0o640] {
        bench.write("clients.json", CLIENTS);
        let file = bench.path("clients.json");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let link = bench.path(&format!("link-{mode}.json"));
        symlink(&file, &link).unwrap();
        let link = link.to_str().unwrap().to_owned();
        bench.run(&["pin", "--clients", &link, "--used", "used.json", "--write"]).ends(0);
        assert!(bench.path(&link).is_symlink());
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, mode);
        assert_eq!(bench.read("clients.json").matches("any_secret_method").count(), 1);
    }
    let left = std::fs::read_dir(bench.path(".")).unwrap().count();
    assert_eq!(left, 4, "clients.json, used.json and two links");
}
