//! `GET`: figures, health, and what the observers keep.

use hyper::{Method, Request, StatusCode};
use serde_json::json;

use super::{Admin, Answer, Listening, response};

/// `None` for a path that is not of this group.
pub(super) fn answer<B>(listening: &Listening, request: &Request<B>) -> Option<Answer> {
    let show: fn(&Listening) -> Answer = match request.uri().path() {
        "/metrics" => metrics,
        "/health" => |_| response::json(StatusCode::OK, &json!({ "status": "ok" })),
        "/ready" => |listening| ready(&listening.admin),
        "/events" => |listening| events(&listening.admin),
        "/methods" => methods,
        _ => return None,
    };
    Some(match response::only(request, &[Method::GET, Method::HEAD], "GET, HEAD") {
        Ok(()) => show(listening),
        Err(refused) => refused.into(),
    })
}

fn metrics(listening: &Listening) -> Answer {
    let (admin, running) = (&listening.admin, &listening.running);
    // Gauges are what they were set to last.
    admin.metrics.record_key_sets(&running.fetcher);
    running.replay.record(&admin.metrics);
    admin.figures.run_upkeep();
    response::of_type(StatusCode::OK, "text/plain; version=0.0.4", admin.figures.render())
}

fn ready(admin: &Admin) -> Answer {
    let status = if admin.health.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    response::json(status, &admin.health.report())
}

fn events(admin: &Admin) -> Answer {
    let events = admin.events.events();
    let events: Vec<_> = events.iter().map(|event| &**event).collect();
    response::json(StatusCode::OK, &events)
}

fn methods(listening: &Listening) -> Answer {
    let clients = listening.running.clients.file.current();
    response::json(StatusCode::OK, &listening.admin.methods.report(clients.iter().map(AsRef::as_ref)))
}
