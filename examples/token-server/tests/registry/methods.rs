//! Every method that can be registered is one by which the client then authenticates.

use std::process::Command;

use countersign::Algorithm;
use countersign::sign::{ClientAssertion, SigningKey};
use serde_json::{Value, json};

use crate::Outcome;
use crate::browser;
use crate::http::{Connection, Registered};
use crate::node::{Folder, Node};

#[test]
fn what_is_registered_authenticates() -> Outcome<()> {
    let folder = Folder::with(&[])?;
    for framework in ["axum", "actix"] {
        let node = Node::start_demonstration(&folder.0, framework)?;
        let issuer = format!("http://{}", node.address);
        let mut connection = node.connect()?;
        by_secret(&mut connection)?;
        by_shared_key(&mut connection, &issuer)?;
        by_own_key(&mut connection, &issuer)?;
        by_certificate(&folder, &node, &mut connection)?;
        of_users(&mut connection)?;
        let metadata = connection.send("GET", "/.well-known/oauth-authorization-server", &[], "")?;
        assert_eq!(metadata.text("registration_endpoint")?, format!("{issuer}/register"));
    }
    Ok(())
}

fn by_secret(connection: &mut Connection) -> Outcome<()> {
    let basic = connection.register(&of_its_own(json!({})))?;
    assert_eq!(connection.form("/token", basic.basic(), GRANT)?.status, 200);
    let post =
        connection.register(&of_its_own(json!({ "token_endpoint_auth_method": "client_secret_post" })))?;
    let form = format!("{GRANT}&client_id={}&client_secret={}", post.client_id, post.secret);
    assert_eq!(connection.form("/token", None, &form)?.status, 200);
    // Registered for the one, refused by the other.
    assert_eq!(connection.form("/token", post.basic(), GRANT)?.status, 401);
    // `HS256` tokens are keyed by a secret that is kept in the clear for that.
    let signed = connection.register(&of_its_own(json!({ "id_token_signed_response_alg": "HS256" })))?;
    let token = connection.form("/token", signed.basic(), GRANT)?.text("access_token")?;
    let state = connection.form("/introspect", signed.basic(), &format!("token={token}"))?;
    assert_eq!(state.json()?["active"], true, "{state:?}");
    Ok(())
}

fn by_shared_key(connection: &mut Connection, issuer: &str) -> Outcome<()> {
    for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
        let client = connection.register(&of_its_own(json!({
            "token_endpoint_auth_method": "client_secret_jwt", "token_endpoint_auth_signing_alg": algorithm,
        })))?;
        let key = SigningKey::from_secret(&client.secret)?.with_algorithm(algorithm)?;
        authenticates(connection, &client, &key, issuer)?;
    }
    Ok(())
}

fn by_own_key(connection: &mut Connection, issuer: &str) -> Outcome<()> {
    let rsa = SigningKey::generate(Algorithm::RS256)?.to_pem()?;
    for algorithm in SIGNATURES {
        let key = match algorithm.as_str().as_bytes() {
            [b'R' | b'P', ..] => SigningKey::from_pem(&rsa)?.with_algorithm(algorithm)?,
            _ => SigningKey::generate(algorithm)?,
        };
        let client = connection.register(&of_its_own(json!({
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks": { "keys": [key.public_jwk()] },
        })))?;
        assert_eq!(client.secret, "", "{algorithm}");
        authenticates(connection, &client, &key, issuer)?;
    }
    Ok(())
}

fn authenticates(
    connection: &mut Connection,
    client: &Registered,
    key: &SigningKey,
    issuer: &str,
) -> Outcome<()> {
    let assertion = ClientAssertion::for_client(&client.client_id).audience(issuer).sign(key)?;
    let [(first, kind), (second, jwt)] = assertion.form_fields();
    let form = format!("{GRANT}&{first}={}&{second}={jwt}", kind.replace(':', "%3A"));
    let answer = connection.form("/token", None, &form)?;
    assert_eq!(answer.status, 200, "{}: {answer:?}", key.algorithm());
    Ok(())
}

/// With certificates of the demonstration, registered a second time.
fn by_certificate(folder: &Folder, node: &Node, connection: &mut Connection) -> Outcome<()> {
    let demo = folder.0.join("countersign-demo");
    let clients: Value = serde_json::from_str(&std::fs::read_to_string(demo.join("clients.json"))?)?;
    let url = format!("https://{}/token", node.tls_address.as_deref().unwrap_or_default());
    for (id, method, field) in [
        ("demo-tls-dn", "tls_client_auth", "tls_client_auth_subject_dn"),
        ("demo-tls-dns", "tls_client_auth", "tls_client_auth_san_dns"),
        ("demo-self-signed", "self_signed_tls_client_auth", "jwks"),
    ] {
        let known = clients.as_array().and_then(|all| all.iter().find(|client| client["client_id"] == id));
        let mut metadata = of_its_own(json!({ "token_endpoint_auth_method": method }));
        metadata[field] = known.ok_or(id)?[field].clone();
        let client = connection.register(&metadata)?;
        let file = |name: &str| demo.join(format!("{id}-{name}.pem")).display().to_string();
        let said = Command::new("curl")
            .args(["--silent", "--cacert", &demo.join("ca.pem").display().to_string()])
            .args(["--cert", &file("cert"), "--key", &file("key"), "-d", GRANT])
            .args(["-d", &format!("client_id={}", client.client_id), &url])
            .output()
            .map_err(|error| format!("curl: {error}; tests/run installs it"))?;
        let answer: Value = serde_json::from_slice(&said.stdout)
            .map_err(|error| format!("{id}: {error}: {}", String::from_utf8_lossy(&said.stderr)))?;
        assert!(answer["access_token"].is_string(), "{id}: {answer}");
    }
    Ok(())
}

/// A public client: nothing to prove, and PKCE.
fn of_users(connection: &mut Connection) -> Outcome<()> {
    let metadata = json!({
        "redirect_uris": ["https://app.example/callback"], "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token"],
    });
    let client = connection.register(&metadata)?;
    let query = format!(
        "response_type=code&client_id={}&scope=openid&code_challenge={CHALLENGE}&code_challenge_method=S256",
        client.client_id
    );
    let sent_back = connection.send("GET", &format!("/authorize?{query}"), &[], "")?;
    assert_eq!(sent_back.status, 303, "{sent_back:?}");
    let code = browser::of_redirection(&sent_back, "code").ok_or("no code")?;
    let form = format!(
        "grant_type=authorization_code&client_id={}&code={code}&code_verifier={VERIFIER}",
        client.client_id
    );
    let tokens = connection.form("/token", None, &form)?;
    assert_eq!(tokens.status, 200, "{tokens:?}");
    assert!(tokens.json()?["id_token"].is_string() && tokens.json()?["refresh_token"].is_string());
    // Another client that saw the code ends nothing by it.
    let other = connection.register(&metadata)?;
    let stolen = form.replace(&client.client_id, &other.client_id);
    assert_eq!(connection.form("/token", None, &stolen)?.text("error")?, "invalid_grant");
    let refresh = |connection: &mut Connection, token: &str| {
        let form = format!("grant_type=refresh_token&client_id={}&refresh_token={token}", client.client_id);
        connection.form("/token", None, &form)
    };
    let next = refresh(connection, &tokens.text("refresh_token")?)?;
    assert_eq!(next.status, 200, "{next:?}");
    // A second time: the code is used up, and everything it brought ends.
    assert_eq!(connection.form("/token", None, &form)?.text("error")?, "invalid_grant");
    assert_eq!(refresh(connection, &next.text("refresh_token")?)?.text("error")?, "invalid_grant");
    // What nobody offered them cannot be asked for.
    let sent_back = connection.send("GET", &format!("/authorize?{query}+admin"), &[], "")?;
    assert!(sent_back.fields.iter().any(|field| field.contains("error=")), "{sent_back:?}");
    Ok(())
}

fn of_its_own(mut metadata: Value) -> Value {
    metadata["grant_types"] = json!(["client_credentials"]);
    metadata
}

const GRANT: &str = "grant_type=client_credentials";

const SIGNATURES: [Algorithm; 11] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::ES512,
    Algorithm::Ed25519,
    Algorithm::EdDSA,
];

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
