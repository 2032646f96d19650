//! actix-web.

use std::future::Future;
use std::io;
use std::net::TcpListener;

use actix_web::dev::Service as _;
use actix_web::error::InternalError;
use actix_web::http::StatusCode;
use actix_web::web::{Bytes, BytesMut, Data, Payload};
use actix_web::{App, HttpMessage as _, HttpRequest, HttpResponse, HttpServer, rt, web};
use countersign::AuthenticatedClient;
use countersign_actix::ClientAuthMiddleware;
use futures_util::StreamExt as _;
use tokio::time::timeout;

use super::{HEAD_TIMEOUT, MOST_BODY_BYTES, REQUEST_TIMEOUT, STOP_TIMEOUT};
use crate::mutual_tls::TlsSocket;
use crate::server::{BodyFault, Request, Response};
use crate::setup::Running;

pub(super) fn serve(
    listener: TcpListener,
    tls: Option<TlsSocket>,
    running: Running,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    rt::System::new().block_on(async move {
        // Made once, outside: each worker gets a clone of it, with the one replay memory.
        let guard = ClientAuthMiddleware::new(running.auth.clone())
            .routes(running.server.covered())
            .map_err(io::Error::other)?;
        let server = HttpServer::new(move || {
            App::new()
                .app_data(Data::new(running.clone()))
                .wrap(guard.clone())
                .wrap_fn(|request, inner| {
                    let answer = inner.call(request);
                    async move {
                        match timeout(REQUEST_TIMEOUT, answer).await {
                            Ok(answer) => answer.map(|answer| answer.map_into_boxed_body()),
                            Err(elapsed) => {
                                let slow = translated(Response::unreadable(BodyFault::Slow));
                                Err(InternalError::from_response(elapsed, slow).into())
                            }
                        }
                    }
                })
                .default_service(web::to(answer))
        })
        // Both frameworks stop by the same signals, and both gracefully.
        .disable_signals()
        .client_request_timeout(HEAD_TIMEOUT)
        .shutdown_timeout(STOP_TIMEOUT.as_secs())
        .on_connect(countersign_actix::on_connect)
        .listen(listener)?;
        let server = match tls {
            Some(TlsSocket { listener, certificate }) => {
                let config = certificate.server_config().map_err(io::Error::other)?;
                server.listen_rustls_0_23(listener, config)?
            }
            None => server,
        };
        let server = server.run();
        let handle = server.handle();
        rt::spawn(async move {
            stop.await;
            handle.stop(true).await;
        });
        server.await
    })
}

async fn answer(running: Data<Running>, head: HttpRequest, payload: Payload) -> HttpResponse {
    let server = &running.server;
    let verb = head.method().as_str();
    let path = head.uri().path();
    let body = if server.reads_body(verb, path) {
        match read(payload).await {
            Ok(body) => body,
            Err(fault) => return translated(Response::unreadable(fault)),
        }
    } else {
        Bytes::new()
    };
    let headers = head.headers().iter();
    let client = head.extensions().get::<AuthenticatedClient>().cloned();
    let request = Request {
        verb: verb.to_owned(),
        path: path.to_owned(),
        query: head.uri().query().map(str::to_owned),
        headers: headers.map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect(),
        body,
        peer: head.peer_addr().map(|peer| peer.ip()),
        client,
    };
    translated(server.handle(request).await)
}

async fn read(mut payload: Payload) -> Result<Bytes, BodyFault> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| BodyFault::Broken)?;
        if body.len() + chunk.len() > MOST_BODY_BYTES {
            return Err(BodyFault::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn translated(response: Response) -> HttpResponse {
    let status = StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut builder = HttpResponse::build(status);
    for header in response.headers {
        builder.append_header(header);
    }
    builder.body(response.body)
}
