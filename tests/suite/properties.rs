//! What holds for any input.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use countersign::form::Form;
use countersign::secret::ClientSecret;
use countersign::{AuthRequest, Endpoint};
use countersign_tests::drivers::Server;
use countersign_tests::scene::scene;
use proptest::collection::vec;
use proptest::prelude::*;

const FORM: (&str, &[u8]) = ("content-type", b"application/x-www-form-urlencoded");

/// Of "correct horse battery staple".
const HASHES: [&str; 3] = [
    "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0$GfSKr180UiCm+CVgrdPrzbKelEmaJB+EQ2B9mhVifyg",
    "$pbkdf2-sha256$1000$c2FsdHNhbHRzYWx0c2FsdA$31ltvuXrbs8POP2F4tw9851NSNQCQpm0sCwu2eEvId8",
    "$2b$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG",
];

proptest! {
    /// On what an encoder writes, our reader and the common one agree.
    #[test]
    fn a_valid_form_reads_as_the_common_parser_reads_it(
        pairs in prop::collection::btree_map("[a-z_]{1,12}|\\PC{1,6}", "\\PC{0,24}|[ -~]{0,40}", 0..20)
    ) {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
        let form = Form::parse(Bytes::from(body.clone())).unwrap();
        let ours: Vec<(String, String)> =
            form.iter().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        let theirs: Vec<(String, String)> = form_urlencoded::parse(body.as_bytes())
            .into_owned()
            .filter(|(_, value)| !value.is_empty())
            .collect();
        prop_assert_eq!(ours, theirs);
    }

    /// On anything else it refuses, or reads what the common one reads; it never repairs.
    #[test]
    fn any_bytes_are_refused_or_read_alike(body in vec(any::<u8>(), 0..200)) {
        if let Ok(form) = Form::parse(Bytes::from(body.clone())) {
            let theirs: Vec<(String, String)> = form_urlencoded::parse(&body)
                .into_owned()
                .filter(|(_, value)| !value.is_empty())
                .collect();
            let ours: Vec<(String, String)> =
                form.iter().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
            prop_assert_eq!(ours, theirs);
        }
    }

    #[test]
    fn percent_and_plus_soup_never_panics(body in "[%+=&0-9a-fA-Fgz.é]{0,80}") {
        let _ = Form::parse(Bytes::from(body));
    }

    /// A stored hash is whatever a row holds: it is read, or it is useless, and nothing else happens.
    #[test]
    fn any_text_may_be_a_stored_hash(
        text in "\\PC{0,80}|[$a-z0-9=,:./+-]{0,120}",
        start in prop::sample::select(vec!["", "sha256:", "hmac-sha256:a:", "$argon2id$v=19$", "$pbkdf2-sha256$", "$2b$04$"]),
    ) {
        let secret = ClientSecret::stored(&format!("{start}{text}"));
        prop_assert_eq!(secret.problem().is_some(), ClientSecret::hashed(&format!("{start}{text}")).is_err());
    }

    /// One wrong character behind the parameters: another hash or none, never the same and never a panic.
    #[test]
    fn a_hash_with_a_wrong_character_matches_nothing(
        hash in prop::sample::select(HASHES.to_vec()),
        position in any::<prop::sample::Index>(),
        wrong in any::<char>(),
    ) {
        let (parameters, rest) = hash.rsplit_once('$').unwrap();
        let mut characters: Vec<char> = rest.chars().collect();
        let place = position.index(characters.len());
        prop_assume!(characters[place] != wrong);
        characters[place] = wrong;
        let wrong = format!("{parameters}${}", characters.iter().collect::<String>());
        let matches = ClientSecret::stored(&wrong).is("correct horse battery staple", None);
        prop_assert_ne!(matches, Ok(true), "{}", wrong);
    }

    #[test]
    fn any_request_gets_an_answer(
        authorization in prop::option::of(vec(any::<u8>(), 0..80)),
        body in vec(any::<u8>(), 0..300),
        query in prop::option::of("\\PC{0,40}"),
    ) {
        answered(authorization.as_deref(), body, query.as_deref());
    }

    #[test]
    fn any_basic_pair_gets_an_answer(pair in vec(any::<u8>(), 0..60), url_safe in any::<bool>()) {
        let pair = if url_safe { URL_SAFE_NO_PAD.encode(pair) } else { STANDARD.encode(pair) };
        answered(Some(format!("Basic {pair}").as_bytes()), Vec::new(), None);
    }

    #[test]
    fn any_jwt_gets_an_answer(
        header in "(\\{\"alg\":\"ES256\"\\}|\\PC{0,40})",
        payload in "(\\{(\"(iss|sub|aud|exp|iat|nbf|jti)\":(1|-1|1e400|\"x\"|\\[\\]|\\{\\}|null|true),?)*\\}|\\PC{0,60})",
        signature in vec(any::<u8>(), 0..90),
    ) {
        let parts = [header.as_bytes(), payload.as_bytes(), &signature].map(|part| URL_SAFE_NO_PAD.encode(part));
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("client_assertion_type", countersign_tests::request::JWT_BEARER)
            .append_pair("client_assertion", &parts.join("."))
            .finish();
        answered(None, body.into_bytes(), None);
    }
}

/// A refusal with its fixed answer, never a panic. Panics inside the decision would show as 500.
fn answered(authorization: Option<&[u8]>, body: Vec<u8>, query: Option<&str>) {
    thread_local! {
        static SERVER: Server = Server::new(&scene("any").fixture("c-pkjwt-es256").fixture("c-basic").row().setup);
    }
    let headers: Vec<(&str, &[u8])> =
        authorization.map(|value| ("authorization", value)).into_iter().chain([FORM]).collect();
    let headers = headers.as_slice();
    SERVER.with(|server| {
        let request = AuthRequest::new(Endpoint::Token, "POST", &headers, body.into()).with_query(query);
        let refusal = futures_executor::block_on(server.auth.authenticate(request)).unwrap_err();
        assert!(matches!(refusal.status(), 400 | 401 | 413), "{refusal}");
    });
}
