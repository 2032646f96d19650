//! What the stories share: a token endpoint behind a real socket, whose time the story decides, and its operator's lines.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use axum::extract::ConnectInfo;
use axum::{Router, routing::post};
use countersign::clock::Clock;
use countersign::forwarded::{CertificateHeader, SourceHeader, TrustedProxy};
use countersign::metadata::Timestamp;
use countersign::observer::{Decision, Observer};
use countersign::{AuthMethod, Authenticator, AuthenticatorBuilder};
use countersign_tower::{ClientAuthLayer, axum::ClientAuth};

/// A clock that stands still until the story moves it.
#[derive(Clone)]
pub(crate) struct StoryClock(Arc<Mutex<SystemTime>>);

impl StoryClock {
    /// At this time, in RFC 3339.
    pub(crate) fn at(time: &str) -> Result<Self, Box<dyn Error>> {
        Ok(StoryClock(Arc::new(Mutex::new(read(time)?))))
    }

    /// It is this time now.
    pub(crate) fn set(&self, time: &str) -> Result<(), Box<dyn Error>> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = read(time)?;
        Ok(())
    }
}

impl Clock for StoryClock {
    fn now(&self) -> SystemTime {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn monotonic(&self) -> Duration {
        self.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
    }
}

fn read(time: &str) -> Result<SystemTime, Box<dyn Error>> {
    Ok(serde_json::from_value::<Timestamp>(time.into())?.0)
}

/// Begins a server that the clients reach through a proxy on this machine, as most servers are reached.
pub(crate) fn behind_a_proxy(clock: &StoryClock) -> Result<AuthenticatorBuilder, Box<dyn Error>> {
    let proxy = TrustedProxy::new(["127.0.0.1"], CertificateHeader::nginx())?;
    Ok(Authenticator::builder()
        .issuer("https://as.example.com")
        .trusted_proxy(proxy.forwarded_for(SourceHeader::XForwardedFor))
        .clock(clock.clone()))
}

/// Prints a line for each decision.
pub(crate) struct Lines;

impl Observer for Lines {
    fn decided(&self, decision: &Decision<'_>) {
        println!("{decision}");
    }
}

/// A token endpoint on axum, and the proxy that calls it.
pub(crate) struct TokenEndpoint {
    url: String,
    client: reqwest::Client,
}

impl TokenEndpoint {
    /// Serves until the program ends.
    pub(crate) async fn serve(auth: Authenticator) -> Result<Self, Box<dyn Error>> {
        let layer = ClientAuthLayer::new(auth).source(|extensions| {
            extensions.get().map(|ConnectInfo(from): &ConnectInfo<SocketAddr>| from.ip())
        });
        let app = Router::new().route("/token", post(token)).layer(layer);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/token", listener.local_addr()?);
        tokio::spawn(async {
            axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await
        });
        Ok(TokenEndpoint { url, client: reqwest::Client::builder().no_proxy().build()? })
    }

    /// Somebody at this address asks for a token, with the secret in the form or else in the header.
    pub(crate) async fn ask(
        &self,
        from: &str,
        method: &AuthMethod,
        client_id: &str,
        secret: &str,
    ) -> Result<(), Box<dyn Error>> {
        let mut form = vec![("grant_type", "client_credentials")];
        let mut request = self.client.post(&self.url).header("x-forwarded-for", from);
        if *method == AuthMethod::CLIENT_SECRET_POST {
            form.extend([("client_id", client_id), ("client_secret", secret)]);
        } else {
            request = request.basic_auth(client_id, Some(secret));
        }
        let answer = request.form(&form).send().await?;
        print!("  the caller gets {}", answer.status());
        match answer.headers().get("retry-after").and_then(|seconds| seconds.to_str().ok()) {
            Some(seconds) => println!(", Retry-After: {seconds}"),
            None => println!(),
        }
        Ok(())
    }
}

async fn token(client: ClientAuth) -> String {
    format!("a token for {}\n", client.client_id())
}
