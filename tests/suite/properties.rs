//! What holds for any input.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use countersign::form::Form;
use countersign::{AuthRequest, Endpoint};
use countersign_tests::drivers::Server;
use countersign_tests::scene::scene;
use proptest::collection::vec;
use proptest::prelude::*;

const FORM: (&str, &[u8]) = ("content-type", b"application/x-www-form-urlencoded");

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
