//! Registration itself ([RFC 7591 §3](https://www.rfc-editor.org/rfc/rfc7591#section-3)).

use std::net::IpAddr;

use super::access_token::{Bearer, generate_token};
use super::answer::{Answer, Done};
use super::event::{Operation, Outcome};
use super::failure::Failure;
use super::initial_access::Admission;
use super::requested::{Purpose, Requested};
use super::secrets::settle;
use super::{Registration, body, rules};
use crate::metadata::Timestamp;
use crate::request::Headers;
use crate::secret::GeneratedSecret;
use crate::store::RegisteredClient;

impl Registration {
    /// Registers a client: the answer to a POST at the registration endpoint.
    ///
    /// `headers` are those of the request, of which `Authorization`, `Content-Type` and `Content-Encoding` are read, and
    /// the one in which the authenticator's [trusted proxy](crate::forwarded::TrustedProxy) names an address; `body` is at
    /// most one byte more than [`MAX_BODY_BYTES`](super::MAX_BODY_BYTES). `source` is the address of whoever made the
    /// connection: where it is `None`, what a stranger registers is not limited by its source.
    ///
    /// The answer is 201 with everything that was registered, a `client_secret` where the client needs one, and the
    /// `registration_access_token` for its own changes; these two are shown here and never again. Or it is 400
    /// `invalid_client_metadata` or `invalid_redirect_uri` with the member and the cure; 401 without an initial access
    /// token, where one is needed; 413, 415, 503; 429 `temporarily_unavailable` with `Retry-After`, see
    /// [`limited_by`](Registration::limited_by), and 503 when there is [room](Registration::room_for_strangers) for no
    /// more. After another 503 a client may be registered whose id and secret nobody knows.
    pub async fn register(&self, headers: &dyn Headers, body: &[u8], source: Option<IpAddr>) -> Answer {
        self.answer(Operation::Register, None, self.try_register(headers, body, source)).await
    }

    async fn try_register(
        &self,
        headers: &dyn Headers,
        body: &[u8],
        source: Option<IpAddr>,
    ) -> Result<Done, Failure> {
        self.admit(headers).await?;
        let mut stranger = self.stranger(headers, source);
        if let Some(stranger) = &stranger {
            stranger.check().await?;
        }
        let requested = Requested::read(body::read(headers, body)?, Purpose::Registration)?;
        let dates = self.secret_dates();
        let mut metadata = requested.metadata;
        metadata.client_id_issued_at = Some(Timestamp(dates.now));
        rules::write_out_defaults(&mut metadata);
        rules::check_served(&self.auth, &metadata)?;
        self.check_requested(&metadata, None)?;
        let secret = settle(&mut metadata, false, &dates)?;
        let token = generate_token()?;
        let mut client = RegisteredClient {
            metadata,
            registration_access_token: Some(crate::secret::sha256_octets(token.expose())),
            revision: 0,
        };
        // An id of 128 random bits is never taken, unless the registry is at fault.
        for _ in 0..2 {
            let client_id = GeneratedSecret::new("c_", 16)?;
            client.metadata.client_id = client_id.expose().to_owned();
            self.judge(&client.metadata)?;
            if let Some(stranger) = stranger.take() {
                stranger.enters().await?;
            }
            if self.registry.insert(&client).await? {
                let metadata = client.metadata;
                let secret = secret.as_ref().map(GeneratedSecret::expose);
                return Ok(Done {
                    information: Some(self.information(&metadata, secret, Some(token.expose()))),
                    detail: None,
                    client_id: metadata.client_id,
                });
            }
        }
        Err(Failure::new(Outcome::Conflict, "every new client_id is taken"))
    }

    /// May the caller register anything?
    async fn admit(&self, headers: &dyn Headers) -> Result<(), Failure> {
        let tokens = match &self.admission {
            Admission::Anybody => return Ok(()),
            Admission::Nobody => {
                let detail =
                    "nobody may register: no initial access tokens are set, and registration is not open";
                return Err(Failure::new(Outcome::TokenWrong, detail));
            }
            Admission::Bearers(tokens) => tokens,
        };
        let bearer = Bearer::read(headers)?;
        if tokens.admits(&bearer.sha256).await? {
            Ok(())
        } else {
            Err(Failure::new(Outcome::TokenWrong, "not an initial access token"))
        }
    }
}
