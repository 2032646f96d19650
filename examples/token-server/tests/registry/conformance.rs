//! The modules of the OpenID conformance suite about PKCE, by their names, of the plan
//! `fapi2-security-profile-final-test-plan`. Those about client authentication are rows of the case table.

use countersign::Algorithm;
use countersign::sign::{ClientAssertion, SigningKey};
use serde_json::{Value, json};

use crate::Outcome;
use crate::browser::{self, encoded};
use crate::http::{Answer, Connection};
use crate::node::{Folder, Node};

#[test]
fn pkce_failures_are_those_of_the_fapi2_plan() -> Outcome<()> {
    let key = SigningKey::generate(Algorithm::ES256)?;
    let folder = configured(&key)?;
    for framework in ["axum", "actix"] {
        let node = Node::start(&folder.0, framework)?;
        let mut suite = Suite { connection: node.connect()?, key: &key };
        for (module, run) in MODULES {
            let answer = run(&mut suite).map_err(|error| format!("{framework}: {module}: {error}"))?;
            let expected = if module.contains("-par-") { "invalid_request" } else { "invalid_grant" };
            let said = (answer.status, answer.field("content-type"), &*answer.text("error")?);
            assert_eq!(said, (400, Some("application/json"), expected), "{framework}: {module}");
        }
        // None of them failed for another reason: with the verifier, the same steps bring tokens.
        let code = suite.code()?;
        let tokens = suite.redeem(&code, &[("code_verifier", VERIFIER)])?;
        assert_eq!(tokens.status, 200, "{framework}: {tokens:?}");
    }
    Ok(())
}

/// What comes by the browser and was not pushed needs a challenge too.
#[test]
fn under_fapi2_no_browser_comes_without_a_challenge() -> Outcome<()> {
    let key = SigningKey::generate(Algorithm::ES256)?;
    let folder = configured(&key)?;
    for framework in ["axum", "actix"] {
        let node = Node::start(&folder.0, framework)?;
        let mut connection = node.connect()?;
        let mut visited = |challenge: &str| {
            let visit = format!(
                "/authorize?response_type=code&client_id=suite&redirect_uri={}&state=s{challenge}",
                encoded(REDIRECT_URI)
            );
            connection.send("GET", &visit, &[], "")
        };
        for challenge in [
            String::new(),
            "&code_challenge=".to_owned(),
            "&code_challenge=&code_challenge_method=S256".to_owned(),
            "&code_challenge_method=S256".to_owned(),
            format!("&code_challenge={}&code_challenge_method=S256", &CHALLENGE[1..]),
            format!("&code_challenge={CHALLENGE}A&code_challenge_method=S256"),
            format!("&code_challenge={CHALLENGE}&code_challenge_method=s256"),
            format!("&code_challenge={VERIFIER}&code_challenge_method=plain"),
            // Which is plain (RFC 7636 §4.3).
            format!("&code_challenge={VERIFIER}"),
        ] {
            let refused = visited(&challenge)?;
            let error = browser::of_redirection(&refused, "error");
            assert_eq!((refused.status, error), (303, Some("invalid_request")), "{framework}: {challenge}");
            let location = refused.field("location").unwrap_or_default();
            assert!(location.starts_with(&format!("{REDIRECT_URI}?")), "{framework}: {location}");
            assert_eq!(browser::of_redirection(&refused, "code"), None, "{framework}: {challenge}");
        }
        let right = format!("&code_challenge={CHALLENGE}&code_challenge_method=S256");
        let twice = visited(&format!("{right}&code_challenge={CHALLENGE}"))?;
        assert_eq!((twice.status, twice.field("location")), (400, None), "{framework}: {twice:?}");
        assert_eq!(visited(&right)?.status, 200, "{framework}");
    }
    Ok(())
}

type Module = fn(&mut Suite<'_>) -> Outcome<Answer>;

const MODULES: [(&str, Module); 4] = [
    ("fapi2-security-profile-final-par-ensure-pkce-required", |suite| suite.push(&[])),
    ("fapi2-security-profile-final-ensure-pkce-code-verifier-required", |suite| {
        let code = suite.code()?;
        suite.redeem(&code, &[])
    }),
    ("fapi2-security-profile-final-incorrect-pkce-code-verifier-rejected", |suite| {
        let code = suite.code()?;
        suite.redeem(&code, &[("code_verifier", ANOTHER_VERIFIER)])
    }),
    ("fapi2-security-profile-final-par-plain-pkce-rejected", |suite| {
        suite.push(&[("code_challenge", VERIFIER), ("code_challenge_method", "plain")])
    }),
];

/// What the suite does with a server, as its client.
struct Suite<'k> {
    connection: Connection,
    key: &'k SigningKey,
}

impl Suite<'_> {
    fn push(&mut self, challenge: &[(&str, &str)]) -> Outcome<Answer> {
        let fixed = [
            ("client_id", "suite"),
            ("response_type", "code"),
            ("redirect_uri", REDIRECT_URI),
            ("scope", "openid"),
        ];
        self.authenticated("/par", &[&fixed, challenge].concat())
    }

    /// Pushes a good request, and logs in.
    fn code(&mut self) -> Outcome<String> {
        let pushed = self.push(&[("code_challenge", CHALLENGE), ("code_challenge_method", "S256")])?;
        assert_eq!(pushed.status, 201, "{pushed:?}");
        let request_uri = encoded(&pushed.text("request_uri")?);
        let visit = format!("/authorize?client_id=suite&request_uri={request_uri}");
        let sent_back = browser::log_in(&mut self.connection, &visit, "correct horse")?;
        Ok(browser::of_redirection(&sent_back, "code").ok_or_else(|| format!("{sent_back:?}"))?.to_owned())
    }

    fn redeem(&mut self, code: &str, verifier: &[(&str, &str)]) -> Outcome<Answer> {
        let fixed = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", REDIRECT_URI)];
        self.authenticated("/token", &[&fixed, verifier].concat())
    }

    fn authenticated(&mut self, path: &str, parameters: &[(&str, &str)]) -> Outcome<Answer> {
        let assertion = ClientAssertion::for_client("suite").audience(ISSUER).sign(self.key)?;
        let credential = assertion.form_fields();
        let credential = credential.iter().map(|(name, value)| (*name, value.as_str()));
        let pairs = parameters.iter().copied().chain(credential);
        let form: Vec<String> = pairs.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        self.connection.form(path, None, &form.join("&"))
    }
}

fn configured(key: &SigningKey) -> Outcome<Folder> {
    let clients = clients(key).to_string();
    Folder::with(&[("as.toml", CONFIGURATION), ("clients.json", &clients), ("users.json", USERS)])
}

fn clients(key: &SigningKey) -> Value {
    json!([{
        "client_id": "suite",
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": { "keys": [key.public_jwk()] },
        "redirect_uris": [REDIRECT_URI],
    }])
}

const ISSUER: &str = "https://as.example";
const REDIRECT_URI: &str = "https://suite.example/callback";
const CONFIGURATION: &str = r#"
issuer  = "https://as.example"
preset  = "fapi2"
clients = "clients.json"
users   = "users.json"

[policy] # The strict fence of fapi2 takes no assertion of the first seconds.
fence = "on"
"#;
const USERS: &str = r#"[{"username": "alice", "password": "correct horse"}]"#;

/// RFC 7636 Appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const ANOTHER_VERIFIER: &str = "M25iVXpKU3puUjFaYWg3T1NDTDQtcW1ROUY5YXlwalNoc0hhakxifmZHag";
