//! What a throttle from outside is asked and told.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use countersign::Reason;
use countersign::throttle::{Attempted, RetryAfter, Throttle};
use countersign_tests::encoding::basic_pair;
use countersign_tests::fixtures::fixtures;
use countersign_tests::request::Request;
use countersign_tests::row::ISSUER;

use super::{HERE, Registry, builder, right, send, wrong};
use crate::ports::Yield;

/// Writes down what it hears, and answers late.
#[derive(Clone, Default)]
struct Heard {
    calls: Arc<Mutex<Vec<String>>>,
    refuses: Option<RetryAfter>,
}

impl Heard {
    async fn hear(&self, call: &str, attempt: &Attempted<'_>) {
        Yield(2).await;
        let alone = if attempt.has_name_alone() { " alone" } else { "" };
        assert_eq!((attempt.tenant(), attempt.source().to_string().as_str()), (ISSUER, HERE));
        self.calls.lock().unwrap().push(format!("{call} {}{alone}", attempt.client_id()));
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.calls.lock().unwrap())
    }
}

impl Throttle for Heard {
    async fn check(&self, attempt: &Attempted<'_>) -> Result<(), RetryAfter> {
        self.hear("check", attempt).await;
        self.refuses.map_or(Ok(()), Err)
    }

    async fn failed(&self, attempt: &Attempted<'_>) {
        self.hear("failed", attempt).await;
    }

    async fn succeeded(&self, attempt: &Attempted<'_>) {
        self.hear("succeeded", attempt).await;
    }
}

#[test]
fn it_is_asked_before_the_look_up_and_told_after_the_decision() {
    let (heard, registry) = (Heard::default(), Registry::new());
    let auth = builder(&registry).throttle(heard.clone()).build().unwrap();
    let secret = fixtures().client("c-basic").secret().unwrap();
    let named = Request::token().field("client_id", "nobody");
    for (request, calls) in [
        (right(), vec!["check c-basic", "succeeded c-basic"]),
        (wrong(), vec!["check c-basic", "failed c-basic"]),
        (named, vec!["check nobody alone", "failed nobody alone"]),
        (
            Request::token().authorization(basic_pair("a%41:x")),
            vec!["check aA", "check a%41", "failed aA", "failed a%41"],
        ),
        // Two readings of the secret are one attempt.
        (Request::token().authorization(basic_pair("c:%41")), vec!["check c", "failed c"]),
        (
            Request::token().authorization(basic_pair(format!("c%2Dbasic:{secret}"))),
            vec!["check c-basic", "check c%2Dbasic", "succeeded c-basic"],
        ),
        (Request::token(), vec![]),
        (Request::token().authorization("Basic *"), vec![]),
    ] {
        let _ = send(&auth, request.from(HERE));
        assert_eq!(heard.take(), calls);
    }
    let _ = send(&auth, wrong());
    assert!(heard.take().is_empty(), "nothing is asked about an unknown source");
}

#[test]
fn what_it_refuses_is_429_and_is_not_reported_to_it() {
    let wait = RetryAfter::new(Duration::from_millis(89_001), "a full moon");
    let (heard, registry) = (Heard { refuses: Some(wait), ..Heard::default() }, Registry::new());
    let auth = builder(&registry).throttle(heard.clone()).build().unwrap();
    let refusal = send(&auth, right().from(HERE)).unwrap_err();
    assert_eq!((refusal.status(), refusal.reason()), (429, Reason::Throttled));
    assert!(refusal.headers().any(|field| field == ("retry-after", "90")));
    assert!(refusal.headers().all(|(name, _)| name != "www-authenticate"));
    assert_eq!((refusal.expected(), refusal.got()), (Some("a pause of 90 s"), Some("a full moon")));
    assert_eq!(heard.take(), ["check c-basic"]);
    assert_eq!(registry.asked(), 0);
}

#[test]
fn a_panic_in_a_throttle_is_500() {
    struct Panics;
    impl Throttle for Panics {
        async fn check(&self, _: &Attempted<'_>) -> Result<(), RetryAfter> {
            panic!("the throttle panics")
        }
        async fn failed(&self, _: &Attempted<'_>) {}
        async fn succeeded(&self, _: &Attempted<'_>) {}
    }
    let auth = builder(&Registry::new()).throttle(Panics).build().unwrap();
    assert_eq!(send(&auth, right().from(HERE)).unwrap_err().reason(), Reason::InternalError);
    assert!(send(&auth, right()).is_ok());
}
