//! Sessions that are resumed: the handshake does not ask for the certificate again, and the request must have it all
//! the same, so that its dates and its registration are judged each time.

use std::sync::Arc;

use countersign::tls::{self, peer_certificates};
use tokio_rustls::rustls::crypto::aws_lc_rs::Ticketer;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::version::TLS12;
use tokio_rustls::rustls::{ClientConnection, HandshakeKind, ServerConfig, ServerConnection};

use super::client::{Client, VERSIONS};
use super::identity::{Identity, ServerIdentity};
use super::on_tokio;
use super::server::Server;

/// The server keeps the sessions, or gives them to the clients as tickets.
fn configs(identity: &ServerIdentity) -> [(&'static str, ServerConfig); 2] {
    let kept = tls::server_config(&identity.certificate, &identity.key).unwrap();
    let mut tickets = kept.clone();
    tickets.ticketer = Ticketer::new().unwrap();
    [("kept", kept), ("tickets", tickets)]
}

#[test]
fn a_resumed_session_has_the_certificate_it_began_with() {
    on_tokio(async {
        let own = ServerIdentity::new();
        for (sessions, config) in configs(&own) {
            for server in Server::all(&config).await {
                for version in VERSIONS {
                    let context = format!("{}, {version:?}, {sessions}", server.name);
                    let identities =
                        ["es256", "es256 v1"].map(|name| Identity::named(name).and("ca")).map(Some);
                    for identity in identities.into_iter().chain([None]) {
                        let client = Client::new(version, own.roots(), identity.as_ref());
                        let expected = identity.map_or("none".to_owned(), |identity| identity.thumbprint());
                        for resumed in [false, true, true] {
                            let mut connection = client.connect(server.address).await.unwrap();
                            assert_eq!(connection.is_resumed(), resumed, "{context}");
                            assert_eq!(connection.ask().await, expected, "{context}");
                            assert_eq!(connection.ask().await, expected, "{context}");
                        }
                    }
                }
            }
        }
    });
}

/// In TLS 1.2 rustls names the certificates of a session that somebody asks to resume before that somebody has shown
/// to know its secret: they count once the handshake is done.
#[test]
fn certificates_do_not_count_before_the_handshake_is_done() {
    let own = ServerIdentity::new();
    let identity = Identity::named("es256");
    let client_config = Client::new(&TLS12, own.roots(), Some(&identity)).config();
    let server_config = Arc::new(tls::server_config(&own.certificate, &own.key).unwrap());
    let connections = || {
        let name = ServerName::try_from("localhost").unwrap();
        let client = ClientConnection::new(Arc::clone(&client_config), name).unwrap();
        (client, ServerConnection::new(Arc::clone(&server_config)).unwrap())
    };

    let (mut client, mut server) = connections();
    while client.is_handshaking() || server.is_handshaking() {
        assert!(peer_certificates(&server).is_none());
        to_server(&mut client, &mut server);
        to_client(&mut server, &mut client);
    }
    assert_eq!(server.handshake_kind(), Some(HandshakeKind::Full));
    assert_eq!(peer_certificates(&server).unwrap().thumbprint(), identity.thumbprint());

    let (mut client, mut server) = connections();
    to_server(&mut client, &mut server);
    assert!(server.peer_certificates().is_some() && server.is_handshaking(), "what this test is about");
    assert!(peer_certificates(&server).is_none());
    to_client(&mut server, &mut client);
    to_server(&mut client, &mut server);
    assert_eq!(server.handshake_kind(), Some(HandshakeKind::Resumed));
    assert_eq!(peer_certificates(&server).unwrap().thumbprint(), identity.thumbprint());
}

fn to_server(client: &mut ClientConnection, server: &mut ServerConnection) {
    let mut octets = Vec::new();
    while client.wants_write() {
        client.write_tls(&mut octets).unwrap();
    }
    let mut octets = octets.as_slice();
    while !octets.is_empty() {
        server.read_tls(&mut octets).unwrap();
        server.process_new_packets().unwrap();
    }
}

fn to_client(server: &mut ServerConnection, client: &mut ClientConnection) {
    let mut octets = Vec::new();
    while server.wants_write() {
        server.write_tls(&mut octets).unwrap();
    }
    let mut octets = octets.as_slice();
    while !octets.is_empty() {
        client.read_tls(&mut octets).unwrap();
        client.process_new_packets().unwrap();
    }
}
