//! Decisions as `tracing` tells them.

use std::sync::{Arc, Mutex};

use countersign::observer::{Observer, RingBuffer, Tracing};
use countersign::store::{ClientStore, Clients, StoreError};
use countersign::{AuthMethod, Authenticator, Client};
use countersign_tests::assertion::Assertion;
use countersign_tests::encoding::sha256_hex;
use countersign_tests::request::Request;
use countersign_tests::row::ISSUER;
use tracing::Level;

use super::captured::{Captured, Told};
use super::{builder, naming, send, server};
use crate::ports::{Mood, Registry};

fn told(observer: impl Observer, work: impl FnOnce(&Authenticator)) -> Vec<Told> {
    let captured = Captured::default();
    let auth = server(observer);
    captured.listen(|| work(&auth));
    captured.take()
}

#[test]
fn a_decision_is_one_event_in_a_span() {
    let assertion = Assertion::of("c-pkjwt-es256").claim("jti", "one-of-a-kind");
    let request = Request::token().assertion(assertion.mint()).build();
    let told = told(Tracing, |auth| {
        send(auth, &request).unwrap();
        send(auth, &request).unwrap_err();
    });
    let [accepted, refused] = told.as_slice() else { panic!("{told:?}") };
    for (event, level, message, result, reason) in [
        (accepted, Level::INFO, "client authenticated", "authenticated", None),
        (refused, Level::WARN, "client refused", "refused", Some("replayed")),
    ] {
        assert_eq!((event.target.as_str(), event.level, event.depth), ("countersign", level, 1));
        assert_eq!(event.field("span"), Some("client_authentication"));
        assert_eq!(event.field("message"), Some(message));
        assert_eq!(event.field("result"), Some(result));
        assert_eq!(event.field("reason"), reason);
        assert_eq!(event.field("endpoint"), Some("token"));
        assert_eq!(event.field("client_id"), Some("c-pkjwt-es256"));
        assert_eq!(event.field("method"), Some("private_key_jwt"));
        assert_eq!(event.field("alg"), Some("ES256"));
        assert_eq!(event.field("jti_hash"), Some(&sha256_hex(b"one-of-a-kind")[..32]));
        assert_eq!(event.field("duration_us"), Some("0"));
        assert!(event.field("kid").is_some());
        assert!(event.fields.iter().all(|(_, value)| !value.contains("one-of-a-kind")), "{event:?}");
    }
    assert!(accepted.field("jkt").is_some() && accepted.field("got").is_none());
    assert_eq!(refused.field("got"), Some("one used before"));
}

/// Until the program has an observer of its own, which then stands in its place.
#[test]
fn it_is_the_default() {
    for (observer, events) in [(None, 1), (Some(RingBuffer::new(1)), 0)] {
        let auth = match observer {
            None => builder().build().unwrap(),
            Some(observer) => server(observer),
        };
        let captured = Captured::default();
        captured.listen(|| send(&auth, &naming("pub"))).unwrap();
        assert_eq!(captured.take().len(), events);
    }
}

#[test]
fn trouble_is_an_error() {
    let captured = Captured::default();
    for (mood, reason) in [(Mood::Down, "store_unavailable"), (Mood::Panics, "internal_error")] {
        let clients = Clients::new([Client::new("pub").with_method(AuthMethod::NONE)]).unwrap();
        let auth = Authenticator::builder()
            .issuer(ISSUER)
            .clients(Registry(clients, mood))
            .observer(Tracing)
            .build()
            .unwrap();
        captured.listen(|| send(&auth, &naming("pub"))).unwrap_err();
        let told = captured.take();
        let [event] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!((event.level, event.field("reason")), (Level::ERROR, Some(reason)));
        assert_eq!(captured.depth(), 0, "a span stayed open");
    }
}

/// A store's own events happen inside the span, also after it had to wait.
#[test]
fn a_store_is_asked_inside_the_span() {
    #[derive(Clone)]
    struct Talking(Captured, Arc<Mutex<Vec<usize>>>);
    impl ClientStore for Talking {
        async fn find(&self, _: &str) -> Result<Option<Arc<Client>>, StoreError> {
            self.1.lock().unwrap().push(self.0.depth());
            tokio::task::yield_now().await;
            self.1.lock().unwrap().push(self.0.depth());
            Ok(None)
        }
    }
    for (observers, depth) in [
        (vec![Box::new(RingBuffer::new(1)) as Box<dyn Observer>, Box::new(Tracing)], 1),
        (vec![Box::new(RingBuffer::new(1))], 0),
    ] {
        let captured = Captured::default();
        let depths = Arc::default();
        let auth = Authenticator::builder()
            .issuer(ISSUER)
            .clients(Talking(captured.clone(), Arc::clone(&depths)))
            .observer(observers)
            .build()
            .unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let request = naming("pub");
        captured.listen(|| runtime.block_on(crate::faults::authenticate(&auth, &request))).unwrap_err();
        assert_eq!(*depths.lock().unwrap(), [depth, depth]);
        assert_eq!(captured.depth(), 0);
    }
}
