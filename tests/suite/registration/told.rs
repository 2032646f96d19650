//! What an operator is told, and what nobody is: no secret and no token in any text but the answer's own body.

use countersign::registration::{Operation, Outcome};

use super::*;

#[test]
fn secrets_and_tokens_stand_in_the_body_alone() {
    let bed = bed();
    let mut secrets: Vec<String> = Vec::new();
    let mut texts: Vec<String> = Vec::new();
    let tell = |answer: &Answer, texts: &mut Vec<String>| {
        texts.push(format!("{answer:?} {:#?} {}", answer.event(), answer.event()));
        texts.extend(answer.headers().map(|(name, value)| format!("{name}: {value}")));
    };
    for method in ["client_secret_basic", "client_secret_jwt"] {
        let answer = bed.register(&metadata_for(method).to_string());
        tell(&answer, &mut texts);
        let client = document(&answer);
        let rotated = bed.rotate(&client);
        tell(&rotated, &mut texts);
        for document in [&client, &document(&rotated)] {
            let members = ["client_secret", "registration_access_token"];
            secrets.extend(members.iter().filter_map(|member| document[*member].as_str().map(str::to_owned)));
        }
        tell(&bed.read(&client), &mut texts);
        let mut wrong = client.clone();
        wrong["client_secret"] = json!("a-wrong-secret");
        tell(&bed.put(&client, &wrong.to_string()), &mut texts);
        tell(&bed.put(&client, &client.to_string()), &mut texts);
        tell(
            &bed.patch(&client, &json!({"client_secret": "a-wrong-secret", "client_name": "x"})),
            &mut texts,
        );
        secrets.push("a-wrong-secret".to_owned());
        texts.push(format!("{:?} {:?}", bed.stored(&client).unwrap(), bed.stored(&client).unwrap().metadata));
    }
    texts.push(format!("{:?} {:?}", bed.registration, bed.clients));
    assert_eq!(secrets.len(), 8);
    for text in &texts {
        for secret in &secrets {
            assert!(!text.contains(secret.as_str()), "{text}");
        }
    }
}

#[test]
fn one_line_says_what_happened() {
    let bed = bed();
    let answer = bed.register(&format!("{{{MACHINE}}}"));
    let client = document(&answer);
    let event = answer.event();
    assert_eq!((event.operation(), event.outcome()), (Operation::Register, Outcome::Done));
    assert_eq!(
        event.to_string(),
        format!("registration operation=register outcome=done client_id=\"{}\"", id(&client))
    );
    let answer = bed.patch(&client, &json!({"client_name": "Billing", "scope": "read"}));
    assert_eq!(
        answer.event().to_string(),
        format!(
            "registration operation=patch outcome=done client_id=\"{}\" detail=\"changed client_name, scope\"",
            id(&client)
        )
    );
    let hostile = json!({"client_id": "x\"\r\n\u{1b}[31m", "registration_access_token": "x"});
    assert_eq!(
        bed.read(&hostile).event().to_string(),
        r#"registration operation=read outcome=client_unknown client_id="x\"\r\n\u{1b}[31m" detail="there is no such client""#
    );
    let too_large = bed.registration.too_large(Operation::Update);
    assert_eq!((too_large.status(), too_large.event().outcome()), (413, Outcome::TooLarge));
}
