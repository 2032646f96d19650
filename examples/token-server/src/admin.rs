//! `[admin]`: what an operator sees, on a listener of its own.
//!
//! Served by hyper whichever framework serves the rest, so that it answers when that one has trouble. It asks nobody who
//! they are: keep it on loopback, or behind something that does.

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use countersign::observer::{MethodUse, Metrics, RingBuffer};
use countersign::store::ReloadableClients;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use serde_json::json;

use crate::config::problem::Problem;
use crate::health::Health;

/// What the listener shows.
pub(crate) struct Admin {
    pub(crate) health: Arc<Health>,
    pub(crate) events: Arc<RingBuffer>,
    pub(crate) methods: Arc<MethodUse>,
    figures: PrometheusHandle,
}

/// The observers that feed it.
pub(crate) type Observers = (Arc<Health>, Arc<RingBuffer>, Arc<MethodUse>, Metrics);

impl Admin {
    /// Installs the recorder of this process; there is one.
    pub(crate) fn new() -> Result<(Self, Observers), Problem> {
        let buckets = [0.000_01, 0.000_1, 0.001, 0.01, 0.1, 1.0];
        let refuse = |error: &dyn std::fmt::Display| Problem::new(format!("[admin] /metrics: {error}"));
        let recorder =
            PrometheusBuilder::new().set_buckets(&buckets).map_err(|error| refuse(&error))?.build_recorder();
        let figures = recorder.handle();
        metrics::set_global_recorder(recorder).map_err(|error| refuse(&error))?;
        let (health, events) = (Arc::new(Health::default()), Arc::new(RingBuffer::new(KEPT_EVENTS)));
        let methods = Arc::new(MethodUse::new());
        let observers = (Arc::clone(&health), Arc::clone(&events), Arc::clone(&methods), Metrics::new());
        Ok((Admin { health, events, methods, figures }, observers))
    }

    /// Serves on a thread of its own, for as long as the process lives. The clients are those that `/methods` tells of.
    pub(crate) fn serve(self, listener: TcpListener, clients: ReloadableClients) -> io::Result<SocketAddr> {
        let address = listener.local_addr()?;
        listener.set_nonblocking(true)?;
        thread::Builder::new().name("admin".to_owned()).spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(self.accept(listener, clients))
        })?;
        Ok(address)
    }

    async fn accept(self, listener: TcpListener, clients: ReloadableClients) -> io::Result<()> {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let admin = Arc::new(self);
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let (admin, clients) = (Arc::clone(&admin), clients.clone());
            let service = service_fn(move |request| {
                let answer = admin.answer(&request, &clients);
                async move { Ok::<_, Infallible>(answer) }
            });
            let mut http = http1::Builder::new();
            http.timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(10));
            // A connection that breaks is the operator's affair.
            tokio::spawn(http.serve_connection(TokioIo::new(stream), service));
        }
    }

    fn answer(&self, request: &Request<Incoming>, clients: &ReloadableClients) -> Response<Full<Bytes>> {
        if request.method() != Method::GET && request.method() != Method::HEAD {
            return text(405, "text/plain", "only GET and HEAD\n");
        }
        match request.uri().path() {
            "/metrics" => {
                self.figures.run_upkeep();
                text(200, "text/plain; version=0.0.4", self.figures.render())
            }
            "/health" => text(200, "application/json", json!({ "status": "ok" }).to_string()),
            "/ready" => {
                let status = if self.health.is_ready() { 200 } else { 503 };
                text(status, "application/json", self.health.report().to_string())
            }
            "/events" => {
                let events = self.events.events();
                let events: Vec<_> = events.iter().map(|event| &**event).collect();
                text(200, "application/json", json!(events).to_string())
            }
            "/methods" => {
                let clients = clients.current();
                let report = self.methods.report(clients.iter().map(AsRef::as_ref));
                text(200, "application/json", json!(report).to_string())
            }
            "/" => text(200, "text/plain", "/metrics\n/health\n/ready\n/events\n/methods\n"),
            _ => text(404, "text/plain", "there are /metrics, /health, /ready, /events and /methods\n"),
        }
    }
}

fn text(status: u16, media_type: &'static str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert("content-type", hyper::header::HeaderValue::from_static(media_type));
    headers.insert("cache-control", hyper::header::HeaderValue::from_static("no-store"));
    response
}

/// The newest decisions that `/events` shows.
const KEPT_EVENTS: usize = 1000;
