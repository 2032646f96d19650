//! Requests through the layer, their bodies in frames as a connection brings them.

use std::convert::Infallible;
use std::hint::black_box;

use bytes::Bytes;
use countersign_tests::assertion::Assertion;
use countersign_tests::drivers::Server;
use countersign_tests::encoding::basic_pair;
use countersign_tests::fixtures::fixtures;
use countersign_tests::request::Request;
use countersign_tests::row::HttpRequest;
use countersign_tests::scene::scene;
use countersign_tower::ClientAuthLayer;
use futures_util::stream;
use http::Response;
use http_body::Frame;
use http_body_util::{Full, StreamBody};
use serde_json::{Value, json};
use tower::{Layer, ServiceExt, service_fn};

use crate::{Table, bomb};

pub(crate) fn measure(table: &mut Table) {
    let rows = bodies().into_iter().chain(forms()).chain(assertions()).chain(objects());
    for Hostile { name, preset, request, frame, length, status } in rows {
        let server = server(preset);
        // What is made once is none of this request's.
        peak(&server, Request::token().basic("nobody", "x").build(), FRAME, None);
        let (octets, answered) = peak(&server, request, frame, length);
        assert_eq!(answered, status, "{name}");
        table.line(&name, &answered.to_string(), octets);
    }
}

struct Hostile {
    name: String,
    preset: &'static str,
    request: HttpRequest,
    /// How much of the body comes at a time.
    frame: usize,
    /// How long the body is, where it is its own content again and again.
    length: Option<u64>,
    status: u16,
}

fn hostile(name: &str, request: Request, status: u16) -> Hostile {
    Hostile {
        name: name.to_owned(),
        preset: "default",
        request: request.build(),
        frame: FRAME,
        length: None,
        status,
    }
}

fn bodies() -> Vec<Hostile> {
    let zeros = || Request::token().body(vec![b'0'; FRAME]);
    let gzip = || Request::token().header("Content-Encoding", "gzip").body(bomb::gzip(BODY));
    vec![
        Hostile { length: Some(1 << 30), ..hostile("a body of 1 GiB that nothing announces", zeros(), 413) },
        Hostile {
            length: Some(1 << 30),
            ..hostile(
                "a body of 1 GiB that is announced",
                zeros().header("Content-Length", "1073741824"),
                413,
            )
        },
        Hostile {
            frame: 1,
            ..hostile("a body of 64 KiB, an octet at a time", Request::token().body(vec![b'a'; BODY]), 400)
        },
        hostile("a gzip bomb for a body", gzip(), 400),
        Hostile { length: Some(1 << 30), ..hostile("a gzip bomb of 1 GiB for a body", gzip(), 400) },
    ]
}

fn forms() -> Vec<Hostile> {
    let body = |unit: &str| Request::token().body(unit.repeat(BODY / unit.len()));
    let parameters = |count: usize| {
        let parameters: Vec<String> = (0..count).map(|number| format!("{number:x}=")).collect();
        Request::token().body(parameters.join("&"))
    };
    let escaped = basic_pair(format!("c-basic:{}", "%7E".repeat(BODY / 4 - 3)));
    let basic =
        |text: &str| Request::token().authorization(format!("Basic {}", text.repeat(BODY / text.len())));
    vec![
        hostile("a form of & alone", body("&"), 400),
        hostile("a form of = alone", body("="), 400),
        hostile("a form of 128 parameters", parameters(128), 400),
        hostile("a form of 129 parameters", parameters(129), 413),
        hostile("a form of 9,000 parameters", parameters(9000), 413),
        hostile("a form with one name 20,000 times", body("a=&"), 400),
        hostile("a client_id of 64 KiB", Request::token().body(long("client_id=", "x")), 400),
        hostile(
            "a client_id of 64 KiB, all of it escaped",
            Request::token().body(long("client_id=", "%7E")),
            400,
        ),
        hostile("a name of 64 KiB, all of it escaped", Request::token().body(long("", "%7E")), 400),
        hostile(
            "a secret of 64 KiB",
            Request::token().body(long("client_id=c-post&client_secret=", "+")),
            400,
        ),
        hostile("a Basic pair of 64 KiB", basic("eHg6"), 401),
        hostile("a Basic pair of 64 KiB, all of it escaped", Request::token().authorization(escaped), 401),
        hostile("a Basic pair of 1 MiB", Request::token().basic("c-basic", &"x".repeat(1 << 20)), 413),
        hostile("an Authorization of 64 KiB that is not base64", basic("!"), 401),
        hostile("a query of 60,000 octets", Request::token().query(&"a&".repeat(30_000)), 400),
    ]
}

/// This, followed by so much of the other that it fills a body.
fn long(start: &str, unit: &str) -> String {
    format!("{start}{}", unit.repeat((BODY - start.len()) / unit.len()))
}

fn assertions() -> Vec<Hostile> {
    let es256 = || Assertion::of("c-pkjwt-es256");
    let send = |token: String| Request::token().assertion(token);
    let claims = |member: &str| {
        let claims = format!(r#"{{"iss":"c-pkjwt-es256","sub":"c-pkjwt-es256",{member}}}"#);
        send(es256().payload(claims).mint())
    };
    let with_header =
        |member: &str| send(es256().header_text(format!(r#"{{"alg":"ES256",{member}}}"#)).mint());
    let deep = |open: &str, close: &str| {
        let depth = JSON / (open.len() + close.len());
        format!(r#""x":{}0{}"#, open.repeat(depth), close.repeat(depth))
    };
    let members = |count: usize| {
        let members: Vec<String> = (0..count).map(|number| format!("\"{number:x}\":0")).collect();
        members.join(",")
    };
    let list = |name: &str, unit: &str| {
        format!(r#""{name}":[{}{unit}]"#, format!("{unit},").repeat(JSON / (unit.len() + 1) - 1))
    };
    let escaped = |name: &str| format!(r#""{name}":"{}""#, "\\u0041".repeat(JSON / 6));
    let keyless = es256().without_header("kid").claim("iss", MANY_KEYS).claim("sub", MANY_KEYS);
    let mut rows = vec![
        hostile("an assertion of 16 KiB of dots", send(".".repeat(ASSERTION)), 400),
        hostile("an assertion of 60,000 dots", send(".".repeat(60_000)), 413),
        hostile("an assertion of 1,000,000 dots", send(".".repeat(1_000_000)), 413),
        hostile("an assertion of 100,000 members", claims_of_any_length(&members(100_000)), 413),
        hostile("an assertion with exp of 1,000,000 digits", claims_of_any_length(&digits(1_000_000)), 413),
        hostile("an assertion with exp of as many digits as fit", claims(&digits(JSON)), 400),
        hostile("an assertion without kid, of a client with 100 keys", send(keyless.mint()), 400),
    ];
    for (what, member) in [
        ("deep arrays", deep("[", "]")),
        ("deep objects", deep("{\"a\":", "}")),
        ("as many members as fit", members(JSON / 8)),
        ("an array of as many numbers as fit", list("x", "0")),
        ("an array of as many arrays as fit", list("x", "[]")),
        ("an array of as many objects as fit", list("x", "{\"\":{}}")),
        ("a text of escapes", escaped("x")),
    ] {
        rows.push(hostile(&format!("claims with {what}"), claims(&member), 400));
        let header = format!("{member},\"kid\":\"nobody\"");
        rows.push(hostile(&format!("a header with {what}"), with_header(&header), 400));
    }
    for (what, member) in [
        ("as many audiences as fit", list("aud", "\"a\"")),
        ("an aud of escapes", escaped("aud")),
        ("a jti of escapes", escaped("jti")),
    ] {
        rows.push(hostile(&format!("claims with {what}"), claims(&member), 400));
    }
    for (what, member) in [
        ("a crit of as many names as fit", list("crit", "\"a\"")),
        ("a kid of escapes", escaped("kid")),
        ("a typ of escapes", escaped("typ")),
    ] {
        rows.push(hostile(&format!("a header with {what}"), with_header(&member), 400));
    }
    rows
}

fn digits(count: usize) -> String {
    format!(r#""exp":1{}"#, "0".repeat(count - 20))
}

/// Too long to be a token that anybody would decode.
fn claims_of_any_length(member: &str) -> Request {
    Request::token().assertion(Assertion::of("c-pkjwt-es256").payload(format!("{{{member}}}")).mint())
}

/// Bodies in JSON, where the policy takes them.
fn objects() -> Vec<Hostile> {
    let object = |name: &str, body: String, status: u16| {
        let request = Request::token().content_type("application/json").body(body);
        Hostile { preset: "cloudentity", ..hostile(&format!("a JSON body: {name}"), request, status) }
    };
    let full = |open: &str, unit: &str, close: &str| {
        let count = (BODY - open.len() - close.len()) / unit.len();
        format!("{open}{}{close}", unit.repeat(count))
    };
    let members: Vec<String> = (0..7000).map(|number| format!("\"{number:x}\":0")).collect();
    let depth = BODY / 8;
    vec![
        object("deep arrays", format!("{{\"x\":{}{}}}", "[".repeat(depth), "]".repeat(depth)), 400),
        object("deep objects", format!("{}0{}", "{\"a\":".repeat(depth), "}".repeat(depth)), 400),
        object("an array of numbers", full("{\"x\":[", "0,", "0]}"), 400),
        object("an array of texts", full("{\"resource\":[", "\"\",", "\"\"]}"), 413),
        object("an array of arrays", full("{\"x\":[", "[],", "[]]}"), 400),
        object("an array of objects", full("{\"x\":[", "{},", "{}]}"), 400),
        object("7,000 members", format!("{{{}}}", members.join(",")), 413),
        object("a text of escapes", full("{\"client_id\":\"", "\\u007e", "\"}"), 400),
        object("a text that a form has to escape", full("{\"client_id\":\"", "%", "\"}"), 400),
        object("digits", full("{\"x\":1", "0", "}"), 400),
    ]
}

/// A server with some clients, one of them with as many keys as it can have.
fn server(preset: &str) -> Server {
    let key = fixtures().key_of("c-pkjwt-es256b").public();
    let keys: Vec<Value> = (0..100)
        .map(|_| {
            let mut key = key.clone();
            key.as_object_mut().unwrap().remove("kid");
            key
        })
        .collect();
    let many = json!({
        "client_id": MANY_KEYS, "token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": keys},
    });
    let scene = ["c-post", "c-basic", "c-pkjwt-es256"]
        .into_iter()
        .fold(scene("hostile"), |scene, client| scene.fixture(client));
    Server::new(&scene.preset(preset).client(many).row().setup)
}

/// The most that was held at a time, and the status of the answer.
fn peak(server: &Server, request: HttpRequest, frame: usize, length: Option<u64>) -> (u64, u16) {
    let body = Bytes::from(request.body);
    let frames = (0..length.unwrap_or(body.len() as u64)).step_by(frame).map(move |position| {
        let start = (position % body.len() as u64) as usize;
        Ok::<_, Infallible>(Frame::data(body.slice(start..body.len().min(start + frame))))
    });
    let query = request.query.map_or(String::new(), |query| format!("?{query}"));
    let mut http = http::Request::post(format!("{}{query}", request.endpoint.path()));
    for (name, value) in &request.headers {
        http = http.header(name.as_str(), value.as_slice());
    }
    let http = http.body(StreamBody::new(stream::iter(frames))).unwrap();
    let service = ClientAuthLayer::new(server.auth.clone())
        .layer(service_fn(async |_| Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))));
    let mut status = 0;
    let seen = allocation_counter::measure(|| {
        let response = futures_executor::block_on(service.oneshot(http)).unwrap();
        status = black_box(response).status().as_u16();
    });
    (seen.bytes_max, status)
}

const MANY_KEYS: &str = "many-keys";

/// What a connection reads at a time.
const FRAME: usize = 8 * 1024;

/// Most of a body that is read.
const BODY: usize = 64 * 1024;

/// The longest assertion.
const ASSERTION: usize = 16 * 1024;

/// As much JSON as an assertion has room for.
const JSON: usize = 11_800;
