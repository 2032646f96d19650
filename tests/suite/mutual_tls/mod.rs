//! Mutual TLS over real sockets, with rustls clients.

mod client;
mod identity;
mod listeners;
mod reload;
mod resumption;
mod server;
mod signatures;

/// Runs on one thread, and not for ever.
fn on_tokio<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let bounded = async { tokio::time::timeout(std::time::Duration::from_secs(600), future).await };
    runtime.block_on(bounded).expect("nothing here takes a minute")
}
