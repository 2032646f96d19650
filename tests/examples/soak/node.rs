//! A node: the layer on a socket of this machine, and behind it a handler that says who came.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::{App, HttpResponse, HttpServer, web};
use axum::Router;
use axum::extract::ConnectInfo;
use axum::routing::post;
use countersign::{AuthenticatedClient, Authenticator};
use countersign_actix::{ClientAuth as ActixClient, ClientAuthMiddleware};
use countersign_tower::ClientAuthLayer;
use countersign_tower::axum::ClientAuth;

use crate::ledger::Ledger;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Framework {
    Axum,
    Actix,
}

pub(crate) const FRAMEWORKS: [Framework; 2] = [Framework::Axum, Framework::Actix];

/// A running server. It ends with the process.
pub(crate) struct Node {
    pub(crate) framework: Framework,
    pub(crate) address: SocketAddr,
}

impl Node {
    pub(crate) fn start(framework: Framework, auth: Authenticator, ledger: Arc<Ledger>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        match framework {
            Framework::Axum => axum(listener, auth, ledger),
            Framework::Actix => actix(listener, auth, ledger),
        }
        Node { framework, address }
    }
}

/// Notes the assertion and names the client.
fn handle(client: &AuthenticatedClient, ledger: &Ledger) -> String {
    if let Some(number) = client.form().get(NUMBER).and_then(|number| number.parse().ok()) {
        ledger.enter(number);
    }
    client.client_id().to_owned()
}

fn axum(listener: TcpListener, auth: Authenticator, ledger: Arc<Ledger>) {
    let layer = ClientAuthLayer::new(auth)
        .source(|extensions| extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip()));
    let handle = async move |client: ClientAuth| handle(&client, &ledger);
    let app = Router::new().route("/token", post(handle)).layer(layer);
    listener.set_nonblocking(true).unwrap();
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, app).await });
}

fn actix(listener: TcpListener, auth: Authenticator, ledger: Arc<Ledger>) {
    async fn handle(client: ActixClient, ledger: web::Data<Ledger>) -> HttpResponse {
        HttpResponse::Ok().body(self::handle(&client, &ledger))
    }
    std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let app = move || {
                App::new()
                    .app_data(web::Data::from(Arc::clone(&ledger)))
                    .wrap(ClientAuthMiddleware::new(auth.clone()))
                    .route("/token", web::post().to(handle))
            };
            // A machine that is busy is no reason to hang up.
            let server =
                HttpServer::new(app).workers(2).disable_signals().keep_alive(Duration::from_secs(60));
            server
                .client_request_timeout(Duration::from_secs(60))
                .listen(listener)
                .unwrap()
                .run()
                .await
                .unwrap();
        });
    });
}

/// The parameter that numbers assertions.
pub(crate) const NUMBER: &str = "number";
