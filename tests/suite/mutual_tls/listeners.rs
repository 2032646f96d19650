//! What a server sees of its clients' certificates, on axum, bare hyper and actix.

use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::routing::post;
use axum::serve::ListenerExt;
use countersign::tls;
use countersign_tower::tls::{TlsListener, TlsPeer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::version::TLS13;

use super::client::{Client, VERSIONS};
use super::identity::{Identity, ServerIdentity, Shows};
use super::on_tokio;
use super::server::Server;

fn config(identity: &ServerIdentity) -> ServerConfig {
    tls::server_config(&identity.certificate, &identity.key).unwrap()
}

#[test]
fn any_certificate_reaches_the_handler_and_so_does_a_client_without_one() {
    on_tokio(async {
        let own = ServerIdentity::new();
        for server in Server::all(&config(&own)).await {
            for version in VERSIONS {
                for identity in Identity::all() {
                    let seen = Client::new(version, own.roots(), Some(&identity)).ask(server.address).await;
                    let context = format!("{}, {version:?}, {}", server.name, identity.name);
                    assert_eq!(seen, identity.thumbprint(), "{context}");
                }
                let seen = Client::new(version, own.roots(), None).ask(server.address).await;
                assert_eq!(seen, "none", "{}, {version:?}", server.name);
            }
            assert_eq!(server.last_source(), Some([127, 0, 0, 1].into()), "{}", server.name);
            assert_eq!(server.failures(), [""; 0], "{}", server.name);
        }
    });
}

#[test]
fn only_the_leaf_of_a_chain_is_the_client() {
    on_tokio(async {
        let own = ServerIdentity::new();
        let identity = Identity::named("es256 issued").and("ca").and("es384");
        for server in Server::all(&config(&own)).await {
            for version in VERSIONS {
                let seen = Client::new(version, own.roots(), Some(&identity)).ask(server.address).await;
                assert_eq!(seen, identity.thumbprint(), "{}, {version:?}", server.name);
            }
        }
    });
}

/// Go and Java keep a self-signed certificate to themselves where the server names authorities.
#[test]
fn the_server_asks_without_naming_an_authority() {
    on_tokio(async {
        let own = ServerIdentity::new();
        for server in Server::all(&config(&own)).await {
            for version in VERSIONS {
                let shows = Shows::new(&Identity::named("es256"));
                Client::with(version, own.roots(), shows.clone()).ask(server.address).await;
                let asked = shows.asked().unwrap();
                assert_eq!(asked.authorities, 0, "{}, {version:?}", server.name);
                assert!(!asked.schemes.is_empty());
            }
        }
    });
}

#[test]
fn each_request_of_a_connection_has_the_certificate() {
    on_tokio(async {
        let own = ServerIdentity::new();
        let identity = Identity::named("es256");
        for server in Server::all(&config(&own)).await {
            for version in VERSIONS {
                let client = Client::new(version, own.roots(), Some(&identity));
                let mut connection = client.connect(server.address).await.unwrap();
                for _ in 0..3 {
                    assert_eq!(connection.ask().await, identity.thumbprint(), "{}", server.name);
                    // And nobody else's connection has it.
                    let other = Client::new(version, own.roots(), None).ask(server.address).await;
                    assert_eq!(other, "none", "{}", server.name);
                }
            }
        }
    });
}

#[test]
fn a_connection_that_stalls_or_talks_nonsense_does_not_stop_the_others() {
    on_tokio(async {
        let own = ServerIdentity::new();
        let client = Client::new(&TLS13, own.roots(), Some(&Identity::named("es256")));
        for server in Server::all(&config(&own)).await {
            let mut silent = Vec::new();
            for _ in 0..20 {
                silent.push(TcpStream::connect(server.address).await.unwrap());
            }
            // The first octets of a record that never comes.
            let mut halting = TcpStream::connect(server.address).await.unwrap();
            halting.write_all(&[0x16, 0x03, 0x01, 0x02]).await.unwrap();
            let mut plain = TcpStream::connect(server.address).await.unwrap();
            plain.write_all(b"POST /token HTTP/1.1\r\n\r\n").await.unwrap();
            // An alert, then the end.
            let _ = plain.read_to_end(&mut Vec::new()).await;
            assert_eq!(client.ask(server.address).await, Identity::named("es256").thumbprint());
            if server.name != "actix" {
                assert_eq!(server.failures().len(), 1, "{}: {:?}", server.name, server.failures());
            }
        }
    });
}

/// Whoever takes all places stops nobody: the newest counts more than the oldest.
#[test]
fn where_too_many_handshakes_stall_the_oldest_is_given_up() {
    on_tokio(async {
        let own = ServerIdentity::new();
        let listener = TlsListener::bind("127.0.0.1:0", config(&own)).await.unwrap().max_handshakes(3);
        let server = Server::axum_on(listener);
        let mut stalled = Vec::new();
        for _ in 0..3 {
            stalled.push(TcpStream::connect(server.address).await.unwrap());
        }
        let client = Client::new(&TLS13, own.roots(), None);
        assert_eq!(client.ask(server.address).await, "none");
        let gone = stalled.remove(0).read_to_end(&mut Vec::new()).await;
        assert_eq!(gone.unwrap_or_default(), 0);
        let failures = server.failures();
        assert_eq!(failures.len(), 1, "{failures:?}");
        assert!(failures[0].contains("TimedOut") && failures[0].contains("too many"), "{failures:?}");
        // The honest one has left its place, so the two others keep theirs.
        assert_eq!(client.ask(server.address).await, "none");
        assert_eq!(server.failures().len(), 1);
    });
}

#[test]
fn a_handshake_has_so_much_time_and_no_more() {
    on_tokio(async {
        let own = ServerIdentity::new();
        let listener = TlsListener::bind("127.0.0.1:0", config(&own)).await.unwrap();
        let server = Server::axum_on(listener.handshake_timeout(Duration::from_millis(20)));
        let mut stalled = TcpStream::connect(server.address).await.unwrap();
        // Until the server hangs up.
        assert_eq!(stalled.read_to_end(&mut Vec::new()).await.unwrap(), 0);
        assert!(server.failures()[0].contains("took too long"), "{:?}", server.failures());
    });
}

#[test]
fn axum_has_the_peer_as_connect_info_behind_tap_io_too() {
    async fn token(ConnectInfo(peer): ConnectInfo<TlsPeer>) -> String {
        assert!(peer.address().ip().is_loopback());
        peer.certificates().unwrap().thumbprint().to_owned()
    }
    on_tokio(async {
        let own = ServerIdentity::new();
        let identity = Identity::named("es256");
        let client = Client::new(&TLS13, own.roots(), Some(&identity));
        let app = Router::new().route("/token", post(token));
        let service = app.into_make_service_with_connect_info::<TlsPeer>();
        let plain = TlsListener::bind("127.0.0.1:0", config(&own)).await.unwrap();
        let tapped = TlsListener::bind("127.0.0.1:0", config(&own)).await.unwrap();
        let addresses = [plain.local_addr().unwrap(), tapped.local_addr().unwrap()];
        let tapped = tapped.tap_io(|stream| assert!(!stream.get_ref().1.is_handshaking()));
        tokio::spawn(axum::serve(plain, service.clone()).into_future());
        tokio::spawn(axum::serve(tapped, service).into_future());
        for address in addresses {
            assert_eq!(client.ask(address).await, identity.thumbprint());
        }
    });
}
