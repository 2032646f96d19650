//! A client that authenticates by `private_key_jwt`, on reqwest. Try it, in the folder where the demonstration runs:
//!
//! ```sh
//! cargo run -p token-server &
//! cargo run -p countersign-examples --bin reqwest_client -- \
//!     http://127.0.0.1:8080 demo-es256 countersign-demo/demo-es256.pem demo-es256
//! ```

use std::error::Error;
use std::time::Duration;

use countersign::sign::{ClientAssertion, SigningKey};
use reqwest::redirect;

async fn token(issuer: &str, client_id: &str, key: &SigningKey) -> Result<String, Box<dyn Error>> {
    // A new assertion for each request, retries included: a server takes each one once.
    let assertion = ClientAssertion::for_client(client_id).audience(issuer).sign(key)?;
    let mut form = vec![("grant_type", "client_credentials".to_owned())];
    form.extend(assertion.form_fields());

    // A redirect would carry the assertion to whomever it names.
    let client = reqwest::Client::builder().redirect(redirect::Policy::none());
    let client = client.timeout(Duration::from_secs(10)).build()?;
    let answer = client.post(format!("{issuer}/token")).form(&form).send().await?;
    if !answer.status().is_success() {
        // After invalid_client, ask the server's operator for the reason: a client is never told.
        return Err(format!("{}: {}", answer.status(), answer.text().await?).into());
    }
    let answer: serde_json::Value = answer.json().await?;
    Ok(answer.get("access_token").and_then(|token| token.as_str()).ok_or("no access_token")?.to_owned())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (issuer, client_id, file, key_id) = match arguments.as_slice() {
        [issuer, client_id, file] => (issuer, client_id, file, None),
        [issuer, client_id, file, key_id] => (issuer, client_id, file, Some(key_id)),
        _ => return Err("arguments: ISSUER CLIENT_ID PRIVATE_KEY.pem [KID]".into()),
    };
    let key = SigningKey::from_pem(&std::fs::read_to_string(file)?)?;
    // Without a name of its own, a key is named by its thumbprint.
    let key = match key_id {
        Some(key_id) => key.with_key_id(key_id),
        None => key,
    };
    println!("{}", token(issuer, client_id, &key).await?);
    Ok(())
}
