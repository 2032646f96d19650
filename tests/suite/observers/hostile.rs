//! Text that a stranger chose, through every observer.

use countersign_tests::assertion::Assertion;
use countersign_tests::request::Request;
use countersign_tests::row::HttpRequest;
use serde_json::Value;

use super::{Everyone, naming, send, server};

/// What could end a line, steer a terminal, turn the writing direction, close a quotation or fill a disk.
fn hostile_texts() -> Vec<String> {
    let mut texts: Vec<String> = [
        "x\nauthenticated endpoint=token client=\"billing\"",
        "x\r\n{\"result\":\"authenticated\",\"client_id\":\"billing\"}",
        "x\u{1b}[2J\u{1b}]0;owned\u{7}",
        "x\u{9b}31m\u{7f}\u{8}",
        "x\u{2028}y\u{2029}z\u{85}",
        "x\u{202e}gnillib\u{2066}\u{200b}\u{feff}",
        "x\" reason=\"none\" client=\"billing",
        "x\\\"\\u{1b}\\n'`$(id)<script>",
        "bіllіng",
    ]
    .map(str::to_owned)
    .into();
    texts.push("a".repeat(10_000));
    texts.push("\u{202e}\"\n".repeat(3_000));
    texts
}

fn requests_with(text: &str) -> Vec<HttpRequest> {
    let scheme: String = text.chars().filter(|character| *character != ' ').collect();
    let as_client = Assertion::of("c-pkjwt-es256").claim("iss", text).claim("sub", text);
    let with_audience = Assertion::of("c-pkjwt-es256").claim("aud", text);
    vec![
        naming(text),
        Request::token().basic(text, "whatever it is").build(),
        Request::token().authorization(format!("{scheme} x")).build(),
        Request::token().assertion(Assertion::of("c-pkjwt-es256").header("kid", text).mint()).build(),
        Request::token().assertion(as_client.mint()).build(),
        Request::token().assertion(with_audience.mint()).build(),
        Request::token().assertion("x").set("client_assertion_type", &format!("urn:{text}")).build(),
        Request::token().verb(text).build(),
    ]
}

#[test]
fn hostile_text_is_escaped_and_cut_by_every_observer() {
    let mut everyone = Everyone::new();
    let auth = server(everyone.observer());
    let mut requests = 0;
    for text in hostile_texts() {
        for request in requests_with(&text) {
            everyone.listen(|| send(&auth, &request)).unwrap_err();
            requests += 1;
            let texts = everyone.texts();
            assert!(texts.len() > 10, "{texts:?}");
            for text in texts {
                let is_harmless = |character| matches!(character, ' '..='~' | '…');
                assert!(text.chars().all(is_harmless), "{text:?}");
                assert!(text.len() < 2_500, "{} octets: {text}", text.len());
            }
        }
    }
    assert_eq!(everyone.ring.events().len(), requests.min(100));
}

/// One line for each decision, whatever the text, and what it says of the decision is not the caller's to say.
#[test]
fn hostile_text_forges_no_line_of_the_audit_log() {
    let mut everyone = Everyone::new();
    let auth = server(everyone.observer());
    for text in hostile_texts() {
        for request in requests_with(&text) {
            let refusal = send(&auth, &request).unwrap_err();
            let lines = everyone.audit_lines();
            let [line] = lines.as_slice() else { panic!("{lines:?}") };
            let event: Value = serde_json::from_str(line).unwrap();
            assert_eq!(event["result"], "refused");
            assert_eq!(event["reason"], refusal.reason().code());
        }
    }
}
