//! The host of the key sets: one path for each client.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// A host on 127.0.0.1 that says of each set that it may be kept for a minute.
#[derive(Clone)]
pub(crate) struct KeyHost {
    port: u16,
    sets: Sets,
}

type Sets = Arc<Mutex<HashMap<String, Vec<Value>>>>;

impl KeyHost {
    pub(crate) async fn start() -> Self {
        let sets = Sets::default();
        let app = Router::new().route("/{client}", get(answer)).with_state(Arc::clone(&sets));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move { axum::serve(listener, app).await });
        KeyHost { port, sets }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// These are the keys of the client from now on.
    pub(crate) fn publish(&self, client_id: &str, keys: Vec<Value>) {
        self.sets.lock().unwrap().insert(client_id.to_owned(), keys);
    }
}

async fn answer(State(sets): State<Sets>, Path(client): Path<String>) -> Response {
    match sets.lock().unwrap().get(&client) {
        None => StatusCode::NOT_FOUND.into_response(),
        Some(keys) => {
            let headers = [(CONTENT_TYPE, "application/jwk-set+json"), (CACHE_CONTROL, "max-age=60")];
            (headers, json!({ "keys": keys }).to_string()).into_response()
        }
    }
}
