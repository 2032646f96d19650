//! What an adapter keeps, beside the rows.

use actix_web::{App, HttpResponse, test as actix, web};
use axum::Router;
use axum::body::Body;
use axum::routing::post;
use bytes::Bytes;
use countersign::{Endpoint, Reason, Refusal};
use countersign_actix::{ClientAuth as ActixClient, ClientAuthConfig, ClientAuthMiddleware};
use countersign_tests::drivers::Server;
use countersign_tests::encoding::basic;
use countersign_tests::fixtures::fixtures;
use countersign_tests::scene::scene;
use countersign_tower::ClientAuthLayer;
use countersign_tower::axum::ClientAuth;
use http::{Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use tower::{Layer, ServiceExt};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

fn server() -> Server {
    Server::new(&scene("adapters").fixture("c-basic").fixture("c-post").row().setup)
}

fn authorization() -> String {
    basic("c-basic", &fixtures().client("c-basic").secret().unwrap())
}

fn request(body: impl Into<Body>) -> Request<Body> {
    Request::post("/token")
        .header(FORM.0, FORM.1)
        .header("authorization", authorization())
        .body(body.into())
        .unwrap()
}

fn on_tokio<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

async fn sent(app: Router, request: Request<Body>) -> (StatusCode, Option<Reason>, String) {
    let response: Response<Body> = app.oneshot(request).await.unwrap();
    let reason = response.extensions().get::<Refusal>().map(Refusal::reason);
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, reason, String::from_utf8(body.to_vec()).unwrap())
}

#[test]
fn axum_forms_still_work_behind_the_layer() {
    async fn token(
        client: ClientAuth,
        axum::Form(form): axum::Form<std::collections::HashMap<String, String>>,
    ) -> String {
        format!("{} {}", client.client_id(), form["scope"])
    }
    let app = Router::new().route("/token", post(token)).layer(ClientAuthLayer::new(server().auth));
    let (status, reason, body) = on_tokio(sent(app, request("scope=a+b&grant_type=client_credentials")));
    assert_eq!((status, reason, body.as_str()), (StatusCode::OK, None, "c-basic a b"));
}

#[test]
fn the_handler_form_has_no_credentials() {
    async fn token(client: ClientAuth) -> String {
        client.form().iter().map(|(name, _)| name.into_owned()).collect::<Vec<_>>().join(" ")
    }
    let app = Router::new().route("/token", post(token)).layer(ClientAuthLayer::new(server().auth));
    let secret = fixtures().client("c-post").secret().unwrap();
    let body = countersign_tests::request::encode(&[
        ("client_id", "c-post"),
        ("scope", "a"),
        ("client_secret", &secret),
        ("grant_type", "client_credentials"),
    ]);
    let request = Request::post("/token").header(FORM.0, FORM.1).body(Body::from(body)).unwrap();
    assert_eq!(on_tokio(sent(app, request)).2, "client_id scope grant_type");
}

#[test]
fn a_forgotten_layer_is_a_server_error_that_says_so() {
    async fn token(_: ClientAuth) {}
    let app = Router::new().route("/token", post(token));
    let (status, _, body) = on_tokio(sent(app, request("")));
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(body.contains("server_error") && body.contains("ClientAuthLayer"), "{body}");
    serde_json::from_str::<serde_json::Value>(&body).unwrap();
}

#[test]
fn an_optional_layer_hands_on_what_carries_no_credential_and_nothing_else() {
    async fn introspect(client: Option<ClientAuth>, body: String) -> String {
        format!("{} {body}", client.map_or("nobody".to_owned(), |client| client.client_id().to_owned()))
    }
    let layer = || ClientAuthLayer::new(server().auth).endpoint(Endpoint::Introspection).optional();
    let app = || Router::new().route("/introspect", post(introspect)).layer(layer());
    let request = |header: Option<(&str, String)>, body: &'static str| {
        let mut builder = Request::post("/introspect").header(FORM.0, FORM.1);
        if let Some((name, value)) = header {
            builder = builder.header(name, value);
        }
        builder.body(Body::from(body)).unwrap()
    };
    let bearer = Some(("authorization", "Bearer abcdefgh".to_owned()));
    assert_eq!(on_tokio(sent(app(), request(None, "token=t"))).2, "nobody token=t");
    assert_eq!(on_tokio(sent(app(), request(bearer, "token=t"))).2, "nobody token=t");
    let right = Some(("authorization", authorization()));
    assert_eq!(on_tokio(sent(app(), request(right, "token=t"))).2, "c-basic token=t");
    let wrong = Some(("authorization", basic("c-basic", "wrong")));
    assert_eq!(on_tokio(sent(app(), request(wrong, "token=t"))).0, StatusCode::UNAUTHORIZED);
    assert_eq!(on_tokio(sent(app(), request(None, "client_id=c-basic"))).0, StatusCode::UNAUTHORIZED);
}

#[test]
fn other_paths_are_untouched_and_other_spellings_are_covered() {
    async fn any(request: Request<Body>) -> String {
        String::from_utf8(request.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
    }
    let layer = ClientAuthLayer::new(server().auth).routes([("/token", Endpoint::Token)]).unwrap();
    let app = Router::new().fallback(any).layer(layer);
    let to = |path: &str| Request::post(path).body(Body::from("not a form")).unwrap();
    assert_eq!(on_tokio(sent(app.clone(), to("/authorize"))).2, "not a form");
    for path in ["/token", "/token/", "//token", "/%74oken", "/token?x=y"] {
        assert_eq!(on_tokio(sent(app.clone(), to(path))).0, StatusCode::BAD_REQUEST, "{path}");
    }
}

#[test]
fn a_body_in_many_frames_is_put_back_whole_and_bounded() {
    async fn token(_: ClientAuth, body: Bytes) -> Vec<u8> {
        body.to_vec()
    }
    let app = || Router::new().route("/token", post(token)).layer(ClientAuthLayer::new(server().auth));
    let frames = |size: usize, count: usize| {
        let frames =
            (0..count).map(move |_| Ok::<_, std::io::Error>(Frame::data(Bytes::from(vec![b'a'; size]))));
        Body::new(StreamBody::new(futures_util::stream::iter(frames)))
    };
    let (status, _, body) = on_tokio(sent(app(), request(frames(1, 1000))));
    assert_eq!((status, body.len()), (StatusCode::OK, 1000));
    let (status, reason, _) = on_tokio(sent(app(), request(frames(1024, 65))));
    assert_eq!((status, reason), (StatusCode::PAYLOAD_TOO_LARGE, Some(Reason::TooLarge)));
    let (status, _, body) = on_tokio(sent(app(), request(frames(1024, 64))));
    assert_eq!((status, body.len()), (StatusCode::OK, 64 * 1024));
}

#[test]
fn a_length_that_announces_too_much_is_refused_before_a_byte_is_read() {
    async fn token(_: ClientAuth) {}
    let app = Router::new().route("/token", post(token)).layer(ClientAuthLayer::new(server().auth));
    let never = StreamBody::new(futures_util::stream::pending::<Result<Frame<Bytes>, std::io::Error>>());
    let mut request = request(Body::new(never));
    request.headers_mut().insert("content-length", "65537".parse().unwrap());
    assert_eq!(on_tokio(sent(app, request)).1, Some(Reason::TooLarge));
}

#[test]
fn a_body_that_breaks_off_is_malformed_and_never_reaches_the_handler() {
    async fn token(_: ClientAuth) {
        panic!("the handler was reached");
    }
    let app = Router::new().route("/token", post(token)).layer(ClientAuthLayer::new(server().auth));
    let frames = [Ok(Frame::data(Bytes::from("grant_type="))), Err(std::io::Error::other("reset"))];
    let body = Body::new(StreamBody::new(futures_util::stream::iter(frames)));
    let (status, reason, _) = on_tokio(sent(app, request(body)));
    assert_eq!((status, reason), (StatusCode::BAD_REQUEST, Some(Reason::BodyUnreadable)));
}

#[test]
fn the_layer_stands_in_front_of_tonic() {
    let routes = tonic::service::Routes::default().prepare();
    let service = ClientAuthLayer::new(server().auth).headers_only().layer(routes);
    let call = |authorization: String| {
        let request = Request::post("/package.Service/Method")
            .header("content-type", "application/grpc")
            .header("authorization", authorization)
            .body(tonic::body::Body::empty())
            .unwrap();
        on_tokio(service.clone().oneshot(request)).unwrap()
    };
    assert_eq!(call(basic("c-basic", "wrong")).status(), StatusCode::UNAUTHORIZED);
    // Let through, to a server without services.
    let response = call(authorization());
    assert_eq!(
        (response.status(), response.headers().get("grpc-status").unwrap().as_bytes()),
        (StatusCode::OK, &b"12"[..])
    );
}

#[derive(serde::Deserialize)]
struct Scope {
    scope: String,
}

/// The client first, then `web::Form`: behind the middleware, and with the extractor alone.
#[test]
fn actix_forms_still_work() {
    async fn token(client: ActixClient, form: web::Form<Scope>) -> HttpResponse {
        HttpResponse::Ok().body(format!("{} {}", client.client_id(), form.scope))
    }
    actix_web::rt::System::new().block_on(async {
        let request = || {
            actix::TestRequest::post()
                .uri("/token")
                .insert_header(FORM)
                .insert_header(("authorization", authorization()))
                .set_payload("scope=a+b&grant_type=client_credentials")
                .to_request()
        };
        let auth = server().auth;
        let behind =
            App::new().wrap(ClientAuthMiddleware::new(auth.clone())).route("/token", web::post().to(token));
        let service = actix::init_service(behind).await;
        assert_eq!(actix::call_and_read_body(&service, request()).await, "c-basic a b");

        let alone = App::new().app_data(ClientAuthConfig::new(auth)).route("/token", web::post().to(token));
        let service = actix::init_service(alone).await;
        assert_eq!(actix::call_and_read_body(&service, request()).await, "c-basic a b");
    });
}

#[test]
fn the_actix_extractor_says_what_was_forgotten() {
    async fn token(_: ActixClient) -> &'static str {
        "reached"
    }
    async fn too_late(_: Bytes, _: ActixClient) -> &'static str {
        "reached"
    }
    actix_web::rt::System::new().block_on(async {
        let request = |path: &str| {
            actix::TestRequest::post()
                .uri(path)
                .insert_header(FORM)
                .insert_header(("authorization", authorization()))
                .insert_header(("content-length", "7"))
                .set_payload("scope=a")
                .to_request()
        };
        let service = actix::init_service(App::new().route("/token", web::post().to(token))).await;
        let response = actix::call_service(&service, request("/token")).await;
        assert_eq!(response.status().as_u16(), 500);
        let body = actix::read_body(response).await;
        assert!(std::str::from_utf8(&body).unwrap().contains("ClientAuthConfig"), "{body:?}");

        let app = App::new()
            .app_data(ClientAuthConfig::new(server().auth))
            .route("/token", web::post().to(token))
            .route("/late", web::post().to(too_late));
        let service = actix::init_service(app).await;
        let response = actix::call_service(&service, request("/late")).await;
        assert_eq!(response.status().as_u16(), 500);
        let body = actix::read_body(response).await;
        assert!(std::str::from_utf8(&body).unwrap().contains("first argument"), "{body:?}");
        assert_eq!(actix::call_and_read_body(&service, request("/token")).await, "reached");
    });
}

#[test]
fn the_actix_middleware_leaves_the_reason_in_the_response() {
    actix_web::rt::System::new().block_on(async {
        let app = App::new()
            .wrap(ClientAuthMiddleware::new(server().auth))
            .route("/token", web::post().to(|| async { "reached" }));
        let service = actix::init_service(app).await;
        let request = actix::TestRequest::post().uri("/token").insert_header(FORM).to_request();
        let response = actix::call_service(&service, request).await;
        let reason = response.response().extensions().get::<Refusal>().map(Refusal::reason);
        assert_eq!(reason, Some(Reason::NoCredentials));
    });
}
