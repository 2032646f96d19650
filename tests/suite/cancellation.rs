//! A request may be dropped at any await: nothing leaks, and nothing is accepted twice.

use std::future::Future as _;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use countersign_tests::row::HttpRequest;

use crate::faults::{authenticate, authenticator, by_assertion, by_secret};
use crate::ports::Mood;

/// Polls a request `polls` times and drops it there. `None` when it was done by then.
fn dropped_after(auth: &countersign::Authenticator, request: &HttpRequest, polls: usize) -> Option<()> {
    let mut future = pin!(authenticate(auth, request));
    let mut task = Context::from_waker(Waker::noop());
    for _ in 0..polls {
        if future.as_mut().poll(&mut task).is_ready() {
            return None;
        }
    }
    Some(())
}

#[test]
fn dropped_at_any_await_an_assertion_passes_at_most_once_afterwards() {
    let mut awaits = 0;
    for polls in 0.. {
        let auth = authenticator(Mood::Slow(2), Mood::Slow(2));
        let request = by_assertion();
        if dropped_after(&auth, &request, polls).is_none() {
            break;
        }
        awaits += 1;
        let passes =
            (0..2).filter(|_| futures_executor::block_on(authenticate(&auth, &request)).is_ok()).count();
        // Burnt if it was dropped after the claim, never used twice.
        assert!(passes <= 1, "dropped after {polls} polls it passed {passes} times");
        assert!(futures_executor::block_on(authenticate(&auth, &by_secret())).is_ok());
    }
    assert!(awaits >= 6, "only {awaits} awaits were seen");
}

/// The bodies of the layer: a body that comes drop by drop, and a request dropped at each of them.
#[test]
fn the_layer_dropped_while_it_collects_never_calls_the_handler() {
    use countersign_tower::ClientAuthLayer;
    use http_body_util::StreamBody;
    use tower::{Layer, Service, service_fn};

    let auth = authenticator(Mood::Slow(1), Mood::Slow(1));
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&calls);
    let mut service = ClientAuthLayer::new(auth).layer(service_fn(move |_| {
        counter.fetch_add(1, Ordering::SeqCst);
        std::future::ready(Ok::<_, std::convert::Infallible>(http::Response::new(http_body_util::Full::<
            bytes::Bytes,
        >::default())))
    }));
    let mut finished = false;
    for polls in 0..60 {
        let request = by_secret();
        let chunks: Vec<_> = request.body.chunks(7).map(bytes::Bytes::copy_from_slice).collect();
        let body =
            StreamBody::new(futures_util::stream::unfold(chunks.into_iter(), |mut chunks| async move {
                crate::ports::Yield(1).await;
                let chunk = chunks.next()?;
                Some((Ok::<_, std::convert::Infallible>(http_body::Frame::data(chunk)), chunks))
            }));
        let mut http = http::Request::post("/token");
        for (name, value) in &request.headers {
            http = http.header(name.as_str(), value.as_slice());
        }
        let mut future = Box::pin(service.call(http.body(body).unwrap()));
        let mut task = Context::from_waker(Waker::noop());
        let done = (0..polls).find_map(|_| match future.as_mut().poll(&mut task) {
            Poll::Ready(response) => Some(response.unwrap().status()),
            Poll::Pending => None,
        });
        drop(future);
        assert_eq!(calls.swap(0, Ordering::SeqCst), usize::from(done.is_some()));
        if let Some(status) = done {
            assert_eq!(status, 200);
            finished = true;
        }
    }
    assert!(finished, "no request was polled to its end");
}
