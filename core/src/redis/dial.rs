//! A connection to a server.

use std::sync::Arc;

use redis::AsyncConnectionConfig;
use redis::aio::MultiplexedConnection;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;

use super::servers::{Host, RedisServers};
use super::trouble::Trouble;

/// The task that moves a connection's octets. It ends with the connection, or when this is dropped.
pub(super) struct Driver(pub(super) JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Connects and logs in. Has no deadline of its own.
pub(super) async fn dial(
    servers: &RedisServers,
    host: &Host,
) -> Result<(MultiplexedConnection, Driver), Trouble> {
    let (name, port) = host;
    let stream = TcpStream::connect((&**name, *port)).await.map_err(|error| unreachable(host, &error))?;
    stream.set_nodelay(true).map_err(|error| unreachable(host, &error))?;
    // The deadlines are ours, and commands of a request that was given up are not waited for.
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(None)
        .set_response_timeout(None)
        .set_pipeline_buffer_size(MOST_WAITING);
    let Some(tls) = servers.tls_config() else {
        let connected = MultiplexedConnection::new_with_config(&servers.login, stream, config).await;
        let (connection, driver) = connected.map_err(|error| unreachable(host, &error))?;
        return Ok((connection, Driver(tokio::spawn(driver))));
    };
    let tls = tls.map_err(|error| unreachable(host, &error))?;
    let server = ServerName::try_from(name.to_string()).map_err(|error| unreachable(host, &error))?;
    let stream = TlsConnector::from(tls).connect(server, stream).await;
    let stream = stream.map_err(|error| unreachable(host, &error))?;
    let connected = MultiplexedConnection::new_with_config(&servers.login, stream, config).await;
    let (connection, driver) = connected.map_err(|error| unreachable(host, &error))?;
    Ok((connection, Driver(tokio::spawn(driver))))
}

fn unreachable(host: &Host, error: &dyn std::error::Error) -> Trouble {
    let (name, port) = host;
    Trouble::new(Arc::from(format!("{name}:{port}: {error}")))
}

/// Commands that wait for their turn to be written.
const MOST_WAITING: usize = 1024;
