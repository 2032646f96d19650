//! What the TLS listener must take and refuse, and what a proxy may pass on.

use std::net::{IpAddr, Ipv4Addr};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::grants::client_credentials;
use super::http::Outgoing;
use super::trial::{Expected, Trial};
use crate::config::problem::Problem;

/// The address from which the trial's proxy connects. The whole of 127.0.0.0/8 is this machine.
pub(super) const PROXY: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

pub(super) async fn run(trial: &mut Trial) -> Result<(), Problem> {
    println!("\nCertificates");
    bound_token(trial).await?;
    let refused = |reason| Expected::reason(400, "invalid_client", reason);
    let by = |id: &str| client_credentials().with("client_id", id);
    let stranger = trial.strange_identity("demo-tls-dn")?;
    let expired = trial.expired_identity("demo-tls-dn")?;
    let rows = [
        (
            "a secret beside a certificate",
            by("demo-post")
                .with("client_secret", trial.secret("demo-post"))
                .showing(&trial.identity("demo-tls-dn")?),
            Expected::success(200),
        ),
        (
            "a certificate without client_id",
            client_credentials().showing(&trial.identity("demo-tls-dn")?),
            Expected::reason(400, "invalid_request", "client_id_missing"),
        ),
        ("no certificate, by plain HTTP", by("demo-tls-dn"), refused("no_certificate")),
        ("no certificate, by TLS", by("demo-tls-dn").showing(&trial.anonymous()), refused("no_certificate")),
        (
            "another client's certificate",
            by("demo-tls-dn").showing(&trial.identity("demo-tls-dns")?),
            refused("certificate_mismatch"),
        ),
        (
            "the registered subject, self-signed",
            by("demo-tls-dn").showing(&stranger),
            refused("certificate_untrusted"),
        ),
        ("an expired certificate", by("demo-tls-dn").showing(&expired), refused("certificate_expired")),
        (
            "another self-signed certificate",
            by("demo-self-signed").showing(&stranger),
            refused("certificate_mismatch"),
        ),
        (
            "an unknown client with a good certificate",
            by("demo-nobody").showing(&trial.identity("demo-tls-dn")?),
            refused("unknown_client"),
        ),
        (
            "Client-Cert from outside",
            by("demo-tls-dn").header("client-cert", header(trial, "demo-tls-dn")?),
            refused("forwarded_certificate_refused"),
        ),
        (
            "Client-Cert from the proxy",
            by("demo-tls-dn").header("client-cert", header(trial, "demo-tls-dn")?).from(PROXY),
            Expected::success(200),
        ),
        (
            "Client-Cert from the proxy, twice",
            by("demo-tls-dn")
                .header("client-cert", header(trial, "demo-tls-dn")?)
                .header("client-cert", header(trial, "demo-tls-dn")?)
                .from(PROXY),
            refused("forwarded_certificate_refused"),
        ),
        ("no Client-Cert from the proxy", by("demo-tls-dn").from(PROXY), refused("no_certificate")),
    ];
    for (name, request, expected) in rows {
        trial.row(name, request, &expected).await;
    }
    Ok(())
}

/// The `cnf` of a token names the certificate it was given for, also for whoever asks about the token.
async fn bound_token(trial: &mut Trial) -> Result<(), Problem> {
    let request = trial.by("demo-tls-dn", client_credentials())?;
    let issued =
        trial.row("demo-tls-dn: a token for its certificate", request, &Expected::success(200)).await;
    let look = Outgoing::post("/introspect").with("token", &issued.text("access_token"));
    let confirmation = serde_json::json!({ "x5t#S256": trial.identity("demo-tls-dn")?.thumbprint() });
    let bound = Expected::success(200).saying("cnf", confirmation);
    let look = trial.by("demo-self-signed", look)?;
    trial.row("demo-self-signed: introspection shows the certificate", look, &bound).await;
    Ok(())
}

/// RFC 9440 §2.1.
fn header(trial: &Trial, client_id: &str) -> Result<String, Problem> {
    Ok(format!(":{}:", STANDARD.encode(trial.identity(client_id)?.certificate())))
}
