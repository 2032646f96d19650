//! `countersign explain`.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::Value;

use super::remote_keys::RemoteKeys;
use super::situation::Situation;
use super::{explain, json as for_machines, text};
use crate::certificate::{PeerCertificates, TrustAnchors};
use crate::cli::pepper_file::PepperFile;
use crate::cli::problem::Problem;
use crate::cli::report::Report;
use crate::cli::terminal::Paint;
use crate::cli::{files, member, runtime};
use crate::clock::{Clock as _, SystemClock};
use crate::endpoint::Endpoint;
use crate::explain::HttpRequest;
use crate::forwarded::{CertificateHeader, TrustedProxy};
use crate::policy::Policy;
use crate::reason::Reason;

/// Say what a server says to a request, and why: each check in the server's order
///
/// Takes a JWT, a form body as curl -d takes it, or a whole HTTP request, also the lines that curl -v shows. The
/// library itself decides, as the server would at --now; only whether an assertion was used before is not known here.
/// The keys of a client with a jwks_uri are fetched, as a server does it, unless --jwks gives them.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct Arguments {
    /// File with the request; by default, and for -, standard input
    file: Option<PathBuf>,

    /// JSON array of client metadata objects, as token-server reads it
    #[arg(long, value_name = "FILE", required_unless_present_any = ["reason", "reasons"])]
    clients: Option<PathBuf>,

    /// Issuer identifier of the server, letter by letter
    #[arg(long, value_name = "URL", required_unless_present_any = ["reason", "reasons"])]
    issuer: Option<String>,

    /// Endpoint the request goes to: token, introspection, revocation, par, device or ciba; by default what the path
    /// of an HTTP request says, else token
    #[arg(long, value_name = "NAME")]
    endpoint: Option<Endpoint>,

    /// URL of an endpoint, as name=URL, where it is not the issuer and the usual path (/token, /introspect, /revoke,
    /// /par, /device_authorization, /bc-authorize)
    #[arg(long, value_name = "NAME=URL", value_parser = member::pair)]
    endpoint_url: Vec<(String, String)>,

    /// Policy preset of the server
    #[arg(long, value_name = "NAME", default_value = "default")]
    preset: String,

    /// Policy switch on top of the preset, as name=value, such as max_lifetime=300 or audiences='["issuer"]'
    #[arg(long, value_name = "KEY=JSON", value_parser = member::json)]
    policy: Vec<(String, Value)>,

    /// Pepper of the server, as the name of it and the file that holds its octets
    #[arg(long, value_name = "NAME=FILE", value_parser = member::pair)]
    pepper: Vec<(String, String)>,

    /// Header field to add, as in curl: 'Authorization: Basic …'
    #[arg(short = 'H', long, value_name = "LINE")]
    header: Vec<String>,

    /// The server's clock, in Unix seconds; the default is now
    #[arg(long, value_name = "SECONDS")]
    now: Option<u64>,

    /// When the server's memory of used assertions was lost (its start, with the memory store), in Unix seconds; the
    /// default is never
    #[arg(long, value_name = "SECONDS")]
    memory_lost_at: Option<u64>,

    /// JWK Set that stands at the client's jwks_uri, saved to a file; nothing is fetched
    #[arg(long, value_name = "FILE", conflicts_with_all = ["ca", "danger_allow_loopback"])]
    jwks: Option<PathBuf>,

    /// Certificate of an authority to trust beside those that browsers trust when a jwks_uri is fetched, PEM or DER: the
    /// server's `[fetch] ca`
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,

    /// Fetch a jwks_uri also from addresses of this machine and by plain http: the server's
    /// `[fetch] danger_allow_loopback`
    #[arg(long)]
    danger_allow_loopback: bool,

    /// Certificate that the client showed in its TLS handshake, and those of its path behind it, PEM
    #[arg(long, value_name = "FILE")]
    cert: Option<PathBuf>,

    /// Authorities that vouch for clients' certificates, PEM: the server's `[tls] client_ca`. Without it, and with
    /// --cert, the server is one that takes self-signed certificates alone
    #[arg(long, value_name = "FILE")]
    client_ca: Option<PathBuf>,

    /// The request came through a trusted proxy that passes certificates on in this form: the server's `[proxy] header`,
    /// such as client-cert
    #[arg(long, value_name = "FORM")]
    proxy_header: Option<CertificateHeader>,

    /// Print cause and cure of a reason, such as aud_mismatch
    #[arg(long, value_name = "CODE", conflicts_with = "reasons")]
    reason: Option<String>,

    /// Print cause and cure of every reason
    #[arg(long)]
    reasons: bool,
}

impl Arguments {
    pub(in crate::cli) fn run(&self, paint: Paint) -> Result<Report, Problem> {
        if self.reasons {
            let all: String = Reason::ALL.iter().copied().map(text::reason).collect();
            let json = Reason::ALL.iter().copied().map(for_machines::reason).collect();
            return Ok(Report::passed(all, json));
        }
        if let Some(code) = &self.reason {
            let reason: Reason = code.parse().map_err(|_| {
                Problem::new(format!("no reason has the code {code:?}; --reasons lists them all"))
            })?;
            return Ok(Report::passed(text::reason(reason), for_machines::reason(reason)));
        }
        let situation = self.situation()?;
        let request = self.request()?;
        let mut explanation = runtime::block_on(explain(&situation, &request))??;
        if explanation.failed().is_some_and(|check| check.reason == Reason::JwksUnavailable) {
            explanation.notes.push(FETCHED_FROM_HERE.to_owned());
        }
        Ok(Report {
            passed: explanation.outcome.is_ok(),
            ..Report::passed(text::explanation(&explanation, paint), for_machines::explanation(&explanation))
        })
    }

    fn situation(&self) -> Result<Situation, Problem> {
        let now = match self.now {
            Some(seconds) => time(seconds)?,
            None => SystemClock::default().now(),
        };
        let mut situation = Situation::new(self.issuer.clone().unwrap_or_default(), now);
        for (name, url) in &self.endpoint_url {
            let endpoint: Endpoint = name
                .parse()
                .map_err(|error: crate::endpoint::UnknownEndpoint| Problem::new(error.to_string()))?;
            situation.endpoints.retain(|(known, _)| *known != endpoint);
            situation.endpoints.push((endpoint, url.clone()));
        }
        situation.policy = Policy::preset(&self.preset)?.with_switches(self.policy.iter().cloned())?;
        situation.remote_keys = match &self.jwks {
            Some(file) => RemoteKeys::saved(file)?,
            None => RemoteKeys::fetched(self.ca.as_deref(), self.danger_allow_loopback)?,
        };
        situation.anchors = match &self.client_ca {
            Some(file) => Some(
                TrustAnchors::from_pem(files::read(file)?).map_err(|error| Problem::in_file(file, error))?,
            ),
            None => (self.cert.is_some() || self.proxy_header.is_some()).then(TrustAnchors::none),
        };
        situation.proxy = match &self.proxy_header {
            Some(header) => Some(TrustedProxy::new([PROXY.to_string()], header.clone())?),
            None => None,
        };
        situation.peppers = self.pepper.iter().map(PepperFile::read).collect::<Result<_, _>>()?;
        situation.memory_lost_at = self.memory_lost_at.map(time).transpose()?;
        if let Some(file) = &self.clients {
            let text = files::read_text(file)?;
            situation.clients = serde_json::from_str(&text).map_err(|error| {
                Problem::in_file(file, format!("is not a JSON array of clients: {error}"))
            })?;
        }
        Ok(situation)
    }

    fn request(&self) -> Result<HttpRequest, Problem> {
        let file = self.file.clone().unwrap_or_else(|| PathBuf::from("-"));
        let captured = files::read(&file)?;
        let mut request = HttpRequest::read(&captured, self.endpoint)
            .map_err(|problem| Problem::in_file(&file, problem))?;
        if let Some(file) = &self.cert {
            let chain: Vec<_> = CertificateDer::pem_slice_iter(&files::read(file)?)
                .map(|certificate| Ok(certificate.map_err(|error| Problem::in_file(file, error))?.to_vec()))
                .collect::<Result<_, Problem>>()?;
            let none = || Problem::in_file(file, "holds no certificate in PEM");
            request.certificates = Some(PeerCertificates::from_handshake(chain).ok_or_else(none)?);
        }
        request.source = self.proxy_header.as_ref().map(|_| PROXY);
        for line in &self.header {
            let (name, value) = line
                .split_once(':')
                .ok_or_else(|| Problem::new(format!("--header {line:?} has no colon")))?;
            request.headers.push((name.trim().to_owned(), value.trim().as_bytes().to_vec()));
        }
        Ok(request)
    }
}

fn time(seconds: u64) -> Result<SystemTime, Problem> {
    SystemTime::UNIX_EPOCH
        .checked_add(Duration::from_secs(seconds))
        .ok_or_else(|| Problem::new(format!("{seconds} lies too far ahead")))
}

/// Stands for the address of the proxy, which the captured request does not tell.
const PROXY: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

const FETCHED_FROM_HERE: &str = "The keys were fetched from this machine, where a server may see another network. \
    --danger-allow-loopback and --ca are what a server has in [fetch]; --jwks FILE takes a key set that was saved.";

const EXAMPLES: &str = "\
Examples:
  countersign explain --issuer https://as.example.com --clients clients.json request.txt
  echo \"$JWT\" | countersign explain --issuer https://as.example.com --clients clients.json --preset fapi2
  countersign assert billing --key billing.jwk --audience https://elsewhere.example |
      countersign explain --issuer https://as.example.com --clients clients.json --endpoint par
  echo grant_type=client_credentials | countersign explain -H \"Authorization: Basic $PAIR\" \\
      --issuer https://as.example.com --clients clients.json
  countersign explain --issuer https://as.example.com --clients clients.json --jwks saved.jwks request.txt
  echo client_id=billing | countersign explain --cert billing.pem --client-ca ca.pem \\
      --issuer https://as.example.com --clients clients.json
  countersign explain --reason aud_mismatch
Exit code 1 when the server refuses the request.";
