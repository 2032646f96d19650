//! The instance that was polled ready is the one that is called.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use countersign_tests::drivers::Server;
use countersign_tests::encoding::basic;
use countersign_tests::fixtures::fixtures;
use countersign_tests::scene::scene;
use countersign_tower::{ClientAuthLayer, RequestBody};
use http::{Request, Response};
use http_body_util::Full;
use tower::{Layer, Service, ServiceExt};

/// Panics when it is called without having been polled ready; a clone was not.
#[derive(Default)]
struct Strict {
    ready: bool,
}

impl Clone for Strict {
    fn clone(&self) -> Self {
        Strict::default()
    }
}

impl<B> Service<Request<RequestBody<B>>> for Strict {
    type Response = Response<Full<bytes::Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<RequestBody<B>>) -> Self::Future {
        assert!(std::mem::take(&mut self.ready), "called unready");
        ready(Ok(Response::new(Full::default())))
    }
}

#[test]
fn the_inner_service_is_called_ready() {
    let server = Server::new(&scene("readiness").fixture("c-basic").row().setup);
    let secret = fixtures().client("c-basic").secret().unwrap();
    let form = "application/x-www-form-urlencoded";
    for (layer, media_type) in [
        (ClientAuthLayer::new(server.auth.clone()), form),
        (ClientAuthLayer::new(server.auth.clone()).headers_only(), "application/grpc"),
        (
            ClientAuthLayer::new(server.auth).routes([("/elsewhere", countersign::Endpoint::Token)]).unwrap(),
            form,
        ),
    ] {
        let mut service = layer.layer(Strict::default());
        for _ in 0..3 {
            let request = Request::post("/token")
                .header("authorization", basic("c-basic", &secret))
                .header("content-type", media_type)
                .body(Full::from("grant_type=client_credentials"))
                .unwrap();
            let response = futures_executor::block_on(async {
                let ready: &mut _ =
                    ServiceExt::<Request<Full<bytes::Bytes>>>::ready(&mut service).await.unwrap();
                ready.call(request).await
            });
            assert_eq!(response.unwrap().status(), 200);
        }
    }
}
