//! `[admin]`: what an operator sees, on a listener of its own.
//!
//! Served by hyper whichever framework serves the rest, so that it answers when that one has trouble. It asks nobody who
//! they are: keep it on loopback, or behind something that does. A page of another site that an operator has open in a
//! browser is kept out, see [`caller`].

mod body;
mod caller;
mod observed;
mod page;
mod registered;
mod response;

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use countersign::observer::{MethodUse, Metrics, RingBuffer};
use countersign::secret::SecretUse;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use self::page::{KeyUse, Registered, Tally};
use crate::config::problem::Problem;
use crate::demo::PastedLine;
use crate::health::Health;
use crate::setup::Running;

/// What the listener shows.
pub(crate) struct Admin {
    pub(crate) health: Arc<Health>,
    pub(crate) events: Arc<RingBuffer>,
    pub(crate) methods: Arc<MethodUse>,
    secrets: Arc<SecretUse>,
    keys: Arc<KeyUse>,
    tally: Arc<Tally>,
    figures: PrometheusHandle,
    metrics: Metrics,
}

/// The observers that feed it.
pub(crate) type Observers =
    ((Arc<Health>, Arc<RingBuffer>, Arc<MethodUse>, Metrics), (Arc<SecretUse>, Arc<KeyUse>, Arc<Tally>));

/// What the listener answers.
type Answer = Response<Full<Bytes>>;

impl Admin {
    /// Installs the recorder of this process; there is one.
    pub(crate) fn new() -> Result<(Self, Observers), Problem> {
        let buckets = [0.000_01, 0.000_1, 0.001, 0.01, 0.1, 1.0];
        let refuse = |error: &dyn std::fmt::Display| Problem::new(format!("[admin] /metrics: {error}"));
        let recorder =
            PrometheusBuilder::new().set_buckets(&buckets).map_err(|error| refuse(&error))?.build_recorder();
        let figures = recorder.handle();
        metrics::set_global_recorder(recorder).map_err(|error| refuse(&error))?;
        let metrics = Metrics::new();
        let (health, events) = (Arc::new(Health::default()), Arc::new(RingBuffer::new(KEPT_EVENTS)));
        let methods = Arc::new(MethodUse::new());
        let (secrets, keys, tally) = (Arc::new(SecretUse::new()), Arc::default(), Arc::default());
        let observers = (
            (Arc::clone(&health), Arc::clone(&events), Arc::clone(&methods), metrics),
            (Arc::clone(&secrets), Arc::clone(&keys), Arc::clone(&tally)),
        );
        Ok((Admin { health, events, methods, secrets, keys, tally, figures, metrics }, observers))
    }

    /// Serves on a thread of its own, for as long as the process lives. The page shows the lines of a demonstration.
    pub(crate) fn serve(
        self,
        listener: TcpListener,
        hosts: Vec<String>,
        running: Running,
        demo: Vec<PastedLine>,
    ) -> io::Result<SocketAddr> {
        let address = listener.local_addr()?;
        listener.set_nonblocking(true)?;
        self.health.watch(&running.auth);
        let listening = Listening { admin: self, hosts, running, demo, registered: Registered::default() };
        thread::Builder::new().name("admin".to_owned()).spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(listening.accept(listener))
        })?;
        Ok(address)
    }
}

/// What every request is answered from.
struct Listening {
    admin: Admin,
    /// The names under which it is asked, beside its address.
    hosts: Vec<String>,
    running: Running,
    demo: Vec<PastedLine>,
    registered: Registered,
}

impl Listening {
    async fn accept(self, listener: TcpListener) -> io::Result<()> {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let listening = Arc::new(self);
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let listening = Arc::clone(&listening);
            let service = service_fn(move |request| {
                let listening = Arc::clone(&listening);
                async move { Ok::<_, Infallible>(listening.answer(request).await) }
            });
            let mut http = http1::Builder::new();
            http.timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(10));
            // A connection that breaks is the operator's affair.
            tokio::spawn(http.serve_connection(TokioIo::new(stream), service));
        }
    }

    /// One group of routes after the other; each answers what is its own.
    async fn answer(&self, request: Request<Incoming>) -> Answer {
        if let Err(refused) = caller::check(&request, &self.hosts) {
            return refused.into();
        }
        if let Some(answer) = observed::answer(self, &request) {
            return answer;
        }
        if page::PATHS.contains(&request.uri().path()) {
            return page::answer(self, request).await;
        }
        if let Some(wish) = registered::Wish::of(request.uri().path()) {
            return wish.answer(self, request).await.unwrap_or_else(Into::into);
        }
        response::not_found()
    }
}

/// The newest decisions that `/events` shows.
const KEPT_EVENTS: usize = 1000;
