//! Bodies that come in pieces, late, or not at all.

use std::time::Duration;

use countersign::Reason;
use countersign::replay::MemoryReplayStore;
use countersign_tests::drivers::SetClock;
use countersign_tests::encoding::basic;
use countersign_tests::fixtures::fixtures;
use countersign_tests::request::Request;
use countersign_tests::row::{HttpRequest, NOW};
use countersign_tower::ClientAuthLayer;
use http_body::Frame;
use http_body_util::{Full, StreamBody};
use tokio::time::Instant;
use tower::{Layer, ServiceExt, service_fn};

use super::authenticator;
use super::node::{FRAMEWORKS, Framework, Handler, Node, head, octets};

const CHUNKED: &str = "transfer-encoding: chunked\r\n";

fn auth() -> countersign::Authenticator {
    let clock = SetClock::new(NOW);
    authenticator(MemoryReplayStore::with_clock(clock.clone()), clock)
}

fn node(framework: Framework) -> Node {
    Node::start(framework, auth(), Handler::Answers)
}

fn by_post() -> HttpRequest {
    Request::token().post("c-post", &fixtures().client("c-post").secret().unwrap()).build()
}

#[test]
fn form_046_a_body_in_chunks_of_one_octet_is_read() {
    for framework in FRAMEWORKS {
        let (node, request) = (node(framework), by_post());
        let mut connection = node.connect();
        connection.send(head(&request, CHUNKED));
        for octet in &request.body {
            connection.send([b"1\r\n".as_slice(), &[*octet], b"\r\n"].concat());
        }
        connection.send("0\r\n\r\n");
        let answer = connection.answer();
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("c-post"), "{framework:?}: {answer}");
    }
}

/// The time limit is the server's, around the layer.
#[test]
fn form_052_a_body_that_drips_ends_with_the_time_limit() {
    const PATIENCE: Duration = Duration::from_secs(4);
    for framework in FRAMEWORKS {
        let node = Node::with_patience(framework, auth(), Handler::Answers, PATIENCE);
        let request = by_post();
        let (mut connection, started) = (node.connect(), Instant::now());
        connection.send(head(&request, &format!("content-length: {}\r\n", request.body.len())));
        let mut dripped = 0;
        for octet in &request.body[..30] {
            if !connection.try_send([*octet]) {
                break;
            }
            dripped += 1;
            // Others are served meanwhile.
            assert!(node.answer(&by_post()).starts_with("HTTP/1.1 200 "), "{framework:?}");
            std::thread::sleep(Duration::from_millis(200));
            if started.elapsed() > PATIENCE * 2 {
                break;
            }
        }
        let answer = connection.answer();
        assert!(answer.starts_with("HTTP/1.1 408 "), "{framework:?}: {answer}");
        let took = started.elapsed();
        assert!(took >= PATIENCE && took < PATIENCE * 10, "{framework:?}: {took:?}");
        // The requests of the others, and no more.
        assert_eq!(node.entered(), dripped, "{framework:?}");
    }
}

#[test]
fn form_053_a_body_that_ends_too_soon_never_reaches_the_handler() {
    for framework in FRAMEWORKS {
        let (node, request) = (node(framework), by_post());
        let whole = octets(&request);
        let some = request.body.len() / 2;
        let half = &request.body[..some];
        let half_chunked =
            format!("{}{some:x}\r\n{}\r\n", head(&request, CHUNKED), String::from_utf8_lossy(half));
        for sent in [
            // All but the last octet: what came is a form that would pass.
            &whole[..whole.len() - 1],
            &whole[..whole.len() - some],
            // A chunk, whole, and then no other.
            half_chunked.as_bytes(),
        ] {
            let mut connection = node.connect();
            connection.send(sent);
            connection.end();
            let answer = connection.answer();
            let malformed =
                answer.starts_with("HTTP/1.1 400 ") && answer.contains(r#""error":"invalid_request""#);
            assert!(malformed, "{framework:?}: {answer}");
        }
        assert_eq!(node.entered(), 0, "{framework:?}");
        assert!(node.answer(&request).starts_with("HTTP/1.1 200 "), "{framework:?}");
        assert_eq!(node.entered(), 1, "{framework:?}");
    }
}

/// What comes behind the body has no part in the decision.
#[test]
fn form_064_a_credential_in_the_trailers_is_none() {
    let credential = basic("c-basic", &fixtures().client("c-basic").secret().unwrap());
    for framework in FRAMEWORKS {
        let node = node(framework);
        let request = Request::token().build();
        let body = String::from_utf8(request.body.clone()).unwrap();
        for announced in ["", "trailer: authorization\r\n"] {
            let mut connection = node.connect();
            connection.send(head(&request, &format!("{CHUNKED}{announced}")));
            connection
                .send(format!("{:x}\r\n{body}\r\n0\r\nauthorization: {credential}\r\n\r\n", body.len()));
            let answer = connection.answer();
            let refused = answer.starts_with("HTTP/1.1 400 ");
            assert!(refused, "{framework:?}: {answer}");
        }
        assert_eq!(node.entered(), 0, "{framework:?}");
        // A name in capitals is the same name, in HTTP/1.1.
        let capitals = Request::token().header("AUTHORIZATION", credential.as_str()).build();
        assert!(node.answer(&capitals).starts_with("HTTP/1.1 200 "), "{framework:?}");
    }
}

/// The same as frames, which is how they come over HTTP/2. A name in capitals cannot be represented there: RFC 9113 §8.2
/// is the library's to enforce that reads the connection.
#[test]
fn form_064_a_trailer_frame_with_a_credential_is_none() {
    let credential = basic("c-basic", &fixtures().client("c-basic").secret().unwrap());
    let request = Request::token().build();
    let mut trailers = http::HeaderMap::new();
    trailers.insert("authorization", credential.parse().unwrap());
    let frames =
        [Ok::<_, std::convert::Infallible>(Frame::data(request.body.into())), Ok(Frame::trailers(trailers))];
    let body = StreamBody::new(futures_util::stream::iter(frames));
    let http = http::Request::post("/token")
        .version(http::Version::HTTP_2)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
        .unwrap();
    let service = ClientAuthLayer::new(auth()).layer(service_fn(
        async |_| -> Result<http::Response<Full<bytes::Bytes>>, std::convert::Infallible> {
            panic!("the handler was entered")
        },
    ));
    let response = futures_executor::block_on(service.oneshot(http)).unwrap();
    let refusal = response.extensions().get::<countersign::Refusal>().unwrap();
    assert_eq!((refusal.reason(), refusal.status()), (Reason::NoCredentials, 400));
}
