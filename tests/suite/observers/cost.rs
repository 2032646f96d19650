//! What observing costs: nothing where nobody observes.

use countersign::Authenticator;
use countersign::observer::{Metrics, Observer, Tracing};
use countersign_tests::assertion::Assertion;
use countersign_tests::encoding::basic;
use countersign_tests::fixtures::fixtures;
use countersign_tests::request::Request;
use countersign_tests::row::HttpRequest;

use super::{builder, naming, send, server};

/// The figures of the benchmark `counts`, which runs in no test.
#[test]
fn without_an_observer_a_decision_allocates_no_more_than_it_may() {
    let auth = builder().build().unwrap();
    let [by_secret, by_name, by_assertion] = allocations(&auth);
    // The request's own body is copied into its octets.
    assert!(by_secret <= 5 + BODY, "{by_secret}");
    assert!(by_name <= 4 + BODY, "{by_name}");
    assert!(by_assertion <= 8 + BODY, "{by_assertion}");
}

/// Nobody listens: no subscriber, no observer that asks for a hash or a thumbprint.
#[test]
fn an_observer_that_asks_for_nothing_costs_nothing() {
    struct Deaf;
    impl Observer for Deaf {
        fn decided(&self, _: &countersign::observer::Decision<'_>) {}
    }
    let nobody = allocations(&builder().build().unwrap());
    assert_eq!(allocations(&server(Deaf)), nobody);
    assert_eq!(allocations(&server((Deaf, Tracing))), nobody);
    assert!(allocations(&server(Metrics::new()))[0] > nobody[0], "the counting counts");
}

fn allocations(auth: &Authenticator) -> [u64; 3] {
    let secret = fixtures().client("c-basic").secret().unwrap();
    let by_assertion = || Request::token().assertion(Assertion::of("c-pkjwt-es256").mint()).build();
    [
        counted(auth, || Request::token().authorization(basic("c-basic", &secret)).build()),
        counted(auth, || naming("pub")),
        counted(auth, by_assertion),
    ]
}

/// Of the second request: what is made once is there by then.
fn counted(auth: &Authenticator, request: impl Fn() -> HttpRequest) -> u64 {
    send(auth, &request()).unwrap();
    let second = request();
    allocation_counter::measure(|| drop(send(auth, &second).unwrap())).count_total
}

const BODY: u64 = 2;
