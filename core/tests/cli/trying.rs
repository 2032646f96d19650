//! `try`, against a server of a few lines.

use crate::bench::{Bench, ISSUER};
use crate::server::Server;

const SECRET: &str = "z/tZ9 secret:with+odd%characters, 40 octets";

#[test]
fn each_method_sends_its_credential_in_its_place() {
    let bench = Bench::new("try");
    bench.run(&["keygen", "--out", "k"]).ends(0);
    bench.write("secret", format!("{SECRET}\n"));
    let secret = ["--secret-file", "secret"];
    let key = ["--key", "k", "--issuer", ISSUER];
    // Form-encoded, as RFC 6749 has it: `a+b:z%2FtZ9+secret%3Awith%2Bodd%25characters%2C+40+octets`.
    let basic =
        "authorization: basic ystionolmkz0wjkrc2vjcmv0jtnbd2l0acuyqm9kzcuynwnoyxjhy3rlcnmlmkmrndarb2n0zxrz";
    for (options, method, sent) in [
        (secret.to_vec(), "client_secret_basic", basic),
        (
            [secret.as_slice(), &["--method", "client_secret_post"]].concat(),
            "client_secret_post",
            "client_secret=z%2ftz9+secret%3a",
        ),
        (
            [secret.as_slice(), &["--method", "client_secret_jwt", "--issuer", ISSUER]].concat(),
            "client_secret_jwt",
            "client_assertion=ey",
        ),
        (key.to_vec(), "private_key_jwt", "client_assertion_type=urn%3aietf"),
        (vec![], "none", "client_id=a+b"),
    ] {
        let server = Server::answering(200, r#"{"access_token":"x"}"#);
        let run = bench.run(
            &[&["try", &server.url, "--client", "a b", "--data", "scope=x y"], options.as_slice()].concat(),
        );
        let run = run.ends(0);
        assert!(run.out.contains(&format!("✓ {method}: 200")), "{}", run.out);
        assert!(!run.out.contains("access_token"), "{}", run.out);
        let request = server.request().to_lowercase();
        assert!(request.starts_with("post /token http/1.1\r\n"), "{request}");
        assert!(request.contains(sent), "{method}: {request}");
        assert!(request.contains("grant_type=client_credentials&scope=x+y"), "{request}");
        assert_eq!(request.contains("authorization:"), method == "client_secret_basic", "{request}");
    }
}

#[test]
fn an_answer_is_explained() {
    let bench = Bench::new("answer");
    for (status, body, code, said) in [
        (401, r#"{"error":"invalid_client"}"#, 1, "not authenticated"),
        (400, r#"{"error":"unauthorized_client"}"#, 0, "may not use this grant"),
        (
            400,
            "{\"error\":\"invalid_request\",\"error_description\":\"\\u001b[31mno\"}",
            1,
            "the server says: \\u{1b}[31mno",
        ),
        (302, "", 1, "a redirect"),
        (503, "<html>", 1, "says nothing about the client"),
    ] {
        let server = Server::answering(status, body);
        let run = bench.run(&["try", &server.url, "--client", "a"]).ends(code);
        assert!(run.out.contains(said), "{}", run.out);
        drop(server.request());
        let server = Server::answering(status, body);
        let json = bench.run(&["try", &server.url, "--client", "a", "--json"]).ends(code).json();
        assert_eq!(json["status"], status);
        drop(server.request());
    }
    let unreachable = bench.run(&["try", "http://127.0.0.1:1/token", "--client", "a"]).ends(2);
    assert!(unreachable.err.contains("http://127.0.0.1:1/token: "), "{}", unreachable.err);
}
