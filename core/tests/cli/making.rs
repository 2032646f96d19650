//! `keygen`, `hash-secret` and `check-config`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::metadata::ClientMetadata;
use countersign::secret::ClientSecret;
use countersign::{Algorithm, Client};
use serde_json::{Value, json};

use crate::bench::{Bench, ISSUER};

#[test]
fn every_kind_of_key_is_written_registered_and_used() {
    let bench = Bench::new("keygen");
    let kinds: &[(&str, &[&str], &[Algorithm])] = &[
        ("rsa", &["--kty", "RSA"], &[Algorithm::RS256]),
        ("pss", &["--alg", "PS384"], &[Algorithm::PS384]),
        ("ec", &["--kty", "ec"], &[Algorithm::ES256]),
        ("p384", &["--curve", "P-384"], &[Algorithm::ES384]),
        ("p521", &["--curve", "P-521"], &[Algorithm::ES512]),
        ("okp", &["--kty", "OKP"], &[Algorithm::EdDSA, Algorithm::Ed25519]),
        ("akp", &["--kty", "AKP"], &[Algorithm::MlDsa65]),
        ("ml-dsa-44", &["--alg", "ML-DSA-44"], &[Algorithm::MlDsa44]),
        ("ml-dsa-87", &["--alg", "ML-DSA-87"], &[Algorithm::MlDsa87]),
    ];
    for (name, options, algorithms) in kinds {
        for format in ["jwk", "jwks", "pem"] {
            let (private, public) = (format!("{name}.{format}"), format!("{name}.public.{format}"));
            let files = ["keygen", "--format", format, "--out", &private, "--public", &public];
            bench.run(&[&files, *options].concat()).ends(0);
            let mut metadata = json!({ "client_id": "c", "token_endpoint_auth_method": "private_key_jwt" });
            match format {
                "pem" => metadata["public_keys"] = json!([bench.read(&public)]),
                "jwk" => metadata["jwks"] = json!({ "keys": [bench.read_json(&public)] }),
                _ => metadata["jwks"] = bench.read_json(&public),
            }
            let text = metadata.to_string();
            assert!(!text.contains("\"d\"") && !text.contains("\"priv\""), "{text}");
            bench.write("clients.json", json!([metadata]).to_string());
            bench.run(&["check-config", "clients.json"]).ends(0);
            for algorithm in *algorithms {
                let assert =
                    ["assert", "c", "--key", &private, "--issuer", ISSUER, "--alg", algorithm.as_str()];
                let kid = if format == "pem" { ["--kid", "none"] } else { ["--kid", "thumbprint"] };
                let assertion = bench.run(&[assert.as_slice(), &kid].concat()).ends(0).out;
                let taken = format!("algorithms={}", json!([algorithm]));
                let explain = [
                    "explain",
                    "--issuer",
                    ISSUER,
                    "--clients",
                    "clients.json",
                    "--json",
                    "--policy",
                    &taken,
                ];
                let said = bench.run_with(&explain, &assertion).ends(0).json();
                assert_eq!(said["alg"], algorithm.as_str(), "{name} {format}: {said}");
            }
        }
    }
}

/// RFC 9964 §3: `alg` is part of the key, and no policy takes it unasked.
#[test]
fn a_key_of_type_akp_is_for_a_policy_that_names_its_algorithm() {
    let bench = Bench::new("akp");
    let files = ["keygen", "--kty", "AKP", "--format", "jwks", "--out", "key", "--public", "public"];
    bench.run(&files).ends(0);
    let (private, public) = (bench.read_json("key"), bench.read_json("public"));
    let (private, public) = (&private["keys"][0], &public["keys"][0]);
    assert_eq!((&public["kty"], &public["alg"]), (&json!("AKP"), &json!("ML-DSA-65")));
    assert_eq!(private["priv"].as_str().unwrap().len(), 43);
    assert_eq!((public.get("priv"), &public["pub"]), (None, &private["pub"]));
    let metadata = json!([{ "client_id": "c", "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [public] } }]);
    bench.write("clients.json", metadata.to_string());
    let assertion = bench.run(&["assert", "c", "--key", "key", "--issuer", ISSUER]).ends(0).out;
    let explain = ["explain", "--issuer", ISSUER, "--clients", "clients.json"];
    let said = bench.run_with(&explain, &assertion).ends(1).out;
    assert!(said.contains("alg_not_allowed") && said.contains("ML-DSA-65"), "{said}");
    for (wrong, problem) in [
        (["--kty", "AKP", "--use", "enc"], "for signatures"),
        (["--alg", "ML-DSA-44", "--curve", "P-256"], "the curve is that of ES256"),
        (["--alg", "ML-DSA-44", "--size", "2048"], "--size is for RSA and oct"),
        (["--alg", "ML-DSA-44", "--kty", "EC"], "not for a key of this type"),
        (["--alg", "ML-DSA-44", "--certificate", "c.pem"], "no certificate is made"),
    ] {
        let run = bench.run(&[&["keygen"], wrong.as_slice()].concat()).ends(2);
        assert!(run.err.contains(problem), "{}", run.err);
    }
    let run = bench.run(&["assert", "c", "--key", "key", "--issuer", ISSUER, "--alg", "ML-DSA-44"]).ends(2);
    assert!(run.err.contains("a key for ML-DSA-65 does not sign with ML-DSA-44"), "{}", run.err);
}

#[test]
fn a_key_is_named_as_asked() {
    let bench = Bench::new("kid");
    let kid = |value: &str| bench.run(&["keygen", "--kid", value, "--json"]).ends(0).json();
    assert_eq!(kid("mine")["private"]["kid"], "mine");
    assert!(kid("none")["private"].get("kid").is_none());
    assert!(kid("timestamp")["kid"].as_str().unwrap().starts_with("sig-1"));
    let by_thumbprint = kid("thumbprint");
    assert_eq!(by_thumbprint["kid"], by_thumbprint["thumbprint"]);
    let oct = bench.run(&["keygen", "--kty", "oct", "--size", "512", "--alg", "HS512"]).ends(0).out;
    let oct: Value = serde_json::from_str(&oct).unwrap();
    assert_eq!((&oct["alg"], oct.get("kid")), (&json!("HS512"), None));
    let encryption =
        bench.run(&["keygen", "--kty", "RSA", "--use", "enc", "--alg", "RSA-OAEP-256"]).ends(0).out;
    let encryption: Value = serde_json::from_str(&encryption).unwrap();
    assert_eq!((&encryption["use"], &encryption["alg"]), (&json!("enc"), &json!("RSA-OAEP-256")));
}

#[cfg(unix)]
#[test]
fn private_files_are_their_owners_alone_and_nothing_is_overwritten() {
    use std::os::unix::fs::PermissionsExt as _;

    let bench = Bench::new("files");
    bench.run(&["keygen", "--out", "key", "--public", "public"]).ends(0);
    let mode = |file: &str| std::fs::metadata(bench.path(file)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("key"), 0o600);
    assert_eq!(mode("public") & 0o444, 0o444);
    let before = bench.read("public");
    // Nothing at all is written when one of the files exists.
    let run = bench.run(&["keygen", "--out", "new", "--public", "public"]).ends(2);
    assert!(run.err.contains("public: exists"), "{}", run.err);
    assert!(!bench.path("new").exists());
    assert_eq!(bench.read("public"), before);
    bench.run(&["keygen", "--out", "same", "--public", "same"]).ends(2);
}

#[test]
fn a_certificate_goes_with_its_key() {
    let bench = Bench::new("certificate");
    for kind in [["--kty", "RSA"], ["--curve", "P-256"], ["--curve", "P-521"], ["--curve", "Ed25519"]] {
        let name = kind[1];
        let (public, certificate) = (format!("{name}.jwk"), format!("{name}.crt"));
        let files =
            ["keygen", "--json", "--public", &public, "--certificate", &certificate, "--name", "billing"];
        let said = bench.run(&[files.as_slice(), &kind].concat()).ends(0).json();
        let jwk = bench.read_json(&public);
        assert_eq!(said["x5t#S256"], jwk["x5t#S256"]);
        // The library computes the thumbprint for itself, from the PEM as from x5c.
        for metadata in [
            json!({ "client_id": "c", "public_keys": [bench.read(&certificate)] }),
            json!({ "client_id": "c", "jwks": { "keys": [jwk] } }),
        ] {
            let mut metadata = metadata;
            metadata["token_endpoint_auth_method"] = "private_key_jwt".into();
            let metadata: ClientMetadata = serde_json::from_value(metadata).unwrap();
            let client = Client::try_from(&metadata).unwrap();
            let key = client.keys().keys().next().unwrap();
            assert_eq!(key.certificate_thumbprint(), said["x5t#S256"].as_str(), "{name}");
            assert_eq!(Some(&**key.thumbprint()), said["thumbprint"].as_str(), "{name}");
        }
    }
}

#[test]
fn hashes_are_those_the_library_reads() {
    let bench = Bench::new("hash");
    let made = bench.run(&["hash-secret", "--generate", "--json"]).ends(0).json();
    let secret = made["secret"].as_str().unwrap();
    assert_eq!((secret.len(), &secret[..3]), (46, "cs_"));
    assert!(secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
    for input in [secret.to_owned(), format!("{secret}\n"), format!("{secret}\r\n")] {
        let run = bench.run_with(&["hash-secret"], &input).ends(0);
        assert_eq!(run.out.trim_end(), made["secret_hash"].as_str().unwrap());
        assert!(run.err.is_empty(), "{}", run.err);
    }
    let slow = bench.run_with(&["hash-secret", "--argon2id"], "hunter2\n").ends(0).out;
    assert!(slow.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{slow}");
    assert!(ClientSecret::hashed(slow.trim_end()).unwrap().is_slow());
    assert!(bench.run_with(&["hash-secret"], "hunter2\n").ends(0).err.contains("--argon2id"));
    // And a server takes the secret.
    bench.write(
        "clients.json",
        json!([{ "client_id": "c", "client_secrets": [{ "secret_hash": slow.trim_end() }] }]).to_string(),
    );
    let explain = ["explain", "--issuer", ISSUER, "--clients", "clients.json"];
    let header = ["-H", "authorization: Basic YzpodW50ZXIy"];
    bench.run_with(&[explain.as_slice(), &header].concat(), "a=b").ends(0);
}

#[test]
fn a_hash_under_a_pepper_names_it() {
    let bench = Bench::new("pepper");
    bench.write("pepper.bin", "p".repeat(32));
    bench.write("short.bin", "p".repeat(31));
    let made = ["hash-secret", "--generate", "--json", "--pepper"];
    let made = bench.run(&[made.as_slice(), &["2026=pepper.bin"]].concat()).ends(0).json();
    let (secret, hash) = (made["secret"].as_str().unwrap(), made["secret_hash"].as_str().unwrap());
    assert!(hash.starts_with("hmac-sha256:2026:"), "{hash}");
    let pepper = countersign::secret::Pepper::new("2026", &[b'p'; 32]).unwrap();
    assert_eq!(hash, pepper.hash(secret));
    let check = ["hash-secret", "--check", hash];
    bench.run_with(&[check.as_slice(), &["--pepper", "2026=pepper.bin"]].concat(), secret).ends(0);
    bench.run_with(&[check.as_slice(), &["--pepper", "2026=pepper.bin"]].concat(), "another").ends(1);
    assert!(bench.run_with(&check, secret).ends(2).err.contains("pepper"));
    // A server that has the pepper takes the secret; one that has not says which it lacks.
    let clients = json!([{ "client_id": "c", "client_secrets": [{ "label": "new", "secret_hash": hash }] }]);
    bench.write("clients.json", clients.to_string());
    let header = format!("authorization: Basic {}", STANDARD.encode(format!("c:{secret}")));
    let explain = ["explain", "--issuer", ISSUER, "--clients", "clients.json", "-H", &header];
    let without = bench.run_with(&explain, "a=b").ends(1).out;
    assert!(without.contains("needs the pepper 2026"), "{without}");
    bench.run_with(&[explain.as_slice(), &["--pepper", "2026=pepper.bin"]].concat(), "a=b").ends(0);
    for wrong in ["2026=short.bin", "2026=nowhere.bin", "a b=pepper.bin", "pepper.bin"] {
        bench.run_with(&["hash-secret", "--pepper", wrong], secret).ends(2);
    }
}

#[test]
fn a_hash_from_elsewhere_is_checked_before_it_is_registered() {
    let bench = Bench::new("imported");
    let check = |hash: &str, secret: &str| bench.run_with(&["hash-secret", "--check", hash], secret);
    let bcrypt = "$2b$04$abcdefghijklmnopqrstuu7/zMZAUYj3VGa7NZJX2XEVuxa.TRrIa";
    check(bcrypt, &"L".repeat(72)).ends(0);
    check(bcrypt, &"L".repeat(71)).ends(1);
    assert!(check(bcrypt, &"L".repeat(73)).ends(2).err.contains("72 octets"));
    let pbkdf2 = "$pbkdf2-sha256$29000$N2YMIWQsBWBMae09x1jrPQ$1t8iyB2A.WF/Z5JZv.lfCIhXXN33N23OSgQYThBYRfk";
    check(pbkdf2, "toomanysecrets").ends(0);
    check(pbkdf2, "toofewsecrets").ends(1);
    assert!(
        check("$2b$31$abcdefghijklmnopqrstuu7/zMZAUYj3VGa7NZJX2XEVuxa.TRrIa", "x")
            .ends(2)
            .err
            .contains("cost")
    );
    bench.write("clients.json", r#"[{"client_id":"c","client_secrets":[{"secret_hash":"sha256:cut off"}]}]"#);
    let run = bench.run(&["check-config", "clients.json"]).ends(1);
    assert!(
        run.out.contains("error: client \"c\": client_secrets a secret_hash sha256: must"),
        "{}",
        run.out
    );
    assert_eq!(run.out.matches("clients.json:1").count(), 1, "{}", run.out);
}

#[test]
fn check_config_ends_with_1_for_an_error_and_0_for_a_warning() {
    let bench = Bench::new("check");
    bench.write("good.json", r#"[{"client_id":"a:b","client_secret":"s"}]"#);
    let run = bench.run(&["check-config", "good.json"]).ends(0);
    assert!(run.out.contains("good.json:1: warning: client \"a:b\": "), "{}", run.out);
    bench.write("bad.json", "[\n{\"client_id\":\"a\",\n\"client_secert\":\"s\"}]");
    let run = bench.run(&["check-config", "bad.json"]).ends(1);
    assert!(run.out.contains("bad.json:3: error: client \"a\": client_secert: "), "{}", run.out);
    let finding = bench.run(&["check-config", "bad.json", "--json"]).ends(1).json()["findings"][0].clone();
    assert_eq!((&finding["client_id"], &finding["field"]), (&json!("a"), &json!("client_secert")));
    bench.run_with(&["check-config", "-"], "{}").ends(1);
}
